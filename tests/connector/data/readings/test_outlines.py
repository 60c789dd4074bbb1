"""Outlines of batches: what has one can be read, and has the same when it is read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings

from certs import cbor
from connector.data.readings import columns
from connector.data.readings.columns import FORM_COLUMNS, FORM_ZSTD, Allowance
from connector.data.readings.model import MOST_ROWS, MOST_VALUE, Batch, FormError, Rows
from connector.data.readings.outlines import Outline, outlined
from tests.connector.data.readings.test_columns import batches
from tests.edge_node import readings

_ALLOWED = 64 << 20


def told(payload: bytes) -> Outline | str:
    try:
        return outlined(payload, Allowance(_ALLOWED))
    except FormError as error:
        return error.code


def decoded(payload: bytes) -> Outline | str:
    """The same by the decoder."""
    try:
        batch = columns.decode(payload, Allowance(_ALLOWED))
    except FormError as error:
        return error.code
    times = batch.rows.times
    things, types = frozenset(batch.rows.things), tuple(frozenset(map(type, one)) for one in batch.rows.columns)
    return Outline(
        batch.series, batch.legend, batch.first, batch.last, len(times), min(times), max(times), things, types
    )


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(columns, "decode", refuse)


@given(batches())
@settings(max_examples=300, deadline=None)
def test_an_outline_is_that_of_the_batch(batch: Batch) -> None:
    for payload in (columns.encode(batch), bytes((FORM_COLUMNS,)) + columns.flat(batch)):
        assert told(payload) == decoded(payload)
        assert not isinstance(told(payload), str)


def _holed(count: int) -> Batch:
    batch = readings.batch(list(readings.samples(count)))
    first, *rest = batch.rows.columns
    holed = [None if place % 3 else one for place, one in enumerate(first)]
    return Batch(1, 2, 3, Rows(batch.rows.times, batch.rows.things, [holed, *rest, [None] * count]), True, count + 9)


def _said(count: int) -> Batch:
    rows = readings.batch(list(readings.samples(count))).rows
    values = ("dry", None, "nass", True, 1 << 40, False, "dry")
    said = [[values[place % some] for place in range(count)] for some in (7, 1)]
    return Batch(1, 2, 3, Rows(rows.times, rows.things, [*said, *rows.columns[:2], said[0][::-1]]))


def test_columns_of_numbers_are_not_decoded(undecoded: None) -> None:
    for count in (2, 10, 1000, MOST_ROWS):
        batch = readings.batch(list(readings.samples(count)), first=7)
        found = told(columns.encode(batch))
        assert isinstance(found, Outline)
        assert (found.first, found.last, found.count) == (7, 6 + count, count)
        assert (found.begin, found.end) == (min(batch.rows.times), max(batch.rows.times))
        assert isinstance(told(columns.encode(_holed(count))), Outline)
        assert isinstance(told(columns.encode(_said(count))), Outline)


def test_large_numbers_are_decoded() -> None:
    rows = Rows([1, 2], [1, 1], [[MOST_VALUE, -MOST_VALUE]])
    assert told(columns.encode(Batch(1, 1, 1, rows))) == Outline(
        1, 1, 1, 2, 2, 1, 2, frozenset({1}), (frozenset({int}),)
    )
    far = cbor.dumps([1, 1, 1, 2, 1, 0, 1, 1, 1, 0, MOST_VALUE, 1])
    assert told(bytes((FORM_COLUMNS,)) + far) == decoded(bytes((FORM_COLUMNS,)) + far) == "batch.shape"


@pytest.mark.parametrize(
    "batch", [readings.batch(list(readings.samples(6))), _holed(6), _said(6)], ids=["numbers", "holes", "words"]
)
def test_nothing_has_an_outline_that_cannot_be_read(batch: Batch) -> None:
    """Bytes changed at random, cut, put in: the outline and the decoder say the same of them."""
    flat, draw = columns.flat(batch), random.Random(11)
    same = 0
    for _ in range(6000):
        changed = bytearray(flat)
        for _ in range(draw.choice((1, 1, 2, 3))):
            at = draw.randrange(len(changed))
            match draw.randrange(4):
                case 0:
                    changed[at] = draw.randrange(256)
                case 1:
                    changed[at] ^= 1 << draw.randrange(8)
                case 2:
                    del changed[at]
                case _:
                    changed.insert(
                        at, draw.choice((0, 0x18, 0x19, 0x1B, 0x20, 0x38, 0x3B, 0x80, 0x9F, 0xC2, 0xF9, 0xFF))
                    )
        payload = bytes((FORM_COLUMNS,)) + changed
        assert told(payload) == decoded(payload), changed.hex()
        same += isinstance(told(payload), Outline)
    assert 100 < same < 5900


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\x03", b"\x03abc", b"\x04", b"\x04\x63x", b"\x02", b"\x02\x99\x03", b"\x05"]
)
def test_what_is_no_batch_has_none(payload: bytes) -> None:
    assert told(payload) == "batch.form"


def test_what_is_longer_than_needed_is_refused() -> None:
    flat = columns.flat(readings.batch(list(readings.samples(2))))
    assert flat[0] == 0x96  # fewer than 24 items, so said in one byte
    assert told(bytes((FORM_COLUMNS,)) + flat.replace(b"\x96\x01", b"\x96\x18\x01", 1)) == "batch.form"
    assert told(bytes((FORM_COLUMNS, 0x98, 0x16)) + flat[1:]) == "batch.form"
    assert told(bytes((FORM_COLUMNS,)) + flat + b"\0") == "batch.form"


@pytest.mark.parametrize("batch", [readings.batch(list(readings.samples(1000))), _said(1000)], ids=["numbers", "words"])
def test_no_more_comes_of_it_than_is_allowed(batch: Batch) -> None:
    payload = columns.encode(batch)
    assert payload[0] == FORM_ZSTD
    spent = Allowance(_ALLOWED)
    columns.decode(payload, spent)
    same = Allowance(_ALLOWED)
    outlined(payload, same)
    assert same.left == spent.left
    for less in (_ALLOWED - spent.left - 1, 1000):
        with pytest.raises(FormError, match=r"batch\.large"):
            outlined(payload, Allowance(less))
