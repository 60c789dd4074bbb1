"""Registers of things that speak Modbus, by a map: which of them are which field.

Pure. A map is data of the settings, checked when they are read. What lives here: types, factors, which registers are
asked for together. What does not: asking (`sources.modbus`). Source: Modbus Application Protocol 1.1b3, 4.3 (data
model), 6.1 to 6.4 (at most 125 registers, or 2000 bits, at a time).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.ports import Measured

MOST: Final[Mapping[str, int]] = {"holding": 125, "input": 125, "coil": 2000, "discrete": 2000}
_WORDS: Final[Mapping[str, int]] = {"16": 1, "32": 2, "64": 4}
_FLOATS: Final[Mapping[int, str]] = {2: ">f", 4: ">d"}
_LAST: Final = 65_535

Table = Literal["holding", "input", "coil", "discrete"]
Type = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "text", "bit"]


class Register(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a field stands: `at` is the address as it goes over the line (from 0). Of several registers the first is
    the highest, unless `order` is `little`. `mask` chooses bits of a whole number, which are moved to the right; `not`
    are raw values that mean that nothing was measured; `names` are words for raw values; a `text` has `size` registers.
    """

    at: Annotated[int, Meta(ge=0, le=_LAST)]
    table: Table = "holding"
    type: Type = "u16"
    order: Literal["big", "little"] = "big"
    size: Annotated[int, Meta(ge=1, le=64)] = 1
    mask: Annotated[int, Meta(ge=0)] = 0
    scale: float = 1.0
    add: float = 0.0
    not_: tuple[int, ...] = msgspec.field(name="not", default=())
    names: dict[str, str] = {}

    @property
    def width(self) -> int:
        """How many registers or bits it has."""
        return self.size if self.type == "text" else _WORDS.get(self.type[1:], 1)


class Block(Struct, frozen=True):
    """What is asked for at once, and the fields in it."""

    table: Table
    at: int
    count: int
    fields: tuple[str, ...]


def check(registers: Mapping[str, Register], fields: Mapping[str, FieldSettings]) -> None:
    """Raises `ValueError` for a map that nothing could be read by."""
    if not registers:
        raise ValueError("has no registers")
    for name, one in registers.items():
        if name not in fields:
            raise ValueError(f"{name} is no field of the series")
        bits = one.table in ("coil", "discrete")
        if bits and one.type not in ("bit", "u16"):
            raise ValueError(f"{name}: a {one.table} is a bit")
        if one.at + one.width > _LAST + 1:
            raise ValueError(f"{name} ends behind the last register")
        if one.mask and (one.type[0] not in "ui" or one.mask >> 16 * one.width):
            raise ValueError(f"{name}: the mask does not fit the type")
        if not (isfinite(one.scale) and isfinite(one.add)):
            raise ValueError(f"{name}: the factor is no number")
        if fields[name].kind is not _kind(one, bits=bits):
            raise ValueError(f"{name}: the field is of another kind")


def _kind(one: Register, *, bits: bool) -> Kind:
    if one.type == "text" or one.names:
        return Kind.TEXT
    return Kind.FLAG if bits or one.type == "bit" else Kind.NUMBER


def blocks(registers: Mapping[str, Register], gap: int) -> list[Block]:
    """What is to be asked for, so that every register comes, and no more than `gap` unused ones in between."""
    made: list[Block] = []
    for name, one in sorted(registers.items(), key=lambda item: (item[1].table, item[1].at)):
        last = made[-1] if made else None
        end = one.at + one.width
        if last is not None and last.table == one.table and one.at <= last.at + last.count + gap:
            count = max(last.at + last.count, end) - last.at
            if count <= MOST[one.table]:
                made[-1] = Block(one.table, last.at, count, (*last.fields, name))
                continue
        made.append(Block(one.table, one.at, one.width, (name,)))
    return made


def read(one: Register, words: Sequence[int]) -> Measured:
    """The value in its registers (or its bit); None where nothing was measured, or a text is none."""
    if one.table in ("coil", "discrete"):
        return bool(words[0])
    ordered = words if one.order == "big" else words[::-1]
    raw = b"".join(word.to_bytes(2) for word in ordered)
    if one.type == "text":
        text = raw.partition(b"\0")[0].decode("ascii", "replace").strip()
        return text if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text else None
    if one.type[0] == "f":
        (number,) = struct.unpack(_FLOATS[one.width], raw)
        return number * one.scale + one.add if isfinite(number) else None
    return _told(one, int.from_bytes(raw, signed=one.type[0] == "i"))


def _told(one: Register, number: int) -> Measured:
    if one.mask:
        number = (number & one.mask) >> ((one.mask & -one.mask).bit_length() - 1)
    if number in one.not_:
        return None
    if one.names:
        return one.names.get(str(number), str(number))
    if one.type == "bit":
        return bool(number)
    return number * one.scale + one.add
