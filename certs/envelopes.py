"""Signed tokens that carry a document of the W3C data model: taken apart, and told which generation they are.

What lives here: what holds for credentials and presentations alike, in both generations: the header and its spellings,
where the document stands, times of the token, the key that it names, its signature. What does not: what a document
says (`credentials`, `presentations`), the serialisation itself (`jws`).

Written is the spelling of the W3C (`vc+jwt`, `vp+jwt`); read are the three that are in use. `foreign` says that a
self-description from elsewhere is read: further kinds of keys, and a few header parameters that prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from certs import jws
from certs.jwk import ForeignKey, PublicKey
from certs.jws import Jws, JwsError, PrivateKey
from certs.strict import StrictError, read_object
from certs.vcdm import FOREVER, SECOND, VC11, VC20, CredentialError, Profile

LEEWAY: Final = 60 * SECOND
"""Microseconds that another's clock may be ahead."""

Keys = Mapping[str, PublicKey] | Mapping[str, PublicKey | ForeignKey]
"""A party's keys that may sign what is looked at, by key id."""
Kind = Literal["vc", "vp"]

_SUBJECTS: Final = {"vc": "credential", "vp": "presentation"}
_HEADER = frozenset({"alg", "kid", "typ", "cty"})
_FOREIGN_HEADER = _HEADER | {"iss", "iat", "exp", "x5u"}
_TYPES: Final = {
    kind: tuple(
        prefix + f"{kind}+{spelling}"
        for prefix in ("", "application/")
        for spelling in ("jwt", "ld+json+jwt", "ld+jwt")
    )
    for kind in _SUBJECTS
}
_CONTENTS: Final = {
    kind: tuple(prefix + name for prefix in ("", "application/") for name in (kind, f"{kind}+ld+json", f"{kind}+ld"))
    for kind in _SUBJECTS
}
_WRAPPED_TYPES = frozenset({"JWT", "jwt", "application/jwt"})
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,1024}", re.ASCII)


class Envelope(Struct, frozen=True):
    """A token and the document in it; nothing is proved. `claims` is the payload, `document` what it carries; in Data
    Model 2.0 both are the same. `what` is `credential` or `presentation`, for codes."""

    what: str
    jws: Jws
    claims: Mapping[str, Any]
    document: Mapping[str, Any]
    profile: Profile

    @property
    def wrapped(self) -> bool:
        """Whether the document stands in a claim, as in Data Model 1.1."""
        return self.profile == VC11

    def error(self, detail: str, **params: str) -> CredentialError:
        """A refusal of this kind of token."""
        return CredentialError(f"{self.what}.{detail}", **params)


def seal(
    key: PrivateKey, kid: str, kind: Kind, claims: Mapping[str, Any], document: Mapping[str, Any], profile: Profile
) -> str:
    """A document as a signed token with these claims beside it."""
    if profile == VC20:
        header = {"kid": kid, "typ": f"{kind}+jwt", "cty": kind}
        return jws.sign(key, header, msgspec.json.encode({**document, **claims}))
    return jws.sign(key, {"kid": kid, "typ": "JWT"}, msgspec.json.encode({**claims, kind: document}))


def open(token: str, kind: Kind, limit: int, foreign: bool) -> Envelope:
    """A token of at most `limit` characters and the document in it.

    Raises `CredentialError`, with `credential.` or `presentation.` in front: `.too_large`, `.malformed`, `.header`,
    `.algorithm`, `.kind` (none, or another than it says), `.wrapper` (both generations at once).
    """
    what = _SUBJECTS[kind]
    try:
        found = jws.read(
            token,
            limit=limit,
            allowed=_FOREIGN_HEADER if foreign else _HEADER,
            algorithms=jws.FOREIGN if foreign else jws.OWN,
        )
        claims = read_object(found.payload)
    except JwsError as error:
        raise CredentialError(f"{what}.{error.code}") from error
    except StrictError as error:
        raise CredentialError(f"{what}.malformed") from error
    profile = _profile(found, claims, kind, what)
    document = claims[kind] if profile == VC11 else claims
    if not isinstance(document, dict):
        raise CredentialError(f"{what}.malformed")
    return Envelope(what, found, claims, document, profile)


def _profile(found: Jws, claims: Mapping[str, Any], kind: Kind, what: str) -> Profile:
    """Which generation this is; a token that names no type is known by its content."""
    typ, cty = found.header.get("typ"), found.header.get("cty")
    if kind in claims:
        # VC-JOSE-COSE, 1.1.2.1: a document of Data Model 2.0 stands at the top, never in a claim of the older model.
        if "@context" in claims or typ not in (None, *_WRAPPED_TYPES):
            raise CredentialError(f"{what}.wrapper")
        if cty not in (None, "JWT"):
            raise CredentialError(f"{what}.kind")
        return VC11
    if "vc" in claims or "vp" in claims or "@context" not in claims:
        raise CredentialError(f"{what}.kind")
    if (typ is not None and typ not in _TYPES[kind]) or (cty is not None and cty not in _CONTENTS[kind]):
        raise CredentialError(f"{what}.kind")
    return VC20


def is_did(text: str) -> bool:
    """Whether this has the form of a DID (DID Core 1.0, 3.1)."""
    return _DID.fullmatch(text) is not None


def numeric(envelope: Envelope, name: str) -> int | None:
    """The instant of a NumericDate (RFC 7519, 2) in microseconds UTC, None where it is absent."""
    if name not in envelope.claims:
        return None
    value = envelope.claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value * SECOND <= FOREVER:
        raise envelope.error("date", claim=name)
    return int(value * SECOND)


def header_end(envelope: Envelope) -> int:
    """When the header says that it ends: some issuers of self-descriptions write that there, in milliseconds."""
    value = envelope.jws.header.get("exp", FOREVER // SECOND)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise envelope.error("date", claim="exp")
    seconds = value if value <= FOREVER // SECOND else value // 1000
    return min(seconds * SECOND, FOREVER)


def named_key(envelope: Envelope, party: str) -> str:
    """The id of the key that the header names, which must be one of `party`."""
    kid = envelope.jws.kid
    if kid is None or not kid.startswith(party + "#"):
        raise envelope.error("key", kid=str(kid)[:256])
    return kid


def check_signature(envelope: Envelope, keys: Keys) -> None:
    """Return if the key that is named is one of `keys` and the signature is its; raises `CredentialError` `.key`,
    `.algorithm`, `.signature`."""
    kid = envelope.jws.kid or ""
    key = keys.get(kid)
    if key is None:
        raise envelope.error("key", kid=kid[:256])
    try:
        jws.verify(envelope.jws, key)
    except JwsError as error:
        raise envelope.error(error.code, kid=kid[:256]) from error
