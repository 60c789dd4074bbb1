"""What the node remembers: its database, who it has been, the time, what waits to be sent.

Each function takes a consistent view, of a running node's store or of a database that is only looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from certs import checkpoint, did
from certs.checkpoint import CheckpointError
from connector.config import Config, is_loopback
from connector.pages import every
from connector.ports import Reading
from connector.records import Asset, Device, Outgoing, Participant
from policies import instants
from policies.model import Reason

LATEST = 5
"""Seconds by which the clock may be behind the log's last entry."""
STUCK = 3_600
"""Seconds after which a message that waits is worth a word."""
MOST = 10
HOUR = 3_600 * 1_000_000
SILENT = 24 * HOUR
"""Microseconds after which a device that is not heard of is worth a word."""
FEW_HOURS = 48.0
"""Room for so many hours in a device's buffer, or less, is worth a word."""

Check = Callable[[str, Mapping[str, Any]], Sequence[str]]
"""What is wrong with an asset's kind and settings, in plain sentences (`connector.data.sources`)."""


def identity(view: Reading, config: Config) -> Iterator[Reason]:
    """Is the node still who it was when its log began? Contracts name that one."""
    head, now = view.head(), did.of_url(config.public_url)
    if head is not None and checkpoint.generation(head.id, now) is None:  # a restore begins another generation
        yield Reason("node.identity", {"was": head.id, "now": now})


def signature(view: Reading, config: Config, publics: Sequence[bytes]) -> Iterator[Reason]:
    """Is the newest head signed by a key that is or was there? Keys and database belong together."""
    head = view.head()
    if head is None:
        return
    try:
        checkpoint.opened_any(head.note, did.of_url(config.public_url), publics, checkpoint.ed25519)
    except CheckpointError as error:
        yield Reason("audit.signature", {"cause": error.code})


def clock(view: Reading, now: int) -> Iterator[Reason]:
    """Has the clock been set back? The log ends with the latest instant that it has shown."""
    head = view.head()
    last = view.log(after=head.size - 2, limit=1) if head is not None else []
    if last and (ahead := (last[0].at - now) // 1_000_000) > LATEST:
        yield Reason("doctor.clock_back", {"seconds": str(ahead), "last": instants.stamp(last[0].at)})


def lab(view: Reading, config: Config) -> Iterator[Reason]:
    """Does a laboratory node deal with peers that are none?"""
    if not config.lab:
        return
    for peer in participants(view):
        if not is_loopback(urlsplit(peer.url).hostname or ""):
            yield Reason("doctor.lab", {"url": config.public_url, "peer": peer.name})
            return


def sources(shared: Sequence[Asset], check: Check) -> Iterator[Reason]:
    """Can what is shared be served? One finding an asset, `MOST` at most. Asks the silos: not for the event loop."""
    found = 0
    for asset in shared:
        if (problems := check(asset.kind, asset.settings)) and found < MOST:
            found += 1
            yield Reason("doctor.source", {"asset": asset.name, "problem": problems[0]})


def assets(view: Reading) -> list[Asset]:
    """Everything that is shared."""
    return list(every(view, Asset))


def devices(view: Reading, now: int) -> Iterator[Reason]:
    """Devices that are not heard of, and those that say that they have lost readings or are not well."""
    for one in every(view, Device):
        if one.retired is not None:
            continue
        if now - max(one.seen, one.joined) > SILENT:
            hours = str((now - max(one.seen, one.joined)) // HOUR)
            yield Reason("doctor.device_silent", {"name": one.name, "hours": hours})
        said = one.status
        if lost := sum(said[name] for name in ("forgotten", "damaged") if isinstance(said.get(name), int)):
            yield Reason("doctor.device_lost", {"name": one.name, "lost": str(lost)})
        left = said.get("hours_left")
        if isinstance(left, float | int) and left < FEW_HOURS:
            yield Reason("doctor.device_room", {"name": one.name, "hours": f"{left:.1f}"})
        if said.get("health") == "unwell":
            troubles = said.get("troubles")
            all_ = troubles if isinstance(troubles, list) else []
            named = sorted(str(one.get("where", "")) for one in all_ if isinstance(one, Mapping))[:MOST]
            yield Reason("doctor.device_unwell", {"name": one.name, "troubles": ", ".join(named)[:200] or "-"})


def outbox(view: Reading, now: int) -> Iterator[Reason]:
    """Are there messages that have been waiting for long? One finding a peer."""
    for peer, (waiting, oldest) in waiting_for(view).items():
        if (late := (now - oldest) // 1_000_000) > STUCK:
            known = view.get(Participant, peer)
            params = {"peer": known.name if known else peer, "waiting": str(waiting), "hours": str(late // 3600)}
            yield Reason("doctor.outbox", params)


def waiting_for(view: Reading) -> dict[str, tuple[int, int]]:
    """By peer: how many messages wait, and since when the oldest does."""
    waiting: dict[str, tuple[int, int]] = {}
    for one in every(view, Outgoing):
        many, oldest = waiting.get(one.peer, (0, one.created))
        waiting[one.peer] = many + 1, min(oldest, one.created)
    return waiting


def participants(view: Reading) -> list[Participant]:
    """Every peer."""
    return list(every(view, Participant))
