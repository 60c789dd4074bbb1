"""Duties and obligations: how far each of them is, when it has to be done, and what it is to be done with.

What lives here: states, timing, parameters, consequences. What does not: doing them (`transforms`, the services),
permissions (`evaluate`). Source: ODRL Information Model 2.2, 2.6; W3C ODRL formal semantics (draft), conditions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from policies.model import Constraint, Rule

DUTY_TIMING: Final = "urn:allmende:dutyTiming"


class Timing(StrEnum):
    """When a duty has to be done, seen from the use that it belongs to."""

    BEFORE = "urn:allmende:before"
    DURING = "urn:allmende:during"
    AFTER = "urn:allmende:after"


def parameters(rule: Rule) -> tuple[Constraint, ...]:
    """What a duty is to be done with: the refinements of its action and its own constraints."""
    return (*rule.refinements, *rule.constraints)


def timing(rule: Rule) -> Timing | None:
    """When the duty says that it has to be done; None where it does not say."""
    raise NotImplementedError
