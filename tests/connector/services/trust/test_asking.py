"""Tests of connector.services.trust.asking: the query, and what counts as an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import credentials, jwk, presentations
from certs.did import Document
from connector.errors import DeliveryError, NodeError, RefusedError, TooLargeError, UnauthenticatedError
from connector.ports import Reply
from connector.protocol.dcp import CONTEXT
from connector.services.trust.asking import Asking

HERE, THERE = "did:web:city.example", "did:web:utility.example"
NOW = 1_800_000_000_000_000
KEY, ISSUER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
SCOPE = "org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"
DOCUMENT = Document(
    id=THERE,
    keys={THERE + "#token": jwk.write(KEY.public_key())},
    tokens=(THERE + "#token",),
    presenters=(THERE + "#token",),
    services={"CredentialService": "https://utility.example/dcp/"},
)
MEMBERSHIP = credentials.issue(
    ISSUER,
    "did:web:region.example#issuer",
    issuer="did:web:region.example",
    subject=THERE,
    id="urn:uuid:1",
    kind="MembershipCredential",
    claims={"name": "Utility"},
    begins=NOW - 1_000_000,
    ends=NOW + 1_000_000_000,
)


def shown(*, audience: str = HERE, holder: str = THERE, key: Any = KEY) -> str:
    return presentations.present(
        key, holder + "#token", holder=holder, audience=audience, tokens=[MEMBERSHIP], now=NOW, jti="1"
    )[0]


class Service:
    """A Credential Service."""

    def __init__(self, reply: Reply | DeliveryError) -> None:
        self.reply, self.asked = reply, list[tuple[str, str, bool, Any]]()

    async def send(self, method: str, url: str, **options: Any) -> Reply:
        body = json.loads(options["body"])
        self.asked.append((f"{method} {url}", options["authorization"], options["private"], body))
        if isinstance(self.reply, DeliveryError):
            raise self.reply
        return self.reply

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        return f"Bearer {audience} {grant}"

    async def bare(self, authorization: str | None) -> Any:
        raise AssertionError("nobody calls")

    def now(self) -> int:
        return NOW

    def asking(self) -> Asking:
        clock: Any = self
        return Asking(peer=self, proofs=self, clock=clock, own=HERE, scopes=(SCOPE,), lab=False)


def answer(*items: Any, status: int = 200, **change: Any) -> Reply:
    body: Mapping[str, Any] = {"@context": [CONTEXT], "type": "PresentationResponseMessage", "presentation": items}
    return Reply(status, json.dumps({**body, **change}).encode())


async def test_what_is_asked_for_is_what_was_said_with_the_pass_that_was_given() -> None:
    service = Service(answer(shown()))
    assert await service.asking().ask(DOCUMENT, "pass") == [MEMBERSHIP]
    ((url, authorization, private, body),) = service.asked
    assert url == "POST https://utility.example/dcp/presentations/query"
    assert authorization == f"Bearer {THERE} pass"
    assert not private
    assert body["scope"] == [SCOPE]


@pytest.mark.parametrize("items", [(), ({"type": "VerifiablePresentation"},)])
async def test_nothing_that_is_understood_is_nothing(items: tuple[Any, ...]) -> None:
    assert await Service(answer(*items)).asking().ask(DOCUMENT, "pass") == []


async def test_the_same_credential_twice_is_one() -> None:
    assert await Service(answer(shown(), shown())).asking().ask(DOCUMENT, "pass") == [MEMBERSHIP]


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        (answer(shown(audience="did:web:other.example")), UnauthenticatedError),
        (answer(shown(holder="did:web:other.example")), UnauthenticatedError),
        (answer(shown(key=ISSUER)), UnauthenticatedError),
        (answer("a.b.c"), UnauthenticatedError),
        (answer(shown(), "a.b.c"), UnauthenticatedError),
        (answer(shown(), type="Other"), UnauthenticatedError),
        (answer(shown(), status=401), UnauthenticatedError),
        (answer(shown(), status=302), UnauthenticatedError),
        (Reply(200, b"<html>"), UnauthenticatedError),
        (DeliveryError("peer.timeout"), UnauthenticatedError),
        (DeliveryError("peer.answer_too_large"), TooLargeError),
        (answer(*[shown()] * 9), TooLargeError),
    ],
)
async def test_other_answers_prove_nothing(reply: Reply | DeliveryError, wrong: type[NodeError]) -> None:
    with pytest.raises(wrong):
        await Service(reply).asking().ask(DOCUMENT, "pass")


@pytest.mark.parametrize("services", [{}, {"CredentialService": "ftp://utility.example"}, {"CredentialService": ""}])
async def test_who_shows_credentials_nowhere_is_asked_nowhere(services: dict[str, str]) -> None:
    service = Service(answer(shown()))
    document = Document(id=THERE, keys={}, tokens=(), services=services)
    with pytest.raises(RefusedError, match=r"trust\.no_service"):
        await service.asking().ask(document, "pass")
    assert not service.asked
