"""Negotiation within bounds: what an owner would still accept, and the closest answer to what was asked.

What lives here: the owner's limits, reading them, and the answer to a request. What does not: negotiating
(`connector.protocol`), approving. INVARIANT: nothing that is answered with permits more than the limits do.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from policies.model import Policy, Reason


class Verdict(StrEnum):
    """What the limits say to a request: as asked, with changes, or not at all."""

    ACCEPT = "accept"
    COUNTER = "counter"
    REFUSE = "refuse"


class Bounds(Struct, frozen=True):
    """The owner's limits, as a policy of which whatever is agreed must be a part."""

    limit: Policy


class Reply(Struct, frozen=True):
    """The verdict, the terms that go with it (None where refused), and what was changed and why."""

    verdict: Verdict
    terms: Policy | None = None
    reasons: tuple[Reason, ...] = ()


def read(data: bytes) -> Bounds:
    """The limits that a file states. Raises `PolicyError` with the place."""
    raise NotImplementedError


def reply(bounds: Bounds, asked: Policy) -> Reply:
    """The closest acceptable answer to what is asked, within the limits."""
    raise NotImplementedError
