"""Sources of kind `modbus`: registers of things, over TCP or a serial line.

What lives here: asking, unit by unit and block by block. What does not: the bytes (pymodbus), the line (`lines`), what
registers mean (`registers`), the pace (`polling`). Source: Modbus Application Protocol 1.1b3; Modbus over Serial Line
1.02 (RTU); Modbus Messaging on TCP/IP 1.0b. Nothing is ever written to a thing.

A unit that does not answer is asked less often, so that the others on its line keep their pace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from edge_node.ports import Measured, Reading
from edge_node.sources import Place, form_settings, registers
from edge_node.sources.lines import Baud, Line, SerialSettings, open_serial, open_tcp
from edge_node.sources.polling import AskError, PollingSource
from edge_node.sources.registers import Block, Register

_MOST_BYTES: Final = 300
_LONGEST_REST: Final = 64
"""A unit that does not answer is asked again after at most so many rounds."""
_SILENT_BITS: Final = 3.5 * 11
_LEAST_SILENCE: Final = 0.00175
"""Between two frames a serial line is quiet for three and a half characters, at high speeds for so many seconds
(Modbus over Serial Line 1.02, 2.5.1.1)."""

Unit = Annotated[int, Meta(ge=0, le=255)]


class ModbusSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `host` or a serial port as in `lines.SerialSettings`. `framing` is `rtu` on serial lines and through
    gateways that do no more than pass bytes on. `things` are units by the name of the thing; `registers` the map, field
    by field, `registers_file` a TOML file with more of it. `gap` registers may be asked for that nobody needs."""

    things: Annotated[dict[str, Unit], Meta(min_length=1, max_length=247)]
    host: str = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 502
    framing: Literal["tcp", "rtu"] = "tcp"
    device: str = ""
    baud: Baud = 19200
    parity: Literal["none", "even", "odd"] = "even"
    stop: Literal[1, 2] = 1
    seconds: Annotated[float, Meta(ge=0.1, le=86400)] = 60.0
    timeout: Annotated[float, Meta(gt=0, le=60)] = 2.0
    gap: Annotated[int, Meta(ge=0, le=124)] = 8
    registers: dict[str, Any] = {}
    registers_file: str = ""


def open_source(place: Place) -> PollingSource:
    """See `sources.KINDS`."""
    settings = place.read(ModbusSettings)
    if bool(settings.host) == bool(settings.device):
        raise place.wrong("host", "needs either host or device")
    try:
        found = msgspec.convert(form_settings(place, settings.registers, settings.registers_file), dict[str, Register])
        registers.check(found, place.fields)
    except (msgspec.ValidationError, ValueError) as error:
        raise place.wrong("registers", str(error)) from None
    return PollingSource(place, "modbus", settings.seconds, Units(place, settings, found))


class Units:
    """The units on one line. See `polling.Asked`."""

    def __init__(self, place: Place, settings: ModbusSettings, found: Mapping[str, Register]) -> None:
        self._place, self._settings, self._registers = place, settings, found
        self._blocks = registers.blocks(found, settings.gap)
        self._master: Master | None = None
        self._rests: dict[str, int] = {}
        self._silent: dict[str, int] = {}
        self._trouble = ""

    def trouble(self) -> str:
        """As the protocol says."""
        return self._trouble

    def close(self) -> None:
        """As the protocol says."""
        if self._master is not None:
            self._master.close()
            self._master = None

    async def ask(self) -> list[Reading]:
        """As the protocol says. Raises `AskError` `source.unreachable`, `modbus.silent` where no unit answers."""
        found: list[Reading] = []
        self._trouble = ""
        asked = False
        for thing, unit in self._settings.things.items():
            if self._rests.get(thing, 0):
                self._rests[thing] -= 1
                self._trouble = self._trouble or "modbus.silent"
                continue
            asked = True
            values = await self._unit(thing, unit)
            if any(value is not None for value in values.values()):
                found.append(Reading(thing, values, self._place.now()))
        if asked and not found:
            raise AskError(self._trouble or "modbus.silent")
        return found

    async def _unit(self, thing: str, unit: int) -> dict[str, Measured]:
        """What one unit says; nothing where it is silent."""
        values: dict[str, Measured] = {}
        try:
            master = await self._opened()
            for block in self._blocks:
                words = await master.read(unit, block)
                if words is None:
                    self._trouble = "modbus.refused"  # It has no such registers; the others may be there.
                    continue
                for name in block.fields:
                    one = self._registers[name]
                    values[name] = registers.read(one, words[one.at - block.at :][: one.width])
        except TimeoutError:
            self._trouble = "modbus.silent"
            self._silent[thing] = min(2 * self._silent.get(thing, 0) + 1, _LONGEST_REST)
            self._rests[thing] = self._silent[thing] if len(self._settings.things) > 1 else 0
            if self._settings.host:
                self.close()  # A late answer would be taken for the next one's.
            return {}
        except OSError:
            self.close()
            raise AskError("source.unreachable") from None
        self._silent.pop(thing, None)
        return values

    async def _opened(self) -> Master:
        if self._master is None:
            settings = self._settings
            async with asyncio.timeout(settings.timeout):
                if settings.host:
                    line = await open_tcp(settings.host, settings.port)
                else:
                    line = await open_serial(
                        SerialSettings(
                            device=settings.device, baud=settings.baud, parity=settings.parity, stop=settings.stop
                        )
                    )
            rtu = bool(settings.device) or settings.framing == "rtu"
            silence = max(_SILENT_BITS / settings.baud, _LEAST_SILENCE) if settings.device else 0.0
            self._master = Master(line, rtu=rtu, seconds=settings.timeout, silence=silence)
        return self._master


class Master:
    """Asks over a line, one question at a time, and once more where nothing comes. `seconds` is how long an answer may
    take."""

    def __init__(self, line: Line, *, rtu: bool, seconds: float, silence: float = 0.0) -> None:
        """`silence` is how long a line has to be quiet between two frames."""
        self._questions, self._framer, self._failed = _library(rtu=rtu)
        self._rtu = rtu
        self._line, self._seconds, self._silence, self._number = line, seconds, silence, 0

    def close(self) -> None:
        """Close the line."""
        self._line.close()

    async def read(self, unit: int, block: Block) -> list[int] | None:
        """The registers or bits of a block; None where the unit refuses. Raises `TimeoutError`, `OSError`."""
        try:
            answer = await self._asked(unit, block)
        except TimeoutError:
            answer = await self._asked(unit, block)
        if answer.isError():
            return None
        bits = block.table in ("coil", "discrete")
        words = [int(one) for one in (answer.bits if bits else answer.registers)]
        if len(words) < block.count:
            raise TimeoutError  # An answer to another question.
        return words[: block.count]

    async def _asked(self, unit: int, block: Block) -> Any:
        self._number = 0 if self._rtu else self._number % 0xFFFF + 1
        question = self._questions[block.table]
        request = question(address=block.at, count=block.count, dev_id=unit, transaction_id=self._number)
        await asyncio.sleep(self._silence)
        self._line.discard()
        async with asyncio.timeout(self._seconds):
            await self._line.write(self._framer.buildFrame(request))
            return await self._answer(unit, request.function_code)

    async def _answer(self, unit: int, function: int) -> Any:
        """The answer of a unit to this function; whatever else comes is passed over until time is up."""
        data = b""
        while True:
            data += await self._line.read()
            if len(data) > _MOST_BYTES:
                data = data[-_MOST_BYTES:]
            try:
                used, found = self._framer.handleFrame(data, unit, self._number)
            except self._failed:
                used, found = len(data), None
            data = data[used:]
            if found is not None and found.function_code & 0x7F == function:
                return found


def _library(*, rtu: bool) -> tuple[Mapping[str, Any], Any, type[Exception]]:
    """pymodbus: questions by table, the framer of a line, what it raises. Raises `AskError` `source.package`."""
    try:
        from pymodbus import exceptions
        from pymodbus.framer import FramerRTU, FramerSocket
        from pymodbus.pdu import DecodePDU, bit_message, register_message
    except ImportError:
        raise AskError("source.package", package="allmende[edge]") from None
    questions = {
        "holding": register_message.ReadHoldingRegistersRequest,
        "input": register_message.ReadInputRegistersRequest,
        "coil": bit_message.ReadCoilsRequest,
        "discrete": bit_message.ReadDiscreteInputsRequest,
    }
    return questions, (FramerRTU if rtu else FramerSocket)(DecodePDU(False)), exceptions.ModbusException
