"""`allmende catalog quality`."""

from __future__ import annotations

from typing import Any

import pytest

from connector.cli import ages
from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types

NOW = 1_800_000_000_000_000
DAY = 86_400_000_000


@pytest.fixture(autouse=True)
def _standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of whoever reads."""
    monkeypatch.setattr(ages, "now", lambda: NOW)


def reason(sentence: str) -> dict[str, Any]:
    return {"code": "x", "params": {}, "sentence": sentence}


def judged(**more: Any) -> dict[str, Any]:
    return {
        "asset": "https://dresden.example/datasets/trees",
        "name": "trees",
        "title": "Bäume",
        "score": 64,
        "mends": [reason("Say whom one may ask."), reason("Say how often it is updated.")],
        "violations": 0,
        "warnings": 1,
        "frequency": "DAILY",
        "modified": NOW - 3 * DAY,
        "due": NOW - 2 * DAY,
        "late": 172_800.0,
        "shown": True,
        "probing": True,
        "addresses": 2,
        "looked": 2,
        "broken": [
            {
                "address": "https://x.example/a.csv",
                "why": reason("There is nothing at this address."),
                "since": NOW - DAY,
                "at": NOW,
            }
        ],
        **more,
    }


def test_one_asset(api: Api, types: Types) -> None:
    api.answers["GET /v1/catalog/quality/trees"] = judged()
    out = types("catalog", "quality", "trees").out
    for part in (
        "score      64 of 100",
        "portals    take it",
        "updated    3 days ago",
        "promised   daily; 2 days late",
        "addresses  2 of 2 looked at",
        "- Say whom one may ask.",
        "- https://x.example/a.csv - There is nothing at this address. (since 2027-01-14",
    ):
        assert part in out
    german = types("catalog", "quality", "trees", "--lang", "de").out
    assert "täglich; 2 Tage zu spät" in german
    assert "Was am meisten helfen würde" in german


def test_what_portals_would_refuse_do_not_see_and_what_nobody_looks_at(api: Api, types: Types) -> None:
    api.answers["GET /v1/catalog/quality/trees"] = judged(
        violations=2, probing=False, looked=0, broken=[], frequency="", modified=None, due=None, late=0.0
    )
    out = types("catalog", "quality", "trees").out
    assert "would refuse it (2 violations)" in out
    assert "not looked at (setting [catalog] probe)" in out
    assert "promised   nothing" in out
    api.answers["GET /v1/catalog/quality/trees"] = judged(shown=False, addresses=0)
    assert "it is not offered to everybody" in types("catalog", "quality", "trees").out


def test_all_of_them_the_weakest_first(api: Api, types: Types) -> None:
    items = [judged(), judged(name="benches", score=20, broken=[], late=0.0), judged(name="a", due=None, late=0.0)]
    api.answers["GET /v1/catalog/quality"] = {"items": items, "next": None}
    said = types("catalog", "quality")
    names = [line.split()[0] for line in said.out.splitlines()[1:]]
    assert names == ["benches", "a", "trees"]
    assert "as promised" in said.out
    assert [one["name"] for one in types("catalog", "quality", "--json").json] == names
