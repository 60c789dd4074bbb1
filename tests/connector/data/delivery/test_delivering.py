"""connector/data/delivery over days of bad weather, on virtual time: nothing is lost or repeated.

Between the two stands a link that drops requests, loses answers after they were processed, repeats them, answers in the
other side's place, or is down.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from aiohttp import web
from multidict import CIMultiDict

from connector.data.address import Addresses
from connector.data.delivery.delivering import Delivering, Limits
from connector.data.delivery.opening import Opened, asking
from connector.data.delivery.parcels import Courier
from connector.data.delivery.receiving import Receiving
from connector.data.gate import Gate
from connector.errors import DeliveryError, NodeError
from connector.http.inbox import _part, _problem
from connector.ports import Content, Reply, no_fault
from connector.protocol import transfer
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Delivery, Entry, Reception, Written
from connector.services.formats import HTTP_PUSH, PUSH_PROFILE
from connector.system import KnownFacts
from policies.model import Reason
from policies.terms import Terms
from tests.connector.services.world import FINAL, KEYS, Neighbour, neighbours, settled
from tests.harness.virtual import run

PART = 1000
DATA = random.Random(7).randbytes(25 * PART + 17)
HOUR = 3600.0


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time waits for no thread."""

    async def inline(act: Callable[..., Any], *args: Any) -> Any:
        return act(*args)

    monkeypatch.setattr(asyncio, "to_thread", inline)


class Link:
    """What the provider sends through: a Peer's `send` to the inbox. `weather` may answer or raise before the request
    arrives, `lost` after it was processed."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving
        self.before: Callable[[], Reply | None] = lambda: None
        self.after: Callable[[], Reply | None] = lambda: None
        self.times: Callable[[], int] = lambda: 1
        self.sent = self.arrived = 0

    async def send(
        self, method: str, url: str, *, authorization: str | None = None, body: bytes | None = None,
        fields: Mapping[str, str] | None = None, **_: object,
    ) -> Reply:  # fmt: skip
        self.sent += 1
        await asyncio.sleep(0.01)
        if (reply := self.before()) is not None:
            return reply
        for _again in range(self.times()):
            answer = await self._deliver(url, authorization or "", body or b"", fields or {})
        return self.after() or answer

    async def _deliver(self, url: str, authorization: str, body: bytes, fields: Mapping[str, str]) -> Reply:
        request: Any = SimpleNamespace(headers=CIMultiDict(fields), content_length=len(body))
        self.arrived += 1
        try:
            pid = unquote(url.rpartition("/")[2])
            self._receiving.prove(authorization.removeprefix("Bearer "), pid)
            await self._receiving.take(pid, _part(request), _once(body))
        except NodeError as error:
            answer = _problem(error, request)
            assert isinstance(answer, web.Response)
            assert isinstance(answer.body, bytes)
            return Reply(answer.status, answer.body, {name.lower(): value for name, value in answer.headers.items()})
        return Reply(204, b"")


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


class World:
    """A city that delivers to a utility. `data` is what leaves; each change of it is another content."""

    def __init__(self, city: Neighbour, utility: Neighbour, agreement: Agreement, folder: Path) -> None:
        self.city, self.utility, self.agreement = city, utility, agreement
        self.data, self.folder = DATA, folder
        self.fault: Callable[[str], None] = no_fault
        self.opened = 0
        self.gate = Gate(
            store=city.store, clock=city.clock, facts=KnownFacts(city.clock), key=b"g" * 32, changes=city.changes
        )
        self.receiving = self.receiver()
        self.link = Link(self.receiving)
        self.delivering = self.deliverer()

    def receiver(self) -> Receiving:
        return Receiving(
            store=self.utility.store, clock=self.utility.clock, changes=self.utility.changes,
            tokens=self.utility.tokens, folder=self.folder,
        )  # fmt: skip

    def deliverer(self) -> Delivering:
        return Delivering(
            store=self.city.store,
            clock=self.city.clock,
            gate=self.gate,
            changes=self.city.changes,
            transfers=self.city.transfers,
            courier=Courier(store=self.city.store, peer=self.link, unseal=KEYS.sealer().open),
            open=self.open,
            jitter=lambda: 1.0,
            limits=Limits(part=PART),
            fault=lambda point: self.fault(point),
        )

    async def open(self, now: Delivery, asset: Asset) -> Opened:
        data = self.data
        self.opened += 1
        content = Content(
            media_type="application/octet-stream",
            etag=f'"{hashlib.sha256(data).hexdigest()[:16]}"',
            chunks=lambda start, stop: _chunks(data, start, stop),
            size=len(data),
            sha256=hashlib.sha256(data).digest(),
        )

        async def close() -> None:
            """Nothing is open."""

        return Opened(content, close, asking(asset, None, content))

    async def restart(self) -> None:
        """As after kill -9: nothing but the store is left of the deliverer."""
        await self.delivering.close()
        self.delivering = self.deliverer()
        await self.delivering.start()

    async def ask(self, every: str = "", format: str = PUSH_PROFILE) -> Transfer:
        addresses = Addresses(self.utility.url, self.utility.tokens)
        return await self.utility.transfers.request(
            "jo", self.agreement.id, format=format, inbox=lambda pid, kind: addresses.inbox(pid, kind, every=every)
        )

    async def whole(self, pid: str) -> bytes:
        return (await self.receiving.received(pid)).path.read_bytes()

    async def delivery(self) -> Delivery:
        [one] = await self.city.store.read(lambda view: view.select(Delivery))
        return one

    async def receptions(self) -> list[Reception]:
        return await self.utility.store.read(lambda view: view.select(Reception))

    async def events(self, node: Neighbour, event: str) -> list[Entry]:
        found = [msgspec.json.decode(one.body, type=Written) for one in await node.audit()]
        return [Entry(event=one.event, actor=one.actor, params=one.params) for one in found if one.event == event]

    async def uses(self) -> int:
        return await self.city.store.read(lambda view: view.drawn(f"uses:{self.agreement.id}"))


async def _chunks(data: bytes, start: int, stop: int | None) -> AsyncIterator[bytes]:
    for at in range(start, len(data) if stop is None else stop, 700):
        yield data[at : at + 700]


async def made(folder: Path) -> World:
    city, utility = await neighbours(folder)
    offer = await city.publish(Terms(count=3))
    wanted = await utility.terms_of(city, offer)
    n = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
    await settled(utility.negotiations, n.id, FINAL)
    await settled(city.negotiations, (await utility.negotiations.get(n.id)).peer_pid, FINAL)
    [agreement] = await utility.store.read(lambda view: view.select(Agreement))
    world = World(city, utility, agreement, folder / "inbox")
    await world.delivering.start()
    return world


async def delivered(world: World, t: Transfer, seconds: float = 40 * 86_400.0) -> None:
    """The transfer has completed, all of it is there, and it was one use."""
    await settled(world.utility.transfers, t.id, ("COMPLETED",), seconds)
    assert await world.whole(t.id) == DATA
    [kept] = await world.receptions()
    assert (kept.state, kept.offset, kept.part) == ("whole", len(DATA), -(-len(DATA) // PART))
    assert await world.uses() == 1
    assert len(await world.events(world.utility, "push.received")) == 1
    assert len(await world.events(world.city, "push.delivered")) == 1


@pytest.mark.parametrize("format", [HTTP_PUSH, PUSH_PROFILE])
def test_a_fair_day(tmp_path: Path, format: str) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        await delivered(world, await world.ask(format=format))
        assert world.link.sent == -(-len(DATA) // PART), "no part was sent twice"
        assert (await world.delivery()).state == "over"

    run(story)


@pytest.mark.parametrize("seed", range(12))
def test_bad_weather(tmp_path: Path, seed: int) -> None:
    """F08 on deliveries: requests and answers are lost, repeated, and answered by something in between."""
    chance = random.Random(seed)

    def before() -> Reply | None:
        if chance.random() < 0.2:
            raise DeliveryError("peer.timeout")
        return Reply(chance.choice((500, 502, 503, 429)), b"<html>", {}) if chance.random() < 0.1 else None

    def after() -> Reply | None:
        if chance.random() < 0.3:
            raise DeliveryError("peer.disconnected")
        return Reply(502, b"", {}) if chance.random() < 0.1 else None

    async def story() -> None:
        world = await made(tmp_path)
        world.link.before, world.link.after = before, after
        world.link.times = lambda: 2 if chance.random() < 0.2 else 1
        await delivered(world, await world.ask())

    run(story)


def test_a_consumer_that_is_away_for_three_days(tmp_path: Path) -> None:
    """F09: it is troubled seldom, and gets everything soon after its return."""

    async def story() -> None:
        world = await made(tmp_path)
        clock = asyncio.get_running_loop().time
        back = clock() + 72 * HOUR

        def away() -> Reply | None:
            if world.link.sent > 5 and clock() < back:
                raise DeliveryError("peer.unreachable")
            return None

        world.link.before = away
        t = await world.ask()
        await settled(world.utility.transfers, t.id, ("COMPLETED",), 80 * HOUR)
        assert back <= clock() < back + 2 * HOUR
        assert world.link.sent < 1_500
        await delivered(world, t)

    run(story)


def test_only_one_direction_works(tmp_path: Path) -> None:
    """F10: every part arrives, no answer does, for a day: each is written once."""

    async def story() -> None:
        world = await made(tmp_path)
        until = asyncio.get_running_loop().time() + 24 * HOUR

        def mute() -> Reply | None:
            if asyncio.get_running_loop().time() < until:
                raise DeliveryError("peer.timeout")
            return None

        world.link.after = mute
        t = await world.ask()
        await asyncio.sleep(12 * HOUR)
        [kept] = await world.receptions()
        assert kept.part == 1, "the same part again and again is one part"
        await delivered(world, t)

    run(story)


@pytest.mark.parametrize("point", ["push.sent", "push.acknowledged"])
def test_killed_at_every_part(tmp_path: Path, point: str) -> None:
    """After each restart it goes on where it was; nothing that was acknowledged is sent again."""

    async def story() -> None:
        world = await made(tmp_path)
        died = asyncio.Event()

        kills = 0

        def kill(at: str) -> None:
            nonlocal kills
            kills += at == point
            # A part that was sent and not counted is sent again: the second time it gets through.
            if at == point and (point == "push.acknowledged" or kills % 2):
                died.set()
                raise asyncio.CancelledError

        world.fault = kill
        t = await world.ask()
        parts = -(-len(DATA) // PART)
        for _ in range(parts):
            async with asyncio.timeout(30):
                await died.wait()
            died.clear()
            await world.restart()
        await delivered(world, t)
        assert kills == parts * (2 if point == "push.sent" else 1)
        assert world.link.sent == kills, "nothing that was acknowledged is sent again"

    run(story)


def test_a_consumer_that_crashes_between_disk_and_record(tmp_path: Path) -> None:
    """The file is ahead of the record: what stands behind is written again, and the hash is right."""

    async def story() -> None:
        world = await made(tmp_path)
        count = 0

        def crash() -> Reply | None:
            nonlocal count
            count += 1
            if count == 7:
                [file] = [one for one in world.folder.rglob("*") if one.is_file()]
                with file.open("ab") as more:
                    more.write(b"bytes of a part that was never counted" * 50)
                world.receiving = world.link._receiving = world.receiver()
            return None

        world.link.before = crash
        await delivered(world, await world.ask())

    run(story)


def test_an_inbox_that_has_lost_what_it_acknowledged_gets_everything_anew(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        count = 0

        def lose() -> Reply | None:
            nonlocal count
            count += 1
            if count == 9:
                for file in [one for one in world.folder.rglob("*") if one.is_file()]:
                    file.unlink()
            return None

        world.link.before = lose
        t = await world.ask()
        await settled(world.utility.transfers, t.id, ("COMPLETED",), 10 * HOUR)
        assert await world.whole(t.id) == DATA
        assert [(one.number, one.state) for one in await world.receptions()] == [(2, "whole")]
        assert await world.uses() == 1, "the same content again is the same use"

    run(story)


def test_damage_on_the_way_is_noticed_part_by_part(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        deliver, count = world.link._deliver, 0

        async def damaging(url: str, authorization: str, body: bytes, fields: Mapping[str, str]) -> Reply:
            nonlocal count
            count += 1
            return await deliver(url, authorization, b"?" + body[1:] if count % 4 == 1 else body, fields)

        world.link._deliver = damaging  # type: ignore[method-assign]
        await delivered(world, await world.ask())

    run(story)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_who_refuses_for_good_is_left_alone(tmp_path: Path, status: int) -> None:
    """Redirects are not followed; after some attempts the transfer ends, and both sides know why."""

    async def story() -> None:
        world = await made(tmp_path)
        world.link.before = lambda: Reply(status, b"no", {"location": "http://169.254.169.254/"})
        t = await world.ask()
        ended = await settled(world.utility.transfers, t.id, ("TERMINATED",), 10 * HOUR)
        assert world.link.sent == 5
        assert ended.reason is not None
        assert ended.reason.params["said"] == "push.refused"
        assert (await world.delivery()).state == "over"
        assert [one.params["reason"] for one in await world.events(world.city, "push.ended")] == ["push.refused"]

    run(story)


def test_who_never_comes_back_is_given_up(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)

        def away() -> Reply | None:
            raise DeliveryError("peer.unreachable")

        world.link.before = away
        t = await world.ask()
        begun = asyncio.get_running_loop().time()
        await settled(world.utility.transfers, t.id, ("TERMINATED",), 30 * 24 * HOUR)
        assert 14 * 24 * HOUR < asyncio.get_running_loop().time() - begun < 15 * 24 * HOUR

    run(story)


def test_either_side_stops_it_mid_stream_and_takes_it_up_again(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        t, stops = await world.ask(), [5, 9, 14]
        for number, at in enumerate(stops):
            node, pid = ((world.utility, t.id), (world.city, ""))[number % 2]
            reached = asyncio.Event()
            world.link.before = lambda at=at, reached=reached: reached.set() if world.link.sent >= at else None  # type: ignore[misc]
            await reached.wait()
            pid = pid or (await world.utility.transfers.get(t.id)).peer_pid
            await node.transfers.command("jo", pid, transfer.Suspend(Reason("operator.request")))
            await settled(world.utility.transfers, t.id, ("SUSPENDED",))
            await asyncio.sleep(HOUR)
            before = world.link.sent
            await asyncio.sleep(HOUR)
            assert world.link.sent == before, "nothing is sent while it is suspended"
            await node.transfers.command("jo", pid, transfer.Start())
        await delivered(world, t)
        assert world.link.sent <= -(-len(DATA) // PART) + len(stops)

    run(story)


def test_what_changes_in_between_begins_anew_and_is_another_use(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        failing = False

        def once() -> Reply | None:
            nonlocal failing
            if world.link.sent == 6 and not failing:
                failing = True
                world.data = DATA[::-1]
                raise DeliveryError("peer.timeout")
            return None

        world.link.before = once
        t = await world.ask()
        await settled(world.utility.transfers, t.id, ("COMPLETED",), HOUR)
        assert await world.whole(t.id) == DATA[::-1]
        assert await world.uses() == 2
        files = [one for one in world.folder.rglob("*") if one.is_file()]
        assert len(files) == 1

    run(story)


def test_the_count_of_the_contract_ends_what_comes_again_and_again(tmp_path: Path) -> None:
    """Three uses: the fourth version is refused at its time, and nothing of it leaves."""

    async def story() -> None:
        world = await made(tmp_path)
        t = await world.ask(every="PT15M")
        for version in range(6):
            world.data = f"version {version}".encode() * 300
            await asyncio.sleep(900)
        assert await world.uses() == 3
        assert (await world.delivery()).done == 3
        reason = (await world.delivery()).reason
        assert reason is not None
        assert reason.code == "count.exhausted"
        assert (await world.utility.transfers.get(t.id)).state == "STARTED"

    run(story)


def test_the_end_of_the_transfer_ends_the_delivery(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        t = await world.ask(every="PT15M")
        await asyncio.sleep(HOUR)
        await world.utility.transfers.command("jo", t.id, transfer.Terminate(Reason("operator.request")))
        await settled(world.utility.transfers, t.id, ("TERMINATED",))
        await asyncio.sleep(60)
        sent = world.link.sent
        assert (await world.delivery()).state == "over"
        world.data = b"news"
        await asyncio.sleep(5 * HOUR)
        assert world.link.sent == sent

    run(story)


def test_where_it_goes_is_sealed_in_the_store(tmp_path: Path) -> None:
    async def story() -> None:
        world = await made(tmp_path)
        t = await world.ask(every="PT15M")
        await asyncio.sleep(60)
        secret = world.utility.tokens.inbox(t.id).encode()
        for one in (tmp_path / "city", tmp_path / "u"):
            assert not any(secret in file.read_bytes() for file in one.iterdir() if file.is_file())
        [request] = [body for url, body in world.utility.sent if url.endswith("/transfers/request")]
        address = msgspec.json.decode(request)["dataAddress"]
        assert {one["name"]: one["value"] for one in address["endpointProperties"]}["authorization"] == secret.decode()

    run(story)
