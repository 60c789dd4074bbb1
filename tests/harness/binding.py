"""Who has let a node bind itself, told from its audit log alone: an oracle that shares nothing with the services.

What lives here: reading the log from the beginning and naming each agreement or acceptance that nobody had the right to
let go. What does not: whether the terms voted on are those of the agreement (`test_approval_model`).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from connector.records import Written

BINDING = ("negotiation.sending.agree", "negotiation.sending.accept")
CLOSING = ("approval.void", "approval.declined", "approval.late")


class Matter(Struct):
    """What is known of one negotiation: the open question's terms, what it needs, who has voted, may it bind now."""

    terms: str = ""
    needed: int = 0
    drafted_by: frozenset[str] = frozenset()
    votes: frozenset[str] = frozenset()
    allowed: bool = False


def unbound(entries: Iterable[Written]) -> list[str]:
    """Every agreement or acceptance without a frame contract or enough votes, as a sentence."""
    matters: dict[str, Matter] = {}
    found: list[str] = []
    for entry in entries:
        if entry.event == "operator.removed":
            for matter in matters.values():
                matter.votes -= {entry.params["name"]}
        elif "process" in entry.params:
            pid = entry.params["process"]
            found += _follow(matters.setdefault(pid, Matter()), entry)
    return found


def _follow(matter: Matter, entry: Written) -> list[str]:
    said = entry.params
    if entry.event == "approval.asked":
        drafted_by = frozenset(filter(None, said.get("drafted_by", "").split(", ")))
        matter.terms, matter.needed = said["terms"], int(said["needed"])
        matter.drafted_by, matter.votes, matter.allowed = drafted_by, frozenset(), False
    elif entry.event == "approval.voted":
        if said["terms"] == matter.terms:
            matter.votes |= {entry.actor}
    elif entry.event in CLOSING:
        matter.terms, matter.allowed = "", False
    elif entry.event == "approval.approved":
        enough = len(matter.votes - matter.drafted_by) >= matter.needed
        if said["terms"] != matter.terms or not enough:
            return [f"{said['process']} approved by {sorted(matter.votes)} of {matter.needed}"]
        matter.allowed = True
    elif entry.event == "approval.frame":
        matter.allowed = True
    elif entry.event in BINDING:
        allowed, matter.allowed = matter.allowed, False
        return [] if allowed else [f"{said['process']}: {entry.event} by nobody"]
    elif entry.event.startswith("negotiation.received."):
        matter.allowed = False
    return []
