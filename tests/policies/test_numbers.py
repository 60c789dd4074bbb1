"""Covers policies/numbers.py."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.claims import Claim
from policies.model import Operator
from policies.numbers import Decimals, between, order, plain, read_decimal, scaled, span

texts = st.decimals(-1000, 1000, places=3).map(str)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1", "1"),
        ("+1.50", "1.5"),
        ("-0", "0"),
        ("-0.0", "0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-12.340", "-12.34"),
        ("100", "100"),
        ("0.000000000000001", "0.000000000000001"),
        ("9" * 30, "9" * 30),
    ],
)
def test_a_decimal_has_one_spelling(text: str, canonical: str) -> None:
    assert read_decimal(text) == canonical
    assert read_decimal(canonical) == canonical


@pytest.mark.parametrize("text", ["", ".", "1e3", "NaN", "1,5", "--1", "9" * 31, "0." + "1" * 16, "٣", "1\n"])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_decimal(text)


def test_whole_numbers_have_bounds() -> None:
    read = between(-1, 9)
    assert [read(text) for text in ("-1", "+0", "-0", "007", "9")] == ["-1", "0", "0", "7", "9"]
    for text in ("-2", "10", "1.0", "", "1_0", "٣", "9" * 16):
        with pytest.raises(ValueError):
            read(text)
    assert between(0)("9" * 15) == "9" * 15
    with pytest.raises(ValueError):
        between(0)("9" * 16)
    assert span("7") == (7, 8)


@given(texts, texts)
def test_numbers_are_compared_exactly(left: str, right: str) -> None:
    one, two = Fraction(left), Fraction(right)
    expected = {
        Operator.LT: one < two,
        Operator.LTEQ: one <= two,
        Operator.GT: one > two,
        Operator.GTEQ: one >= two,
        Operator.EQ: one == two,
        Operator.NEQ: one != two,
        Operator.IS_A: None,
    }
    for operator, truth in expected.items():
        assert order(operator, Decimal(left), Decimal(right)) is truth
        assert Decimals().holds(operator, (read_decimal(right),), read_decimal(left)) is truth


def test_a_set_of_decimals_holds_by_value() -> None:
    values = Decimals()
    assert values.holds(Operator.IS_ANY_OF, ("1", "2"), "2") is True
    assert values.holds(Operator.IS_ANY_OF, ("1", "2"), "3") is False
    assert values.holds(Operator.IS_NONE_OF, ("1", "2"), "3") is True
    assert values.holds(Operator.IS_NONE_OF, ("1", "2"), "1") is False
    assert values.holds(Operator.LT, ("1", "2"), "1") is None
    assert values.holds(Operator.LT, ("1",), 1) is None


def test_bounds_belong_to_what_they_bound() -> None:
    share = Decimals("0", "100")
    assert (share.read("0"), share.read("100.0")) == ("0", "100")
    for text in ("-0.1", "100.1"):
        with pytest.raises(ValueError):
            share.read(text)
    assert Decimals("1").read("1") == "1"
    assert Decimals().read("-5") == "-5"
    with pytest.raises(ValueError):
        Decimals("1").read("0.999")
    with pytest.raises(ValueError):
        Decimals(None, "1").read("1.001")


@pytest.mark.parametrize(
    ("least", "most", "claims", "possible"),
    [
        ("0", "100", [(Operator.GT, "99.9", True)], True),
        ("0", "100", [(Operator.GT, "100", True)], False),
        ("0", "100", [(Operator.LT, "0", True)], False),
        ("0", "100", [(Operator.LT, "0.1", True)], True),
        (None, None, [(Operator.LT, "0", True)], True),
        (None, None, [(Operator.GT, "0", True)], True),
        (None, None, [(Operator.GT, "1", True), (Operator.LT, "1.000000000000001", True)], True),
        (None, None, [(Operator.GT, "1", True), (Operator.LTEQ, "1", True)], False),
        (None, None, [(Operator.LTEQ, "1", False), (Operator.LT, "2", True), (Operator.EQ, "1.5", False)], True),
        ("0", None, [], True),
        (None, None, [], True),
        ("5", "5", [(Operator.NEQ, "5", True)], False),
        (None, None, [(Operator.LT, "0", True), (Operator.LT, "5", True)], True),
        ("0", "100", [(Operator.LT, "10", True), (Operator.LT, "90", True)], True),
        (None, None, [(Operator.GT, "0", True), (Operator.GT, "5", True)], True),
        ("0", "100", [(Operator.GT, "10", True), (Operator.GT, "90", True)], True),
    ],
)
def test_between_two_numbers_there_is_another(
    least: str | None, most: str | None, claims: list[tuple[Operator, str, bool]], possible: bool
) -> None:
    values = Decimals(least, most)
    premises = [Claim("urn:x", operator, right, holds) for operator, right, holds in claims]
    found = values.witness(premises)
    assert (found is not None) is values.possible(premises) is possible
    if found is not None:
        assert all(values.holds(one.operator, (one.right,), found) is one.holds for one in premises)


def test_a_number_without_claims_lies_within_the_bounds() -> None:
    assert list(Decimals("3").samples([])) == ["3"]
    assert list(Decimals().samples([])) == ["0"]


def test_what_follows_from_bounds() -> None:
    share = Decimals("0", "100")
    below = Claim("urn:x", Operator.LTEQ, "50")
    assert share.implies([below], Claim("urn:x", Operator.LT, "50.1"))
    assert not share.implies([below], Claim("urn:x", Operator.LT, "50"))
    assert share.implies([below], Claim("urn:x", Operator.GTEQ, "0"))
    assert not share.implies([below], Claim("urn:x", Operator.GT, "0"))
    assert not share.implies([below], Claim("urn:x", Operator.GT, "49.9"))


def test_no_exponent_and_no_needless_zero() -> None:
    assert [plain(Decimal(text)) for text in ("1E+3", "1.2300", "-0.0", "0.10")] == ["1000", "1.23", "0", "0.1"]
    assert scaled("1.5", "2") == "150"
    assert scaled("1.5", "-2") == "0.015"
    assert scaled("1", "+29") == "1" + "0" * 29
    for exponent in ("", "x", "100", "2.0", "30"):
        with pytest.raises(ValueError):
            scaled("1", exponent)
