"""connector/data/opening.py: a delivery opens what an access would get; nothing is made for whom it is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from connector.data.answering.answers import ChangedError
from connector.data.delivery.delivering import _parts
from connector.data.delivery.opening import Opened, Opening, identity
from connector.data.gate import AccessRefusedError
from connector.data.silos.kinds import KINDS, Place
from connector.data.sources import Sources
from connector.errors import SourceError
from connector.records import Asset, Delivery
from tests.connector.data import made
from tests.connector.data.made import STORIES, Story
from tests.connector.data.test_egress import duty, under
from tests.connector.data.world import PID, World, agreement, asset, count, started, until, world

SUPPRESS = duty("suppress", field="name")


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setitem(KINDS, "made", Place("tests.connector.data.made:MadeReader"))
    STORIES["made"] = Story()
    return STORIES["made"]


def opening(w: World) -> Opening:
    sources = Sources(["file", "folder", "live"], clock=w.clock)
    return Opening(gate=w.gate, sources=sources, egress=w.egress, answers=w.answers)


def delivery(**changes: Any) -> Delivery:
    return Delivery(id=PID, agreement="a", peer="p", **changes)


async def opened(w: World, what: Asset) -> tuple[bytes, Opened]:
    there = await opening(w)(delivery(), what)
    parts = [part async for part in _parts(there.content, 0, 1000)]
    await there.close()
    body = b"".join(part.data for part in parts)
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].whole == hashlib.sha256(body).digest()
    assert parts[-1].size == len(body)
    return body, there


async def test_a_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"x" * 5000)
    what = asset("file", path=str(tmp_path / "d"))
    async with world(tmp_path, started(), agreement(), what) as w:
        body, there = await opened(w, what)
        assert body == b"x" * 5000
        assert identity(there.content) == there.ask.etag == hashlib.sha256(body).hexdigest()
        assert (there.ask.resumes, there.ask.draws) == (True, True)


async def test_a_file_without_bytes_is_one_part(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"")
    what = asset("file", path=str(tmp_path / "d"))
    async with world(tmp_path, started(), agreement(), what) as w:
        assert (await opened(w, what))[0] == b""


async def test_what_the_contract_takes_away_is_away(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"id,name\n1,Ada\n2,Bo\n")
    what = asset("file", path=str(tmp_path / "d.csv"))
    async with world(tmp_path, started(), under(SUPPRESS), what) as w:
        body, there = await opened(w, what)
        assert b"Ada" not in body
        assert there.ask.chain
        assert "transforms" in there.ask.planned
        assert dict(there.content.told)["Allmende-Transforms"]


@pytest.mark.parametrize("many", [3, 20_000])
async def test_rows_of_a_silo(tmp_path: Path, story: Story, many: int) -> None:
    story.rows = made.rows(many)
    what = made.asset()
    async with world(tmp_path, started(), under(SUPPRESS), made.silo(), what) as w:
        body, there = await opened(w, what)
        assert body.count(b"\n") == many + 1
        assert b"Person" not in body
        assert story.open == 0, "the silo's work has ended"
        assert (there.content.size is None) == (many > 1000)


async def test_a_silo_that_breaks_off_gives_nothing_that_looks_whole(tmp_path: Path, story: Story) -> None:
    story.rows, story.fails_at = made.rows(20_000), 150
    what = made.asset()
    async with world(tmp_path, started(), agreement(), made.silo(), what) as w:
        there = await opening(w)(delivery(), what)
        last: list[Any] = []
        with pytest.raises(SourceError):
            last += [part async for part in _parts(there.content, 0, 1000) if part.last]
        await there.close()
        assert not last
        assert story.open == 0


@pytest.mark.parametrize("terms", [count(0), until("2020-01-01T00:00:00Z")])
async def test_nothing_is_made_for_whom_it_is_refused(tmp_path: Path, story: Story, terms: dict[str, Any]) -> None:
    story.rows = made.rows(10)
    what = made.asset()
    async with world(tmp_path, started(), agreement(terms), made.silo(), what) as w:
        with pytest.raises(AccessRefusedError):
            await opening(w)(delivery(), what)
        assert story.asked == []
        assert await w.events() == ["access.refused"]


def timed(*hours: int) -> list[tuple[str, ...]]:
    return [(f"{n:07d}", f"2026-01-01T{hour:02d}:17:03Z", "D1", f"P {n}", "1") for n, hour in enumerate(hours)]


async def test_what_comes_again_and_again_is_what_came_since(tmp_path: Path, story: Story) -> None:
    story.rows = [*timed(1, 5, 9), ("9999999", "", "D1", "without a time", "1")]
    what = made.asset()
    async with world(tmp_path, started(), agreement(), made.silo(), what) as w:
        first = await opening(w)(delivery(every=1), what)
        assert first.content.small is not None
        assert first.content.small().count(b"\n") == 5
        assert not first.is_nothing
        await first.close()
        nine = 10**6 * (20454 * 86400 + 9 * 3600)
        second = await opening(w)(delivery(every=1, since=nine), what)
        assert second.content.small is not None
        assert second.content.small().splitlines()[1:] == [b"0000002,2026-01-01T09:17:03Z,D1,P 2,1"]
        third = await opening(w)(delivery(every=1, since=second.until), what)
        assert third.is_nothing
        once = await opening(w)(delivery(), what)
        assert (once.until, once.is_nothing) == (0, False)


async def test_rows_go_on_where_they_broke_off(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(20_000)
    what = made.asset()
    async with world(tmp_path, started(), agreement(), made.silo(), what) as w:
        whole = await opening(w)(delivery(every=1), what)
        parts = [part async for part in _parts(whole.content, 0, 100_000)]
        await whole.close()
        now = delivery(
            every=1, etag=identity(whole.content), asof=whole.asof, until=whole.until, part=3, offset=300_000,
            told=parts[2].told,
        )  # fmt: skip
        w.clock.ahead += 10**9
        rest = await opening(w)(now, what)
        assert (identity(rest.content), rest.until) == (now.etag, now.until)
        again = [part async for part in _parts(rest.content, now.offset, 100_000, rest.before)]
        await rest.close()
        assert again == parts[3:]

        story.rows[17] = ("0000017", "2026-01-01T00:00:00Z", "D1", "changed", "1")
        with pytest.raises(ChangedError):
            await opening(w)(now, what)
        assert story.open == 0
