"""The rows of `scripts/bench catalog`: finding what a thousand nodes have, and reading what they say.

What lives here: the list. What does not: set-ups and measurements, a module a subject. Goals are judged beside a bare
operation that is named, or by counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.catalog import crawling, engines, pages, rules, searching
from tests.bench.rows import Row

ROWS: Final[Mapping[str, Callable[[int], Row]]] = {
    **searching.ROWS,
    **pages.ROWS,
    **crawling.ROWS,
    **rules.ROWS,
    **engines.ROWS,
}
