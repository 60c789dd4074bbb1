"""Legends and reports: read as written, strictly, and put together without changing what has been said."""

from __future__ import annotations

import pytest

from certs import cbor
from connector.data.readings import columns, legends
from connector.data.readings.model import Batch, Field, FormError, Gap, Gaps, Kind, Legend, Manifest, Part, Rows, Series

AIR = Series("air", (Field("pm25", "ug/m3", 1), Field("state", kind=Kind.TEXT)), "keep")
FULL = Legend(3, 0, ((1, AIR),), ((1, "a"), (2, "b")))
DOCUMENTS = (
    FULL,
    Legend(4, 3, things=((3, "c"),)),
    Gaps((Gap(1, 2, ((3, 4), (9, 9)), "full", 5),)),
    Manifest((Part(1, 2, 3, bytes(32)),)),
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_read_as_it_was_written(document: Legend | Gaps | Manifest) -> None:
    assert legends.decode(legends.encode(document)) == document


def test_a_batch_is_read_here_too() -> None:
    batch = Batch(1, 1, 1, Rows([1], [1], [[1]]))
    assert legends.decode(columns.encode(batch)) == batch


@pytest.mark.parametrize(
    "legend",
    [
        Legend(0),
        Legend(3, 3),
        Legend(1, 0, ((1, Series("", ())),)),
        Legend(1, 0, ((1, AIR), (1, AIR))),
        Legend(1, 0, (), ((1, "a"), (1, "b"))),
        Legend(1, 0, (), ((-1, "a"),)),
        Legend(1, 0, (), ((1, "a" * 257),)),
        Legend(1, 0, ((1, Series("s", (Field("f"), Field("f")))),)),
        Legend(1, 0, ((1, Series("s", (Field("f", places=19),))),)),
    ],
)
def test_a_legend_that_makes_no_sense_is_refused(legend: Legend) -> None:
    with pytest.raises(FormError, match=r"legend\.form"):
        legends.decode(legends.encode(legend))


@pytest.mark.parametrize("payload", [b"\x05", b"\x05\x80", b"\x05\x84\x01\x00\x80", b"\x06\xf6", b"\x07\xa0"])
def test_bytes_that_are_no_document(payload: bytes) -> None:
    with pytest.raises(FormError, match=r"legend\.form"):
        legends.decode(payload)


def test_a_second_way_to_write_the_same_is_refused() -> None:
    whole = legends.encode(Legend(1))
    assert whole == b"\x05" + cbor.dumps([1, 0, [], []])
    with pytest.raises(FormError, match=r"legend\.form"):
        legends.decode(b"\x05\x84\x18\x01\x00\x80\x80")


def test_legends_add_up() -> None:
    more = Legend(4, 3, ((2, Series("noise", ())),), ((3, "c"),))
    both = legends.joined(FULL, more)
    assert (both.number, both.after) == (4, 0)
    assert dict(both.series) == {1: AIR, 2: Series("noise", ())}
    assert dict(both.things) == {1: "a", 2: "b", 3: "c"}
    assert legends.joined(None, FULL) == FULL
    assert legends.joined(both, FULL) == both


def test_a_legend_for_one_that_is_not_known() -> None:
    for known in (None, Legend(2, things=((1, "a"),))):
        with pytest.raises(FormError, match=r"legend\.unknown"):
            legends.joined(known, Legend(4, 3, things=((3, "c"),)))


@pytest.mark.parametrize(
    "more",
    [
        Legend(4, 3, things=((1, "other"),)),
        Legend(4, 3, series=((1, Series("air", ())),)),
        Legend(9, 0, (), ((2, "x"),)),
    ],
)
def test_a_number_keeps_its_meaning(more: Legend) -> None:
    with pytest.raises(FormError, match=r"legend\.changed"):
        legends.joined(FULL, more)
