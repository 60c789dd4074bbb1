"""connector/data/sinks/__init__.py: kinds, and how people name a target."""

from __future__ import annotations

import pytest

from connector.data import sinks
from connector.data.ports import Around
from connector.errors import InputError, SourceError
from connector.system import SystemClock


@pytest.mark.parametrize(
    ("into", "kind", "settings"),
    [
        ("files:/srv/air", "files", {"path": "/srv/air"}),
        ("http://app.example/rows", "http", {"url": "http://app.example/rows"}),
        ("https://app.example/rows", "http", {"url": "https://app.example/rows"}),
        ("mqtt://broker/a/{b}", "mqtt", {"url": "mqtt://broker/a/{b}"}),
        ("postgres://db/rows", "postgres", {"url": "postgres://db/rows"}),
    ],
)
def test_targets(into: str, kind: str, settings: dict[str, str]) -> None:
    assert sinks.read(into, {"user": "x"}) == (kind, {**settings, "user": "x"})


@pytest.mark.parametrize("into", ["", "files", "files:", "carrier:pigeon", "/srv/air"])
def test_what_is_no_target(into: str) -> None:
    with pytest.raises(InputError) as caught:
        sinks.read(into, {})
    assert caught.value.reason.code == "sink.target"


def test_an_unknown_kind_and_a_secret_in_the_open_are_told() -> None:
    made = sinks.Sinks(Around(clock=SystemClock(), peer=None, secret=lambda *_: ""))  # type: ignore[arg-type]
    assert made.check("pigeon", {})
    assert made.check("http", {"url": "https://app.example/", "token": "very secret"})
    with pytest.raises(SourceError):
        made.get("pigeon")
