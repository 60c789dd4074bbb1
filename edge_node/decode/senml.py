"""SenML: sensor measurement lists in JSON and CBOR (RFC 8428; secondary units: RFC 9100).

Pure. What lives here: resolving base values, and readings out of resolved records: those of one thing at one time are
one reading. What does not: decimal fractions in CBOR (tag 4), links and XML, which are not read.

A resolved name is a thing and the label of a field behind `:`, `/` or `.`; where a name is the thing alone, the unit
says which field it is.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import Struct

from certs import cbor
from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.decode import values
from edge_node.decode.found import MOST_READINGS, Found
from edge_node.decode.units import converting
from edge_node.decode.values import Column
from edge_node.errors import DecodeError
from edge_node.ports import Measured, Reading

_LABELS: Final[Mapping[int, str]] = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""RFC 8428, 6, table 4."""
_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "bver": int, "bn": str, "bt": (int, float), "bu": str, "bv": (int, float), "bs": (int, float),
    "n": str, "u": str, "v": (int, float), "vs": str, "vb": bool, "s": (int, float), "t": (int, float),
    "ut": (int, float), "vd": (str, bytes),
}  # fmt: skip
_VALUES: Final = ("v", "vs", "vb", "vd")
_VERSIONS: Final = frozenset({*range(1, 11), 26})
"""Up to 10 (RFC 8428, 4.4), and 26: 10 with secondary units (RFC 9100, 4)."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*", re.ASCII)
_RELATIVE: Final = 1 << 28
"""Seconds below this are relative to now (RFC 8428, 4.5.3)."""


class Record(Struct, frozen=True):
    """A resolved record. `at` in microseconds UTC; `value` is a number, a text, a flag or bytes, None where there is
    only a sum."""

    name: str
    unit: str
    at: int
    value: float | str | bool | bytes | None
    sum: float | None = None


class SenmlSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`fields`: the label of a field where it is not its name. `units`: the field of a unit, for names that are a thing
    alone. `thing`: what is meant where the name is a label alone."""

    fields: dict[str, str] = {}
    units: dict[str, str] = {}
    thing: str = ""


def decoder(settings: Mapping[str, Any], fields: Mapping[str, FieldSettings]) -> SenmlDecoder:
    """See `decode.FORMATS`."""
    read = msgspec.convert(dict(settings), SenmlSettings)
    for name, place in [(one, "fields") for one in read.fields] + [(one, "units") for one in read.units.values()]:
        if name not in fields:
            raise ValueError(f"the series has no field {name} (at `$.{place}`)")
    return SenmlDecoder(read, fields)


class SenmlDecoder:
    """See `found.Decoder`."""

    def __init__(self, settings: SenmlSettings, fields: Mapping[str, FieldSettings]) -> None:
        self._fields, self._units, self._thing = fields, settings.units, settings.thing
        self._labels = {settings.fields.get(name, name): name for name in fields}

    def read(self, body: bytes, levels: Mapping[str, str], now: int) -> Found:
        """As the port says. Records that are not asked for are passed over."""
        found = Found()
        grouped: dict[tuple[str, int], dict[str, Measured]] = {}
        for record in resolved(pack(body), now):
            try:
                self._record(record, grouped)
            except DecodeError as error:
                found.failed(error, record.name.encode())
        found.readings = [Reading(thing, made, at) for (thing, at), made in grouped.items()]
        if not found.readings and not found.problems:
            raise DecodeError("decode.nothing")
        return found

    def _record(self, record: Record, grouped: dict[tuple[str, int], dict[str, Measured]]) -> None:
        thing, name = self._asked(record)
        if not name or record.value is None or isinstance(record.value, bytes):
            return
        if not thing:
            raise DecodeError("decode.thing", pointer=record.name)
        field = self._fields[name]
        value = values.measured(_column(name, field, record.unit), record.value)
        grouped.setdefault((thing, record.at), {})[name] = value

    def _asked(self, record: Record) -> tuple[str, str]:
        """Thing and field of a record; no field where it is not asked for."""
        name = record.name
        if name in self._labels:
            return self._thing, self._labels[name]
        for place in range(len(name) - 1, 0, -1):
            if name[place] in ":/." and name[place + 1 :] in self._labels:
                return name[:place], self._labels[name[place + 1 :]]
        return name, self._units.get(record.unit, "")


def _column(name: str, field: FieldSettings, unit: str) -> Column:
    """Where a value goes, from its unit to the field's. Raises `DecodeError` `decode.unit`."""
    factors: tuple[float, float] | None = (1.0, 0.0)
    if unit and field.unit and field.kind is Kind.NUMBER:
        factors = converting(unit, field.unit)
    if factors is None:
        raise DecodeError("decode.unit", field=name, unit=unit[:40], wanted=field.unit)
    return Column(name, field.kind, (), *factors)


def pack(body: bytes) -> list[dict[str, Any]]:
    """The records of a pack as they are written, with the labels of JSON. JSON begins with `[` or white space, which no
    list of CBOR does. Raises `DecodeError` `decode.json`, `decode.cbor`, `decode.senml`."""
    if body[:1] in (b"[", b" ", b"\n", b"\r", b"\t"):
        found = values.json(body)
    else:
        try:
            found = cbor.loads_any(body, deep=4)
        except cbor.CborError:
            raise DecodeError("decode.cbor") from None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise _wrong(0, "form")
    if len(found) > MOST_READINGS:
        raise DecodeError("decode.many", most=str(MOST_READINGS))
    return [_named(number, one) for number, one in enumerate(found)]


def _named(number: int, record: Mapping[Any, Any]) -> dict[str, Any]:
    """A record with known labels alone; one that ends in `_` has to be understood (RFC 8428, 4.4)."""
    made = {}
    for label, value in record.items():
        name = _LABELS.get(label, "") if isinstance(label, int) else label
        if not isinstance(name, str) or name.endswith("_"):
            raise _wrong(number, "label")
        kind = _KINDS.get(name)
        if kind is None:
            continue
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise _wrong(number, name)
        if isinstance(value, (int, float)) and not _finite(value):
            raise _wrong(number, name)
        made[name] = value
    return made


def _finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:
        return False


def resolved(records: Sequence[Mapping[str, Any]], now: int) -> list[Record]:
    """Every record with what the ones before it said for all (RFC 8428, 4.6); `now` in microseconds UTC.

    Raises `DecodeError` `decode.senml` for all of the pack: behind a record that nobody can read anything may be meant.
    """
    base: dict[str, Any] = {}
    made = []
    version = records[0].get("bver", 10)
    for number, record in enumerate(records):
        if version not in _VERSIONS or record.get("bver", version) != version:
            raise _wrong(number, "bver")
        base |= {label: value for label, value in record.items() if label[0] == "b"}
        if (one := _resolved(number, record, base, now)) is not None:
            made.append(one)
    return made


def _resolved(number: int, record: Mapping[str, Any], base: Mapping[str, Any], now: int) -> Record | None:
    """One record; None where it says nothing but what holds for those behind it."""
    given = [label for label in _VALUES if label in record]
    if len(given) > 1:
        raise _wrong(number, "value")
    has_value, has_sum = bool(given) or "bv" in base, "s" in record or "bs" in base
    if not given and not ({"n", "u", "t", "s"} & set(record)):
        return None
    name = base.get("bn", "") + record.get("n", "")
    if _NAME.fullmatch(name) is None:
        raise _wrong(number, "name")
    if not has_value and not has_sum:
        raise _wrong(number, "value")
    at = _at(number, base.get("bt", 0) + record.get("t", 0), now)
    total = base.get("bs", 0) + record.get("s", 0) if has_sum else None
    return Record(name, record.get("u", base.get("bu", "")), at, _value(number, record, base), total)


def _value(number: int, record: Mapping[str, Any], base: Mapping[str, Any]) -> float | str | bool | bytes | None:
    match record:
        case {"vs": str(text)}:
            return text
        case {"vb": bool(flag)}:
            return flag
        case {"vd": bytes(data)}:
            return data
        case {"vd": str(data)}:
            return _data(number, data)
        case _ if "v" in record or "bv" in base:
            return record.get("v", 0) + base["bv"] if "bv" in base else record["v"]  # type: ignore[no-any-return]
        case _:
            return None


def _data(number: int, text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise _wrong(number, "vd") from None


def _at(number: int, seconds: float, now: int) -> int:
    try:
        made = round(seconds * 1_000_000) + (now if seconds < _RELATIVE else 0)
    except (OverflowError, ValueError):
        raise _wrong(number, "time") from None
    if not 0 < made < values.LAST:
        raise _wrong(number, "time")
    return made


def _wrong(number: int, what: str) -> DecodeError:
    return DecodeError("decode.senml", record=str(number), what=what)
