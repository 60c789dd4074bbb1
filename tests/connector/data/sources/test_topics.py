"""connector/data/sources/topics.py: patterns, filters, what covers what."""

from __future__ import annotations

import pytest

from connector.data.queries.model import All, Compare, Comparison, Not, OneOf
from connector.data.sources import topics

PATTERN = topics.read("sensors/{district}/+/{device}")


@pytest.mark.parametrize("text", ["", "a/#/b", "a+", "{a}/{a}", "{a b}", "a/{x}y", "\0", "x" * 1001])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        topics.read(text)


@pytest.mark.parametrize(
    ("topic", "values"),
    [
        ("sensors/7/x/a", {"district": "7", "device": "a"}),
        ("sensors//x/a", {"district": "", "device": "a"}),
        ("sensors/7/a", None),
        ("other/7/x/a", None),
        ("sensors/7/x/a/b", None),
    ],
)
def test_what_a_topic_says(topic: str, values: dict[str, str] | None) -> None:
    assert PATTERN.values(topic) == values


def test_many_levels_and_the_brokers_own() -> None:
    every = topics.read("{first}/#")
    assert every.values("a/b/c") == {"first": "a"}
    assert every.values("a") == {"first": "a"}
    assert every.values("$SYS/x") is None


def test_filters_are_as_narrow_as_what_is_wanted() -> None:
    assert PATTERN.filters({}) == {"sensors/+/+/+"}
    assert PATTERN.filters({"district": frozenset({"7", "8"})}) == {"sensors/7/+/+", "sensors/8/+/+"}
    assert PATTERN.filters({"district": frozenset({"7/x", "+", "#"})}) == frozenset()
    assert PATTERN.filters({"district": frozenset(map(str, range(100)))}) == {"sensors/+/+/+"}


def test_what_a_condition_leaves() -> None:
    seven = Compare("district", Comparison.EQ, "7")
    both = OneOf("district", ("7", "8"))
    assert topics.allowed(All((seven, both)), PATTERN) == {"district": {"7"}}
    assert topics.allowed(Not(seven), PATTERN) == {}
    assert topics.allowed(Compare("value", Comparison.EQ, "7"), PATTERN) == {}
    assert topics.allowed(None, PATTERN) == {}


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [("a/+", "a/b", True), ("a/#", "a", True), ("#", "a/b", True), ("a/b", "a/+", False), ("a/+", "a/#", False),
     ("a/+", "a/b/c", False), ("+/+", "a/+", True)],
)  # fmt: skip
def test_covering(wide: str, narrow: str, covers: bool) -> None:
    assert topics.covers(wide, narrow) is covers


def test_the_least_filters_have_no_overlap() -> None:
    assert topics.least({"a/+", "a/b", "c"}) == {"a/+", "c"}
