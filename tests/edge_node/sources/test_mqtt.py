"""A device at a real broker: acknowledged after it is on disk, never twice, never lost, whatever the broker does."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from edge_node.errors import KeepingError, SettingsError
from edge_node.ports import Arrival, Source
from edge_node.sources import open_source
from tests.edge_node.sources.taking import FakeTaking, place, until
from tests.servers.mosquitto import CITY, Mosquitto

PLAIN: dict[str, Any] = {"format": "plain", "decode": {"thing": "{sensor}"}}


def settings(broker: Mosquitto, directory: Path, **more: Any) -> dict[str, Any]:
    """Of a source at the broker."""
    secret = directory / "password"
    secret.write_text(CITY)
    secret.chmod(0o600)
    made = {"host": broker.host, "port": broker.port, "user": "city", "password_file": "password"}
    return {**made, "topics": ["air/{sensor}"], **more}


@contextlib.asynccontextmanager
async def running(source: Source, taking: FakeTaking) -> AsyncIterator[None]:
    """The source runs; `running` waits for nothing."""
    task = asyncio.ensure_future(source.run(taking))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def connected(source: Source) -> None:
    await until(lambda: not source.trouble())


async def publish(broker: Mosquitto, *bodies: Any, topic: str = "air/a", qos: int = 1, retain: bool = False) -> None:
    """Say things in this order; returns when the broker has them."""
    async with aiomqtt.Client(broker.host, broker.port, username="city", password=CITY) as client:
        for one in bodies:
            body = one if isinstance(one, bytes) else msgspec.json.encode(one)
            await client.publish(topic, body, qos=qos, retain=retain)


def sent(broker: Mosquitto) -> list[int]:
    """The packets of QoS 1 that the broker has sent to devices, copies too."""
    return [int(one) for one in re.findall(r"Sending PUBLISH to allmende-\w+ \(d\d, q1, r\d, m(\d+)", _log(broker))]


def acknowledged(broker: Mosquitto) -> list[int]:
    """The packets that devices have acknowledged."""
    return [int(one) for one in re.findall(r"Received PUBACK from allmende-\w+ \(Mid: (\d+)", _log(broker))]


def _log(broker: Mosquitto) -> str:
    return broker.log.read_text(errors="replace")


@pytest.fixture(params=["5", "3.1.1"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_nothing_is_acknowledged_before_it_is_on_disk(mosquitto: Mosquitto, tmp_path: Path, version: str) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN, version=version)), "mqtt")
    taking = FakeTaking()
    taking.open.clear()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, {"v": 1}, {"v": 2})
        await until(lambda: len(sent(mosquitto)) == 2 and taking.begun > 0)
        assert not acknowledged(mosquitto)
        taking.open.set()
        await until(lambda: acknowledged(mosquitto) == sent(mosquitto))
    assert taking.values == [1, 2]
    assert {one.thing for one in taking.readings} == {"a"}
    assert taking.arrivals[0].source == "roof"
    assert sum(one.size for one in taking.arrivals) == 14


async def test_our_own_form_goes_through_as_it_came(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path)), "mqtt")
    taking = FakeTaking()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, b'{"thing":"a","v":1}', b"nonsense", b'[{"thing":"b","v":2}]')
        await until(lambda: len(acknowledged(mosquitto)) == 3)
    assert taking.bodies == [b'{"thing":"a","v":1}', b'[{"thing":"b","v":2}]']
    assert [(one.code, one.sample) for one in taking.aside] == [("intake.json", b"nonsense")]


async def test_what_nobody_can_read_is_put_aside_and_holds_nothing_up(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN)), "mqtt")
    taking = FakeTaking()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, b"\xff\xfe", {"v": "x"}, {"v": 3}, b"")
        await until(lambda: len(acknowledged(mosquitto)) == 4)
    assert taking.values == [3]
    assert [one.code for one in taking.aside] == ["decode.json", "decode.value", "decode.nothing", "decode.json"]


async def test_a_broker_that_dies_between_disk_and_acknowledgement(
    mosquitto: Mosquitto, tmp_path: Path, version: str
) -> None:
    """It sends everything again; nothing is taken twice although it says no time of its own."""
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN, version=version)), "mqtt")
    taking = FakeTaking()
    taking.open.clear()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, *({"v": n} for n in range(5)))
        await until(lambda: len(sent(mosquitto)) == 5)
        mosquitto.save()
        mosquitto.kill()
        taking.open.set()
        mosquitto.start()
        await until(lambda: len(set(acknowledged(mosquitto))) == 5)
        await publish(mosquitto, {"v": 4})
        await until(lambda: len(taking.values) == 6)
    assert len(sent(mosquitto)) > 6
    assert taking.values == [0, 1, 2, 3, 4, 4]


async def test_what_came_while_the_device_was_away_comes_when_it_is_back(
    mosquitto: Mosquitto, tmp_path: Path, version: str
) -> None:
    made = settings(mosquitto, tmp_path, **PLAIN, version=version)
    source, taking = open_source(place(tmp_path, made), "mqtt"), FakeTaking()
    async with running(source, taking):
        await connected(source)
    await publish(mosquitto, *({"v": n} for n in range(50)))
    mosquitto.stop()
    mosquitto.start()
    source = open_source(place(tmp_path, made), "mqtt")
    async with running(source, taking):
        await until(lambda: len(taking.values) == 50)
    assert taking.values == list(range(50))


async def test_a_device_that_dies_with_messages_in_hand_gets_them_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    made = settings(mosquitto, tmp_path, **PLAIN)
    source, dying = open_source(place(tmp_path, made), "mqtt"), _Dying()
    async with running(source, dying):
        await until(lambda: bool(mosquitto.log.exists()))
        await until(lambda: "SUBACK" in _log(mosquitto))
        await publish(mosquitto, {"v": 1}, {"v": 2})
        await until(lambda: source.trouble() == "buffer.disk")
    assert not acknowledged(mosquitto)
    source, taking = open_source(place(tmp_path, made), "mqtt"), FakeTaking()
    async with running(source, taking):
        await until(lambda: len(acknowledged(mosquitto)) == 2)
    assert taking.values == [1, 2]


class _Dying(FakeTaking):
    """Its disk is gone."""

    async def take(self, arrival: Arrival) -> None:
        raise KeepingError("buffer.disk")


async def test_an_orderly_end_acknowledges_what_is_under_way(mosquitto: Mosquitto, tmp_path: Path) -> None:
    made = settings(mosquitto, tmp_path, **PLAIN)
    source, taking = open_source(place(tmp_path, made), "mqtt"), FakeTaking()
    taking.open.clear()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, {"v": 1})
        await until(lambda: taking.begun == 1)
        asyncio.get_running_loop().call_later(0.2, taking.open.set)
    await until(lambda: len(acknowledged(mosquitto)) == 1)
    source = open_source(place(tmp_path, made), "mqtt")
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, {"v": 2})
        await until(lambda: 2 in taking.values)
    assert taking.values == [1, 2]


async def test_without_room_the_broker_waits_as_well(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN)), "mqtt")
    source._sleep = lambda _: asyncio.sleep(0.05)  # type: ignore[attr-defined]
    taking = FakeTaking()
    taking.full = 3
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, {"v": 1})
        await until(lambda: source.trouble() == "buffer.full")
        assert not acknowledged(mosquitto)
        await until(lambda: len(acknowledged(mosquitto)) == 1)
        assert source.trouble() == ""
    assert taking.values == [1]


async def test_no_more_messages_are_under_way_than_was_said(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN, in_flight=40)), "mqtt")
    taking = FakeTaking()
    taking.open.clear()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, *({"v": n} for n in range(80)))
        await until(lambda: len(sent(mosquitto)) >= 40)
        await publish(mosquitto, {"v": 80})
        assert len(sent(mosquitto)) == 40
        taking.open.set()
        await until(lambda: len(acknowledged(mosquitto)) == 81)
    assert taking.values == list(range(81))


async def test_a_flood_of_retained_messages(mosquitto: Mosquitto, tmp_path: Path, version: str) -> None:
    """Those that say when they were measured are taken; the others are none of now, and are told."""
    async with aiomqtt.Client(mosquitto.host, mosquitto.port, username="city", password=CITY) as client:
        for n in range(150):
            await client.publish(f"air/s{n}", msgspec.json.encode({"v": n, "at": 1_790_000_000}), qos=1, retain=True)
        await client.publish("air/x", b'{"v": 1}', qos=1, retain=True)
    made = settings(mosquitto, tmp_path, **PLAIN, version=version)
    source, taking = open_source(place(tmp_path, made), "mqtt"), FakeTaking()
    async with running(source, taking):
        await until(lambda: len(acknowledged(mosquitto)) == 151)
    assert sorted(taking.values) == list(range(150))
    assert [one.code for one in taking.aside] == ["decode.old"]
    again = FakeTaking()
    source = open_source(place(tmp_path, made), "mqtt")
    async with running(source, again):
        await connected(source)
        await publish(mosquitto, {"v": -1})
        await until(lambda: -1 in again.values)
        if version == "5":
            assert again.values == [-1]
        else:
            # There every connection brings them again; they say when they were, so that they are known.
            assert all(one.at for one in again.readings if one.values["v"] != -1)


async def test_our_own_form_that_was_retained_needs_a_time(mosquitto: Mosquitto, tmp_path: Path) -> None:
    await publish(mosquitto, b'[{"thing":"a","v":1}]', retain=True)
    await publish(mosquitto, b'[{"thing":"a","v":1,"at":"2026-01-01T00:00:00Z"}]', topic="air/b", retain=True)
    source, taking = open_source(place(tmp_path, settings(mosquitto, tmp_path)), "mqtt"), FakeTaking()
    async with running(source, taking):
        await until(lambda: len(acknowledged(mosquitto)) == 2)
    assert len(taking.bodies) == 1
    assert [one.code for one in taking.aside] == ["decode.old"]


async def test_other_topics_take_the_place_of_those_before(mosquitto: Mosquitto, tmp_path: Path) -> None:
    made = settings(mosquitto, tmp_path, **PLAIN)
    source, taking = open_source(place(tmp_path, made), "mqtt"), FakeTaking()
    async with running(source, taking):
        await connected(source)
    source = open_source(place(tmp_path, {**made, "topics": ["water/{sensor}"]}), "mqtt")
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, {"v": 1})
        await publish(mosquitto, {"v": 2}, topic="water/b")
        await until(lambda: len(taking.values) == 1)
    assert taking.values == [2]
    names = set(re.findall(r"New client connected from \S+ as (allmende-\w+)", _log(mosquitto)))
    assert len(names) == 1


async def test_a_message_that_is_too_large_is_put_aside(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN, version="3.1.1")), "mqtt")
    taking = FakeTaking()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, b'"' + b"a" * (1 << 17) + b'"', {"v": 1})
        await until(lambda: len(acknowledged(mosquitto)) == 2)
    assert taking.values == [1]
    assert [one.code for one in taking.aside] == ["decode.large"]
    assert len(taking.aside[0].sample) <= 256


async def test_a_flood_that_nobody_acknowledges_is_bounded_and_what_is_lost_is_told(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    source = open_source(place(tmp_path, settings(mosquitto, tmp_path, **PLAIN)), "mqtt")
    taking = FakeTaking()
    taking.open.clear()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, *({"v": n, "more": "x" * 50_000} for n in range(600)), qos=0)
        await publish(mosquitto, {"v": -1})
        await until(lambda: len(sent(mosquitto)) == 1)
        taking.open.set()
        await until(lambda: len(acknowledged(mosquitto)) == 1)
        await publish(mosquitto, {"v": -2})
        await until(lambda: -2 in taking.values)
    lost = [int(one.params["count"]) for one in taking.aside if one.code == "mqtt.lost"]
    assert sum(lost) > 0
    assert len(taking.values) + sum(lost) <= 602


async def test_troubles_are_told(mosquitto: Mosquitto, tmp_path: Path) -> None:
    wrong = settings(mosquitto, tmp_path)
    (tmp_path / "password").write_text("guess")
    source = open_source(place(tmp_path, wrong), "mqtt")
    async with running(source, FakeTaking()):
        await until(lambda: source.trouble() == "source.refused")
    source = open_source(place(tmp_path, {**wrong, "password_file": "nothing"}), "mqtt")
    async with running(source, FakeTaking()):
        await until(lambda: source.trouble() == "source.secret")
    mosquitto.stop()
    source = open_source(place(tmp_path, wrong), "mqtt")
    assert source.trouble() == "source.unreachable"


@pytest.mark.parametrize(
    ("given", "where", "word"),
    [
        ({"topics": ["a"]}, "sources.roof.with", "host"),
        ({"host": "", "topics": ["a"]}, "sources.roof.with.host", "empty"),
        ({"host": "h", "topics": []}, "sources.roof.with", "topics"),
        ({"host": "h", "topics": ["a/#/b"]}, "sources.roof.with.topics", "a/#/b"),
        ({"host": "h", "topics": ["a"], "password": "x"}, "sources.roof.with", "password"),
        ({"host": "h", "topics": ["a"], "version": "4"}, "sources.roof.with", "version"),
        ({"host": "h", "topics": ["a"], "format": "xml"}, "sources.roof.with.decode.format", ""),
        ({"host": "h", "topics": ["a"], "decode": {"thing": "x"}}, "sources.roof.with.decode", "readings"),
        ({"host": "h", "topics": ["a"], "decode_file": "none.toml"}, "sources.roof.with.decode_file", "none.toml"),
        ({"host": "h", "topics": ["a"], "in_flight": 0}, "sources.roof.with", "in_flight"),
    ],
)
def test_settings_that_cannot_be_followed(tmp_path: Path, given: dict[str, Any], where: str, word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_source(place(tmp_path, given), "mqtt")
    assert caught.value.params["place"].startswith(where)
    assert word in " ".join(caught.value.params.values())


async def test_the_definition_of_a_payload_may_be_a_file(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "meter.toml").write_text(
        '[[payload]]\nports = [2]\nfields = [{ name = "v", at = 0, type = "u16", scale = 0.5 }]\n'
    )
    made = settings(
        mosquitto, tmp_path, topics=["v3/{app}/devices/{device}/up"], format="ttn", decode_file="meter.toml"
    )
    uplink = {
        "end_device_ids": {"device_id": "dev1"},
        "received_at": "2026-02-12T15:15:46Z",
        "uplink_message": {"f_port": 2, "frm_payload": "AQI=", "session_key_id": "s"},
    }
    source, taking = open_source(place(tmp_path, made), "mqtt"), FakeTaking()
    async with running(source, taking):
        await connected(source)
        await publish(mosquitto, uplink, {"join_accept": {}}, topic="v3/app@t/devices/dev1/up")
        await until(lambda: len(acknowledged(mosquitto)) == 2)
    assert taking.values == [129.0]
    assert taking.readings[0].id == "s 0"
    assert not taking.aside
