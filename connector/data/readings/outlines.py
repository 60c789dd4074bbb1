"""What whoever keeps a batch has to know of it, found without making its readings.

What lives here: which readings are in a batch, from when to when, and whether all of it can be read. What does not: its
form (`columns`), what else comes in a post (`opening`).

INVARIANT: what has an outline here can be read by `columns.decode`, and has the same there. Columns of numbers, which
nearly all are, are only looked at: how many there are, each in its shortest form and so small that no sum of them is
too large. Where that cannot be said by looking, the batch is decoded.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from msgspec import Struct

from certs import cbor
from connector.data.readings import columns
from connector.data.readings.columns import FORM_ROW, HEAD, HOLES, KINDS, NUMBERS, SPANNED, UNITS, Allowance
from connector.data.readings.model import MOST_FIELDS, MOST_ROWS, MOST_VALUE, Batch, FormError

_BYTES: Final = 2
_LIST: Final = 4
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
    at, more, types = _columns(raw, at, count, fields, kinds)
    _fits(at == len(raw) and items == HEAD + bool(shape & SPANNED) + bool(shape & KINDS) + 2 * count + more)
    allowance.spend(len(raw) + count * (fields + 2))
    (begin, end), named = _bounds(times), frozenset(accumulate(things))
    unit = UNITS[(shape >> 1) & 3]
    whole = (series, legend, first, span, min(named), max(named), begin * unit, end * unit)
    _fits(min(whole) >= 0 and max(whole) <= MOST_VALUE and (not span or span >= count))
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


def _columns(raw: bytes, at: int, count: int, fields: int, kinds: int) -> tuple[int, int, tuple[frozenset[type], ...]]:
    """The place behind the columns, how many items they are, and of which types. INVARIANT: `MOST_ROWS` numbers of 32
    bits are no sum beyond `MOST_VALUE`."""
    if not kinds:
        return cbor.behind(raw, at, fields * count), fields * count, (_ALL,) * fields
    items, types = 0, []
    for place in range(fields):
        how = (kinds >> (2 * place)) & 3
        _fits(how in (NUMBERS, HOLES))
        at, of = (cbor.behind(raw, at, count), _ALL) if how == NUMBERS else _holed(raw, at, count)
        items += count if how == NUMBERS else 1
        types.append(of)
    return at, items, tuple(types)


def _holed(raw: bytes, at: int, count: int) -> tuple[int, frozenset[type]]:
    items, at = cbor.begun(raw, at, _LIST)
    bits, at = _flags(raw, at, (count + 7) // 8)
    there = bits.bit_count()
    _fits(not bits >> count and items == there + 1)
    types = _ALL if there == count else _SOME if there else _NONE
    return cbor.behind(raw, at, there), types


def _fits(fact: bool) -> None:
    if not fact:
        raise FormError("batch.form")
