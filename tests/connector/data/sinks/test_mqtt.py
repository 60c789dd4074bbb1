"""connector/data/sinks/mqtt.py against a real broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from connector.data.ports import Around, Batch
from connector.data.silos import secrets
from connector.data.sinks.mqtt import MqttSink
from connector.system import SystemClock
from tests.ports.sink import ONE, SinkContract
from tests.servers.mosquitto import CITY, READER, Mosquitto


def a_sink() -> MqttSink:
    return MqttSink(Around(clock=SystemClock(), peer=None, secret=secrets.reading(None)))  # type: ignore[arg-type]


class TestMqtt(SinkContract):
    @pytest.fixture
    async def settings(self, mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
        self.broker, self.heard = mosquitto, []
        (tmp_path / "password").write_text(CITY)
        (tmp_path / "password").chmod(0o600)
        listening = asyncio.Event()
        task = asyncio.create_task(self._listen(listening))
        await listening.wait()
        yield {
            "url": f"{mosquitto.url}/city/{{n}}", "user": "city", "password_file": str(tmp_path / "password"),
            "version": "5",
        }  # fmt: skip
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _listen(self, listening: asyncio.Event) -> None:
        async with aiomqtt.Client(self.broker.host, self.broker.port, username="reader", password=READER) as client:
            await client.subscribe("#", qos=1)
            listening.set()
            async for message in client.messages:
                self.heard.append((str(message.topic), json.loads(message.payload)))

    @pytest.fixture
    def sink(self, settings: dict[str, Any]) -> MqttSink:
        return a_sink()

    async def there(self) -> list[int]:
        seen = -1
        while seen != len(self.heard):
            seen = len(self.heard)
            await asyncio.sleep(0.2)
        return [row["n"] for _, row in self.heard]

    async def again(self) -> MqttSink:
        return a_sink()

    async def test_what_no_level_can_hold_is_an_underscore_in_it(self, settings: dict[str, Any]) -> None:
        await a_sink().write(settings, ONE, Batch(1, (b'{"n":"a/b+#"}', b'{"n":null}', b'{"n":7}'), ""))
        await self.there()
        assert [topic for topic, _ in self.heard] == ["city/a_b__", "city/_", "city/7"]

    async def test_no_row_stops_those_behind_it_by_what_a_broker_takes_for_no_topic(
        self, settings: dict[str, Any]
    ) -> None:
        hostile = ["\x01\x1f", "\x85", "\ufdd0", "\uffff", "\U0001ffff", "$SYS", "ä" * 40_000, "..", " "]
        rows = tuple(json.dumps({"n": one, "at": n}).encode() for n, one in enumerate(hostile))
        bare = {**settings, "url": f"{self.broker.url}/{{n}}/x"}
        await a_sink().write(settings, ONE, Batch(1, rows, ""))
        await a_sink().write(bare, ONE, Batch(2, rows, ""))
        await self.there()
        assert [row["at"] for _, row in self.heard] == [*range(len(hostile))] * 2
        assert not [topic for topic, _ in self.heard if topic.startswith("$")]
        assert max(len(topic) for topic, _ in self.heard) < 300


@pytest.mark.parametrize("url", ["", "http://x/y", "mqtt://h", "mqtt://h/a/+", "mqtt://h/a/#", "mqtt://u:p@h/a", "h/a"])
def test_urls_that_are_none(url: str) -> None:
    assert a_sink().check({"url": url})
