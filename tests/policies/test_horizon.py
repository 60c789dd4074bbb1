"""Covers policies/horizon.py."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings

from policies.evaluate import evaluate
from policies.horizon import can_permit, end
from policies.model import Access, Connective, Logical, Operator, Policy, Scope, Strategy
from policies.operands import COUNT, DATE_TIME, PURPOSE
from policies.operands.timing import EVENT
from tests.policies.samples import HOUR, ME, NOW, accesses, atom, permission, policies, policy, prohibition

O = Operator  # noqa: E741
MEMBER_OF = "urn:allmende:memberOf"
OVER, TO_COME = atom(DATE_TIME, O.LT, str(NOW)), atom(DATE_TIME, O.GTEQ, str(NOW + HOUR))


def test_what_is_over_never_comes_back() -> None:
    assert not can_permit(policy(permission(OVER)), NOW)
    assert can_permit(policy(permission(OVER)), NOW - 1)
    assert can_permit(policy(permission(TO_COME)), NOW)
    assert not can_permit(policy(permission(OVER, TO_COME)), 0)
    assert not can_permit(policy(permission(atom(DATE_TIME, O.EQ, "2027-01-14"))), NOW)


def test_alternatives_and_prohibitions_count() -> None:
    assert can_permit(policy(permission(Logical(Connective.OR, (OVER, atom(COUNT, O.LTEQ, "3"))))), NOW)
    assert can_permit(policy(permission(OVER), permission()), NOW)
    assert not can_permit(policy(permission(), prohibition()), NOW)
    assert not can_permit(policy(permission(), prohibition(atom(DATE_TIME, O.GTEQ, str(NOW)))), NOW)
    assert can_permit(policy(permission(), prohibition(atom(PURPOSE, O.EQ, "urn:p"))), NOW)


def test_what_is_too_large_is_not_ruled_out() -> None:
    many = [Logical(Connective.OR, tuple(atom(PURPOSE, O.EQ, f"urn:{n}:{m}") for m in range(9))) for n in range(5)]
    assert can_permit(policy(permission(OVER, *many)), NOW)


def test_what_can_be_several_things_at_once_is_not_ruled_out() -> None:
    """Somebody in two associations, two events at once, a party in collections, two things asked for."""
    both = [atom(EVENT, O.EQ, "urn:flood"), atom(EVENT, O.EQ, "urn:storm")]
    assert can_permit(policy(permission(*both)), NOW)
    assert can_permit(policy(permission(*(atom(MEMBER_OF, O.EQ, one) for one in ("did:web:a", "did:web:b")))), NOW)
    assert can_permit(policy(permission(*(atom(EVENT, O.IS_ALL_OF, one) for one in ("urn:flood", "urn:storm")))), NOW)
    members = msgspec.structs.replace(permission(), assignee=Scope("urn:cities", collection=True))
    assert can_permit(policy(members, assignee=ME), NOW)
    all_of = [atom(EVENT, O.IS_ALL_OF, "urn:flood"), atom(EVENT, O.IS_ALL_OF, "urn:flood", "urn:storm")]
    assert can_permit(policy(permission(all_of[0]), prohibition(all_of[1])), NOW)
    assert not can_permit(policy(permission(all_of[1]), prohibition(all_of[0])), NOW)
    assert not can_permit(policy(permission(both[0]), prohibition(both[0])), NOW)
    assert not can_permit(policy(permission(*(atom(COUNT, O.EQ, one) for one in ("1", "2")))), NOW)


def test_what_nobody_knows_is_not_ruled_out() -> None:
    assert can_permit(policy(permission(atom("urn:example:weather", O.EQ, "rain"))), NOW)


def test_where_the_permission_wins_prohibitions_end_nothing() -> None:
    both = policy(permission(), prohibition(atom(DATE_TIME, O.GTEQ, str(NOW))))
    winning = msgspec.structs.replace(both, conflict=Strategy.PERM)
    assert end(winning) is None
    assert can_permit(winning, NOW + 1)


def test_the_end_of_many_alternatives_is_found_quickly() -> None:
    many = [Logical(Connective.OR, tuple(atom(PURPOSE, O.EQ, f"urn:{n}:{m}") for m in range(8))) for n in range(4)]
    assert end(policy(permission(atom(DATE_TIME, O.LT, str(NOW)), *many))) == NOW


@settings(max_examples=60, deadline=None)
@given(policies(), accesses())
def test_whatever_is_permitted_was_not_ruled_out(found: Policy, stated: tuple[Access, int, int]) -> None:
    asked, now, count = stated
    if evaluate(found, asked, now, count=count).permit:
        assert can_permit(found, now)


def test_the_end_is_where_nothing_is_permitted_any_more() -> None:
    assert end(policy(permission())) is None
    assert end(policy(permission(TO_COME))) is None
    assert end(policy(permission(OVER))) == NOW
    assert end(policy(permission(atom(DATE_TIME, O.LTEQ, str(NOW))))) == NOW + 1
    assert end(policy(permission(OVER), permission(atom(DATE_TIME, O.LT, str(NOW + HOUR))))) == NOW + HOUR
    assert end(policy(permission(OVER), permission())) is None
    assert end(policy(permission(), prohibition(atom(DATE_TIME, O.GTEQ, str(NOW))))) == NOW
    assert end(policy(permission(OVER, TO_COME))) == NOW
    either = Logical(Connective.OR, (OVER, atom(COUNT, O.LTEQ, "3")))
    assert end(policy(permission(either))) is None
    berlin_midnight = 1_799_967_600_000_000  # 2027-01-15, 00:00 in Berlin
    assert end(policy(permission(atom(DATE_TIME, O.LTEQ, "2027-01-14")))) == berlin_midnight


@settings(max_examples=60, deadline=None)
@given(policies(), accesses())
def test_nothing_is_permitted_from_the_end_on(found: Policy, stated: tuple[Access, int, int]) -> None:
    access, now, count = stated
    over = end(found)
    assert over is None or not can_permit(found, over)
    assert over is None or now < over or not evaluate(found, access, now, count=count).permit
