"""Every question to a silo: what is opened, what is left out, limits, rest, and who waits for whom."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connector.data.answering import rows as rows_of
from connector.data.queries.model import Compare, Comparison, Field, Kind, Pushed, Query, Selection, Shape, Work
from connector.data.silos import breaker, shapes
from connector.data.silos.kinds import KINDS
from connector.data.silos.opened import Opened
from connector.data.silos.registry import Silos, kept_in
from connector.errors import BusyError, NodeError, SourceError
from policies.model import Reason
from policies.transforms.chain import of_steps
from policies.transforms.steps import Suppress
from tests.connector.data.silo import KIND, ROWS, SILO, TREES, Kept, MemoryReader, asset, silos
from tests.harness.virtual import VirtualClock, run

TRIED = tuple(one.name for one in TREES)


def everything(opened: Opened) -> Pushed:
    return opened.split(Work()).pushed


async def body(made: Silos, opened: Opened, pushed: Pushed | None = None) -> bytes:
    async with aclosing(made.read(opened, pushed or everything(opened))) as pieces:
        return b"".join([piece async for piece in pieces])


async def rows(made: Silos, opened: Opened, pushed: Pushed | None = None) -> list[Any]:
    return [msgspec.json.decode(line) for line in (await body(made, opened, pushed)).splitlines()]


async def told(asking: Coroutine[Any, Any, Any]) -> str:
    """The code of what a question ends with, "" where it works."""
    try:
        await asking
    except NodeError as error:
        return error.reason.code
    return ""


def virtually(main: Callable[[Silos, MemoryReader], Coroutine[Any, Any, None]]) -> None:
    async def within() -> None:
        await main(*silos(VirtualClock()))

    run(within)


# --- what is opened ---------------------------------------------------------------------------------------------------


def test_a_shape_has_the_frozen_fields_in_their_order() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset("height", "id"))
        assert [one.name for one in opened.shape.fields] == ["height", "id"]
        assert opened.shape.key == ("id",)
        assert (await made.open(asset("height"))).shape.key == ()
        assert (await rows(made, opened))[3] == {"height": 1.5, "id": 3}

    virtually(main)


def test_a_new_field_is_never_served_or_asked_for() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.fields = (*TREES, Field("owner"))
        reader.rows = [{**row, "owner": "Mrs X"} for row in ROWS]
        opened = await made.open(asset())
        assert [one.name for one in opened.shape.fields] == list(TRIED)
        assert all("owner" not in one.fields for one in reader.selections)
        assert b"Mrs X" not in await body(made, opened)
        with pytest.raises(SourceError, match=r"source\.drift"):
            await body(made, opened, Pushed(fields=("id", "owner")))
        assert "owner" not in {name for one in reader.pushed for name in one.fields}

    virtually(main)


def test_a_field_that_is_gone_is_drift_and_says_which() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.fields = TREES[:2]
        with pytest.raises(SourceError) as caught:
            await made.open(asset())
        assert caught.value.reason.code == "source.drift"
        assert caught.value.reason.params["field"] == "district, height"
        assert made.trouble() == Reason("source.failing", {"asset": "trees", "cause": "source.drift", "assets": "1"})
        reader.fields = TREES
        await made.open(asset())
        assert made.trouble() is None

    virtually(main)


@pytest.mark.parametrize(("guessed", "code"), [(False, "source.drift"), (True, "")])
def test_a_field_of_another_kind_is_drift_but_where_it_was_guessed(guessed: bool, code: str) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        kept = shapes.plain((await made.select(SILO, (await made.open(asset())).selection)).shape)
        reader.guessed = guessed
        reader.fields = (*TREES[:3], Field("height", Kind.TEXT))
        made.forget(SILO.id)
        assert await told(made.open(asset(shape=kept))) == code
        if guessed:
            assert (await made.open(asset(shape=kept))).shape.fields == TREES

    virtually(main)


def test_a_form_that_changed_is_drift() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        kept = shapes.plain((await made.open(asset())).shape)
        made.forget(SILO.id)
        reader.media_type = "text/csv"
        assert await told(made.open(asset(shape=kept))) == "source.drift"

    virtually(main)


def test_a_shape_is_asked_for_once_at_a_time_and_remembered_a_moment() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.pause = 1.0
        await asyncio.gather(*(made.open(asset()) for _ in range(20)))
        assert reader.asked == ["describe"]
        await asyncio.sleep(shapes.KEPT_SECONDS + 1)
        await made.open(asset())
        assert reader.asked == ["describe"] * 2

    virtually(main)


def test_a_silo_with_other_settings_is_asked_anew() -> None:
    async def main() -> None:
        made, reader = silos(VirtualClock())
        await made.open(asset())
        changed = replace(SILO, settings={"place": "there", "at_once": "2"})
        made.find_record = kept_in(Kept(changed))  # type: ignore[arg-type]
        opened = await made.open(asset())
        assert reader.asked == ["describe"] * 2
        assert reader.silos[-1].settings == opened.silo.settings == {"place": "there"}

    run(main)


def test_a_silo_that_is_gone_or_of_another_kind_is_not_opened() -> None:
    async def main() -> None:
        made, _ = silos(VirtualClock(), replace(SILO, kind="http"))
        assert await told(made.open(asset())) == "source.drift"
        assert await told(made.open(asset(silo="another"))) == "source.gone"
        assert await told(made.find("another")) == "source.gone"

    run(main)


# --- what an asset leaves out -----------------------------------------------------------------------------------------

WHERE = "district = 'Nord' AND height >= 3"
NORTH = [row for row in ROWS if row["district"] == "Nord" and row["height"] >= 3]  # type: ignore[operator]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("form", ["text/csv", "application/x-ndjson"])
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_rows_that_an_asset_leaves_out_never_leave(exact: bool, form: str, piece: int) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.exact, reader.media_type, reader.piece = exact, form, piece
        opened = await made.open(asset(where=WHERE))
        assert opened.selection.where == ""
        made_of = await body(made, opened)
        if form == "text/csv":
            table = list(csv.DictReader(io.StringIO(made_of.decode(), newline="")))
            assert table == [{name: str(value) for name, value in row.items()} for row in NORTH]
        else:
            assert [msgspec.json.decode(line) for line in made_of.splitlines()] == NORTH
        assert (reader.pushed[-1].where is not None) == exact

    virtually(main)


@pytest.mark.parametrize("exact", [True, False])
def test_a_question_narrows_what_an_asset_has_and_never_widens_it(exact: bool) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.exact = exact
        opened = await made.open(asset(where=WHERE))
        query = Query(where=Compare("species", Comparison.EQ, "oak"), limit=2, properties=("species",))
        split = opened.split(Work(query=query))
        found = await rows(made, opened, split.pushed)
        if exact:
            assert split.left is None
            assert found == [{"species": "oak"}] * 2
        else:
            assert split.left is not None
            assert split.left.query == query
            assert found == [{"species": row["species"]} for row in NORTH]

    virtually(main)


def test_a_limit_counts_rows_of_the_asset_also_where_the_reader_is_asked_past_it() -> None:
    """Whoever takes the reader's own split gets fewer rows than there are, and never one that is left out."""

    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset(where=WHERE))
        past = opened.reader.split(opened.silo, opened.shape, Work(query=Query(limit=3, properties=("id",)))).pushed
        assert past.limit == 3
        assert await rows(made, opened, past) == [{"id": row["id"]} for row in NORTH]
        assert (await rows(made, opened, opened.split(Work(query=Query(limit=3))).pushed)) == NORTH

    virtually(main)


@pytest.mark.parametrize("form", ["text/csv", "application/x-ndjson"])
@pytest.mark.parametrize("exact", [True, False])
def test_a_field_that_only_the_asset_decides_by_does_not_leave(form: str, exact: bool) -> None:
    """What the contract takes away is not read, and so nobody is left who takes it away: it must not come back by the
    asset's own condition."""

    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.exact, reader.media_type = exact, form
        opened = await made.open(asset(where="species = 'oak' AND height > 3"))
        chain = of_steps([Suppress(("species",))])
        reader.exact = False  # for the chain
        pushed = opened.split(Work(chain=chain)).pushed
        assert "species" not in pushed.fields
        reader.exact = exact
        found = (await body(made, opened, pushed)).decode()
        assert "oak" not in found
        assert "species" not in found
        assert len(found.splitlines()) == sum(one["species"] == "oak" and one["height"] > 3 for one in ROWS) + (  # type: ignore[operator]
            form == "text/csv"
        )

    virtually(main)


def test_features_lose_what_only_the_asset_decides_by() -> None:
    async def main() -> None:
        fields = (Field("id"), Field("name"), Field("secret"), Field("geometry", Kind.GEOMETRY))
        shape = Shape(fields=fields, features=True, geometry="geometry")
        row = {"type": "Feature", "id": "a", "geometry": {"type": "Point", "coordinates": [8, 50]}}
        row["properties"] = {"name": "x", "secret": "y"}

        async def pieces() -> AsyncGenerator[bytes, None]:
            yield msgspec.json.encode(row) + b"\n"

        own = Compare("secret", Comparison.EQ, "y")
        for wanted, left in (
            (("name",), {"type": "Feature", "geometry": None, "properties": {"name": "x"}}),
            (("id", "geometry"), {**row, "properties": {}}),
        ):
            read = (*wanted, "secret")
            made = b"".join([one async for one in rows_of.kept(pieces(), own, shape, read, wanted)])
            assert msgspec.json.decode(made) == left

    run(main)


@pytest.mark.parametrize("bad", [b"[1]\n", b'{"a": \n', b"\xff\n", b"x" * (9 << 20)])
def test_rows_that_cannot_be_looked_at_are_not_passed_on(bad: bytes) -> None:
    async def main() -> None:
        async def pieces() -> AsyncGenerator[bytes, None]:
            yield bad

        shape = Shape(fields=TREES)
        own = Compare("species", Comparison.EQ, "oak")
        code = ""
        try:
            async for piece in rows_of.kept(pieces(), own, shape, TRIED, ("id",)):
                assert not piece
        except SourceError as error:
            code = error.reason.code
        assert code == "source.broken"

    run(main)


def test_what_is_watched_is_the_assets_own_alone() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset(where=WHERE))
        async with aclosing(made.watch(opened, everything(opened), "")) as events:
            seen = [event async for event in events]
        assert [msgspec.json.decode(one.row) for one in seen if one.row] == NORTH
        assert [one for one in seen if one.gap and not one.row], "a gap is told although its row is left out"

    virtually(main)


@pytest.mark.parametrize("where", ["owner = 'x'", "district =", "height = 'tall'"])
def test_a_condition_that_cannot_be_is_refused_and_nothing_is_read(where: str) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        assert await told(made.open(asset(where=where))) == "source.drift"
        assert (await told(made.select(SILO, Selection(collection="trees", where=where)))).startswith("query.")
        assert "read" not in reader.asked

    virtually(main)


# --- budgets ----------------------------------------------------------------------------------------------------------


def limited(**settings: str) -> tuple[Silos, MemoryReader]:
    return silos(VirtualClock(), replace(SILO, settings={**SILO.settings, **settings}))


def test_bytes_beyond_the_budget_end_it() -> None:
    async def main() -> None:
        made, _ = limited(max_bytes="500")
        opened = await made.open(asset())
        with pytest.raises(SourceError) as caught:
            await body(made, opened)
        assert caught.value.reason == Reason("source.budget", {"silo": "cadastre", "of": "bytes"})
        assert opened.budget.bytes == 500

    run(main)


def test_a_silo_that_says_nothing_is_slow_and_its_work_is_stopped() -> None:
    async def main() -> None:
        made, reader = limited(idle_seconds="5")
        opened = await made.open(asset())
        reader.holds = asyncio.Event()
        at = asyncio.get_running_loop().time()
        assert await told(body(made, opened)) == "source.slow"
        assert asyncio.get_running_loop().time() - at == pytest.approx(5)
        assert reader.open == 0
        assert (
            await told(made.collections(replace(SILO, settings={"idle_seconds": "2", "place": "here"})))
            == "source.slow"
        )

    run(main)


def test_an_access_that_lasts_too_long_ends_also_where_its_reader_is_slow() -> None:
    async def main() -> None:
        made, reader = limited(max_seconds="10")
        opened = await made.open(asset())
        got = 0
        with pytest.raises(SourceError, match="seconds"):
            async with aclosing(made.read(opened, everything(opened))) as pieces:
                async for piece in pieces:
                    got += len(piece)
                    await asyncio.sleep(3)
        assert got > 0
        assert reader.open == 0

    run(main)


def test_a_reader_that_is_defect_is_told_as_a_silo_that_is_broken() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.wrong = ValueError("postgres://u:secret@db")
        with pytest.raises(SourceError) as caught:
            await body(made, opened)
        assert caught.value.reason.code == "source.broken"
        assert "secret" not in str(caught.value)

    virtually(main)


# --- rest -------------------------------------------------------------------------------------------------------------


def test_two_hours_of_outage_cost_a_few_questions_and_end_by_themselves() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.wrong = SourceError("source.unreachable")
        reader.asked.clear()
        codes = set()
        for _ in range(7200):
            codes.add(await told(body(made, opened)))
            await asyncio.sleep(1)
        assert codes == {"source.unreachable", "source.resting"}
        assert breaker.FAILURES < len(reader.asked) < 40
        trouble = made.trouble()
        assert trouble is not None
        assert trouble.code == "silo.failing"
        assert made.standing("cadastre") == "source.unreachable"
        reader.wrong = None
        waited = 0
        while await told(body(made, opened)):
            await asyncio.sleep(1)
            waited += 1
        assert waited <= breaker.LONGEST
        assert made.trouble() is None
        assert await rows(made, opened) == ROWS

    virtually(main)


def test_when_a_silo_comes_back_one_asks_and_the_others_wait_for_it() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.wrong = SourceError("source.slow")
        for _ in range(breaker.FAILURES):
            assert await told(body(made, opened)) == "source.slow"
        reader.wrong = None
        await asyncio.sleep(breaker.REST)
        reader.asked.clear()
        reader.pause, reader.most = 1.0, 0
        codes = await asyncio.gather(*(told(body(made, opened)) for _ in range(60)))
        assert codes.count("") >= 1
        assert set(codes) <= {"", "source.resting"}
        assert reader.asked.count("read") == codes.count("")
        assert reader.most == 1

    virtually(main)


def test_who_leaves_as_a_probe_lets_another_try() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.wrong = SourceError("source.unreachable")
        for _ in range(breaker.FAILURES):
            await told(body(made, opened))
        await asyncio.sleep(breaker.REST)
        reader.wrong, reader.holds = None, asyncio.Event()
        probe = asyncio.create_task(body(made, opened))
        await asyncio.sleep(1)
        assert await told(body(made, opened)) == "source.resting"
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        reader.holds = None
        assert await told(body(made, opened)) == ""

    virtually(main)


@pytest.mark.parametrize("code", ["source.drift", "source.budget", "source.secret"])
def test_what_is_no_fault_of_the_silo_gives_it_no_rest(code: str) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.wrong = SourceError(code)
        for _ in range(3 * breaker.FAILURES):
            assert await told(body(made, opened)) == code

    virtually(main)


def test_a_silo_that_dies_in_the_middle_cuts_what_it_gave() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.fails_after = 2
        assert await told(body(made, opened)) == "source.unreachable"
        assert made.standing("cadastre") == "source.unreachable"

    virtually(main)


# --- who waits for whom -----------------------------------------------------------------------------------------------


def test_so_many_ask_at_once_and_no_more() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.pause = 1.0
        reader.most = 0
        codes = await asyncio.gather(*(told(body(made, opened)) for _ in range(20)))
        assert set(codes) == {""}
        assert reader.most == 4

    virtually(main)


def test_a_queue_that_is_full_is_busy_at_once_and_nobody_waits_for_ever() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        opened = await made.open(asset())
        reader.holds = asyncio.Event()
        waiting = [asyncio.create_task(told(body(made, opened))) for _ in range(4 + breaker.WAITING)]
        await asyncio.sleep(0.1)
        with pytest.raises(BusyError, match=r"source\.busy"):
            await body(made, opened)
        await asyncio.sleep(breaker.PATIENCE)
        codes = [await one for one in waiting]
        assert codes.count("source.busy") >= breaker.WAITING - 4
        assert reader.most == 4

    virtually(main)


def test_a_reader_that_reads_slowly_holds_a_seat_until_somebody_else_wants_it() -> None:
    async def main() -> None:
        made, reader = limited(at_once="1")
        opened = await made.open(asset())
        held = made.read(opened, everything(opened))
        await anext(held)
        assert reader.open == 1
        assert await told(body(made, opened)) == "", "the silo's work for the slow one was stopped for this"
        assert reader.open == 0
        with pytest.raises(SourceError, match=r"source\.paced"):
            await anext(held)
        await held.aclose()
        assert made.trouble() is None, "it is nothing that the silo could help"
        assert await told(body(made, opened)) == ""

    run(main)


async def test_closing_gives_back_what_readers_hold() -> None:
    made, reader = silos(VirtualClock())
    await made.close()
    assert reader.asked == ["close"]


# --- kinds and settings -----------------------------------------------------------------------------------------------


def test_kinds_that_give_bytes_are_not_among_them() -> None:
    made, _ = silos(VirtualClock())
    assert list(made.kinds) == [KIND]
    assert made.check(replace(SILO, kind="no-such-kind")) == ["kind: no-such-kind is unknown"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_the_table_is_there(kind: str) -> None:
    made, _ = silos(VirtualClock())
    reader = Silos([kind], around=made.around, find=kept_in(Kept())).reader(kind)  # type: ignore[arg-type]
    assert reader.kind == kind
    assert reader.settings
    assert all(one.about and one.ueber for one in reader.settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"place": "x", "password": "hunter2"},
        {"place": "postgres://reader:hunter2@db/x"},
        {"place": "host=db password=hunter2"},
        {"place": "https://x/?api_key=hunter2"},
        {"place": "x", "at_once": "0"},
        {"place": "x", "max_rows": "many"},
        {"place": "x", "nonsense": "1"},
    ],
)
def test_settings_that_hold_a_secret_or_mean_nothing_do_not_pass(settings: dict[str, str]) -> None:
    made, _ = silos(VirtualClock())
    wrong = made.check(replace(SILO, settings=settings))
    assert wrong
    assert "hunter2" not in " ".join(wrong)


@pytest.mark.parametrize(
    "settings", [{}, {"silo": "x"}, {"silo": "x", "fields": []}, {"silo": "x", "fields": ["a"], "more": 1}]
)
def test_an_asset_of_a_silo_has_frozen_fields(settings: dict[str, Any]) -> None:
    assert Silos.check_asset(settings)
    assert not Silos.check_asset({"silo": "x", "collection": "", "fields": ["a"], "where": "", "shape": {}})
