"""Joining a running node that keeps a region: places taken, and everything that is none."""

from __future__ import annotations

import json
import secrets
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import codes, cose, welcome, x509
from certs import enrol as est
from certs.authority import BACKDATED
from certs.x509 import begins
from connector.services.region.certificates import due
from edge_node.config import LinkSettings
from edge_node.errors import EnrolmentError
from edge_node.network.link import Answer, Link, opened
from edge_node.network.metering import Unlimited
from edge_node.place import certificate, enrol, identity
from edge_node.place.joining import read_place
from tests.connector.certified import Region, region
from tests.edge_node.taken import Scripted, code, place, said, take

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOT_CODE = "00000-00000-00000-00000-00000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Region]:
    async with region(tmp_path_factory.mktemp("enrol")) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def link(served: Region) -> AsyncIterator[Link]:
    made = opened(LinkSettings(extra_ca=str(served.authority)), meter=Unlimited())
    yield made
    await made.close()


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
async def test_a_code_becomes_a_device(served: Region, link: Link, tmp_path: Path, algorithm: Any) -> None:
    pins = await take(await place(served), tmp_path, link, algorithm=algorithm)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    assert one.pins == pins
    assert pins.device == f"{pins.node}:edge:{pins.name}"
    assert stat.S_IMODE((tmp_path / "keys" / "device.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert isinstance(one.key, Ed25519PrivateKey) == (algorithm == "Ed25519")
    assert "PRIVATE" not in repr(one) and one.kid.hex() in repr(one)
    leaf = certificate.read(tmp_path)
    assert leaf is not None
    issued, ends = begins(leaf) + BACKDATED, x509.ends(leaf)
    assert due(issued, ends) < pins.renew, "the node would give the same one again"
    assert pins.renew == certificate.due(leaf) <= ends - (ends - issued) // 5


async def test_the_document_of_the_device_holds_its_key(served: Region, link: Link, tmp_path: Path) -> None:
    pins = await take(await place(served), tmp_path, link)
    answer = await link.get(f"{served.url}/edge/{pins.name}/did.json", private=True)
    document = json.loads(answer.body)
    [method] = document["verificationMethod"]
    key = identity.load(tmp_path, draw=secrets.token_bytes).key.public_key()
    assert document["id"] == pins.device
    assert method["publicKeyJwk"]["x"]
    assert cose.kid_of(key) in welcome.keys_of([method["publicKeyJwk"]])


async def test_a_directory_has_one_place(served: Region, link: Link, tmp_path: Path) -> None:
    await take(await place(served), tmp_path, link)
    assert (await code(take(await place(served), tmp_path, link)))[0] == "enrol.exists"


async def test_who_breaks_off_begins_again_with_the_same_key(
    served: Region, link: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the certificate and the welcome: the code is used, and good for this key alone."""
    one = await place(served)

    async def killed(*given: Any, **named: Any) -> None:
        raise EnrolmentError("enrol.welcome", why="killed")

    with monkeypatch.context() as patch:
        patch.setattr(enrol, "ask_welcome", killed)
        assert await code(take(one, tmp_path, link)) == ("enrol.welcome", "killed")
    assert identity.read_pins(tmp_path) is None
    key = (tmp_path / "keys" / "device.key").read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    assert await code(take(one, other, link)) == ("enrol.invitation", "invite.used")
    await take(one, tmp_path, link)
    assert (tmp_path / "keys" / "device.key").read_bytes() == key


async def test_a_credential_of_the_service_manager_goes_first(
    served: Region, link: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, own = tmp_path / "credentials", tmp_path / "device"
    given.mkdir()
    own.mkdir()
    identity.make_key(given, "P-256")
    (given / "keys" / "device.key").rename(given / "device.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    await take(await place(served), own, link)
    assert not (own / "keys" / "device.key").exists()
    assert identity.load(own, draw=secrets.token_bytes, credentials=identity.credentials_directory()).device
    with pytest.raises(EnrolmentError, match=r"enrol\.none"):
        identity.load(own, draw=secrets.token_bytes)


@pytest.mark.parametrize("clock", [1_000_000, 10**15])
async def test_a_clock_that_was_never_set_takes_a_place(served: Region, link: Link, tmp_path: Path, clock: int) -> None:
    assert (await take(await place(served), tmp_path, link, now=clock)).at > 10**15


@pytest.mark.parametrize(
    ("typed", "want"),
    [
        ("", ("enrol.place", "")),
        ("7K3QX", ("enrol.place", "")),
        ("7K3QX@", ("enrol.place", "")),
        ("7K3QX@https://user@city.example", ("enrol.place", "")),
        ("7K3QX@ftp://city.example", ("enrol.place", "")),
        ("7K3QX@city.example", ("enrol.code", "length")),
        ("!@city.example", ("enrol.code", "character")),
        (f"{ROOT_CODE[:-1]}1@city.example", ("enrol.code", "check")),
    ],
)
async def test_what_nobody_means(typed: str, want: tuple[str, str]) -> None:
    with pytest.raises(EnrolmentError) as caught:
        read_place(typed)
    assert (caught.value.code, caught.value.params.get("why", "")) == want


async def test_a_place_is_read_as_people_type_it() -> None:
    found = read_place(f" {ROOT_CODE.lower().replace('-', ' ')}@Daten.Stadt.example/ \n")
    assert (found.url, found.node) == ("https://daten.stadt.example", "did:web:daten.stadt.example")


class Listening(Link):
    """A link that remembers what was sent."""

    sent: list[str]

    async def post(self, url: str, body: bytes, **given: Any) -> Answer:
        self.sent.append(url)
        return await super().post(url, body, **given)


@pytest.mark.parametrize("case", ["another region", "another address"])
async def test_nothing_is_sent_to_who_is_not_meant(served: Region, tmp_path: Path, case: str) -> None:
    """A root is public: whoever shows it at another address, with a certificate that is believed there, proves nothing.
    The node serves 127.0.0.1 too, as somebody would who hands everything on to it."""
    listening = Listening(context=served.context, meter=Unlimited())
    listening.sent = []
    elsewhere = served.url.replace("localhost", "127.0.0.1")
    typed = f"{ROOT_CODE}@{served.url}" if case == "another region" else f"{await served.code()}@{elsewhere}"
    assert (await code(take(read_place(typed), tmp_path, listening)))[0] == "enrol.region"
    assert (listening.sent, list(tmp_path.iterdir())) == ([], [])
    await listening.close()


async def test_a_code_that_is_unknown(served: Region, link: Link, tmp_path: Path) -> None:
    good = await place(served)
    made = "0" * 16 + good.code.text.replace("-", "")[16:]
    text = next(c for tail in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if (c := _read(made[:-1] + tail)))
    wrong = read_place(f"{text}@{served.url}")
    assert await code(take(wrong, tmp_path, link)) == ("enrol.invitation", "invite.unknown")


def _read(text: str) -> str:
    try:
        return codes.read(text).text
    except codes.CodeError:
        return ""


@pytest.mark.parametrize(
    ("answers", "want"),
    [
        ({"region": said(b"", 404)}, ("enrol.keeper", "")),
        ({"region": said(b"", 401)}, ("enrol.keeper", "")),
        ({"region": said(b"", 503)}, ("enrol.refused", "")),
        ({"region": said(b"{}")}, ("enrol.region", "")),
        ({"region": said(b"[" * 5_000)}, ("enrol.region", "")),
        ({"did.json": said(b"{}")}, ("enrol.region", "")),
        ({"cacerts": said(b"<html>")}, ("enrol.answer", "")),
        ({"cacerts": said(b"", 404)}, ("enrol.refused", "")),
        ({"simpleenroll": said(b"x")}, ("enrol.answer", "")),
        ({"simpleenroll": said(b'{"code": "a.b"}', 403)}, ("enrol.refused", "a.b")),
        ({"simpleenroll": said(b'{"code": "\\u001b[2J"}', 403)}, ("enrol.refused", "")),
        ({"simpleenroll": said(b"[[[[", 500)}, ("enrol.refused", "")),
        ({"welcome": said(b"")}, ("enrol.welcome", "welcome.form")),
        ({"welcome": said(b"", 503)}, ("enrol.refused", "")),
    ],
)
async def test_answers_that_are_none(
    served: Region, link: Link, tmp_path: Path, answers: dict[str, Answer], want: tuple[str, str]
) -> None:
    one = await place(served)
    scripted: Any = Scripted(link, **answers)
    assert await code(take(one, tmp_path, scripted)) == want
    assert identity.read_pins(tmp_path) is None


async def test_a_certificate_for_another_key(served: Region, link: Link, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    await take(await place(served), tmp_path / "one", link)
    leaf = certificate.read(tmp_path / "one")
    assert leaf is not None
    scripted: Any = Scripted(link, simpleenroll=said(est.certs_only([leaf])))
    assert await code(take(await place(served), tmp_path / "two", scripted)) == ("enrol.certificate", "key")


@pytest.mark.parametrize(
    ("file", "content", "mode"),
    [
        ("node.json", b"{}", 0o644),
        ("node.json", b"{", 0o644),
        ("keys/device.key", b"no key", 0o600),
        ("keys/device.key", None, 0o644),
        ("keys/device.crt", b"no certificate", 0o644),
    ],
)
async def test_files_that_cannot_be_used(
    served: Region, link: Link, tmp_path: Path, file: str, content: bytes | None, mode: int
) -> None:
    await take(await place(served), tmp_path, link)
    path = tmp_path / file
    if content is not None:
        path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(EnrolmentError, match=r"enrol\.files") as caught:
        identity.load(tmp_path, draw=secrets.token_bytes)
        certificate.read(tmp_path)
    assert str(tmp_path) not in str(caught.value.params), "names of files, no paths"
