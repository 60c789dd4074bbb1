"""A meter at a serial port, that speaks the Smart Message Language (BSI TR-03109-1, annex IV)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.errors import SettingsError
from edge_node.sources import Place, open_source, sml
from edge_node.sources.lines import Line, SerialSettings
from edge_node.sources.sml import SmlSource
from tests.edge_node.sources.ports import port
from tests.edge_node.sources.taking import FakeTaking, until

pytest.importorskip("smllib")

FIELDS = {
    "taken": FieldSettings(unit="kWh", places=4),
    "power": FieldSettings(unit="W", places=1),
    "state": FieldSettings(kind=Kind.TEXT),
}
VALUES = {"taken": "1-0:1.8.0*255", "power": "16.7.0"}
SERVER = bytes.fromhex("0a0149534b0004325ec5")
WH, W = 30, 27


# --- telegrams, as a meter makes them ---------------------------------------------------------------------------------


def text(data: bytes) -> bytes:
    size = len(data) + 1
    return (bytes((size,)) if size < 16 else bytes((0x80 | size >> 4, size & 15))) + data


def number(value: int, size: int, *, signed: bool) -> bytes:
    return bytes(((0x50 if signed else 0x60) | size + 1,)) + value.to_bytes(size, signed=signed)


def some(*parts: bytes) -> bytes:
    return bytes((0x70 | len(parts),)) + b"".join(parts)


NONE = b"\x01"


def entry(code: str, value: bytes, unit: int = 0, scaler: int = 0) -> bytes:
    about = number(unit, 1, signed=False) if unit else NONE
    return some(text(bytes.fromhex(code)), NONE, NONE, about, number(scaler, 1, signed=True), value, NONE)


def message(kind: int, body: bytes) -> bytes:
    head = text(b"\0\1\2\3") + number(0, 1, signed=False) * 2
    inside = b"\x76" + head + some(number(kind, 2, signed=False), body)
    return inside + number(crc(inside), 2, signed=False) + b"\0"


def crc(data: bytes) -> int:
    from smllib.crc import x25

    found: int = x25.get_crc(data)
    return found


def telegram(*entries: bytes) -> bytes:
    """A file of messages in the transport of version 1, with its sum."""
    opened = message(0x101, some(NONE, NONE, text(b"\1\2"), text(SERVER), NONE, NONE))
    said = message(0x701, some(NONE, text(SERVER), NONE, NONE, some(*entries), NONE, NONE))
    closed = message(0x201, some(NONE))
    body = (opened + said + closed).replace(b"\x1b" * 4, b"\x1b" * 8)
    fill = -len(body) % 4
    whole = b"\x1b" * 4 + b"\1" * 4 + body + b"\0" * fill + b"\x1b" * 4 + b"\x1a" + bytes((fill,))
    return whole + crc(whole).to_bytes(2)


def usual(energy: int, power: int = -1234) -> bytes:
    return telegram(
        entry("0100000009ff", text(SERVER)),
        entry("0100010800ff", number(energy, 8, signed=False), WH, -1),
        entry("0100100700ff", number(power, 4, signed=True), W, -1),
    )


# --- what is made of them ---------------------------------------------------------------------------------------------


def source(directory: Path, device: str = "/dev/null", **settings: Any) -> SmlSource:
    given = {"device": device, "values": VALUES, "seconds": 0, **settings}
    made = open_source(Place("meter", "power", FIELDS, given, directory), "sml")
    assert isinstance(made, SmlSource)
    return made


class Said:
    """A line on which this comes, in small pieces, and then nothing but its end."""

    def __init__(self, data: bytes) -> None:
        self._parts = [data[at : at + 23] for at in range(0, len(data), 23)]
        self.closed = False

    async def read(self) -> bytes:
        if not self._parts:
            raise ConnectionResetError
        return self._parts.pop(0)

    async def write(self, data: bytes) -> None:
        raise AssertionError("a meter is not asked")

    def discard(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


async def heard(made: SmlSource, data: bytes, taking: FakeTaking) -> Said:
    """Listen to the end of a line."""
    line = Said(data)

    async def open_line(settings: SerialSettings) -> Line:
        return line

    made._open = open_line
    with pytest.raises(ConnectionResetError):
        await made._listen(taking)
    assert line.closed
    return line


async def test_over_a_serial_port(tmp_path: Path) -> None:
    with port() as made:
        meter, taking = source(tmp_path, made.path), FakeTaking()
        running = asyncio.create_task(meter.run(taking))
        whole = usual(17_243_684)

        def said() -> bool:
            """A meter says the same again and again, whether or not anybody listens."""
            made.write(b"\x00\xff\x1b\x1b" + whole)
            return len(taking.readings) >= 2

        await until(said)
        assert meter.trouble() == ""
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert {one.thing for one in taking.readings} == {SERVER.hex()}
    assert taking.readings[1].values["taken"] == pytest.approx(1724.3684)
    assert taking.readings[1].values["power"] == pytest.approx(-123.4)


async def test_one_telegram_of_many_is_taken(tmp_path: Path) -> None:
    clock = iter([0.0, 0.0, 0.0, 4.0, 9.9, 10.0, 10.0, 15.0])
    made, taking = source(tmp_path, seconds=10), FakeTaking()
    made._now = lambda: next(clock)
    await heard(made, b"".join(usual(n) for n in range(1, 6)), taking)
    assert [one.values["taken"] for one in taking.readings] == pytest.approx([0.0001, 0.0004])


async def test_a_garbled_telegram_is_put_aside_and_the_next_one_taken(tmp_path: Path) -> None:
    made, taking = source(tmp_path), FakeTaking()
    whole = bytearray(usual(5))
    whole[60] ^= 4
    await heard(made, bytes(whole) + usual(6), taking)
    assert [one.code for one in taking.aside] == ["sml.sum"]
    assert len(taking.readings) == 1


async def test_what_is_no_telegram_inside(tmp_path: Path) -> None:
    made, taking = source(tmp_path), FakeTaking()
    body = b"\x77\x07\x01\x00\x01\x08\x00\xff" + b"\x7f" * 20
    fill = -len(body) % 4
    whole = b"\x1b" * 4 + b"\1" * 4 + body + b"\0" * fill + b"\x1b" * 4 + b"\x1a" + bytes((fill,))
    await heard(made, whole + crc(whole).to_bytes(2) + usual(1), taking)
    assert [one.code for one in taking.aside] == ["sml.form"]
    assert len(taking.readings) == 1


async def test_a_meter_that_says_less(tmp_path: Path) -> None:
    made, taking = source(tmp_path, thing="cellar"), FakeTaking()
    await heard(made, telegram(entry("0100010800ff", number(9, 8, signed=False), WH, 3)), taking)
    assert made.trouble() == "sml.incomplete"
    (one,) = taking.readings
    assert (one.thing, one.values) == ("cellar", {"taken": 9.0, "power": None})
    await heard(made, telegram(entry("0100020800ff", number(9, 8, signed=False), WH)), taking)
    assert made.trouble() == "sml.nothing"
    assert len(taking.readings) == 1


async def test_another_unit_is_no_value(tmp_path: Path) -> None:
    made, taking = source(tmp_path), FakeTaking()
    volts = entry("0100010800ff", number(230, 2, signed=False), 35)
    await heard(made, telegram(volts, entry("0100100700ff", number(5, 1, signed=True), W)), taking)
    assert taking.readings[0].values == {"taken": None, "power": 5.0}


async def test_no_room_is_waited_for(tmp_path: Path) -> None:
    made, taking = source(tmp_path), FakeTaking()
    taking.full, slept = 3, []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    made._sleep = sleep
    await heard(made, usual(1), taking)
    assert (slept, len(taking.readings)) == ([1.0, 2.0, 4.0], 1)


async def test_silence_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sml, "_QUIET", 0.05)
    with port() as made:
        meter = source(tmp_path, made.path)
        running = asyncio.create_task(meter.run(FakeTaking()))
        await until(lambda: meter.trouble() == "sml.quiet")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    "settings",
    [
        {"values": {}},
        {"values": {"other": "1.8.0"}},
        {"values": {"state": "1.8.0"}},
        {"values": {"taken": "1.8"}},
        {"values": {"taken": "1.8.0*256"}},
        {"device": ""},
        {"baud": 12345},
        {"pin": "1234"},
    ],
)
def test_settings_say_where_they_are_wrong(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as wrong:
        source(tmp_path, **settings)
    assert wrong.value.params["place"].startswith("sources.meter.with")
