"""The small adapters of the product: the machine's clock, drawn identifiers, facts that operators have stated.

What lives here: three ports of one screen each. What does not: anything that decides.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping

import uuid_utils

from connector.ports import Reading
from connector.records import Participant


class SystemClock:
    """The Clock port on the machine's clocks."""

    def now(self) -> int:
        """Microseconds UTC."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Seconds that never run back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let others run for this long."""
        await asyncio.sleep(seconds)


class SystemIds:
    """The Ids port on the system's randomness."""

    def pid(self) -> str:
        """A `urn:uuid:` version 7 (RFC 9562, 5.7): its order is the order of its making."""
        return f"urn:uuid:{uuid_utils.uuid7()}"

    def token(self) -> str:
        """192 random bits as URL-safe text."""
        return secrets.token_urlsafe(24)


class StatedFacts:
    """The Facts port on what operators have stated about a peer."""

    def of(self, view: Reading, party: str) -> Mapping[str, tuple[str, ...]]:
        """Left operand IRI -> values; empty where nothing is stated, and an unknown that matters refuses."""
        participant = view.get(Participant, party)
        return {} if participant is None else participant.facts
