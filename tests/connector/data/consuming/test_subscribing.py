"""connector/data/subscribing.py in virtual time: a month without a network, kills, contracts that are held and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.consuming.following import Asking, Heard
from connector.data.consuming.subscribing import LONGEST_PAUSE, MOST_ROWS, Subscribing
from connector.data.ports import Batch
from connector.errors import DeliveryError, InputError, RefusedError, SourceError
from connector.ports import no_fault
from connector.records import Agreement, Subscription
from connector.services.changes import Change, Changes
from connector.services.subscriptions import Subscriptions
from connector.store.sqlite import SqliteStore
from policies.model import Reason
from tests.connector.data import world
from tests.harness import virtual

CONTRACT = world.AGREEMENT
WEEK = 7 * 86_400.0


class Provider:
    """Rows with numbers, streams that continue behind a mark, and everything that may be in the way."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.why: Exception | None = None
        self.opened = 0
        self.asked: list[Asking] = []
        self._grown = asyncio.Event()
        self.end: Reason | None = None

    def say(self, *numbers: int) -> None:
        self.rows += [msgspec.json.encode({"n": n}) for n in numbers]
        self._grown.set()

    def stop(self, why: Exception | None, end: Reason | None = None) -> None:
        """Streams end now, and none begins."""
        self.why, self.end = why, end
        self._grown.set()

    async def open(self, operator: str, contract: str, asking: Asking) -> Any:
        self.opened += 1
        self.asked.append(asking)
        if self.why is not None:
            raise self.why
        return Stream(self, int(asking.after) if asking.after else len(self.rows))


class Stream:
    def __init__(self, provider: Provider, at: int) -> None:
        self._provider, self._at = provider, at
        self.ended: Reason | None = None

    async def rows(self) -> AsyncGenerator[Heard, None]:
        yield Heard(mark=str(self._at))
        while True:
            while self._at < len(self._provider.rows):
                self._at += 1
                yield Heard(self._provider.rows[self._at - 1], str(self._at))
            self._provider._grown.clear()
            await self._provider._grown.wait()
            if self._provider.why is not None:
                self.ended = self._provider.end
                if self.ended is None:
                    raise self._provider.why
                return


class Kept:
    """A sink that keeps a position, and one that does not; `away` and `die` stand in its way."""

    def __init__(self, *, at_least_once: bool = False) -> None:
        self.at_least_once = at_least_once
        self.batches: list[Batch] = []
        self.away = False

    async def position(self, settings: Any, subscription: str) -> Batch | None:
        return None if self.at_least_once or not self.batches else self.batches[-1]

    async def write(self, settings: Any, subscription: str, batch: Batch) -> None:
        if self.away:
            raise SourceError("sink.unwritable")
        self.batches.append(batch)

    @property
    def numbers(self) -> list[int]:
        return [msgspec.json.decode(row)["n"] for batch in self.batches for row in batch.rows]


class KilledError(BaseException):
    """The process is gone."""


class Consumer:
    def __init__(self, folder: Path, sink: Kept) -> None:
        self.clock, self.ids, self.changes = virtual.VirtualClock(), virtual.SeededIds("x"), Changes()
        self.store: SqliteStore = world.open_store(folder, threaded=False, clock=self.clock)  # type: ignore[arg-type]
        self.provider, self.sink = Provider(), sink
        self.subscriptions = Subscriptions(
            store=self.store, clock=self.clock, ids=self.ids, changes=self.changes, check=lambda kind, settings: []
        )
        self.fault: Callable[[str], None] = no_fault
        self._task: asyncio.Task[None] | None = None
        self.runner: Subscribing

    def start(self) -> None:
        sinks = type("Sinks", (), {"get": lambda _, kind: self.sink})()
        self.runner = Subscribing(
            subscriptions=self.subscriptions, following=self.provider, sinks=sinks, changes=self.changes,  # type: ignore[arg-type]
            clock=self.clock, fault=lambda point: self.fault(point),
        )  # fmt: skip
        self._task = asyncio.get_running_loop().create_task(self.runner.run())

    async def kill(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def agree(self, **changes: Any) -> None:
        one = msgspec.structs.replace(world.agreement(), role="consumer", **changes)
        await self.store.write(lambda tx: tx.put(one))
        self.changes.publish(Change("agreement", CONTRACT))

    async def subscribe(self) -> str:
        await self.agree()
        return (await self.subscriptions.make("admin", CONTRACT, "kept", {}, query="filter=x")).id

    async def one(self, id: str) -> Subscription:
        return await self.subscriptions.get(id)


def tried(folder: Path, play: Callable[[Consumer, str], Awaitable[None]], sink: Kept | None = None) -> None:
    async def main() -> None:
        made = Consumer(folder, sink or Kept())
        made.start()
        id = await made.subscribe()
        await made.clock.sleep(5)
        try:
            await play(made, id)
        finally:
            await made.kill()
            await made.store.close()

    virtual.run(main)


def test_rows_are_put_as_they_come_and_counted(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.provider.say(1, 2)
        await c.clock.sleep(5)
        c.provider.say(3)
        await c.clock.sleep(5)
        assert c.sink.numbers == [1, 2, 3]
        assert [batch.number for batch in c.sink.batches] == [1, 2]
        one = await c.one(id)
        assert (one.rows, one.number, one.watermark, one.state) == (3, 2, "3", "running")
        assert c.provider.asked[0].query == "filter=x"
        assert c.provider.opened == 1

    tried(tmp_path, play)


def test_many_rows_are_put_in_batches_that_are_bounded(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.provider.say(*range(3 * MOST_ROWS + 1))
        await c.clock.sleep(10)
        assert c.sink.numbers == list(range(3 * MOST_ROWS + 1))
        assert max(len(batch.rows) for batch in c.sink.batches) == MOST_ROWS

    tried(tmp_path, play)


def test_a_week_without_a_network_loses_nothing_and_is_not_noisy(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.provider.say(1)
        await c.clock.sleep(5)
        c.provider.stop(DeliveryError("peer.unreachable"))
        await c.clock.sleep(WEEK)
        assert c.provider.opened < WEEK / LONGEST_PAUSE + 20
        assert (await c.one(id)).reason == Reason("peer.unreachable")
        trouble = c.runner.trouble()
        assert trouble is not None
        assert trouble.params["cause"] == "peer.unreachable"
        c.provider.say(2, 3)
        c.provider.stop(None)
        await c.clock.sleep(2 * LONGEST_PAUSE)
        assert c.sink.numbers == [1, 2, 3]
        assert c.runner.trouble() is None
        assert (await c.one(id)).reason is None

    tried(tmp_path, play)


def test_killed_between_the_sink_and_the_record_each_row_is_there_once(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.provider.say(1)
        await c.clock.sleep(5)

        def fault(point: str) -> None:
            if point == "subscription.put":
                raise KilledError

        c.fault = fault
        c.provider.say(2, 3)
        await c.clock.sleep(5)
        assert (await c.one(id)).number == 1
        await c.kill()
        c.fault = no_fault
        c.start()
        c.provider.say(4)
        await c.clock.sleep(10)
        assert c.sink.numbers == [1, 2, 3, 4]
        assert (await c.one(id)).number == 3

    tried(tmp_path, play)


def test_a_sink_that_keeps_no_position_may_get_the_last_batch_again(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        def fault(point: str) -> None:
            if point == "subscription.put":
                raise KilledError

        c.fault = fault
        c.provider.say(1, 2)
        await c.clock.sleep(5)
        await c.kill()
        c.fault = no_fault
        c.start()
        await c.clock.sleep(10)
        assert c.sink.numbers == [1, 2, 1, 2]

    tried(tmp_path, play, Kept(at_least_once=True))


def test_a_sink_that_is_away_is_waited_for(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.sink.away = True
        c.provider.say(1)
        await c.clock.sleep(3600)
        assert (await c.one(id)).reason == Reason("sink.unwritable")
        c.provider.say(2)
        c.sink.away = False
        await c.clock.sleep(2 * LONGEST_PAUSE)
        assert c.sink.numbers == [1, 2]

    tried(tmp_path, play)


def test_what_is_suspended_goes_on_at_once_when_it_is_resumed(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.provider.stop(RefusedError("transfer.suspended"), Reason("transfer.state"))
        c.provider.say(1)
        await c.clock.sleep(86_400)
        assert (await c.one(id)).reason == Reason("transfer.suspended")
        c.provider.stop(None)
        c.changes.publish(Change("transfer", "urn:uuid:t"))
        await c.clock.sleep(5)
        assert c.sink.numbers == [1]

    tried(tmp_path, play)


def test_it_ends_with_its_contract(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        c.provider.say(1)
        await c.clock.sleep(5)
        await c.agree(in_force=False, ended=Reason("agreement.ended"))
        c.provider.stop(RefusedError("agreement.ended"), Reason("agreement.ended"))
        await c.clock.sleep(120)
        one = await c.one(id)
        assert (one.state, one.reason) == ("ended", Reason("agreement.ended"))
        opened = c.provider.opened
        await c.clock.sleep(86_400)
        assert c.provider.opened == opened
        assert c.runner.trouble() is None

    tried(tmp_path, play)


def test_a_person_pauses_resumes_and_removes(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        await c.subscriptions.pause("admin", id)
        await c.clock.sleep(5)
        c.provider.say(1)
        await c.clock.sleep(120)
        assert c.sink.numbers == []
        await c.subscriptions.resume("admin", id)
        await c.clock.sleep(5)
        assert c.sink.numbers == [1]
        await c.subscriptions.remove("admin", id)
        await c.clock.sleep(5)
        c.provider.say(2)
        await c.clock.sleep(120)
        assert c.sink.numbers == [1]
        assert await c.subscriptions.select() == []

    tried(tmp_path, play)


def test_what_cannot_be_subscribed_to(tmp_path: Path) -> None:
    async def play(c: Consumer, id: str) -> None:
        for contract, changes, code in (
            ("urn:uuid:none", {}, "agreement.unknown"),
            (CONTRACT, {"role": "provider"}, "agreement.provided"),
            (CONTRACT, {"in_force": False}, "agreement.ended"),
        ):
            one = msgspec.structs.replace(world.agreement(), **{"role": "consumer", **changes})
            await c.store.write(lambda tx, one=one: tx.put(one))  # type: ignore[misc]
            with pytest.raises(InputError) as caught:
                await c.subscriptions.make("admin", contract, "kept", {})
            assert caught.value.reason.code == code
        assert await c.store.read(lambda view: view.count(Agreement)) == 1

    tried(tmp_path, play)
