"""The way in: what is acknowledged is kept, once, and what cannot be taken is put aside with a reason."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import msgspec
import pytest

from connector.data.readings.model import Batch, Kind
from edge_node.buffer.buffer import Buffer
from edge_node.config import FieldSettings, SeriesSettings
from edge_node.errors import DecodeError, DutyError, FullError, KeepingError
from edge_node.ingest import intake as module
from edge_node.ingest.intake import Intake
from edge_node.ports import Arrival, Reading, Spoiled
from tests.edge_node import readings
from tests.edge_node.duties import document, masked, means
from tests.edge_node.taking import NOW, SEALER, FakeBuffer, Moments, intake
from tests.policies.transforms.duties import hourly, suppress

SAMPLES = list(readings.samples(120))
BODY = b"[" + b",".join(map(readings.as_json, SAMPLES)) + b"]"
SMALL = {
    "small": SeriesSettings({"level": FieldSettings(places=1, min=-50, max=50), "state": FieldSettings(kind=Kind.TEXT)})
}
SECOND = 1_000_000


def body(*rows: object) -> bytes:
    return msgspec.json.encode(rows)


def row(at: int, level: float, thing: str = "a") -> dict[str, object]:
    return {"thing": thing, "at": NOW + at * SECOND, "level": level}


def expected(samples: list[readings.Sample]) -> list[tuple[object, ...]]:
    return [
        (
            one.thing,
            one.at * SECOND,
            *(round(one.values[name] * 10**places) for name, places in readings.PLACES.items()),
        )
        for one in samples
    ]


async def test_what_comes_is_kept_when_take_returns() -> None:
    buffer = FakeBuffer()
    async with intake(buffer) as way:
        await way.take_json("s", "air", BODY)
        assert buffer.rows() == expected(SAMPLES)
        assert way.counts["s"].readings == 120
        assert way.counts["s"].bytes == len(BODY)
        assert way.counts["s"].last == NOW


async def test_readings_and_json_are_the_same() -> None:
    one, other = FakeBuffer(), FakeBuffer()
    async with intake(one) as way:
        await way.take_json("s", "air", BODY)
    async with intake(other) as way:
        found = [Reading(sample.thing, sample.values, sample.at * SECOND) for sample in SAMPLES]
        await way.take(Arrival("s", "air", found))
    assert one.rows() == other.rows()


async def test_take_waits_for_the_disk() -> None:
    buffer = FakeBuffer()
    buffer.gate.clear()
    async with intake(buffer, series=SMALL) as way:
        taking = asyncio.create_task(way.take_json("s", "small", body(row(0, 1))))
        while not buffer.appends:
            await asyncio.sleep(0)
        await asyncio.sleep(0.03)
        assert not taking.done()
        buffer.gate.set()
        await taking
        assert buffer.rows() == [("a", NOW, 10, None)]


async def test_what_comes_while_the_disk_is_busy_goes_together() -> None:
    buffer = FakeBuffer()
    buffer.gate.clear()
    async with intake(buffer, series=SMALL, batch=4) as way:
        first = asyncio.create_task(way.take_json("s", "small", body(*(row(n, n) for n in range(4)))))
        while not buffer.appends:
            await asyncio.sleep(0)
        rest = [asyncio.create_task(way.take_json("s", "small", body(row(n, n)))) for n in range(4, 12)]
        for _ in range(10):
            await asyncio.sleep(0)
        buffer.gate.set()
        await asyncio.gather(first, *rest)
        assert [one.count for one in buffer.sealed] == [4, 4, 4]
        assert buffer.appends == 2
        assert [one[2] for one in buffer.rows()] == [n * 10 for n in range(12)]


async def test_a_copy_is_kept_once_and_acknowledged() -> None:
    buffer = FakeBuffer()
    async with intake(buffer) as way:
        for _ in range(3):
            await way.take_json("s", "air", BODY)
        assert buffer.rows() == expected(SAMPLES)
        assert way.counts["s"].copies == 240


async def test_a_copy_waits_with_the_first() -> None:
    """The first is not on disk: whoever sends it again must not hear that it is."""
    buffer = FakeBuffer()
    buffer.gate.clear()
    async with intake(buffer, series=SMALL) as way:
        first = asyncio.create_task(way.take_json("s", "small", body(row(0, 1))))
        while not buffer.appends:
            await asyncio.sleep(0)
        again = asyncio.create_task(way.take_json("s", "small", body(row(0, 1))))
        await asyncio.sleep(0.03)
        assert not again.done()
        buffer.error = FullError("buffer.full")
        buffer.gate.set()
        for task in (first, again):
            with pytest.raises(FullError, match=r"buffer\.full"):
                await task


async def test_what_was_not_kept_may_come_again() -> None:
    buffer = FakeBuffer()
    buffer.error = KeepingError("buffer.disk")
    async with intake(buffer, series=SMALL) as way:
        with pytest.raises(KeepingError, match=r"buffer\.disk"):
            await way.take_json("s", "small", body(row(0, 1)))
        assert way.counts["s"].readings == 0
        buffer.error = None
        await way.take_json("s", "small", body(row(0, 1)))
        assert buffer.rows() == [("a", NOW, 10, None)]


async def test_the_same_time_with_other_values_is_no_copy() -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL) as way:
        await way.take_json("s", "small", body(row(0, 1), row(0, 2), row(0, 1), row(0, -0.1), row(0, -0.2)))
        assert [one[2] for one in buffer.rows()] == [10, 20, -1, -2]


async def test_readings_without_a_time_are_no_copies_but_ids_tell() -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL) as way:
        for _ in range(2):
            await way.take(Arrival("s", "small", [Reading("a", {"level": 1}), Reading("b", {"level": 1}, id="7")]))
        assert buffer.rows() == [("a", NOW, 10, None), ("b", NOW, 10, None), ("a", NOW, 10, None)]


async def test_copies_are_known_after_a_start() -> None:
    buffer = FakeBuffer()
    async with intake(buffer) as way:
        await way.take_json("s", "air", BODY)
    async with intake(buffer) as way:
        await way.take_json("s", "air", BODY)
        assert way.counts["s"].copies == 120
    assert buffer.rows() == expected(SAMPLES)


async def test_numbers_go_on_after_a_start() -> None:
    buffer = FakeBuffer()
    for begin in (0, 60):
        async with intake(buffer) as way:
            await way.take_json("s", "air", b"[" + b",".join(map(readings.as_json, SAMPLES[begin : begin + 60])) + b"]")
    assert [(one.first, one.last) for one in buffer.sealed] == [(1, 60), (61, 120)]
    assert buffer.rows() == expected(SAMPLES)
    assert buffer.known().number == len(buffer.legends) == 1  # the second start has seen no other thing


async def test_other_fields_are_another_series_of_the_same_name() -> None:
    buffer = FakeBuffer()
    more = {"small": SeriesSettings({**SMALL["small"].fields, "more": FieldSettings()})}
    for series in (SMALL, more, SMALL):
        async with intake(buffer, series=series) as way:
            await way.take_json("s", "small", body(row(len(buffer.sealed), 1)))
    assert [(one.series, one.first) for one in buffer.sealed] == [(1, 1), (2, 1), (1, 2)]
    assert [one.name for _, one in buffer.known().series] == ["small", "small"]


async def test_whoever_sends_nothing_that_can_be_taken_is_told() -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL) as way:
        refused = await way.take_json("s", "small", body({"thing": "b", "at": "yesterday", "level": 1}))
        assert refused is not None
        assert (refused.code, len(buffer.aside)) == ("reading.instant", 1)
        assert await way.take_json("s", "small", body(row(0, 1), {"thing": "", "at": NOW, "level": 1})) is None
        assert await way.take_json("s", "small", body()) is None


async def test_what_is_wrong_with_single_rows_is_put_aside() -> None:
    buffer = FakeBuffer()
    rows = [
        row(0, 1),
        {"thing": "", "at": NOW, "level": 1},
        {"thing": "b", "at": 5, "level": 1},
        {"thing": "b", "at": NOW + 2 * 86400 * SECOND, "level": 1},
        {"thing": "b", "at": "yesterday", "level": 1},
        {"thing": "b", "at": NOW},
        {"thing": "c", "at": NOW, "level": "x", "state": "on"},
        {"thing": "d", "at": NOW, "level": 50.1, "state": "off"},
        {"thing": "e", "at": NOW, "level": 50.1},
        {"thing": "f", "at": NOW, "level": True},
        ["no", "object"],
        {"thing": "g", "at": "2026-10-20T12:00:00+02:00", "level": -50, "other": 1},
    ]
    async with intake(buffer, series=SMALL) as way:
        await way.take_json("s", "small", body(*rows))
        assert [one.code for one in buffer.aside] == [
            "reading.thing",
            "reading.time",
            "reading.time",
            "reading.instant",
            "reading.empty",
            "reading.kind",
            "reading.range",
            "reading.range",
            "reading.kind",
            "reading.form",
        ]
        assert way.counts["s"].spoiled == 10
        at = 1_792_490_400 * SECOND
        assert buffer.rows() == [
            ("a", NOW, 10, None),
            ("c", NOW, None, "on"),
            ("d", NOW, None, "off"),
            ("g", at, -500, None),
        ]
        assert buffer.aside[6].params == {"thing": "d", "field": "level", "value": "50.1", "min": "-50", "max": "50"}


@pytest.mark.parametrize("broken", [b"", b"[{", b"\xff", b"nothing"])
async def test_what_is_no_json_is_said_to_the_source(broken: bytes) -> None:
    async with intake(FakeBuffer(), series=SMALL) as way:
        with pytest.raises(DecodeError, match=r"decode\.json"):
            await way.take_json("s", "small", broken)


async def test_what_a_source_cannot_read_is_put_aside() -> None:
    buffer = FakeBuffer()
    async with intake(buffer) as way:
        await way.spoiled(Spoiled("s", "decode.json", {}, b"x"))
        assert buffer.aside == [Spoiled("s", "decode.json", {}, b"x")]
        assert way.counts["s"].spoiled == 1


async def test_times_from_an_unset_clock_are_marked() -> None:
    buffer, moments = FakeBuffer(), Moments()
    moments.sure = False
    async with intake(buffer, series=SMALL, moments=moments) as way:
        await way.take_json("s", "small", body(row(0, 1), {"thing": "b", "level": 2}, row(86400 * 9, 3)))
        await way.take_json("s", "small", body({"thing": "b", "level": 2}))
    kept = {batch.unsure: batch.rows.columns[0] for batch in buffer.batches()[:2]}
    assert kept == {False: [10, 30], True: [20]}
    assert [one.unsure for one in buffer.sealed] == [False, True, True]


async def test_a_full_group_makes_take_wait() -> None:
    buffer = FakeBuffer()
    buffer.gate.clear()
    async with intake(buffer, series=SMALL, batch=1) as way:
        taking = [asyncio.create_task(way.take_json("s", "small", body(row(n, n % 50)))) for n in range(100)]
        for _ in range(50):
            await asyncio.sleep(0)
        # Eight are being written and as many gather; the others have not even been read.
        assert way.counts["s"].bytes < 20 * len(body(row(99, 49)))
        buffer.gate.set()
        await asyncio.gather(*taking)
        assert len(buffer.rows()) == 100


async def test_a_source_that_waits_for_all_its_answers_is_not_kept_waiting() -> None:
    """With a second to wait and a broker that lets twenty messages be under way, silence ends the group."""
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL) as way:
        way._seconds = 3600.0
        taking = [way.take_json("s", "small", body(row(n, n % 50))) for n in range(module._MANY + 4)]
        await asyncio.wait_for(asyncio.gather(*taking), 30)
        assert [one.count for one in buffer.sealed] == [module._MANY + 4]


async def test_the_loop_turns_and_says_so() -> None:
    turns: list[bool] = []
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL, turned=lambda: turns.append(True)) as way:
        await way.take_json("s", "small", body(row(0, 1)))
        while not turns:
            await asyncio.sleep(0)
        count = len(turns)
        buffer.error = KeepingError("buffer.disk")
        with pytest.raises(KeepingError):
            await way.take_json("s", "small", body(row(1, 1)))
        assert len(turns) == count  # a disk that fails does not count as life


async def test_the_end_is_told_to_those_who_wait() -> None:
    buffer = FakeBuffer()
    buffer.gate.clear()
    async with intake(buffer, series=SMALL, batch=1) as way:
        taking = [asyncio.create_task(way.take_json("s", "small", body(row(n, 1)))) for n in range(50)]
        while not buffer.appends:
            await asyncio.sleep(0)
    found = await asyncio.wait_for(asyncio.gather(*taking, return_exceptions=True), 30)
    assert {one.code for one in found if isinstance(one, KeepingError)} == {"intake.stopped"}
    assert not any(one is None for one in found)


async def test_what_duties_forbid_is_nowhere() -> None:
    """Neither among what is kept nor among what was put aside."""
    buffer = FakeBuffer()
    ordered = {"small": document(suppress("state"), masked("thing"))}
    async with intake(buffer, series=SMALL, ordered=ordered) as way:
        rows = [{"thing": "Anna", "at": NOW, "level": n, "state": "secret"} for n in (1, 99)]
        await way.take_json("s", "small", body(*rows, {"thing": "Anna", "at": "secret", "level": 1}))
        await way.spoiled(Spoiled("s", "decode.value", {"field": "level", "found": "secret"}, b"Anna secret"))
    assert [(one.code, one.params.get("field")) for one in buffer.aside] == [
        ("reading.range", "level"),
        ("reading.instant", None),
        ("decode.value", "level"),
    ]
    everything = repr((buffer.aside, buffer.batches(), buffer.known()))
    assert "Anna" not in everything
    assert "secret" not in everything
    assert [batch.rows.columns for batch in buffer.batches()] == [[[10, None]]]
    assert buffer.known().series[0][1].done


async def test_beside_a_buffer_that_is_encrypted_nothing_is_put_aside_in_the_clear() -> None:
    for encrypt in (True, False):
        buffer = FakeBuffer()
        async with intake(buffer, series=SMALL, encrypt=encrypt) as way:
            await way.take_json("s", "small", body({"thing": "Anna", "at": NOW, "level": 99}))
            await way.spoiled(Spoiled("s", "decode.value", {"field": "level", "found": "Anna"}, b"Anna"))
        assert [one.code for one in buffer.aside] == ["reading.range", "decode.value"]
        assert ("Anna" in repr(buffer.aside)) is not encrypt


@pytest.mark.parametrize("field", ["state", "level"])
async def test_a_field_that_is_suppressed_is_not_stored(field: str) -> None:
    """Also where that is the only duty."""
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL, ordered={"small": document(suppress(field))}) as way:
        await way.take_json("s", "small", body({**row(0, 1), "state": "secret"}))
    [batch] = buffer.batches()
    assert batch.rows.columns == ([[10]] if field == "state" else [["secret"]])
    assert len(dict(buffer.known().series)[1].fields) == 1


async def test_a_copy_is_known_before_duties_change_it() -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL, ordered={"small": document(hourly("at"))}) as way:
        for _ in range(2):
            await way.take_json("s", "small", body(row(0, 1), row(1, 1)))
        assert [(time % 3_600_000_000, value) for _, time, value, _ in buffer.rows()] == [(0, 10), (0, 10)]
        assert way.counts["s"].copies == 2


async def test_windows_are_kept_when_they_have_ended() -> None:
    buffer, moments = FakeBuffer(), Moments()
    async with intake(
        buffer, series=SMALL, moments=moments, ordered={"small": document(*means("at", field="level"))}
    ) as way:
        await way.take_json("s", "small", body(*(row(-n, n) for n in range(3))))
        assert (buffer.appends, way.counts["s"].readings) == (0, 3)
        moments.time += 2 * 3_600_000_000
        buffer.error = FullError("buffer.full")
        way._more.set()
        while not buffer.appends:
            await asyncio.sleep(0.01)
        buffer.error = None  # what could not be kept is given again
        while not buffer.sealed:
            await asyncio.sleep(0.01)
        [batch] = buffer.batches()
        names = [field.name for field in dict(buffer.known().series)[batch.series].fields]
        [count] = [column for name, column in zip(names, batch.rows.columns, strict=True) if "count" in name]
        assert (sum(value for value in count if isinstance(value, int)), len(batch.rows.times)) == (
            3,
            len(set(batch.rows.times)),
        )
        assert buffer.appends == 2


async def test_duties_that_cannot_be_followed_let_nothing_in() -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL, ordered={"small": {"@type": "Offer"}}) as way:
        with pytest.raises(DutyError):
            await way.take_json("s", "small", body(row(0, 1)))
    assert not buffer.appends


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_what_is_acknowledged_is_kept_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks that fail, sources that give up and send again, starts in between."""
    monkeypatch.setattr(module, "_AGAIN", 0.01)
    draw, buffer = random.Random(seed), FakeBuffer()
    rows = [row(n, n % 100 / 2 - 20, f"t{n % 7}") for n in range(400)]
    parts = [rows[at : at + 5] for at in range(0, 400, 5)]
    acknowledged: set[int] = set()

    async def source(way: Intake, mine: list[int]) -> None:
        for part in mine:
            task = asyncio.create_task(way.take_json("s", "small", body(*parts[part])))
            if draw.random() < 0.2:
                await asyncio.sleep(0)
                task.cancel()
            with contextlib.suppress(FullError, KeepingError, asyncio.CancelledError):
                await task
                acknowledged.add(part)

    for turn in range(12):
        buffer.error = FullError("buffer.full") if turn % 3 == 1 else None
        left = [part for part in range(len(parts)) if part not in acknowledged or draw.random() < 0.1]
        async with intake(buffer, series=SMALL, batch=draw.choice((1, 7, 1000))) as way:
            sources = [asyncio.create_task(source(way, left[n::5])) for n in range(5)]
            if turn < 11:
                await asyncio.sleep(draw.random() / 20)
            else:
                await asyncio.gather(*sources)
        for task in sources:
            task.cancel()
        await asyncio.gather(*sources, return_exceptions=True)
        if turn % 4 != 3:
            continue
        kept = [time for _, time, *_ in buffer.rows()]
        assert len(kept) == len(set(kept))
        assert {one["at"] for part in acknowledged for one in parts[part]} <= set(kept)
    assert len(acknowledged) > 60


async def test_on_a_disk(tmp_path: Path) -> None:
    """The same with files: what is kept is there after a start, in numbers without a gap, and known as copies."""
    for turn in range(3):
        buffer = Buffer.open(tmp_path, sealing=SEALER, clock=lambda: NOW)
        try:
            async with intake(buffer, batch=50) as way:
                part = b",".join(map(readings.as_json, SAMPLES[turn * 30 : turn * 30 + 60]))
                await way.take_json("s", "air", b"[" + part + b"]")
                await way.spoiled(Spoiled("s", "decode.json", {}, b"x"))
                assert way.counts["s"].copies == (30 if turn else 0)
            assert buffer.series() == {1: ((1, 60 + turn * 30),)}
            assert buffer.status().spoiled == turn + 1
            kept = [SEALER.opened(one.data) for one in buffer.read(1, ((1, 1000),), 1 << 20)]
        finally:
            await buffer.close()
    times = [time for batch in kept if isinstance(batch, Batch) for time in batch.rows.times]
    assert times == [one.at * SECOND for one in SAMPLES]


async def test_watchers_see_what_is_kept() -> None:
    seen: list[tuple[str, list[str]]] = []
    buffer = FakeBuffer()
    async with intake(buffer, series=SMALL) as way:
        way.watchers.append(lambda series, rows: seen.append((series.name, rows.things)))
        await way.take_json("s", "small", body(row(0, 1), row(0, 1, "b")))
    assert seen == [("small", ["a", "b"])]
