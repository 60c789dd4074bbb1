"""What one policy permits and another refuses, and the reverse, each with a concrete request.

What lives here: the relation of two policies. What does not: the search for requests (`witness`), what a consumer may
ask of an offer (`compare`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from policies import requests
from policies.claims import TooLargeError
from policies.model import Policy, Reason, Semantics
from policies.requests import Request
from policies.witness import TOO_LARGE, Search, Witness


class Relation(StrEnum):
    """How the accesses that A permits lie to those that B permits."""

    EQUAL = "equal"
    A_IN_B = "a_in_b"
    B_IN_A = "b_in_a"
    OVERLAP = "overlap"
    DISJOINT = "disjoint"
    UNKNOWN = "unknown"


class Contrast(Struct, frozen=True):
    """The relation of A and B; requests that only A permits, and that only B permits; why something is unknown."""

    relation: Relation
    a_only: tuple[Request, ...] = ()
    b_only: tuple[Request, ...] = ()
    unknown: tuple[Reason, ...] = ()


def difference(a: Policy, b: Policy, *, semantics: Semantics = Semantics.STRICT) -> Contrast:
    """How A and B differ in what they permit. Two policies that both permit nothing are equal."""
    try:
        search = Search((a, b), semantics)
        a_only, b_only = search.between((a,), (b,)), search.between((b,), (a,))
        both = search.between((a, b), ()) if a_only.request and b_only.request else Witness(none=True)
    except TooLargeError:
        return Contrast(Relation.UNKNOWN, unknown=(TOO_LARGE,))
    return Contrast(_relation(a_only, b_only, both), _listed(a_only), _listed(b_only), _unknown(a_only, b_only, both))


def document(found: Contrast) -> dict[str, Any]:
    """The difference as plain JSON: `relation`, `a_only`, `b_only` (lists of requests), and why it is unknown."""
    return {
        "relation": found.relation.value,
        "a_only": [requests.document(one) for one in found.a_only],
        "b_only": [requests.document(one) for one in found.b_only],
        "reasons": [{"code": reason.code, **reason.params} for reason in found.unknown],
    }


def _relation(a_only: Witness, b_only: Witness, both: Witness) -> Relation:
    if any(one.unknown for one in (a_only, b_only, both)):
        return Relation.UNKNOWN
    if a_only.none:
        return Relation.EQUAL if b_only.none else Relation.A_IN_B
    if b_only.none:
        return Relation.B_IN_A
    return Relation.DISJOINT if both.none else Relation.OVERLAP


def _listed(found: Witness) -> tuple[Request, ...]:
    return () if found.request is None else (found.request,)


def _unknown(*found: Witness) -> tuple[Reason, ...]:
    reasons = [one.unknown for one in found if one.unknown is not None]
    return tuple(reason for place, reason in enumerate(reasons) if reason not in reasons[:place])
