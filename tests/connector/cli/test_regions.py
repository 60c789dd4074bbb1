"""Keeping a region, joining one, believing some, and what can be proved: what people type and read."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from connector.founding import FIRST_OPERATOR, initialise
from tests.connector.cli.api import Api, problem
from tests.connector.cli.conftest import Types

AT = 1_700_000_000_000_000
CODE = "7KQ2M-00000-11111-22222-33333"
URL = "https://region.elbland.example"
DID = "did:web:region.elbland.example"
PLACE = {
    "name": "gemeinde-nachbarsdorf",
    "title": "Gemeinde Nachbarsdorf",
    "role": "node",
    "key": "",
    "private": False,
    "listed": True,
    "state": "open",
    "did": "",
    "until": AT,
    "created": AT,
    "created_by": "admin",
}
INVITED = {"place": PLACE, "code": CODE, "url": URL}
MEMBER = {
    "id": "did:web:nachbarsdorf.example",
    "name": "gemeinde-nachbarsdorf",
    "title": "Gemeinde Nachbarsdorf",
    "role": "node",
    "state": "active",
    "since": AT,
    "key": "14612000",
    "private": False,
    "listed": True,
    "reason": "",
}
LISTED = {"did": MEMBER["id"], "name": "nachbarsdorf", "title": MEMBER["title"], "url": "https://n.example", "key": ""}
REGION = {
    "did": DID,
    "name": "region-elbland",
    "title": "Region Elbland",
    "url": URL,
    "words": "lusab-babad",
    "types": ["MembershipCredential"],
    "scopes": ["catalog", "negotiate"],
    "private": False,
    "vouches": False,
    "vouched_by": "",
    "own": True,
    "added": AT,
    "added_by": "admin",
    "until": None,
    "changed": None,
}
SEEN = {"did": DID, "title": "Region Elbland", "url": URL, "words": "lusab-babad", "types": [], "members": []}
CREDENTIAL = {
    "id": "urn:uuid:01900000-0000-7000-8000-0000aaaabbbb",
    "kind": "MembershipCredential",
    "issuer": DID,
    "issuer_name": "Region Elbland",
    "profile": "vc20-bssl/jwt",
    "state": "good",
    "begins": AT,
    "ends": AT,
    "received": AT,
    "claims": {"name": "Gemeinde Nachbarsdorf"},
    "token": "e30.e30.AA",
}


def page(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "next": None}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# --- keeping a region -------------------------------------------------------------------------------------------------


def test_an_invitation_says_what_is_typed_over_there(api: Api, types: Types) -> None:
    api.answers["POST /v1/region/invites"] = (201, INVITED)
    said = types("region", "invite", "Gemeinde Nachbarsdorf", "--key", "14612000", "--days", "2d", "--private")
    assert f"allmende join {URL} {CODE} --private" in said.out
    assert "█" not in said.out
    assert api.asked[0].body == {
        "title": "Gemeinde Nachbarsdorf",
        "key": "14612000",
        "days": 2.0,
        "private": True,
        "listed": True,
        "role": "node",
    }


def test_the_code_is_drawn_where_that_is_asked_for_and_never_into_json(api: Api, types: Types) -> None:
    api.answers["POST /v1/region/invites"] = (201, INVITED)
    drawn = [line for line in types("region", "invite", "X", "--qr").out.splitlines() if line.startswith("█")]
    assert len({len(line) for line in drawn}) == 1
    assert len(drawn) * 2 in (len(drawn[0]), len(drawn[0]) + 1)
    assert types("region", "invite", "X", "--qr", "--json").json["command"] == f"allmende join {URL} {CODE}"


def test_a_device_gets_address_and_code(api: Api, types: Types) -> None:
    api.answers["POST /v1/region/invites"] = (201, {**INVITED, "place": {**PLACE, "role": "device"}})
    said = types("region", "invite", "Pegel 7", "--device", "--unlisted")
    assert f"  {URL} {CODE}" in said.out
    assert "allmende join" not in said.out
    assert (api.asked[0].body["role"], api.asked[0].body["listed"]) == ("device", False)


def test_members_and_open_places_are_listed_together(api: Api, types: Types) -> None:
    late, done = {**PLACE, "name": "late", "state": "late"}, {**PLACE, "name": "over", "state": "done"}
    api.answers |= {"GET /v1/region/members": page(MEMBER), "GET /v1/region/invites": page(PLACE, late, done)}
    said = types("region", "members", "--lang", "de")
    assert "aktiv" in said.out
    assert "abgelaufen" in said.out
    assert "over" not in said.out
    assert types("region", "members", "--json").json == {"members": [MEMBER], "places": [PLACE, late]}


@pytest.mark.parametrize("move", ["suspend", "restore", "remove", "stolen"])
def test_members_are_moved_with_a_reason(api: Api, types: Types, move: str) -> None:
    path = f"POST /v1/region/members/gemeinde-nachbarsdorf/{move}"
    api.answers[path] = MEMBER
    assert types("region", move, "gemeinde-nachbarsdorf", "--reason", "so be it").status == 0
    assert api.asked[0].body == {"reason": "so be it"}


def test_show_and_withdraw(api: Api, types: Types) -> None:
    api.answers |= {"GET /v1/region/members/x": MEMBER, "DELETE /v1/region/invites/x": PLACE}
    assert "14612000" in types("region", "show", "x").out
    assert "void" in types("region", "withdraw", "x").out


def test_the_status_warns_while_the_roots_key_lies_here(api: Api, types: Types) -> None:
    standing = {
        "did": DID,
        "name": "Region Elbland",
        "url": URL,
        "words": "lusab",
        "root": "ab" * 32,
        **dict.fromkeys(("root_ends", "nodes_end", "devices_end"), AT),
        **dict.fromkeys(("members", "suspended", "open_places", "credentials", "neighbours"), 1),
    }
    vouch = {"did": "did:web:heide.example", "title": "Region Heide", "types": ["X"], "ends": AT}
    api.answers |= {"GET /v1/region": {**standing, "root_key": True}, "GET /v1/region/vouches": page(vouch)}
    said = types("region", "status").out
    assert "root.pem" in said
    assert "Region Heide" in said
    api.answers["GET /v1/region"] = {**standing, "root_key": False}
    assert "root.pem" not in types("region", "status").out


def test_an_authority_is_made_anew(api: Api, types: Types) -> None:
    api.answers["POST /v1/region/renew"] = (400, problem("region.root_away", "The root's key is not here."))
    assert "is not here" in types("region", "renew", "nodes").err
    assert api.asked[0].body == {"what": "nodes"}
    assert types("region", "renew", "everything").status == 2


def test_a_region_vouches_and_ends_that(api: Api, types: Types) -> None:
    vouch = {"title": "Region Heide", "ends": AT}
    api.answers |= {"POST /v1/region/vouches": (201, vouch), "POST /v1/regions/look": SEEN}
    assert types("region", "vouch", URL, "--yes", "--scope", "catalog").status == 0
    assert api.asked[-1].body == {
        "region": URL,
        "words": "lusab-babad",
        "days": 90.0,
        "private": False,
        "scopes": ["catalog"],
    }
    api.answers["DELETE /v1/region/vouches/did%3Aweb%3Aheide.example"] = vouch
    assert "no more" in types("region", "vouch", "did:web:heide.example", "--end").out


def test_a_region_is_made_on_a_directory_with_or_without_a_node(types: Types, tmp_path: Path) -> None:
    fresh, known = tmp_path / "fresh", tmp_path / "known"
    made = types("region", "init", str(fresh), "--name", "Region Elbland", "--public-url", URL, "--json").json
    assert (made["made_node"], made["id"]) == (True, DID)
    assert (fresh / "keys" / "region" / "root.pem").exists()
    assert 'name = "Region Elbland"' in (fresh / "allmende.toml").read_text()
    initialise(known, "https://known.example", public_port=0, management_port=0, lab=False)
    said = types("region", "init", str(known), "--name", "Region Heide")
    assert said.status == 0
    assert "root.pem" in said.out
    again = types("region", "init", str(known), "--name", "Region Heide", "--json").json
    assert again["made_node"] is False
    other = types("region", "init", str(known), "--name", "Another")
    assert (other.status, "Region Heide" in other.err) == (1, True)
    assert FIRST_OPERATOR == "admin"


def test_a_region_without_a_node_says_what_to_do(types: Types, tmp_path: Path) -> None:
    said = types("region", "init", str(tmp_path / "nowhere"), "--name", "Region Elbland")
    assert said.status == 1
    assert "allmende init" in said.err
    loopback = types("region", "init", str(tmp_path / "lab"), "--name", "R", "--public-url", "http://127.0.0.1:1")
    assert (loopback.status, "--lab" in loopback.err) == (1, True)


# --- joining ----------------------------------------------------------------------------------------------------------


def joining(done: int, *, waiting: Any = None) -> dict[str, Any]:
    """How far joining has come, with so many of three steps done."""
    names = ["trust", "certificates", "credential"]
    steps = [{"step": name, "done": at < done, "sentence": f"Step {name}."} for at, name in enumerate(names)]
    named = {"did": DID, "name": "region-elbland", "title": "Region Elbland"}
    return {**named, "steps": steps, "joined": done == 3, "waiting": waiting}


def test_joining_goes_on_step_by_step_and_says_what_is_possible_now(api: Api, types: Types) -> None:
    api.answers |= {
        "POST /v1/regions/join": [joining(1), joining(2), joining(3)],
        "GET /v1/regions/region-elbland/members": page({**LISTED, "did": "did:web:me.example"}, LISTED),
        "GET /v1/status": {"id": "did:web:me.example"},
    }
    said = types("join", URL, CODE)
    assert said.status == 0
    assert [line for line in said.err.splitlines() if line.startswith("✓")] == [
        "✓ Step trust.",
        "✓ Step certificates.",
        "✓ Step credential.",
    ]
    assert "allmende peer add https://n.example" in said.out
    assert "--private" not in said.out
    assert all(one.body == {"url": URL, "code": CODE, "private": False} for one in api.asked[:3])


def test_in_a_private_network_the_next_steps_say_so_too(api: Api, types: Types) -> None:
    api.answers |= {
        "POST /v1/regions/join": joining(3),
        "GET /v1/regions/region-elbland/members": page(LISTED),
        "GET /v1/status": {"id": "did:web:me.example"},
    }
    assert "allmende peer add https://n.example --private" in types("join", URL, CODE, "--private").out


def test_what_joining_waits_for_is_said_once(api: Api, types: Types) -> None:
    waits = {"code": "join.waiting", "params": {}, "sentence": "It is thinking."}
    api.answers["POST /v1/regions/join"] = [joining(2, waiting=waits)] * 2 + [joining(3)]
    said = types("join", URL, CODE)
    assert said.status == 0
    assert said.err.count("It is thinking.") == 1


def test_joining_that_has_to_wait_says_so_and_how_to_go_on(api: Api, types: Types) -> None:
    waits = {"code": "join.waiting", "params": {}, "sentence": "It is thinking."}
    api.answers["POST /v1/regions/join"] = joining(2, waiting=waits)
    said = types("join", URL, CODE, "--json")
    assert said.status == 1
    assert said.json["error"]["code"] == "join.unfinished"
    assert "It is thinking." in said.err


def test_a_refused_network_says_what_helps(api: Api, types: Types) -> None:
    api.answers["POST /v1/regions/join"] = (400, problem("peer.address_refused", "Not allowed."))
    assert "--private" in types("join", URL, CODE).err


def test_joined_counts_also_where_the_region_does_not_name_members(api: Api, types: Types) -> None:
    api.answers["POST /v1/regions/join"] = joining(3)
    said = types("join", URL, CODE, "--json")
    assert (said.status, said.json["members"]) == (0, [])


# --- believing --------------------------------------------------------------------------------------------------------


def test_regions_are_listed_with_how_it_came(api: Api, types: Types) -> None:
    vouched = {**REGION, "name": "heide", "own": False, "vouched_by": "Region Elbland"}
    api.answers["GET /v1/regions"] = page(REGION, vouched, {**REGION, "own": False})
    lines = types("trust", "list").out.splitlines()
    assert ["joined" in lines[1], "vouched for by Region Elbland" in lines[2], "decided here" in lines[3]] == [True] * 3


def test_a_region_is_believed_once_its_words_are_compared(
    api: Api, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answers |= {"POST /v1/regions/look": SEEN, "POST /v1/regions": (201, REGION)}
    assert "--fingerprint" in types("trust", "add", URL).err
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert types("trust", "add", URL).status == 1
    assert all(one.path != "/v1/regions" for one in api.asked)
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert types("trust", "add", URL, "--type", "X", "--vouches").status == 0
    body = api.asked[-1].body
    assert (body["words"], body["types"], body["vouches"]) == ("lusab-babad", ["X"], True)
    api.asked.clear()
    assert types("trust", "add", URL, "--fingerprint", "a-b").status == 0
    assert [one.path for one in api.asked] == ["/v1/regions"]


def test_a_region_is_shown_with_its_members_or_without(api: Api, types: Types) -> None:
    api.answers |= {"GET /v1/regions/x": REGION, "GET /v1/regions/x/members": page(LISTED)}
    assert "https://n.example" in types("trust", "show", "x").out
    api.answers["GET /v1/regions/x/members"] = (503, problem("peer.unreachable", "It does not answer."))
    said = types("trust", "show", "x")
    assert (said.status, "does not answer" in said.err) == (0, True)


def test_remove(api: Api, types: Types) -> None:
    api.answers["DELETE /v1/regions/x"] = REGION
    assert "does not believe Region Elbland" in types("trust", "remove", "x").out


def test_a_chain_is_told_link_by_link(api: Api, types: Types) -> None:
    links = [
        {"ok": True, "code": "a", "sentence": "It was issued to it.", "ends": AT},
        {"ok": False, "code": "b", "sentence": "It was taken back.", "ends": None},
    ]
    found = {
        "did": "did:web:n.example",
        "name": "nachbar",
        "trusted": False,
        "how": "vouched",
        "region": "",
        "links": links,
        "checked": AT,
        "until": None,
    }
    api.answers |= {"GET /v1/trust/nachbar?now=true": found, "GET /v1/trust/nachbar?now=false": found}
    said = types("trust", "explain", "nachbar", "--now").out
    assert "nachbar is NOT trusted." in said
    assert "✓ It was issued to it." in said
    assert "✗ It was taken back." in said
    assert "wird NICHT vertraut" in types("trust", "explain", "nachbar", "--lang", "de").out
    assert types("trust", "explain", "nachbar", "--json").json == found


# --- credentials ------------------------------------------------------------------------------------------------------


def test_credentials_are_listed_with_open_requests(api: Api, types: Types) -> None:
    waits = {"id": "urn:uuid:1", "issuer": DID, "issuer_name": "Region Elbland", "kinds": ["X"], "created": AT}
    waits |= {"state": "open", "why": {"code": "w", "params": {}, "sentence": "Not yet."}}
    api.answers["GET /v1/credentials"] = page(CREDENTIAL)
    api.answers["GET /v1/credential-requests"] = page(waits, {**waits, "state": "issued"})
    said = types("credential", "list")
    assert "aaaabbbb" in said.out
    assert said.out.count("Not yet.") == 1
    assert len(types("credential", "list", "--json").json["requests"]) == 1


def test_a_credential_is_shown_whole_or_as_it_is_signed(api: Api, types: Types) -> None:
    api.answers["GET /v1/credentials/aaaabbbb"] = CREDENTIAL
    assert "name=Gemeinde Nachbarsdorf" in types("credential", "show", "aaaabbbb").out
    assert types("credential", "show", "aaaabbbb", "--token").out == "e30.e30.AA\n"


def test_request_offers_issued_revoke(api: Api, types: Types) -> None:
    issued = {**CREDENTIAL, "holder": MEMBER["id"], "holder_name": "Gemeinde Nachbarsdorf", "issued": AT, "reason": ""}
    api.answers |= {
        "POST /v1/credential-requests": (202, {"issuer_name": "Region Elbland"}),
        "GET /v1/issuers/region-elbland/offers": page({"id": "m", "kind": "X", "profile": "p", "issuer": DID}),
        "GET /v1/region/credentials": page(issued),
        "POST /v1/region/credentials/aaaabbbb/revoke": issued,
    }
    assert "has been asked" in types("credential", "request", "region-elbland", "--kind", "X", "--code", "c").out
    assert api.asked[0].body == {"issuer": "region-elbland", "code": "c", "kinds": ["X"]}
    assert "X" in types("credential", "offers", "region-elbland").out
    assert "Gemeinde Nachbarsdorf" in types("credential", "list", "--issued").out
    assert "is revoked" in types("credential", "revoke", "aaaabbbb", "--reason", "oops").out
    assert api.asked[-1].body == {"reason": "oops"}
