"""Probes: a peer is asked to call this node back, and says which link of the way is broken.

What lives here: asking, answering, how often a peer may ask. What does not: going the way (`Follow`, an adapter), what
else may be wrong (`connector.doctor`). An extension of our own beside the Dataspace Protocol: `POST {public_url}/probe`
with an empty object, answered with `Probed`.

INVARIANT: a caller can have nothing fetched but its own documents at its own pinned address. The request names none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta, Struct

from connector.errors import DeliveryError, TooOftenError, UnknownError
from connector.ports import Caller, Clock, Identity, Peer, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.protocol.paths import join
from connector.records import Entry, Participant
from connector.services.intake import admit
from policies.model import Reason

EVERY = 10.0
"""Seconds between two probes for one peer."""
DEADLINE = 45.0
"""Seconds that an answer may take: the peer waits for time-outs of its own."""
_WHOLE = 35.0
_LONGEST = 600
_BOUNDED = Annotated[str, Meta(max_length=_LONGEST)]


class Follow(Protocol):
    """Goes to a node and names the first broken link (`connector.http.road`)."""

    def __call__(
        self, url: str, who: str, keys: Mapping[str, JsonObject], *, private: bool
    ) -> Awaitable[Reason | None]: ...


class Probed(Struct, frozen=True, kw_only=True):
    """What was found on the way back: a code with parameters, "" where every link holds."""

    code: _BOUNDED = ""
    params: Annotated[Mapping[_BOUNDED, _BOUNDED], Meta(max_length=16)] = {}


class Probes:
    """Asks, and answers. `find` gives a participant by name or DID and raises `UnknownError`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        peer: Peer,
        identity: Identity,
        follow: Follow,
        find: Callable[[str], Awaitable[Participant]],
    ) -> None:
        self._store, self._clock, self._peer, self._identity = store, clock, peer, identity
        self._follow, self._find = follow, find
        self._last: dict[str, float] = {}

    async def answer(self, caller: Caller) -> Probed:
        """Call back a peer that asks for it.

        Raises `TooOftenError`, `UnauthenticatedError` for a token used before, `UnknownError` for a caller that was
        removed meanwhile.
        """
        self._limit(caller.id)

        def act(tx: Transaction) -> Participant | None:
            admit(tx, caller)
            tx.record(Entry(event="probe.asked", actor=caller.id))
            return tx.get(Participant, caller.id)

        who = await self._store.write(act)
        if who is None:
            raise UnknownError("peer.unknown", id=caller.id)
        try:
            async with asyncio.timeout(_WHOLE):
                found = await self._follow(who.url, who.id, who.keys, private=who.private)
        except TimeoutError:
            found = Reason("reach.answer", {"url": who.url, "cause": "peer.timeout"})
        except DeliveryError as error:
            found = error.reason
        return Probed() if found is None else Probed(code=found.code, params=_bounded(found.params))

    async def ask(self, peer: str) -> Reason | None:
        """What `peer` (name or DID) finds when it calls back; None where every link holds.

        Raises `UnknownError`, `DeliveryError` where the peer is not reached, does not know this, or is not understood.
        """
        who = await self._find(peer)
        reply = await self._peer.send(
            "POST",
            join(who.url, "/probe"),
            authorization=await self._identity.token(who.id),
            body=b"{}",
            private=who.private,
            deadline=DEADLINE,
        )
        if reply.status in (404, 405):
            raise DeliveryError("probe.unsupported", peer=who.name)
        if reply.status == 429:
            raise DeliveryError("probe.often", peer=who.name)
        if reply.status != 200:
            raise DeliveryError("peer.refused", status=str(reply.status))
        try:
            found = msgspec.json.decode(reply.body, type=Probed)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise DeliveryError("peer.answer_unclear", problem="probe") from None
        return Reason(found.code, found.params) if found.code else None

    def _limit(self, peer: str) -> None:
        now = self._clock.monotonic()
        due = self._last.get(peer, -EVERY) + EVERY
        if now < due:
            raise TooOftenError("rate.exceeded", seconds=str(max(1, round(due - now + 0.5))))
        self._last = {name: at for name, at in self._last.items() if now - at < EVERY} | {peer: now}


def _bounded(params: Mapping[str, str]) -> dict[str, str]:
    """What the answer has room for."""
    return {name: value[:_LONGEST] for name, value in params.items()}
