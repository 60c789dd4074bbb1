"""Signed things made by hand: JWS, message tokens, credentials, presentations, status lists, DID documents.

What lives here: writing them, right or wrong in any part, with `cryptography` alone, so that nothing of the product
judges what it has made itself. What does not: who sends them where (`world`).

Forms: RFC 7515 (compact), DCP 1.0.1 (self-issued ID tokens, both profiles), VC Data Model 1.1 and 2.0, VC-JOSE-COSE,
Bitstring Status List 1.0, StatusList2021.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Json = dict[str, Any]
VC20 = "https://www.w3.org/ns/credentials/v2"
VC11 = "https://www.w3.org/2018/credentials/v1"
SL21 = "https://w3id.org/vc/status-list/2021/v1"
BOTH = ("vc20", "vc11")
LIST_BITS = 131_072


class Drop:
    """A member with this value is left out."""


DROP = Drop()


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_key() -> ec.EllipticCurvePrivateKey:
    """P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any) -> Json:
    """The public JWK."""
    public = key.public_key() if hasattr(key, "public_key") else key
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
    numbers, size = public.public_numbers(), (public.curve.key_size + 7) // 8
    crv = {256: "P-256", 384: "P-384", 521: "P-521"}[public.curve.key_size]
    return {"kty": "EC", "crv": crv, "x": b64(numbers.x.to_bytes(size)), "y": b64(numbers.y.to_bytes(size))}


def signature(key: Key | bytes, signed: bytes) -> bytes:
    """ES256 or ES384 in P1363 form, EdDSA, or HS256 where the key is bytes."""
    if isinstance(key, bytes):
        return hmac.digest(key, signed, hashlib.sha256)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    size = (key.curve.key_size + 7) // 8
    hashed = hashes.SHA256() if size == 32 else hashes.SHA384()
    return b"".join(part.to_bytes(size) for part in decode_dss_signature(key.sign(signed, ec.ECDSA(hashed))))


def algorithm(key: Key | bytes) -> str:
    """What the header of an honest token says."""
    if isinstance(key, bytes):
        return "HS256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    return {256: "ES256", 384: "ES384", 521: "ES512"}[key.curve.key_size]


def jws(key: Key | bytes, header: Json | bytes, payload: Json | bytes) -> str:
    """A compact JWS of exactly these parts."""
    parts = (part if isinstance(part, bytes) else msgspec.json.encode(part) for part in (header, payload))
    signed = ".".join(b64(part) for part in parts)
    return f"{signed}.{b64(signature(key, signed.encode()))}"


def with_(members: Json, **changed: Any) -> Json:
    """Members with some changed, and those dropped whose new value is DROP."""
    return {name: value for name, value in (members | changed).items() if value is not DROP}


# --- self-issued ID tokens --------------------------------------------------------------------------------------------


def claims(issuer: str, audience: str, now: float, **changed: Any) -> Json:
    """Claims of a message token; `token` is the access token for the Credential Service of the sender."""
    made = {"iss": issuer, "sub": issuer, "aud": audience, "iat": int(now), "exp": int(now) + 300}
    return with_({**made, "token": "opaque"}, **changed)


# --- credentials ------------------------------------------------------------------------------------------------------


def stamp(at: float) -> str:
    """An XML Schema dateTimeStamp."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status(url: str, index: Any, *, profile: str = "vc20", purpose: str = "revocation", **changed: Any) -> Json:
    """A `credentialStatus` entry."""
    kind = "BitstringStatusListEntry" if profile == "vc20" else "StatusList2021Entry"
    made = {"id": f"{url}#{index}", "type": kind, "statusPurpose": purpose}
    return with_({**made, "statusListIndex": index, "statusListCredential": url}, **changed)


def body(
    profile: str, *, id: str, issuer: str, kinds: Iterable[str], subject: Json, begins: float, ends: float
) -> Json:
    """A credential without its proof."""
    made: Json = {"@context": [VC20 if profile == "vc20" else VC11], "id": id}
    made |= {"type": ["VerifiableCredential", *kinds], "issuer": issuer, "credentialSubject": subject}
    names = ("validFrom", "validUntil") if profile == "vc20" else ("issuanceDate", "expirationDate")
    return made | dict(zip(names, (stamp(begins), stamp(ends)), strict=True))


def wrapped(profile: str, made: Json) -> Json:
    """The claims of a credential's JWT: itself (VC-JOSE-COSE), or as one among others (VCDM 1.1, 6.3.1)."""
    if profile == "vc20":
        return made
    times = {"nbf": made["issuanceDate"], "exp": made["expirationDate"]}
    seconds = {name: int(datetime.fromisoformat(text).timestamp()) for name, text in times.items()}
    subject = made["credentialSubject"]
    about = subject.get("id") if isinstance(subject, dict) else None
    return {"iss": made["issuer"], "sub": about, "jti": made["id"], **seconds, "vc": made}


def typ(profile: str, what: str) -> Json:
    """The header members that say what a JWT is."""
    return {"typ": f"{what}+jwt", "cty": what} if profile == "vc20" else {"typ": "JWT"}


def presentation(
    profile: str, *, by: str, audience: str, tokens: Iterable[str], now: float, id: str, **changed: Any
) -> Json:
    """The claims of a presentation's JWT; `by` is the holder."""
    if profile == "vc20":
        enveloped = [
            {"@context": [VC20], "id": f"data:application/vc+jwt,{one}", "type": "EnvelopedVerifiableCredential"}
            for one in tokens
        ]
        made: Json = {"@context": [VC20], "id": id, "type": ["VerifiablePresentation"], "holder": by}
        made |= {"verifiableCredential": enveloped}
    else:
        inner: Json = {"@context": [VC11], "id": id, "type": ["VerifiablePresentation"], "holder": by}
        made = {"sub": by, "nbf": int(now), "vp": {**inner, "verifiableCredential": list(tokens)}}
    times = {"iat": int(now), "exp": int(now) + 300, "jti": id}
    return with_({**made, "iss": by, "aud": audience, **times}, **changed)


def bits(marked: Iterable[int] = (), count: int = LIST_BITS) -> bytes:
    """A bit string; index 0 is the left-most bit (Bitstring Status List, 3.1)."""
    made = bytearray(count // 8)
    for index in marked:
        made[index // 8] |= 0x80 >> index % 8
    return bytes(made)


def encoded(raw: bytes, profile: str = "vc20") -> str:
    """GZIP and base64url, with the multibase letter where the profile has it."""
    return ("u" if profile == "vc20" else "") + b64(gzip.compress(raw))


def list_body(
    profile: str, url: str, issuer: str, list_: str, *, begins: float, ends: float, purpose: str = "revocation"
) -> Json:
    """A status list credential without its proof."""
    kind, of = (
        ("BitstringStatusListCredential", "BitstringStatusList")
        if profile == "vc20"
        else ("StatusList2021Credential", "StatusList2021")
    )
    subject = {"id": f"{url}#list", "type": of, "statusPurpose": purpose, "encodedList": list_}
    made = body(profile, id=url, issuer=issuer, kinds=[kind], subject=subject, begins=begins, ends=ends)
    return made if profile == "vc20" else {**made, "@context": [VC11, SL21]}


# --- DID documents ----------------------------------------------------------------------------------------------------


def method(did: str, name: str, key: Json, **changed: Any) -> Json:
    """A verification method."""
    return with_({"id": f"{did}#{name}", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": key}, **changed)


def did_document(did: str, methods: list[Json], services: Mapping[str, str], **changed: Any) -> Json:
    """A document whose every method stands in all three relationships."""
    ids = [one["id"] for one in methods]
    made: Json = {"@context": ["https://www.w3.org/ns/did/v1"], "id": did, "verificationMethod": methods}
    made |= {"authentication": ids, "assertionMethod": ids, "capabilityInvocation": ids}
    listed = [{"id": f"{did}#{kind}", "type": kind, "serviceEndpoint": url} for kind, url in services.items()]
    return with_({**made, "service": listed}, **changed)
