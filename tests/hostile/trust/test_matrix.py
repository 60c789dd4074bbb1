"""tests/hostile/trust/matrix.py: all 70 rows, each shown by tests that are there."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.faults.test_matrix import functions
from tests.hostile.trust.matrix import MATRIX, Row

ROWS = {"S": 20, "D": 10, "V": 12, "R": 7, "J": 4, "U": 4, "I": 6, "X": 6}
QUIET = {"S1", "S2", "S3", "S5", "S6", "S7", "S8", "S9", "S12", "S13", "S14", "S19", "S20", "D1", "D3", "J1", "U1"}
"""Rows in which nobody outside may be called before the refusal (V11 allows the calls of every verification)."""


def test_the_rows_are_whole() -> None:
    counted = chain.from_iterable((f"{row}{number}" for number in range(1, most + 1)) for row, most in ROWS.items())
    assert list(MATRIX) == [*counted, "T70"]
    assert len(MATRIX) == 70
    assert {id for id, row in MATRIX.items() if row.quiet} == QUIET


@pytest.mark.parametrize(("id", "row"), MATRIX.items(), ids=MATRIX)
def test_a_row_is_shown(id: str, row: Row) -> None:
    assert row.shown_by or row.missing, id
    for name in row.shown_by:
        path, _, function = name.partition("::")
        assert function in functions(path), f"{id}: {name} is not there"
