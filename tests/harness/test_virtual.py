"""Virtual time is quick, ordered, and says when nothing can ever happen again."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest

from tests.harness.virtual import SeededIds, StuckError, VirtualClock, run


def test_three_days_pass_at_once() -> None:
    """Sleeping costs no real time, and timers fire in their order."""
    seen: list[str] = []

    async def main() -> float:
        clock = VirtualClock()
        began = clock.now()

        async def late(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            seen.append(name)

        await asyncio.gather(late("third", 3 * 86_400), late("first", 1), late("second", 60))
        return (clock.now() - began) / 1e6

    began = time.monotonic()
    assert run(main) == pytest.approx(3 * 86_400)
    assert seen == ["first", "second", "third"]
    assert time.monotonic() - began < 60


def test_a_world_that_waits_for_ever_says_so() -> None:
    """A future that nobody resolves is an error, not a hang."""

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StuckError):
        run(main)


def test_ids_follow_the_seed() -> None:
    """Same seed, same ids; they are version 7 and sort in the order of their making."""
    one, other, third = SeededIds("a"), SeededIds("a"), SeededIds("b")
    ids = [one.pid() for _ in range(300)]
    assert ids == [other.pid() for _ in range(300)]
    assert ids == sorted(ids)
    assert ids[0] != third.pid()
    assert {uuid.UUID(id).version for id in ids} == {7}
