"""Covers policies/collections.py."""

from __future__ import annotations

from policies import collections
from policies.collections import belongs
from policies.facts import Facts
from policies.model import Access, Operator, Scope
from policies.operands import PURPOSE
from policies.vocabulary import READ
from tests.policies.samples import ME, NOW, OTHER, TARGET, atom

CITIES, REGION = "urn:example:cities", "urn:example:region"


def test_membership_over_any_number_of_steps_and_in_circles() -> None:
    members = {ME: (CITIES,), CITIES: (REGION,), REGION: (CITIES,)}
    assert belongs(ME, ME, {})
    assert belongs(ME, CITIES, members)
    assert belongs(ME, REGION, members)
    assert not belongs(ME, "urn:example:other", members)
    assert not belongs(REGION, ME, members)
    assert not belongs(OTHER, CITIES, members)


def test_who_is_meant() -> None:
    access = Access(READ, ME, TARGET, {PURPOSE: ("urn:one",)}, members={ME: (CITIES,)})
    facts = Facts(access, NOW, 0)
    assert collections.fits(None, None, ME, facts) is True
    assert collections.fits(None, CITIES, ME, facts) is True
    assert collections.fits(None, OTHER, ME, facts) is False
    assert collections.fits(Scope(CITIES, collection=True), OTHER, ME, facts) is True
    assert collections.fits(Scope(OTHER), ME, ME, facts) is False
    assert collections.fits(None, ME, "", facts) is None
    assert collections.fits(None, None, "", facts) is True
    one, two = (Scope(CITIES, True, (atom(PURPOSE, Operator.EQ, name),)) for name in ("urn:one", "urn:two"))
    assert collections.fits(one, None, ME, facts) is True
    assert collections.fits(two, None, ME, facts) is False
    assert collections.fits(one, None, ME, Facts(Access(READ, ME, TARGET, members={ME: (CITIES,)}), NOW, 0)) is None
