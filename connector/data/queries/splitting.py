"""Stub: signatures that others may call; bodies follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.data.queries.model import Condition, Shape, Split, Work


def split(shape: Shape, work: Work, can: Callable[[Condition], bool], *, trimmed: bool = False) -> Split:
    """The common split of readers that only narrow: what they can of it is pushed, everything is left."""
    raise NotImplementedError


def explained(split: Split, shape: Shape) -> dict[str, Any]:
    """Who does what, as plain JSON: `{"silo": {"fields", "where", "steps", "then", "shown", "limit", "after"},
    "node": {"steps", "where", "properties", "limit", "resolution", "form"} | null}`; conditions as CQL2 text."""
    raise NotImplementedError
