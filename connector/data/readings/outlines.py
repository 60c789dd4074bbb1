"""What whoever keeps a batch has to know of it, found without making its readings.

What lives here: which readings are in a batch, from when to when, and whether all of it can be read. What does not: its
form (`columns`), what else comes in a post (`opening`).

INVARIANT: what has an outline here can be read by `columns.decode`, and has the same there. Columns are only looked at:
how many numbers there are, each in its shortest form and so small that no sum of them is too large. Where that cannot
be said by looking, the batch is decoded.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from msgspec import Struct

from certs import cbor
from connector.data.readings import columns
from connector.data.readings.columns import FORM_ROW, HEAD, KINDS, SPANNED, UNITS, Allowance
from connector.data.readings.model import MOST_FIELDS, MOST_ROWS, MOST_VALUE, Batch, FormError, Value

_BYTES: Final = 2
_TEXT: Final = 3
_LIST: Final = 4
_SIMPLE: Final = frozenset({0xF4, 0xF5, 0xF6})
_VALUES: Final = frozenset({str, bool, int, type(None)})
_ALL, _SOME, _NONE = (frozenset({int}), frozenset({int, type(None)}), frozenset({type(None)}))


class Outline(Struct, frozen=True, gc=False):
    """`count` readings of a series, with the numbers `first` to `last` and instants from `begin` to `end`, of
    these `things`, to be read with a legend of at least this number; and by field of which types the values are."""

    series: int
    legend: int
    first: int
    last: int
    count: int
    begin: int
    end: int
    things: frozenset[int]
    types: tuple[frozenset[type], ...]


def outlined(payload: bytes, allowance: Allowance) -> Outline:
    """The outline of the batch in a payload. Raises `FormError` as `columns.decode`."""
    found = None if payload[:1] == bytes((FORM_ROW,)) else _looked_at(payload, allowance)
    return _of(columns.decode(payload, allowance)) if found is None else found


def _looked_at(payload: bytes, allowance: Allowance) -> Outline | None:
    """The outline, None where it takes a decoder to say it, or what is wrong. Raises `FormError` `batch.large`."""
    try:
        return _found(columns.expanded(payload, allowance), allowance)
    except FormError as error:
        if error.code == "batch.large":
            raise
        return None
    except Exception:  # whatever decoders of foreign bytes may raise
        return None


def _of(batch: Batch) -> Outline:
    rows = batch.rows
    begin, end = min(rows.times), max(rows.times)
    types = tuple(frozenset(map(type, column)) for column in rows.columns)
    things = frozenset(rows.things)
    return Outline(batch.series, batch.legend, batch.first, batch.last, len(rows.times), begin, end, things, types)


def _found(raw: bytes, allowance: Allowance) -> Outline:
    """The outline of columns, in one pass. Raises `CborError`, `FormError` where it cannot be had so."""
    items, at = cbor.begun(raw, 0, _LIST)
    (series, legend, first, count, fields, shape), at = cbor.numbers(raw, at, HEAD)
    _fits(1 <= count <= MOST_ROWS and 0 <= fields <= MOST_FIELDS and 0 <= shape < 2 * KINDS)
    span, kinds = 0, 0
    if shape & SPANNED:
        (span,), at = cbor.numbers(raw, at, 1)
    if shape & KINDS:
        kinds, at = _flags(raw, at, (2 * fields + 7) // 8)
    times, at = cbor.numbers(raw, at, count)
    things, at = cbor.numbers(raw, at, count)
    found = _columns(raw, at, count, fields, kinds)
    head = HEAD + bool(shape & SPANNED) + bool(shape & KINDS)
    _fits((found[-1].end if found else at) == len(raw) and items == head + 2 * count + sum(one.items for one in found))
    allowance.spend(len(raw) + count * (fields + 2) + sum(one.texts for one in found))
    (begin, end), named = _bounds(times), frozenset(accumulate(things))
    unit = UNITS[(shape >> 1) & 3]
    whole = (series, legend, first, span, min(named), max(named), begin * unit, end * unit)
    _fits(min(whole) >= 0 and max(whole) <= MOST_VALUE and (not span or span >= count))
    types = tuple(one.types for one in found)
    return Outline(series, legend, first, first + (span or count) - 1, count, begin * unit, end * unit, named, types)


def _bounds(differences: list[int]) -> tuple[int, int]:
    values = list(accumulate(differences))
    return min(values), max(values)


def _flags(raw: bytes, at: int, size: int) -> tuple[int, int]:
    """So many bytes of bits, as a number, and the place behind them."""
    said, at = cbor.begun(raw, at, _BYTES)
    found = raw[at : at + size]
    _fits(said == size == len(found))
    return int.from_bytes(found, "little"), at + size


class _Column(Struct, frozen=True, gc=False):
    """Where a column ends, how many items it is, the types of its values, and how long its texts are written out."""

    end: int
    items: int
    types: frozenset[type]
    texts: int = 0


def _columns(raw: bytes, at: int, count: int, fields: int, kinds: int) -> list[_Column]:
    """The columns from here on. INVARIANT: `MOST_ROWS` numbers of 32 bits are no sum beyond `MOST_VALUE`."""
    found: list[_Column] = []
    for place in range(fields):
        match (kinds >> (2 * place)) & 3:
            case columns.NUMBERS:
                found.append(_Column(cbor.behind(raw, at, count), count, _ALL))
            case columns.HOLES:
                found.append(_holed(raw, at, count))
            case columns.OTHERS:
                found.append(_chosen(raw, at, count))
            case _:
                raise FormError("batch.form")
        at = found[-1].end
    return found


def _holed(raw: bytes, at: int, count: int) -> _Column:
    items, at = cbor.begun(raw, at, _LIST)
    bits, at = _flags(raw, at, (count + 7) // 8)
    there = bits.bit_count()
    _fits(not bits >> count and items == there + 1)
    return _Column(cbor.behind(raw, at, there), 1, _ALL if there == count else _SOME if there else _NONE)


def _chosen(raw: bytes, at: int, count: int) -> _Column:
    items, at = cbor.begun(raw, at, _LIST)
    several, end = cbor.begun(raw, at, _LIST)
    _fits(items == count + 1 and several <= count)
    for _ in range(several):
        end = _behind(raw, end)
    values: list[Value] = cbor.loads(raw[at:end], deep=1)
    which, at = cbor.numbers(raw, end, count)
    _fits(min(which) >= 0 and max(which) < several and {type(one) for one in values} <= _VALUES)
    used = [values[place] for place in set(which)]
    _fits(all(type(one) is not int or -MOST_VALUE <= one <= MOST_VALUE for one in used))
    lengths = [len(one) if type(one) is str else 0 for one in values]
    return _Column(at, 1, frozenset(map(type, used)), sum(map(lengths.__getitem__, which)))


def _behind(raw: bytes, at: int) -> int:
    """The place behind a value that is no list."""
    if raw[at] >> 5 == _TEXT:
        size, at = cbor.begun(raw, at, _TEXT)
        return at + size
    return at + 1 if raw[at] in _SIMPLE else cbor.numbers(raw, at, 1)[1]


def _fits(fact: bool) -> None:
    if not fact:
        raise FormError("batch.form")
