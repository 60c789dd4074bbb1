"""Tokens for the data of a transfer: made from the grant key, stored nowhere.

What lives here: their form, and which of them still count. What does not: the renewal endpoint (`http.renewal`), the
decision on an access (`data.gate`), renewing what a peer gave us (`data.consuming.renewing`).
Source: Data Plane Signaling Profiles, Token Renewal; RFC 6749, section 6.

Three kinds: a lasting token, which is good as long as its transfer runs (`HttpData-PULL`); access and refresh tokens
of a generation, of which the access token ends by itself; and the token of an inbox, by which a provider delivers.

A generation is (start, renewal): `start` grows with each data address that is handed out for a transfer, `renewal` with
each renewal since. INVARIANT: a generation, its access and its refresh token, dies only when a later one is used; until
then a repeated renewal gives the same pair again, so an answer that is lost costs nothing.

Whoever runs data flows that another control plane starts needs no record of ours but `TokenUse`, whose id is whatever
`pid` it chooses: `Tokens.pair(pid, Generation(start), expires)` when the flow starts (the next higher `start` when it
is resumed with another address), `Tokens.read` for an access, `note` in the transaction that permits it, and `renew` in
the one that answers a renewal. That the refresh token is bound to its consumer is the caller's to check.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

import msgspec
from msgspec import Struct

from connector.errors import RefusedError, UnauthenticatedError
from connector.ports import Clock, Reading, Transaction
from connector.records import TokenUse

SECOND = 1_000_000
LIFE = 3600.0
"""Seconds that an access token lives."""
_LASTING, _MADE = b"allmende data access\0", b"allmende data token\0"
_LONGEST = 256


class Generation(Struct, frozen=True, order=True):
    """Which tokens of a transfer; a later one is greater."""

    start: int
    renewal: int = 0


class Pair(Struct, frozen=True):
    """What a consumer gets: an access token that ends at `expires` (microseconds UTC), and what renews it."""

    access: str
    refresh: str
    expires: int


class Tokens:
    """Makes and reads tokens; whoever has `key` can make them. `life` is in seconds."""

    def __init__(self, key: bytes, clock: Clock, life: float = LIFE) -> None:
        self._key, self._clock, self.life = key, clock, life

    def rekey(self, key: bytes) -> None:
        """Make and take tokens with another key from now on; those that are out prove nothing any more."""
        self._key = key

    def ending(self) -> int:
        """When an access token ends that is made now; whole seconds."""
        return (self._clock.now() // SECOND + max(1, round(self.life))) * SECOND

    def lasting(self, pid: str) -> str:
        """The token that is good as long as the transfer runs."""
        return _text(hmac.digest(self._key, _LASTING + pid.encode(), "sha256"))

    def inbox(self, pid: str) -> str:
        """The token by which the provider of a transfer delivers to us."""
        return self._mac("inbox", pid)

    def access(self, pid: str, generation: Generation, expires: int) -> str:
        """The access token of a generation."""
        said = f"{generation.start}.{generation.renewal}.{expires // SECOND}"
        return f"{said}.{self._mac(f'access.{said}', pid)}"

    def refresh(self, pid: str, generation: Generation) -> str:
        """The refresh token of a generation; it has no end of its own."""
        said = f"{generation.start}.{generation.renewal}"
        return f"{said}.{self._mac(f'refresh.{said}', pid)}"

    def pair(self, pid: str, generation: Generation, expires: int) -> Pair:
        """Both of them."""
        return Pair(self.access(pid, generation, expires), self.refresh(pid, generation), expires)

    def read(self, token: str, pid: str) -> Generation:
        """The generation of an access token that is good by itself; whether it still counts is `note`'s to say.

        Raises `UnauthenticatedError`: `token.unknown`, `token.expired`. Compared in constant time.
        """
        generation, expires = self.generation(token, pid)
        if self._clock.now() >= expires:
            raise UnauthenticatedError("token.expired")
        return generation

    def generation(self, token: str, pid: str) -> tuple[Generation, int]:
        """The generation of an access token that was made here, and when it ends. Raises `UnauthenticatedError`
        `token.unknown`."""
        start, renewal, expires = _numbers(token, 3)
        generation, end = Generation(start, renewal), expires * SECOND
        if not _same(token, self.access(pid, generation, end)):
            raise UnauthenticatedError("token.unknown")
        return generation, end

    def refreshing(self, token: str, pid: str) -> Generation:
        """The generation of a refresh token. Raises `UnauthenticatedError` `token.unknown`."""
        start, renewal = _numbers(token, 2)
        generation = Generation(start, renewal)
        if not _same(token, self.refresh(pid, generation)):
            raise UnauthenticatedError("token.unknown")
        return generation

    def _mac(self, what: str, pid: str) -> str:
        return _text(hmac.digest(self._key, _MADE + what.encode() + b"\0" + pid.encode(), "sha256"))


def check(view: Reading, pid: str, generation: Generation) -> None:
    """Return where a generation still counts. Raises `UnauthenticatedError` `token.replaced`."""
    used = view.get(TokenUse, pid)
    if used is not None and generation < Generation(used.start, used.renewal):
        raise UnauthenticatedError("token.replaced")


def note(tx: Transaction, pid: str, generation: Generation) -> None:
    """A generation is used: the earlier ones die. Raises as `check`."""
    used = tx.get(TokenUse, pid)
    now = None if used is None else Generation(used.start, used.renewal)
    if now is None or generation > now:
        tx.put(TokenUse(id=pid, start=generation.start, renewal=generation.renewal))
    elif generation < now:
        raise UnauthenticatedError("token.replaced")


def renew(tx: Transaction, pid: str, generation: Generation, *, now: int, ending: int) -> tuple[Generation, int]:
    """The generation that follows one whose refresh token is used, and when its access token ends: `ending`, or as it
    was said before where this is a repeat. Raises `RefusedError` `token.replaced` where a later one is in use."""
    try:
        note(tx, pid, generation)
    except UnauthenticatedError as error:
        raise RefusedError(error.reason.code) from None
    used = tx.get(TokenUse, pid)
    assert used is not None
    if used.following <= now:
        used = msgspec.structs.replace(used, following=ending)
        tx.put(used)
    return Generation(generation.start, generation.renewal + 1), used.following


def _numbers(token: str, count: int) -> list[int]:
    parts = token.split(".") if len(token) <= _LONGEST else []
    if len(parts) != count + 1 or not all(one.isascii() and one.isdecimal() and len(one) <= 12 for one in parts[:-1]):
        raise UnauthenticatedError("token.unknown")
    return [int(one) for one in parts[:-1]]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
