"""The hub of changes: subscribing, waiting without missing anything, time running out."""

from __future__ import annotations

import asyncio

from connector.services.changes import Change, Changes
from tests.harness.virtual import run


def test_listeners_are_told_until_they_stop() -> None:
    changes, told = Changes(), list[Change]()
    stop = changes.subscribe(told.append)
    changes.publish(Change("negotiation", "a", 1, "REQUESTED"))
    stop()
    changes.publish(Change("negotiation", "a", 2, "AGREED"))
    assert told == [Change("negotiation", "a", 1, "REQUESTED")]


def test_until_asks_at_once_after_each_change_and_gives_up_in_time() -> None:
    async def story() -> None:
        changes, state = Changes(), {"version": 0, "asked": 0}

        async def ready() -> bool:
            state["asked"] += 1
            return state["version"] >= 2

        loop = asyncio.get_running_loop()
        for at in (1, 2, 3):
            loop.call_later(at, lambda: state.update(version=state["version"] + 1))
            loop.call_later(at, lambda: changes.publish(Change("transfer", "t")))
        await changes.until("transfer", "t", ready, 10)
        assert (loop.time(), state["asked"]) == (2, 3)
        await changes.until("transfer", "other", lambda: asyncio.sleep(0, False), 5)  # type: ignore[arg-type]
        assert loop.time() == 7

    run(story)
