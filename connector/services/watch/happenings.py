"""What has happened, for people: the audit log read for those entries that somebody should hear of.

What lives here: from entries to happenings with names instead of ids, reading on from where one was, waiting for more.
What does not: which events matter (`events`), telling people (`messenger`).

INVARIANT: a happening holds names of peers, assets and policies, numbers and codes. No operator's name, no free text,
no address of a person goes into it: what may be shown is listed here, everything else is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec
from msgspec import Struct

from connector.ports import Clock, Reading, Store
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Device, Logged, Participant, PublishedOffer, Written
from connector.services.watch import events
from connector.services.watch.events import Importance

PAGE = 256
"""Entries that are read at once."""
MOST_PAGES = 40
LOOK = 0.5
"""Seconds between two looks of somebody who waits."""
SHOWN = (
    "ends",
    "role",
    "state",
    "kept",
    "offered",
    "found",
    "size",
    "generation",
    "held",
    "days",
    "policy",
    "operand",
    "values",
    "frame",
    "kind",
    "kinds",
    "code",
    "title",
    "voucher",
    "pinned",
    "words",
    "names",
    "contracts",
    "member",
    "from",
    "to",
    "device",
    "harvest",
    "series",
    "version",
    "readings",
    "why",
    "search",
)
"""Parameters of entries that may be shown as they are: numbers, codes, names of things."""
_LONGEST = 80


class Happening(Struct, frozen=True, kw_only=True):
    """Something that people should hear of. `code` names its sentence; `params` are `peer`, `asset` and what `SHOWN`
    lets through."""

    index: int
    at: int
    event: str
    importance: Importance
    code: str
    params: Mapping[str, str]


class Found(Struct, frozen=True):
    """Happenings in the order of the log, and the last entry that was looked at."""

    happenings: tuple[Happening, ...]
    index: int


class Happenings:
    """Reads the log for people."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def end(self) -> int:
        """The index of the newest entry, -1 while there is none."""
        head = await self._store.read(lambda view: view.head())
        return -1 if head is None else head.size - 1

    async def read(self, after: int, *, least: Importance = Importance.NOTE, limit: int = PAGE) -> Found:
        """What has happened behind the entry `after`, of at least this importance: up to `limit`, of a bounded part of
        the log. Where `index` has moved there may be more behind it.
        """
        found: list[Happening] = []
        for _ in range(MOST_PAGES):
            page, after, full = await self._store.read(
                partial(_page, after=after, least=least, limit=limit - len(found))
            )
            found += page
            if not full or len(found) >= limit:
                break
        return Found(tuple(found), after)

    async def follow(self, after: int, *, least: Importance, limit: int, wait: float) -> Found:
        """As `read`, but where there is nothing yet, as soon as there is, or after `wait` seconds."""
        deadline = self._clock.monotonic() + wait
        while True:
            found = await self.read(after, least=least, limit=limit)
            left = deadline - self._clock.monotonic()
            if found.happenings or left <= 0:
                return found
            after = found.index
            await self._clock.sleep(min(LOOK, left))


def _page(view: Reading, after: int, least: Importance, limit: int) -> tuple[list[Happening], int, bool]:
    """Happenings of one page, its last entry, and whether it was full."""
    found: list[Happening] = []
    entries = view.log(after=after, limit=PAGE)
    for one in entries:
        if len(found) == limit:
            return found, after, True
        happening = _happening(view, one)
        if happening is not None and events.RANKS.index(happening.importance) >= events.RANKS.index(least):
            found.append(happening)
        after = one.index
    return found, after, len(entries) == PAGE


def _happening(view: Reading, one: Logged) -> Happening | None:
    try:
        said = msgspec.json.decode(one.body, type=Written)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    judged = events.judged(said.event)
    if judged is None:
        return None
    importance, code = judged
    return Happening(
        index=one.index, at=one.at, event=said.event, importance=importance, code=code, params=_params(view, said)
    )


def _params(view: Reading, said: Written) -> dict[str, str]:
    """Names for what the entry is about, and the parameters that may be shown."""
    shown = {name: said.params[name][:_LONGEST] for name in SHOWN if name in said.params}
    if "device" in said.params and (device := view.get(Device, said.params["device"])) is not None:
        shown["device"] = device.name
    peer, dataset = _about(view, said)
    if peer:
        known = view.get(Participant, peer)
        shown["peer"] = known.name if known is not None else said.params.get("name", peer)[:_LONGEST]
    if dataset:
        asset = view.get(Asset, dataset)
        shown["asset"] = asset.name if asset is not None else dataset.rstrip("/").rpartition("/")[2][:_LONGEST]
    return {name: _line(value) for name, value in shown.items()}


def _line(text: str) -> str:
    """One line of visible letters: a peer chooses some of these texts, and they go into mails and terminals."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _about(view: Reading, said: Written) -> tuple[str, str]:
    """The DID of the peer and the dataset that an entry is about, each "" where it is about none."""
    params = said.params
    actor = said.actor if said.actor.startswith("did:") else ""
    peer, dataset = params.get("peer", actor), params.get("dataset") or params.get("asset", "")
    if (process := params.get("process") or params.get("transfer")) is not None:
        found = view.get(Negotiation, process) or view.get(Transfer, process)
        if found is not None:
            peer, dataset = found.peer, dataset or found.dataset
    if (id := params.get("agreement") or params.get("contract") or params.get("about")) is not None:
        agreement = view.get(Agreement, id)
        if agreement is not None:
            peer, dataset = agreement.peer, dataset or agreement.dataset
    if "offer" in params and not dataset:
        offer = view.get(PublishedOffer, params["offer"])
        dataset = "" if offer is None else offer.asset
    return peer, dataset
