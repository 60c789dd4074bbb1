"""Proof that a place is the region whose root it names: a root is public, and whoever shows it proves nothing.

What lives here: making the proof and judging it. What does not: where it stands (`connector.services.region.document`),
which root is meant (`codes`), where the region's keys come from (`did`).

The region's authority for nodes certifies the key with which the region signs credentials, under that key's id (a DID
with the fragment `#issuer…`), and the key signs which region has which root and keys. Members are certified under DIDs
without a fragment, devices under URNs: no member can make a proof, whatever it calls itself. Certificates are made for
one answer and last some days, so that nobody has to be asked whether one was taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta, Struct

from certs import jwk, jws
from certs.authority import BACKDATED, Profile, Wanted
from certs.jwk import JwkError
from certs.jws import JwsError, PrivateKey
from certs.region import RegionKeys, pem, serial
from certs.x509 import CertificateError, Purpose, is_for, members, path, read

TYPE = "allmende-region+jwt"
LIMIT = 8_192
_ALLOWED = frozenset({"alg", "kid", "typ"})


class UnprovedError(Exception):
    """What was shown does not prove it."""


class Proof(Struct, frozen=True, kw_only=True):
    """As it stands in a region's document: what was signed; the certificate of the key, and that of its authority."""

    token: Annotated[str, Meta(max_length=LIMIT)]
    chain: Annotated[tuple[Annotated[str, Meta(max_length=16_384)], ...], Meta(max_length=4)]


class _Claims(Struct, frozen=True, kw_only=True):
    """`root` is the SHA-256 of the root certificate in hex, `keys` the thumbprints of the keys for credentials."""

    did: str
    root: str
    keys: tuple[str, ...]
    at: int


def prove(
    keys: RegionKeys, signer: PrivateKey, kid: str, *, published: Mapping[str, Any], public_url: str, now: int
) -> Proof | None:
    """The proof of the region with these keys; None where its authority has ended. `published` are the keys for
    credentials by their ids, `kid` is the id of the one that signs now."""
    if now >= keys.nodes.ends:
        return None
    wanted = Wanted(
        profile=Profile.SIGNING,
        member=kid,
        name="Region",
        key=signer.public_key(),
        begins=now - BACKDATED,
        ends=now + BACKDATED,
        serial=serial(),
    )
    certificate = keys.nodes.issue(wanted, public_url=public_url)
    claims = _Claims(
        did=kid.partition("#")[0],
        root=_hash(keys.root),
        keys=tuple(sorted(jwk.thumbprint(one) for one in published.values())),
        at=now,
    )
    token = jws.sign(signer, {"kid": kid, "typ": TYPE}, msgspec.json.encode(claims))
    return Proof(token=token, chain=(pem(certificate), pem(keys.nodes.certificate)))


def check(proof: Proof, did: str, root: str, published: Mapping[str, Any], *, now: int) -> None:
    """Return if whoever holds the keys `published` (by their ids, as the document of `did` has them) is the region with
    this root certificate (PEM). Raises `UnprovedError`."""
    try:
        roots, chain = read(root.encode()), [read(one.encode())[0] for one in proof.chain]
        signed = jws.read(proof.token, limit=LIMIT, allowed=_ALLOWED)
        kid = signed.kid or ""
        key = jwk.read(published[kid])
        path(chain[0], chain[1:], roots=roots[:1], now=now, purpose=Purpose.SIGNING)
        certified = kid.startswith(f"{did}#") and members(chain[0]) == (kid,) and is_for(chain[0], key)
        jws.verify(signed, key)
        claims = msgspec.json.decode(signed.payload, type=_Claims)
        thumbprints = {jwk.thumbprint(one) for one in published.values()}
    except (CertificateError, JwsError, JwkError, msgspec.DecodeError, UnicodeDecodeError, LookupError) as error:
        raise UnprovedError from error
    # INVARIANT: certified under the id of this very key; a member's DID is no such id.
    said = (claims.did, claims.root) == (did, _hash(roots[0])) and thumbprints.issubset(claims.keys)
    if not (certified and said and signed.header.get("typ") == TYPE and abs(now - claims.at) <= BACKDATED):
        raise UnprovedError


def _hash(root: x509.Certificate) -> str:
    return sha256(root.public_bytes(Encoding.DER)).hexdigest()
