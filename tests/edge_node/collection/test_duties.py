"""Duties at collection: what is stored, and what never is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.readings.model import Kind
from edge_node.collection import duties
from edge_node.collection.duties import Duties
from edge_node.collection.treating import NOTHING, Columns
from edge_node.config import FieldSettings, SeriesSettings
from edge_node.errors import DutyError, FullError
from policies.model import ODRL
from policies.transforms import chain
from policies.transforms.said import chain_of
from tests.edge_node.duties import Kept, document, masked, means
from tests.policies.transforms.duties import NOW, at_least, duty, hourly, policy, suppress

HOUR = 3_600_000_000
BEGIN = NOW // HOUR * HOUR
AIR = SeriesSettings({"temp": FieldSettings(places=2), "who": FieldSettings(kind=Kind.TEXT)})
DELAY = duty("delay", **{ODRL + "delayPeriod": "PT1H", "timeField": "at"})
SIGN = duty("sign")


def rows(*values: int, at: int = BEGIN, things: str = "ab") -> Columns:
    count = len(values)
    return Columns([things[n % len(things)] for n in range(count)], [at + n for n in range(count)],
                   [list(values), ["Anna"] * count])  # fmt: skip


async def made(
    *ordered: Any, folder: Path = Path("/nowhere"), memory: Path | None = None, kept: Kept | None = None,
    settings: SeriesSettings = AIR,
) -> Duties:  # fmt: skip
    found = Duties({"air": settings}, folder, kept=Kept() if kept is None else kept, draw=_draw, memory=memory)
    await found.follow({"air": document(*ordered)} if ordered else {})
    return found


def _draw(size: int) -> bytes:
    return b"k" * size


async def test_without_duties_nothing_is_done() -> None:
    found = (await made()).of("air")
    given = rows(1, 2)
    assert found.idle
    assert found.apply(given, NOW) == given
    assert (found.series.done, [field.name for field in found.series.fields]) == ("", ["temp", "who"])


async def test_what_is_stored_and_what_is_told_of_it() -> None:
    found = (await made(suppress("who"), hourly("at"), masked("thing"))).of("air")
    kept = found.apply(rows(1, 2, at=BEGIN + 5), NOW)
    assert kept.times == [BEGIN, BEGIN]
    assert kept.columns == [[1, 2]]
    assert len(set(kept.things)) == 2
    assert all(len(thing) == 32 for thing in kept.things)
    terms = chain(policy(suppress("who"), hourly("at"), masked("thing")))
    assert terms is not None
    assert chain_of(found.series.done) == terms


async def test_owner_and_node_together(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_bytes(msgspec.json.encode(document(suppress("who"))))
    settings = msgspec.structs.replace(AIR, collection="own.json")
    found = (await made(hourly("at"), folder=tmp_path, settings=settings)).of("air")
    kept = found.apply(rows(1, at=BEGIN + 7), NOW)
    assert (kept.times, kept.columns) == ([BEGIN], [[1]])


async def test_pseudonyms_of_a_series_last() -> None:
    kept = Kept()
    one = (await made(masked("thing"), kept=kept)).of("air").apply(rows(1, 2), NOW).things
    two = (await made(masked("thing"), kept=kept)).of("air").apply(rows(1, 2), NOW).things
    assert one == two
    assert [*kept] == ["duties.key.air"]


async def test_counts_of_what_was_left_out() -> None:
    named = duty("filterRows", fieldValue="a", field="thing")
    key = duty("coarsen", placeField="who", spatialResolution="district")
    found = (await made(named, key)).of("air")
    given = Columns(["a", "b", "a"], [BEGIN] * 3, [[1, 2, 3], ["05515000", "05515000", "nowhere"]])
    assert found.apply(given, NOW).columns == [[1], ["05515"]]
    assert (found.counts.filtered, found.counts.unfit) == (1, 1)


async def test_a_delay_waits_at_the_door_and_a_seal_is_there_anyway() -> None:
    found = (await made(DELAY, SIGN)).of("air")
    given = rows(1, at=NOW)
    assert found.apply(given, NOW) == given
    assert "delay" in found.series.done


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ((at_least(5, "thing"),), "duty.memory"),
        ((suppress("nobody"),), "transform.column"),
        ((suppress("at"),), "treat.time"),
        (means("thing"), "windows.endless"),
        ((suppress(*(f"{n:060}" for n in range(60))),), "duty.long"),
        ((duty(ODRL + "inform"),), "duty.none"),
    ],
)
async def test_what_cannot_be_followed_stores_nothing(terms: tuple[Any, ...], code: str) -> None:
    found = await made(*terms)
    with pytest.raises(DutyError) as refused:
        found.of("air").apply(rows(1), NOW)
    assert refused.value.code == code
    assert isinstance(refused.value, FullError)
    assert found.trouble()["air"].code == code
    assert not found.of("air").idle


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"permission": 3}', None])
async def test_a_file_that_is_none_stores_nothing(tmp_path: Path, text: bytes | None) -> None:
    if text is not None:
        (tmp_path / "own.json").write_bytes(text)
    found = await made(folder=tmp_path, settings=msgspec.structs.replace(AIR, collection="own.json"))
    with pytest.raises(DutyError):
        found.of("air").apply(rows(1), NOW)


async def test_an_empty_order_stores_nothing() -> None:
    """The node sends one where it does not find the policy any more."""
    found = await made()
    await found.follow({"air": {}})
    with pytest.raises(DutyError):
        found.of("air").apply(rows(1), NOW)


async def test_orders_that_were_lost_store_nothing_until_they_are_there_again() -> None:
    found = await made(suppress("who"))
    await found.follow(None)
    with pytest.raises(DutyError) as refused:
        found.of("air").apply(rows(1), NOW)
    assert refused.value.code == "duty.unknown"
    await found.follow({"air": document(suppress("who"))})
    assert found.of("air").apply(rows(1), NOW).columns == [[1]]


# --- windows ----------------------------------------------------------------------------------------------------------


async def test_a_window_is_stored_once_and_only_when_it_has_ended() -> None:
    found = await made(*means("at", "thing"))
    air = found.of("air")
    assert air.apply(rows(100, 200, 300), NOW).times == []
    assert list(found.ended(NOW)) == []
    due = found.due()
    assert due is not None
    (one, stored), = found.ended(due)  # fmt: skip
    assert one is air
    assert (stored.things, stored.times) == (["a", "b"], [BEGIN, BEGIN])
    assert stored.columns == [[2, 1], [20000, 20000]]
    assert len(list(found.ended(due))) == 1, "not stored yet, so it is given again"
    air.told()
    assert list(found.ended(due)) == []
    assert found.due() is None


async def test_windows_outlive_the_process_where_there_is_memory(tmp_path: Path) -> None:
    """Killed after whichever group of readings: what was acknowledged is in the window."""
    for killed in range(1, 4):
        memory = tmp_path / str(killed)
        memory.mkdir()
        for part in range(killed):
            air = (await made(*means("at"), memory=memory)).of("air")
            air.apply(rows(part), NOW)
        found = await made(*means("at"), memory=memory)
        ((one, stored),) = found.ended(BEGIN + 3 * HOUR)
        assert (stored.things, stored.columns[0]) == ([NOTHING], [killed])
        one.told()
        again = await made(*means("at"), memory=memory)
        assert list(again.ended(BEGIN + 3 * HOUR)) == []
        again.of("air").apply(rows(1), NOW)
        assert again.of("air").counts.late == 1


async def test_nothing_of_a_window_stands_where_there_is_no_memory(tmp_path: Path) -> None:
    kept = Kept()
    found = await made(*means("at", "thing"), folder=tmp_path, kept=kept)
    found.of("air").apply(rows(1, 2, 3), NOW)
    assert list(tmp_path.iterdir()) == []
    assert kept == {}


async def test_a_long_log_is_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "_MOST_HELD", 500)
    air = (await made(*means("at"), memory=tmp_path)).of("air")
    for _ in range(50):
        air.apply(rows(1, 2), NOW)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1000
    found = await made(*means("at"), memory=tmp_path)
    ((_, stored),) = found.ended(BEGIN + 3 * HOUR)
    assert stored.columns[0] == [100]


async def test_other_duties_begin_another_series_and_open_windows_are_told_as_they_were(tmp_path: Path) -> None:
    found = await made(*means("at"), memory=tmp_path)
    old = found.of("air")
    old.apply(rows(1), NOW)
    await found.follow({"air": document(suppress("who"))})
    new = found.of("air")
    assert new is not old
    assert new.series != old.series
    assert new.apply(rows(1), NOW).times == [BEGIN]
    ((one, stored),) = found.ended(BEGIN + 3 * HOUR)
    assert one is old
    assert stored.columns[0] == [1]
    one.told()
    assert list(found.ended(BEGIN + 3 * HOUR)) == []


async def test_the_same_duties_go_on() -> None:
    found = await made(*means("at"))
    air = found.of("air")
    await found.follow({"air": document(*means("at"))})
    assert found.of("air") is air


async def test_windows_of_duties_that_are_gone_are_gone(tmp_path: Path) -> None:
    (await made(*means("at"), memory=tmp_path)).of("air").apply(rows(1), NOW)
    assert len(list(tmp_path.iterdir())) == 1
    await made(suppress("who"), memory=tmp_path)
    assert list(tmp_path.iterdir()) == []


CHILD = """
import asyncio, sys
import re
import subprocess
import sys
from pathlib import Path
from tests.edge_node.collection.test_duties import *
async def main():
    air = (await made(*means("at"), memory=Path(sys.argv[1]))).of("air")
    print("taken", 0, flush=True)
    for n in range(1, 1_000_000):
        air.apply(rows(n), NOW)
        print("taken", n, flush=True)
asyncio.run(main())
"""


@pytest.mark.process
@pytest.mark.parametrize("lines", [1, 7, 400])
async def test_a_killed_process_has_lost_nothing_that_it_has_taken(tmp_path: Path, lines: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(lines):
        child.stdout.readline()
    child.kill()
    told = [f"taken {lines - 1}", *child.stdout.read().split("\n")]
    child.wait(10)
    child.stdout.close()
    taken = max(int(line.split()[1]) for line in told if re.fullmatch(r"taken \d+", line))
    found = list((await made(*means("at"), memory=tmp_path)).ended(BEGIN + 3 * HOUR))
    count = found[0][1].columns[0][0] if found else 0
    assert count in (taken, taken + 1)
