"""Who does which part: what a database says exactly is its own, the rest is the node's."""

from __future__ import annotations

import pytest

from connector.data.queries.model import (
    Compare,
    Comparison,
    Condition,
    Field,
    Kind,
    Like,
    Not,
    OneOf,
    Query,
    Shape,
    Within,
    Work,
)
from connector.data.sources.sql import splitting
from connector.data.sources.sql.postgres import ABLE
from policies.model import Operator
from policies.transforms.chain import of_steps
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Noise,
    Pseudonymise,
    Replace,
    Sign,
    Step,
    Suppress,
    Threshold,
)

SHAPE = Shape(
    fields=(
        Field("id", Kind.NUMBER, nullable=False),
        Field("district", Kind.TEXT),
        Field("at", Kind.INSTANT),
        Field("pm10", Kind.NUMBER),
        Field("name", Kind.TEXT),
        Field("place", Kind.GEOMETRY),
    ),
    media_type="text/csv",
    key=("id",),
)
KEEP = Keep("district", Operator.EQ, ("05315",))
HOUR = CoarsenTime(("at",), "PT1H", "Europe/Berlin")
SINCE = Compare("at", Comparison.GTEQ, "2026-01-01T00:00:00Z")


def split(*steps: Step, **query: object) -> splitting.Split:
    work = Work(chain=of_steps(steps) if steps else None, query=Query(**query), now=10**15)  # type: ignore[arg-type]
    return splitting.split(SHAPE, work, ABLE)


@pytest.mark.parametrize(
    "steps",
    [
        (KEEP, Suppress(("name",)), HOUR),
        (Delay("P1D", "at", "Europe/Berlin"), Replace(("name",), "-")),
        (CoarsenPlace(("district",), "state"),),
        (HOUR, Aggregate(("at", "district"), ("pm10",), ("count", "mean"))),
    ],
)
def test_what_the_database_does_exactly_leaves_nothing(steps: tuple[Step, ...]) -> None:
    found = split(*steps)
    assert found.left is None and found.pushed.chain == of_steps(steps) and found.pushed.now == 10**15


@pytest.mark.parametrize(
    "step",
    [
        Pseudonymise(("name",)),
        Sign(),
        Delay("P1D"),
        Threshold(5, ("district",)),
        CoarsenPlace(("place",), "100"),
        CoarsenTime(("at",), "PT1H", "America/New_York"),
        CoarsenTime(("name",), "PT1H", "Europe/Berlin"),
        Suppress(("no such field",)),
        Keep("name", Operator.GT, ("5",)),
        Keep("name", Operator.IS_PART_OF, ("5",)),
    ],
)
def test_what_it_does_not_do_is_left_with_all_of_the_chain(step: Step) -> None:
    found = split(KEEP, step)
    assert found.left is not None and found.pushed.chain is None
    assert found.left.chain is not None and step in found.left.chain.steps


def test_noise_and_thresholds_are_never_narrowed_by_a_query() -> None:
    aggregate = Aggregate(("district",), ("pm10",), ("sum",))
    for step in (Threshold(5), Noise("1", "1", "0", "9")):
        plain, asked = split(aggregate, step), split(aggregate, step, where=SINCE, properties=("district",), limit=1)
        assert plain.pushed == asked.pushed
        assert plain.pushed.limit is None and plain.pushed.where is None


def test_a_field_that_does_not_leave_is_not_read() -> None:
    found = split(KEEP, Suppress(("name", "place")), HOUR, properties=("pm10",))
    assert found.pushed.fields == ("district", "pm10")


def test_a_query_about_coarse_values_is_asked_of_what_comes_out() -> None:
    """Nothing that is asked reaches behind the chain; what stands there is asked more widely, for an index."""
    exact = Compare("at", Comparison.LTEQ, "2026-01-01T00:30:00Z")
    found = split(HOUR, where=exact)
    assert found.left is None and found.pushed.then == exact
    assert found.pushed.where == Compare("at", Comparison.LT, "2026-01-01T01:00:00Z")


def test_a_query_about_what_the_chain_does_not_touch_is_asked_of_the_table() -> None:
    asked = OneOf("district", ("05315",))
    found = split(HOUR, where=asked)
    assert (found.left, found.pushed.where, found.pushed.then) == (None, asked, None)


def test_statistics_are_asked_about_and_not_their_rows() -> None:
    asked = Compare("count", Comparison.GT, 3)
    found = split(Aggregate(("district",), (), ("count",)), where=asked, properties=("district",))
    assert (found.left, found.pushed.where, found.pushed.then) == (None, None, asked)
    assert found.pushed.fields == ("district",)


@pytest.mark.parametrize(
    "where",
    [
        Within("place", (6.0, 50.0, 7.0, 51.0)),
        Not(Within("place", (6.0, 50.0, 7.0, 51.0))),
        Like("name", "a\\"),
        Compare("pm10", Comparison.EQ, 10**40),
        Compare("name", Comparison.EQ, "a\0"),
    ],
)
def test_a_condition_that_is_not_said_exactly_is_left(where: Condition) -> None:
    found = split(where=where)
    assert found.left is not None and found.left.query.where == where and found.pushed.limit is None


def test_a_limit_is_the_databases_only_where_nothing_is_left() -> None:
    assert split(limit=3).pushed.limit == 3
    assert split(Pseudonymise(("name",)), limit=3).pushed.limit is None
    assert split(resolution="P1D", limit=3).pushed.limit is None


def test_fields_that_look_alike_are_hidden_together() -> None:
    shape = Shape(fields=(*SHAPE.fields, Field("NAME", Kind.TEXT)), media_type="text/csv", key=("id",))
    found = splitting.split(shape, Work(chain=of_steps([Suppress(("name",))])), ABLE)
    assert not {"name", "NAME"} & {*found.pushed.fields, *found.pushed.shown}
