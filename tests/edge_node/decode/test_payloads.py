"""Payloads by definition: bytes, bits, items, Cayenne LPP; and definitions and payloads of anybody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.decode import payloads
from edge_node.decode.payloads import Layout
from edge_node.errors import DecodeError


def layouts(*given: dict[str, Any]) -> tuple[Layout, ...]:
    made = msgspec.convert(given, tuple[Layout, ...])
    payloads.check(made)
    return made


def value(payload: str, **field: Any) -> Any:
    """One field of a payload in hex."""
    return payloads.read(layouts({"fields": [{"name": "x", "at": 0, **field}]}), bytes.fromhex(payload), 1)["x"]


@pytest.mark.parametrize(
    ("payload", "field", "expected"),
    [
        ("ff", {"type": "u8"}, 255),
        ("ff", {"type": "i8"}, -1),
        ("0102", {"type": "u16"}, 0x0102),
        ("0102", {"type": "u16", "little": True}, 0x0201),
        ("fffe", {"type": "i16", "scale": 0.5}, -1.0),
        ("800000", {"type": "i24"}, -(1 << 23)),
        ("00c84800", {"type": "f32", "little": True}, pytest.approx(6.686e-39, rel=1e-3)),
        ("41c80000", {"type": "f32"}, 25.0),
        ("3e00", {"type": "f16"}, 1.5),
        ("4039000000000000", {"type": "f64"}, 25.0),
        ("7fc00000", {"type": "f32"}, None),
        ("12345678", {"type": "bcd", "size": 4}, 12345678),
        ("78563412", {"type": "bcd", "size": 4, "little": True, "scale": 0.01}, pytest.approx(123456.78)),
        ("4f4b0000", {"type": "text", "size": 4}, "OK"),
        ("0016c001", {"type": "hex", "size": 4}, "0016c001"),
        ("b4", {"type": "u8", "mask": 0x3C}, 13),
        ("b4", {"type": "i8", "mask": 0x3C}, -3),
        ("7fff", {"type": "i16", "not": [0x7FFF]}, None),
        ("0a", {"type": "u8", "scale": 2, "add": -40}, -20),
        ("01", {"type": "u8", "names": {"0": "closed", "1": "open"}}, "open"),
        ("07", {"type": "u8", "names": {"0": "closed", "1": "open"}}, None),
        ("010203", {"type": "u8", "at": -1}, 3),
        ("010203", {"type": "u16", "at": -2}, 0x0203),
    ],
)
def test_places_types_and_factors(payload: str, field: dict[str, Any], expected: Any) -> None:
    assert value(payload, **field) == expected


def test_the_first_layout_that_fits_is_read() -> None:
    made = layouts(
        {"ports": [2], "when": {"at": 0, "equals": 1}, "fields": [{"name": "a", "at": 1}]},
        {"ports": [2], "size": 3, "fields": [{"name": "b", "at": 2}]},
        {"ports": [3], "cayenne": True},
    )
    assert payloads.read(made, b"\x01\x09", 2) == {"a": 9}
    assert payloads.read(made, b"\x02\x09\x05", 2) == {"b": 5}
    assert payloads.read(made, bytes.fromhex("03670110056700ff"), 3) == {"temperature_3": 27.2, "temperature_5": 25.5}
    with pytest.raises(DecodeError) as caught:
        payloads.read(made, b"\x02\x09", 2)
    assert (caught.value.code, caught.value.params) == ("decode.layout", {"port": "2", "size": "2"})


def test_items_of_known_size_and_of_said_length() -> None:
    short = layouts(
        {
            "items": {
                "key": 2,
                "types": {
                    "0175": {"size": 1, "fields": [{"name": "battery", "at": 0}]},
                    "0367": {"size": 2, "fields": [{"name": "t", "at": 0, "type": "i16", "little": True}]},
                },
            }
        }
    )
    assert payloads.read(short, bytes.fromhex("01755c03673401"), 85) == {"battery": 92, "t": 308}
    with pytest.raises(DecodeError) as caught:
        payloads.read(short, bytes.fromhex("01755c04680102"), 85)
    assert (caught.value.code, caught.value.params) == ("decode.item", {"key": "0468"})
    long = layouts({"items": {"length": 1, "types": {"0A": {"fields": [{"name": "t", "at": 0, "type": "u16"}]}}}})
    assert payloads.read(long, bytes.fromhex("0b02ffff0a020105"), 1) == {"t": 0x0105}


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        ({}, "exactly one"),
        ({"cayenne": True, "fields": [{"name": "a", "at": 0}]}, "exactly one"),
        ({"fields": [{"name": "a", "at": 0, "type": "text"}]}, "fields.a"),
        ({"fields": [{"name": "a", "at": -1, "type": "u16"}]}, "behind the end"),
        ({"size": 2, "fields": [{"name": "a", "at": 1, "type": "u16"}]}, "within 2 bytes"),
        ({"size": 2, "fields": [{"name": "a", "at": -3}]}, "within 2 bytes"),
        ({"fields": [{"name": "a", "at": 0, "mask": 0x100}]}, "mask"),
        ({"fields": [{"name": "a", "at": 0, "type": "f32", "mask": 1}]}, "mask"),
        ({"fields": [{"name": "a", "at": 0, "scale": float("inf")}]}, "factor"),
        ({"items": {"types": {}}}, "types"),
        ({"items": {"types": {"1": {"size": 1, "fields": []}}}}, "key"),
        ({"items": {"types": {"01": {"fields": []}}}}, "size"),
        ({"fields": [{"name": "a", "at": 0, "type": "eval"}]}, "eval"),
        ({"fields": [{"name": "a", "at": 5000}]}, "1023"),
    ],
)
def test_a_definition_by_which_nothing_could_be_read_is_refused(definition: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError) as caught:  # `msgspec.ValidationError` is one
        layouts(definition)
    assert word in str(caught.value)


def test_a_payload_that_ends_too_early_or_never_is_refused() -> None:
    made = layouts({"fields": [{"name": "a", "at": 2, "type": "u16"}]})
    for payload, code in ((b"\0\0\0", "decode.short"), (b"", "decode.short"), (b"\0" * 1025, "decode.large")):
        with pytest.raises(DecodeError) as caught:
            payloads.read(made, payload, 1)
        assert caught.value.code == code


ANY = layouts(
    {"when": {"at": 0, "equals": 0, "mask": 3}, "cayenne": True},
    {
        "when": {"at": 0, "equals": 1, "mask": 3},
        "items": {
            "length": 1,
            "types": {"05": {"fields": [{"name": "t", "at": 0, "type": "text", "size": 3}]}, "06": {"fields": []}},
        },
    },
    {"fields": [{"name": "a", "at": -4, "type": "f32"}, {"name": "b", "at": 1, "type": "bcd", "size": 2}]},
)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=64))
def test_no_payload_brings_it_down(payload: bytes) -> None:
    try:
        found = payloads.read(ANY, payload, 1)
    except DecodeError:
        return
    assert all(isinstance(one, (int, float, str, dict, type(None))) for one in found.values())
