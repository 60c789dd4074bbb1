"""Outcomes are written down, whatever becomes of the request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from connector.data.gate import Admission
from connector.errors import StoreError
from connector.http.outcomes import Outcomes

ADMISSION: Any = type("Admitted", (), {"transfer": "pid"})()


class Gate:
    """Takes an outcome when a test lets it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails, self.open, self.told = fails, asyncio.Event(), list[tuple[str, dict[str, str]]]()

    async def outcome(self, admission: Admission, event: str, **params: str) -> None:
        await self.open.wait()
        if self.fails:
            raise StoreError("store.full")
        self.told.append((event, params))


async def test_a_request_that_is_cancelled_loses_no_outcome() -> None:
    gate: Any = Gate()
    outcomes = Outcomes(gate)
    request = asyncio.create_task(outcomes.settle(ADMISSION, "access.cut", {"bytes": "7"}))
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    closing = asyncio.create_task(outcomes.close())
    await asyncio.sleep(0)
    assert not closing.done(), "the outcome is still being written down"
    gate.open.set()
    await closing
    assert gate.told == [("access.cut", {"bytes": "7"})]


async def test_an_outcome_that_cannot_be_kept_is_said_aloud() -> None:
    gate: Any = Gate(fails=True)
    gate.open.set()
    with capture_logs() as said:
        await Outcomes(gate).settle(ADMISSION, "access.finished", {})
    assert [(one["event"], one["log_level"], one["code"]) for one in said] == [
        ("access.outcome.lost", "critical", "store.full")
    ]


async def test_with_nothing_under_way_there_is_nothing_to_wait_for() -> None:
    gate: Any = Gate()
    await Outcomes(gate).close()
    assert gate.told == []
