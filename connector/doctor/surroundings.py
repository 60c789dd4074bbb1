"""The way to the node from outside, and its peers: what can be known only by connecting.

Peers are asked a few at a time; what they answer is judged by what was pinned. A peer that does not answer is its own
trouble, and comes last.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from statistics import median
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from certs import did
from certs.did import DidError
from connector.config import Config
from connector.doctor.trust import PATIENCE, silent
from connector.errors import DeliveryError, NodeError
from connector.http.reflection import Reflection
from connector.http.road import SOON_CODE, Road, same_keys
from connector.ports import Clock, Peer, Reading
from connector.protocol.messages import JsonObject
from connector.records import Participant, Region
from connector.services.proof.heads import Shown, judged
from policies.model import Reason

T = TypeVar("T")
P = TypeVar("P", Participant, Region)
AT_ONCE = 8
MOST = 100
"""Peers that are asked in one examination."""
LARGEST_OFFSET = 30.0
"""Seconds by which clocks may differ; message tokens allow a minute."""

Kept = Callable[[Participant], Awaitable[Shown | None]]
"""The head of ours that a peer keeps (`services.proof.heads`)."""
Read = Callable[[Callable[[Reading], Reason | None]], Awaitable[Reason | None]]


class Visit(Struct, frozen=True, kw_only=True):
    """What one peer showed: its document's keys (None where it was not had, `cause` says why) and its clock, as the
    seconds that ours is ahead."""

    peer: Participant
    keys: Mapping[str, JsonObject] | None = None
    ahead: float | None = None
    cause: str = ""


class Surroundings:
    """Looks around from the running program. `kept` and `reflection` are None where they cannot be had."""

    def __init__(
        self,
        *,
        config: Config,
        peer: Peer,
        clock: Clock,
        road: Road,
        kept: Kept,
        reflection: Reflection | None = None,
    ) -> None:
        self._config, self._peer, self._clock = config, peer, clock
        self._road, self._kept, self._reflection = road, kept, reflection

    # --- the own address ----------------------------------------------------------------------------------------------

    async def own(self, keys: Mapping[str, JsonObject], *, running: bool) -> AsyncIterator[Reason]:
        """The node at its own public address. Where it is stopped, that nobody answers there tells nothing."""
        url = self._config.public_url
        found = await self._road.connect(url, private=True)
        soon = found if found is not None and found.code == SOON_CODE else None
        if soon is None and found is not None:
            if running or found.code not in ("reach.refused", "reach.silent"):
                yield found
            return
        if running:
            found = await self._road.documents(url, did.of_url(url), keys, private=True)
            if found is not None:
                yield found
                return
            async for wrong in self._mirrored():
                yield wrong
        if soon is not None:
            yield soon

    async def _mirrored(self) -> AsyncIterator[Reason]:
        if self._reflection is not None:
            wrong = await self._reflection.look(self._peer, self._config.public_url)
            if wrong is not None:
                yield wrong
        parts = urlsplit(self._config.public_url)
        for path in ("/health", f"{parts.path.rstrip('/')}/health"):
            url = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
            if await self._is_management(url):
                yield Reason("doctor.management_exposed", {"url": url})
                return

    async def _is_management(self, url: str) -> bool:
        """Does the management API's open endpoint answer here?"""
        try:
            reply = await self._peer.send("GET", url, private=True, deadline=PATIENCE)
            return reply.status == 200 and "checks" in msgspec.json.decode(reply.body)
        except (DeliveryError, msgspec.DecodeError, UnicodeDecodeError, TypeError):
            return False

    async def regions(self, believed: Sequence[Region]) -> list[Reason]:
        """Regions that do not answer, beside the one that this node keeps."""
        config = self._config
        others = [one for one in believed if one.id != did.of_url(config.public_url)]
        found = await _few(partial(silent, peer=self._peer, lab=config.lab), others[:MOST])
        return [one for one in found if one is not None]

    # --- peers --------------------------------------------------------------------------------------------------------

    async def visits(self, peers: Sequence[Participant]) -> list[Visit]:
        """Look at every peer's document, a few at a time."""
        return await _few(self._visit, peers[:MOST])

    async def _visit(self, peer: Participant) -> Visit:
        before = self._clock.now()
        try:
            async with asyncio.timeout(2 * PATIENCE):
                reply = await self._peer.send(
                    "GET", did.document_url(peer.url), private=peer.private, deadline=PATIENCE
                )
        except TimeoutError:
            return Visit(peer=peer, cause="peer.timeout")
        except (DeliveryError, DidError) as error:
            cause = error.reason.code if isinstance(error, NodeError) else error.code
            return Visit(peer=peer, cause=cause)
        ahead = _ahead(reply.headers.get("date", ""), before, self._clock.now())
        try:
            keys = did.read(reply.body, peer.id).pinned() if reply.status == 200 else None
        except DidError as error:
            return Visit(peer=peer, ahead=ahead, cause=error.code)
        return Visit(peer=peer, keys=keys, ahead=ahead, cause="" if keys is not None else f"status {reply.status}")

    async def witnesses(
        self,
        peers: Sequence[Participant],
        read: Read,
    ) -> list[tuple[Participant, Reason]]:
        """What peers keep of our log, against the log; and those that do not say."""

        async def ask(peer: Participant) -> tuple[Participant, Reason | None]:
            try:
                async with asyncio.timeout(PATIENCE):
                    kept = await self._kept(peer)
            except (NodeError, TimeoutError) as error:
                cause = error.reason.code if isinstance(error, NodeError) else "peer.timeout"
                return peer, Reason("doctor.witness_silent", {"peer": peer.name, "cause": cause})
            wrong = None if kept is None else await read(partial(judged, peer=peer.name, kept=kept))
            return peer, None if wrong is None else _rolled(wrong)

        return [(peer, wrong) for peer, wrong in await _few(ask, peers[:MOST]) if wrong is not None]


def offset(visits: Sequence[Visit]) -> Reason | None:
    """Does our clock differ from most others'? One peer that is wrong itself does not make it so."""
    told = [one.ahead for one in visits if one.ahead is not None]
    if not told or abs(median(told)) <= LARGEST_OFFSET:
        return None
    return Reason("doctor.clock_off", {"seconds": f"{median(told):+.0f}", "peers": str(len(told))})


def changed(visits: Sequence[Visit]) -> list[Reason]:
    """The peers whose keys are not the pinned ones. A further key beside them is one that is to follow: the node judges
    at the next contact whether a known key vouches for it."""
    return [
        Reason("doctor.peer_keys", {"peer": one.peer.name})
        for one in visits
        if one.keys is not None and not same_keys(_known(one.keys, one.peer), one.peer.keys)
    ]


def _known(keys: Mapping[str, JsonObject], peer: Participant) -> dict[str, JsonObject]:
    """What is shown under the ids that are pinned."""
    return {id: key for id, key in keys.items() if id in peer.keys}


def gone(visits: Sequence[Visit]) -> list[Reason]:
    """The peers that do not show who they are."""
    return [Reason("doctor.peer_gone", _cause(one)) for one in visits if one.cause]


def _cause(visit: Visit) -> dict[str, str]:
    """Why a peer was not reached; a code also in words."""
    told = {"peer": visit.peer.name, "cause": visit.cause}
    if visit.cause in ("status 502", "status 503", "status 504"):
        return {**told, "said": f"peer.status.{visit.cause.replace(' ', '.')}"}
    return {**told, "said": visit.cause} if visit.cause.startswith("peer.") else told


def _rolled(wrong: Reason) -> Reason:
    if wrong.code == "audit.rebuilt":
        return Reason("doctor.rebuilt", wrong.params)
    return Reason("doctor.rolled_back", {"found": "?", **wrong.params})


def _ahead(date: str, before: int, after: int) -> float | None:
    """Seconds that our clock is ahead of a Date field, which has whole seconds; None where it cannot be read."""
    try:
        theirs = parsedate_to_datetime(date).timestamp() + 0.5
    except (ValueError, TypeError):
        return None
    return (before + after) / 2e6 - theirs


async def _few(ask: Callable[[P], Awaitable[T]], those: Sequence[P]) -> list[T]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(each: P) -> T:
        async with turn:
            return await ask(each)

    return list(await asyncio.gather(*map(one, those)))
