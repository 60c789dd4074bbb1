"""How accesses to data end, written down: also where the request was cancelled meanwhile.

What lives here: the one place that gives outcomes to the gate, and how long a reader may take for a piece. What does
not: which outcome it is (`http.data`, `http.answers`, `http.live`), the entry in the audit (`data.gate`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from connector.data.gate import Admission, Judge
from connector.errors import OurError

log = structlog.get_logger()
STALL: Final = 300.0
"""Seconds within which a reader must have taken what was written."""


class Outcomes:
    """Outcomes of what a gate has admitted."""

    def __init__(self, gate: Judge) -> None:
        self._gate = gate
        self._ending: set[asyncio.Task[None]] = set()

    async def settle(self, admission: Admission, event: str, params: Mapping[str, str]) -> None:
        """Write the outcome down, also where the request is cancelled meanwhile."""
        task = asyncio.get_running_loop().create_task(self._note(admission, event, params))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for the outcomes that are still being written down."""
        if self._ending:
            await asyncio.wait(self._ending)

    async def _note(self, admission: Admission, event: str, params: Mapping[str, str]) -> None:
        try:
            await self._gate.outcome(admission, event, **params)
        except OurError as error:
            log.critical("access.outcome.lost", transfer=admission.transfer, outcome=event, code=error.reason.code)
