"""Which part of the catalogue a request's `filter` asks for, where that can be said.

What lives here: reading the one filter that is understood. What does not: filling the window (`offers`).

Dataspace Protocol 2025-1 leaves filters to the implementation, and one that is not supported is refused. Eclipse EDC
sends one with every catalogue request, also where nothing is to be filtered: a `QuerySpec` with `limit` and `offset`,
which its crawler moves through the catalogue, and with no expression. Refusing that would mean that no EDC ever sees a
catalogue of ours. A `QuerySpec` that selects or sorts is refused like any other filter.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

MAX_OFFSET: Final = 10_000
"""Datasets that a request may skip. Who follows the continuation has no such bound."""
_KEYS = frozenset({"@type", "limit", "offset", "sortOrder", "filterExpression"})


class Window(Struct, frozen=True):
    """Skip `offset` datasets, show `limit`. `counted`: the reader takes a page with fewer for the last one."""

    offset: int
    limit: int
    counted: bool = False


def window(filter: tuple[Any, ...] | UnsetType, most: int) -> Window | None:
    """The window that a filter asks for, `most` datasets at most; None where it asks for anything else."""
    if filter is UNSET or not filter:
        return Window(0, most)
    spec = filter[0]
    if len(filter) > 1 or not isinstance(spec, dict) or spec.get("@type") != "QuerySpec" or not spec.keys() <= _KEYS:
        return None
    offset, limit = spec.get("offset", 0), spec.get("limit", most)
    if not _whole(offset, 0, MAX_OFFSET) or not _whole(limit, 1, 1 << 31) or spec.get("filterExpression", []) != []:
        return None
    return Window(offset, min(limit, most), counted=True)


def _whole(value: object, least: int, most: int) -> bool:
    return value.__class__ is int and least <= value <= most
