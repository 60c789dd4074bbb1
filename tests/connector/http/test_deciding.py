"""Deciding over the management API: the inbox, votes, words in both languages, frame contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.http import deciding
from connector.node import Node
from connector.protocol import negotiation
from connector.protocol.machine import Role
from connector.records import Notice
from connector.services.approval.awaited import Waiting
from tests.connector.http.nodes import PEER, a_node, dsp, manage, message, told
from tests.harness import frames


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


async def asked(node: Node, **rule: Any) -> str:
    """A request within the terms of an offer with this rule; our pid."""
    for path, body in (
        ("/v1/assets", {"name": "trees", "kind": "live", "settings": {}, "title": "trees"}),
        ("/v1/policies", {"name": "trees", "terms": {"count": 2}}),
        ("/v1/offers", {"asset": "trees", "policy": "trees", "approval": rule}),
    ):
        answer = await manage(node, "POST", path, body)
        assert answer.status == 201, answer.body
    offer = told(answer)
    sent = message(
        "ContractRequestMessage",
        consumerPid="urn:x:1",
        offer={**offer["document"], "target": offer["asset"]},
        callbackAddress="https://utility.example/dsp",
    )
    taken = await dsp(node, "POST", "/negotiations/request", sent)
    assert taken.status == 201, taken.body
    return str(told(taken)["providerPid"])


async def person(node: Node, name: str, role: str = "approver") -> str:
    """The credential of a new operator."""
    token: str = told(await manage(node, "POST", "/v1/operators", {"name": name, "role": role}))["token"]
    return token


async def test_two_people_and_never_the_publisher(node: Node) -> None:
    pid = await asked(node, persons=2)
    path = f"/v1/negotiations/{pid}"
    own = await manage(node, "POST", f"{path}/approve", {})
    assert (own.status, told(own)["code"]) == (400, "approval.own_draft")
    maria, otto, eve = [await person(node, *one) for one in (("maria",), ("otto",), ("eve", "auditor"))]
    assert (await manage(node, "POST", f"{path}/approve", {}, token=eve)).status == 403
    first = told(await manage(node, "POST", f"{path}/approve", {"reason": "fine"}, token=maria))
    waiting = first["waiting"]
    assert (waiting["whom"], waiting["given"], waiting["needed"], waiting["ask"]) == ("us", 1, 2, "agree")
    assert (waiting["voters"], waiting["drafted_by"]) == (["otto"], ["admin"])
    assert [(vote["operator"], vote["reason"]) for vote in waiting["votes"]] == [("maria", "fine")]
    assert first["terms"]
    second = told(await manage(node, "POST", f"{path}/approve", {"version": first["version"]}, token=otto))
    assert (second["pending"], second["waiting"]["whom"]) == ("agree", "delivery")


async def test_the_inbox_in_both_languages(node: Node) -> None:
    pid = await asked(node, persons=2, days=3.0)
    for language, words in (("en", "0 of 2 have, decision due"), ("de", "0 von 2 haben zugestimmt, Entscheidung bis")):
        page = told(await manage(node, "GET", "/v1/negotiations?waiting=true", accept_language=language))
        [one] = page["items"]
        assert one["id"] == pid
        assert words in one["waiting"]["sentence"]
        # Nobody but the publisher may approve anything here yet: that is said, with what helps.
        assert "allmende operator add NAME --role approver" in one["waiting"]["sentence"]
    assert told(await manage(node, "GET", "/v1/negotiations?waiting=true&state=OFFERED"))["items"] == []
    ended = told(await manage(node, "POST", f"/v1/negotiations/{pid}/decline", {"reason": "no"}))
    assert ended["pending"] == "terminate"
    assert (await manage(node, "POST", f"/v1/negotiations/{pid}/decline", {})).status == 400


async def test_a_frame_contract_lets_the_node_answer_at_once(node: Node) -> None:
    assert told(await manage(node, "POST", "/v1/frames", {**frames.BODY, "until": "2030-12-31"}))["in_force"]
    pid = await asked(node, frame=frames.NAME)
    assert told(await manage(node, "GET", f"/v1/negotiations/{pid}"))["pending"] == "agree"
    shown = told(await manage(node, "GET", f"/v1/frames/{frames.NAME}"))
    assert shown["until"] == 1_924_988_400_000_000  # the first instant of 2031 in Berlin
    assert told(await manage(node, "DELETE", f"/v1/frames/{frames.NAME}"))["in_force"] is False
    [listed] = told(await manage(node, "GET", "/v1/frames"))["items"]
    assert listed["retired"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"until": "next year"}, "terms.unreadable"),
        ({"hash": "abc"}, "input.wrong"),
        ({"signatories": []}, "input.wrong"),
        ({"parties": ["nobody"], "anybody": False}, "peer.unknown"),
        ({"anybody": False}, "frame.parties"),
    ],
)
async def test_a_frame_contract_says_everything(node: Node, wrong: dict[str, Any], code: str) -> None:
    answer = await manage(node, "POST", "/v1/frames", {**frames.BODY, **wrong})
    assert told(answer)["code"] == code
    german = told(await manage(node, "POST", "/v1/frames", {**frames.BODY, **wrong}, accept_language="de"))
    assert german["sentence"] != told(answer)["sentence"] or code == "input.wrong"


async def test_a_frame_contract_names_its_parties(node: Node) -> None:
    added = told(await manage(node, "POST", "/v1/frames", {**frames.BODY, "anybody": False, "parties": ["utility"]}))
    assert (added["parties"], added["party_names"]) == ([PEER], ["utility"])


def test_what_the_peer_says_of_its_people() -> None:
    blank = negotiation.blank(id="urn:x", role=Role.CONSUMER, peer=PEER, callback="", dataset="urn:d", now=5)
    n = msgspec.structs.replace(blank, state="REQUESTED", asked={}, asked_at=5)
    params = {"waiting": "person", "needed": "2", "given": "1", "deadline": "2027-01-02T11:00:00Z"}
    about: dict[str, Any] = {"id": "1", "peer": PEER, "about": "urn:x", "kind": "approval", "ours": False}
    notice = Notice(**about, params=params, state="answered", created=6)
    shown = deciding.waiting(n, "Stadt X", Waiting(None, told=notice), "de")
    assert shown is not None
    assert "Bei Stadt X entscheiden Menschen: 1 von 2 haben zugestimmt, Entscheidung bis 02.01.2027" in shown.sentence
    assert (shown.whom, shown.needed, shown.given) == ("peer", 2, 1)
    without = deciding.waiting(n, "Stadt X", None, "en")
    assert without is not None
    assert without.sentence == "The answer of Stadt X is awaited."
    over = msgspec.structs.replace(n, state="FINALIZED")
    assert deciding.waiting(over, "Stadt X", Waiting(None, told=notice), "en") is None
