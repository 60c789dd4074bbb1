"""Covers policies/moments.py: times without an offset among themselves, and with others beyond fourteen hours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from policies import instants, moments
from policies.claims import Claim
from policies.model import Operator
from policies.moments import Moments

VALUES = Moments()
ORDER = (Operator.LT, Operator.LTEQ, Operator.EQ, Operator.GTEQ, Operator.GT, Operator.NEQ)
BEFORE, SAME, AFTER = (
    (True, True, False, False, False, True),
    (False, True, True, True, False, False),
    (False, False, False, True, True, True),
)
UNKNOWN = (None,) * 6


def judged(fact: str, right: str) -> tuple[bool | None, ...]:
    return tuple(VALUES.holds(operator, (moments.read(right),), moments.read(fact)) for operator in ORDER)


@pytest.mark.parametrize(
    ("fact", "right", "expected"),
    [
        ("2027-01-15T12:00:00", "2027-01-15T12:00:01", BEFORE),
        ("2027-01-15T12:00:00", "2027-01-15T12:00", SAME),
        ("2027-01-15T12:00:00.000001", "2027-01-15T12:00:00", AFTER),
        ("2027-01-15T12:00:00Z", "2027-01-15T13:00:00+01:00", SAME),
        ("2027-01-15T12:00:00Z", "2027-01-15T13:00:00Z", BEFORE),
        ("2027-01-15T12:00:00", "2027-01-15T12:00:00Z", UNKNOWN),
        ("2027-01-15T12:00:00", "2027-01-16T02:00:00Z", (None, True, None, None, False, None)),
        ("2027-01-15T12:00:00", "2027-01-16T02:00:00.000001Z", BEFORE),
        ("2027-01-16T02:00:00.000001", "2027-01-15T12:00:00Z", AFTER),
        ("2027-01-16T02:00:00", "2027-01-15T12:00:00Z", (False, None, None, True, None, None)),
        ("2027-01-15T12:00:00Z", "2027-01-15", SAME),
        ("2027-01-14T22:59:59Z", "2027-01-15", BEFORE),
        ("2027-01-15T23:00:00Z", "2027-01-15", AFTER),
        ("2027-01-15", "2027-01-15", SAME),
        ("2027-01-15", "2027-01-15T12:00:00Z", UNKNOWN),
        ("2027-01-15", "2027-01-16", BEFORE),
    ],
)
def test_times_are_compared_as_far_as_it_is_sure(fact: str, right: str, expected: tuple[bool | None, ...]) -> None:
    assert judged(fact, right) == expected


def test_a_fact_is_an_instant_or_a_text() -> None:
    at = int(moments.read("2027-01-15T12:00:00Z"))
    assert VALUES.holds(Operator.EQ, (str(at),), at) is True
    assert VALUES.holds(Operator.EQ, (str(at),), at + 1) is False
    assert VALUES.holds(Operator.IS_A, (str(at),), at) is None
    assert VALUES.holds(Operator.EQ, (str(at), str(at)), at) is None


def test_a_time_without_an_offset_stays_one() -> None:
    for text in ("2027-01-15T12:00:00", "2027-01-15T12:00:00.5"):
        assert moments.read(text) == text
    assert moments.read("2027-01-15T12:00") == "2027-01-15T12:00:00"
    for text in ("2027-02-30T12:00:00", "2027-01-15T25:00:00", "tomorrow", ""):
        with pytest.raises(ValueError):
            moments.read(text)


def claim(operator: Operator, right: str, holds: bool = True) -> Claim:
    return Claim("urn:x", operator, moments.read(right), holds)


def test_what_follows_also_between_times_with_and_without_an_offset() -> None:
    naive = claim(Operator.LT, "2027-01-15T12:00:00")
    assert VALUES.implies([naive], claim(Operator.LT, "2027-01-15T12:00:01")) is True
    assert VALUES.implies([naive], claim(Operator.LT, "2027-01-15T11:59:59")) is False
    assert VALUES.implies([naive], claim(Operator.LT, "2027-01-16T16:00:00Z")) is True
    assert VALUES.implies([naive], claim(Operator.LT, "2027-01-16T02:00:00Z")) is True
    assert VALUES.implies([naive], claim(Operator.LT, "2027-01-16T01:59:59.999999Z")) is False
    day = claim(Operator.EQ, "2027-01-15")
    assert VALUES.implies([day], claim(Operator.LT, "2027-01-16")) is True
    assert VALUES.implies([day], claim(Operator.GTEQ, "2027-01-15")) is True
    assert VALUES.implies([day], claim(Operator.GT, "2027-01-15")) is False
    assert VALUES.possible([day, claim(Operator.LT, "2027-01-15")]) is False
    assert VALUES.possible([naive, claim(Operator.GT, "2027-01-15T11:59:59")]) is True
    assert VALUES.possible([naive, claim(Operator.GTEQ, "2027-01-15T12:00:00")]) is False
    assert VALUES.possible([]) is True


def test_a_time_without_an_offset_may_be_meant_on_the_clock_in_berlin() -> None:
    for text, utc in (
        ("2027-01-15T12:00:00", "2027-01-15T11:00:00Z"),
        ("2027-07-15T12:00:00.25", "2027-07-15T10:00:00.25Z"),
        ("1901-01-01T00:00:00", "1900-12-31T23:00:00Z"),
        ("9998-12-31T12:00:00", "9998-12-31T11:00:00Z"),
        ("1969-12-31T12:00:00", "1969-12-31T11:00:00Z"),
    ):
        assert moments.berlin(text) == instants.instant(utc)
    for text in ("2027-01-15T12:00:00Z", "1900-12-31T23:59:59", "9999-01-01T00:00:00", "tomorrow"):
        with pytest.raises(ValueError):
            moments.berlin(text)


def test_what_floats_has_no_offset() -> None:
    assert moments.floating("2027-01-15T12:00:00") is True
    assert moments.floating("2027-01-15T12:00:00Z") is False
    assert moments.floating("2027-01-15") is False


RIGHTS = ("2027-01-15", "2027-01-15T12:00:00", "2027-01-15T18:00:00Z")
DENSE = [
    text
    for right in ("2027-01-14T23:00:00", "2027-01-15T12:00:00", "2027-01-15T18:00:00", "2027-01-15T23:00:00")
    for hours in (-14, 0, 14)
    for step in (-1, 0, 1)
    for at in (instants.instant(right + "Z") + hours * 3600 * 1_000_000 + step,)
    for text in (str(at), instants.stamp(at).removesuffix("Z"))
]
"""Times with an offset and without on both sides of wherever an answer about one of the three can change."""

CLAIMS = [
    Claim("urn:x", operator, moments.read(right), holds)
    for right in RIGHTS
    for operator in ORDER[:5]
    for holds in (True, False)
]


def holding(claims: Sequence[Claim]) -> list[str]:
    facts = (*DENSE, "2027-01-15")
    return [
        fact for fact in facts if all(VALUES.holds(one.operator, (one.right,), fact) is one.holds for one in claims)
    ]


def test_what_follows_is_what_holds_of_every_time() -> None:
    for premise in CLAIMS:
        assert VALUES.possible([premise]) is bool(holding([premise])), premise
        for claim_ in CLAIMS[::2]:
            both = holding([premise, claim_])
            assert VALUES.implies([premise], claim_) is (both == holding([premise])), (premise, claim_)
            assert VALUES.possible([premise, claim_]) is bool(both), (premise, claim_)


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("2027-01-15T12:00:00Z", UNKNOWN),
        ("2027-01-15T12:00:00", UNKNOWN),
        ("2027-01-16T13:00:00", (True, True, False, False, False, True)),
        ("2027-01-16T12:59:59.999999", (None, True, None, None, False, None)),
        ("2027-01-14T08:59:59.999999", (False, False, False, True, True, True)),
        ("2027-01-14T09:00:00", (False, None, None, True, None, None)),
        ("2027-01-14T09:00:00.000001", UNKNOWN),
    ],
)
def test_a_day_is_judged_all_through_it(right: str, expected: tuple[bool | None, ...]) -> None:
    assert judged("2027-01-15", right) == expected
