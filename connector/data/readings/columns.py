"""A batch as bytes: columns of differences in CBOR (RFC 8949), compressed with zstd (RFC 8878); one reading as a row.

What lives here: the form of a batch, written small and read warily. What does not: legends and reports (`legends`),
seals (`certs.cose`), the dictionary's making (`scripts/lib/dictionary.py`).

The first byte of every payload says its form (`FORM_*`). The columnar forms hold one CBOR array of whole numbers:

    series, legend, first, rows, fields, shape, (span,) (kinds,) times..., things..., columns...

`shape` is 1 for unsure times, plus 2 x the unit of time (0 microseconds, 1 milliseconds, 2 seconds), plus 8 where the
span is said, plus 16 where the kinds of the columns are: two bits a field, the lowest first, in bytes (0: numbers,
1: other values, 2: numbers with holes); else all are numbers. Times are in the order of the readings, each
but the first as the difference to the one before; things likewise. A column of numbers is first put in the order of
the things (readings of one thing keep their order), because a thing resembles itself more than its neighbour, and then
written as differences. Another column is one array: the distinct values and then which of them each reading has; one
with holes is which readings have a value (a bit each, the lowest first), and the differences of those.
A single reading is the numbers series, legend, first, shape, time, thing, (span,) and its values, with seven bits a
byte, the lowest first, values with the sign in the lowest bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from math import gcd
from operator import itemgetter, sub
from pathlib import Path
from threading import Lock
from typing import Any, Final

import zstandard

from certs import cbor
from connector.data.readings.model import MOST_FIELDS, MOST_ROWS, MOST_VALUE, Batch, FormError, Rows, Value

FORM_ROW: Final = 1
FORM_COLUMNS: Final = 2
FORM_ZSTD: Final = 3
FORM_DICTIONARY: Final = 4
"""As `FORM_ZSTD`; a byte follows that says with which dictionary."""
FORM_LEGEND: Final = 5
FORM_GAPS: Final = 6
FORM_MANIFEST: Final = 7

DICTIONARY: Final = 1
"""The dictionary that is written with; whatever stands in `_DICTIONARIES` is read."""
_DICTIONARIES: Final = {1: "dictionary_1.zstd"}
_SMALL: Final = 400
"""Up to so many rows the dictionary is worth its search."""
_LEVEL: Final = 3
_PACKING, _UNPACKING = Lock(), Lock()
"""What packs and unpacks belongs to one thread at a time."""
_MOST_RAW: Final = 8 << 20
_MOST_MADE: Final = 64 << 20
HEAD: Final = 6
SPANNED, KINDS = 8, 16
UNITS: Final = (1, 1_000, 1_000_000)
NUMBERS, OTHERS, HOLES = 0, 1, 2


class Allowance:
    """What may be made of bytes that came together, in bytes before compression and values: a small message may stand
    for very many of both, and many such messages come at once."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, more: int) -> None:
        """Before anything is made of them. Raises `FormError` `batch.large`."""
        self.left -= more
        if self.left < 0:
            raise FormError("batch.large")


def encode(batch: Batch) -> bytes:
    """The payload of a batch, in the form that is smallest for so many rows. Raises `FormError` `batch.shape`: no rows,
    too many, columns of different lengths, numbers that are too large."""
    rows = batch.rows
    _shaped(batch)
    if len(rows.times) == 1 and all(type(column[0]) is int for column in rows.columns):
        return _row(batch)
    raw = flat(batch)
    if len(rows.times) > _SMALL:
        return bytes((FORM_ZSTD,)) + _packed(raw, _plain()[0])
    small = _packed(raw, _with(DICTIONARY)[0])
    if len(small) + 1 < len(raw):
        return bytes((FORM_DICTIONARY, DICTIONARY)) + small
    return bytes((FORM_COLUMNS,)) + raw


def _shaped(batch: Batch) -> None:
    rows = batch.rows
    count = len(rows.times)
    fits = 1 <= count <= MOST_ROWS and len(rows.columns) <= MOST_FIELDS
    if not fits or len(rows.things) != count or any(len(column) != count for column in rows.columns):
        raise FormError("batch.shape")
    if not 0 <= min(rows.times) <= max(rows.times) <= MOST_VALUE or min(rows.things) < 0:
        raise FormError("batch.shape")
    if batch.span and not count <= batch.span <= MOST_VALUE:
        raise FormError("batch.shape")


def _packed(raw: bytes, by: zstandard.ZstdCompressor) -> bytes:
    with _PACKING:
        return by.compress(raw)


@cache
def _plain() -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
    settings = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=True
    )
    return (
        zstandard.ZstdCompressor(compression_params=settings),
        zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS),
    )


@cache
def _with(number: int) -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
    found = zstandard.ZstdCompressionDict(Path(__file__).with_name(_DICTIONARIES[number]).read_bytes())
    settings = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=True, write_dict_id=False
    )
    return (
        zstandard.ZstdCompressor(dict_data=found, compression_params=settings),
        zstandard.ZstdDecompressor(dict_data=found, format=zstandard.FORMAT_ZSTD1_MAGICLESS),
    )


def _differences(column: Sequence[int]) -> list[int]:
    """The first value, and each value less the one before."""
    return [column[0], *map(sub, column[1:], column)]


def _order(things: Sequence[int]) -> list[int]:
    """The places of the readings when they are put in the order of their things."""
    return sorted(range(len(things)), key=things.__getitem__)


def flat(batch: Batch) -> bytes:
    """The columns before they are compressed. Raises `FormError` `batch.shape`."""
    rows = batch.rows
    unit, times = _times(rows.times)
    columns: list[Any] = []
    kinds = 0
    order = _order(rows.things)
    for place, column in enumerate(rows.columns):
        kinds |= _column(column, order, columns) << (2 * place)
    shape = _shape(batch, unit) | (KINDS if kinds else 0)
    head: list[Any] = [batch.series, batch.legend, batch.first, len(times), len(rows.columns), shape]
    if batch.span:
        head.append(batch.span)
    if kinds:
        head.append(kinds.to_bytes((2 * len(rows.columns) + 7) // 8, "little"))
    return cbor.dumps([*head, *times, *_differences(rows.things), *columns])


def _shape(batch: Batch, unit: int) -> int:
    return (SPANNED if batch.span else 0) | (unit << 1) | batch.unsure


def _times(times: list[int]) -> tuple[int, list[int]]:
    """The largest unit that loses nothing, and the differences in it."""
    differences = _differences(times)
    step = gcd(*differences)
    unit = 2 if step % UNITS[2] == 0 else 1 if step % UNITS[1] == 0 else 0
    return unit, [one // UNITS[unit] for one in differences] if unit else differences


def _column(column: list[Value], order: list[int], to: list[Any]) -> int:
    """Adds a column and says how it is written."""
    kinds = set(map(type, column))
    if kinds == {int}:
        numbers: Any = itemgetter(*order)(column) if len(order) > 1 else column
        _bound(numbers)
        to.extend(_differences(numbers))
        return NUMBERS
    if kinds <= {int, type(None)}:
        to.append(_holed([column[place] for place in order]))
        return HOLES
    to.append(_chosen(column))
    return OTHERS


def _bound(numbers: Sequence[int]) -> None:
    if numbers and not -MOST_VALUE <= min(numbers) <= max(numbers) <= MOST_VALUE:
        raise FormError("batch.shape")


def _holed(column: list[Any]) -> list[Any]:
    bits = sum(1 << place for place, one in enumerate(column) if one is not None)
    there = [one for one in column if one is not None]
    _bound(there)
    return [bits.to_bytes((len(column) + 7) // 8, "little"), *(_differences(there) if there else ())]


def _chosen(column: list[Value]) -> list[Any]:
    # The type belongs to the key: True and 1 are equal otherwise.
    places: dict[tuple[type, Value], int] = {}
    which = [places.setdefault((type(one), one), len(places)) for one in column]
    return [[value for _, value in places], *which]


def _row(batch: Batch) -> bytes:
    rows = batch.rows
    unit, times = _times(rows.times)
    columns: list[Any] = [column[0] for column in rows.columns]
    _bound(columns)
    made = bytearray((FORM_ROW,))
    head = [batch.series, batch.legend, batch.first, _shape(batch, unit), times[0], rows.things[0]]
    for number in [*head, batch.span] if batch.span else head:
        _write(number, made)
    for number in columns:
        _write(number << 1 if number >= 0 else (-number << 1) - 1, made)
    return bytes(made)


def _write(number: int, to: bytearray) -> None:
    while number > 0x7F:
        to.append((number & 0x7F) | 0x80)
        number >>= 7
    to.append(number)


def decode(payload: bytes, allowance: Allowance | None = None) -> Batch:
    """The batch in a payload. Raises `FormError`: `batch.form` (of another form, with a dictionary that is not known,
    or broken; nothing is taken on trust), `batch.large` where more would come of it than is allowed."""
    try:
        return _decoded(payload, allowance or Allowance(_MOST_MADE))
    except FormError:
        raise
    except Exception as error:  # whatever decoders of foreign bytes may raise
        raise FormError("batch.form") from error


def _decoded(payload: bytes, allowance: Allowance) -> Batch:
    if payload[0] == FORM_ROW:
        return _from_row(payload)
    return _from_flat(expanded(payload, allowance), allowance)


def expanded(payload: bytes, allowance: Allowance) -> bytes:
    """The columns of a payload before they were compressed. Raises `FormError` as `decode`, and whatever decompressing
    raises."""
    match payload[0]:
        case 2:
            return payload[1:]
        case 3:
            return _expanded(payload[1:], _plain()[1], allowance)
        case 4:
            return _expanded(payload[2:], _with(payload[1])[1], allowance)
        case _:
            raise FormError("batch.form")


def _expanded(data: bytes, by: zstandard.ZstdDecompressor, allowance: Allowance) -> bytes:
    # The size is looked at first: room is made for what a frame claims.
    found = zstandard.get_frame_parameters(data, format=zstandard.FORMAT_ZSTD1_MAGICLESS)
    if found.content_size > _MOST_RAW:
        raise FormError("batch.form")
    if found.content_size > allowance.left:
        raise FormError("batch.large")
    with _UNPACKING:
        return by.decompress(data, max_output_size=_MOST_RAW, allow_extra_data=False)


def _from_flat(raw: bytes, allowance: Allowance) -> Batch:
    allowance.spend(len(raw))
    flat: Any = cbor.loads(raw, most=_MOST_RAW, deep=3)
    if type(flat) is not list:
        raise FormError("batch.form")
    if set(map(type, flat[:HEAD])) != {int}:
        raise FormError("batch.form")
    series, legend, first, count, fields, shape = flat[:HEAD]
    if not (1 <= count <= MOST_ROWS and 0 <= fields <= MOST_FIELDS and 0 <= shape < 2 * KINDS):
        raise FormError("batch.form")
    allowance.spend(count * (fields + 2))
    span, at = (flat[HEAD], HEAD + 1) if shape & SPANNED else (0, HEAD)
    kinds, at = (_kinds(flat[at], fields), at + 1) if shape & KINDS else (0, at)
    times, things = _sums(flat[at : at + count], count), _sums(flat[at + count : at + 2 * count], count)
    at += 2 * count
    size = UNITS[(shape >> 1) & 3]
    back = _back(things)
    columns: list[list[Value]] = []
    for place in range(fields):
        how = (kinds >> (2 * place)) & 3
        if how == NUMBERS:
            columns.append(back(_sums(flat[at : at + count], count)))
            at += count
        else:
            found = flat[at]
            columns.append(_others(found, count, allowance) if how == OTHERS else back(_filled(found, count)))
            at += 1
    if at != len(flat):
        raise FormError("batch.form")
    rows = Rows([one * size for one in times] if size > 1 else times, things, columns)
    return _checked(Batch(series, legend, first, rows, bool(shape & 1), span))


def _kinds(found: Any, fields: int) -> int:
    if type(found) is not bytes or len(found) != (2 * fields + 7) // 8:
        raise FormError("batch.form")
    return int.from_bytes(found, "little")


def _sums(column: list[Any], count: int) -> list[int]:
    """The numbers that these differences stand for."""
    if len(column) != count or set(map(type, column)) != {int}:
        raise FormError("batch.form")
    return list(accumulate(column))


def _back(things: list[int]) -> Callable[[list[Any]], list[Any]]:
    """Puts a column that is in the order of the things into the order of the readings."""
    if len(things) == 1:
        return list
    places = [0] * len(things)
    for place, one in enumerate(_order(things)):
        places[one] = place
    get = itemgetter(*places)
    return lambda column: list(get(column))


def _filled(found: Any, count: int) -> list[int | None]:
    if type(found) is not list or type(found[0]) is not bytes or len(found[0]) != (count + 7) // 8:
        raise FormError("batch.form")
    bits = int.from_bytes(found[0], "little")
    there = iter(_sums(found[1:], bits.bit_count()) if bits else ())
    if bits >> count or (not bits and len(found) > 1):
        raise FormError("batch.form")
    return [next(there) if bit == "1" else None for bit in f"{bits:0{count}b}"[::-1]]


def _others(found: Any, count: int, allowance: Allowance) -> list[Value]:
    if type(found) is not list or type(found[0]) is not list or len(found) != count + 1:
        raise FormError("batch.form")
    values, which = found[0], found[1:]
    if not {type(one) for one in values} <= {str, bool, int, type(None)} or set(map(type, which)) != {int}:
        raise FormError("batch.form")
    if min(which) < 0:
        raise FormError("batch.form")
    # A text stands here once, and in every reading that has it when they are written out.
    lengths = [len(one) if type(one) is str else 0 for one in values]
    allowance.spend(sum(map(lengths.__getitem__, which)))
    return [values[one] for one in which]


def _checked(batch: Batch) -> Batch:
    rows = batch.rows
    whole = (batch.series, batch.legend, batch.first, batch.span, *rows.things)
    if not 0 <= min(whole) <= max(whole) <= MOST_VALUE or not 0 <= min(rows.times) <= max(rows.times) <= MOST_VALUE:
        raise FormError("batch.form")
    if batch.span and batch.span < len(rows.times):
        raise FormError("batch.form")
    for column in rows.columns:
        _bound([one for one in column if type(one) is int])
    return batch


def _from_row(payload: bytes) -> Batch:
    numbers: list[int] = []
    value = width = 0
    for one in memoryview(payload)[1:]:
        value |= (one & 0x7F) << width
        width += 7
        if width > 63:
            raise FormError("batch.form")
        if one < 0x80:
            numbers.append(value)
            value = width = 0
    if width or not HEAD <= len(numbers) <= HEAD + 1 + MOST_FIELDS:
        raise FormError("batch.form")
    series, legend, first, shape, time, thing = numbers[:HEAD]
    span, values = (numbers[HEAD], numbers[HEAD + 1 :]) if shape & SPANNED else (0, numbers[HEAD:])
    columns: list[list[Value]] = [[(one >> 1) ^ -(one & 1)] for one in values]
    if shape >= KINDS:
        raise FormError("batch.form")
    rows = Rows([time * UNITS[(shape >> 1) & 3]], [thing], columns)
    return _checked(Batch(series, legend, first, rows, bool(shape & 1), span))
