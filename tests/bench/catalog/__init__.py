"""The rows of `scripts/bench catalog`: finding what a thousand nodes have, and reading what they say.

What lives here: the list. What does not: set-ups and measurements, a module a subject. Goals are judged beside a bare
operation that is named, or by counts.

It is made when it is asked for: the processes that are measured are modules of this package, and hold nothing of what
the others import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.bench.rows import Row


def rows() -> Mapping[str, Callable[[int], Row]]:
    """Every row by its name."""
    from tests.bench.catalog import crawling, engines, harvesting, pages, rules, searching

    return {
        **searching.ROWS,
        **pages.ROWS,
        **crawling.ROWS,
        **rules.ROWS,
        **engines.ROWS,
        **harvesting.ROWS,
    }
