"""What one question may take of a silo: settings that every silo can have, and keeping to them.

What lives here: the common settings, bytes, seconds and silence around a stream of pieces. What does not: counting
rows, which a reader does as it makes them (`Budget.rows`); how many may ask at once (`connector.data.silos.breaker`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from connector.data.ports import Setting
from connector.data.queries.model import Budget
from connector.errors import SourceError
from connector.ports import Clock
from connector.records import Silo

AT_ONCE: Final = 4
"""Questions to one silo at once."""
_DEFAULT: Final = Budget()

COMMON: Final[Sequence[Setting]] = (
    Setting(
        "at_once",
        "questions to the silo at the same time (4)",
        "Abfragen an das System zur selben Zeit (4)",
        example="2",
    ),
    Setting(
        "idle_seconds",
        "seconds that the silo may say nothing (30)",
        "Sekunden, die das System schweigen darf (30)",
        example="60",
    ),
    Setting(
        "max_seconds",
        "seconds that one access may last (3600)",
        "Sekunden, die ein Zugriff dauern darf (3600)",
        example="600",
    ),
    Setting(
        "max_rows",
        "rows that one access may read (50000000)",
        "Zeilen, die ein Zugriff lesen darf (50000000)",
        example="1000000",
    ),
    Setting(
        "max_bytes",
        "bytes that one access may read (17179869184)",
        "Bytes, die ein Zugriff lesen darf (17179869184)",
        example="1000000000",
    ),
)
"""Settings that every silo can have, whatever its kind."""
_NAMES: Final = frozenset(one.name for one in COMMON)
_MOST: Final = 1e15


def others(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are the kind's own."""
    return {name: value for name, value in settings.items() if name not in _NAMES}


def check(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with the common settings, in plain sentences."""
    return [
        f"{name}: must be a number above 0"
        for name in sorted(_NAMES & settings.keys())
        if not _is_number(settings[name])
    ]


def _is_number(value: Any) -> bool:
    try:
        return 0 < float(value) <= _MOST and not isinstance(value, bool)
    except (TypeError, ValueError):
        return False


def _number(settings: Mapping[str, Any], name: str, default: float) -> float:
    value = settings.get(name, default)
    return float(value) if _is_number(value) else default


def at_once(settings: Mapping[str, Any]) -> int:
    """How many questions at the same time."""
    return max(1, int(_number(settings, "at_once", AT_ONCE)))


def idle(settings: Mapping[str, Any]) -> float:
    """How many seconds a silo may say nothing."""
    return _number(settings, "idle_seconds", _DEFAULT.idle)


def budget(settings: Mapping[str, Any]) -> Budget:
    """What one access may take."""
    return Budget(
        rows=int(_number(settings, "max_rows", _DEFAULT.rows)),
        bytes=int(_number(settings, "max_bytes", _DEFAULT.bytes)),
        seconds=_number(settings, "max_seconds", _DEFAULT.seconds),
        idle=idle(settings),
    )


async def kept(
    pieces: AsyncGenerator[bytes, None], budget: Budget, clock: Clock, silo: Silo
) -> AsyncGenerator[bytes, None]:
    """The same pieces, as long as they keep to the budget. Raises `SourceError` `source.budget`, `source.slow`."""
    begun, size = clock.monotonic(), 0
    async with aclosing(pieces):
        while True:
            left = budget.seconds - (clock.monotonic() - begun)
            if left <= 0:
                raise SourceError("source.budget", silo=silo.id, of="seconds")
            try:
                async with asyncio.timeout(min(left, budget.idle)):
                    piece = await anext(pieces, None)
            except TimeoutError:
                if left <= budget.idle:
                    raise SourceError("source.budget", silo=silo.id, of="seconds") from None
                raise SourceError("source.slow", silo=silo.id) from None
            if piece is None:
                return
            size += len(piece)
            if size > budget.bytes:
                raise SourceError("source.budget", silo=silo.id, of="bytes")
            yield piece
