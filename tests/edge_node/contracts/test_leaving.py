"""What a consumer gets of a series: the rest of the contract's steps, names of its own, nothing too young."""

from __future__ import annotations

from typing import Any

import pytest

from connector.data.readings.legends import joined
from connector.data.readings.model import Batch, Field, Kind, Legend, Rows, Series
from edge_node.collection.treating import NOTHING
from edge_node.contracts.decisions import Moment, Permit, Refusal
from edge_node.contracts.leaving import Departures, Leaving, leaving
from policies.model import ODRL, Rule
from policies.transforms import chain
from policies.transforms.said import chain_of
from tests.edge_node.duties import Kept, masked, means
from tests.policies.transforms.duties import ANY, NOW, at_least, duty, hourly, policy, suppress

HOUR = 3_600_000_000
BEGIN = NOW // HOUR * HOUR - 10 * HOUR
AIR = Series("air", (Field("temp", "Cel", 2), Field("who", kind=Kind.TEXT)))
THINGS = {1: "a", 2: "b"}
SURE = Moment(NOW)


def delay(period: str = "PT1H") -> Rule:
    return duty("delay", **{ODRL + "delayPeriod": period})


def permit(*duties: Rule, agreement: str = "urn:uuid:a", since: int = 0) -> Permit:
    return Permit("did:web:u", agreement, "permission/0", chain(policy(*duties)) if duties else None, since)


def done(*duties: Rule, fields: tuple[Field, ...] = AIR.fields) -> Series:
    steps = chain(policy(*duties))
    assert steps is not None
    return Series("air", fields, steps.text)


def batch(count: int = 4, *, first: int = 11, at: int = BEGIN, every: int = HOUR, **changes: Any) -> Batch:
    names: list[Any] = ["Anna", "Bert", "Anna", "Cem"]
    values: list[Any] = [100 * n for n in range(count)]
    rows = Rows([at + n * every for n in range(count)], [n % 2 + 1 for n in range(count)], [values, names[:count]])
    return Batch(7, 3, first, rows, **changes)


def going(permitted: Permit, series: Series = AIR) -> Leaving:
    found = leaving(permitted, series)
    assert isinstance(found, Leaving), found
    return found


def departures(kept: Kept | None = None) -> Departures:
    return Departures(Kept() if kept is None else kept, lambda size: bytes(range(size)))


def code(permitted: Permit, series: Series) -> str:
    found = leaving(permitted, series)
    return found.code if isinstance(found, Refusal) else ""


# --- which steps are left ---------------------------------------------------------------------------------------------

NO_WHO = (AIR.fields[0],)


@pytest.mark.parametrize(
    ("asked", "collected", "code_"),
    [
        ((suppress("who"),), AIR, ""),
        ((suppress("who"),), done(suppress("who"), fields=NO_WHO), ""),
        ((suppress("who", "temp"),), done(suppress("who"), fields=NO_WHO), ""),
        ((suppress("WHO"),), AIR, "transform.column"),
        ((suppress("who"),), Series("air", NO_WHO), "transform.column"),
        ((hourly("at"),), done(hourly("at", "PT30M")), ""),
        (means("at"), AIR, "leaving.collection"),
        (means("at"), done(*means("at")), ""),
        (means("at"), done(*means("at", "thing")), "leaving.collection"),
        ((*means("at"), suppress("who")), done(*means("at")), "leaving.collection"),
        ((at_least(5, "thing"),), AIR, "leaving.collection"),
        ((at_least(5, "thing"),), done(at_least(5, "thing")), ""),
        ((duty("filterRows", fieldValue="a", field="thing"),), done(masked("thing")), "leaving.collection"),
        ((duty("filterRows", fieldValue="a", field="thing"),), done(suppress("who"), fields=NO_WHO), ""),
        ((), Series("air", AIR.fields, "digest;sha-256=:AAAA:"), "leaving.done"),
    ],
)
def test_what_is_still_to_be_done(asked: tuple[Rule, ...], collected: Series, code_: str) -> None:
    assert code(permit(*asked), collected) == code_


def test_what_collection_has_done_is_told_with_it() -> None:
    found = going(permit(hourly("at")), done(suppress("who"), fields=NO_WHO))
    told = chain_of(found.series.done)
    terms = chain(policy(suppress("who"), hourly("at")))
    assert told == terms


# --- as it lies there -------------------------------------------------------------------------------------------------


async def test_without_steps_batches_go_as_they_are() -> None:
    found = going(permit())
    assert found.series == AIR
    assert found.as_it_is(BEGIN, NOW + HOUR, SURE)
    left = await departures().treat(found, batch(), THINGS, SURE)
    assert (left.batches, left.legend) == ((batch(),), None)


async def test_readings_wait_until_they_are_old_enough() -> None:
    found, moment = going(permit(delay())), Moment(BEGIN + 2 * HOUR)
    assert found.as_it_is(BEGIN, BEGIN + HOUR, moment)
    assert not found.as_it_is(BEGIN, BEGIN + 2 * HOUR, moment)
    left = await departures().treat(found, batch(), THINGS, moment)
    assert [(one.first, one.last) for one in left.batches] == [(11, 12)]
    assert (left.waiting, left.withheld) == (((13, 14),), ())
    assert left.batches[0].rows.columns == [[0, 100], ["Anna", "Bert"]]


async def test_the_devices_own_node_waits_as_well() -> None:
    home = Permit("", "")
    found = going(home, done(delay()))
    assert found.bound(Moment(NOW)) == NOW - HOUR
    assert going(home).bound(Moment(NOW)) > NOW


def test_a_delay_of_the_contract_and_one_of_collection() -> None:
    found = going(permit(delay("P1D")), done(delay("PT1H")))
    assert found.bound(Moment(NOW)) == NOW - 24 * HOUR


def test_times_that_may_be_too_early_wait_for_the_clock() -> None:
    found = going(permit(delay()))
    for moment, leaves in (
        (Moment(NOW, sure=False), False),
        (Moment(NOW, since=NOW - HOUR // 2), False),
        (Moment(NOW, since=NOW - 2 * HOUR), True),
    ):
        assert found.as_it_is(1, 2, moment, unsure=True) is leaves


async def test_a_thinned_batch_waits_as_a_whole() -> None:
    found = going(permit(delay()))
    left = await departures().treat(found, batch(span=9), THINGS, Moment(BEGIN + 2 * HOUR))
    assert (left.batches, left.waiting) == ((), ((11, 19),))


async def test_what_was_taken_before_the_contract_stays() -> None:
    found = going(permit(since=BEGIN + HOUR))
    assert not found.as_it_is(BEGIN, NOW, SURE)
    left = await departures().treat(found, batch(), THINGS, SURE)
    assert ([one.first for one in left.batches], left.withheld) == ([12], ((11, 11),))


# --- treated ----------------------------------------------------------------------------------------------------------


async def test_a_consumer_gets_names_and_numbers_of_its_own() -> None:
    kept = Kept()
    out, found = departures(kept), going(permit(suppress("who"), masked("thing")))
    left = await out.treat(found, batch(), THINGS, SURE)
    (one,), legend = left.batches, left.legend
    assert legend is not None
    assert (legend.number, legend.after, one.legend) == (1, 0, 1)
    assert (one.first, one.last, one.rows.times) == (11, 14, batch().rows.times)
    assert one.rows.columns == [[0, 100, 200, 300]]
    names = dict(legend.things)
    assert [names[n] for n in one.rows.things] == [names[1], names[2], names[1], names[2]]
    assert not {"a", "b"} & set(names.values())
    assert dict(legend.series)[one.series] == found.series
    again = await departures(kept).treat(found, batch(), THINGS, SURE)
    assert (again.legend, again.batches) == (None, left.batches)


async def test_names_that_come_later_add_to_the_legend() -> None:
    out, found = departures(), going(permit(masked("who")))
    known: Legend | None = None
    for count, things in ((1, THINGS), (4, THINGS), (4, {1: "c", 2: "d"})):
        left = await out.treat(found, batch(count), things, SURE)
        assert left.legend is not None
        known = joined(known, left.legend)
        assert left.batches[0].legend == known.number
    assert known == out.legend("urn:uuid:a")
    assert [name for _, name in known.things] == ["a", "b", "c", "d"]


async def test_two_agreements_share_no_pseudonyms() -> None:
    kept = Kept()
    draws = iter([b"1" * 32, b"2" * 32])
    out = Departures(kept, lambda size: next(draws))
    seen = []
    for agreement in ("urn:uuid:a", "urn:uuid:b"):
        left = await out.treat(going(permit(masked("thing"), agreement=agreement)), batch(), THINGS, SURE)
        assert left.legend is not None
        seen.append({name for _, name in left.legend.things})
    assert len(seen[0] | seen[1]) == 4


async def test_a_filter_leaves_numbers_and_nothing_else() -> None:
    found = going(permit(duty("filterRows", ("fieldValue", ANY, ["Anna"]), field="who"), suppress("who")))
    left = await departures().treat(found, batch(), THINGS, SURE)
    (one,) = left.batches
    assert (one.first, one.last, one.span, one.rows.columns) == (11, 14, 4, [[0, 200]])
    nobody = going(permit(duty("filterRows", fieldValue="Zoe", field="who")))
    left = await departures().treat(nobody, batch(), THINGS, SURE)
    assert (left.batches, left.withheld, left.legend) == ((), ((11, 14),), None)


async def test_a_thing_that_is_not_told() -> None:
    left = await departures().treat(going(permit(suppress("thing"))), batch(), THINGS, SURE)
    assert left.legend is not None
    assert left.legend.things == ((1, NOTHING),)


async def test_two_series_of_the_device_stay_two() -> None:
    """They are counted apart, whatever has become of their fields."""
    out = departures()
    raw, collected = (
        going(permit(suppress("who"))),
        going(permit(suppress("who")), done(suppress("who"), fields=NO_WHO)),
    )
    one = await out.treat(raw, batch(), THINGS, SURE)
    fewer = batch()
    fewer.rows.columns.pop()
    two = await out.treat(collected, Batch(8, 3, 11, fewer.rows), THINGS, SURE)
    assert raw.series == collected.series
    assert one.batches[0].series != two.batches[0].series
    assert out.series("urn:uuid:a") == {one.batches[0].series: 7, two.batches[0].series: 8}


async def test_pseudonyms_of_a_day_are_others_on_the_next() -> None:
    out, found = departures(), going(permit(masked("thing", period="P1D")))
    one = await out.treat(found, batch(), THINGS, SURE)
    two = await out.treat(found, batch(), THINGS, Moment(NOW + 24 * HOUR))
    assert two.legend is not None
    assert not set(one.batches[0].rows.things) & set(two.batches[0].rows.things)


async def test_what_is_over_is_forgotten() -> None:
    kept = Kept()
    out = departures(kept)
    for agreement in ("urn:uuid:a", "urn:uuid:b"):
        await out.treat(going(permit(masked("thing"), agreement=agreement)), batch(), THINGS, SURE)
    await out.keep({"urn:uuid:b"})
    assert not [name for name in kept if name.endswith("urn:uuid:a")]
    assert [name for name in kept if name.endswith("urn:uuid:b")]
    await out.keep(())
    assert not [name for name in kept if "urn:" in name]
