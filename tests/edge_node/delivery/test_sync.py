"""edge_node/delivery/sync.py: each reading once at each place, the newest first, whatever happens to the link."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from certs import cbor, cose, jwk
from connector.data.readings.model import Batch, Gap, Legend, Manifest, Rows
from edge_node.delivery.receipts import Receipts
from edge_node.delivery.sync import HOME, Sync
from edge_node.network.link import Answer
from tests.connector.data.world import AGREEMENT
from tests.edge_node.delivering import AWAY_URL, HOME_URL, NAMES, NOON, SECOND, Box, CutLink, Place


class World:
    def __init__(self, folder: Path, **more: Any) -> None:
        self.box = Box(folder / "box", **more)
        self.home = Place(folder / "home", "", self.box.keys)
        self.away = Place(folder / "away", AGREEMENT, self.box.keys)
        self.link = CutLink({HOME_URL: self.home, AWAY_URL: self.away})

    @asynccontextmanager
    async def running(self, **more: Any) -> AsyncIterator[Sync]:
        sync = self.box.sync(self.link, **more)
        task = asyncio.ensure_future(sync.run())
        try:
            yield sync
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not ready():
                await asyncio.sleep(0.001)

    async def delivered(self, sync: Sync, name: str = HOME) -> None:
        """Until nothing waits for it any more."""

        def is_done() -> bool:
            return any(one.name == name and one.answered and not one.waiting for one in sync.standing())

        try:
            await self.until(is_done)
        except TimeoutError:
            pytest.fail(f"{sync.standing()}")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.away.begun()
    yield made
    await made.box.buffer.close()
    await made.home.store.close()
    await made.away.store.close()


async def test_what_was_measured_arrives_once(world: World) -> None:
    await world.box.measure(500, each=100)
    async with world.running() as sync:
        await world.delivered(sync)
        await world.box.measure(60)
        sync.wake()
        await world.delivered(sync)
        [home] = [one for one in sync.standing() if not one.waiting]
    assert sorted(await world.home.rows()) == sorted(world.box.taken)
    assert (home.name, home.waiting, home.sent, home.code) == (HOME, 0, 560, "")


async def test_the_newest_goes_first_and_the_backlog_from_its_oldest_on(world: World) -> None:
    await world.box.measure(3000, each=25)
    async with world.running(post_bytes=4096) as sync:
        await world.delivered(sync)
    rows = await world.home.rows()
    assert rows[0][1] > world.box.taken[-1000][1], "the newest"
    times = [at for _, at, _ in rows]
    falls = sum(before > after for before, after in pairwise(times))
    assert falls == 1, "then the oldest, in order"
    assert len(world.home.posts) > 3


async def test_what_comes_meanwhile_overtakes_the_backlog(world: World) -> None:
    await world.box.measure(3000, each=25)
    async with world.running(post_bytes=4096) as sync:
        await world.until(lambda: len(world.home.posts) == 2)
        await world.box.measure(10)
        sync.wake()
        await world.delivered(sync)
    rows, newest = await world.home.rows(), world.box.taken[-1]
    assert rows.index(newest) < len(rows) - 100
    assert sorted(rows) == sorted(world.box.taken)


async def test_a_link_that_breaks_loses_and_doubles_nothing(world: World) -> None:
    draw = random.Random(7)
    world.link.fate = lambda: draw.choice(["", "before", "after"]) if world.link.cuts < 1000 else ""
    world.box.orders = world.box.ordered()
    async with world.running(post_bytes=4096) as sync:
        while world.link.cuts < 1000:
            await world.box.measure(20, each=draw.randrange(5, 20))
            sync.wake()
            await world.until(lambda: not any(one.waiting for one in sync.standing()))
        await world.delivered(sync)
        await world.delivered(sync, AGREEMENT)
    assert world.link.cuts >= 1000
    assert sorted(await world.home.rows()) == sorted(await world.away.rows()) == sorted(world.box.taken)


async def test_whoever_starts_again_goes_on(world: World) -> None:
    await world.box.measure(2000, each=25)
    async with world.running(post_bytes=4096):
        await world.until(lambda: len(world.home.posts) == 3)
    await world.box.buffer.close()
    world.box.open()
    before = len(world.home.posts)
    async with world.running(post_bytes=4096) as sync:
        await world.delivered(sync)
    assert sorted(await world.home.rows()) == sorted(world.box.taken)
    assert len(world.home.posts) > before


async def test_batches_that_are_put_together_meanwhile_are_cut_anew(world: World) -> None:
    await world.box.measure(30, each=3)
    async with world.running() as sync:
        await world.delivered(sync)
    taken = await world.home.rows()
    box = world.box
    # The device takes more, and its buffer puts all of it together, also what is there already.
    await box.measure(30, each=3)
    batches = [box.sealer.opened(one.data) for one in box.buffer.read(1, ((1, 60),), 1 << 20)]
    whole = box.sealer.batch(_together([one for one in batches if isinstance(one, Batch)]))
    box.buffer.read = lambda *args, **more: [whole]  # type: ignore[method-assign]
    async with world.running() as sync:
        await world.delivered(sync)
    rows = await world.home.rows()
    assert (rows[:30], sorted(rows)) == (taken, sorted(box.taken))


def _together(batches: list[Batch]) -> Batch:
    rows = Rows([], [], [[], []])
    for one in batches:
        rows.times += one.rows.times
        rows.things += one.rows.things
        for column, more in zip(rows.columns, one.rows.columns, strict=True):
            column += more
    return Batch(1, 1, batches[0].first, rows)


async def test_a_consumer_gets_its_series_and_hears_of_no_other(world: World) -> None:
    world.box.orders = world.box.ordered()
    await world.box.measure(100)
    await world.box.measure(50, series=2)
    async with world.running() as sync:
        await world.delivered(sync)
        await world.delivered(sync, AGREEMENT)
    assert sorted(await world.away.rows()) == sorted(world.box.taken)
    assert [series.name for _, series in (await world.away.said()).series] == ["air"]
    assert len(await world.home.rows("water")) == 50


async def test_what_the_contract_demands_is_done_first(world: World) -> None:
    noise = {"leftOperand": "urn:allmende:field", "operator": "eq", "rightOperand": "noise"}
    duty = {"action": "urn:allmende:suppress", "constraint": [noise]}
    world.box.orders = world.box.ordered(duty)
    await world.box.measure(100)
    async with world.running() as sync:
        await world.until(
            lambda: len(sync.standing()) == 2 and bool(sync.standing()[1].code or sync.standing()[1].sent)
        )
        assert sync.standing()[1].code == ""
        await world.delivered(sync, AGREEMENT)
    rows = await world.away.rows()
    assert [len(values) for _, _, values in rows] == [1] * 100
    assert sorted(at for _, at, _ in rows) == sorted(at for _, at, _ in world.box.taken)


async def test_masked_readings_too_arrive_once_over_restarts_and_cuts(world: World) -> None:
    mask = {
        "action": "urn:allmende:pseudonymise",
        "constraint": [{"leftOperand": "urn:allmende:field", "operator": "eq", "rightOperand": "thing"}],
    }
    draw = random.Random(11)
    world.box.orders = world.box.ordered(mask)
    for _ in range(4):
        world.link.fate = lambda: draw.choice(["", "", "before", "after"])
        async with world.running(post_bytes=4096) as sync:
            await world.box.measure(60)
            sync.wake()
            await world.until(lambda: world.away.posts != [])
            await asyncio.sleep(0.01)
        await world.box.buffer.close()
        world.box.open()
    world.link.fate = lambda: ""
    world.away.status = [409]
    async with world.running() as sync:
        await world.delivered(sync, AGREEMENT)
        assert [one.code for one in sync.standing()] == ["", ""]
    rows = await world.away.rows()
    assert sorted(rest for _, *rest in rows) == sorted(rest for _, *rest in world.box.taken)
    by_name = {(at, values): thing for thing, at, values in world.box.taken}
    pairs = {(by_name[at, values], thing) for thing, at, values in rows}
    assert len(pairs) == len({thing for _, thing in pairs}) == 3, "each thing has one name over all restarts"
    assert not {thing for _, thing in pairs} & set(NAMES)


async def test_nothing_goes_that_may_not(world: World) -> None:
    world.box.orders = world.box.ordered(suspended=True)
    await world.box.measure(100)
    async with world.running() as sync:
        await world.delivered(sync)
        await world.until(lambda: len(sync.standing()) == 2 and bool(sync.standing()[1].code))
        assert sync.standing()[1].code == "delivery.suspended"
        assert world.away.posts == []
        world.box.orders = world.box.ordered()
        sync.wake()
        await world.delivered(sync, AGREEMENT)
    assert len(await world.away.rows()) == 100


async def test_readings_from_before_are_not_delivered(world: World) -> None:
    await world.box.measure(100)
    world.box.orders = world.box.ordered(since=NOON + 5 * SECOND)
    async with world.running() as sync:
        await world.delivered(sync, AGREEMENT)
    assert len(await world.away.rows()) == 50


async def test_whoever_is_busy_is_left_alone_for_a_while(world: World) -> None:
    await world.box.measure(10)
    world.home.status = [503, 401, 403, 500]
    async with world.running() as sync:
        await world.delivered(sync)
    assert {7.0, 30.0, 60.0} <= set(world.box.slept)
    assert len(await world.home.rows()) == 10


async def test_a_place_that_has_forgotten_the_legend_is_told_again(world: World) -> None:
    await world.box.measure(10)
    async with world.running() as sync:
        await world.delivered(sync)
        world.home.status = [409]
        await world.box.measure(10)
        sync.wake()
        await world.delivered(sync)
    assert len(await world.home.rows()) == 20


async def test_what_the_buffer_has_lost_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.box.orders = world.box.ordered()
    await world.box.measure(100)
    lost = [Gap(3, 1, ((120, 130),), "full", NOON), Gap(4, 2, ((1, 5),), "damaged", NOON)]
    monkeypatch.setattr(world.box.buffer, "gaps", lambda after=0: [one for one in lost if one.number > after])
    async with world.running() as sync:
        await world.delivered(sync)
        await world.delivered(sync, AGREEMENT)
        sync.wake()
        await sync.drained()
    assert (await world.home.record()).gone == {1: ((120, 130),), 2: ((1, 5),)}
    assert (await world.away.record()).gone == {1: ((120, 130),)}, "of its own series alone"
    assert len(world.home.posts) <= 2


async def test_numbers_that_were_given_before_are_given_no_more(world: World) -> None:
    box = world.box
    await box.measure(100)
    async with world.running() as sync:
        await world.delivered(sync)
    await box.buffer.close()
    # The device has lost its buffer, and has taken some readings before it heard from its node.
    shutil.rmtree(box.folder)
    box.legend, before = Legend(0), list(box.taken)
    box.open()
    await box.measure(20)
    async with world.running() as sync:
        await world.until(lambda: any(one.code == "sync.numbers" for one in sync.standing()))
        await box.measure(20)
        sync.wake()
        await world.until(lambda: sync.standing()[0].sent == 20)
        assert box.buffer.series()[1] == ((1, 20), (101, 120)), "what could not go is kept"
    rows = await world.home.rows()
    assert sorted(rows) == sorted([*before, *box.taken[-20:]])


async def test_whoever_is_no_consumer_any_more_is_forgotten(world: World) -> None:
    world.box.orders = world.box.ordered()
    await world.box.measure(100)
    async with world.running() as sync:
        await world.delivered(sync, AGREEMENT)
        world.box.orders = None
        sync.wake()
        await world.until(lambda: len(sync.standing()) == 1)
        await world.until(lambda: world.box.buffer.held(AGREEMENT) == {})


async def test_an_answer_that_makes_no_sense_takes_nothing_off_the_list(world: World) -> None:
    await world.box.measure(10)
    real, bad = world.home.answer, [b"", b"\xa0", cbor.dumps({"held": {1: [[5, 2]]}, "refused": [], "legend": 0})]

    async def answer(body: bytes | None) -> Answer:
        return Answer(200, {}, bad.pop()) if bad else await real(body)

    world.home.answer = answer  # type: ignore[method-assign]
    async with world.running() as sync:
        await world.delivered(sync)
    assert len(await world.home.rows()) == 10
    assert not bad


async def test_receipts_are_kept(world: World, tmp_path: Path) -> None:
    receipts = Receipts(tmp_path)
    await world.box.measure(30)
    async with world.running(receipts=receipts, home_keys=lambda: world.home.keys) as sync:
        await world.delivered(sync)
        assert [one.proved for one in sync.standing()] == [one.answered for one in sync.standing()] != [0]
    receipts.flush()
    [found] = cbor.split((tmp_path / "receipts.cbor").read_bytes())
    name, manifest, receipt = cbor.loads(found)
    assert name == HOME
    cose.verify_countersignature(receipt, manifest, world.home.keys)
    told = world.box.sealer.opened(manifest)
    assert isinstance(told, Manifest)
    assert sum(one.count for one in told.parts) == 30


async def test_receipts_of_strangers_are_not_kept(world: World, tmp_path: Path) -> None:
    """Those of a consumer are by the keys that the orders name; those of the node by its own."""
    both = world.away.keys | world.home.keys
    receipts, told = Receipts(tmp_path), world.box.ordered()
    await world.box.measure(30)
    async with world.running(receipts=receipts, home_keys=lambda: world.away.keys) as sync:
        await world.delivered(sync)
    world.box.orders = told
    async with world.running(receipts=receipts, home_keys=lambda: both) as sync:
        await world.delivered(sync, AGREEMENT)
        assert [one.proved for one in sync.standing() if one.name == AGREEMENT] == [0]
    receipts.flush()
    assert not (tmp_path / "receipts.cbor").exists()
    (delivery,) = told.deliveries
    known = replace(delivery, keys=tuple(jwk.write(one.key) for one in world.away.keys.values()))
    world.box.orders = replace(told, number=2, deliveries=(known,))
    await world.box.measure(30)
    async with world.running(receipts=receipts) as sync:
        await world.delivered(sync, AGREEMENT)
    receipts.flush()
    [found] = cbor.split((tmp_path / "receipts.cbor").read_bytes())
    assert cbor.loads(found)[0] == AGREEMENT


async def test_the_backlog_waits_where_the_link_is_dear(world: World) -> None:
    await world.box.measure(3000, each=25)
    dear = True
    async with world.running(post_bytes=4096, spare=lambda: not dear) as sync:
        await world.until(lambda: sync.standing() != [] and sync.standing()[0].sent > 0)
        await sync.drained()
        sent = len(await world.home.rows())
        assert 0 < sent < 2000
        await world.box.measure(5)
        await sync.drained()
        assert len(await world.home.rows()) == sent + 5, "the newest always may"
        dear = False
        sync.wake()
        await world.delivered(sync)


async def test_delivered_readings_are_forgotten(world: World) -> None:
    world.box.orders = world.box.ordered()
    await world.box.measure(100)
    async with world.running() as sync:
        await world.delivered(sync)
        await world.delivered(sync, AGREEMENT)
        held = world.box.buffer.held(AGREEMENT)
    assert held == {1: ((1, 100),)}
