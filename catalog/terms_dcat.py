"""The JSON-LD contexts that portals' documents may name, as tables of our own.

What lives here: one table a context URL. What does not: those of credentials (`terms`), reading by them (`reading`).

INVARIANT: nothing is ever fetched. A URL that is not in `CONTEXTS` is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Context = dict[str, Any]

CONTEXTS: Final[Mapping[str, Context]] = {}
