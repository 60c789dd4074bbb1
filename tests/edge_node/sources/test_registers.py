"""Maps of registers: types, what is asked for together, what cannot be read."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import pytest

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.sources.registers import MOST, Block, Register, blocks, check, read


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]


def register(**changes: Any) -> Register:
    return msgspec.convert({"at": 0, **changes}, Register)


@pytest.mark.parametrize(
    ("changes", "raw", "value"),
    [
        ({"type": "u16"}, [65535], 65535),
        ({"type": "i16"}, [65535], -1),
        ({"type": "u32"}, [1, 2], 65538),
        ({"type": "u32", "order": "little"}, [2, 1], 65538),
        ({"type": "i32"}, [0xFFFF, 0xFFFE], -2),
        ({"type": "u64"}, [0, 0, 1, 0], 65536),
        ({"type": "i64", "order": "little"}, [0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF], -2),
        ({"type": "f32"}, words(struct.pack(">f", 21.5)), 21.5),
        ({"type": "f32", "order": "little"}, words(struct.pack(">f", 21.5))[::-1], 21.5),
        ({"type": "f64", "scale": 2, "add": 1}, words(struct.pack(">d", 0.25)), 1.5),
        ({"type": "f32"}, words(struct.pack(">f", float("nan"))), None),
        ({"type": "u16", "scale": 0.1, "add": -40}, [615], 21.5),
        ({"type": "u16", "not": [65535]}, [65535], None),
        ({"type": "u16", "mask": 0x0FF0}, [0xABCD], 0xBC),
        ({"type": "u16", "mask": 6, "names": {"1": "open", "2": "shut"}}, [0x12], "open"),
        ({"type": "u16", "names": {"1": "open"}}, [7], "7"),
        ({"type": "text", "size": 4}, words(b"AB-7 \0xx"), "AB-7"),
        ({"type": "text", "size": 2}, words(b"\xff\xfe\x01\x02"), None),
        ({"type": "bit"}, [1], True),
        ({"table": "coil", "type": "bit"}, [0], False),
    ],
)
def test_types(changes: dict[str, Any], raw: list[int], value: Any) -> None:
    found = read(register(**changes), raw)
    assert found == pytest.approx(value) if isinstance(value, float) else found == value


def test_what_is_near_is_asked_for_together() -> None:
    made = {
        "a": register(at=0, type="f32"),
        "b": register(at=4),
        "c": register(at=30),
        "d": register(at=31, table="input"),
        "e": register(at=7, table="coil", type="bit"),
    }
    assert blocks(made, 8) == [
        Block("coil", 7, 1, ("e",)), Block("holding", 0, 5, ("a", "b")), Block("holding", 30, 1, ("c",)),
        Block("input", 31, 1, ("d",)),
    ]  # fmt: skip
    assert [one.count for one in blocks(made, 0) if one.table == "holding"] == [2, 1, 1]


def test_never_more_than_a_question_may_ask_for() -> None:
    made = {f"f{at}": register(at=at, type="u32") for at in range(0, 2000, 2)}
    found = blocks(made, 8)
    assert max(one.count for one in found) <= MOST["holding"]
    assert sorted(name for one in found for name in one.fields) == sorted(made)
    for one in found:
        for name in one.fields:
            assert one.at <= made[name].at
            assert made[name].at + 2 <= one.at + one.count


FIELDS = {"n": FieldSettings(), "open": FieldSettings(kind=Kind.FLAG), "state": FieldSettings(kind=Kind.TEXT)}


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"other": register()},
        {"n": register(at=65535, type="u32")},
        {"n": register(table="coil", type="u16")},
        {"open": register(table="coil", type="f32")},
        {"open": register(type="u16")},
        {"n": register(names={"1": "a"})},
        {"n": register(type="f32", mask=1)},
        {"n": register(mask=1 << 16)},
        {"n": register(scale=float("inf"))},
    ],
)
def test_a_map_that_nothing_could_be_read_by(made: dict[str, Register]) -> None:
    with pytest.raises(ValueError):
        check(made, FIELDS)


def test_a_map_that_is_one() -> None:
    check(
        {"n": register(), "open": register(table="discrete", type="bit"), "state": register(names={"1": "a"})}, FIELDS
    )
