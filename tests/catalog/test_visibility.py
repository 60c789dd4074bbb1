"""Covers catalog/visibility.py."""

from __future__ import annotations

from catalog.visibility import visible
from policies.model import Operator
from policies.operands import DATE_TIME, PURPOSE
from policies.vocabulary import DPV
from tests.policies.samples import HOUR, ME, NOW, OTHER, atom, permission, policy, prohibition

UNTIL = atom(DATE_TIME, Operator.LT, str(NOW))


def test_an_offer_to_somebody_else_is_not_shown() -> None:
    found = policy(permission(), assignee=OTHER)
    assert not visible(found, ME, NOW)
    assert visible(found, OTHER, NOW)
    assert visible(policy(permission()), ME, NOW)


def test_an_offer_whose_time_is_over_is_not_shown() -> None:
    assert not visible(policy(permission(UNTIL)), ME, NOW)
    assert visible(policy(permission(UNTIL)), ME, NOW - HOUR)


def test_an_offer_that_permits_nothing_is_not_shown() -> None:
    assert not visible(policy(permission(), prohibition()), ME, NOW)


def test_what_depends_on_what_is_not_known_yet_is_shown() -> None:
    assert visible(policy(permission(atom(PURPOSE, Operator.EQ, DPV + "PublicBenefit"))), ME, NOW)
