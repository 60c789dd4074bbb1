"""Payloads of a few bytes by a definition: which bytes and bits are which field.

Pure. A definition is data of the settings and is checked when they are read: no code stands in it, and it can ask for
nothing but bytes of the payload. What lives here: places, types, factors, messages of several layouts, items of a type
and value each (TLV). What does not: Cayenne LPP (`cayenne`), networks (`ttn`, `chirpstack`).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from edge_node.decode import cayenne
from edge_node.errors import DecodeError
from edge_node.ports import Measured

LONGEST: Final = 1024
"""Bytes of a payload; LoRaWAN carries 242."""
_MOST_FIELDS, _MOST_LAYOUTS, _MOST_ITEMS = 256, 64, 256
_FLOATS: Final[Mapping[int, str]] = {2: "e", 4: "f", 8: "d"}

Type = Literal[
    "u8", "u16", "u24", "u32", "u64", "i8", "i16", "i24", "i32", "i64", "f16", "f32", "f64", "bcd", "text", "hex"
]
Offset = Annotated[int, Meta(ge=-LONGEST, lt=LONGEST)]
Size = Annotated[int, Meta(ge=0, le=LONGEST)]
Byte = Annotated[int, Meta(ge=0, le=255)]


class Bits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field: `at` counts from the beginning, or from the end where it is negative. `mask` chooses bits of a whole
    number (0: all of them), which are moved to the right; `not_` are raw values that mean that nothing was measured;
    `names` are words for raw values. `size` is how many bytes `bcd`, `text` and `hex` have."""

    name: str
    at: Offset
    type: Type = "u8"
    little: bool = False
    size: Size = 0
    mask: Annotated[int, Meta(ge=0)] = 0
    scale: float = 1.0
    add: float = 0.0
    not_: tuple[int, ...] = msgspec.field(name="not", default=())
    names: dict[str, str] = {}


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """A byte that says which layout a message has."""

    at: Offset
    equals: Byte
    mask: Byte = 255


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands behind a key: `size` bytes (0: as its length says)."""

    fields: tuple[Bits, ...]
    size: Size = 0


class Items(Struct, frozen=True, forbid_unknown_fields=True):
    """A payload of items: a key of `key` bytes, its length in `length` bytes (0: `size` of the item), a value. The
    names of `types` are keys in hex. An item that is not there is passed over where lengths are said."""

    types: dict[str, Item]
    key: Annotated[int, Meta(ge=1, le=2)] = 1
    length: Annotated[int, Meta(ge=0, le=1)] = 0


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One form of messages: of these ports (none named: any), of this size (0: any), and with this byte. Exactly one of
    `fields`, `items` and `cayenne` says what is in it."""

    ports: tuple[Byte, ...] = ()
    size: Size = 0
    when: When | None = None
    fields: tuple[Bits, ...] = ()
    items: Items | None = None
    cayenne: bool = False


def check(layouts: Sequence[Layout]) -> None:
    """Raises `ValueError` for a definition that nothing could be read by."""
    if len(layouts) > _MOST_LAYOUTS:
        raise ValueError(f"has more than {_MOST_LAYOUTS} layouts (at `$.payload`)")
    for number, layout in enumerate(layouts):
        place = f"$.payload[{number}]"
        if (bool(layout.fields) + (layout.items is not None) + layout.cayenne) != 1:
            raise ValueError(f"needs exactly one of fields, items and cayenne (at `{place}`)")
        _check_fields(layout.fields, layout.size, place)
        if layout.items is not None:
            _check_items(layout.items, f"{place}.items")


def _check_items(items: Items, place: str) -> None:
    if not 0 < len(items.types) <= _MOST_ITEMS:
        raise ValueError(f"has no types, or more than {_MOST_ITEMS} (at `{place}.types`)")
    for key, item in items.types.items():
        if len(key) != 2 * items.key or key.lower().strip("0123456789abcdef"):
            raise ValueError(f"{key} is no key of {items.key} bytes in hex (at `{place}.types`)")
        if not items.length and not item.size:
            raise ValueError(f"needs a size, because no length is said (at `{place}.types.{key}`)")
        _check_fields(item.fields, item.size, f"{place}.types.{key}")


def _check_fields(fields: Sequence[Bits], size: int, place: str) -> None:
    if len(fields) > _MOST_FIELDS:
        raise ValueError(f"has more than {_MOST_FIELDS} fields (at `{place}`)")
    for one in fields:
        width, here = _width(one), f"{place}.fields.{one.name}"
        if not width:
            raise ValueError(f"needs a size (at `{here}`)")
        if one.at < 0 and one.at + width > 0:
            raise ValueError(f"ends behind the end (at `{here}`)")
        if size and (one.at + width > size or one.at < -size):
            raise ValueError(f"is not within {size} bytes (at `{here}`)")
        if one.mask and (one.type[0] not in "ui" or not one.type[1:].isdecimal() or one.mask >> 8 * width):
            raise ValueError(f"the mask does not fit the type (at `{here}.mask`)")
        if not (isfinite(one.scale) and isfinite(one.add)):
            raise ValueError(f"the factor is no number (at `{here}`)")


def _width(one: Bits) -> int:
    """Bytes of a field."""
    bits = one.type[1:]
    return int(bits) // 8 if bits.isdecimal() else one.size


def read(layouts: Sequence[Layout], payload: bytes, port: int) -> dict[str, Any]:
    """The fields of a payload. Raises `DecodeError`: `decode.large`, `decode.layout` (no layout is of this message),
    `decode.short` (it ends too early), `decode.item`."""
    if len(payload) > LONGEST:
        raise DecodeError("decode.large", most=str(LONGEST))
    for layout in layouts:
        if _fits(layout, payload, port):
            if layout.cayenne:
                return cayenne.read(payload)
            if layout.items is not None:
                return _items(layout.items, payload)
            return _fields(layout.fields, payload)
    raise DecodeError("decode.layout", port=str(port), size=str(len(payload)))


def _fits(layout: Layout, payload: bytes, port: int) -> bool:
    if (layout.ports and port not in layout.ports) or (layout.size and layout.size != len(payload)):
        return False
    when = layout.when
    if when is None:
        return True
    place = when.at if when.at >= 0 else len(payload) + when.at
    return 0 <= place < len(payload) and payload[place] & when.mask == when.equals


def _fields(fields: Sequence[Bits], data: bytes) -> dict[str, Any]:
    return {one.name: _value(one, data) for one in fields}


def _value(one: Bits, data: bytes) -> Measured:
    width = _width(one)
    begin = one.at if one.at >= 0 else len(data) + one.at
    if begin < 0 or begin + width > len(data):
        raise DecodeError("decode.short", field=one.name, size=str(len(data)))
    raw = data[begin : begin + width]
    match one.type[0]:
        case "u" | "i":
            return _told(one, _whole(one, raw))
        case "f":
            number: float = struct.unpack(("<" if one.little else ">") + _FLOATS[width], raw)[0]
            return number * one.scale + one.add if isfinite(number) else None
        case "b":
            digits = (raw[::-1] if one.little else raw).hex()
            if not digits.isdecimal():
                raise DecodeError("decode.value", field=one.name, found=digits[:40])
            return _told(one, int(digits))
        case "t":
            return _text(one, raw)
        case _:
            return raw.hex()


def _text(one: Bits, raw: bytes) -> str:
    try:
        return raw.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        raise DecodeError("decode.value", field=one.name, found=raw.hex()[:40]) from None


def _whole(one: Bits, raw: bytes) -> int:
    """A whole number: all of it, or the bits of its mask; with a sign where its type has one."""
    number = int.from_bytes(raw, "little" if one.little else "big")
    bits = 8 * len(raw)
    if one.mask:
        low = (one.mask & -one.mask).bit_length() - 1
        number, bits = (number & one.mask) >> low, one.mask.bit_length() - low
    return number - (1 << bits) if one.type[0] == "i" and number >> (bits - 1) else number


def _told(one: Bits, number: int) -> Measured:
    """What a raw number says."""
    if number in one.not_:
        return None
    if one.names:
        # A number that has no word is no word: another version of the device may mean anything by it.
        return one.names.get(str(number))
    return number if one.scale == 1 and not one.add else number * one.scale + one.add


def _items(items: Items, data: bytes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    at = 0
    while at < len(data):
        key, at = data[at : at + items.key].hex(), at + items.key
        item = items.types.get(key) or items.types.get(key.upper())
        if at + items.length > len(data) or (item is None and not items.length):
            raise DecodeError("decode.item", key=key)
        size = data[at] if items.length else 0
        at += items.length
        if item is not None and item.size:
            if items.length and size != item.size:
                raise DecodeError("decode.item", key=key)
            size = item.size
        if at + size > len(data):
            raise DecodeError("decode.item", key=key)
        if item is not None:
            made |= _fields(item.fields, data[at : at + size])
        at += size
    return made
