"""Tables of silos as rows: whatever stands in a cell, wherever a piece ends."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.data.answering.passage import Delivered
from connector.errors import SourceError

CELLS = st.text(alphabet=st.sampled_from('abcä,;|"\n\r\u2028 1.5'), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=20), st.integers(1, 40))
def test_rows_are_the_same_wherever_pieces_end(rows: list[list[str]], size: int) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["one", "two|;three"], *rows])
    data = out.getvalue().encode()
    body = Delivered(lambda: iter([data[at : at + size] for at in range(0, len(data), size)]))
    assert body.schema.columns == ("one", "two|;three")
    assert list(body) == rows
    assert list(body) == rows


@pytest.mark.parametrize("data", [b"", b"\xff\xfe,x\n"])
def test_a_table_without_a_heading_is_broken(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"source\.broken"):
        Delivered(lambda: iter([data]))


@pytest.mark.parametrize("data", [b'a,b\n"1,2\n', b"a,b\n\xff,2\n", b"a,b\n" + b"x" * (9 << 20)])
def test_what_is_no_row_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        list(Delivered(lambda: iter(data.splitlines(keepends=True))))
