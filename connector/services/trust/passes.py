"""Access tokens for our own Credential Service: whoever we call may look at some of our credentials, once, soon.

What lives here: making and reading them. What does not: message tokens, which carry them as the claim `token` (DCP
1.0.1, Self-Issued ID Tokens), noting that one was used and showing credentials (`presenting`).

A pass is bound to one DID: without that party's own message token around it, it opens nothing. Its form is nobody's
business but ours: a list in JSON and an HMAC-SHA-256 over it, under a key of its own made from the node's grant key.
INVARIANT: nothing is kept for a pass that is given out; what is kept is which one was used.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256

import msgspec
from msgspec import Struct

from certs.strict import StrictError, from_base64url, to_base64url
from connector.errors import UnauthenticatedError
from connector.protocol.dcp import type_scope

SECOND = 1_000_000
LIFE = 600 * SECOND
"""Microseconds that a pass is good for: as long as the message token around it may be accepted."""
LONGEST = 4_096
"""Characters of a pass."""
MEMBERSHIP = "MembershipCredential"
SHOWN = (type_scope(MEMBERSHIP),)
"""What those whom we call may see unless more is said."""


class Pass(Struct, frozen=True, array_like=True):
    """What a pass says: for whom, until when (microseconds UTC), its id, and the scopes that it opens."""

    audience: str
    until: int
    jti: str
    scopes: tuple[str, ...]


class Passes:
    """Makes and reads passes. `key` gives the grant key as it is now: a renewed one ends what was given out."""

    def __init__(self, key: Callable[[], bytes], scopes: tuple[str, ...] = SHOWN) -> None:
        self._key, self._scopes = key, scopes

    def issue(self, audience: str, now: int, jti: str, scopes: tuple[str, ...] | None = None) -> str:
        """A pass for `audience` (a DID); `jti` must never be drawn twice."""
        said = Pass(audience, now + LIFE, jti, self._scopes if scopes is None else scopes)
        body = to_base64url(msgspec.json.encode(said))
        return (body + b"." + to_base64url(self._seal(body))).decode()

    def open(self, text: str, now: int) -> Pass:
        """What a pass of ours says. Raises `UnauthenticatedError`: `pass.missing`, `pass.forged` (also for what is no
        pass at all), `pass.late`."""
        if not text:
            raise UnauthenticatedError("pass.missing")
        if len(text) > LONGEST or not text.isascii():
            raise UnauthenticatedError("pass.forged")
        body, _, seal = text.encode().rpartition(b".")
        if not hmac.compare_digest(to_base64url(self._seal(body)), seal):
            raise UnauthenticatedError("pass.forged")
        try:
            said = msgspec.json.decode(from_base64url(body), type=Pass)
        except (StrictError, msgspec.MsgspecError):
            raise UnauthenticatedError("pass.forged") from None
        if now >= said.until:
            raise UnauthenticatedError("pass.late")
        return said

    def _seal(self, body: bytes) -> bytes:
        own = hmac.digest(self._key(), b"allmende: access to credentials", "sha256")
        return hmac.new(own, body, sha256).digest()
