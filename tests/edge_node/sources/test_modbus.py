"""Registers of a real Modbus server (pymodbus), over TCP and over a serial port."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_node.config import FieldSettings
from edge_node.errors import SettingsError
from edge_node.sources import Place, open_source
from edge_node.sources.modbus import Units
from edge_node.sources.polling import AskError, PollingSource
from tests.edge_node.sources.ports import Port, port
from tests.edge_node.sources.taking import FakeTaking, until

pymodbus = pytest.importorskip("pymodbus")

FIELDS = {"temp": FieldSettings(unit="Cel", places=2), "power": FieldSettings(unit="W", places=1)}
MAP = {
    "temp": {"at": 10, "table": "input", "type": "i16", "scale": 0.01},
    "power": {"at": 100, "type": "f32"},
}


@contextlib.asynccontextmanager
async def serving(framer: str = "socket") -> AsyncIterator[int]:
    """A server with units 1 and 2; gives its port."""
    from pymodbus.framer import FramerType
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    power = list(struct.unpack(">HH", struct.pack(">f", 1500.25)))
    devices = [
        SimDevice(
            id=unit,
            simdata=(
                [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
                [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
                [SimData(100, values=power, datatype=DataType.REGISTERS)],
                [SimData(10, values=[65536 - 1000 * unit], datatype=DataType.REGISTERS)],
            ),
        )
        for unit in (1, 2)
    ]
    server: Any = ModbusTcpServer(devices, framer=FramerType(framer), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


def source(directory: Path, fields: Any = FIELDS, **settings: Any) -> PollingSource:
    given = {"things": {"a": 1, "b": 2}, "registers": MAP, "timeout": 1.0, **settings}
    made = open_source(Place("line", "power", fields, given, directory), "modbus")
    assert isinstance(made, PollingSource)
    return made


def units(made: PollingSource) -> Units:
    assert isinstance(made._asked, Units)
    return made._asked


async def test_what_a_server_says(tmp_path: Path) -> None:
    async with serving() as number:
        made, taking = source(tmp_path, host="127.0.0.1", port=number, seconds=0.1), FakeTaking()
        running = asyncio.create_task(made.run(taking))
        await until(lambda: len(taking.readings) >= 4)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    first = {one.thing: one.values for one in taking.readings[:2]}
    assert first == {"a": {"temp": -10.0, "power": 1500.25}, "b": {"temp": -20.0, "power": 1500.25}}
    assert all(one.at is not None for one in taking.readings)
    assert made.trouble() == ""


@contextlib.asynccontextmanager
async def bridged(made: Port, number: int) -> AsyncIterator[None]:
    """The far end of a serial port at a server that speaks RTU."""
    reader, writer = await asyncio.open_connection("127.0.0.1", number)

    async def out() -> None:
        while True:
            asked = await made.read()
            if not asked.startswith(b"\x09"):  # a unit that is not there says nothing
                writer.write(asked)

    async def back() -> None:
        while data := await reader.read(4096):
            made.write(data)

    tasks = [asyncio.create_task(out()), asyncio.create_task(back())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()


async def test_over_a_serial_port(tmp_path: Path) -> None:
    with port() as made:
        async with serving("rtu") as number, bridged(made, number):
            asked = units(source(tmp_path, device=made.path, parity="none"))
            found = {one.thing: one.values for one in await asked.ask()}
            assert found["b"] == {"temp": -20.0, "power": 1500.25}
            made.write(b"\x01\x04\x02")  # what is left of another master's talk
            again = {one.thing: one.values for one in await asked.ask()}
            assert again == found
            asked.close()


async def test_a_unit_that_is_not_there_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with port() as made:
        async with serving("rtu") as number, bridged(made, number):
            asked = units(source(tmp_path, device=made.path, parity="none", timeout=0.2,
                                 things={"a": 1, "gone": 9, "b": 2}))  # fmt: skip
            for _ in range(3):
                assert [one.thing for one in await asked.ask()] == ["a", "b"]
                assert asked.trouble() == "modbus.silent"
            assert asked._silent == {"gone": 3}, "asked in the first round and in the third"
            asked.close()


async def test_registers_that_are_not_there(tmp_path: Path) -> None:
    async with serving() as number:
        wrong = {**MAP, "power": {"at": 500, "type": "f32"}}
        asked = units(source(tmp_path, host="127.0.0.1", port=number, registers=wrong))
        found = await asked.ask()
        assert [one.values for one in found] == [{"temp": -10.0}, {"temp": -20.0}]
        assert asked.trouble() == "modbus.refused"
        asked.close()


async def test_nobody_answers(tmp_path: Path) -> None:
    async with serving() as number:
        pass
    asked = units(source(tmp_path, host="127.0.0.1", port=number))
    with pytest.raises(AskError) as silent:
        await asked.ask()
    assert silent.value.code == "source.unreachable"


@pytest.mark.parametrize("said", [b"", b"\0" * 500, bytes(range(256)) * 4, b"\x00\x01\x00\x00\x00\xff\x01"])
async def test_whatever_a_server_says(tmp_path: Path, said: bytes) -> None:
    """Garbage and silence are no readings, and end in time."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(said)
        with contextlib.suppress(OSError):
            await writer.drain()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    for framing in ("tcp", "rtu"):
        asked = units(source(tmp_path, host="127.0.0.1", port=number, framing=framing, timeout=0.1))
        with pytest.raises(AskError):
            await asked.ask()
        asked.close()
    server.close()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "h", "device": "/dev/ttyUSB0"},
        {"host": "h", "things": {}},
        {"host": "h", "things": {"a": 300}},
        {"host": "h", "registers": {}},
        {"host": "h", "registers": {"temp": {"at": 70000}}},
        {"host": "h", "registers": {"temp": {"at": 1, "write": True}}},
        {"host": "h", "registers": {"other": {"at": 1}}},
        {"host": "h", "registers_file": "nowhere.toml"},
        {"host": "h", "seconds": 0},
    ],
)
def test_settings_say_where_they_are_wrong(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as wrong:
        source(tmp_path, **settings)
    assert wrong.value.params["place"].startswith("sources.line.with")


def test_a_map_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "meter.toml").write_text('[temp]\nat = 3\n[power]\nat = 9\ntype = "u32"\n')
    made = source(tmp_path, host="h", registers={"temp": {"at": 4}}, registers_file="meter.toml")
    found = {name: one.at for name, one in units(made)._registers.items()}
    assert found == {"temp": 4, "power": 9}
    assert msgspec.to_builtins(units(made)._settings)["gap"] == 8
