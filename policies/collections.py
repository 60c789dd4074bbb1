"""Who and what is meant: a party or an asset by its name, or as a member of a collection.

What lives here: membership, over any number of steps, and the refinements of a collection. What does not: where the
memberships come from (the access states them). Source: ODRL Information Model 2.2, 2.2.2 and 2.3.2 (`partOf`,
`source`).
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.facts import Facts
from policies.model import Scope
from policies.truth import Truth, all_of, every


def belongs(name: str, to: str, members: Mapping[str, tuple[str, ...]]) -> bool:
    """Is `name` the very thing, or a member of it or of one of its parts? Memberships may go in circles."""
    if name == to:
        return True
    seen, ahead = {name}, list(members.get(name, ()))
    while ahead:
        above = ahead.pop()
        if above == to:
            return True
        if above not in seen:
            seen.add(above)
            ahead += members.get(above, ())
    return False


def fits(scope: Scope | None, default: str | None, name: str, facts: Facts) -> Truth:
    """Is `name` meant by the scope of a rule; without one, by the policy's own; without that, everybody is.

    An empty name is one that is not known.
    """
    if (meant := named(scope, default)) is None:
        return True
    fitting = any(belongs(name, one, facts.access.members) for one in meant) if name else None
    return fitting if scope is None else all_of((fitting, every(scope.refinements, facts)))


def named(scope: Scope | None, default: str | None) -> tuple[str, ...] | None:
    """The names of who or what is meant; None for everybody and everything."""
    if scope is not None:
        return scope.names
    return None if default is None else (default,)
