"""The form of segment files: whole groups come back, everything else does not."""

from __future__ import annotations

import random

import pytest

from edge_node.buffer import Sealed, segments
from edge_node.buffer.segments import End, Entry, LegendEntry, Start

ENTRIES: list[Entry] = [
    Start({1: 7, 300: 1}),
    LegendEntry(b"legend"),
    Sealed(1, 7, 2, -5, 1 << 50, True, b"batch"),
    Sealed(300, 1, 10_000, 0, 1, False, b""),
    End(2),
]


def three() -> list[bytes]:
    return [segments.group(4, at, ENTRIES) for at in (10, 20, 30)]


def test_what_was_written_is_read() -> None:
    found = segments.scan(4, b"".join(three()))
    assert [group.entries for group in found.groups] == [ENTRIES] * 3
    assert [group.at for group in found.groups] == [10, 20, 30]
    assert found.end == sum(map(len, three()))
    assert found.spoiled == []
    assert found.closed


def test_the_bytes_of_another_segment_are_none_of_this_one() -> None:
    assert segments.scan(5, b"".join(three())).groups == []


@pytest.mark.parametrize("which", [0, 1, 2])
def test_each_byte_that_is_another_spoils_its_group_and_no_other(which: int) -> None:
    begin = sum(len(one) for one in three()[:which])
    for place in range(begin, begin + len(three()[which])):
        data = bytearray(b"".join(three()))
        data[place] ^= 0x40
        found = segments.scan(4, bytes(data))
        assert [group.at for group in found.groups] == [at for n, at in enumerate((10, 20, 30)) if n != which]
        assert bool(found.spoiled) == (which < 2)  # at the end it cannot be told from what was never finished


def test_a_file_that_ends_anywhere_gives_the_groups_before() -> None:
    whole = b"".join(three())
    size = len(three()[0])
    for end in range(len(whole)):
        found = segments.scan(4, whole[:end])
        assert len(found.groups) == end // size
        assert found.end == end // size * size


def test_noise_is_nothing() -> None:
    chance = random.Random(3)
    for _ in range(200):
        noise = chance.randbytes(200) + b"AEgr" + chance.randbytes(chance.randrange(60))
        assert segments.scan(4, noise).groups == []
