"""In what two sides that should have the same contracts differ, as reasons; pure.

What lives here: comparing two lists of contracts. What does not: where they come from (`statements`), what follows
(`reconcile`, `answering`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.services.proof.statements import Line
from policies.model import ODRL, Atomic, Constraint, PolicyError, PolicyKind, Reason
from policies.parse import from_dsp

COUNT = ODRL + "count"
MOST_ENTRIES = 20
"""Differences of one statement that become entries of the log."""


def between(ours: Sequence[Line], theirs: Sequence[Line]) -> Mapping[str, Reason]:
    """By contract, in what we differ. What has ended on one side and is unknown on the other is no difference."""
    mine, other = {one.id: one for one in ours}, {one.id: one for one in theirs}
    found: dict[str, Reason] = {}
    for id in sorted(mine.keys() | other.keys()):
        reason = _difference(mine.get(id), other.get(id))
        if reason is not None:
            found[id] = Reason(reason.code, {"contract": id, **reason.params})
    return found


def _difference(ours: Line | None, theirs: Line | None) -> Reason | None:
    if ours is None or theirs is None:
        known = ours or theirs
        assert known is not None
        if not known.in_force:
            return None
        return Reason("reconcile.unknown_here" if ours is None else "reconcile.unknown_there")
    if ours.hash != theirs.hash or ours.role == theirs.role:
        return Reason("reconcile.other_terms", {"ours": ours.hash, "theirs": theirs.hash})
    if ours.in_force != theirs.in_force:
        return Reason("reconcile.ended_there" if ours.in_force else "reconcile.ended_here")
    return None


def counts(document: Mapping[str, object]) -> bool:
    """Are uses counted under an agreement? True as well where its terms cannot be read."""
    try:
        policy = from_dsp(document, kind=PolicyKind.AGREEMENT)
    except PolicyError:
        return True
    return any(_names_count(one) for rule in policy.rules for one in rule.constraints)


def _names_count(constraint: Constraint) -> bool:
    if isinstance(constraint, Atomic):
        return constraint.left == COUNT
    return any(map(_names_count, constraint.members))
