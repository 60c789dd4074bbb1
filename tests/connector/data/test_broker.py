"""A connection to a broker: what waits in it is bounded, and nothing of QoS 1 is lost there."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from connector.data.broker import Bounds, Message, Session, _Queue, session
from tests.servers.mosquitto import CITY, Mosquitto


def came(payload: bytes, qos: int) -> Any:
    return SimpleNamespace(payload=payload, qos=qos)


def test_more_than_may_wait_is_lost_and_counted_unless_it_will_be_acknowledged() -> None:
    queue = _Queue(Bounds(waiting=3))
    for number in range(5):
        queue.put_nowait(came(b"%d" % number, 0))
    queue.put_nowait(came(b"x", 1))
    assert (queue.qsize(), queue.lost) == (4, 2)
    assert [queue.get_nowait().payload for _ in range(4)] == [b"0", b"1", b"2", b"x"]


def test_bytes_that_wait_are_bounded_as_well() -> None:
    queue = _Queue(Bounds(bytes=10))
    for _ in range(3):
        queue.put_nowait(came(b"12345678", 0))
    assert (queue.qsize(), queue.lost) == (2, 1)
    queue.get_nowait()
    queue.put_nowait(came(b"1", 0))
    assert (queue.qsize(), queue.lost, queue.bytes) == (2, 1, 9)


def _secret(_settings: Any, _name: str) -> str:
    return CITY


async def _taken(one: Session, count: int) -> list[Message]:
    found: list[Message] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await one.take(100)
    return found


async def test_what_comes_again_says_so(mosquitto: Mosquitto) -> None:
    """A copy has the packet of the message; a message of its own with the same content is none."""
    for version in ("5", "3.1.1"):
        settings = {
            "host": mosquitto.host,
            "port": mosquitto.port,
            "user": "city",
            "password_file": "-",
            "version": version,
        }
        name = f"device-{version}"
        async with session(settings, _secret, name, keep=True) as one:
            await one.subscribe([f"{version}/a"])
            await one.publish(f"{version}/a", b"1")
            [first] = await _taken(one, 1)
        async with session(settings, _secret, name, keep=True) as one:
            await one.publish(f"{version}/a", b"1")
            copy, other = await _taken(one, 2)
            one.acknowledge([copy, other])
        assert (first.again, copy.again, other.again) == (False, True, False)
        assert copy.packet == first.packet != other.packet
