"""Tokens that a device shows its node: claims in CBOR, signed (CWT, RFC 8392).

What lives here: making and reading one, and how it stands in a header field. What does not: whose keys count; that one
is taken only once (the reader keeps `id` until `ends`).

A token has its issuer (the device's DID), its audience (the node's DID), when it was issued, when it ends and an id of
its own, and nothing else. It is a COSE_Sign1 whose protected header says that it is a token, so that nothing else that
a device signs can be shown as one. Instants here are microseconds UTC; in the token they are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from certs import cbor, cose
from certs.cbor import CborError
from certs.cose import CoseError, Private
from certs.jwk import PublicKey
from certs.strict import StrictError, from_base64url, to_base64url

CONTENT: Final = 61
"""`application/cwt` among the content formats of CoAP (RFC 8392, 9.2)."""
LIFE: Final = 300
"""Seconds that a token of ours lives."""
MOST_LIFE: Final = 600
LEEWAY: Final = 60
ID_BYTES: Final = 16
_MOST: Final = 2048
_ISS, _AUD, _EXP, _IAT, _CTI = 1, 3, 4, 6, 7
_SECOND: Final = 1_000_000
_BEARER: Final = "Bearer "


class CwtError(Exception):
    """A token that proves nothing. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Token(Struct, frozen=True):
    """What a token says. Out of `peek` nothing of it is proved."""

    issuer: str
    audience: str
    issued: int
    ends: int
    id: bytes


def make(key: Private, kid: bytes, *, issuer: str, audience: str, now: int, id: bytes, life: int = LIFE) -> bytes:
    """A token from `now` on for `life` seconds; `id` are random bytes that no other one has."""
    issued = now // _SECOND
    claims = {_ISS: issuer, _AUD: audience, _EXP: issued + life, _IAT: issued, _CTI: id}
    return cose.sign(key, kid, cbor.dumps(claims), content=CONTENT)


def peek(token: bytes) -> Token:
    """What a token says, unproved: enough to look up whose keys to verify it with. Raises `CwtError` `cwt.form`."""
    try:
        return _claims(cose.read(token))
    except CoseError:
        raise CwtError("cwt.form") from None


def _claims(found: cose.Sign1) -> Token:
    try:
        claims: Any = cbor.loads(found.payload, most=_MOST, deep=1)
    except CborError:
        raise CwtError("cwt.form") from None
    if found.content != CONTENT or type(claims) is not dict or claims.keys() != {_ISS, _AUD, _EXP, _IAT, _CTI}:
        raise CwtError("cwt.form")
    issuer, audience, id = claims[_ISS], claims[_AUD], claims[_CTI]
    if type(issuer) is not str or type(audience) is not str or type(id) is not bytes or len(id) != ID_BYTES:
        raise CwtError("cwt.form")
    return Token(issuer, audience, _instant(claims[_IAT]), _instant(claims[_EXP]), id)


def _instant(seconds: object) -> int:
    """Microseconds. Raises `CwtError` `cwt.form`: no whole number, or of no calendar (RFC 8392, 2 allows fractions;
    ours have none)."""
    if type(seconds) is not int or not 0 < seconds < 1 << 38:
        raise CwtError("cwt.form")
    return seconds * _SECOND


def verify(token: bytes, keys: Mapping[bytes, PublicKey], *, issuer: str, audience: str, now: int) -> Token:
    """The token, signed by one of the issuer's keys, for this audience, at this time.

    Raises `CwtError`: `cwt.form`, `cwt.signature` (also: a key that is not among them), `cwt.issuer`, `cwt.audience`,
    `cwt.early` (issued in the future), `cwt.late`, `cwt.life` (longer than it may live).
    """
    try:
        found = _claims(cose.verify(token, keys))
    except CoseError as error:
        proved = error.code in ("cose.key", "cose.signature", "cose.algorithm")
        raise CwtError("cwt.signature" if proved else "cwt.form") from None
    if found.issuer != issuer:
        raise CwtError("cwt.issuer")
    if found.audience != audience:
        raise CwtError("cwt.audience")
    _in_time(found, now)
    return found


def _in_time(found: Token, now: int) -> None:
    if not 0 < found.ends - found.issued <= MOST_LIFE * _SECOND:
        raise CwtError("cwt.life")
    if found.issued > now + LEEWAY * _SECOND:
        raise CwtError("cwt.early")
    if found.ends <= now - LEEWAY * _SECOND:
        raise CwtError("cwt.late")


def bearer(token: bytes) -> str:
    """The value of the header field Authorization (RFC 6750, 2.1) for a token."""
    return _BEARER + to_base64url(token).decode()


def from_bearer(value: str) -> bytes:
    """The token in such a value, unread. Raises `CwtError` `cwt.form`."""
    if not value.startswith(_BEARER) or len(value) > 2 * _MOST or not value.isascii():
        raise CwtError("cwt.form")
    try:
        return from_base64url(value[len(_BEARER) :].encode())
    except StrictError:
        raise CwtError("cwt.form") from None
