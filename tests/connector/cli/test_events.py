"""`allmende watch-events`."""

from __future__ import annotations

from typing import Any

from msgspec import json

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types


def event(index: int, said: str) -> dict[str, Any]:
    return {"index": index, "at": 0, "event": "x", "importance": "note", "params": {}, "sentence": said}


def page(next: int, *events: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(events), "next": next}


def test_all_of_it_is_shown_page_by_page(api: Api, types: Types) -> None:
    api.answers["GET /v1/events?after=-1&least=note&limit=100"] = page(40, event(3, "One."))
    api.answers["GET /v1/events?after=40&least=note&limit=100"] = page(50, event(44, "Two."))
    api.answers["GET /v1/events?after=50&least=note&limit=100"] = page(50)
    said = types("watch-events")
    assert [line.rpartition("  ")[2] for line in said.out.splitlines()] == ["what", "One.", "Two."]
    assert len(types("watch-events", "--json").json) == 2


def test_following_goes_on_until_it_is_stopped(api: Api, types: Types) -> None:
    api.answers["GET /v1/events?after=-2&least=alarm&limit=100&wait=20.0"] = page(50)
    api.answers["GET /v1/events?after=50&least=alarm&limit=100&wait=20.0"] = page(52, event(51, "A."), event(52, "B."))
    said = types("watch-events", "--follow", "--least", "alarm", "--json")
    assert said.status == 1, "the faked node knows no more pages"
    assert [json.decode(line)["sentence"] for line in said.out.splitlines()[:2]] == ["A.", "B."]
    assert "note       A." in types("watch-events", "--follow", "--least", "alarm").out


def test_nothing_is_said_to_be_nothing(api: Api, types: Types) -> None:
    api.answers["GET /v1/events?after=9&least=note&limit=100"] = page(9)
    assert types("watch-events", "--after", "9").out == "Nothing has happened.\n"
