"""The clocks of others, seen in passing."""

from __future__ import annotations

from email.utils import formatdate

from connector.http import offsets
from connector.http.offsets import Offsets
from tests.ports.store import Clock


def test_the_middle_of_what_was_seen() -> None:
    clock = Clock()
    one = Offsets(clock)
    assert one.middle() is None
    for name, ahead in (("a", 0), ("b", 2), ("c", 90_000)):
        one.see(name, formatdate(clock.at / 1e6 - ahead, usegmt=True))
    one.see("d", "yesterday")
    one.see("e", "")
    middle = one.middle()
    assert middle is not None
    assert 1 < middle < 3


def test_one_origin_is_looked_at_once_a_minute() -> None:
    clock = Clock()
    one = Offsets(clock)
    one.see("a", formatdate(clock.at / 1e6, usegmt=True))
    one.see("a", formatdate(clock.at / 1e6 - 500, usegmt=True))
    assert abs(one.middle() or 99) < 1
    clock.at += 61_000_000
    one.see("a", formatdate(clock.at / 1e6 - 500, usegmt=True))
    assert (one.middle() or 0) > 400


def test_memory_is_bounded() -> None:
    one = Offsets(Clock())
    for n in range(offsets.MOST + 9):
        one.see(f"{n}", formatdate(0, usegmt=True))
    assert len(one._seen) == offsets.MOST
