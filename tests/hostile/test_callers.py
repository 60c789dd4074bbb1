"""Who is calling: tokens that prove nothing get one constant answer and are counted; a captured one is worthless."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from certs import did, keys
from connector.node import Node
from connector.records import PublishedOffer
from connector.system import SystemClock
from tests.hostile.actors import (
    Neighbour,
    a_city,
    asked,
    healthy,
    message,
    negotiations,
    neighbour,
)

CATALOG = message("CatalogRequestMessage")
MINUTES = 60_000_000


def _forged(mallory: Neighbour, header: dict[str, str]) -> str:
    """A token whose header says something else, with the signature of the true one."""
    _, claims, signature = mallory.token().split(".")
    return ".".join((base64.urlsafe_b64encode(msgspec.json.encode(header)).decode().rstrip("="), claims, signature))


TOKENS: dict[str, Callable[[Neighbour], str]] = {
    "none": lambda one: "",
    "no token": lambda one: "x",
    "three dots": lambda one: "a.b.c",
    "very long": lambda one: "a" * 5_000,
    "a stranger": lambda one: one.token(issuer="did:web:stranger.example", kid="did:web:stranger.example#token"),
    "another key": lambda one: one.token(key=keys.generate().token),
    "our own name": lambda one: one.token(issuer=one.city.did, kid=did.token_key(one.city.did)),
    "for somebody else": lambda one: one.token(audience="did:web:other.example"),
    "of yesterday": lambda one: one.token(now=SystemClock().now() - 1_440 * MINUTES),
    "of tomorrow": lambda one: one.token(now=SystemClock().now() + 1_440 * MINUTES),
    "for a year": lambda one: one.token(life=31_536_000),
    "cut": lambda one: one.token()[:-4],
    "alg none": lambda one: _forged(one, {"alg": "none", "typ": "JWT", "kid": did.token_key(one.did)}),
    "HS256": lambda one: _forged(one, {"alg": "HS256", "typ": "JWT", "kid": did.token_key(one.did)}),
    "kid as path": lambda one: one.token(kid="../../../../dev/null"),
    "kid as URL": lambda one: one.token(kid="https://127.0.0.1:1/key"),
}


@pytest.mark.parametrize("path", ["/catalog/request", "/negotiations/request", "/transfers/request"])
async def test_whatever_proves_nothing_gets_one_constant_answer(city: Node, mallory: Neighbour, path: str) -> None:
    entries = len(await city.audit.log(limit=1000))
    bodies = set()
    for name, made in TOKENS.items():
        answer = await mallory.send(path, CATALOG, token=made(mallory))
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer"), name
        bodies.add(answer.body)
    assert len(bodies) == 1
    assert len(await city.audit.log(limit=1000)) == entries
    counted = [line for line in city.metrics.text().decode().splitlines() if "refusals_total{" in line]
    assert sum(float(line.rpartition(" ")[2]) for line in counted if 'code="token.' in line) == len(TOKENS)
    await healthy(mallory)


async def test_a_captured_token_is_worth_nothing(city: Node, friend: Neighbour, offer: PublishedOffer) -> None:
    token = friend.token()
    body = message(
        "ContractRequestMessage", consumerPid="urn:x:1", offer=asked(offer), callbackAddress=friend.url + "/dsp/2025-1"
    )
    assert (await friend.send("/negotiations/request", body, token=token)).status == 201
    await friend.hear("ContractAgreementMessage")
    while (await negotiations(city))[0].pending is not None:
        await asyncio.sleep(0.01)
    entries = len(await city.audit.log(limit=1000))
    for again in (body, body.replace(b"urn:x:1", b"urn:x:2"), CATALOG):
        for path in ("/negotiations/request", "/catalog/request"):
            assert (await friend.send(path, again, token=token)).status == 401
    assert len(await negotiations(city)) == 1
    assert len(await city.audit.log(limit=1000)) == entries
    # The node's own token, as its neighbour sees it, opens nothing at the node itself.
    assert (await friend.send("/catalog/request", CATALOG, token=friend.tokens[0])).status == 401
    await healthy(friend)


async def test_a_captured_token_is_worth_nothing_after_a_restart_either(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city, neighbour(city, private=False) as mallory:
        token, broken = mallory.token(), mallory.token()
        assert (await mallory.send("/catalog/request", CATALOG, token=token)).status == 200
        assert (await mallory.send("/catalog/request", b"{", token=broken)).status == 400
    async with a_city(tmp_path, again=True) as city:
        mallory.city = city
        assert (await mallory.send("/catalog/request", CATALOG, token=token)).status == 401
        assert (await mallory.send("/catalog/request", CATALOG, token=broken)).status == 401
        await healthy(mallory)
