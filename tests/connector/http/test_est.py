"""Enrolment over Secure Transport on a running node over TLS: with strongSwan's client, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certs import did as dids
from certs import enrol, jwk
from certs.authority import BACKDATED, DAY, Authority, Profile, Wanted, name_of
from certs.region import RegionKeys
from certs.x509 import members, read, text
from connector.system import SystemClock
from scripts.lib.ports import free_port
from tests.connector.certified import Region, region
from tests.harness.openssl import OPENSSL, PKI, told, written
from tests.harness.trustdomain import between, made, private

EST = "/.well-known/est"
DEVICE = "urn:dev:pi7"
PKCS10 = {"content-type": "application/pkcs10"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Region]:
    async with region(tmp_path_factory.mktemp("est")) as one:
        yield one


def basic(code: str) -> dict[str, str]:
    return {**PKCS10, "authorization": "Basic " + base64.b64encode(f"code:{code}".encode()).decode()}


def fresh() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Device:
    """A device with the files of its certificate."""

    def __init__(self, served: Region, folder: Path, name: str) -> None:
        self.served, self.folder, self.name = served, folder, name
        self.key, self.files = fresh(), (folder / f"{name[8:]}.crt", folder / f"{name[8:]}.pem")

    def keep(self, leaf: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None) -> x509.Certificate:
        """Keep a certificate, with what lies between it and the root."""
        self.files[0].write_text(text([leaf, *between(_keys(self.served))]))
        self.files[1].write_bytes(private(key or self.key))
        return leaf

    async def enrol(self) -> x509.Certificate:
        """First certificate."""
        status, _, body = await self.served.ask(
            "POST",
            f"{EST}/device/simpleenroll",
            body=enrol.request(self.key, self.name, []),
            headers=basic(await self.served.code()),
        )
        assert status == 200
        return self.keep(enrol.read_certificates(body)[0])

    async def renew(self, key: ec.EllipticCurvePrivateKey, label: str = "device/") -> tuple[int, bytes]:
        """Another certificate by the one that it has."""
        status, _, body = await self.served.ask(
            "POST",
            f"{EST}/{label}simplereenroll",
            body=enrol.request(key, self.name, []),
            headers=PKCS10,
            own=self.files,
        )
        return status, body


@pytest.fixture
def device(served: Region, tmp_path: Path) -> Device:
    return Device(served, tmp_path, f"urn:dev:{tmp_path.name.replace('_', '-')}")


# --- the operations ---------------------------------------------------------------------------------------------------


async def test_what_is_believed_and_what_is_wanted_is_told_to_everybody(served: Region) -> None:
    status, headers, body = await served.ask("GET", f"{EST}/cacerts")
    assert (status, headers["content-type"]) == (200, "application/pkcs7-mime")
    keys = _keys(served)
    assert set(enrol.read_certificates(body)) == {keys.root, *between(keys)}
    status, headers, body = await served.ask("GET", f"{EST}/device/csrattrs")
    assert (status, headers["content-type"]) == (200, "application/csrattrs")
    assert base64.b64decode(body) == enrol.ATTRIBUTES


async def test_a_device_gets_its_certificate_by_a_code_and_renews_it_by_itself(device: Device) -> None:
    first = await device.enrol()
    assert members(first) == (device.name,)
    key = fresh()
    status, body = await device.renew(key)
    second = enrol.read_certificates(body)[0]
    assert (status, members(second), second.public_key()) == (200, (device.name,), key.public_key())
    device.keep(second, key)
    assert (await device.renew(fresh(), label=""))[0] == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic !"}, {"authorization": "Bearer x"}])
@pytest.mark.parametrize("operation", ["simpleenroll", "device/simpleenroll", "simplereenroll", "node/simplereenroll"])
async def test_whoever_proves_nothing_is_asked_who_it_is(
    served: Region, operation: str, headers: dict[str, str]
) -> None:
    body = enrol.request(fresh(), DEVICE, [])
    status, answered, _ = await served.ask("POST", f"{EST}/{operation}", body=body, headers={**PKCS10, **headers})
    assert status == 401
    assert answered["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("other/simpleenroll", PKCS10, 404),
        ("simpleenroll", {"content-type": "application/json"}, 415),
        ("cacerts", PKCS10, 405),
    ],
)
async def test_other_operations_labels_and_bodies_are_refused(
    served: Region, path: str, headers: dict[str, str], status: int
) -> None:
    assert (await served.ask("POST", f"{EST}/{path}", body=b"x", headers=headers))[0] == status


@pytest.mark.parametrize(
    "case", ["used twice", "unknown code", "bad signature", "weak key", "foreign name", "key reused"]
)
async def test_x4_nothing_is_issued(served: Region, device: Device, case: str) -> None:
    code, key, name = await served.code(), fresh(), device.name
    body = enrol.request(key, name, [])
    issued = served.node.trust.certifying.issued
    assert issued is not None
    match case:
        case "used twice":
            status, _, _ = await served.ask("POST", f"{EST}/simpleenroll", body=body, headers=basic(code))
            assert status == 200
            body = enrol.request(fresh(), name, [])
        case "unknown code":
            code = "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"
        case "bad signature":
            der = bytearray(base64.b64decode(body))
            der[-1] ^= 1
            body = base64.b64encode(bytes(der))
        case "weak key":
            form = x509.CertificateSigningRequestBuilder(subject_name=x509.Name([]))
            weak = form.sign(ec.generate_private_key(ec.SECP224R1()), hashes.SHA256())
            body = base64.b64encode(weak.public_bytes(Encoding.DER))
        case "foreign name":
            body = enrol.request(key, name, ["other.example"])
        case _:
            other = Device(served, device.folder, f"{name}-other")
            await other.enrol()
            body = enrol.request(other.key, name, [])
    before = len(await issued.select(limit=10_000))
    status, _, _ = await served.ask("POST", f"{EST}/simpleenroll", body=body, headers=basic(code))
    assert 400 <= status < 500
    assert len(await issued.select(limit=10_000)) == before


# --- a node proves its DID --------------------------------------------------------------------------------------------


class Town:
    """A node as far as its DID document goes; `away` while there is none to be had."""

    def __init__(self) -> None:
        self.url, self.key, self.away = f"http://127.0.0.1:{free_port()}", fresh(), False
        self.did = dids.of_url(self.url)

    async def serve(self, request: web.Request) -> web.Response:
        """The document."""
        if self.away:
            raise web.HTTPServiceUnavailable
        keys = {"token": jwk.write(self.key.public_key())}
        return web.Response(body=json.dumps(dids.document(self.url, f"{self.url}/dsp", keys)).encode())


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    one = Town()
    app = web.Application()
    app.router.add_get("/.well-known/did.json", one.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(one.url.rpartition(":")[2])).start()
    try:
        yield one
    finally:
        await runner.cleanup()


async def by_code(served: Region, code: str, key: ec.EllipticCurvePrivateKey, name: str, label: str) -> tuple[int, str]:
    """The status of a first enrolment and the code of its refusal, "" where there is none."""
    status, _, body = await served.ask(
        "POST", f"{EST}/{label}simpleenroll", body=enrol.request(key, name, []), headers=basic(code)
    )
    return status, "" if status == 200 else json.loads(body)["code"]


@pytest.mark.parametrize("label", ["", "node/", "signing/"])
async def test_x4_a_code_alone_gets_nothing_in_the_name_of_a_node(served: Region, label: str) -> None:
    """Also not in that of the region itself; and whoever the code was for goes on with it."""
    code, issued = await served.code("node", "Gemeinde Nachbarsdorf"), served.node.trust.certifying.issued
    assert issued is not None
    async with town() as one:
        before = len(await issued.select(limit=10_000))
        assert await by_code(served, code, fresh(), one.did, label) == (403, "request.unproved")
        status, why = await by_code(served, code, fresh(), served.node.did, label)
        assert (status, why) in ((403, "request.unproved"), (503, "unavailable"))  # its own document is not on HTTP
        assert len(await issued.select(limit=10_000)) == before
        for key, kind in ((one.key, "signing/"), (fresh(), "node/")):
            assert await by_code(served, code, key, one.did, kind) == (200, "")


async def test_x4_while_a_document_is_away_nothing_is_given_and_no_code_used_up(served: Region) -> None:
    code = await served.code("node", "Gemeinde Nachbarsdorf")
    async with town() as one:
        one.away = True
        assert await by_code(served, code, one.key, one.did, "signing/") == (503, "unavailable")
    async with town() as other:
        assert await by_code(served, code, other.key, other.did, "signing/") == (200, "")
        assert await by_code(served, code, one.key, one.did, "signing/") == (403, "invite.used")


# --- X1, X6: certificates that are shown ------------------------------------------------------------------------------


async def rejected(device: Device) -> int:
    """The status of a renewal, or 0 where the connection ended before there was one."""
    try:
        return (await device.renew(fresh()))[0]
    except (aiohttp.ClientError, ssl.SSLError, ConnectionError):
        return 0


async def test_x1_a_certificate_of_another_region_opens_nothing(device: Device) -> None:
    other = made(device.folder / "other", now=SystemClock().now())
    issue(device, other.devices)
    assert await rejected(device) in (0, 403)


async def test_x1_an_expired_certificate_renews_nothing(served: Region, device: Device) -> None:
    issue(device, _keys(served).devices, days=-1)
    assert await rejected(device) in (0, 403)


def issue(device: Device, signer: Authority, days: float = 30) -> None:
    """A certificate that is in no books of the region."""
    now = SystemClock().now()
    wanted = Wanted(
        profile=Profile.DEVICE,
        member=device.name,
        name="pi",
        key=device.key.public_key(),
        begins=now - BACKDATED,
        ends=now + int(days * DAY),
        serial=x509.random_serial_number(),
    )
    device.keep(signer.issue(wanted, public_url=device.served.url))


async def test_a_certificate_that_is_not_in_the_books_renews_nothing(served: Region, device: Device) -> None:
    await device.enrol()
    issue(device, _keys(served).devices)
    assert await rejected(device) == 403


@pytest.mark.parametrize("way", ["suspend", "stolen", "leave"])
async def test_x6_a_device_that_is_no_member_any_more_renews_nothing(served: Region, device: Device, way: str) -> None:
    await device.enrol()
    assert served.node.trust.services.region is not None
    await getattr(served.node.trust.services.region.members, way)("admin", device.name)
    assert await rejected(device) == 403


async def test_x1_a_revoked_certificate_renews_nothing(served: Region, device: Device) -> None:
    found = await device.enrol()
    assert served.node.trust.certifying.issued is not None
    await served.node.trust.certifying.issued.revoke("admin", f"{found.serial_number:x}", "lost")
    assert await rejected(device) == 403


# --- lists and answers over HTTP --------------------------------------------------------------------------------------


async def test_lists_and_answers_are_had_by_everybody(served: Region, device: Device) -> None:
    found = await device.enrol()
    keys = _keys(served)
    for name in (keys.nodes.name, keys.devices.name, name_of(keys.root)):
        status, headers, body = await served.ask("GET", f"/crl/{name}.crl")
        assert (status, headers["content-type"]) == (200, "application/pkix-crl")
        assert x509.load_der_x509_crl(body).next_update_utc is not None
    assert (await served.ask("GET", f"/crl/{keys.nodes.name}"))[0] == 404
    assert (await served.ask("GET", "/crl/0000000000000000.crl"))[0] == 404
    form = ocsp.OCSPRequestBuilder().add_certificate(found, keys.devices.certificate, hashes.SHA256()).build()
    der = form.public_bytes(Encoding.DER)
    posted = await served.ask("POST", "/ocsp", body=der, headers={"content-type": "application/ocsp-request"})
    got = await served.ask("GET", "/ocsp/" + base64.b64encode(der).decode().replace("/", "%2F").replace("+", "%2B"))
    for status, headers, body in (posted, got):
        assert (status, headers["content-type"]) == (200, "application/ocsp-response")
        assert ocsp.load_der_ocsp_response(body).certificate_status is ocsp.OCSPCertStatus.GOOD
    assert (await served.ask("POST", "/ocsp", body=b"x", headers={"content-type": "application/ocsp-request"}))[
        0
    ] == 400
    assert (await served.ask("GET", "/ocsp/!!!"))[0] == 400


# --- other people's programs ------------------------------------------------------------------------------------------


@pytest.mark.skipif(PKI is None or OPENSSL is None, reason="strongswan-pki is not installed")
async def test_strongswan_enrols_renews_and_verifies(served: Region, tmp_path: Path) -> None:
    await asyncio.to_thread(shutil.copy, served.authority, tmp_path / "web.pem")
    name, code = "urn:dev:strongswan", await served.code()
    first, second = await asyncio.to_thread(_strongswan, served.url, name, code, tmp_path)
    assert members(first) == members(second) == (name,)
    assert second.public_key() != first.public_key()


def _strongswan(url: str, name: str, code: str, folder: Path) -> tuple[x509.Certificate, x509.Certificate]:
    """`pki` gets the region's authorities, a certificate by a code, and another one by that certificate."""
    assert PKI
    assert OPENSSL
    server = ("--url", url, "--cacert", "web.pem")
    written(PKI, "--estca", *server, "--caout", "ca", "--outform", "pem", cwd=folder)
    authorities = sorted(one.name for one in folder.glob("ca*.pem"))
    assert len(authorities) == 3
    known = [part for one in authorities for part in ("--cacert", one)]
    for number in ("1", "2"):
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=pi")
        files = ("-keyout", f"key{number}.pem", "-outform", "DER", "-out", f"request{number}.der")
        written(OPENSSL, "req", "-new", *curve, "-addext", f"subjectAltName=URI:{name}", *files, cwd=folder)
    est = (PKI, "--est", *server, *known, "--outform", "pem")
    first = written(*est, "--in", "request1.der", "--userpass", f"code:{code}", cwd=folder)
    (folder / "first.pem").write_bytes(first)
    second = written(*est, "--in", "request2.der", "--cert", "first.pem", "--key", "key1.pem", cwd=folder)
    (folder / "second.pem").write_bytes(second)
    assert "certificate trusted" in told(PKI, "--verify", "--in", "second.pem", *known, cwd=folder)[1]
    refused = told(*est, "--in", "request1.der", "--userpass", f"code:{code}0", cwd=folder)
    assert refused[0] != 0
    return read(first)[0], read(second)[0]


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
async def test_openssl_asks_about_a_certificate(served: Region, device: Device) -> None:
    leaf, keys = await device.enrol(), _keys(served)
    issued = served.node.trust.certifying.issued
    assert issued is not None
    for answer in ("good", "revoked"):
        if answer == "revoked":
            await issued.revoke("admin", f"{leaf.serial_number:x}", "lost")
        folder = device.folder
        (folder / "leaf.pem").write_text(text([leaf]))
        (folder / "issuer.pem").write_text(text([keys.devices.certificate]))
        (folder / "root.pem").write_text(text([keys.root]))
        asking = ("ocsp", "-no_nonce", "-issuer", "issuer.pem", "-cert", "leaf.pem")
        await asyncio.to_thread(told, OPENSSL or "", *asking, "-reqout", "ask.der", cwd=folder)
        media = {"content-type": "application/ocsp-request"}
        body = (await served.ask("POST", "/ocsp", body=(folder / "ask.der").read_bytes(), headers=media))[2]
        (folder / "answer.der").write_bytes(body)
        judging = ("-respin", "answer.der", "-CAfile", "root.pem", "-verify_other", "issuer.pem")
        _, said = await asyncio.to_thread(told, OPENSSL or "", *asking, *judging, cwd=folder)
        assert "Response verify OK" in said
        assert f"leaf.pem: {answer}" in said


def _keys(served: Region) -> RegionKeys:
    assert served.node.trust.certifying.domain is not None
    return served.node.trust.certifying.domain.keys()
