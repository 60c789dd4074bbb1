"""Somebody hands a device a package: an old one, one for something else, one that changes while it is looked at."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from edge_node.errors import PackageError
from edge_node.packages import installing
from tests.edge_node.packages.test_announced import Medium


class Machine:
    """What dpkg is asked and told; `during` happens while it compares versions."""

    def __init__(self, installed: str) -> None:
        self.installed, self.given = installed, list[bytes]()
        self.during: Any = lambda: None

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        match command:
            case [query, *_] if query.endswith("dpkg-query"):
                return subprocess.CompletedProcess(command, int(not self.installed), self.installed, "")
            case [dpkg, "--compare-versions", one, "gt", other] if dpkg.endswith("dpkg"):
                self.during()
                return subprocess.CompletedProcess(command, int(one <= other), "", "")
            case [_, *forced, "--install", path] if all(one.startswith("--force-conf") for one in forced):
                assert Path(path).parent.stat().st_mode & 0o077 == 0, "nobody else changes it there"
                self.given.append(Path(path).read_bytes())
                return subprocess.CompletedProcess(command, 0, "", "")
            case _:
                raise AssertionError(command)


@pytest.fixture
def medium(tmp_path: Path) -> Medium:
    return Medium(tmp_path)


def machine(monkeypatch: pytest.MonkeyPatch, installed: str) -> Machine:
    made = Machine(installed)
    monkeypatch.setattr(installing, "_as_root", lambda: None)
    monkeypatch.setattr(subprocess, "run", made.run)
    return made


def refused(medium: Medium) -> str:
    with pytest.raises(PackageError) as failure:
        installing.update(medium.package, keys=medium.keys)
    return failure.value.code


def test_what_is_newer_is_installed(medium: Medium, monkeypatch: pytest.MonkeyPatch) -> None:
    one = machine(monkeypatch, "0.1.0")
    assert installing.update(medium.package, keys=medium.keys).version == "0.2.0"
    assert one.given == [b"deb" * 1000]


@pytest.mark.parametrize(("installed", "code"), [("0.2.0", "update.older"), ("0.3.0", "update.older")])
def test_what_is_not_newer_is_not(medium: Medium, monkeypatch: pytest.MonkeyPatch, installed: str, code: str) -> None:
    one = machine(monkeypatch, installed)
    assert refused(medium) == code
    assert one.given == []


def test_an_old_version_of_what_is_not_there_is_no_way_round(medium: Medium, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node's package is signed by the same key: a device would run it, however old it is."""
    one = machine(monkeypatch, "")
    assert refused(medium) == "update.absent"
    assert one.given == []


def test_a_package_that_changes_meanwhile(medium: Medium, monkeypatch: pytest.MonkeyPatch) -> None:
    one = machine(monkeypatch, "0.1.0")
    one.during = lambda: medium.package.write_bytes(b"bad" * 1000)
    assert refused(medium) == "update.content"
    assert one.given == []


def test_a_package_that_is_another_file(medium: Medium, monkeypatch: pytest.MonkeyPatch) -> None:
    one = machine(monkeypatch, "0.1.0")
    medium.package.unlink()
    medium.package.symlink_to("/dev/zero")
    assert refused(medium) == "update.content"
    assert one.given == []
