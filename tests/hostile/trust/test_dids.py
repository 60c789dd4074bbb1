"""D: identifiers and documents of strangers. What leads inside is never connected to, what is odd is believed nothing.

Each case is an honest member of the region of whom one thing is different: its name, where the name leads, or what is
served there.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import Callable

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.hostile.trust import forge
from tests.hostile.trust.forge import Json
from tests.hostile.trust.internet import Served, document
from tests.hostile.trust.judging import Case, refused
from tests.hostile.trust.world import Holder, Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared: Scene) -> Scene:
    """One node for all of these, and parties whom it has never met for each."""
    await shared.renew()
    return shared


DOCUMENT = "/.well-known/did.json"


def named(world: Scene, did: str) -> Callable[[], str]:
    """A token of somebody who says to be this DID."""
    who = world.mallory
    return lambda: who.token(iss=did, sub=did, header={"kid": f"{did}#token"})


INSIDE = [
    "did:web:127.0.0.1",
    "did:web:127.0.0.1%3A8181",
    "did:web:localhost",
    "did:web:localhost%3A8181",
    "did:web:%5B%3A%3A1%5D",
    "did:web:[::1]",
    "did:web:10.0.0.1",
    "did:web:192.168.0.1",
    "did:web:172.16.0.1",
    "did:web:169.254.169.254",
    "did:web:0.0.0.0",
    "did:web:2130706433",
    "did:web:0x7f000001",
    "did:web:0177.0.0.1",
    "did:web:127.1",
    "did:web:%5B%3A%3Affff%3A127.0.0.1%5D",
]


@pytest.mark.parametrize("did", INSIDE)
async def test_D1_addresses(world: Scene, did: str) -> None:
    """An address in the place of a name: nobody is even looked up."""
    await refused(world, Case("D1", did, lambda: "", status=(400, 401), quiet=False), named(world, did))
    assert not world.net.called


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::ffff:127.0.0.1", "fd00::1"],
)
async def test_D1_names_that_lead_inside(world: Scene, address: str) -> None:
    who = world.holder("private.example")
    world.net.name("private.example", lambda: [address])
    await refused(world, Case("D1", address, lambda: "", quiet=False), who.token)
    assert not world.net.called


async def test_D2_one_address_outside_and_one_inside(world: Scene) -> None:
    who = world.holder("mixed.example")
    for addresses in (["11.200.0.1", "127.0.0.1"], ["10.0.0.1", "11.200.0.1"], ["11.200.0.1", "::1"]):
        world.net.name("mixed.example", lambda found=addresses: found)  # type: ignore[misc]
        await refused(world, Case("D2", str(addresses), lambda: "", quiet=False), who.token)
        assert not world.net.called


async def test_D2_a_name_that_changes_between_judging_and_connecting(world: Scene) -> None:
    """Whatever the name says the next time: what is connected to is what was judged."""
    who = world.holder("rebinding.example")
    turns = itertools.cycle([["11.200.0.1"], ["127.0.0.1"], ["169.254.169.254"]])
    world.net.name("rebinding.example", lambda: next(turns))
    for _ in range(6):
        await world.ask(who.token())
    assert all(host.startswith("11.") for host, _ in world.net.called), world.net.called


FORMS = [
    "did:web:good.example%40evil.example",
    "did:web:mallory.example%2F..%2Fvictim.example",
    "did:web:mallory.example%3Fx",
    "did:web:mallory.example%23x",
    "did:web:mallory.example%3A443%40victim.example",
    "did:web:user%3Apass%40mallory.example",
    "did:web:mallory.example:..:x",
    "did:web:mallory.example:.",
    "did:web:mallory.example:%2e%2e",
    "did:web:mallory.example:",
    "did:web:mallory.example::x",
    "did:web:",
    "did:web::x",
    "did:web:m\u0430llory.example",
    "did:web:mallory.example\u2044x",
    "did:web:MALLORY.example",
    "did:web:mallory.example%3A0",
    "did:web:mallory.example%3A99999",
    "did:web:mallory.example%3a443",
    "did:web:mallory.example/x",
    "did:web:mallory.example?x=y",
    "did:web:mallory.example x",
    "did:web:mallory..example",
    "did:web:-mallory.example",
    "did:web:" + "a" * 64 + ".example",
    "did:web:" + ".".join(["a"] * 200),
]


@pytest.mark.parametrize("did", FORMS)
async def test_D3(world: Scene, did: str) -> None:
    """What could be read as another host or path is read as nothing; nobody is looked up."""
    await refused(world, Case("D3", did, lambda: "", status=(400,)), named(world, did))


@pytest.mark.parametrize(
    "target",
    [
        "https://victim.example/.well-known/did.json",
        "https://{host}/other.json",
        "http://127.0.0.1:8181/",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_D4(world: Scene, target: str, status: int) -> None:
    who = world.mallory
    world.holder("victim.example")
    who.serves["/other.json"] = document(who.document)
    who.serves[DOCUMENT] = Served(status=status, headers={"Location": target.format(host=who.host)})
    await refused(world, Case("D4", target, lambda: "", quiet=False), who.token)
    assert {one.host for one in world.net.came} == {who.host}
    assert world.net.paths(who.host) == [DOCUMENT]


@pytest.mark.parametrize(
    "id", ["did:web:victim.example", "did:web:mallory.example:x", "", None, 7, ["did:web:mallory.example"]]
)
async def test_D5(world: Scene, id: object) -> None:
    world.mallory.document = {**world.mallory.document, "id": id}
    await refused(world, Case("D5", str(id), lambda: "", quiet=False), world.mallory.token)


BODIES: dict[str, Served] = {
    "50 MB": Served(b"x" * 1_000_000, headers={"Content-Length": "50000000"}, endless=True),
    "endless": Served(b" " * 65_536, endless=True),
    "slow": Served(b'{"id":' + b" " * 1_000, slowly=0.05),
    "gzip bomb": Served(gzip.compress(b" " * 20_000_000), headers={"Content-Encoding": "gzip"}),
    "gzip in gzip": Served(gzip.compress(gzip.compress(b" " * 20_000_000)), headers={"Content-Encoding": "gzip, gzip"}),
    "HTML": Served(b"<!doctype html><title>Moved</title>", headers={"Content-Type": "text/html"}),
    "empty": Served(b""),
    "a list": Served(b"[]"),
    "deep": Served(b"[" * 20_000 + b"]" * 20_000),
    "key twice": Served(b'{"id":"did:web:mallory.example","id":"did:web:mallory.example"}'),
    "404": Served(b"{}", 404),
    "500": Served(b"{}", 500),
    "204": Served(b"", 204),
    "206": Served(b"{}", 206),
    "garbage": Served(b"\xff\xfe\x00{", headers={"Content-Type": "application/json"}),
}


@pytest.mark.parametrize("name", BODIES)
async def test_D6(world: Scene, name: str) -> None:
    """Refused within the time limit, whatever is served there; others are served meanwhile."""
    who, trent = world.mallory, world.holder("trent.example")
    await world.pin(trent)
    who.serves[DOCUMENT] = BODIES[name]
    asking = asyncio.create_task(refused(world, Case("D6", name, lambda: "", quiet=False), who.token))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await asking
    assert (await world.ask(trent.token())).status == 200


async def test_D6_nobody_answers_at_all(world: Scene) -> None:
    who, never = world.mallory, asyncio.Event()
    who.serves[DOCUMENT] = Served(before=never)
    async with asyncio.timeout(10):
        await refused(world, Case("D6", "silence", lambda: "", quiet=False), who.token)
    never.set()


def twice(who: Holder) -> Json:
    """Two methods under one id: who reads the last one has another key than who reads the first."""
    mine, other = (forge.method(who.did, "token", forge.jwk(key)) for key in (who.key, forge.new_key()))
    return {**who.document, "verificationMethod": [other, mine]}


def controlled(who: Holder) -> Json:
    mine = forge.method(who.did, "token", forge.jwk(who.key), controller="did:web:victim.example")
    return {**who.document, "verificationMethod": [mine]}


def borrowed(who: Holder) -> Json:
    """The id of another's method, with a key of one's own."""
    mine = forge.method(who.did, "token", forge.jwk(who.key), id="did:web:victim.example#token")
    return {**who.document, "verificationMethod": [mine], "capabilityInvocation": [mine["id"]]}


def relative(who: Holder) -> Json:
    """One id written in two ways."""
    mine, other = (forge.method(who.did, "token", forge.jwk(key)) for key in (who.key, forge.new_key()))
    return {**who.document, "verificationMethod": [{**other, "id": "#token"}, mine]}


@pytest.mark.parametrize("make", [twice, controlled, borrowed, relative])
async def test_D7(world: Scene, make: Callable[[Holder], Json]) -> None:
    who = world.mallory
    who.document = make(who)
    await refused(world, Case("D7", make.__name__, lambda: "", quiet=False), who.token)


@pytest.mark.parametrize("kind", ["never met again", "known"])
async def test_D8(world: Scene, kind: str) -> None:
    """A key that was taken out of the document is worth nothing any more five minutes later."""
    who = world.mallory
    assert (await world.ask(who.token())).status == 200
    if kind == "known":
        assert (await world.ask(who.token())).status == 200
    who.document = forge.did_document(
        who.did, [forge.method(who.did, "token-2", forge.jwk(forge.new_key()))], {"CredentialService": who.url + "/dcp"}
    )
    world.clock.ahead += 301
    first = await world.ask(who.token())
    await asyncio.sleep(0.05)
    assert (await world.ask(who.token())).status == 401, f"at first {first.status}"
    assert first.status == 401


def keyed(**members: object) -> Callable[[Holder], Json]:
    return lambda who: {**forge.jwk(who.key), **members}


def small_rsa(who: Holder) -> Json:
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    return {"kty": "RSA", "n": forge.b64(numbers.n.to_bytes(128)), "e": "AQAB"}


def off_curve(who: Holder) -> Json:
    return {**forge.jwk(who.key), "y": forge.b64(b"\x01" * 32)}


def with_private(who: Holder) -> Json:
    assert isinstance(who.key, ec.EllipticCurvePrivateKey)
    return {**forge.jwk(who.key), "d": forge.b64(who.key.private_numbers().private_value.to_bytes(32))}


KEYS: dict[str, Callable[[Holder], object]] = {
    "use enc": keyed(use="enc"),
    "key_ops encrypt": keyed(key_ops=["encrypt"]),
    "key_ops text": keyed(key_ops="verify"),
    "alg ECDH": keyed(alg="ECDH-ES"),
    "private part": with_private,
    "RSA 1024": small_rsa,
    "off the curve": off_curve,
    "short coordinate": lambda who: {**forge.jwk(who.key), "x": forge.b64(b"\x01" * 31)},
    "long coordinate": lambda who: {**forge.jwk(who.key), "x": forge.b64(b"\x00") + forge.jwk(who.key)["x"]},
    "padded coordinate": lambda who: {**forge.jwk(who.key), "x": forge.jwk(who.key)["x"] + "="},
    "secp256k1": keyed(crv="secp256k1"),
    "oct": lambda who: {"kty": "oct", "k": forge.b64(b"secret" * 6)},
    "no key": lambda who: None,
    "a list": lambda who: [forge.jwk(who.key)],
}


@pytest.mark.parametrize("name", KEYS)
async def test_D9(world: Scene, name: str) -> None:
    who = world.mallory
    method = forge.method(who.did, "token", {})
    method["publicKeyJwk"] = KEYS[name](who)
    who.document = {**who.document, "verificationMethod": [method]}
    await refused(world, Case("D9", name, lambda: "", quiet=False), who.token)


def did_jwk(who: Holder) -> str:
    return "did:jwk:" + forge.b64(msgspec.json.encode(forge.jwk(who.key)))


@pytest.mark.parametrize("method", ["key", "jwk", "ion", "webvh"])
async def test_D10(world: Scene, method: str) -> None:
    """Another method would be another way of knowing somebody; there is one."""
    did = {
        "key": "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
        "jwk": did_jwk(world.mallory),
        "ion": "did:ion:EiClkZMDxPKqC9c-umQfTkR8vvZ9JPhl_xLDI9Nfk38w5w",
        "webvh": "did:webvh:QmXyz:mallory.example",
    }[method]
    token = named(world, did)
    if method == "jwk":
        token = lambda: world.mallory.token(iss=did, sub=did, header={"kid": f"{did}#0"})  # noqa: E731
    await refused(world, Case("D10", did, lambda: "", status=(403,)), token)


async def test_a_document_is_asked_for_once_however_many_ask(world: Scene) -> None:
    """F25: one fetch for a crowd, and one an interval for a key that is not in it."""
    who = world.mallory
    answers = await asyncio.gather(*(world.ask(who.token()) for _ in range(8)))
    assert {one.status for one in answers} <= {200, 429, 503}
    assert world.net.paths(who.host).count(DOCUMENT) == 1
    world.net.forget()
    for _ in range(10):
        assert (await world.ask(who.token(header={"kid": f"{who.did}#unknown"}))).status == 401
    assert world.net.paths(who.host).count(DOCUMENT) <= 1
    world.clock.ahead += 60
    for _ in range(10):
        assert (await world.ask(who.token(header={"kid": f"{who.did}#unknown"}))).status == 401
    assert world.net.paths(who.host).count(DOCUMENT) <= 2
    assert (await world.ask(who.token())).status == 200


async def test_a_document_that_cannot_be_had_is_used_for_its_while_and_no_longer(world: Scene) -> None:
    """F25: the peer's host is down. Its keys count within their maximum age, and then no more."""
    who = world.mallory
    assert (await world.ask(who.token())).status == 200
    who.serves[DOCUMENT] = Served(b"down", 503)
    world.clock.ahead += 400
    assert (await world.ask(who.token())).status == 200
    world.clock.ahead += 3_600 + 301
    assert (await world.ask(who.token())).status in (401, 403)
    del who.serves[DOCUMENT]
    world.clock.ahead += 301
    assert (await world.ask(who.token())).status == 200
