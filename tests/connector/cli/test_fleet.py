"""connector/cli/fleet.py: devices as the operators of their node type and read about them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connector.cli.api import Api, problem
from tests.connector.cli.conftest import Types

AT = 1_700_000_000_000_000
DEVICE: dict[str, Any] = {
    "id": "did:web:city.example:edge:roof",
    "name": "roof",
    "title": "Dach",
    "state": "active",
    "joined": AT,
    "seen": AT,
    "number": 7,
    "told": 7,
    "deliveries": 2,
    "version": "1.0",
    "wanted": "1.1",
    "collection": {"air": "quiet@2"},
    "status": {"version": "1.0", "hours_left": 2640.4, "health": "well", "clock": True, "forgotten": 2, "damaged": 1},
    "keys": 1,
    "retired": None,
}
PLACE = {"name": "roof", "title": "Dach", "role": "device", "until": AT, "state": "open"}
INVITED = {"place": PLACE, "code": "7KQ2M-00000-11111-22222-33333", "url": "https://city.example"}
ASSET = {"name": "air", "kind": "edge", "settings": {}}


def test_an_invitation_shows_what_to_type_at_the_device(api: Api, types: Types) -> None:
    api.answers["POST /v1/edge/devices"] = (201, INVITED)
    said = types("edge", "invite", "Dach", "--name", "roof", "--days", "2d")
    assert api.asked[0].body == {"title": "Dach", "days": 2.0, "name": "roof"}
    line = "allmende edge enrol 7KQ2M-00000-11111-22222-33333@https://city.example DIR"
    assert line in said.out
    assert types("edge", "invite", "Dach", "--json").json["command"] == line
    assert api.asked[1].body == {"title": "Dach", "days": 14.0}


def test_a_node_without_a_region_says_so(api: Api, types: Types) -> None:
    api.answers["POST /v1/edge/devices"] = (400, problem("region.not_kept", "This node keeps no region."))
    assert types("edge", "invite", "Dach").status == 1


def test_the_fleet_is_listed(api: Api, types: Types) -> None:
    silent = {**DEVICE, "name": "new", "seen": 0, "status": {}}
    api.answers["GET /v1/edge/devices"] = {"items": [DEVICE, silent], "next": None}
    said = types("edge", "fleet", "list")
    assert "roof" in said.out
    assert "2640\n" in said.out
    assert "well" in said.out
    assert said.out.splitlines()[1].split()[-2:] == ["3", "2640"]
    assert types("edge", "fleet", "list", "--json").json == [DEVICE, silent]
    api.answers["GET /v1/edge/devices"] = {"items": [], "next": None}
    assert "allmende edge invite" in types("edge", "fleet", "list").out


def test_one_is_shown_with_what_it_says_of_itself(api: Api, types: Types) -> None:
    api.answers["GET /v1/edge/devices/roof"] = DEVICE
    said = types("edge", "fleet", "show", "roof").out
    assert "did:web:city.example:edge:roof" in said
    assert "air=quiet@2" in said
    assert "110 days" in said
    assert "not yet" not in said
    api.answers["GET /v1/edge/devices/roof"] = {**DEVICE, "told": 6}
    assert "not yet" in types("edge", "fleet", "show", "roof").out


def test_why_a_device_delivers_nothing_is_said_in_words(api: Api, types: Types) -> None:
    """To which consumer, in the reader's language; what a device says otherwise than agreed is no harm."""
    wrong = {"where": "did:web:works.example", "code": "orders.stale", "params": {"issued": "Monday", "seconds": 60}}
    more = [wrong, {"where": "x", "code": "new.code", "params": {}}, {"where": "y"}, 7]
    api.answers["GET /v1/edge/devices/roof"] = {**DEVICE, "status": {"health": "unwell", "troubles": more}}
    said = types("edge", "fleet", "show", "roof").out
    assert "did:web:works.example: The orders of Monday hold for 60 seconds only" in said
    assert "x: new.code" in said
    assert "Was dort nicht stimmt" in types("--lang", "de", "edge", "fleet", "show", "roof").out
    api.answers["GET /v1/edge/devices/roof"] = {**DEVICE, "status": {"troubles": "many", "oldest": "x", "clock": "y"}}
    assert types("edge", "fleet", "show", "roof").status == 0


def test_how_far_a_device_is_with_what_was_ordered(api: Api, types: Types) -> None:
    """Ordered before it has heard of it, then as it says; what runs is seen from the version."""
    for told, status, wanted, shown in (
        (6, {"update": "fetched"}, "1.1", "1.1 (ordered)"),
        (7, {}, "1.1", "1.1 (ordered)"),
        (7, {"update": ["x"]}, "1.1", "1.1 (ordered)"),
        (7, {"update": "fetched"}, "1.1", "1.1 (fetched)"),
        (7, {"update": "fetched"}, DEVICE["version"], f"{DEVICE['version']} (running)"),
    ):
        device = {**DEVICE, "number": 7, "told": told, "wanted": wanted, "status": status}
        api.answers["GET /v1/edge/devices/roof"] = device
        assert shown in types("edge", "fleet", "show", "roof").out
    assert "(läuft)" in types("--lang", "de", "edge", "fleet", "show", "roof").out


def test_a_release_is_named_in_full(api: Api, types: Types) -> None:
    api.answers["POST /v1/edge/devices/roof/update"] = DEVICE
    named = ("--version", "1.1", "--url", "https://city.example/edge.deb", "--sha256", "0" * 64)
    assert "1.1" in types("edge", "fleet", "update", "roof", *named).out
    assert api.asked[0].body == {"version": "1.1", "url": "https://city.example/edge.deb", "sha256": "0" * 64}
    assert types("edge", "fleet", "update", "roof", "--version", "1.1").status == 2


def test_one_is_retired(api: Api, types: Types) -> None:
    api.answers["POST /v1/edge/devices/roof/retire"] = {**DEVICE, "state": "left", "retired": AT}
    assert types("edge", "fleet", "retire", "roof", "--reason", "worn out").status == 0
    assert api.asked[0].body == {"reason": "worn out"}


def test_what_is_done_at_collection(api: Api, types: Types) -> None:
    api.answers["POST /v1/edge/devices/roof/collect"] = DEVICE
    assert "quiet@2" in types("edge", "collect", "roof", "air", "--policy", "quiet").out
    assert types("edge", "collect", "roof", "counts", "--nothing").status == 0
    assert [one.body for one in api.asked] == [
        {"series": "air", "policy": "quiet"},
        {"series": "counts", "policy": ""},
    ]


@pytest.mark.parametrize("said", [(), ("--policy", "quiet", "--nothing")])
def test_collecting_says_one_thing(types: Types, said: tuple[str, ...]) -> None:
    assert types("edge", "collect", "roof", "air", *said).status == 2


def test_a_series_of_a_device_is_shared(api: Api, types: Types) -> None:
    api.answers["POST /v1/edge/devices/roof/assets"] = (201, ASSET)
    assert types("asset", "add", "air", "--from", "edge:roof", "--select", "air", "--title", "Luft").status == 0
    assert api.asked[0].body == {"name": "air", "series": "air", "title": "Luft", "description": ""}
    assert types("asset", "add", "air", "--from", "edge:roof").status == 2
    assert types("asset", "add", "air", "--from", "edge:roof", "--select", "air", "--where", "a = 1").status == 2


def test_what_devices_have_brought_is_listed_with_what_never_comes(api: Api, types: Types) -> None:
    air = {"series": "air", "here": 8, "awaited": 1, "gone": 2, "why": "full"}
    of = {"device": "did:web:city.example:edge:roof", "contract": "", "latest": AT, "series": [air]}
    api.answers["GET /v1/edge/readings"] = {"items": [of], "next": None}
    said = types("edge", "received").out
    assert "there was no room" in said
    assert types("edge", "received", "--json").json == [of]
    api.answers["GET /v1/edge/readings?own=true"] = {"items": [], "next": None}
    assert types("edge", "received", "--own").status == 0
    assert types("edge", "received", "--own", "--contract", "urn:uuid:0199c3f2-6f63-7b7e-9d3a-0f4f5b1c2d3e").status == 2
    api.answers["GET /v1/edge/readings"] = {"items": [], "next": None}
    assert "Noch kein Gerät" in types("--lang", "de", "edge", "received").out
