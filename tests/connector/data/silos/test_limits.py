"""What one question may take: the settings, and what happens at their ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from connector.data.queries.model import Budget
from connector.data.silos import limits
from connector.errors import SourceError
from connector.records import Silo
from tests.harness.virtual import VirtualClock, run

SILO = Silo(id="trees", kind="files", settings={}, created=0, created_by="jo")


async def pieces(clock: VirtualClock, *pauses: float) -> AsyncGenerator[bytes, None]:
    for pause in pauses:
        await clock.sleep(pause)
        yield b"12345678"


def kept(budget: Budget, *pauses: float) -> list[bytes]:
    async def play() -> list[bytes]:
        clock = VirtualClock()
        return [piece async for piece in limits.kept(pieces(clock, *pauses), budget, clock, SILO)]

    return run(play)


@pytest.mark.parametrize(
    ("budget", "pauses", "code", "of"),
    [
        (Budget(bytes=15), (0, 0), "source.budget", "bytes"),
        (Budget(seconds=10, idle=9), (4, 4, 4), "source.budget", "seconds"),
        (Budget(seconds=10, idle=3), (1, 4), "source.slow", None),
        (Budget(seconds=3, idle=10), (4,), "source.budget", "seconds"),
    ],
)
def test_what_is_beyond_ends_it(budget: Budget, pauses: tuple[float, ...], code: str, of: str | None) -> None:
    with pytest.raises(SourceError) as caught:
        kept(budget, *pauses)
    assert (caught.value.reason.code, caught.value.reason.params.get("of")) == (code, of)
    assert caught.value.reason.params["silo"] == SILO.id


def test_what_keeps_to_it_is_the_same() -> None:
    assert kept(Budget(bytes=24, seconds=10, idle=4), 3, 3, 3) == [b"12345678"] * 3


@pytest.mark.parametrize("value", [0, -1, "x", None, True, float("inf"), float("nan"), 1e16])
def test_a_limit_that_is_none_is_said_and_never_counts(value: Any) -> None:
    settings: Mapping[str, Any] = {"max_rows": value, "idle_seconds": value, "at_once": value, "path": "/x"}
    assert [one.split(":")[0] for one in limits.check(settings)] == ["at_once", "idle_seconds", "max_rows"]
    assert (limits.budget(settings), limits.at_once(settings)) == (Budget(), limits.AT_ONCE)


def test_limits_are_read_also_as_texts_and_are_not_the_kinds() -> None:
    settings = {"max_rows": "7", "max_bytes": 8, "max_seconds": "9", "idle_seconds": 1.5, "at_once": "2", "path": "/x"}
    assert limits.check(settings) == []
    assert limits.budget(settings) == Budget(rows=7, bytes=8, seconds=9.0, idle=1.5)
    assert limits.at_once(settings) == 2
    assert limits.others(settings) == {"path": "/x"}
