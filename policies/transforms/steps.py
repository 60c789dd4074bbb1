"""The steps of a chain as values: what is done to which field, and with what.

What lives here: one Struct a step, and the order in which steps are done. What does not: how a policy's duties become
steps (`chain`), doing them (`table`, `tree`, `cells`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from policies.model import ODRL, Operator
from policies.vocabulary import OWN


class Keep(Struct, frozen=True, tag="filter"):
    """Only rows leave whose `field` is so."""

    field: str
    operator: Operator
    values: tuple[str, ...]


class Delay(Struct, frozen=True, tag="delay"):
    """Nothing leaves that is younger than `period`: by the time in `field`, or, without one, the content as a whole."""

    period: str
    field: str = ""
    zone: str = ""


class Suppress(Struct, frozen=True, tag="suppress"):
    """These fields do not leave."""

    fields: tuple[str, ...]


class Replace(Struct, frozen=True, tag="replace"):
    """These fields leave with one and the same text in them."""

    fields: tuple[str, ...]
    by: str


class Pseudonymise(Struct, frozen=True, tag="pseudonymise"):
    """These fields leave as pseudonyms, made anew with each `period` ("": for the life of the agreement)."""

    fields: tuple[str, ...]
    period: str = ""


class CoarsenTime(Struct, frozen=True, tag="coarsen-time"):
    """Times in these fields leave as the beginning of their window."""

    fields: tuple[str, ...]
    resolution: str
    zone: str


class CoarsenPlace(Struct, frozen=True, tag="coarsen-place"):
    """Places in these fields leave no finer than `resolution`: metres, or a level of the official keys."""

    fields: tuple[str, ...]
    resolution: str


class Aggregate(Struct, frozen=True, tag="aggregate"):
    """Rows leave as statistics over groups."""

    groups: tuple[str, ...]
    fields: tuple[str, ...]
    statistics: tuple[str, ...]


class Threshold(Struct, frozen=True, tag="threshold"):
    """Only groups leave that at least `least` stand behind: rows, or values of `unit` that differ."""

    least: int
    groups: tuple[str, ...] = ()
    unit: str = ""


class Noise(Struct, frozen=True, tag="noise"):
    """Statistics leave with noise: `epsilon` a release, `budget` in all; a sum needs the bounds of one contribution."""

    epsilon: str
    budget: str
    lower: str = ""
    upper: str = ""


class Sign(Struct, frozen=True, tag="sign"):
    """What leaves is signed by the node."""


Step = (
    Keep | Delay | Suppress | Replace | Pseudonymise | CoarsenTime | CoarsenPlace | Aggregate | Threshold | Noise | Sign
)

ORDER: Final[tuple[type[Struct], ...]] = (
    *(Keep, Delay, Suppress, Replace, Pseudonymise, CoarsenTime, CoarsenPlace),
    *(Aggregate, Threshold, Noise, Sign),
)
"""INVARIANT: steps are done in this order, whatever the order of the duties."""

EGRESS: Final = frozenset(
    {OWN + name for name in ("filterRows", "suppress", "replace", "pseudonymise", "coarsen", "aggregate")}
    | {OWN + name for name in ("perturb", "delay", "sign")}
    | {ODRL + "anonymize"}
)
"""Actions that the provider performs while data leaves."""
