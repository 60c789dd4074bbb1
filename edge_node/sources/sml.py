"""Sources of kind `sml`: meters that tell their readings over an optical port, of their own accord.

What lives here: reading the line, which values of a telegram are which field, at what pace. What does not: telegrams
(smllib), the line (`lines`). Source: BSI TR-03109-1, annex IV (Smart Message Language 1.04); OBIS codes, DIN EN
62056-6-1; units by number, DIN EN 62056-6-2.

A meter speaks every few seconds; of that one telegram every `seconds` is taken. What it says is not signed, and says no
time that can be relied on: the reading is of when it came.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from connector.data.readings.model import Kind
from edge_node.decode.units import converting
from edge_node.errors import EdgeError, FullError
from edge_node.ports import Arrival, Measured, Reading, Spoiled, Taking
from edge_node.sources import Place
from edge_node.sources.lines import Baud, Line, SerialSettings, open_serial

_CODE = re.compile(r"(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\*(\d{1,3}))?", re.ASCII)
_UNITS: Final[Mapping[int, str]] = {
    8: "deg", 9: "Cel", 13: "m3", 27: "W", 30: "Wh", 33: "A", 35: "V", 44: "Hz",
}  # fmt: skip
_SERVER: Final = ("0100000009ff", "0100600100ff")
"""Under which codes a meter says what it is called, its number among all meters first."""
_SAMPLE: Final = 256
_QUIET: Final = 60.0
"""Seconds without a telegram after which something is wrong with the line."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

Open = Callable[[SerialSettings], Awaitable[Line]]


class SmlSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`device` and `baud` as in `lines.SerialSettings`. `values` are OBIS codes by field (`1-0:1.8.0*255`, or short
    `1.8.0`); what a meter says is brought into the unit of the field. `thing` is what the meter is called ("": as it
    says itself)."""

    device: Annotated[str, Meta(min_length=1, max_length=256)]
    values: Annotated[dict[str, str], Meta(min_length=1, max_length=64)]
    baud: Baud = 9600
    parity: Literal["none", "even", "odd"] = "none"
    bits: Literal[7, 8] = 8
    thing: str = ""
    seconds: Annotated[float, Meta(ge=0, le=86400)] = 60.0


def open_source(place: Place) -> SmlSource:
    """See `sources.KINDS`."""
    settings, codes = place.read(SmlSettings), {}
    for field, text in settings.values.items():
        found = _CODE.fullmatch(text)
        if field not in place.fields or place.fields[field].kind is not Kind.NUMBER:
            raise place.wrong(f"values.{field}", "is no number of the series")
        if found is None or any(part is not None and int(part) > 255 for part in found.groups()):
            raise place.wrong(f"values.{field}", f"{text} is no OBIS code")
        parts = [int(part or default) for part, default in zip(found.groups(), (1, 0, 0, 0, 0, 255), strict=True)]
        codes[field] = bytes(parts).hex()
    return SmlSource(place, settings, codes)


class SmlSource:
    """See `ports.Source`. `open_line` opens the port, `sleep` waits, `now` is monotonic seconds."""

    kind = "sml"

    def __init__(
        self,
        place: Place,
        settings: SmlSettings,
        codes: Mapping[str, str],
        *,
        open_line: Open = open_serial,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.name = place.name
        self._place, self._settings, self._codes = place, settings, codes
        self._open, self._sleep, self._now = open_line, sleep, now
        self._trouble = "source.unreachable"

    def trouble(self) -> str:
        """As the port says."""
        return self._trouble

    async def run(self, taking: Taking) -> None:
        """As the port says."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._listen(taking)
            except _MissingError as error:
                self._trouble = error.code
            except TimeoutError:
                self._trouble, pause = "sml.quiet", _FIRST_PAUSE
            except OSError:
                self._trouble = "source.unreachable"
            await self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _listen(self, taking: Taking) -> None:
        """Telegrams as they come, until the line breaks or says nothing for long."""
        settings, clock = self._settings, self._now or asyncio.get_running_loop().time
        stream, bad = _library()
        serial = SerialSettings(device=settings.device, baud=settings.baud, parity=settings.parity, bits=settings.bits)
        line, taken = await self._open(serial), clock() - settings.seconds
        try:
            while True:
                async with asyncio.timeout(_QUIET):
                    frame = await self._frame(taking, line, stream, bad)
                if clock() - taken < settings.seconds:
                    continue
                if await self._telegram(taking, frame):
                    taken = clock()
        finally:
            line.close()

    async def _frame(self, taking: Taking, line: Line, stream: Any, bad: type[Exception]) -> Any:
        """The next telegram that is whole."""
        while True:
            try:
                found = stream.get_frame()
            except bad:
                await self._put_aside(taking, "sml.sum", b"")
                continue
            if found is not None:
                return found
            stream.add(await line.read())

    async def _telegram(self, taking: Taking, frame: Any) -> bool:
        """Brings what a telegram says to disk; says whether it says anything."""
        try:
            entries = {entry.obis: entry for entry in frame.get_obis()}
        except Exception:
            await self._put_aside(taking, "sml.form", frame.bytes)
            return False
        values: dict[str, Measured] = {}
        for field, code in self._codes.items():
            values[field] = self._value(field, entries.get(code))
        if all(value is None for value in values.values()):
            self._trouble = "sml.nothing"
            return False
        reading = Reading(self._settings.thing or _server(entries) or self.name, values, self._place.now())
        await self._take(taking, Arrival(self.name, self._place.series, [reading], len(frame.bytes)))
        self._trouble = "" if all(value is not None for value in values.values()) else "sml.incomplete"
        return True

    async def _take(self, taking: Taking, arrival: Arrival) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                return await taking.take(arrival)
            except FullError as error:
                self._trouble = error.code
                await self._sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _value(self, field: str, entry: Any) -> float | None:
        """A value in the unit of its field; None where there is none, or it is of something else."""
        if entry is None or not isinstance(entry.value, int) or isinstance(entry.value, bool):
            return None
        number = float(Decimal(entry.value).scaleb(entry.scaler or 0))
        unit, wanted = _UNITS.get(entry.unit or 0, ""), self._place.fields[field].unit
        if not unit or not wanted:
            return number
        change = converting(unit, wanted)
        return None if change is None else number * change[0] + change[1]

    async def _put_aside(self, taking: Taking, code: str, sample: bytes) -> None:
        self._trouble = code
        await taking.spoiled(Spoiled(self.name, code, {}, sample[:_SAMPLE]))


class _MissingError(EdgeError):
    """A package that has to be installed first."""


def _server(entries: Mapping[str, Any]) -> str:
    """What a meter is called: as hex digits, as it is printed on it at best."""
    found = (entries.get(code) for code in _SERVER)
    return next((str(entry.value) for entry in found if entry is not None and isinstance(entry.value, str)), "")


def _library() -> tuple[Any, type[Exception]]:
    """smllib: a stream of telegrams, and what it raises for one whose sum is wrong."""
    try:
        from smllib.errors import CrcError
        from smllib.reader import SmlStreamReader
    except ImportError:
        raise _MissingError("source.package", package="allmende[edge]") from None
    return SmlStreamReader(), CrcError
