"""U: addresses that others give us, and answers to what we ask. Nobody makes this node call where it likes.

A callback of a pinned neighbour that leads inside is in `tests/hostile/test_addresses.py`, answers of a Credential
Service in `test_presentations`; here are members of a region whom nobody has looked at, and answers of all peers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from connector.errors import NodeError
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import PublishedOffer
from tests.hostile.actors import BASE, asked, message, published
from tests.hostile.trust.conftest import Names
from tests.hostile.trust.internet import Asked, Served
from tests.hostile.trust.judging import Case, refused
from tests.hostile.trust.world import Scene, number, scene, until


@pytest.fixture
async def offer(world: Scene, tmp_path: Path) -> PublishedOffer:
    """What the node offers; the member has been there before."""
    made = await published(world.city, tmp_path)
    assert (await world.ask(world.mallory.token())).status == 200
    return made


def request(offer: PublishedOffer, callback: str) -> bytes:
    """A request for a contract."""
    return message(
        "ContractRequestMessage", consumerPid=f"urn:x:{number()}", offer=asked(offer), callbackAddress=callback
    )


CALLBACKS = [
    "http://127.0.0.1:8181/dsp",
    "https://127.0.0.1/dsp",
    "https://localhost/dsp",
    "https://10.0.0.1/dsp",
    "https://[::1]/dsp",
    "https://169.254.169.254/latest/meta-data",
    "http://mallory.example/dsp/2025-1",
    "ftp://mallory.example/dsp/2025-1",
    "file:///etc/passwd",
    "https://user:secret@mallory.example/dsp/2025-1",
    "https://mallory.example:8443/dsp/2025-1",
    "https://mallory.example@victim.example/dsp/2025-1",
    "https://victim.example/dsp/2025-1",
    "https://mallory.example.evil.example/dsp/2025-1",
    "//mallory.example/dsp",
]


@pytest.mark.parametrize("callback", CALLBACKS)
async def test_U1(world: Scene, offer: PublishedOffer, callback: str) -> None:
    who, case = world.mallory, Case("U1", callback, lambda: "", (400,))
    before = await world.state()
    world.net.forget()
    answer = await world.ask(who.token(), request(offer, callback), "/negotiations/request")
    assert answer.status == 400, answer
    assert answer.told["code"].startswith("message."), case
    assert "secret" not in answer.body.decode()
    assert await world.state() == before
    await asyncio.sleep(0.05)
    assert world.net.quiet, world.net.called
    assert (await world.events())[-1] == "refused", "a proved caller's refusal stands in the audit"
    good = await world.ask(who.token(), request(offer, who.url + BASE), "/negotiations/request")
    assert good.status == 201


async def test_U2_nobody_is_made_to_knock_at_anothers_door(world: Scene, offer: PublishedOffer) -> None:
    """Mallory asks, the answers would go to the victim, a member like all: not one token of ours gets there."""
    victim = world.holder("victim.example")
    assert (await world.ask(victim.token())).status == 200
    for _ in range(5):
        body = request(offer, victim.url + BASE)
        assert (await world.ask(world.mallory.token(), body, "/negotiations/request")).status == 400
    await asyncio.sleep(0.05)
    assert victim.received == []
    assert not [one for one in world.net.came if one.host == victim.host and one.path.startswith(BASE)]
    assert await world.city.store.read(lambda view: view.count(Negotiation)) == 0


async def test_U2_a_thousand_requests(tmp_path: Path, names: Names) -> None:
    """More than a peer may ask: most get 429, and no more is begun than was let through."""
    async with scene(tmp_path, names.pair, names.authority.certificate, peer_requests_per_second=10.0) as world:
        offer, who = await published(world.city, tmp_path), world.mallory
        assert (await world.ask(who.token())).status == 200
        who.serves.update({})
        answers = await asyncio.gather(
            *(world.ask(who.token(), request(offer, who.url + BASE), "/negotiations/request") for _ in range(200))
        )
        found = [one.status for one in answers]
        assert set(found) <= {201, 429, 503}
        assert 0 < found.count(201) <= 60, found.count(201)
        assert await world.city.store.read(lambda view: view.count(Negotiation)) == found.count(201)


ADDRESSES = [
    {"endpointType": "HttpData", "endpoint": "file:///etc/passwd"},
    {"endpointType": "HttpData", "endpoint": "vault:grant"},
    {"endpointType": "HttpData", "endpoint": "https://victim.example/sink", "secret": "grant"},
    {"endpointType": "AmazonS3", "endpoint": "s3://bucket", "secret": "keys/token.pem"},
]


@pytest.mark.parametrize("form", ["HttpData-PULL", "HttpData-PUSH"])
@pytest.mark.parametrize("number_", range(len(ADDRESSES)))
async def test_U3(world: Scene, offer: PublishedOffer, number_: int, form: str) -> None:
    """Where data would be pushed to, with our own secrets by name: no such thing is read, ever."""
    who, given = world.mallory, dict(ADDRESSES[number_])
    contract = await contracted(world, offer)
    secret = given.pop("secret", "")
    properties = [
        {"@type": "EndpointProperty", "name": name, "value": value}
        for name, value in {"secretName": secret or "grant", "keyAlias": "audit", "oauth2:clientSecretKey": "x"}.items()
    ]
    body = message(
        "TransferRequestMessage",
        consumerPid=f"urn:x:{number()}",
        agreementId=contract,
        format=form,
        callbackAddress=who.url + BASE,
        dataAddress={"@type": "DataAddress", **given, "endpointProperties": properties},
    )
    world.net.forget()
    answer = await world.ask(who.token(), body, "/transfers/request")
    assert answer.status == 400, answer
    assert await world.city.store.read(lambda view: view.count(Transfer)) == 0
    assert world.net.quiet
    assert "passwd" not in answer.body.decode()


async def contracted(world: Scene, offer: PublishedOffer) -> str:
    """A contract with Mallory, concluded as the protocol has it."""
    who = world.mallory
    answer = await world.ask(who.token(), request(offer, who.url + BASE), "/negotiations/request")
    assert answer.status == 201, answer
    await until(lambda: any(one["@type"] == "ContractAgreementMessage" for one in who.received))
    agreement = next(one for one in who.received if one["@type"] == "ContractAgreementMessage")
    pids = {name: agreement[name] for name in ("providerPid", "consumerPid")}
    while (await one_negotiation(world)).pending is not None:
        await asyncio.sleep(0.01)
    verified = message("ContractAgreementVerificationMessage", **pids)
    path = f"/negotiations/{pids['providerPid'].replace(':', '%3A')}/agreement/verification"
    assert (await world.ask(who.token(), verified, path)).status == 200
    await until(lambda: any(one["@type"] == "ContractNegotiationEventMessage" for one in who.received))
    await until(lambda: not world.city.outbox.standing())
    found: str = agreement["agreement"]["@id"]
    return found


async def one_negotiation(world: Scene) -> Negotiation:
    return (await world.city.store.read(lambda view: view.select(Negotiation)))[0]


ANSWERS: dict[str, Callable[[Asked], Served]] = {
    "301": lambda asked: Served(status=301, headers={"Location": "https://victim.example/catalog"}),
    "302": lambda asked: Served(status=302, headers={"Location": "http://127.0.0.1:8181/v1/status"}),
    "307": lambda asked: Served(status=307, headers={"Location": "https://victim.example/catalog"}),
    "308": lambda asked: Served(status=308, headers={"Location": "https://169.254.169.254/"}),
    "100 MB": lambda asked: Served(b" " * 65_536, endless=True),
    "100 MB by its length": lambda asked: Served(b"x", headers={"Content-Length": "100000000"}),
    "our token as an error": lambda asked: Served(asked.headers["authorization"].encode(), 400),
    "our token in a message": lambda asked: Served(
        msgspec.json.encode({"@type": "CatalogError", "code": asked.headers["authorization"], "reason": ["x"]}), 403
    ),
    "our token in a field": lambda asked: Served(b"{}", 500, {"X-Echo": asked.headers["authorization"]}),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_U4(world: Scene, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Our own question to a peer, answered oddly: it ends there, and our token is in no log, event or error."""
    trent, sent = world.holder("trent.example"), []
    await world.pin(trent)

    def answer(asked: Asked) -> Served:
        sent.append(asked.headers["authorization"].removeprefix("Bearer "))
        return ANSWERS[name](asked)

    trent.serves[BASE + "/catalog/request"] = answer
    with pytest.raises(NodeError) as error:
        async with asyncio.timeout(10):
            await world.city.discovery.catalog(trent.did)
    assert len(sent) == 1
    assert {one.host for one in world.net.came} == {trent.host}
    assert all(host.startswith("11.0.0.") for host, _ in world.net.called)
    written = "".join(capfd.readouterr()) + repr(error.value) + repr(error.value.reason)
    assert sent[0] not in written
    assert sent[0] not in repr(await world.city.audit.log(limit=1000))
    await refused(world, Case("U4", "our own token", lambda: ""), lambda: sent[0])
