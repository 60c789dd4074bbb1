"""What may go wrong on the way to a contract and to the data: an altered agreement, a term that nobody understands,
paths that lead out of what is shared.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from connector.node import Node
from connector.protocol.messages import JsonObject
from connector.records import PublishedOffer
from connector.system import SystemIds
from tests.connector.http.listening import said, status
from tests.hostile.actors import (
    Neighbour,
    asked,
    contracts,
    healthy,
    message,
    negotiations,
    segment,
    until,
)

DATASET = "urn:uuid:018f0000-0000-7000-8000-0000000000d5"
COUNT = {"leftOperand": "count", "operator": "lteq", "rightOperand": {"@value": "5", "@type": "xsd:integer"}}
OFFER: JsonObject = {
    "@type": "Offer",
    "@id": "urn:uuid:018f0000-0000-7000-8000-0000000000f0",
    "target": DATASET,
    "permission": [{"action": "use", "constraint": [COUNT]}],
}

# --- an agreement that is not what was asked --------------------------------------------------------------------------

Change = Callable[[JsonObject], None]


def _more(agreement: JsonObject) -> None:
    agreement["permission"][0]["constraint"][0]["rightOperand"]["@value"] = "6"


def _prohibited(agreement: JsonObject) -> None:
    agreement["prohibition"] = [{"action": "use", "constraint": [COUNT]}]


def _second(agreement: JsonObject) -> None:
    agreement["permission"].append({"action": "use"})


def _unknown(agreement: JsonObject) -> None:
    agreement["permission"][0]["inheritFrom"] = "urn:x:other"


def _put(key: str, value: str) -> Change:
    return lambda agreement: agreement.update({key: value})


ALTERED: dict[str, Change] = {
    "another number": _more,
    "without its constraint": lambda agreement: agreement["permission"][0].pop("constraint"),
    "a prohibition more": _prohibited,
    "a permission more": _second,
    "another target": _put("target", "urn:x:other"),
    "another assigner": _put("assigner", "did:web:other.example"),
    "another assignee": _put("assignee", "did:web:other.example"),
    "no timestamp": lambda agreement: agreement.pop("timestamp"),
    "a term that nobody understands": _unknown,
}


async def _agreed(city: Node, provider: Neighbour, alter: Change) -> tuple[int, str]:
    """Have the node ask, and answer it with an agreement; the status of that, and the node's pid."""
    n = await city.negotiations.request("anna", provider.did, DATASET, OFFER)
    await provider.hear("ContractRequestMessage")
    while (await city.negotiations.get(n.id)).state is None:
        await asyncio.sleep(0.01)
    agreement = copy.deepcopy(OFFER) | {
        "@type": "Agreement",
        "@id": SystemIds().pid(),
        "assigner": provider.did,
        "assignee": city.did,
        "timestamp": "2026-01-01T00:00:00Z",
    }
    alter(agreement)
    pids = {"consumerPid": n.id, "providerPid": (await city.negotiations.get(n.id)).peer_pid}
    body = message("ContractAgreementMessage", agreement=agreement, **pids)
    return (await provider.send(f"/negotiations/{segment(n.id)}/agreement", body)).status, n.id


@pytest.mark.parametrize("name", ALTERED)
async def test_an_altered_agreement_is_never_verified(city: Node, friend: Neighbour, name: str) -> None:
    status, pid = await _agreed(city, friend, ALTERED[name])
    if status == 200:
        told = await friend.hear("ContractNegotiationTerminationMessage")
        assert told["code"].startswith(("agreement.", "term", "policy.")), told["code"]
        assert (await city.negotiations.get(pid)).state in ("AGREED", "TERMINATED")
    else:
        assert status == 400
    assert not [one for one in friend.came if one["@type"] == "ContractAgreementVerificationMessage"]
    assert await contracts(city) == []
    await healthy(friend)


async def test_an_agreement_as_asked_is_verified(city: Node, friend: Neighbour) -> None:
    status, _ = await _agreed(city, friend, lambda agreement: None)
    assert status == 200
    await friend.hear("ContractAgreementVerificationMessage")
    assert await contracts(city) == []
    await healthy(friend)


# --- a term that nobody understands -----------------------------------------------------------------------------------

TERM = "embargoed"


def _nested(depth: int, leaf: Any) -> Any:
    """A constraint inside so many logical ones."""
    for level in range(depth):
        leaf = {("and", "or", "xone")[level % 3]: [COUNT, leaf]}
    return leaf


def _constrained(constraint: Any) -> Change:
    return lambda offer: offer["permission"][0]["constraint"].append(constraint)


DEPTHS: dict[str, Change] = {
    "in the offer": lambda offer: offer.update({TERM: True}),
    "in its profile": lambda offer: offer.update({"profile": f"https://w3id.org/{TERM}"}),
    "in a permission": lambda offer: offer["permission"][0].update({TERM: "yes"}),
    "as an action": lambda offer: offer["permission"].append({"action": TERM}),
    "in a prohibition": lambda offer: offer.update({"prohibition": [{"action": "use", TERM: 1}]}),
    "in a constraint": _constrained({**COUNT, TERM: "x"}),
    "as a left operand": _constrained({**COUNT, "leftOperand": TERM}),
    "as an operator": _constrained({**COUNT, "operator": TERM}),
    "in a right operand": _constrained({**COUNT, "rightOperand": {"@value": "1", "@type": TERM}}),
    "one logical constraint deep": _constrained(_nested(1, {**COUNT, TERM: "x"})),
    "three deep": _constrained(_nested(3, {**COUNT, "leftOperand": TERM})),
    "ten deep": _constrained(_nested(10, {**COUNT, TERM: [{"a": 1}]})),
}


def test_there_are_twelve_depths() -> None:
    assert len(DEPTHS) == 12


@pytest.mark.parametrize("name", DEPTHS)
async def test_a_term_that_nobody_understands_is_named_wherever_it_stands(
    city: Node, friend: Neighbour, offer: PublishedOffer, name: str
) -> None:
    wanted = copy.deepcopy(asked(offer))
    DEPTHS[name](wanted)
    answer = await friend.request(wanted)
    if answer.status == 201:
        told = await friend.hear("ContractNegotiationTerminationMessage")
        assert TERM in msgspec.json.encode(told["reason"]).decode(), told
        await until(lambda: not city.outbox.standing())
        [n] = await negotiations(city)
        assert n.state == "TERMINATED"
        assert n.reason is not None
        assert TERM in str(n.reason.params)
    else:
        # The protocol lists the operators: another one is no message of it, and is named by its place.
        assert (answer.status, answer.told["code"], name) == (400, "message.shape", "as an operator")
        assert answer.told["reason"][1]["params"]["place"] == "/offer/permission/0/constraint/1/operator"
        assert await negotiations(city) == []
    written = str([one.params for one in await city.audit.log(limit=1000)])
    assert TERM in written or "constraint/1/operator" in written
    assert await contracts(city) == []
    await healthy(friend)


# --- the data plane ---------------------------------------------------------------------------------------------------

OUTSIDE = [
    "../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%5csecret",
    "..\\secret",
    "....//secret",
    "counts.csv/../../secret",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..;/secret",
    "%252e%252e%252fsecret",
    "..%c0%afsecret",
    "counts.csv%00.txt",
    "link",
    "../city/token",
    "..%2fcity%2fkeys%2fseal",
]


async def test_no_path_leads_out_of_what_is_shared(
    city: Node, friend: Neighbour, offer: PublishedOffer, tmp_path: Any
) -> None:
    """With a contract, a started transfer and its credential: one member is read, nothing beside the folder."""
    (tmp_path / "shared" / "link").symlink_to(tmp_path / "secret")
    transfer = await _transferring(city, friend, offer)
    properties = {one["name"]: one["value"] for one in transfer["dataAddress"]["endpointProperties"]}
    path = transfer["dataAddress"]["endpoint"].partition(city.config.public_url)[2]
    port = city.public_listener.port

    async def read(tail: str) -> bytes:
        lines = (
            f"GET {path}/{tail} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {properties['authorization']}",
            "Connection: close",
        )
        return await said(port, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), timeout=3)

    token = (city.config.directory / "token").read_bytes().strip()
    for tail in OUTSIDE:
        answer = await read(tail)
        assert status(answer) in (400, 404), (tail, answer[:200])
        for told in (b"secret", b"root:", token, str(tmp_path).encode()):
            assert told not in answer.partition(b"\r\n\r\n")[2], tail
    good = await read("counts.csv")
    assert status(good) == 200
    assert good.endswith(b"bridge,3\n")
    await healthy(friend)


async def _transferring(city: Node, consumer: Neighbour, offer: PublishedOffer) -> JsonObject:
    """From a request to a started transfer; the message that started it."""
    answer = await consumer.request(asked(offer))
    pids = {key: answer.told[key] for key in ("providerPid", "consumerPid")}
    agreement = (await consumer.hear("ContractAgreementMessage"))["agreement"]
    path = f"/negotiations/{segment(pids['providerPid'])}/agreement/verification"
    assert (await consumer.send(path, message("ContractAgreementVerificationMessage", **pids))).status == 200
    await consumer.hear("ContractNegotiationEventMessage")
    body = message(
        "TransferRequestMessage",
        consumerPid="urn:uuid:018f0000-0000-7000-8000-0000000000c1",
        agreementId=agreement["@id"],
        format="HttpData-PULL",
        callbackAddress=consumer.url + "/dsp/2025-1",
    )
    assert (await consumer.send("/transfers/request", body)).status == 201
    return await consumer.hear("TransferStartMessage")
