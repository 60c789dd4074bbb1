"""What the service manager hears, on a socket of its own; and that nothing fails where there is none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node import notify


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A bound socket that `$NOTIFY_SOCKET` names."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@allmende{tmp_path}"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + name[1:] if name.startswith("@") else name)
        heard.settimeout(5)
        yield heard


def test_the_manager_hears_each_word(manager: socket.socket) -> None:
    notify.ready()
    notify.turn()
    notify.stopping()
    assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_manager_that_does_not_read_holds_nobody_up(manager: socket.socket) -> None:
    for _ in range(5000):  # many more than a queue of datagrams holds
        notify.turn()
    assert manager.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("name", ["", "relative", "/nobody/listens/here"])
def test_without_a_manager(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    notify.ready()
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify.turn()
