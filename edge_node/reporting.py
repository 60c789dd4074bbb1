"""What a device says of itself: to people who ask it (`shown`), and, shorter, to its node for the fleet (`said`).

What lives here: the members of both, and values as people read them. What does not: the figures, which each part keeps
itself, and how they are asked for (`control`, `asking`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from connector.data.readings.model import Field, Kind, Series, Value
from connector.data.readings.ranges import size
from edge_node.buffer.buffer import Buffer
from edge_node.buffer.model import DAMAGED
from edge_node.buffer.moments import Moments
from edge_node.collection.duties import Duties
from edge_node.collection.treating import Columns
from edge_node.config import Settings
from edge_node.contracts.asking import Asking
from edge_node.contracts.orders import Book
from edge_node.delivery.sync import Sync
from edge_node.ingest.intake import Counts, Intake
from edge_node.network.metering import Budget
from edge_node.packages.fetching import Updates
from edge_node.place.identity import Identity
from edge_node.ports import Source

_STATUS: Final = Path("/proc/self/status")
_MOST_TROUBLES: Final = 10
_MOST_PARAMS, _LONGEST_PARAM, _LONGEST_WHERE = 4, 40, 160


class Parts(Struct, frozen=True, kw_only=True):
    """What there is to say something of; `seconds` since the process began."""

    identity: Identity
    version: str
    seconds: int
    moments: Moments
    buffer: Buffer
    intake: Intake
    sources: Sequence[Source]
    settings: Settings
    duties: Duties
    sync: Sync
    asking: Asking
    book: Book
    budget: Budget
    updates: Updates


def shown(parts: Parts) -> dict[str, Any]:
    """Everything, for people on the device. Instants are microseconds UTC, None where there is none."""
    kept, orders = parts.buffer.status(), parts.book.current
    consumers = list(_consumers(parts))
    readings = sum(one.readings for one in parts.intake.counts.values())
    return {
        "device": parts.identity.device,
        "name": parts.identity.pins.name,
        "node": parts.identity.pins.url,
        "version": parts.version,
        "running": parts.seconds,
        "memory": memory(),
        "buffer": {
            "readings": kept.readings,
            "bytes": kept.bytes,
            "most": kept.limit,
            "hours_left": kept.hours,
            "oldest_unsent": min((one["oldest"] for one in consumers if one["oldest"]), default=None),
            "last_fsync": kept.synced or None,
            "full": parts.settings.buffer.full,
            "thinned": kept.thinned,
            **lost(parts.buffer),
            "trouble": kept.suspect,
        },
        "clock": {"trusted": parts.moments.sure, "now": parts.moments.now()},
        "wear": {
            "bytes": kept.written,
            "ever": kept.worn,
            "commits": kept.commits,
            "per_reading": kept.written / readings if readings else 0.0,
        },
        "link": {
            "today": parts.budget.today,
            "budget": parts.settings.link.bytes_per_day,
            "sent": parts.budget.sent,
            "received": parts.budget.received,
            **_trouble_of(parts.asking),
        },
        "orders": {
            "number": orders.number if orders else 0,
            "issued": orders.issued if orders else None,
            "deliveries": len(orders.deliveries) if orders else 0,
        },
        "update": parts.updates.said(),
        "spoiled": kept.spoiled,
        "sources": list(_sources(parts)),
        "series": list(_series(parts)),
        "consumers": consumers,
    }


def said(parts: Parts) -> dict[str, Any]:
    """The little that the fleet is to know."""
    kept = parts.buffer.status()
    found = {
        "version": parts.version,
        "running": parts.seconds,
        "kept": kept.readings,
        "oldest": kept.oldest,
        "hours_left": kept.hours,
        "clock": parts.moments.sure,
        "written": kept.worn,
        "spoiled": kept.spoiled,
        "memory": memory(),
        "thinned": kept.thinned,
        "update": parts.updates.state,
        **lost(parts.buffer),
    }
    update = {"name": "update", **parts.updates.said()}
    every = (update, *_sources(parts), *_series(parts), *_consumers(parts))
    parts_wrong = [one for one in every if one["trouble"]]
    troubles = [_brief(one) for one in parts_wrong[:_MOST_TROUBLES]]
    return {**found, "health": "unwell" if troubles or kept.suspect else "well", "troubles": troubles}


def _brief(one: Mapping[str, Any]) -> dict[str, Any]:
    """A trouble as short as the node takes many of."""
    params = {name: str(value)[:_LONGEST_PARAM] for name, value in list(one["params"].items())[:_MOST_PARAMS]}
    where = str(one.get("name") or one.get("consumer"))
    return {"where": where[:_LONGEST_WHERE], "code": one["trouble"], "params": params}


def lost(buffer: Buffer) -> dict[str, int]:
    """Readings that were taken and are not there any more: given up for want of room, damaged."""
    gaps = buffer.gaps()
    damaged = sum(size(gap.ranges) for gap in gaps if gap.why == DAMAGED)
    return {"forgotten": sum(size(gap.ranges) for gap in gaps) - damaged, "damaged": damaged}


def _trouble_of(asking: Asking) -> dict[str, Any]:
    error = asking.trouble
    return {"trouble": error.code if error else "", "params": error.params if error else {}}


def _sources(parts: Parts) -> Iterator[dict[str, Any]]:
    for one in parts.sources:
        counts = parts.intake.counts.get(one.name) or Counts()
        yield {
            "name": one.name,
            "kind": one.kind,
            "series": parts.settings.sources[one.name].series,
            "readings": counts.readings,
            "copies": counts.copies,
            "spoiled": counts.spoiled,
            "bytes": counts.bytes,
            "last": counts.last or None,
            "trouble": one.trouble(),
            "params": {},
        }


def _series(parts: Parts) -> Iterator[dict[str, Any]]:
    troubles = parts.duties.trouble()
    for name in parts.settings.series:
        reason = troubles.get(name)
        params: Mapping[str, Any] = reason.params if reason else {}
        yield {"name": name, "trouble": reason.code if reason else "", "params": params}


def _consumers(parts: Parts) -> Iterator[dict[str, Any]]:
    orders = parts.book.current
    whom = {one.agreement: one for one in (orders.deliveries if orders else ())}
    for line in parts.sync.standing():
        delivery = whom.get(line.name)
        yield {
            "consumer": delivery.consumer if delivery else parts.identity.node,
            "series": delivery.series if delivery else "",
            "agreement": delivery.agreement if delivery else "",
            "waiting": line.waiting,
            "sent": line.sent,
            "oldest": line.oldest or None,
            "last": line.answered or None,
            "receipt": line.proved or None,
            "trouble": line.code,
            "params": line.params,
        }


def rows(series: Series, columns: Columns) -> Iterator[dict[str, Any]]:
    """Readings as people read them."""
    for n, at in enumerate(columns.times):
        pairs = zip(series.fields, columns.columns, strict=True)
        values = {field.name: plain(field, column[n]) for field, column in pairs}
        yield {"series": series.name, "thing": columns.things[n], "at": at, "values": values}


def plain(field: Field, value: Value) -> Any:
    """A value as people write it: a number with its decimal places."""
    if value is None or field.kind is not Kind.NUMBER or not field.places:
        return value
    return float(Decimal(int(value)).scaleb(-field.places))


def memory() -> float:
    """MiB that this process holds; 0 where the system does not say."""
    try:
        lines = _STATUS.read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
