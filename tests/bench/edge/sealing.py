"""COSE beside bare cryptography."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.rows import Row

ROWS: Final[Mapping[str, Callable[[int], Row]]] = {}
