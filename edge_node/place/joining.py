"""Taking a place at a node: a code becomes a certificate, and the node is pinned.

What lives here: what is typed, in which order the node is asked, and whether it is the node that is meant. What does
not: what is asked (`enrol`), files (`identity`), connections (`link`), the node's side (`connector.http.est`).

INVARIANT: nothing is sent, the code least of all, before the node has proved that it keeps the region that the code is
for: the code holds the beginning of the hash of the region's root (`certs.codes`), and a root is public, so that the
proof is that the region has certified who is at this address (`certs.genuine`). From then on the root is pinned. The
key is on disk before it is sent: a device that breaks off begins again with the same key, to which the code is bound.
The agent loads nothing of this.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from certs import codes, did, genuine
from certs.codes import Code, CodeError
from certs.did import DidError
from certs.genuine import Proof, UnprovedError
from certs.x509 import CertificateError, text
from certs.x509 import read as read_pem
from edge_node.errors import EnrolmentError
from edge_node.network.link import Link
from edge_node.place import certificate, enrol, identity
from edge_node.place.identity import Algorithm, Draw, Pins

_ISSUER: Final = "#issuer"
_NO_REGION: Final = (401, 404)
"""What a node that keeps no region answers when it is asked for one, and what others do."""
_MOST: Final = 1 << 20
"""Bytes of a region's document: its members stand in it."""


class Place(Struct, frozen=True):
    """What somebody typed: a code, and the node that it is for."""

    code: Code
    url: str
    node: str


def read_place(text: str) -> Place:
    """`CODE@NODE`, the node as a URL or host name. Raises `EnrolmentError`: `enrol.place`, `enrol.code`."""
    typed, separator, where = text.strip().partition("@")
    if not separator:
        raise EnrolmentError("enrol.place", place="")
    url, node = identity.of_node(where.strip())
    try:
        return Place(codes.read(typed), url, node)
    except CodeError as error:
        raise EnrolmentError("enrol.code", why=error.why) from None


async def take_place(
    place: Place, directory: Path, link: Link, *, now: int, draw: Draw, algorithm: Algorithm = "Ed25519"
) -> Pins:
    """Take the place that a code opens; when this returns, the device has a key, a certificate and a node. A key that
    is there already is used.

    Raises `EnrolmentError`: `enrol.exists` (the directory has a place), `enrol.keeper` (no region is kept there),
    `enrol.region` (the node's region is not the one that the code is for), `enrol.invitation` (the code is not taken),
    `enrol.refused` (with what the node says), `enrol.answer`, `enrol.certificate`,
    `enrol.welcome`, `enrol.files`; `LinkError` as `Link.post`.
    """
    if (known := identity.read_pins(directory)) is not None:
        raise EnrolmentError("enrol.exists", node=known.node, device=known.device)
    root, others = await _region(link, place, now), await enrol.authorities(link, place.url)
    key = identity.read_key(directory, identity.credentials_directory()) or identity.make_key(directory, algorithm)
    basic = "Basic " + b64encode(f":{place.code.text}".encode()).decode()
    url = f"{place.url}{enrol.EST}/device/simpleenroll"
    chain, date = await enrol.certified(link, url, key, basic, (root, others), now)
    device = enrol.own_name(chain.leaf, place.node)
    token = identity.authorization(key, device=device, node=place.node, now=date or now, draw=draw)
    said = enrol.read_welcome(await enrol.ask_welcome(link, place.url, token), chain.certificates[1:2])
    enrol.check_welcome(said, device=device, node=place.node)
    pins = Pins(
        url=place.url,
        node=place.node,
        keys=said.keys,
        root=text([root]),
        device=device,
        name=said.name,
        at=said.at,
        renew=certificate.due(chain.leaf),
    )
    certificate.write(directory, chain.leaf)
    identity.write_pins(directory, pins)
    return pins


# --- is it the node that is meant? ------------------------------------------------------------------------------------


class _Region(Struct, frozen=True):
    """What is used of a region's document (`GET /region`)."""

    did: str
    root: str
    proof: Proof


async def _region(link: Link, place: Place, now: int) -> x509.Certificate:
    """The root of the region that the code is for, which has certified who is at this address. Raises `EnrolmentError`
    `enrol.keeper`, `enrol.region`."""
    answer = await link.get(f"{place.url}/region", private=True, most=_MOST)
    if answer.status in _NO_REGION:
        raise EnrolmentError("enrol.keeper", url=place.url)
    shown = enrol.good(answer)
    document = enrol.good(await link.get(did.document_url(place.url), private=True, most=did.MAX_DOCUMENT))
    try:
        said = msgspec.json.decode(shown, type=_Region)
        root = read_pem(said.root.encode())[0]
        keys = {id: key for id, key in did.read(document, place.node).keys.items() if _ISSUER in id}
        # A device whose clock was never set is behind, and goes by the node's.
        genuine.check(said.proof, place.node, said.root, keys, now=max(now, answer.date))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, CertificateError, DidError, UnprovedError):
        raise EnrolmentError("enrol.region") from None
    if not place.code.names(root.public_bytes(Encoding.DER)):
        raise EnrolmentError("enrol.region")
    return root
