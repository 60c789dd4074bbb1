"""Covers tests/bench/catalog/engines.py: the three are asked the same of the same, and find the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench.catalog.engines import Three


def test_three_engines_find_the_same(tmp_path: Path) -> None:
    given = Three(150)
    index = given.ours(tmp_path)
    try:
        ours = given.asked(index, 500)
    finally:
        index.close()
    rows: list[Any] = list(given.rdflib().query(given.question))
    others: Any = given.pyoxigraph().query(given.question)
    theirs, third = {str(row[0]) for row in rows}, {row[0].value for row in others}
    assert theirs == third <= ours
    assert len(theirs) >= 1
