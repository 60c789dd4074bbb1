"""connector/data/increments.py: where a delivery of rows by their time ends, and how they stand in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.data.delivery.increments import SETTLE, append, until
from connector.data.queries.model import Field, Kind, Shape
from policies import instants
from policies.transforms.chain import of_steps
from policies.transforms.steps import CoarsenTime, Delay, Pseudonymise, Suppress, Threshold
from policies.transforms.times import grid

SHAPE = Shape(
    fields=(Field("id"), Field("at", Kind.INSTANT), Field("n", Kind.NUMBER)),
    media_type="text/csv", key=("id",), time="at",
)  # fmt: skip
NOON = instants.instant("2026-06-01T12:34:56Z")
BERLIN = "Europe/Berlin"
HOUR = CoarsenTime(("at",), "PT1H", BERLIN)
DAY = CoarsenTime(("at",), "P1D", BERLIN)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), "2026-06-01T12:33:56Z"),
        ((Suppress(("n",)),), "2026-06-01T12:33:56Z"),
        ((HOUR,), "2026-06-01T12:00:00Z"),
        ((DAY,), "2026-05-31T22:00:00Z"),
        ((Delay("PT1H", "at"),), "2026-06-01T11:33:56Z"),
        ((Delay("PT1H", "at"), HOUR), "2026-06-01T11:00:00Z"),
    ],
)
def test_where_it_ends(steps: Any, expected: str) -> None:
    end = until(SHAPE, of_steps(steps), NOON)
    assert end is not None
    assert instants.stamp(end) == expected


@pytest.mark.parametrize(
    "steps",
    [
        (Suppress(("at",)),),
        (Pseudonymise(("at",)),),
        (Delay("PT1H"),),
        (Delay("PT1H", "other"),),
        (Threshold(5, ("id",)),),
    ],
)
def test_what_is_not_delivered_by_its_time(steps: Any) -> None:
    assert until(SHAPE, of_steps(steps), NOON) is None


def test_rows_without_time_or_key() -> None:
    assert until(Shape(fields=SHAPE.fields, key=("id",)), None, NOON) is None
    assert until(Shape(fields=SHAPE.fields, time="at"), None, NOON) is None
    assert until(Shape(fields=(Field("at", Kind.DATE), Field("id")), key=("id",), time="at"), None, NOON) is None


@given(st.integers(0, 10**7), st.sampled_from(["PT10M", "PT1H", "P1D", "P7D", "P1M"]), st.booleans())
def test_a_window_is_delivered_when_it_is_over(seconds: int, resolution: str, late: bool) -> None:
    """No row that may still come has a time, as it leaves, before the end."""
    now = NOON + seconds * 10**6
    steps = [Delay("PT90M", "at")] if late else []
    end = until(SHAPE, of_steps([*steps, CoarsenTime(("at",), resolution, BERLIN)]), now)
    assert end is not None
    held = 90 * 60 * 10**6 if late else 0
    youngest = now - SETTLE - held
    assert grid(resolution).start(youngest, BERLIN) >= end
    assert grid(resolution).start(youngest - 1, BERLIN) < end or grid(resolution).start(youngest, BERLIN) == end


def put(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("left", [b"", b"4,half a ro"])
def test_one_behind_the_other(tmp_path: Path, left: bytes) -> None:
    whole = put(tmp_path, "a", b'id,"a\nb"\n1,2\n' + left)
    more = put(tmp_path, "b", b'id,"a\nb"\n3,4\n')
    length = len(b'id,"a\nb"\n1,2\n')
    assert append(whole, length, more, "text/csv") == length + 4
    assert append(whole, length, more, "text/csv; charset=utf-8") == length + 4, "again is the same"
    assert whole.read_bytes() == b'id,"a\nb"\n1,2\n3,4\n'


def test_lines(tmp_path: Path) -> None:
    whole, more = put(tmp_path, "a", b'{"a":1}'), put(tmp_path, "b", b'{"a":2}\n')
    assert append(whole, 7, more, "application/x-ndjson") == 16
    assert whole.read_bytes() == b'{"a":1}\n{"a":2}\n'


@pytest.mark.parametrize(
    ("more", "form"), [(b"id,c\n3,4\n", "text/csv"), (b"", "text/csv"), (b"[]", "application/json")]
)  # fmt: skip
def test_what_does_not_fit_changes_nothing(tmp_path: Path, more: bytes, form: str) -> None:
    whole = put(tmp_path, "a", b"id,b\n1,2\nleft")
    assert append(whole, 9, put(tmp_path, "b", more), form) is None
    assert whole.read_bytes() == b"id,b\n1,2\nleft"
