"""A device's certificate and its node's keys: asking for them, renewing them, and what is believed of the answers.

What lives here: requests of EST (RFC 7030) and for the welcome. What does not: the first ones, with a code (`joining`),
files (`identity`), connections (`link`), the node's side (`connector.http.est`, `connector.http.edge`).

INVARIANT: nothing is believed that does not lead to the region's root.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from msgspec import Struct
from msgspec.structs import replace

from certs import enrol, jwk, welcome
from certs.authority import DEVICES_USE
from certs.cose import Private
from certs.enrol import EnrolError
from certs.welcome import Welcome, WelcomeError
from certs.x509 import CertificateError, Chain, Purpose, begins, check_authority, is_for, members, path
from certs.x509 import read as read_pem
from edge_node.errors import EnrolmentError
from edge_node.network.link import Answer, Link
from edge_node.place import certificate, identity
from edge_node.place.identity import Draw, Identity, Pins

EST: Final = "/.well-known/est"
_WELCOME: Final = "/edge/welcome"
_MOST: Final = 65_536


async def renew(one: Identity, directory: Path, link: Link, *, now: int, draw: Draw) -> Identity:
    """The device with a new certificate, and with the keys that its node has by now; its own key stays, since others
    know it. Raises as `take_place`; then all stays as it was."""
    [root] = read_pem(one.pins.root.encode())
    others = await authorities(link, one.pins.url)
    url = one.at(f"{EST}/device/simplereenroll")
    chain, _ = await certified(link, url, one.key, one.authorization(now), (root, others), now)
    if own_name(chain.leaf, one.node) != one.device:
        raise EnrolmentError("enrol.certificate", why="name")
    pins = await _pins(one, link, others, now)
    certificate.write(directory, chain.leaf)
    return _pinned(one, replace(pins, renew=certificate.due(chain.leaf)), directory, draw)


async def repin(one: Identity, directory: Path, link: Link, *, now: int, draw: Draw) -> Identity:
    """The device with the keys that its node has by now: for when what it tells is signed by one that is not known.
    Raises as `take_place`; then all stays as it was.

    An authority for devices signs the welcome, which the pinned root has certified; it need not be the one of the
    device's own certificate.
    """
    return _pinned(one, await _pins(one, link, await authorities(link, one.pins.url), now), directory, draw)


async def _pins(one: Identity, link: Link, known: Sequence[x509.Certificate], now: int) -> Pins:
    """What is to be pinned, by the node's welcome."""
    [root] = read_pem(one.pins.root.encode())
    trusted = [authority for authority in known if _is_for_devices(authority, root, now)]
    said = read_welcome(await ask_welcome(link, one.pins.url, one.authorization(now)), trusted)
    check_welcome(said, device=one.device, node=one.node)
    if said.at < one.pins.at:
        raise EnrolmentError("enrol.welcome", why="older")
    return replace(one.pins, keys=said.keys, at=said.at)


def _pinned(one: Identity, pins: Pins, directory: Path, draw: Draw) -> Identity:
    identity.write_pins(directory, pins)
    return Identity(one.key, pins, draw=draw)


# --- what is asked ----------------------------------------------------------------------------------------------------


async def authorities(link: Link, url: str) -> tuple[x509.Certificate, ...]:
    """The region's certificates (RFC 7030, 4.1). Nothing of them is proved."""
    return _certificates(good(await link.get(f"{url}{EST}/cacerts", private=True, most=_MOST)))


async def certified(
    link: Link,
    url: str,
    key: Private,
    authorization: str,
    known: tuple[x509.Certificate, Sequence[x509.Certificate]],
    now: int,
) -> tuple[Chain, int]:
    """A certificate for this key (RFC 7030, 4.2), with its path to the root, and what the node takes for the time: a
    device whose clock was never set tells it that."""
    answer = await link.post(
        url,
        enrol.request(key, "", []),
        media_type="application/pkcs10",
        authorization=authorization,
        private=True,
        most=_MOST,
    )
    leaf, *_ = _certificates(good(answer))
    if not is_for(leaf, jwk.of(key.public_key())):
        raise EnrolmentError("enrol.certificate", why="key")
    root, others = known
    try:
        # A clock that was never set is behind; that the certificate has begun is known from its having come.
        chain = path(leaf, others, roots=[root], now=max(now, begins(leaf)), purpose=Purpose.CLIENT)
    except CertificateError as error:
        raise EnrolmentError("enrol.certificate", why=error.code) from None
    return chain, answer.date


async def ask_welcome(link: Link, url: str, authorization: str) -> bytes:
    return good(await link.get(url + _WELCOME, authorization=authorization, private=True, most=_MOST))


# --- what is believed -------------------------------------------------------------------------------------------------


def good(answer: Answer) -> bytes:
    """The body of a 200. Raises `EnrolmentError`: `enrol.invitation` where the code is not taken, `enrol.refused`."""
    if answer.status != 200:
        why = _code(answer.body)
        code = "enrol.invitation" if why.startswith("invite.") else "enrol.refused"
        raise EnrolmentError(code, status=str(answer.status), why=why)
    return answer.body


class _Problem(Struct, frozen=True):
    """What a node says when it refuses."""

    code: str = ""


def _code(body: bytes) -> str:
    """The code of a refusal, "" where there is none that can be shown."""
    try:
        said = msgspec.json.decode(body, type=_Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return said if len(said) <= 64 and said.isascii() and said.replace(".", "").replace("_", "").isalnum() else ""


def _certificates(body: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return enrol.read_certificates(body)
    except EnrolError:
        raise EnrolmentError("enrol.answer") from None


def own_name(leaf: x509.Certificate, node: str) -> str:
    """What the device is called, which is below its node."""
    try:
        names = members(leaf)
    except CertificateError as error:
        raise EnrolmentError("enrol.certificate", why=error.code) from None
    if len(names) != 1 or not names[0].startswith(f"{node}:"):
        raise EnrolmentError("enrol.certificate", why="name")
    return names[0]


def _is_for_devices(one: x509.Certificate, root: x509.Certificate, now: int) -> bool:
    """Has the root certified this authority, and for devices alone?"""
    try:
        check_authority(one, roots=[root], below=0, now=max(now, begins(one)))
        uses = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (CertificateError, x509.ExtensionNotFound, ValueError):
        return False
    return uses == DEVICES_USE


def read_welcome(message: bytes, authorities: Sequence[x509.Certificate]) -> Welcome:
    try:
        return welcome.read(message, authorities)
    except WelcomeError as error:
        raise EnrolmentError("enrol.welcome", why=error.code) from None


def check_welcome(said: Welcome, *, device: str, node: str) -> None:
    if (said.device, said.node) != (device, node):
        raise EnrolmentError("enrol.welcome", why="name")
