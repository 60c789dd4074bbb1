"""A faked management API, and the command line on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import json

from connector.cli import words
from connector.cli.tree import run
from tests.connector.cli.api import Api, serving


class Said(NamedTuple):
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line of `--json`."""
        assert self.out.count("\n") == 1
        return json.decode(self.out)


Types = Callable[..., Said]


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A faked node, named by the environment; the working directory is empty."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.token").write_text("secret\n")
    with serving() as served:
        monkeypatch.setenv("ALLMENDE_NODE", served.url)
        monkeypatch.setenv("ALLMENDE_TOKEN_FILE", str(tmp_path / "my.token"))
        monkeypatch.setenv("ALLMENDE_LANG", "en")
        yield served


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """What a command line in one test has chosen counts in no other."""
    yield
    words.speak("en")


@pytest.fixture
def types(capsys: pytest.CaptureFixture[str]) -> Types:
    """Type a command line."""

    def call(*args: str) -> Said:
        capsys.readouterr()
        status = run(list(args))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Said(status, out, err)

    return call
