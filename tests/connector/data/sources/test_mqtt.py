"""connector/data/sources/mqtt.py against a real broker: the contract of readers, and F35."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from connector.data import broker
from connector.data.broker import Message
from connector.data.ports import Around
from connector.data.queries.model import Budget, Compare, Comparison, Event, Pushed, Selection
from connector.data.silos import secrets
from connector.data.sources.mqtt import MqttReader
from connector.errors import SourceError
from connector.records import Silo
from connector.system import SystemClock
from tests.harness import virtual
from tests.harness.proxy import proxied
from tests.ports.reader import ReaderContract, everything, whole
from tests.servers.mosquitto import CITY, READER, Mosquitto

TOPICS = "sensors/{district}/{device}"
SELECTION = Selection(collection=TOPICS, fields=("district", "device", "received", "n"))


def a_silo(folder: Path, port: int, **more: str) -> Silo:
    (folder / "password").write_text(READER)
    (folder / "password").chmod(0o600)
    settings = {
        "host": "127.0.0.1", "port": str(port), "user": "reader", "password_file": str(folder / "password"),
        "topics": TOPICS, "fields": "n:number=/n hidden=/hidden", **more,
    }  # fmt: skip
    return Silo(id="sensors", kind="mqtt", settings=settings, created=0, created_by="a")


def a_reader(folder: Path | None, **more: Any) -> MqttReader:
    around = Around(clock=SystemClock(), peer=None, secret=secrets.reading(None), kept=folder)  # type: ignore[arg-type]
    return MqttReader(around, **more)


async def say(broker: Mosquitto, n: int, district: str = "7", **more: Any) -> None:
    await asyncio.to_thread(broker.publish, f"sensors/{district}/a", f'{{"n":{n},"hidden":"x"}}', **more)


class TestMqtt(ReaderContract):
    secret = READER

    @pytest.fixture
    def silo(self, tmp_path: Path, mosquitto: Mosquitto) -> Silo:
        return a_silo(tmp_path, mosquitto.port)

    @pytest.fixture
    async def reader(self, tmp_path: Path, mosquitto: Mosquitto, silo: Silo) -> AsyncIterator[MqttReader]:
        self.broker = mosquitto
        made = a_reader(tmp_path / "kept")
        await made.collections(silo)
        await asyncio.gather(
            made.describe(silo, SELECTION), *(say(mosquitto, n, str(n), retain=True) for n in range(4))
        )
        while len((await whole(made, silo, SELECTION, await made.describe(silo, SELECTION))).splitlines()) < 4:
            await asyncio.sleep(0.01)
        yield made
        await made.close()

    @pytest.fixture
    def selection(self) -> Selection:
        return SELECTION

    @asynccontextmanager
    async def proxied(self) -> AsyncGenerator[Any, None]:  # type: ignore[override]
        async with proxied(self.broker.port) as proxy:
            yield proxy, a_silo(Path(self.silo_folder), proxy.port)

    async def test_a_body_that_is_cut_never_looks_whole(self) -> None:  # type: ignore[override]
        """Rows come out of the spool, and messages are whole or not there."""

    @pytest.fixture(autouse=True)
    def _where(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.silo_folder = str(tmp_path)
        monkeypatch.setattr(broker, "_PATIENCE", 2.0)  # a broker that says nothing is waited for as long


class Watching:
    """Events of one who watches, taken in the background."""

    def __init__(self, reader: MqttReader, silo: Silo, after: str = "", where: Any = None) -> None:
        pushed = Pushed(fields=SELECTION.fields, where=where)
        self._events = reader.watch(silo, SELECTION, None, pushed, after)  # type: ignore[arg-type]
        self.told: list[Event] = []
        self._task = asyncio.get_running_loop().create_task(self._take())

    async def _take(self) -> None:
        async with aclosing(self._events) as events:
            async for event in events:
                self.told.append(event)

    @property
    def numbers(self) -> list[int]:
        return [msgspec.json.decode(event.row)["n"] for event in self.told if event.row]

    async def until(self, count: int) -> list[int]:
        async with asyncio.timeout(30):
            while len(self.numbers) < count:
                await asyncio.sleep(0.01)
        return self.numbers

    async def begun(self) -> None:
        async with asyncio.timeout(30):
            while not self.told:
                await asyncio.sleep(0.01)

    async def end(self) -> str:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return self.told[-1].watermark


async def test_a_broker_that_is_started_again_loses_nothing_and_repeats_nothing(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """F35: messages that came while the connection was broken, the retained copy, and what was not acknowledged yet."""
    silo, reader = a_silo(tmp_path, mosquitto.port), a_reader(tmp_path / "kept")
    one = Watching(reader, silo)
    await one.begun()
    await reader.collections(silo)
    await say(mosquitto, 1, retain=True)
    await one.until(1)
    await asyncio.to_thread(mosquitto.stop)
    await asyncio.to_thread(mosquitto.start)
    await say(mosquitto, 2, retain=True)  # before we are back
    await one.until(2)
    await say(mosquitto, 3, retain=True)
    assert await one.until(3) == [1, 2, 3]
    after = await one.end()
    await reader.close()
    # The node dies and comes back: the broker has kept what came meanwhile, and sends its retained message again.
    await say(mosquitto, 4, retain=True)
    again = a_reader(tmp_path / "kept")
    two = Watching(again, silo, after)
    await two.until(1)
    await say(mosquitto, 5)
    assert await two.until(2) == [4, 5]
    assert not any(event.gap for event in two.told)
    await two.end()
    await again.close()


async def test_what_its_sender_calls_the_same_is_kept_once(tmp_path: Path, mosquitto: Mosquitto) -> None:
    silo, reader = a_silo(tmp_path, mosquitto.port, id="/n"), a_reader(tmp_path / "kept")
    one = Watching(reader, silo)
    await one.begun()
    await reader.collections(silo)
    for n in (1, 1, 2, 1, 3):
        await say(mosquitto, n)
    assert await one.until(3) == [1, 2, 3]
    await one.end()
    await reader.close()


async def test_each_is_asked_for_what_somebody_wants_and_gets_no_more(tmp_path: Path, mosquitto: Mosquitto) -> None:
    silo, reader = a_silo(tmp_path, mosquitto.port), a_reader(tmp_path / "kept")
    seven = Watching(reader, silo, where=Compare("district", Comparison.EQ, "7"))
    await seven.begun()
    await reader.collections(silo)
    assert "sensors/7/+" in mosquitto.log.read_text()
    assert "sensors/+/+" not in mosquitto.log.read_text()
    every = Watching(reader, silo)
    await every.begun()
    for n, district in ((1, "7"), (2, "8"), (3, "7")):
        await say(mosquitto, n, district)
    assert await every.until(3) == [1, 2, 3]
    assert await seven.until(2) == [1, 3]
    await asyncio.gather(seven.end(), every.end())
    await reader.close()


async def test_a_slow_one_gets_a_gap_and_holds_nobody_up(tmp_path: Path, mosquitto: Mosquitto) -> None:
    silo, reader = a_silo(tmp_path, mosquitto.port, rows="100"), a_reader(None)
    slow = reader.watch(silo, SELECTION, None, Pushed(fields=("n",)), "")  # type: ignore[arg-type]
    assert (await anext(slow)).row == b""
    quick = Watching(reader, silo)
    await quick.begun()
    await reader.collections(silo)
    await say(mosquitto, 0)
    assert msgspec.json.decode((await anext(slow)).row) == {"n": 0}
    lines = "".join(f'{{"n":{n}}}\n' for n in range(1, 301)).encode()
    publisher = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", mosquitto.host, "-p", str(mosquitto.port), "-u", "city", "-P", "city-secret", "-q", "1",
        "-t", "sensors/7/a", "-l", stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await publisher.communicate(lines)
    assert await quick.until(301) == list(range(301))
    late = await anext(slow)
    assert late.gap
    assert msgspec.json.decode(late.row)["n"] > 100
    await slow.aclose()
    await quick.end()
    await reader.close()


async def test_a_flood_of_retained_messages_is_bounded(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Four hundred topics at once into a spool of a hundred rows: the newest stay, what is lost is told, and the broker
    gets its acknowledgements."""
    async with aiomqtt.Client(mosquitto.host, mosquitto.port, username="city", password=CITY) as client:
        for n in range(400):
            await client.publish(f"sensors/7/{n}", f'{{"n":{n}}}', qos=0, retain=True)
        await client.publish("sensors/7/last", '{"n":-1}', qos=1, retain=True)
    silo, reader = a_silo(tmp_path, mosquitto.port, rows="100"), a_reader(tmp_path / "kept")
    one = Watching(reader, silo)
    async with asyncio.timeout(60):
        while len(set(one.numbers)) < 401 and not any(event.gap for event in one.told):
            await asyncio.sleep(0.05)
    shape = await reader.describe(silo, SELECTION)
    while True:
        kept = (await whole(reader, silo, SELECTION, shape)).splitlines()
        if len(kept) > 80:
            break
    assert len(kept) <= 120
    await say(mosquitto, 5_000)
    async with asyncio.timeout(30):
        while 5_000 not in one.numbers:
            await asyncio.sleep(0.01)
    await one.end()
    await reader.close()


async def test_who_is_not_let_in_is_told_so(tmp_path: Path, mosquitto: Mosquitto) -> None:
    silo, reader = a_silo(tmp_path, mosquitto.port), a_reader(None)
    (tmp_path / "password").write_text("wrong")
    with pytest.raises(SourceError) as caught:
        await reader.collections(silo)
    assert caught.value.reason.code == "source.refused"
    await reader.close()


class Offline:
    """A broker that keeps what is said while nobody is connected, as one does for a session of QoS 1."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Message] = asyncio.Queue()
        self.unacknowledged: list[Message] = []
        self.away = False
        self.sessions = 0

    @asynccontextmanager
    async def connect(self, settings: Any, secret: Any, identifier: str, *, keep: bool) -> AsyncGenerator[Any, None]:
        if self.away:
            raise SourceError("source.unreachable")
        self.sessions += 1
        for one in reversed(self.unacknowledged):  # first of all what was not acknowledged (MQTT 5.0, 4.4)
            self.queue._queue.appendleft(one)  # type: ignore[attr-defined]
        self.unacknowledged.clear()
        yield self

    async def subscribe(self, filters: Any) -> None: ...

    async def unsubscribe(self, filters: Any) -> None: ...

    async def take(self, most: int) -> list[Message]:
        if self.away:
            raise SourceError("source.unreachable")
        one = await self.queue.get()
        self.unacknowledged.append(one)
        if self.away:
            raise SourceError("source.unreachable")
        return [one]

    def acknowledge(self, messages: list[Message]) -> None:
        for one in messages:
            self.unacknowledged.remove(one)

    def say(self, n: int) -> None:
        self.queue.put_nowait(Message("sensors/7/a", b'{"n":%d}' % n, 1, False, n % 65535 + 1))


def test_a_day_without_the_broker(tmp_path: Path) -> None:
    """F35 in virtual time: nothing is lost over 24 hours, and it is not asked more often than once a minute."""

    async def day() -> None:
        broker, clock = Offline(), virtual.VirtualClock()
        around = Around(clock=clock, peer=None, secret=secrets.reading(None))  # type: ignore[arg-type]
        reader = MqttReader(around, connect=broker.connect)
        one = Watching(reader, a_silo(tmp_path, 1))
        broker.say(0)
        await clock.sleep(1)
        broker.away = True
        broker.say(1)
        attempts = broker.sessions
        for n in range(2, 26):
            await clock.sleep(3600)
            broker.say(n)
        broker.away = False
        await clock.sleep(120)
        assert one.numbers == list(range(26))
        assert broker.sessions <= attempts + 2
        await one.end()
        await reader.close()

    virtual.run(day)


async def test_an_empty_spool_gives_no_rows(tmp_path: Path, mosquitto: Mosquitto) -> None:
    silo, reader = a_silo(tmp_path, mosquitto.port), a_reader(None)
    shape = await reader.describe(silo, SELECTION)
    assert await whole(reader, silo, SELECTION, shape, everything(shape), Budget()) == b""
    assert shape.live
    await reader.close()


async def test_a_look_shows_what_comes_and_leaves_no_subscription_behind(tmp_path: Path, mosquitto: Mosquitto) -> None:
    silo = a_silo(tmp_path, mosquitto.port, fields="")
    silo.settings.pop("fields")  # type: ignore[attr-defined]
    reader = a_reader(tmp_path / "kept")
    payload = '{"celsius":21.5,"on":true,"who":"x","more":{"a":1}}'
    await asyncio.to_thread(mosquitto.publish, "sensors/7/a", payload, retain=True)
    shape = await reader.describe(silo, Selection(collection=TOPICS))
    kinds = {one.name: one.kind for one in shape.fields}
    assert kinds == {
        "district": "text", "device": "text", "received": "instant", "celsius": "number", "more": "json",
        "on": "boolean", "who": "text",
    }  # fmt: skip
    chosen = await reader.describe(silo, Selection(collection=TOPICS, fields=("celsius",)))
    assert [one.name for one in chosen.fields] == ["celsius"]
    await reader.close()
    assert mosquitto.log.read_text().count("sensors/+/+ (QoS 1)") == 1
