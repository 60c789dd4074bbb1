"""What is remembered of answers: within bounds, for their reader alone, one connection at a time."""

from __future__ import annotations

import asyncio

from connector.data.answering.unfinished import KEPT, Known, Unfinished
from connector.system import SystemClock


class Ahead(SystemClock):
    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def known(etag: str = '"a"', transfer: str = "t", told: int = 0) -> Known:
    return Known(etag=etag, transfer=transfer, question="q", now=1, told=told, sha256=b"h")


def test_an_answer_is_known_when_it_has_ended_and_not_for_ever() -> None:
    clock = Ahead()
    kept = Unfinished(clock)
    running = kept.begin(known())
    assert kept.look('"a"', "t") is None
    running.end(10, b"ten")
    running.end(20, b"twenty")
    found = kept.look('"a"', "t")
    assert found is not None
    assert (found.told, found.sha256, found.size) == (10, b"ten", None)
    assert kept.look('"a"', "another") is None
    assert kept.look('"b"', "t") is None
    clock.seconds = KEPT
    assert kept.look('"a"', "t") is None


def test_what_was_told_stays_told() -> None:
    kept = Unfinished(Ahead())
    kept.begin(known(told=100)).end(50, b"fifty")
    found = kept.look('"a"', "t")
    assert found is not None
    assert (found.told, found.sha256) == (100, b"h")
    kept.begin(found).end(120, b"more", complete=True, fields={"X": "y"})
    found = kept.look('"a"', "t")
    assert found is not None
    assert (found.told, found.size, found.fields) == (120, 120, (("X", "y"),))
    kept.forget('"a"')
    assert kept.look('"a"', "t") is None


def test_there_are_bounds() -> None:
    kept = Unfinished(Ahead())
    for n in range(200):
        kept.begin(known(f'"{n}"')).end(1, b"")
    assert [n for n in range(200) if kept.look(f'"{n}"', "t")] == list(range(136, 200))
    for n in range(2000):
        kept.begin(known(f'"x{n}"', f"t{n}")).end(1, b"")
    assert sum(kept.look(f'"x{n}"', f"t{n}") is not None for n in range(2000)) <= 1024


async def test_whoever_comes_back_has_left() -> None:
    kept = Unfinished(Ahead())
    running = kept.begin(known())
    asked: list[str] = []

    def cut() -> None:
        asked.append("cut")
        asyncio.get_running_loop().call_later(0.01, running.end, 7, b"seven")

    running.cut = cut
    assert await kept.resumable('"a"', "somebody else") is None
    assert asked == []
    found = await kept.resumable('"a"', "t")
    assert found is not None
    assert (found.told, asked) == (7, ["cut"])
