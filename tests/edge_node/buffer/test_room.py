"""Who makes room, what all have, how long the rest will do."""

from __future__ import annotations

from edge_node.buffer import room
from edge_node.buffer.index import Part, Row

HOUR = 3_600_000_000


def row(number: int, level: int = 0) -> Row:
    return Row(number, 0, 100, 0, 0, (Part(1, ((1, 9),), 0, 0),), level)


def test_the_oldest_is_forgotten_the_least_thinned_is_thinned_or_nobody() -> None:
    rows = [row(3), row(2, level=1), row(4)]
    assert room.victim(rows, "oldest") == (rows[1], False)
    assert room.victim(rows, "thin") == (rows[0], True)
    assert room.victim(rows, "refuse") is None
    assert room.victim([], "oldest") is None
    often = [row(5, level=room.MOST_THINNED), row(6, level=room.MOST_THINNED)]
    assert room.victim(often, "thin") == (often[0], False)


def test_delivered_is_what_all_have_and_nothing_where_nobody_is_to_have_it() -> None:
    held = {("city", 1): ((1, 50),), ("utility", 1): ((1, 10), (20, 60))}
    assert room.delivered(1, held, {1: ["city", "utility"]}) == ((1, 10), (20, 50))
    assert room.delivered(1, held, {1: ["city", "neighbour"]}) == ()
    assert room.delivered(1, held, {1: []}) == ()
    assert room.delivered(2, held, {1: ["city"]}) == ()


def test_all_there() -> None:
    parts = (Part(1, ((1, 5),), 0, 0), Part(2, ((7, 9),), 0, 0))
    assert room.all_there(parts, {1: ((1, 5),), 2: ((1, 9),)})
    assert not room.all_there(parts, {1: ((1, 5),)})


def test_hours_at_the_pace_of_the_last_day() -> None:
    now = 100 * HOUR
    assert room.hours([(now - 10 * HOUR, now, 1000)], now, 500) == 5.0
    assert room.hours([(0, HOUR, 10**9), (now - 10 * HOUR, now, 1000)], now, 500) == 5.0
    assert room.hours([], now, 500) is None
    assert room.hours([(now - 1000, now, 1000)], now, 500) is None
