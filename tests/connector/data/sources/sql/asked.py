"""Random tables, chains and queries, for what is done by databases and by the node."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from connector.data.queries.model import (
    All,
    Any_,
    Compare,
    Comparison,
    Condition,
    Kind,
    Like,
    Missing,
    Not,
    OneOf,
    Query,
)
from policies.model import Operator
from policies.transforms import Chain
from policies.transforms.chain import of_steps
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Pseudonymise,
    Replace,
    Step,
    Suppress,
)

DST = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(1916, 9, 30, 23, tzinfo=UTC),
]
KEYS = [
    "05315",
    "05315000",
    "053150000000",
    "09162",
    "09162000",
    "09",
    "http://dcat-ap.de/def/politicalGeocoding/districtKey/05315",
]
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["Mitte", "'; DROP TABLE air; --", 'a"b', "a,b", "a\\b", "\\.", "%_", " x ", "ß\u2003", "NULL", "\n"]
)
instants = st.builds(
    lambda at, seconds, micros: at + timedelta(seconds=seconds, microseconds=micros),
    st.sampled_from(DST),
    st.integers(-200_000, 200_000),
    st.sampled_from([0, 0, 500_000, 123_456]),
) | st.datetimes(datetime(1880, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
numbers = st.integers(-(10**6), 10**6).map(lambda n: Decimal(n) / 1000)
floats = st.floats(allow_nan=False, allow_infinity=False, width=64).filter(lambda x: x == 0 or 1e-20 < abs(x) < 1e20)
COLUMNS = {
    "id": Kind.NUMBER,
    "district": Kind.TEXT,
    "name": Kind.TEXT,
    "n_int": Kind.NUMBER,
    "n_num": Kind.NUMBER,
    "n_f8": Kind.NUMBER,
    "flag": Kind.BOOLEAN,
    "at": Kind.INSTANT,
    "day": Kind.DATE,
}


def maybe(one: st.SearchStrategy[Any], often: bool = True) -> st.SearchStrategy[Any]:
    """Sometimes nothing."""
    return one if not often else one | one | one | st.none()


@st.composite
def rows(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """A few rows; each column has holes or none."""
    holes = {name: draw(st.booleans()) for name in COLUMNS}
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3))
    one = st.tuples(
        maybe(st.sampled_from(keys), holes["district"]),
        maybe(texts, holes["name"]),
        maybe(st.integers(-20, 20), holes["n_int"]),
        maybe(numbers, holes["n_num"]),
        maybe(floats, holes["n_f8"]),
        maybe(st.booleans(), holes["flag"]),
        maybe(instants, holes["at"]),
        maybe(st.dates(date(1890, 1, 1), date(2099, 1, 1)) | st.sampled_from([date(2026, 3, 29)]), holes["day"]),
    )
    return [(n * 7 - 12, *row) for n, row in enumerate(draw(st.lists(one, max_size=8)))]


def values(kind: Kind, name: str = "") -> st.SearchStrategy[Any]:
    """Values to compare a field with."""
    match kind:
        case Kind.NUMBER:
            return st.integers(-20, 20) | numbers.map(float) | floats.filter(lambda x: x == 0 or abs(x) < 1e15)
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.INSTANT:
            return instants.map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000", ""))
        case Kind.DATE:
            return st.dates(date(1890, 1, 1), date(2099, 1, 1)).map(date.isoformat)
        case _:
            return st.sampled_from(KEYS) | texts if name == "district" else texts


@st.composite
def simple(draw: st.DrawFn, fields: dict[str, Kind]) -> Condition:
    name = draw(st.sampled_from(sorted(fields)))
    kind = fields[name]
    match draw(st.integers(0, 3)):
        case 0:
            return Missing(name)
        case 1:
            return OneOf(name, tuple(draw(st.lists(values(kind, name), min_size=1, max_size=3))))
        case 2 if kind is Kind.TEXT:
            return Like(name, draw(st.text("a%_\\0531M", max_size=5).filter(lambda p: len(p) == len(p.rstrip("\\")))))
    comparison = draw(st.sampled_from(Comparison))
    return Compare(name, comparison, draw(values(kind, name)))


def conditions(fields: dict[str, Kind]) -> st.SearchStrategy[Condition]:
    """Any condition about these."""
    return st.recursive(
        simple(fields),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=2).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=1, max_size=2).map(lambda parts: Any_(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=4,
    )


ZONES = st.sampled_from(["Europe/Berlin", "UTC"])
TIMES = st.sampled_from(["PT1M", "PT15M", "PT1H", "PT2H", "PT6H", "P1D", "P7D", "P1M", "P2M", "P3M", "P1Y"])


@st.composite
def chains(draw: st.DrawFn, *, foreign: bool = True) -> Chain | None:
    """A chain in order; with `foreign` sometimes with a step that only the node does."""
    steps: list[Step] = []
    if draw(st.booleans()):
        operator = draw(st.sampled_from([Operator.EQ, Operator.IS_ANY_OF, Operator.NEQ, Operator.IS_NONE_OF]))
        name = draw(st.sampled_from(["district", "name", "n_int", "flag"]))
        some = {"n_int": st.integers(-20, 20).map(str), "flag": st.sampled_from(["true", "false"])}
        one = some.get(name, st.sampled_from([*KEYS[:5], "Mitte", ""]))
        steps.append(Keep(name, operator, tuple(draw(st.lists(one, min_size=1, max_size=2)))))
    if draw(st.integers(0, 3)) == 0:
        steps.append(Keep(draw(st.sampled_from(["n_int", "n_num", "n_f8"])), Operator.GTEQ, (str(draw(numbers)),)))
    if draw(st.integers(0, 3)) == 0:
        steps.append(
            Delay(draw(st.sampled_from(["P1D", "PT1H", "P1M"])), draw(st.sampled_from(["at", "day"])), draw(ZONES))
        )
    left = {"name", "district", "n_int", "n_num", "n_f8", "flag", "at", "day"}

    def take(among: set[str], most: int) -> tuple[str, ...]:
        found = (
            tuple(draw(st.lists(st.sampled_from(sorted(among & left)), max_size=most, unique=True)))
            if among & left
            else ()
        )
        left.difference_update(found)
        return tuple(sorted(found))

    if found := take(set(left), 2):
        steps.append(Suppress(found))
    if found := take({"name", "flag"}, 1):
        steps.append(Replace(found, draw(st.sampled_from(["-", "x'y\\", "ü"]))))
    if foreign and draw(st.integers(0, 9)) == 0 and (found := take({"name"}, 1)):
        steps.append(Pseudonymise(found))
    if "at" in left and draw(st.booleans()):
        steps.append(CoarsenTime(("at",), draw(TIMES), draw(ZONES)))
    if "day" in left and draw(st.booleans()):
        steps.append(CoarsenTime(("day",), draw(TIMES), draw(ZONES)))
    if "district" in left and draw(st.booleans()):
        steps.append(CoarsenPlace(("district",), draw(st.sampled_from(["district", "state", "municipality"]))))
    measured = sorted({"n_int", "n_num", "n_f8"} & left)
    groups = sorted({"district", "at", "day", "flag", "name"} & left)
    if groups and draw(st.integers(0, 2)) == 0:
        asked = draw(st.lists(st.sampled_from(["count", "sum", "mean", "min", "max"]), min_size=1, unique=True))
        fields = tuple(measured[:2]) if any(one != "count" for one in asked) else ()
        if fields or asked == ["count"]:
            order = [one for one in ("count", "sum", "mean", "min", "max") if one in asked]
            steps.append(Aggregate(tuple(groups[:2]), fields, tuple(order)))
    return of_steps(steps) if steps else None


@st.composite
def queries(draw: st.DrawFn, fields: dict[str, Kind]) -> Query:
    """A query about fields that leave."""
    some = draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=len(fields))) if fields else []
    return Query(
        properties=tuple(some) if draw(st.booleans()) else (),
        where=draw(conditions(fields)) if fields and draw(st.booleans()) else None,
        limit=draw(st.none() | st.integers(0, 5)),
    )
