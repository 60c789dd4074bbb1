"""Rows and conditions drawn at random, in every form that rows have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Shape,
)
from policies.transforms import Schema

FIELDS = (
    Field("name"),
    Field("n", Kind.NUMBER),
    Field("ok", Kind.BOOLEAN),
    Field("t", Kind.INSTANT),
    Field("day", Kind.DATE),
)
TABLE = Shape(fields=FIELDS, media_type="text/csv", time="t")
OBJECTS = Shape(fields=FIELDS, time="t")
FEATURES = Shape(fields=(*FIELDS, Field("geometry", Kind.GEOMETRY)), features=True, time="t", geometry="geometry")
COLUMNS = Schema(tuple(field.name for field in FIELDS), decimals=("", ",", "", "", ""), comma=True)
TREE = Schema(tree=True)

TEXTS = st.sampled_from(["a", "ab", "b%", "A", "ä", "a_b", "x'y", "a\\b", "aab", "%"])
NUMBERS = st.sampled_from([0, 1, -1, 0.1, 0.30000000000000004, 2.5, 100, 9007199254740992, -0.5])
INSTANTS = st.sampled_from(
    [
        "2026-07-01T00:00:00Z",
        "2026-07-01T00:00:00.5Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2025-12-31T23:00:00Z",
    ]
)
DAYS = st.sampled_from(["2026-07-01", "2026-10-25", "2025-12-31"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "n": NUMBERS,
    "ok": st.booleans(),
    "t": INSTANTS,
    "day": DAYS,
}
ROWS = st.fixed_dictionaries({name: st.none() | found for name, found in VALUES.items()})
PATTERNS = st.text("ab%_\\Aä", max_size=6).filter(lambda text: not text.replace("\\\\", "").endswith("\\"))


@st.composite
def leaves(draw: st.DrawFn, likes: bool = True) -> Condition:
    """A condition about one field."""
    name = draw(st.sampled_from(sorted(VALUES)))
    kind = draw(st.sampled_from(["compare", "in", "missing"] + ["like"] * likes))
    if kind == "missing":
        return Missing(name)
    if kind == "like":
        return Like("name", draw(PATTERNS))
    if kind == "in":
        return OneOf(name, tuple(draw(st.lists(VALUES[name], min_size=1, max_size=3))))
    comparisons = list(Comparison) if name != "ok" else [Comparison.EQ, Comparison.NEQ]
    value: Literal = draw(VALUES[name])
    return Compare(name, draw(st.sampled_from(comparisons)), value)


def conditions(likes: bool = True) -> st.SearchStrategy[Condition]:
    """Conditions of conditions."""
    return st.recursive(
        leaves(likes),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Any_(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=6,
    )


def cells(row: dict[str, Any]) -> list[str]:
    """The row in a German table."""
    made = []
    for field in FIELDS:
        value = row[field.name]
        if value is None:
            made.append("")
        elif field.kind is Kind.NUMBER:
            made.append(format(Decimal(repr(value)), "f").replace(".", ","))
        elif field.kind is Kind.BOOLEAN:
            made.append("true" if value else "false")
        else:
            made.append(value)
    return made


def feature(row: dict[str, Any], geometry: Any = None) -> dict[str, Any]:
    """The row as a feature."""
    return {"type": "Feature", "geometry": geometry, "properties": dict(row)}
