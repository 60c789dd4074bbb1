"""Adding a peer: the fingerprint is compared before anything is kept."""

from __future__ import annotations

import io
import sys

import pytest

from tests.connector.cli.api import PEER, Api, problem
from tests.connector.cli.conftest import Types

SEEN = {"id": PEER["id"], "url": PEER["url"], "base": PEER["base"], "words": "bilip-hafup", "keys": ["a"]}
URL = "https://neighbour.example"


@pytest.fixture(autouse=True)
def answers(api: Api) -> None:
    api.answers |= {"POST /v1/peers/look": SEEN, "POST /v1/peers": (201, PEER)}


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
    assert [one.path for one in api.asked] == ["/v1/peers/look"]


@pytest.mark.parametrize(("reply", "status", "asked"), [("y\n", 0, 2), ("n\n", 1, 1), ("", 1, 1)])
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


def test_a_refused_network_says_what_helps(api: Api, types: Types) -> None:
    api.answers["POST /v1/peers/look"] = (400, problem("peer.address_refused", "Not allowed."))
    assert "--private" in types("peer", "add", URL, "--yes").err


def test_list_show_remove(api: Api, types: Types) -> None:
    api.answers["GET /v1/peers"] = {"items": [PEER], "next": None}
    api.answers["GET /v1/peers/neighbour"] = PEER
    api.answers["DELETE /v1/peers/neighbour"] = (204, None)
    assert "bilip-hafup" in types("peer", "list").out
    assert PEER["id"] in types("peer", "show", "neighbour").out
    api.answers["GET /v1/contracts?peer=neighbour"] = {"items": [{"in_force": True}, {"in_force": False}], "next": None}
    said = types("peer", "remove", "neighbour", "--json")
    assert said.json == {"removed": "neighbour"}
    assert "in force with neighbour: 1." in said.err
    assert types("peer", "show", "nobody").status == 1
