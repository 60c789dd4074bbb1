"""What a broker says, a device keeps once: through the way in, with brokers and devices that die in between."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from connector.data import broker
from connector.data.broker import Message, Session
from edge_node.config import FieldSettings, SeriesSettings
from edge_node.sources import Place, open_source
from edge_node.sources.mqtt import MqttSource
from tests.edge_node.sources.taking import until
from tests.edge_node.sources.test_mqtt import acknowledged, connected, publish, running, settings
from tests.edge_node.taking import NOW, FakeBuffer, intake
from tests.servers.mosquitto import Mosquitto

AIR = {"air": SeriesSettings(fields={"v": FieldSettings(places=0)})}
BEGIN = NOW // 1_000_000 - 3600


def source_at(mosquitto: Mosquitto, directory: Path, **more: Any) -> MqttSource:
    given = settings(mosquitto, directory, **more)
    made = open_source(Place("roof", "air", AIR["air"].fields, given, directory), "mqtt")
    assert isinstance(made, MqttSource)
    return made


def said(first: int, last: int) -> list[bytes]:
    """Readings in our own form, one a second."""
    return [msgspec.json.encode({"thing": "a", "at": _text(n), "v": n}) for n in range(first, last)]


def _text(n: int) -> str:
    return datetime.fromtimestamp(BEGIN + n, UTC).isoformat()


def numbers(buffer: FakeBuffer) -> list[int]:
    """What is kept, in its order."""
    return [row[2] for row in buffer.rows()]


class _Deaf(Session):
    """The device dies before any acknowledgement leaves."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        return


@contextlib.asynccontextmanager
async def _deaf(*given: Any, **more: Any) -> AsyncIterator[Session]:
    async with broker.session(*given, **more) as session:
        session.__class__ = _Deaf
        yield session


async def test_f35_a_device_that_dies_before_it_acknowledges_keeps_everything_once(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=AIR) as way:
        source = source_at(mosquitto, tmp_path)
        source._connect = _deaf
        async with running(source, way):
            await connected(source)
            await publish(mosquitto, *said(0, 100))
            await until(lambda: len(numbers(buffer)) == 100)
    assert not acknowledged(mosquitto)
    async with intake(buffer, series=AIR) as way:
        source = source_at(mosquitto, tmp_path)
        async with running(source, way):
            await until(lambda: len(set(acknowledged(mosquitto))) == 100)
            await publish(mosquitto, *said(100, 110))
            await until(lambda: len(numbers(buffer)) == 110)
        assert way.counts["roof"].copies == 100
    assert numbers(buffer) == list(range(110))


async def test_f35_a_broker_that_dies_again_and_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    buffer = FakeBuffer()
    async with intake(buffer, series=AIR) as way:
        source = source_at(mosquitto, tmp_path, in_flight=10)
        async with running(source, way):
            for turn in range(3):
                await connected(source)
                await publish(mosquitto, *said(40 * turn, 40 * turn + 40))
                mosquitto.save()
                mosquitto.kill()
                await until(lambda: source.trouble() == "source.unreachable")
                mosquitto.start()
            await until(lambda: len(numbers(buffer)) == 120)
    assert sorted(numbers(buffer)) == list(range(120))


async def test_f35_a_day_without_the_device(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The broker keeps what came meanwhile, over its own restart as well."""
    buffer = FakeBuffer()
    async with intake(buffer, series=AIR) as way:
        source = source_at(mosquitto, tmp_path)
        async with running(source, way):
            await connected(source)
        await publish(mosquitto, *said(0, 300))
        mosquitto.stop()
        mosquitto.start()
        async with running(source, way):
            await until(lambda: len(set(acknowledged(mosquitto))) == 300)
    assert numbers(buffer) == list(range(300))


async def test_f35_a_retained_flood_with_every_connection_is_kept_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    buffer = FakeBuffer()
    for n, one in enumerate(said(0, 100)):
        await publish(mosquitto, one, topic=f"air/s{n}", retain=True)
    async with intake(buffer, series=AIR) as way:
        for turn in range(1, 4):
            source = source_at(mosquitto, tmp_path, version="3.1.1")
            async with running(source, way):
                await until(lambda turn=turn: len(acknowledged(mosquitto)) == 100 * turn)  # type: ignore[misc]
        assert way.counts["roof"].copies == 200
    assert sorted(numbers(buffer)) == list(range(100))
