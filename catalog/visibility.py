"""Who sees what: an offer is shown to whoever could ever use it.

What lives here: that one question, pure. What does not: loading offers, the form of a catalogue (`dcat`). Source:
Dataspace Protocol 2025-1, Catalog Protocol: a catalogue may be tailored to who asks.
"""

from __future__ import annotations

from policies.horizon import can_permit
from policies.model import Policy


def visible(policy: Policy, who: str, now: int) -> bool:
    """Could `who` (a DID) ever use what is offered, at `now` (microseconds UTC) or later?

    False for an offer to somebody else, for one whose time is over, and for one that permits nothing.
    """
    return addressed(policy, who) and can_permit(policy, now)


def addressed(policy: Policy, who: str) -> bool:
    """Is it offered to `who`, or to everybody?"""
    return policy.assignee in (None, who)
