"""Times as databases without a type for instants tell them, as RFC 3339 in UTC.

What lives here: one text to another. What does not: comparing them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.data.sources.sql.threads import plain
from policies.instants import stamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def instants(zone: str) -> Callable[[Any], str]:
    """Reads times on this clock, or with an offset. What is none stays as it is: nobody can read it."""
    clock = ZoneInfo(zone)

    def told(value: Any) -> str:
        text = plain(value)
        try:
            at = datetime.fromisoformat(text)
            if len(text) < len("2026-01-01T00:00"):
                return text
            aware = at if at.tzinfo is not None else at.replace(tzinfo=clock)
            return stamp((aware - _EPOCH) // _TICK)
        except (ValueError, OverflowError):
            return text

    return told
