"""Telling at least once, patiently, in bounded digests: on virtual time, with a channel that fails when told to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from connector.errors import DeliveryError
from connector.records import Cursor, Entry, Participant
from connector.services.watch import messenger as module
from connector.services.watch.events import Importance
from connector.services.watch.happenings import Happenings
from connector.services.watch.messenger import Digest, Messenger
from connector.store.sqlite import SqliteStore
from tests.harness import virtual
from tests.harness.virtual import VirtualClock
from tests.ports.store import sign_head


class KilledError(BaseException):
    """The process ends here."""


class Wire:
    """A channel that remembers, fails and dies."""

    name = "wire"

    def __init__(self) -> None:
        self.told: list[Digest] = []
        self.down = False
        self.dies = False

    async def deliver(self, digest: Digest) -> None:
        if self.down:
            raise DeliveryError("notify.status", status="503")
        self.told.append(digest)
        if self.dies:
            self.dies = False
            raise KilledError


class World:
    """A store with a log and a messenger on it."""

    def __init__(self, folder: Path, gather: float = 60.0) -> None:
        self.clock, self.wire, self.gather = VirtualClock(), Wire(), gather
        self.store = SqliteStore.open(folder / "state.db", clock=self.clock, sign_head=sign_head, threaded=False)
        self.messenger = self.another()

    def another(self) -> Messenger:
        """The messenger after a restart."""
        self.messenger = Messenger(
            self.wire,
            node="did:web:city",
            happenings=Happenings(store=self.store, clock=self.clock),
            store=self.store,
            clock=self.clock,
            least=Importance.ATTENTION,
            gather=self.gather,
        )
        return self.messenger

    async def happens(self, event: str = "operator.added", **params: str) -> None:
        await self.store.write(lambda tx: tx.record(Entry(event=event, actor="node", params=params)))

    async def runs(self, seconds: float) -> None:
        """Time goes by, with a look every two seconds."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            await self.messenger.work()
            await self.clock.sleep(2)


def play(folder: Path, scene: Callable[[World], Coroutine[Any, Any, None]], **given: Any) -> None:
    async def main() -> None:
        world = World(folder, **given)
        try:
            await scene(world)
        finally:
            await world.store.close()

    virtual.run(main)


def test_what_is_alike_is_one_line_and_what_is_old_is_no_news(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.happens(role="old")
        await world.runs(2)
        for _ in range(30):
            await world.happens(role="auditor")
        await world.happens(role="admin")
        await world.happens("offer.retired")
        await world.runs(50)
        assert world.wire.told == []
        await world.runs(20)
        (digest,) = world.wire.told
        assert [(one.params["role"], one.times) for one in digest.lines] == [("auditor", 30), ("admin", 1)]
        await world.runs(600)
        assert len(world.wire.told) == 1

    play(tmp_path, scene)


def test_an_alarm_does_not_wait(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.runs(2)
        await world.happens(role="auditor")
        await world.happens("head.conflict")
        await world.runs(2)
        (digest,) = world.wire.told
        assert [one.event for one in digest.lines] == ["head.conflict", "operator.added"]
        assert digest.alarming

    play(tmp_path, scene)


def test_killed_between_delivery_and_cursor_it_is_told_again_under_the_same_name(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.runs(2)
        for role in ("auditor", "admin"):
            await world.happens(role=role)
        world.wire.dies = True
        try:
            await world.runs(100)
            raise AssertionError
        except KilledError:
            world.another()
        await world.runs(100)
        first, second = world.wire.told
        assert first.id == second.id
        assert [one.params for one in first.lines] == [one.params for one in second.lines]
        await world.runs(100)
        assert len(world.wire.told) == 2

    play(tmp_path, scene)


def test_killed_before_delivery_nothing_is_lost(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.runs(2)
        await world.happens(role="auditor")
        await world.runs(10)
        world.another()
        await world.runs(70)
        assert [one.params["role"] for digest in world.wire.told for one in digest.lines] == ["auditor"]

    play(tmp_path, scene)


def test_a_channel_that_is_down_is_tried_less_and_less_and_loses_nothing(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.runs(2)
        tries = 0

        async def deliver(digest: Digest) -> None:
            nonlocal tries
            tries += 1
            raise DeliveryError("notify.status", status="503")

        real, world.wire.deliver = world.wire.deliver, deliver  # type: ignore[method-assign]
        await world.happens(role="auditor")
        await world.runs(86_400)
        assert 20 < tries < 50
        trouble = world.messenger.trouble
        assert trouble is not None
        assert (trouble.code, trouble.params["channel"]) == ("notify.failing", "wire")
        world.wire.deliver = real  # type: ignore[method-assign]
        await world.happens(role="admin")
        await world.runs(3_700)
        assert [one.params["role"] for one in world.wire.told[0].lines] == ["auditor", "admin"]
        assert world.messenger.trouble is None

    play(tmp_path, scene)


def test_a_digest_is_bounded(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.runs(2)
        world.wire.down = True
        for n in range(module.MOST + 50):
            await world.happens(role=str(n))
        await world.runs(100)
        world.wire.down = False
        await world.runs(3_600)
        (digest,) = world.wire.told
        assert (len(digest.lines), digest.more) == (module.MOST, 50)

    play(tmp_path, scene)


def test_a_quiet_log_moves_the_cursor_now_and_then(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "FORGOTTEN", 10)

    async def scene(world: World) -> None:
        await world.runs(2)
        for _ in range(25):
            await world.happens("catalog.read")
        await world.runs(4)
        kept = await world.store.read(lambda view: view.get(Cursor, "notify.wire"))
        assert kept is not None
        assert kept.index == 24
        assert await world.store.read(lambda view: view.count(Participant)) == 0

    play(tmp_path, scene)
