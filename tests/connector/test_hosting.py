"""The process that a node lives in."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
from pathlib import Path

import pytest

from connector import hosting


async def test_what_asks_a_process_to_end_is_heard() -> None:
    stop, other = hosting.stop_signals(), asyncio.Event()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(hosting.first_of(stop, other), 10)
    assert stop.is_set()
    assert not other.is_set()


def test_a_key_lies_outside_where_the_service_manager_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert not hosting.lies_outside("token.pem")
    (tmp_path / "token.pem").touch()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert hosting.lies_outside("token.pem")
    assert not hosting.lies_outside("audit.pem")


def test_the_limit_of_descriptors_is_raised_and_never_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda what: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: given.append(limits))
    hosting.enough_descriptors(100)
    assert given == []
    hosting.enough_descriptors(500)
    hosting.enough_descriptors(5000)
    assert given == [(2256, 4096), (4096, 4096)]


def test_a_running_node_is_not_looked_through_again() -> None:
    before = gc.get_threshold()
    try:
        hosting.settle()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] == hosting.YOUNG_OBJECTS
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
