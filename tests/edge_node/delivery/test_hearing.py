"""edge_node/delivery/hearing.py: an answer that is not understood takes no reading off the list."""

from __future__ import annotations

from typing import Any

import pytest

from certs import cbor
from connector.data.readings import receiving
from connector.data.readings.model import MOST_VALUE
from connector.data.readings.receiving import Taken
from connector.http.readings import encoded
from edge_node.delivery.hearing import MOST, MOST_PIECES, Heard, read
from edge_node.errors import LinkError


def test_what_a_node_says_is_heard() -> None:
    taken = Taken({1: ((1, 5), (7, 7)), 3: ()}, ((1, 6, "readings.partly"),), 4, b"receipt")
    assert read(encoded(taken)) == Heard({1: ((1, 5), (7, 7)), 3: ()}, ((1, 6, "readings.partly"),), 4, b"receipt")
    assert read(encoded(Taken({}))) == Heard({})


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"held": []},
        {"held": {"air": [[1, 2]]}},
        {"held": {1: [[2, 1]]}},
        {"held": {1: [[0, 1]]}},
        {"held": {1: [[1, 2, 3]]}},
        {"held": {1: [[1, 1 << 60]]}},
        {"held": {1: [[True, 2]]}},
        {"held": {1: 5}},
        {"held": {}, "refused": [[1, 2]]},
        {"held": {}, "refused": [[1, 2, 3]]},
        {"held": {}, "refused": [[1, 2, "x\ny"]]},
        {"held": {}, "legend": -1},
        {"held": {}, "receipt": "text"},
        {"held": {}, "receipt": b"r" * 1025},
        {"held": {1: [[n, n] for n in range(1, 33_000, 2)]}},
        {"held": {series: [[n, n] for n in range(1, 400, 2)] for series in range(90)}},
    ],
)
def test_what_makes_no_sense_is_no_answer(said: Any) -> None:
    with pytest.raises(LinkError, match=r"sync\.answer"):
        read(cbor.dumps(said))


def test_whatever_a_receiver_of_ours_says_is_heard() -> None:
    assert MOST_PIECES >= receiving.MOST_PIECES
    ranges = tuple((MOST_VALUE - 4 * n - 1, MOST_VALUE - 4 * n) for n in range(MOST_PIECES))
    answer = encoded(Taken({1: ranges[::-1]}))
    assert len(answer) < MOST
    assert read(answer).held[1] == ranges[::-1]


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}", b"\xbf\xff"])
def test_what_is_no_cbor_is_no_answer(body: bytes) -> None:
    with pytest.raises(LinkError, match=r"sync\.answer"):
        read(body)
