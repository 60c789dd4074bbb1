"""Secrets by reference: what may be read, what is refused, and that nothing of it is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from connector.data.silos import secrets
from connector.errors import SourceError


def kept(folder: Path, content: bytes = b"hunter2\n", mode: int = 0o600, name: str = "password") -> Path:
    file = folder / name
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_a_file_is_read_without_the_end_of_its_line(tmp_path: Path) -> None:
    read = secrets.reading(None)
    assert read({"password_file": str(kept(tmp_path))}, "password") == "hunter2"
    assert read({"password_file": str(kept(tmp_path, b" two words \r\n"))}, "password") == " two words "


def test_it_is_read_anew_each_time(tmp_path: Path) -> None:
    read, settings = secrets.reading(None), {"password_file": str(kept(tmp_path))}
    assert read(settings, "password") == "hunter2"
    kept(tmp_path, b"hunter3")
    assert read(settings, "password") == "hunter3"


def test_a_credential_of_systemd_is_read(tmp_path: Path) -> None:
    kept(tmp_path, mode=0o440, name="db")
    assert secrets.reading(tmp_path)({"password_credential": "db"}, "password") == "hunter2"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    refused({"password_file": str(kept(tmp_path, mode=mode))}, "chmod 600")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"a\0b", b"x" * 20_000])
def test_what_is_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    refused({"password_file": str(kept(tmp_path, content))})


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(kept(tmp_path))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (link, pipe, tmp_path, tmp_path / "nothing"):
        refused({"password_file": str(path)})


def test_the_nodes_own_files_are_nobodys_secret(tmp_path: Path) -> None:
    """Else whoever may name a server and a file is sent the node's credential."""
    node, beside = tmp_path / "node", tmp_path / "beside"
    (node / "keys").mkdir(parents=True)
    beside.symlink_to(node)
    read = secrets.reading(None, (beside,))
    os.link(kept(node, name="token"), tmp_path / "hard")
    around = node / "keys" / ".." / "token"
    for path in (node / "token", beside / "token", kept(node / "keys"), tmp_path / "hard", around):
        with pytest.raises(SourceError, match=r"source\.secret"):
            read({"password_file": str(path)}, "password")
    assert read({"password_file": str(kept(tmp_path, name="node.password"))}, "password") == "hunter2"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    file = kept(tmp_path)
    os.chown(file, 4711, 4711)
    refused({"password_file": str(file)}, "another user")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"password_file": "relative/path"},
        {"password_file": "/x", "password_credential": "y"},
        {"password_credential": "../../etc/shadow"},
        {"password_credential": "nothing"},
        {"other_file": "/x"},
    ],
)
def test_a_reference_that_means_nothing_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    refused(settings, folder=tmp_path)


def test_without_systemd_there_are_no_credentials() -> None:
    refused({"password_credential": "db"})


def refused(settings: dict[str, Any], problem: str = "", folder: Path | None = None) -> None:
    with pytest.raises(SourceError) as caught:
        secrets.reading(folder)(settings, "password")
    assert caught.value.reason.code == "source.secret"
    assert problem in caught.value.reason.params["problem"]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"password": "hunter2"},
        {"db_password": "hunter2"},
        {"Passwort": "hunter2"},
        {"token": "hunter2"},
        {"api_key": "hunter2"},
        {"url": "postgres://u:hunter2@db/x"},
        {"url": "https://x/?a=1&token=hunter2"},
        {"dsn": "host=db user=u password=hunter2"},
        {"url": "http://[bad"},
        {"headers": {"Authorization": "hunter2"}},
        {"servers": [{"url": "http://u:hunter2@x"}]},
    ],
)
def test_what_looks_like_a_secret_is_found_and_not_repeated(settings: dict[str, Any]) -> None:
    found = secrets.exposed(settings)
    assert len(found) == 1
    assert "_file=" in found[0]
    assert "_credential=" in found[0]
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"password_file": "/etc/x"},
        {"token_credential": "x"},
        {"url": "https://geo.example/wfs?service=WFS&keyword=trees"},
        {"user": "reader", "host": "db", "port": "5432"},
        {"key": "id", "compass": "north", "cursor": "/next", "at_once": 2},
        {"fields": "id=/id, at=/time"},
    ],
)
def test_what_is_none_passes(settings: dict[str, Any]) -> None:
    assert not secrets.exposed(settings)
    assert secrets.refers({"password_file": "/x"}, "password")
    assert not secrets.refers({"password_file": ""}, "password")
