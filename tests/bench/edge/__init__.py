"""The rows of `scripts/bench edge`: a device, from JSON that comes in to a consumer that has it.

What lives here: the list. What does not: set-ups and measurements, a module a subject. Goals are judged by counts, or
beside a bare operation that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.edge import draining, form, keeping, memory, peers, sealing
from tests.bench.rows import Row

ROWS: Final[Mapping[str, Callable[[int], Row]]] = {
    **memory.ROWS,
    **form.ROWS,
    **keeping.ROWS,
    **draining.ROWS,
    **sealing.ROWS,
    **peers.ROWS,
}
