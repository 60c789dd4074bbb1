"""connector/http/live.py and connector/data/live.py: rows as they come, over a real socket and a real broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connector.records import Silo
from tests.connector.data.watched import Heard, listening, shared, silo, watched
from tests.connector.data.world import agreement, count, started
from tests.servers.mosquitto import READER, Mosquitto

TOPICS = "sensors/{district}/{device}"
FIELDS = ("district", "device", "received", "value", "at")


def broker(mosquitto: Mosquitto, folder: Path, **more: Any) -> Silo:
    (folder / "password").write_text(READER)
    (folder / "password").chmod(0o600)
    return silo(
        host=mosquitto.host, port=str(mosquitto.port), user="reader", password_file=str(folder / "password"),
        topics=TOPICS, fields="value=/v at=/at", **more,
    )  # fmt: skip


async def say(mosquitto: Mosquitto, district: str, value: int, **more: Any) -> None:
    payload = '{"v":%d,"at":"2027-05-01T10:00:%02dZ"}' % (value, value % 60)
    await asyncio.to_thread(mosquitto.publish, f"sensors/{district}/a", payload, **more)


def values(heard: Heard) -> list[int]:
    return [row["value"] for row in heard.rows]


async def test_rows_come_as_they_are_published_and_a_stream_is_taken_up_again(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    records = (started(), agreement(count(1)), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        async with listening(w) as heard:
            await heard.marked()
            for value in range(3):
                await say(mosquitto, "7", value)
            await heard.until(3)
            assert values(heard) == [0, 1, 2]
            assert heard.rows[0]["district"] == "7"
            mark = heard.mark
        for value in range(3, 6):
            await say(mosquitto, "7", value)
        async with listening(w, mark) as heard:
            await heard.until(3)
            assert values(heard) == [3, 4, 5]
            assert not heard.gaps
        async with w.session.get(w.address(), headers=w.headers(Accept="text/event-stream")) as response:
            assert response.status == 403  # the one use was drawn; taking it up again was none
