"""The 85 scenarios of the DCP conformance kit, restated: they run everywhere, without Java.

Each stands under the kit's own number. Source: test cases of `org.eclipse.dataspacetck.dcp:dcp-tck` 1.0.2, for the
Credential Service (40), the verifier (20) and the Issuer Service (25).
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import credentials, presentations
from connector.protocol.dcp import CONTEXT
from tests.conformance.claims import MEMBERS, PARTIES, SECRETS, VC11, Claims
from tests.conformance.dcp import KIT, ROLES
from tests.harness.claims import MEMBERSHIP, PID, SENSITIVE

Scenario = Callable[[Claims], Awaitable[None]]
Send = Callable[[str | None], Awaitable[int]]
"""Makes one request with this Authorization header; the status of the answer."""
REFUSED = range(400, 500)
SCENARIOS: dict[str, dict[str, Scenario]] = {role.name: {} for role in ROLES}
DAY = 86_400


def scenario(role: str, name: str) -> Callable[[Scenario], Scenario]:
    """Enter a scenario under its number."""

    def entered(one: Scenario) -> Scenario:
        assert name not in SCENARIOS[role], name
        SCENARIOS[role][name] = one
        return one

    return entered


# --- tokens that prove nothing ----------------------------------------------------------------------------------------


def faults(claims: Claims, sender: str, ahead: int = 60, **kept: Any) -> dict[str, str | None]:
    """Authorization headers that have to be refused, by what is wrong with them."""
    now = int(time.time())
    wrong: dict[str, dict[str, Any]] = {
        "wrong signing key": {"key": generate_private_key(SECP256R1())},
        "expired": {"exp": now - ahead},
        "iat in the future": {"iat": now + ahead},
        "nbf": {"nbf": now + ahead},
        "incorrect aud": {"aud": claims.did("thirdparty")},
        "iss != sub": {"sub": claims.did("thirdparty")},
    }
    made: dict[str, str | None] = {
        name: f"Bearer {claims.token(sender, **(kept | changed))}" for name, changed in wrong.items()
    }
    return made | {"no auth header": None, "no bearer prefix": claims.token(sender, **kept)}


FAULTS = (
    *("no auth header", "no bearer prefix", "wrong signing key", "expired"),
    *("iat in the future", "nbf", "incorrect aud", "iss != sub"),
)


def refuses(role: str, number: str, sender: str, sends: Callable[[Claims], Send]) -> None:
    """Enter the scenarios of one endpoint that are about its caller's token: nine of them."""

    def one(fault: str) -> Scenario:
        async def refused(claims: Claims) -> None:
            assert await sends(claims)(faults(claims, sender)[fault]) in REFUSED

        return refused

    for fault in FAULTS:
        SCENARIOS[role][f"{number} {fault}"] = one(fault)

    @scenario(role, f"{number} jti already used")
    async def replayed(claims: Claims) -> None:
        send, token = sends(claims), f"Bearer {claims.token(sender)}"
        assert await send(token) in range(200, 300)
        assert await send(token) in REFUSED


# --- the holder: Resolution API ---------------------------------------------------------------------------------------


async def issue(claims: Claims) -> None:
    """Put the two credentials that the kit uses into the node's Credential Service."""
    assert await deliver(claims)(f"Bearer {claims.token('issuer')}") == 200


def query(*scopes: str, **more: Any) -> dict[str, Any]:
    message = {"@context": [CONTEXT], "type": "PresentationQueryMessage", **more}
    return {**message, "scope": list(scopes)} if scopes else message


async def resolve(claims: Claims, message: Any, token: str, *, prefix: str = "Bearer ") -> tuple[int, set[str]]:
    """The status of the answer, and the types of all credentials in it."""
    answer = await claims.ask(
        "POST", claims.service("CredentialService") + "/presentations/query", prefix + token, message
    )
    if answer.status != 200:
        return answer.status, set()
    shown = json.loads(answer.body)["presentation"]
    found = [presentations.read(one) for one in shown]
    return 200, {kind for each in found for credential in each.credentials for kind in credential.types[1:]}


def _token_case(name: str, sender: str = "verifier", **changed: Any) -> None:
    @scenario("holder", f"4.3.3 {name}")
    async def refused(claims: Claims) -> None:
        await issue(claims)
        now = int(time.time())
        given = {key: claims.did(value) if value in PARTIES else value for key, value in changed.items()}
        given = {key: now + int(value) if key in ("exp", "nbf") else value for key, value in given.items()}
        token = claims.token(sender, token=await claims.grant(MEMBERS), **given)
        assert (await resolve(claims, query(MEMBERS), token))[0] in REFUSED


_token_case("token bound to a different iss and sub", "thirdparty")
_token_case("iss and sub different", sub="thirdparty")
_token_case("incorrect aud", aud="verifier")
_token_case("sub does not match the document", "thirdparty", aud="verifier")
_token_case("nbf in future", nbf=10 * DAY)
_token_case("expired", exp=-10 * DAY)


@scenario("holder", "4.3.3 jti used twice")
async def _(claims: Claims) -> None:
    await issue(claims)
    jti = str(uuid.uuid4())
    first, second = [claims.token("verifier", jti=jti, token=await claims.grant(MEMBERS)) for _ in range(2)]
    assert await resolve(claims, query(MEMBERS), first) == (200, {MEMBERSHIP})
    assert (await resolve(claims, query(MEMBERS), second))[0] in REFUSED


@scenario("holder", "5.2 endpoint discovery")
async def _(claims: Claims) -> None:
    assert claims.service("CredentialService")


@scenario("holder", "5.3.1 no bearer prefix")
async def _(claims: Claims) -> None:
    await issue(claims)
    token = claims.token("verifier", token=await claims.grant(MEMBERS))
    assert (await resolve(claims, query(MEMBERS), token, prefix=""))[0] in REFUSED


@scenario("holder", "5.4 access token that is none")
async def _(claims: Claims) -> None:
    await issue(claims)
    assert (await resolve(claims, query(MEMBERS), claims.token("verifier", token="faketoken")))[0] in REFUSED


def _query_case(name: str, messages: list[Any], opened: tuple[str, ...], expected: Any) -> None:
    @scenario("holder", name)
    async def answered(claims: Claims) -> None:
        await issue(claims)
        for message in messages:
            found = await resolve(claims, message, claims.token("verifier", token=await claims.grant(*opened)))
            if isinstance(expected, set):
                assert found == (200, expected)
            else:
                assert found[0] in expected


DEFINITION = {"id": "x", "input_descriptors": [{"id": "credential", "constraints": {"fields": []}}]}
_query_case("5.4.1.2 scope and definition", [query(MEMBERS, presentationDefinition=DEFINITION)], (MEMBERS,), [400])
_query_case(
    "5.4.1.1 empty definition",
    [query(presentationDefinition={}), query(presentationDefinition=None)],
    (MEMBERS,),
    REFUSED,
)
_query_case("5.4.1.2 empty or absent scope", [query(scope=[]), query()], (MEMBERS,), REFUSED)
_query_case("5.4.1.2 scope by type", [query(MEMBERS)], (MEMBERS,), {MEMBERSHIP})
_query_case("5.4.1.2 fewer scopes than authorised", [query(SECRETS)], (MEMBERS, SECRETS), {SENSITIVE})
_query_case("5.4.1.2 scope escalation", [query(MEMBERS, SECRETS)], (MEMBERS,), {MEMBERSHIP})


# --- the holder: Storage API and offers -------------------------------------------------------------------------------


def delivery(claims: Claims, **changed: Any) -> dict[str, Any]:
    containers = [
        {"credentialType": kind, "format": VC11, "payload": claims.credential(claims.node.did, kind)}
        for kind in (MEMBERSHIP, SENSITIVE)
    ]
    message = {
        "@context": [CONTEXT],
        "type": "CredentialMessage",
        "issuerPid": str(uuid.uuid4()),
        "holderPid": PID,
        "status": "ISSUED",
        "credentials": containers,
    }
    return {name: value for name, value in (message | changed).items() if value is not None}


def posts(service: str, path: str, claims: Claims, message: Any) -> Send:
    async def send(authorization: str | None) -> int:
        return (await claims.ask("POST", claims.service(service) + path, authorization, message)).status

    return send


def deliver(claims: Claims, **changed: Any) -> Send:
    return posts("CredentialService", "/credentials", claims, delivery(claims, **changed))


def offer(claims: Claims, **changed: Any) -> Send:
    named: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "type": "CredentialObject",
        "credentialType": MEMBERSHIP,
        "profile": VC11,
    }
    named |= {"offerReason": "reissue", "bindingMethods": ["did:web:"], "issuancePolicy": {}}
    message = {"@context": [CONTEXT], "type": "CredentialOfferMessage", "issuer": claims.did("issuer")}
    return posts("CredentialService", "/offers", claims, {**message, "credentials": [named], **changed})


def _holder_case(name: str, sends: Callable[[Claims], Send], expected: Any) -> None:
    @scenario("holder", name)
    async def answered(claims: Claims) -> None:
        assert await sends(claims)(f"Bearer {claims.token('issuer')}") in expected


_holder_case("6.5.1 accepted", deliver, [200])
_holder_case("6.5.1 invalid body", lambda claims: deliver(claims, holderPid=None), REFUSED)
_holder_case("6.5.1 invalid status", lambda claims: deliver(claims, status="INVALID_STATUS"), REFUSED)
refuses("holder", "6.5.1", "issuer", deliver)
_holder_case("6.6.1 accepted", offer, [200])
_holder_case("6.6.1 only ids", lambda c: offer(c, credentials=[{"id": "a"}, {"id": "b"}]), [200])
_holder_case("6.6.1 invalid body", lambda claims: offer(claims, issuer=None), REFUSED)
refuses("holder", "6.6.1", "issuer", offer)


# --- the verifier -----------------------------------------------------------------------------------------------------


def _verifier_case(name: str, expected: Any, show: Callable[[Claims, str], list[str]] | None = None) -> None:
    """The node's verifier judges what the holder shows; `show` gives the credentials, about the holder's DID."""

    @scenario("verifier", name)
    async def judged(claims: Claims) -> None:
        about = claims.did("holder")
        shown = [claims.credential(about)] if show is None else show(claims, about)
        claims.presentation = [claims.shown(*shown)] if shown != ["nothing"] else []
        assert await claims.trigger(f"Bearer {claims.token('holder', token='pass')}") in expected


def _member(claims: Claims, about: str, **changed: Any) -> list[str]:
    return [claims.credential(about, **({"type": [MEMBERSHIP]} | changed))]


def _at(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def _revoked(claims: Claims, about: str) -> list[str]:
    entry = {"id": str(uuid.uuid4()), "type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    entry |= {"statusListIndex": "1", "statusListCredential": f"{claims.address}/statuslist/1"}
    return [claims.credential(about, credentialStatus=entry)]


def _unfit(claims: Claims, about: str) -> list[str]:
    schema = {"id": f"{claims.address}/schema/membership-schema.json", "type": "JsonSchemaValidator2018"}
    return [claims.credential(about, credentialSubject={"id": about, "baz": "quazz"}, credentialSchema=schema)]


_verifier_case("5.1 success", [200])
_verifier_case("5.4.2.1 another credential", REFUSED, lambda c, about: [c.credential(about, "SomeOtherCredential")])
_verifier_case(
    "5.4.2.2 more than requested", [200], lambda c, about: [c.credential(about), c.credential(about, SENSITIVE)]
)
_verifier_case("5.4.2.3 empty presentation array", REFUSED, lambda claims, about: ["nothing"])
_verifier_case("5.4.2.4 no credentials", REFUSED, lambda claims, about: [])
_verifier_case("5.4.3 about somebody else", REFUSED, lambda c, about: [c.credential(c.did("thirdparty"))])
_verifier_case("5.4.3.7 expired", REFUSED, lambda c, about: [c.credential(about, expirationDate=_at(-100))])
_verifier_case("5.4.3.6 revoked", REFUSED, _revoked)
_verifier_case("5.4.3.6 not yet valid", REFUSED, lambda c, about: [c.credential(about, issuanceDate=_at(3600))])
_verifier_case("X.X schema violated", REFUSED, _unfit)


@scenario("verifier", "DID discovery")
async def _(claims: Claims) -> None:
    assert claims.service("CredentialService")


def _caller_case(name: str, sender: str = "holder", prefix: str = "Bearer ", **changed: Any) -> None:
    @scenario("verifier", name)
    async def refused(claims: Claims) -> None:
        claims.presentation = [claims.shown(claims.credential(claims.did("holder")))]
        given = {key: claims.did(value) if value in PARTIES else value for key, value in changed.items()}
        given = {key: time.time() + float(value) if key in ("exp", "nbf") else value for key, value in given.items()}
        token = claims.token(sender, **({"token": "pass"} | given))
        assert await claims.trigger(prefix + token) in REFUSED


_caller_case("Bearer prefix missing", prefix="")
_caller_case("4.3.3 token bound to a different iss and sub", "thirdparty", aud="holder")
_caller_case("4.3.3 iss and sub different", sub="thirdparty")
_caller_case("4.3.3 incorrect aud", aud="thirdparty")
_caller_case("4.3.3 sub does not match the document", "thirdparty", iss="holder")
_caller_case("4.3.3 nbf in future", nbf=10 * DAY)
_caller_case("4.3.3 expired", exp=-10 * DAY)
_caller_case("4.3.1 no access token", token=None)


@scenario("verifier", "4.3.3 jti used twice")
async def _(claims: Claims) -> None:
    claims.presentation = [claims.shown(claims.credential(claims.did("holder")))]
    jti = str(uuid.uuid4())
    statuses = [
        await claims.trigger(f"Bearer {claims.token('holder', jti=jti, token=given)}") for given in ("one", "two")
    ]
    assert statuses[0] == 200
    assert statuses[1] in REFUSED


# --- the issuer -------------------------------------------------------------------------------------------------------


async def supported(claims: Claims) -> list[dict[str, str]]:
    """What the kit asks for: everything in the older model."""
    answer = await claims.ask("GET", claims.service("IssuerService") + "/metadata", None)
    assert answer.status == 200
    found = json.loads(answer.body)
    assert (found["type"], found["issuer"]) == ("IssuerMetadata", claims.node.did)
    assert found["credentialsSupported"]
    return [{"id": one["id"]} for one in found["credentialsSupported"] if one["profile"] == VC11]


def request(claims: Claims, **changed: Any) -> Send:
    async def send(authorization: str | None) -> int:
        message = {"@context": [CONTEXT], "type": "CredentialRequestMessage", "holderPid": PID}
        given = {**message, "credentials": await supported(claims), **changed}
        kept = {name: value for name, value in given.items() if value is not None}
        return (await claims.ask("POST", claims.service("IssuerService") + "/credentials", authorization, kept)).status

    return send


async def requested(claims: Claims) -> str:
    """The id of a request that was taken."""
    message = {"@context": [CONTEXT], "type": "CredentialRequestMessage", "holderPid": PID}
    body = {**message, "credentials": await supported(claims)}
    path = claims.service("IssuerService") + "/credentials"
    answer = await claims.ask("POST", path, f"Bearer {claims.token('holder')}", body)
    assert answer.status == 201
    return answer.headers["location"].rsplit("/", 1)[-1]


def status(claims: Claims) -> Send:
    async def send(authorization: str | None) -> int:
        path = f"{claims.service('IssuerService')}/requests/{await requested(claims)}"
        return (await claims.ask("GET", path, authorization)).status

    return send


@scenario("issuer", "6.2 endpoint discovery")
async def _(claims: Claims) -> None:
    assert claims.service("IssuerService")


@scenario("issuer", "6.7 metadata")
async def _(claims: Claims) -> None:
    assert await supported(claims)


@scenario("issuer", "6.4.1 accepted, and delivered")
async def _(claims: Claims) -> None:
    claims.got.clear()
    await requested(claims)
    await claims.until(lambda: len(claims.got) == 2)
    assert {one["credentialType"] for one in claims.got} == {MEMBERSHIP, SENSITIVE}
    assert {credentials.read(one["payload"]).subject for one in claims.got} == {claims.did("holder")}


def _issuer_case(name: str, **changed: Any) -> None:
    @scenario("issuer", name)
    async def refused(claims: Claims) -> None:
        assert await request(claims, **changed)(f"Bearer {claims.token('holder')}") in REFUSED


_issuer_case("6.4.4 invalid body", credentials=None)
_issuer_case("6.4.12 missing holderPid", holderPid=None)
refuses("issuer", "6.4", "holder", request)


@scenario("issuer", "6.8.1 status")
async def _(claims: Claims) -> None:
    assert await status(claims)(f"Bearer {claims.token('holder')}") == 200


@scenario("issuer", "6.8.12 no such request")
async def _(claims: Claims) -> None:
    path = claims.service("IssuerService") + "/requests/not-exist"
    assert (await claims.ask("GET", path, f"Bearer {claims.token('holder')}")).status in REFUSED


refuses("issuer", "6.8", "holder", status)


# --- running them -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Claims]]:
    """One node for all scenarios, as it is for the kit."""
    folder: Path = tmp_path_factory.mktemp("claims") / "node"
    with asyncio.Runner() as runner:

        async def made() -> Claims:
            claims = Claims(folder)
            await claims.under_test.prepare()
            return claims

        claims = runner.run(made())
        yield runner, claims
        runner.run(claims.under_test.close())


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, scenarios in SCENARIOS.items() for name in scenarios]
)
def test_scenario(stage: tuple[asyncio.Runner, Claims], role: str, name: str) -> None:
    runner, claims = stage
    runner.run(SCENARIOS[role][name](claims))  # type: ignore[arg-type]  # every one is a coroutine


def test_there_is_one_for_each_of_the_kit() -> None:
    assert {role: len(scenarios) for role, scenarios in SCENARIOS.items()} == {role.name: role.tests for role in ROLES}
    assert sum(role.tests for role in ROLES) == KIT.tests
