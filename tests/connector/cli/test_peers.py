"""Adding a peer: the fingerprint is compared before anything is kept."""

from __future__ import annotations

import io
import sys

import pytest

from tests.connector.cli.api import PEER, Api, problem
from tests.connector.cli.conftest import Types

SEEN = {"id": PEER["id"], "url": PEER["url"], "base": PEER["base"], "words": "bilip-hafup", "keys": ["a"]}
URL = "https://neighbour.example"
NO_REGIONS = {"items": [], "next": None}
ONE_REGION = {"items": [{"name": "elbland"}], "next": None}
VOUCHED = {**PEER, "pinned": False, "region": "Region Elbland"}


@pytest.fixture(autouse=True)
def answers(api: Api) -> None:
    api.answers |= {"POST /v1/peers/look": SEEN, "POST /v1/peers": (201, PEER), "GET /v1/regions": NO_REGIONS}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_with_the_words_told_nothing_is_asked(api: Api, types: Types) -> None:
    assert types("peer", "add", URL, "--fingerprint", "bilip-hafup", "--json").json == PEER
    assert [one.path for one in api.asked] == ["/v1/peers"]
    assert api.asked[0].body == {"url": URL, "name": "neighbour", "words": "bilip-hafup", "private": False}


def test_without_a_terminal_nothing_is_trusted(api: Api, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    said = types("peer", "add", URL)
    assert said.status == 1
    assert "--fingerprint" in said.err
    assert [one.path for one in api.asked] == ["/v1/regions", "/v1/peers/look"]


@pytest.mark.parametrize(("reply", "status", "asked"), [("y\n", 0, 3), ("n\n", 1, 2), ("", 1, 2)])
def test_on_a_terminal_the_person_decides(
    api: Api, types: Types, monkeypatch: pytest.MonkeyPatch, reply: str, status: int, asked: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(reply))
    said = types("peer", "add", URL, "--name", "n")
    assert said.status == status
    assert "bilip-hafup" in said.err
    assert PEER["id"] in said.err
    assert len(api.asked) == asked


def test_the_keys_confirmed_are_the_keys_pinned(api: Api, types: Types) -> None:
    assert types("peer", "add", URL, "--yes", "--private").status == 0
    assert api.asked[0].body == {"url": URL, "private": True}
    assert api.asked[1].body["words"] == SEEN["words"]


def test_where_a_region_vouches_nothing_is_compared(api: Api, types: Types) -> None:
    api.answers |= {"GET /v1/regions": ONE_REGION, "POST /v1/peers": (201, VOUCHED)}
    said = types("peer", "add", URL)
    assert said.status == 0
    assert "Region Elbland vouches for it" in said.out
    assert api.asked[-1].body == {"url": URL, "name": "neighbour", "private": False, "pin": False}
    api.answers["GET /v1/peers"] = {"items": [VOUCHED], "next": None}
    assert "Region Elbland" in types("peer", "list").out


def test_with_pin_words_are_compared_also_where_a_region_vouches(api: Api, types: Types) -> None:
    api.answers["GET /v1/regions"] = ONE_REGION
    assert types("peer", "add", URL, "--pin").status == 1
    assert [one.path for one in api.asked] == ["/v1/peers/look"]


def test_where_no_region_vouches_words_are_compared(api: Api, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = (400, problem("peer.not_vouched", "No region vouches."))
    api.answers |= {"GET /v1/regions": ONE_REGION, "POST /v1/peers": [refused, (201, PEER)]}
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    said = types("peer", "add", URL)
    assert said.status == 0
    assert "No region vouches." in said.err
    assert api.asked[-1].body["words"] == SEEN["words"]


def test_a_peer_that_refuses_this_node_is_not_pinned_in_its_despite(api: Api, types: Types) -> None:
    refused = (400, problem("peer.refuses", "It does not accept this node."))
    api.answers |= {"GET /v1/regions": ONE_REGION, "POST /v1/peers": refused}
    said = types("peer", "add", URL)
    assert (said.status, "does not accept" in said.err) == (1, True)
    assert api.asked[-1].path == "/v1/peers"


def test_who_is_barred_is_listed_as_such_and_shown_with_the_reason(api: Api, types: Types) -> None:
    barred = {**VOUCHED, "barred": {"code": "trust.lapsed", "params": {}, "sentence": "Its time is over."}}
    api.answers |= {"GET /v1/peers": {"items": [barred], "next": None}, "GET /v1/peers/neighbour": barred}
    assert "not trusted now" in types("peer", "list").out
    assert "Its time is over." in types("peer", "show", "neighbour").out


def test_a_refused_network_says_what_helps(api: Api, types: Types) -> None:
    api.answers["POST /v1/peers/look"] = (400, problem("peer.address_refused", "Not allowed."))
    assert "--private" in types("peer", "add", URL, "--yes").err


def test_list_show_remove(api: Api, types: Types) -> None:
    api.answers["GET /v1/peers"] = {"items": [PEER], "next": None}
    api.answers["GET /v1/peers/neighbour"] = PEER
    api.answers["DELETE /v1/peers/neighbour"] = PEER
    assert "bilip-hafup" in types("peer", "list").out
    assert PEER["id"] in types("peer", "show", "neighbour").out
    api.answers["GET /v1/contracts?peer=neighbour"] = {"items": [{"in_force": True}, {"in_force": False}], "next": None}
    said = types("peer", "remove", "neighbour", "--json")
    assert said.json == {"removed": "neighbour"}
    assert "in force with neighbour: 1." in said.err
    assert types("peer", "show", "nobody").status == 1


def test_who_is_kept_out_after_a_removal_is_told_and_listed(api: Api, types: Types) -> None:
    api.answers["DELETE /v1/peers/neighbour"] = {**PEER, "kept_out": True}
    api.answers["GET /v1/contracts?peer=neighbour"] = {"items": [], "next": None}
    assert f"until: allmende peer add {PEER['url']}" in types("peer", "remove", "neighbour").err
    out = {"id": PEER["id"], "name": "neighbour", "url": PEER["url"], "at": 0, "by": "maria"}
    api.answers["GET /v1/barred"] = {"items": [out], "next": None}
    assert "maria" in types("peer", "list", "--barred").out


def test_whoever_adds_a_peer_that_was_kept_out_is_told(api: Api, types: Types) -> None:
    api.answers |= {"POST /v1/peers": (201, {**PEER, "kept_out": True})}
    said = types("peer", "add", URL, "--fingerprint", PEER["words"])
    assert (said.status, "had been kept out" in said.err) == (0, True)
