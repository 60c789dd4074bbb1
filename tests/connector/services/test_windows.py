"""Covers `connector.services.windows`: which filter of a catalogue request is understood."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from connector.services.windows import MAX_OFFSET, Window, window

NONE = {"@type": "QuerySpec", "limit": 50, "offset": 0, "sortOrder": "ASC", "filterExpression": []}


def test_no_filter() -> None:
    """The first page as it is."""
    assert window(UNSET, 100) == window((), 100) == Window(0, 100)


@pytest.mark.parametrize(
    ("spec", "seen"),
    [
        (NONE, Window(0, 50, counted=True)),
        ({**NONE, "offset": 50}, Window(50, 50, counted=True)),
        ({**NONE, "limit": 2147483647}, Window(0, 100, counted=True)),
        ({"@type": "QuerySpec"}, Window(0, 100, counted=True)),
    ],
)
def test_a_query_that_selects_nothing(spec: Any, seen: Window) -> None:
    """What every Eclipse EDC sends."""
    assert window((spec,), 100) == seen


@pytest.mark.parametrize(
    "spec",
    [
        {**NONE, "filterExpression": [{"operandLeft": "id", "operator": "=", "operandRight": "x"}]},
        {**NONE, "sortField": "name"},
        {**NONE, "offset": -1},
        {**NONE, "offset": MAX_OFFSET + 1},
        {**NONE, "offset": True},
        {**NONE, "limit": 0},
        {**NONE, "limit": "50"},
        {**NONE, "@type": "Other"},
        {"limit": 50},
        "QuerySpec",
    ],
)
def test_anything_else(spec: Any) -> None:
    """It is refused, never ignored."""
    assert window((spec,), 100) is None
    assert window((NONE, NONE), 100) is None
