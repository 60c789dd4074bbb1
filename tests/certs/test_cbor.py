"""Tests of certs.cbor: one form for each value, and nothing but refusals of what is written in another way."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import cbor
from certs.cbor import CborError

NUMBERS = st.integers(-(1 << 64), (1 << 64) - 1)
LEAVES = st.one_of(NUMBERS, st.text(max_size=30), st.binary(max_size=300), st.booleans(), st.none(), st.floats())
KEYS = st.one_of(NUMBERS, st.text(max_size=8), st.binary(max_size=30))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=30) | st.dictionaries(KEYS, inner, max_size=30), max_leaves=40
)


def code(data: bytes, **given: Any) -> str:
    with pytest.raises(CborError) as caught:
        cbor.loads(data, **given)
    return caught.value.code


def foreign(data: bytes, **given: Any) -> str:
    with pytest.raises(CborError) as caught:
        cbor.loads_any(data, **given)
    return caught.value.code


@given(VALUES)
def test_what_is_written_is_read_by_both_readers_and_by_the_library(value: Any) -> None:
    data = cbor.dumps(value)
    for found in (cbor.loads(data), cbor.loads_any(data), cbor2.loads(data)):
        assert cbor.dumps(found) == data


@given(VALUES)
def test_what_the_library_writes_is_read_by_the_lenient_reader(value: Any) -> None:
    assert cbor.dumps(cbor.loads_any(cbor2.dumps(value))) == cbor.dumps(value)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ({10: 1, 100: 2, -1: 3, "z": 4, "aa": 5, b"": 6}, "a6 0a01 186402 2003 4006 617a04 62616105"),
        (list(range(25)), "9819" + "".join(f"{n:02x}" for n in range(24)) + "1818"),
        ([1.5, math.inf, 0.1, 100000.0], "84 f93e00 f97c00 fb3fb999999999999a fa47c35000"),
        ([[], {}, None, True], "84 80 a0 f6 f5"),
        ((1, ("a",)), "82 01 81 6161"),
    ],
    ids=["keys in the order of their bytes", "a longer list", "the shortest float", "empty ones", "tuples"],
)
def test_the_one_form(value: Any, want: str) -> None:
    """RFC 8949, 4.2.1."""
    assert cbor.dumps(value) == bytes.fromhex(want)


@pytest.mark.parametrize("count", [23, 24, 255, 256, 65_535, 65_536])
def test_long_lists_and_maps_begin_as_the_library_begins_them(count: int) -> None:
    assert cbor.dumps([[]] * count) == cbor2.dumps([[]] * count)
    many = {n: [] for n in range(count)}
    assert cbor.dumps(many) == cbor2.dumps(many)


@pytest.mark.parametrize(
    "data",
    [
        "1817",
        "190018",
        "5f4101ff",
        "9f01ff",
        "bf0102ff",
        "a2 0101 0102",
        "a2 0201 0102",
        "fb3ff8000000000000",
        "f7",
        "e0",
        "c001",
        "c11a00000000",
        "c24101",
        "c249010000000000000000",
        "d9010281 01",
        "d818 4101",
        "a1 8001",
        "a1 f501",
        "61ff",
        "0101",
        "",
        "81",
        "5b7fffffffffffffff00",
        "9b7fffffffffffffff00",
        "ff",
    ],
)
def test_everything_else_is_refused(data: str) -> None:
    """Longer than needed, of open length, twice, out of order, undefined, tagged, shared, more than one, cut short."""
    assert code(bytes.fromhex(data)) == "cbor.form"


@pytest.mark.parametrize(
    ("data", "want"),
    [
        ("1817", 23),
        ("5f41014102ff", b"\1\2"),
        ("7f61616162ff", "ab"),
        ("9f0102ff", [1, 2]),
        ("bf0201 0102ff", {1: 2, 2: 1}),
        ("fb3ff8000000000000", 1.5),
        ("9f9fff80ff", [[], []]),
    ],
)
def test_other_programs_may_write_otherwise(data: str, want: Any) -> None:
    assert cbor.loads_any(bytes.fromhex(data)) == want


@pytest.mark.parametrize(
    ("data", "want"),
    [
        ("a2 0101 0102", "cbor.duplicate"),
        ("a2 01a0 180100", "cbor.duplicate"),
        ("bf 0101 0102 ff", "cbor.duplicate"),
        ("c11a00000000", "cbor.form"),
        ("81c11a00000000", "cbor.form"),
        ("f7", "cbor.form"),
        ("f820", "cbor.form"),
        ("bf01ff", "cbor.form"),
        ("5f6161ff", "cbor.form"),
        ("5f5f4101ffff", "cbor.form"),
        ("5f4101", "cbor.form"),
        ("1f", "cbor.form"),
        ("ff", "cbor.form"),
        ("a1 800 1", "cbor.form"),
        ("0101", "cbor.form"),
        ("61ff", "cbor.form"),
        ("", "cbor.form"),
        ("81" * 13 + "00", "cbor.deep"),
        ("81" * 100_000 + "00", "cbor.deep"),
    ],
)
def test_what_nobody_may_write(data: str, want: str) -> None:
    assert foreign(bytes.fromhex(data.replace(" ", ""))) == want


@pytest.mark.parametrize("start", ["81", "a100", "d81c81", "c1", "9f"])
def test_depth_is_bounded(start: str) -> None:
    data = bytes.fromhex(start)
    assert code(data * 100_000 + b"\0") in ("cbor.deep", "cbor.form")
    assert foreign(data * 100_000 + b"\0") in ("cbor.deep", "cbor.form")
    assert cbor.loads(b"\x81" * 12 + b"\0")
    assert code(b"\x81" * 13 + b"\0") == "cbor.deep"
    assert cbor.loads_any(b"\x81" * 12 + b"\0")


def test_size_is_bounded_before_anything_is_read() -> None:
    assert code(b"\x43abc", most=3) == foreign(b"\x43abc", most=3) == "cbor.size"
    with pytest.raises(CborError, match=r"cbor\.size"):
        cbor.split(b"\x43abc", most=3)


def test_what_shares_its_parts_does_not_grow() -> None:
    """Thirty levels of a list with the one below twice: a kilobyte would be a gigabyte when written out."""
    shared = b"\xd8\x1c\x82\x00\x00"
    assert code(bytes.fromhex("d81c81d81d00")) == "cbor.deep"
    levels = b"".join(b"\xd8\x1c\x82" for _ in range(10))
    assert code(levels + shared + b"".join(b"\xd8\x1d" + bytes([n]) for n in range(10, 0, -1))) == "cbor.form"
    most: list[Any] = [0] * 1000
    for _ in range(9):
        most = [most] * 20
    with pytest.raises(CborError, match=r"cbor\.size"):
        cbor.dumps(most)


@pytest.mark.parametrize(
    "value", [1 << 64, -(1 << 64) - 1, [0, 1 << 64], {1, 2}, object(), {1.5: 0}, {True: 0}, {(): 0}, "\ud800"]
)
def test_what_has_no_form_is_not_written(value: Any) -> None:
    with pytest.raises(CborError, match=r"cbor\.type"):
        cbor.dumps(value)


@given(st.lists(VALUES, max_size=8))
def test_a_sequence_comes_apart_where_its_values_end(values: list[Any]) -> None:
    """RFC 8742."""
    assert [*map(cbor.dumps, values)] == cbor.split(cbor.sequence(values))


@pytest.mark.parametrize("data", ["0141", "9f01ff", "0118", "1c", "01ff", "d2"])
def test_a_sequence_that_is_cut_or_open_is_refused(data: str) -> None:
    with pytest.raises(CborError, match=r"cbor\.form"):
        cbor.split(bytes.fromhex(data))


@given(st.binary(max_size=64))
def test_noise_is_refused_or_read_as_it_was_written(noise: bytes) -> None:
    with contextlib.suppress(CborError):
        assert cbor.dumps(cbor.loads(noise)) == noise
    try:
        found = cbor.loads_any(noise)
    except CborError:
        return
    assert cbor.dumps(cbor.loads(cbor.dumps(found))) == cbor.dumps(found)


# --- numbers in a row -------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-(1 << 64), (1 << 64) - 1), max_size=40))
def test_numbers_in_a_row_are_those_of_the_list(values: list[int]) -> None:
    data = cbor.dumps(values)
    count, at = cbor.begun(data, 0, 4)
    assert count == len(values)
    assert cbor.numbers(data, at, count) == (values, len(data))
    if all(-(1 << 32) <= one < 1 << 32 for one in values):
        assert cbor.behind(data, at, count) == len(data)
    else:
        with pytest.raises(CborError):
            cbor.behind(data, at, count)
    with pytest.raises(CborError):
        cbor.numbers(data, at, count + 1)


@pytest.mark.parametrize(
    "data", ["", "1817", "190018", "1a0000ffff", "1b00000000ffffffff", "18", "1900", "1c", "1f", "f4", "f90000", "c201"]
)
def test_what_is_no_number_in_its_shortest_form_ends_the_row(data: str) -> None:
    for look in (cbor.numbers, cbor.behind):
        with pytest.raises(CborError):
            look(bytes.fromhex("00" + data), 0, 2)


@pytest.mark.parametrize("data", ["", "9803", "98", "990017", "99", "9f", "40", "00"])
def test_what_begins_no_list_in_its_shortest_form(data: str) -> None:
    with pytest.raises(CborError):
        cbor.begun(bytes.fromhex(data), 0, 4)
