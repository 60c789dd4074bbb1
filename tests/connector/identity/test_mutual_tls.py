"""Whose connection it is and whose message: certificates bound to tokens, on a running node over TLS 1.3."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import json
from msgspec.structs import replace

from certs import enrol, jwk, jwt, tls
from certs.authority import DAY, Profile
from certs.x509 import CertificateError, Chain, Purpose, text
from connector.errors import DeliveryError, RefusedError, UnauthenticatedError
from connector.http.client import HttpPeer
from connector.identity.mutual_tls import Mode, MutualTls
from connector.records import Participant, Revocations
from connector.system import SystemClock
from tests.connector.certified import Region, region
from tests.harness.trustdomain import Hand, between, issue, made, names, private

A, B = "did:web:a.example", "did:web:b.example"


# --- the rule by itself -----------------------------------------------------------------------------------------------


def ruled(mode: Mode, found: Chain | str, caller: str = A, shown: Sequence[bytes] = (b"x",)) -> str:
    """The code of the refusal, "" where there is none."""

    def verify(shown: Sequence[bytes], purpose: Purpose) -> Chain:
        assert purpose is Purpose.CLIENT
        if isinstance(found, str):
            raise CertificateError(found)
        return found

    try:
        MutualTls(mode, verify).check(shown, caller)
    except (RefusedError, UnauthenticatedError) as error:
        return error.reason.code
    return ""


def chain(*hosts: str) -> Chain:
    root = Hand.root()
    return Chain((root.end((names(*hosts),)), root.certificate), 0)


@pytest.mark.parametrize("mode", ["wanted", "required"])
def test_x3_a_certificate_has_to_be_the_callers_alone(mode: Mode) -> None:
    assert ruled(mode, chain("a.example")) == ""
    assert ruled(mode, chain("b.example")) == "tls.other_member"
    assert ruled(mode, "certificate.revoked") == "certificate.revoked"


def test_x3_a_certificate_that_is_about_two_parties_is_nobodys() -> None:
    both = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in (A, B)])
    root = Hand.root()
    assert ruled("wanted", Chain((root.end(((both, False),)), root.certificate), 0)) == "tls.other_member"


def test_whoever_shows_none_gets_in_where_none_is_required() -> None:
    assert ruled("wanted", chain("a.example"), shown=()) == ""
    assert ruled("required", chain("a.example"), shown=()) == "tls.certificate_missing"
    assert ruled("off", "certificate.untrusted") == ""


def test_the_two_refusals_are_told_apart() -> None:
    def verify(shown: Sequence[bytes], purpose: Purpose) -> Chain:
        raise CertificateError("certificate.revoked")

    with pytest.raises(RefusedError):
        MutualTls("wanted", verify).check((b"x",), A)
    with pytest.raises(UnauthenticatedError):
        MutualTls("required", verify).check((), A)


# --- on a node --------------------------------------------------------------------------------------------------------

on_node = pytest.mark.asyncio(loop_scope="module")


class Member:
    """A member of the region with a token key, a certificate and its key."""

    def __init__(self, served: Region, did: str, folder: Path) -> None:
        self.served, self.did = served, did
        self.token, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.files = (folder / f"{did[8:]}.crt", folder / f"{did[8:]}.pem")
        self.jti = itertools.count()
        self.leaf: x509.Certificate | None = None

    async def join(self) -> Member:
        """Get a certificate, and be known to the node."""
        issued, region = self.served.node.trust.certifying.issued, self.served.node.trust.services.region
        assert issued is not None
        assert region is not None
        code = await self.served.code("node", self.did)
        # Who has proved its DID by a token and asked for its credential may have this one by the code alone.
        await self.served.node.store.write(lambda tx: region.members.redeem(tx, code, self.did))
        self.keep(await issued.enrol(code, enrol.request(self.key, self.did, []), Profile.NODE))
        kid = f"{self.did}#token"
        known = Participant(
            id=self.did,
            name=self.did[8:].replace(".", "-"),
            url="https://" + self.did[8:],
            base=f"https://{self.did[8:]}/dsp/2025-1",
            keys={kid: jwk.write(self.token.public_key())},
            tokens=(kid,),
            words="",
            added=0,
            added_by="admin",
        )
        await self.served.node.store.write(lambda tx: tx.put(known))
        self.served.node.trust.identity.forget()
        return self

    def keep(self, leaf: x509.Certificate, others: Sequence[x509.Certificate] | None = None) -> None:
        """Keep a certificate, with what lies between it and the root."""
        domain = self.served.node.trust.certifying.domain
        assert domain is not None
        self.leaf = leaf
        self.files[0].write_text(text([leaf, *(between(domain.keys()) if others is None else others)]))
        self.files[1].write_bytes(private(self.key))

    async def ask(self, connected: Member | None) -> int:
        """The status of a request with our token on a connection of `connected`; 0 where there was no connection."""
        node = self.served.node
        token = jwt.issue(
            self.token,
            f"{self.did}#token",
            issuer=self.did,
            audience=node.did,
            now=SystemClock().now(),
            jti=f"{self.did}{next(self.jti)}",
        )
        body = json.encode(
            {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "@type": "CatalogRequestMessage"}
        )
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        own = connected.files if connected else None
        try:
            status, _, _ = await self.served.ask(
                "POST", "/dsp/2025-1/catalog/request", body=body, headers=headers, own=own
            )
        except (aiohttp.ClientError, ssl.SSLError, ConnectionError):
            return 0
        return status


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Region]:
    async with region(tmp_path_factory.mktemp("mutual"), trust__mutual_tls="required") as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(served: Region) -> Member:
    return await Member(served, A, served.folder).join()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(served: Region) -> Member:
    return await Member(served, B, served.folder).join()


@on_node
async def test_x3_a_token_on_the_connection_of_another_proves_nothing(town: Member, other: Member) -> None:
    assert [await town.ask(town), await other.ask(other)] == [200, 200]
    assert [await town.ask(other), await other.ask(town)] == [401, 401]
    assert await town.ask(None) == 401


@on_node
async def test_the_connection_is_tls_1_3(served: Region) -> None:
    context = served.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(aiohttp.ClientError):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            await session.get(served.url + "/.well-known/did.json")


@pytest.mark.parametrize(
    ("case", "status"),
    [("other region", 0), ("expired", 0), ("revoked", 403), ("no authority between", 0), ("for signatures", 403)],
)
@on_node
async def test_x1_a_certificate_that_is_not_good_opens_nothing(
    served: Region, tmp_path: Path, case: str, status: int
) -> None:
    one = await Member(served, f"did:web:{case.replace(' ', '-')}.example", tmp_path).join()
    assert await one.ask(one) == 200
    certifying, now = served.node.trust.certifying, SystemClock().now()
    assert certifying.domain is not None
    assert certifying.issued is not None
    assert one.leaf is not None
    keys = certifying.domain.keys()
    match case:
        case "other region":
            foreign = made(tmp_path / "foreign", now=now)
            one.keep(issue(foreign.nodes, member=one.did, key=one.key, now=now), between(foreign))
        case "expired":
            one.keep(issue(keys.nodes, member=one.did, key=one.key, now=now, days=-0.01))
        case "revoked":
            await certifying.issued.revoke("admin", f"{one.leaf.serial_number:x}", "lost")
            await certifying.look()
        case "no authority between":
            one.keep(one.leaf, [])
        case _:
            one.keep(issue(keys.nodes, Profile.SIGNING, member=one.did, key=one.key, now=now))
    assert await one.ask(one) == status


@on_node
async def test_x1_without_a_list_that_counts_nobody_gets_in(served: Region, town: Member) -> None:
    certifying = served.node.trust.certifying
    assert certifying.domain is not None
    signer = certifying.domain.keys().nodes
    fresh = await served.node.store.read(lambda view: view.get(Revocations, signer.name))
    assert fresh is not None
    now = SystemClock().now()
    body = signer.revocations([], number=fresh.number, made=now - 5 * DAY, until=now - DAY)
    await served.node.store.write(lambda tx: tx.put(replace(fresh, body=body)))
    await certifying.chains.load()
    assert await town.ask(town) == 403
    await served.node.store.write(lambda tx: tx.put(fresh))
    await certifying.chains.load()
    assert await town.ask(town) == 200


@on_node
async def test_what_is_open_to_everybody_stays_open(served: Region) -> None:
    assert (await served.ask("GET", "/.well-known/did.json"))[0] == 200
    assert (await served.ask("GET", "/.well-known/est/cacerts"))[0] == 200


# --- what a node itself shows -----------------------------------------------------------------------------------------


async def shows(client: HttpPeer, served: Region) -> bool:
    """Does a request of this client come with a certificate? Renewal takes one in the place of a token."""
    url = f"{served.url}/.well-known/est/simplereenroll"
    reply = await client.send("POST", url, body=b"x", private=True, fields={"Content-Type": "application/pkcs10"})
    return reply.status != 401


@on_node
async def test_a_node_shows_its_certificate_to_those_it_deals_with_and_to_nobody_else(
    served: Region, town: Member
) -> None:
    client, origin = HttpPeer(authorities=served.authority), urlsplit(served.url).netloc
    certifying = served.node.trust.certifying
    try:
        assert not await shows(client, served)
        client.show(town.files, certifying.chains.roots, {"elsewhere.example"})
        assert not await shows(client, served)
        client.show(town.files, certifying.chains.roots, {origin})
        assert await shows(client, served)
        with pytest.raises(OSError):
            client.show((served.folder / "missing.crt", town.files[1]), (), {origin})
        assert await shows(client, served)
        client.show(None, (), ())
        assert not await shows(client, served)
    finally:
        await client.close()


@on_node
async def test_peers_whose_certificate_leads_to_a_region_are_reached(served: Region, town: Member) -> None:
    """A server with a certificate of the region alone: known to those that believe the region, a stranger to others."""
    domain = served.node.trust.certifying.domain
    assert domain is not None
    key = ec.generate_private_key(ec.SECP256R1())
    now = SystemClock().now()
    leaf = issue(domain.keys().nodes, member="did:web:localhost", hosts=("localhost",), key=key, now=now)
    files = served.folder / "server.crt", served.folder / "server.pem"
    files[0].write_text(text([leaf, *between(domain.keys())]))
    files[1].write_bytes(private(key))
    server = await asyncio.start_server(_greet, "127.0.0.1", 0, ssl=tls.server(*files))
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
    client = HttpPeer(authorities=served.authority)
    try:
        with pytest.raises(DeliveryError) as caught:
            await client.send("GET", url, private=True)
        assert caught.value.reason.code == "peer.tls"
        client.show(town.files, served.node.trust.certifying.chains.roots, {urlsplit(url).netloc})
        assert (await client.send("GET", url, private=True)).status == 204
    finally:
        await client.close()
        server.close()


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
