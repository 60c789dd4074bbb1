"""Reading the catalogues of others, from the command line."""

from __future__ import annotations

from typing import Any

import pytest

from connector.cli import ages
from tests.connector.cli.api import PEER, Api
from tests.connector.cli.conftest import Types

NOW = 1_800_000_000_000_000
HOUR = 3_600_000_000
REASON = {"code": "peer.timeout", "params": {}, "sentence": "The peer did not answer in time."}
CRAWL: dict[str, Any] = {
    "peer": "neighbour",
    "participant": PEER["id"],
    "url": "https://neighbour.example/catalog",
    "signed": True,
    "datasets": 12,
    "sequence": 40,
    "asked": NOW,
    "seen": NOW - 3 * HOUR,
    "changed": None,
    "next": NOW + 30_000_000,
    "failures": 0,
    "going": False,
    "resting": False,
    "broker": False,
    "place": "",
    "reason": None,
}
PLACE = {
    "name": "land",
    "peer": "neighbour",
    "participant": PEER["id"],
    "url": "https://neighbour.example/dsp",
    "broker": True,
    "added": NOW,
    "added_by": "anna",
}


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ages, "now", lambda: NOW)


def test_status_says_age_and_trust_in_words(api: Api, types: Types) -> None:
    failing = {**CRAWL, "peer": "other", "signed": False, "reason": REASON, "failures": 2}
    api.answers["GET /v1/crawls"] = {"items": [CRAWL, failing, {**CRAWL, "peer": "third", "going": True}], "next": None}
    said = types("catalog", "status").out
    assert "3 hours ago" in said
    assert "signed by its owner" in said
    assert "well, again in 30 s" in said
    assert "told by its owner" in said
    assert "The peer did not answer in time. (again in 30 s)" in said
    assert "being read" in said
    german = types("catalog", "status", "--lang", "de").out
    assert "vor 3 Stunden" in german
    assert "vom Anbieter signiert" in german
    assert types("catalog", "status", "--json").json[0] == CRAWL


def test_crawl_of_one_and_of_all(api: Api, types: Types) -> None:
    api.answers |= {"POST /v1/crawls": CRAWL, "GET /v1/crawls": {"items": [CRAWL, CRAWL], "next": None}}
    assert types("catalog", "crawl", "neighbour", "--json").json == [CRAWL]
    assert [one.body for one in api.asked] == [{"peer": "neighbour"}]
    assert len(types("catalog", "crawl", "--json").json) == 2
    assert api.asked[-1].body == {"peer": PEER["id"]}


def test_nobody(api: Api, types: Types) -> None:
    api.answers["GET /v1/crawls"] = {"items": [], "next": None}
    assert "knows nobody" in types("catalog", "status").out


def test_places(api: Api, types: Types) -> None:
    api.answers |= {
        "GET /v1/catalog-places": {"items": [PLACE], "next": None},
        "POST /v1/catalog-places": (201, PLACE),
        "DELETE /v1/catalog-places/land": (204, None),
    }
    assert "https://neighbour.example/dsp" in types("catalog", "peers", "list").out
    assert types("catalog", "peers", "add", "land", "--peer", "neighbour", "--broker").status == 0
    assert api.asked[-1].body == {"name": "land", "peer": "neighbour", "url": "", "broker": True}
    assert types("catalog", "peers", "remove", "land").status == 0
