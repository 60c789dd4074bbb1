"""Steps done to columns are the steps that a node does to rows."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from connector.data.readings.model import Field, Kind
from edge_node.collection.treating import NOTHING, Columns, Given, Treatment
from policies.instants import instant, stamp
from policies.model import Operator, PolicyError
from policies.transforms import Given as NodeGiven
from policies.transforms import Schema, chain, numbers, plan
from policies.transforms.steps import Aggregate, CoarsenTime, Delay, Keep, Noise, Replace, Step, Suppress, Threshold
from tests.policies.transforms.duties import ANY, KEY, NOW, duty, hourly, policy, suppress

FIELDS = (
    Field("temp", "Cel", 2),
    Field("lat", "", 5),
    Field("lon", "", 5),
    Field("count"),
    Field("who", kind=Kind.TEXT),
    Field("ags", kind=Kind.TEXT),
    Field("seen", kind=Kind.TEXT),
    Field("open", kind=Kind.FLAG),
)
NAMES = [field.name for field in FIELDS]


def drawn(count: int) -> Columns:
    draw = random.Random(count)
    columns: list[list[Any]] = [
        [draw.randrange(-2000, 4000) for _ in range(count)],
        [5_200_000 + draw.randrange(100_000) for _ in range(count)],
        [760_000 + draw.randrange(100_000) for _ in range(count)],
        [draw.randrange(20) for _ in range(count)],
        [draw.choice(["Anna", "Bert", "", "Çağla"]) for _ in range(count)],
        [draw.choice(["05515000", "055150000000", "02000000"]) for _ in range(count)],
        [f"2026-0{draw.randrange(1, 9)}-1{draw.randrange(9)}T1{draw.randrange(9)}:3{draw.randrange(9)}:00+02:00"
         for _ in range(count)],
        [draw.choice([True, False]) for _ in range(count)],
    ]  # fmt: skip
    times = [NOW - draw.randrange(400 * 86_400) * 1_000_000 for _ in range(count)]
    return Columns([f"box-{draw.randrange(9)}" for _ in range(count)], times, columns)


def shown(field: Field, value: Any) -> Any:
    if field.kind is not Kind.NUMBER or value is None:
        return value
    return Decimal(numbers.write(Decimal(value).scaleb(-field.places)))


def as_objects(rows: Columns, fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """The rows as a node gives them out."""
    made = []
    for n, (thing, at) in enumerate(zip(rows.things, rows.times, strict=True)):
        values = {field.name: shown(field, column[n]) for field, column in zip(fields, rows.columns, strict=True)}
        made.append({"thing": thing, "at": stamp(at), **values})
    return made


DUTIES = {
    "suppress": [suppress("who", "temp")],
    "suppress the thing": [suppress("thing")],
    "replace": [duty("replace", ("field", ANY, ["who", "count"]), replaceWith="x")],
    "replace the thing": [duty("replace", ("field", ANY, ["thing"]), replaceWith="x")],
    "pseudonyms": [duty("pseudonymise", ("field", ANY, ["thing", "who", "temp", "count"]))],
    "pseudonyms of a day": [duty("pseudonymise", ("field", ANY, ["thing"]), pseudonymPeriod="P1D")],
    "hours": [hourly("at")],
    "days": [hourly("at", "P1D")],
    "months": [hourly("at", "P1M"), hourly("seen", "P7D")],
    "seconds": [hourly("at", "PT10S")],
    "squares": [duty("coarsen", ("placeField", ANY, ["lat", "lon"]), spatialResolution="500")],
    "keys": [duty("coarsen", placeField="ags", spatialResolution="district")],
    "named": [duty("filterRows", ("fieldValue", ANY, ["Anna", "Çağla"]), field="who")],
    "not named": [duty("filterRows", ("fieldValue", Operator.IS_NONE_OF, ["box-1", "box-2"]), field="thing")],
    "warm": [duty("filterRows", ("fieldNumber", Operator.GTEQ, "12.5"), field="temp")],
    "exactly": [duty("filterRows", fieldValue="3", field="count")],
    "open": [duty("filterRows", fieldValue="true", field="open")],
    "pointers": [suppress("/who"), hourly("/at")],
    "together": [
        suppress("who"), hourly("at"), duty("pseudonymise", ("field", ANY, ["thing"])),
        duty("coarsen", ("placeField", ANY, ["lat", "lon"]), spatialResolution="1000"),
        duty("filterRows", ("fieldValue", ANY, ["Anna"]), field="who"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", DUTIES)
def test_as_a_node_does_it(name: str) -> None:
    terms, rows = policy(*DUTIES[name]), drawn(300)
    done = chain(terms)
    assert done is not None
    treatment = Treatment(done.steps, FIELDS)
    treated = treatment.run(rows, Given(NOW, KEY))
    expected = list(plan(terms, Schema(tree=True)).run(as_objects(rows, FIELDS), NodeGiven(NOW, KEY)))
    found = as_objects(treated.rows, treatment.fields)
    for one in found:
        if one["thing"] == NOTHING:
            del one["thing"]
    assert found == expected
    assert treated.unfit == 0
    assert 0 < len(found) <= 300
    kept = range(300) if treated.kept is None else treated.kept
    assert len(kept) == len(found)


def test_rows_stay_as_they_were_given() -> None:
    rows = drawn(50)
    before = as_objects(rows, FIELDS)
    done = chain(policy(*DUTIES["together"], suppress("thing")))
    assert done is not None
    Treatment(done.steps, FIELDS).run(rows, Given(NOW, KEY))
    assert as_objects(rows, FIELDS) == before


def test_what_cannot_be_treated_is_left_out() -> None:
    """A node refuses the whole; a device goes on with the others."""
    rows = drawn(5)
    rows.columns[5][2] = "somewhere"
    rows.columns[1][4] = None
    done = chain(policy(*DUTIES["keys"], *DUTIES["squares"]))
    assert done is not None
    treated = Treatment(done.steps, FIELDS).run(rows, Given(NOW))
    assert (treated.kept, treated.unfit) == ([0, 1, 3], 2)


def test_a_suppressed_field_is_gone_under_every_spelling() -> None:
    fields = (Field("who", kind=Kind.TEXT), Field("WHO", kind=Kind.TEXT), Field("n"))
    treatment = Treatment([Suppress(("who",))], fields)
    assert [field.name for field in treatment.fields] == ["n"]


def test_pseudonyms_need_a_key() -> None:
    done = chain(policy(*DUTIES["pseudonyms"]))
    assert done is not None
    with pytest.raises(PolicyError, match=r"transform\.key"):
        Treatment(done.steps, FIELDS).run(drawn(1), Given(NOW))


def test_a_delay_is_told_and_not_done() -> None:
    treatment = Treatment([Delay("PT1H"), Delay("P1D", "at", "UTC")], FIELDS)
    assert treatment.delays == [("PT1H", "Europe/Berlin"), ("P1D", "UTC")]
    assert not treatment


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Suppress(("nobody",)), "transform.column"),
        (Suppress(("at",)), "treat.time"),
        (Replace(("at",), "x"), "treat.time"),
        (Keep("nobody", Operator.EQ, ("x",)), "transform.column"),
        (Keep("at", Operator.EQ, ("2026-06-01",)), "treat.filter"),
        (CoarsenTime(("temp",), "PT1H", "UTC"), "treat.kind"),
        (CoarsenTime(("thing",), "PT1H", "UTC"), "treat.kind"),
        (Delay("P1D", "seen"), "treat.delay"),
        (Aggregate(("at",), (), ("count",)), "treat.step"),
        (Threshold(5), "treat.step"),
        (Noise("1", "1"), "treat.step"),
    ],
)
def test_what_cannot_be_done_refuses_beforehand(step: Step, code: str) -> None:
    with pytest.raises(PolicyError, match=code):
        Treatment([step], FIELDS)


def test_what_was_suppressed_is_not_there_for_the_next_step() -> None:
    with pytest.raises(PolicyError, match=r"transform\.column"):
        Treatment([Suppress(("who",)), Replace(("who",), "x")], FIELDS)


def test_floors_are_those_of_the_grid() -> None:
    at = instant("2026-10-25T02:30:00+02:00")
    rows = Columns(["a", "a"], [at, at + 3_600_000_000], [])
    treated = Treatment([CoarsenTime(("at",), "PT1H", "Europe/Berlin")], ()).run(rows, Given(NOW))
    assert [stamp(one) for one in treated.rows.times] == ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"]
