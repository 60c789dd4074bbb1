"""tests/faults/matrix.py: every row is shown by tests that are there, or says why not."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.faults.matrix import MATRIX, Row
from tests.faults.processes import ROOT


@cache
def functions(path: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, kinds) and one.name.startswith("test_"))


def test_the_rows_are_whole() -> None:
    assert list(MATRIX) == [f"F{number:02}" for number in range(1, 41)]


@pytest.mark.parametrize(("id", "row"), MATRIX.items(), ids=MATRIX)
def test_a_row_is_shown(id: str, row: Row) -> None:
    assert row.shown_by or row.missing
    for name in row.shown_by:
        path, _, function = name.partition("::")
        assert function in functions(path), f"{id}: {name} is not there"
