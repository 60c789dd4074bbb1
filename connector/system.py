"""The small adapters of the product: the machine's clock, drawn identifiers, facts about peers.

What lives here: three ports of one screen each. What does not: anything that decides.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping

import uuid_utils

from connector.ports import Clock, Reading
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


class KnownFacts:
    """The Facts port on what operators have stated about a peer, and what its credentials say as long as that stands.

    Where both speak of one operand, the operator's word stands and the credentials' is not heard: somebody here has
    decided it. What nobody says is unknown, and an unknown that matters refuses.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def of(self, view: Reading, party: str) -> Mapping[str, tuple[str, ...]]:
        """Left operand IRI -> values; empty where nothing is known."""
        participant = view.get(Participant, party)
        if participant is None:
            return {}
        return {**participant.shown(self._clock.now()), **participant.facts}
