"""Signed messages under attack: a peer that signs is believed nothing else, and a signature is good for one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from certs import did, keys, signatures
from certs.signatures import Covered
from connector.http.dsp import BASE
from connector.node import Node
from connector.records import Participant, PublishedOffer
from connector.services.proof import correspondence
from connector.system import SystemClock
from tests.hostile.actors import Answer, Neighbour, asked, message, negotiations, until

CATALOG = message("CatalogRequestMessage")
PATH = "/catalog/request"
Fields = dict[str, str]


def now() -> int:
    """Seconds since 1970."""
    return SystemClock().now() // 1_000_000


def fields(one: Neighbour, token: str, *, body: bytes = CATALOG, path: str = PATH, **given: Any) -> Fields:
    """What a neighbour signs a request to the node with, unless `given` says otherwise."""
    target = given.get("target", one.city.config.public_url + BASE + path)
    covered = Covered(given.get("method", "POST"), target, given.get("scheme", "Bearer ") + token, body)
    key, keyid = given.get("key", one.keys.token), given.get("keyid", did.token_key(one.did))
    return signatures.sign(key, keyid, covered, given.get("created", now()))


async def send(
    one: Neighbour, made: Fields | list[str], token: str, *, body: bytes = CATALOG, path: str = PATH
) -> Answer:
    """A request with these fields."""
    lines = made if isinstance(made, list) else [f"{name}: {value}" for name, value in made.items()]
    return await one.send(path, body, *lines, token=token)


async def signed(one: Neighbour, **more: Any) -> Answer:
    """A request as it should be."""
    token = one.token()
    body, path = more.get("body", CATALOG), more.get("path", PATH)
    return await send(one, fields(one, token, body=body, path=path), token, body=body, path=path)


async def signs(one: Neighbour) -> int:
    """Since when the node knows that this neighbour signs."""
    found = await one.city.store.read(lambda view: view.get(Participant, one.did))
    assert found is not None
    return found.signs


def lines(made: Fields) -> list[str]:
    return [f"{name}: {value}" for name, value in made.items()]


def without(made: Fields, *names: str) -> Fields:
    return {name: value for name, value in made.items() if name not in names}


async def test_a_peer_that_signs_goes_on_signing(city: Node, friend: Neighbour) -> None:
    assert (await friend.send(PATH, CATALOG)).status == 200, "an official connector does not sign, and is served"
    assert not await signs(friend)
    assert (await signed(friend)).status == 200
    assert abs(await signs(friend) // 1_000_000 - now()) < 60
    assert (await friend.send(PATH, CATALOG)).status == 401
    assert (await signed(friend)).status == 200
    events = [one.event for one in await city.audit.log(limit=1000) if one.actor == friend.did]
    assert events.count("peer.signs") == 1
    assert 'code="signature.missing"' in city.metrics.text().decode()


async def test_one_who_signs_never_is_served_and_never_believed_to_sign(city: Node, friend: Neighbour) -> None:
    for _ in range(3):
        assert (await friend.send(PATH, CATALOG)).status == 200
    assert not await signs(friend)


Attack = Callable[[Neighbour, str], Fields | list[str]]
OTHER = keys.generate()

ATTACKS: dict[str, Attack] = {
    "stripped": lambda one, token: {},
    "signature stripped": lambda one, token: without(fields(one, token), "signature"),
    "input stripped": lambda one, token: without(fields(one, token), "signature-input"),
    "digest stripped": lambda one, token: without(fields(one, token), "content-digest"),
    "another peer's key": lambda one, token: fields(one, token, key=OTHER.token),
    "another peer's key id": lambda one, token: fields(one, token, keyid="did:web:stranger.example#token"),
    "the node's own key id": lambda one, token: fields(one, token, keyid=did.token_key(one.city.did)),
    "the key for heads": lambda one, token: fields(one, token, keyid=did.audit_key(one.did)),
    "a key id to fetch": lambda one, token: fields(one, token, keyid="http://127.0.0.1:1/key.json"),
    "another body": lambda one, token: fields(one, token, body=b'{"@type":"Other"}'),
    "another body with this digest": lambda one, token: {
        **fields(one, token, body=b'{"@type":"Other"}'),
        "content-digest": signatures.content_digest(CATALOG),
    },
    "no body signed": lambda one, token: fields(one, token, body=b""),
    "another node": lambda one, token: fields(one, token, target=f"https://town.example{BASE}{PATH}"),
    "another port": lambda one, token: fields(one, token, target=f"http://127.0.0.1:1{BASE}{PATH}"),
    "another path": lambda one, token: fields(one, token, path="/negotiations/request"),
    "a query": lambda one, token: fields(one, token, path=f"{PATH}?a=b"),
    "another method": lambda one, token: fields(one, token, method="PUT"),
    "another token of its own": lambda one, token: fields(one, one.token()),
    "another scheme": lambda one, token: fields(one, token, scheme="bearer "),
    "of yesterday": lambda one, token: fields(one, token, created=now() - 86_400),
    "of two minutes ago": lambda one, token: fields(one, token, created=now() - 121),
    "of tomorrow": lambda one, token: fields(one, token, created=now() + 86_400),
    "of two minutes to come": lambda one, token: fields(one, token, created=now() + 121),
    "two signatures": lambda one, token: {
        name: value if name == "content-digest" else f"{value}, {value.replace('allmende=', 'other=', 1)}"
        for name, value in fields(one, token).items()
    },
    "another label": lambda one, token: {
        name: value.replace("allmende=", "sig1=") for name, value in fields(one, token).items()
    },
    "labels that differ": lambda one, token: {
        **fields(one, token),
        "signature": fields(one, token)["signature"].replace("allmende=", "sig1="),
    },
    "fewer components": lambda one, token: {
        **fields(one, token),
        "signature-input": fields(one, token)["signature-input"].replace(' "authorization"', ""),
    },
    "reordered components": lambda one, token: {
        **fields(one, token),
        "signature-input": fields(one, token)["signature-input"].replace(
            '"@method" "@target-uri"', '"@target-uri" "@method"'
        ),
    },
    "a field name in the key id": lambda one, token: {
        **fields(one, token),
        "signature-input": fields(one, token)["signature-input"].replace("#token", '#token";x="'),
    },
    "long": lambda one, token: {**fields(one, token), "signature-input": "a" * 6_000},
}


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
async def test_no_other_request_passes_for_signed(city: Node, friend: Neighbour, known: bool) -> None:
    if known:
        assert (await signed(friend)).status == 200
    entries = len(await city.audit.log(limit=1000))
    bodies = set()
    for name, made in ATTACKS.items():
        if name == "stripped" and not known:
            continue
        token = friend.token()
        answer = await send(friend, made(friend, token), token)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer"), name
        bodies.add(answer.body)
        # It was not the node's to use up: with its own signature the same token still serves, once.
        if name == "another body":
            assert (await send(friend, fields(friend, token), token)).status == 200
            entries = len(await city.audit.log(limit=1000))
    assert len(bodies) == 1, "nobody learns how it failed"
    assert len(await city.audit.log(limit=1000)) == entries
    counted = [line for line in city.metrics.text().decode().splitlines() if 'code="signature.' in line]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) >= len(ATTACKS) - 1
    assert (await signed(friend)).status == 200


@pytest.mark.parametrize("name", ["content-digest", "signature", "signature-input"])
async def test_a_field_that_stands_twice_is_refused(friend: Neighbour, name: str) -> None:
    token = friend.token()
    made = fields(friend, token)
    for doubled in ([*lines(made), f"{name}: {made[name]}"], [f"{name.title()}: x", *lines(made)]):
        assert (await send(friend, doubled, token)).status == 400
    assert (await send(friend, made, token)).status == 200


async def test_a_huge_field_is_refused_before_it_is_read(friend: Neighbour) -> None:
    token = friend.token()
    made = {**fields(friend, token), "signature-input": "a" * 200_000}
    assert (await send(friend, made, token)).status in (0, 400, 431)
    assert (await signed(friend)).status == 200


async def test_what_a_proxy_says_changes_no_address(friend: Neighbour) -> None:
    said = [
        "Forwarded: for=1.2.3.4;host=town.example;proto=https",
        "X-Forwarded-Host: town.example",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Prefix: /other",
        "X-Original-URL: /other",
        "Signature-Agent: x",
    ]
    token = friend.token()
    assert (await send(friend, [*said, *lines(fields(friend, token))], token)).status == 200
    token = friend.token()
    elsewhere = fields(friend, token, target=f"https://town.example{BASE}{PATH}")
    assert (await send(friend, [*said, *lines(elsewhere)], token)).status == 401


async def test_a_signed_request_is_good_once(friend: Neighbour, city: Node) -> None:
    token = friend.token()
    made = fields(friend, token)
    assert (await send(friend, made, token)).status == 200
    for _ in range(2):
        assert (await send(friend, made, token)).status == 401
    first, second = friend.token(), friend.token()
    assert (await send(friend, fields(friend, first), second)).status == 401
    assert (await send(friend, fields(friend, second), first)).status == 401


async def test_a_removed_peer_that_is_added_again_may_have_given_up_signing(city: Node, friend: Neighbour) -> None:
    assert (await signed(friend)).status == 200
    await city.peers.remove("mayor", "mallory")
    await friend.pin()
    assert (await friend.send(PATH, CATALOG)).status == 200


async def test_a_foreign_neighbours_contract_is_unsigned_on_its_side(
    city: Node, friend: Neighbour, offer: PublishedOffer
) -> None:
    assert (await friend.request(asked(offer))).status == 201
    agreement = await friend.hear("ContractAgreementMessage")
    (negotiation,) = await negotiations(city)
    verified = message(
        "ContractAgreementVerificationMessage",
        providerPid=agreement["providerPid"],
        consumerPid=agreement["consumerPid"],
    )
    while (await negotiations(city))[0].pending is not None:
        await city.negotiations.get(negotiation.id, newer_than=(await negotiations(city))[0].version, wait=1)
    answer = await friend.send(f"/negotiations/{negotiation.id}/agreement/verification", verified)
    assert answer.status == 200
    await friend.hear("ContractNegotiationEventMessage")
    await until(lambda: not city.outbox.standing())
    (contract,) = await city.contracts.select()
    by = await city.store.read(lambda view: correspondence.signers(view, contract))
    assert (by.provider, by.consumer) == (True, False)


async def test_a_verification_of_another_agreement_is_refused(
    city: Node, friend: Neighbour, offer: PublishedOffer
) -> None:
    assert (await friend.request(asked(offer))).status == 201
    agreement = await friend.hear("ContractAgreementMessage")
    pids = {name: agreement[name] for name in ("providerPid", "consumerPid")}
    path = f"/negotiations/{pids['providerPid']}/agreement/verification"
    wrong = message("ContractAgreementVerificationMessage", agreementHash="0" * 64, **pids)
    answer = await friend.send(path, wrong)
    assert (answer.status, answer.told["code"]) == (400, "agreement.other_hash")
    assert not await city.contracts.select()
