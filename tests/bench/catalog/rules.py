"""The rows `rules` and `rules_pyshacl`: what it costs to judge a record by DCAT-AP.de 3.0.

What lives here: those measurements. What does not: whether both find the same (`tests/catalog/profile`).

Yardsticks: orjson reading the same records from their bytes, which nobody can do without, and pyshacl with the official
composition on the same records in the same process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from catalog.graph import Graph
from catalog.profile import check
from catalog.rdf.shapes import Composition
from tests.bench.rows import Goal, Row, rounds
from tests.catalog.dcat_samples import DCAT
from tests.catalog.profile.records import mutants, record, renamed
from tests.conformance.kit import UnavailableError

RULES: Final = Goal("rules", "a usual record judged, beside reading its bytes with orjson", "us", 6.0)
RULES_US: Final = Goal("rules_us", "a usual record judged", "us", 50.0, absolute=True)
PYSHACL: Final = Goal("rules_pyshacl", "records, half of them wrong, beside pyshacl's official shapes", "us", 0.02)
MANY: Final = 2_000
SHAPED: Final = 60
"""Records that pyshacl judges at once: that takes it a second."""


def rules(count: int) -> Row:
    """Records that are right, as nearly all are."""
    return rounds(RULES, count, *_sides(_usual()))


def rules_us(count: int) -> Row:
    """The same, by the clock."""
    return rounds(RULES_US, count, *_sides(_usual()))


def rules_pyshacl(count: int) -> Row:
    """As many right records as mutants, in one graph for pyshacl: what it is best at."""
    if not DCAT.is_dir():
        raise UnavailableError(f"no official files at {DCAT} (ALLMENDE_STANDARDS)")
    composition = Composition(DCAT)
    graphs = [*_usual(SHAPED // 2), *mutants(SHAPED // 2, 1, [record()])]
    whole = {id: node for graph in graphs for id, node in graph.items()}
    return rounds(
        PYSHACL, count, lambda: _each(check, graphs, MANY // SHAPED), lambda: _timed(lambda: composition.judge(whole))
    )


def _usual(count: int = 100) -> list[Graph]:
    return [renamed(record(), f"n{number}") for number in range(count)]


def _sides(graphs: Sequence[Graph]) -> tuple[Callable[[], float], Callable[[], float]]:
    lines = [orjson.dumps(graph) for graph in graphs]
    return lambda: _each(check, graphs, MANY // len(graphs)), lambda: _each(orjson.loads, lines, MANY // len(lines))


def _each(call: Callable[[Any], object], given: Sequence[object], times: int) -> float:
    """Microseconds a call."""
    begun = time.perf_counter()
    for _ in range(times):
        for one in given:
            call(one)
    return (time.perf_counter() - begun) * 1e6 / (times * len(given))


def _timed(call: Callable[[], object]) -> float:
    """Microseconds a record of one call about all of them."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1e6 / SHAPED


ROWS: Final = {"rules": rules, "rules_us": rules_us, "rules_pyshacl": rules_pyshacl}
