"""The manifest of a catalogue, signed by the node that has it, and the feed of its entries: what goes over the wire.

What lives here: both forms, made and read, and the digests in them. What does not: who is shown what
(`connector.services.listings`), whom to ask when (`plan`), what a dataset says (`reading`). An extension of ours beside
the Catalog Protocol of the Dataspace Protocol 2025-1. A node that speaks it names it in its DID document, with a
service of the type `AllmendeCatalog`; below that endpoint are, authenticated as in the protocol:

    GET  /manifest                       200 the manifest, a compact JWS, with an ETag; 304 (If-None-Match) and no body
    GET  /entries?after=SEQUENCE&limit=  200 the next changes, in the order of their sequence
    POST /hint                           204; the caller's own catalogue has changed: ask it soon

So a reader that knows all asks once and hears 304; after a change it asks twice. What it has afterwards it compares
with `count` and `root`. Where they differ it reads everything anew, from `after=0`; where they differ then, the
participant has signed what it does not show.

Manifest, payload: `iss` whose catalogue, `aud` who has asked (what is shown depends on it), `iat` (RFC 7519, seconds),
`sequence` of the last change, `count` of datasets, `root`: SHA-256 in hex over a line `id LF digest LF` for each
dataset, in the order of the ids' code points. Header: `alg` (EdDSA or ES256), `kid` (`DID#key`), `typ`.

Entries: `{"sequence": n, "more": bool, "entries": [...]}`. After the last entry the reader has come to `sequence`, and
while `more` holds it goes on behind it. An entry is `{"id", "sequence", "digest", "dataset"}`, the dataset as in the
Catalog Protocol without `@context`, or `{"id", "sequence", "gone": true}`. An id occurs once at most in all that
follows `after`.

A digest is SHA-256 in hex over the canonical form (RFC 8785) of the dataset without its `@context`: it is the same
whichever way the dataset was had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
import rfc8785
from msgspec import Meta, Raw, Struct

from certs import jws
from certs.jwk import PublicKey
from certs.jws import Jws, JwsError, PrivateKey

SERVICE: Final = "AllmendeCatalog"
"""The type of the DID document's service."""
TYPE: Final = "allmende-catalog+jwt"
MEDIA: Final = "application/jwt"
LARGEST: Final = 4_096
"""Characters of a manifest; larger ones are not looked at."""
MOST_ENTRIES: Final = 1_000
"""Entries of one answer."""
SECOND: Final = 1_000_000
EARLY: Final = 60
"""Seconds that the other's clock may be ahead."""

_HEADER: Final = frozenset({"alg", "kid", "typ"})
_AWKWARD: Final = re.compile(rb"[\xf0-\xf4]|[0-9]{16}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

Name = Annotated[str, Meta(min_length=1, max_length=2048)]
Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Sequence = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]


class ManifestError(Exception):
    """A manifest, feed or dataset that cannot be used. `code` is `form`, `key`, `signature`, `issuer`, `audience`,
    `early` or `number`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# --- digests ----------------------------------------------------------------------------------------------------------


def digest(dataset: bytes) -> str:
    """The digest of a dataset, from its JSON. Raises `ManifestError`: `form` where it is no object, `number` where it
    has no canonical form (RFC 8785, 3.2.2.3; RFC 7493, 2.2)."""
    found, floats = _read(dataset)
    found.pop("@context", None)
    plain = msgspec.json.encode(found, order="sorted")
    # Ours and most of others': no number that is not a small integer, no character outside the basic plane. There the
    # encoder that is written in C does what RFC 8785 wants.
    if floats or _AWKWARD.search(plain):
        plain = _canonical(found)
    return sha256(plain).hexdigest()


def root(lines: Iterable[tuple[str, str]]) -> str:
    """The root over ids and digests in the order of the ids."""
    return sha256("".join(f"{id}\n{digest}\n" for id, digest in lines).encode()).hexdigest()


def _read(dataset: bytes) -> tuple[dict[str, Any], list[str]]:
    floats: list[str] = []

    def noted(text: str) -> float:
        floats.append(text)
        return float(text)

    try:
        return msgspec.json.Decoder(dict[str, Any], float_hook=noted).decode(dataset), floats
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ManifestError("form") from None


def _canonical(document: dict[str, Any]) -> bytes:
    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError):
        raise ManifestError("number") from None


# --- the manifest -----------------------------------------------------------------------------------------------------


class Manifest(Struct, frozen=True, kw_only=True):
    """What a manifest says."""

    iss: Name
    aud: Name
    iat: Sequence
    sequence: Sequence
    count: Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
    root: Hex

    def fits(self, digests: Mapping[str, str]) -> bool:
        """Is this all that the participant shows, by id, with the digests that it has signed?"""
        return len(digests) == self.count and root(sorted(digests.items())) == self.root


class Received(Struct, frozen=True):
    """A manifest whose signature nobody has looked at yet."""

    manifest: Manifest
    jws: Jws

    @property
    def kid(self) -> str:
        """The id of the key that it says it is signed with."""
        return self.jws.kid or ""


def sign(manifest: Manifest, key: PrivateKey, kid: str) -> str:
    """The manifest as it is served."""
    return jws.sign(key, {"kid": kid, "typ": TYPE}, msgspec.json.encode(manifest))


def read(token: bytes) -> Received:
    """A manifest as it came. Raises `ManifestError` `form`."""
    try:
        found = jws.read(token.decode("ascii"), limit=LARGEST, allowed=_HEADER)
        manifest = msgspec.json.decode(found.payload, type=Manifest)
    except (JwsError, msgspec.MsgspecError, ValueError, RecursionError):
        raise ManifestError("form") from None
    if found.header.get("typ") != TYPE:
        raise ManifestError("form")
    return Received(manifest, found)


def check(received: Received, key: PublicKey | None, *, issuer: str, audience: str, now: int) -> Manifest:
    """The manifest, where it is `issuer`'s, made for `audience`, before `now` (microseconds UTC; clocks may differ),
    and signed with `key`, which the issuer's DID document holds under `kid` (None where it does not).

    Raises `ManifestError`: `issuer`, `audience`, `early`, `key`, `signature`.
    """
    found = received.manifest
    if found.iss != issuer:
        raise ManifestError("issuer")
    if found.aud != audience:
        raise ManifestError("audience")
    if found.iat > now // SECOND + EARLY:
        raise ManifestError("early")
    if key is None or not received.kid.startswith(f"{issuer}#"):
        raise ManifestError("key")
    try:
        jws.verify(received.jws, key)
    except JwsError:
        raise ManifestError("signature") from None
    return found


# --- the feed ---------------------------------------------------------------------------------------------------------


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dataset as it stands now; `dataset` is its JSON, empty where it is `gone`."""

    id: Name
    sequence: Sequence
    digest: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    gone: bool = False
    dataset: Raw = Raw(b"")


class Entries(Struct, frozen=True, kw_only=True):
    """One answer of the feed."""

    sequence: Sequence
    more: bool
    entries: Annotated[tuple[Listed, ...], Meta(max_length=MOST_ENTRIES)]


def read_entries(body: bytes, after: int) -> Entries:
    """An answer as it came, to a request for what follows `after`. The digests are those that the other side has told:
    whether a dataset has its one is `digest`'s to say.

    Raises `ManifestError` `form`, also where entries are not in order, an id comes twice, an entry has neither dataset
    nor says that it is gone, or the feed does not move on.
    """
    try:
        found = msgspec.json.decode(body, type=Entries)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ManifestError("form") from None
    last, ids = after, set()
    for one in found.entries:
        if one.sequence <= last or one.id in ids or _CONTROL.search(one.id) or not _whole(one):
            raise ManifestError("form")
        last = one.sequence
        ids.add(one.id)
    if found.sequence < last or (found.more and found.sequence <= after):
        raise ManifestError("form")
    return found


def _whole(one: Listed) -> bool:
    """Is it gone, or there with its digest?"""
    dataset = bytes(one.dataset)
    return not (one.digest or dataset) if one.gone else bool(one.digest and dataset)


def write_entries(entries: Entries) -> bytes:
    """An answer as it is served."""
    return msgspec.json.encode(entries)
