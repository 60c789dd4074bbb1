"""Data that are written so that what was to be hidden leaves next door, or that nobody can be sure to treat at all."""

from __future__ import annotations

import json

import pytest

from policies.model import ODRL, Operator, Policy, PolicyError
from policies.transforms import Given, media, plan
from tests.policies.transforms.duties import ANY, EQ, GTEQ, KEY, NOW, Memory, at_least, duty, hourly, policy

from tests.policies.transforms.duties import summed, suppress  # isort: skip

SECRET = "Erika Mustermann"
LIKE = [
    "NAME",
    "Name ",
    " name",
    "na me",
    "name\u00a0",
    "\ufeffname",
    "na\u200bme",
    "na\u00adme",
    "na\u2060me",
    "ｎａｍｅ",
    "'name'",
    "„name“",
    '"name"',
    "name\t",
    "name\u3000",
    "NA\u200dME",
]


def left(policy: Policy, media_type: str, text: str) -> str:
    memory = Memory()
    body = media.body(media_type, lambda: iter([text.encode()]))
    planned = plan(policy, body.schema)
    given = Given(now=NOW, key=KEY, modified=0, settle=memory.settle)
    return b"".join(body.written(planned.run(body, given), planned)).decode()


def heading(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("other", ["name", *LIKE])
@pytest.mark.parametrize("first", [True, False])
def test_a_column_that_looks_like_the_one_that_is_taken_away_does_not_leave(other: str, first: bool) -> None:
    names = [heading(other), "name"] if first else ["name", heading(other)]
    text = ";".join([*names, "kWh"]) + f"\r\n{SECRET};{SECRET};5\r\n"
    told = left(policy(suppress("name")), "text/csv", text)
    assert SECRET not in told
    assert told.splitlines() == ["kWh", "5"]


@pytest.mark.parametrize("other", LIKE)
@pytest.mark.parametrize("hidden", [suppress("name"), duty("replace", field="name", replaceWith="-"),
                                    duty("pseudonymise", field="name")])  # fmt: skip
def test_neither_does_what_stands_under_such_a_key(other: str, hidden: object) -> None:
    rows = [{"kwh": 5, "name": SECRET, other: SECRET, "far": [{"deep": {other: SECRET}}]}]
    told = left(policy(hidden), "application/json", json.dumps(rows))  # type: ignore[arg-type]
    assert SECRET not in told
    assert '"kwh":5' in told


@pytest.mark.parametrize("other", LIKE)
def test_nor_under_a_pointer_to_it(other: str) -> None:
    rows = [{"kwh": 5, "person": {"name": SECRET, other: SECRET}, "Person": [{"name": SECRET}]}]
    told = left(policy(suppress("/person/name")), "application/json", json.dumps(rows))
    assert SECRET not in told


@pytest.mark.parametrize("other", ["NAME", "na\u200bme", "ｎａｍｅ"])
def test_where_only_one_that_looks_like_it_is_there_nothing_leaves(other: str) -> None:
    with pytest.raises(PolicyError):
        left(policy(suppress("name")), "text/csv", f"{other};kWh\r\n{SECRET};5\r\n")
    with pytest.raises(PolicyError):
        left(policy(suppress("name")), "application/json", json.dumps([{other: SECRET, "kwh": 5}]))


def test_a_place_beside_the_place_refuses_the_whole() -> None:
    coarse = policy(duty("coarsen", ("placeField", ANY, ["lat", "lon"]), spatialResolution="500"))
    assert "50.7374" not in left(coarse, "text/csv", "lat,lon\n50.7374,7.0982\n")
    with pytest.raises(PolicyError):
        left(coarse, "text/csv", "lat,lon,Lat,Lon\n50.7374,7.0982,50.7374,7.0982\n")
    for beside in ({"Lat": 50.7374, "Lon": 7.0982}, {"far": {"LAT": 50.7374, "LON": 7.0982}}):
        with pytest.raises(PolicyError):
            left(coarse, "application/json", json.dumps([{"lat": 50.7374, "lon": 7.0982, **beside}]))


def test_names_that_differ_in_more_than_their_looks_are_different_names() -> None:
    told = left(policy(suppress("name")), "text/csv", f"name;street name;surname\r\n{SECRET};A;B\r\n")
    assert told.splitlines() == ["street name;surname", "A;B"]


POLICIES = {
    "suppress": policy(suppress("name")),
    "pseudonymise": policy(duty("pseudonymise", field="name")),
    "time": policy(hourly("name")),
    "place": policy(duty("coarsen", ("placeField", EQ, "name"), spatialResolution="500")),
    "statistics": policy(summed("place", field="name", statistics=("count", "sum", "mean", "min", "max"))),
    "threshold": policy(summed("place", field="name"), at_least(1)),
    "rows": policy(at_least(1, "place", unitField="name")),
    "filter": policy(duty("filterRows", ("fieldNumber", Operator.LTEQ, "5"), field="name")),
    "delay": policy(duty("delay", (ODRL + "delayPeriod", GTEQ, "P1D"), timeField="name")),
}
VALUES = [
    "1e999999999", "-1e-999999999", "1e308", "9" * 5000, "NaN", "Infinity", '"NaN"', '"1e999999999"', "true", "null",
    "[]", "{}", '{"a":1}', '"\\u0000"', '"\\ud83d"', '"2026-13-45T99:99:99Z"', '"9999-12-31T23:59:59.999999-14:00"',
    '"0001-01-01T00:00:00+14:00"', '"2026-03-29T02:30:00"', "[" * 3000 + "]" * 3000,
    '{"type":"Point","coordinates":[1e999999999,1]}', '{"type":"Point","coordinates":[1,"x"]}', '" "',
]  # fmt: skip


@pytest.mark.parametrize("name", POLICIES)
def test_whatever_a_value_is_it_is_treated_or_refuses_the_whole_in_words(name: str) -> None:
    refused = 0
    for value in VALUES:
        bare = value.strip('"')
        for media_type, text in (
            ("application/json", f'[{{"place":"x","name":{value}}}]'),
            ("application/json", f'[{{"place":{value},"name":1}}]'),
            ("application/x-ndjson", f'{{"place":"x","name":{value}}}\n'),
            ("text/csv", f"place;name\nx;{bare}\n"),
        ):
            try:
                assert len(left(POLICIES[name], media_type, text)) < 20_000
            except PolicyError as error:
                assert value not in str(error.reason.params)  # noqa: PT017
                refused += 1
    assert 0 < refused < 4 * len(VALUES)
