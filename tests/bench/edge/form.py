"""Bytes, CPU, instructions and rate of readings from JSON to a signed batch on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.rows import Row

ROWS: Final[Mapping[str, Callable[[int], Row]]] = {}
