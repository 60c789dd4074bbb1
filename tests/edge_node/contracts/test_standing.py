"""A bit in a status list, as whoever publishes the list means it."""

from __future__ import annotations

import gzip
import random
from base64 import urlsafe_b64encode

import pytest

from certs.status import LEAST, Bits
from edge_node.contracts.standing import is_set


@pytest.mark.parametrize("size", [LEAST, 8 * LEAST])
def test_as_the_list_says(size: int) -> None:
    draw = random.Random(size)
    bits = Bits(size)
    for _ in range(2000):
        bits.set(draw.randrange(size))
    packed = bits.encode()
    for index in (0, 1, 7, 8, size - 1, *(draw.randrange(size) for _ in range(200))):
        assert is_set(packed, index) is bits.get(index)
    assert is_set(packed.removeprefix("u"), 5) is bits.get(5)


def packed(data: bytes) -> str:
    return "u" + urlsafe_b64encode(data).rstrip(b"=").decode()


WHOLE = gzip.compress(bytes(LEAST // 8), mtime=0)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("", 0),
        ("u", 0),
        ("uÄ", 0),
        (packed(b"no gzip at all"), 0),
        (packed(WHOLE[:20]), 0),
        (packed(gzip.compress(bytes(100), mtime=0)), 0),
        (packed(WHOLE), LEAST),
        (packed(WHOLE), -1),
        (packed(WHOLE), 1 << 60),
    ],
)
def test_no_answer_where_there_is_none(text: str, index: int) -> None:
    with pytest.raises(ValueError):
        is_set(text, index)
