"""Covers policies/collections.py."""

from __future__ import annotations

from msgspec.structs import replace

from policies import collections
from policies.collections import belongs
from policies.compile import compiled
from policies.difference import Relation, difference
from policies.evaluate import evaluate
from policies.facts import Facts
from policies.model import Access, Operator, Policy, PolicyKind, Rule, RuleKind, Scope
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


def test_a_collection_goes_by_the_name_of_its_source_too() -> None:
    """Who is known to belong to either of the two is a member (ODRL 2.2, 2.2.2 and 2.3.2)."""
    plain = Scope(CITIES, collection=True)
    cities = replace(plain, source=REGION)
    by_two, by_one = (
        Policy("urn:example:p", PolicyKind.SET, (Rule(RuleKind.PERMISSION, READ, assignee=who),), TARGET)
        for who in (cities, plain)
    )
    for known, member in ((REGION, True), (CITIES, True), (OTHER, False)):
        access = Access(READ, ME, TARGET, members={ME: (known,)})
        assert collections.fits(cities, None, ME, Facts(access, NOW, 0)) is member
        assert evaluate(by_two, access, NOW).permit is member
        assert compiled(by_two).permits(access, NOW, 0) is member
    found = difference(by_two, by_one)
    assert found.relation is Relation.B_IN_A
    ((known,),) = found.a_only[0].access.members.values()
    assert known == REGION
    assert difference(by_two, by_two).relation is Relation.EQUAL
