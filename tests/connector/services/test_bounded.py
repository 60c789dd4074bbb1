"""Things that are kept for as long as there is room."""

from __future__ import annotations

from connector.services.bounded import Bounded


def test_what_was_put_first_goes_first() -> None:
    kept: Bounded[str, int] = Bounded(10)
    for at, name in enumerate("abc"):
        kept.put(name, at, 4)
    assert [kept.get(name) for name in "abc"] == [None, 1, 2]
    assert kept.bytes == 8


def test_what_is_put_again_counts_once() -> None:
    kept: Bounded[str, int] = Bounded(10)
    for at in range(5):
        kept.put("a", at, 6)
    assert (kept.get("a"), kept.bytes) == (4, 6)
    kept.put("a", 9, 11)
    assert (kept.get("a"), kept.bytes) == (None, 0)
    kept.put("b", 1, 1)
    kept.clear()
    assert (kept.get("b"), kept.bytes) == (None, 0)
