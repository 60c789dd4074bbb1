"""Covers connector/services/life/agenda.py."""

from __future__ import annotations

import asyncio

from connector.services.life.agenda import LONGEST, Agenda
from tests.harness.virtual import EPOCH, VirtualClock, run

SECOND = 1_000_000


def test_what_is_due_comes_in_order_and_once() -> None:
    async def story() -> None:
        agenda = Agenda(VirtualClock())
        for id, at in (("b", EPOCH - 1), ("a", EPOCH - 2), ("later", EPOCH + SECOND)):
            agenda.set(id, at)
        assert agenda.due() == ["a", "b"]
        assert agenda.due() == []
        await asyncio.sleep(1)
        assert agenda.due() == ["later"]
        assert len(agenda) == 0

    run(story)


def test_a_later_word_counts() -> None:
    async def story() -> None:
        agenda = Agenda(VirtualClock())
        agenda.set("a", EPOCH - 1)
        agenda.set("a", EPOCH + SECOND)
        agenda.set("b", EPOCH - 1)
        agenda.set("b", None)
        assert agenda.due() == []
        assert agenda.next() == EPOCH + SECOND
        agenda.set("a", EPOCH - 1)
        assert agenda.due() == ["a"]
        assert agenda.next() is None

    run(story)


def test_no_more_than_asked_for_is_taken_out() -> None:
    async def story() -> None:
        agenda = Agenda(VirtualClock())
        for number in range(5):
            agenda.set(str(number), EPOCH - 5 + number)
        assert agenda.due(limit=2) == ["0", "1"]
        assert agenda.due(limit=9) == ["2", "3", "4"]

    run(story)


def test_waiting_ends_with_what_is_due_with_news_and_after_a_while() -> None:
    async def story() -> None:
        clock = VirtualClock()
        agenda, loop = Agenda(clock), asyncio.get_running_loop()
        agenda.set("a", EPOCH + 5 * SECOND)
        await agenda.wait()
        assert loop.time() == 5
        await agenda.wait()  # it is due still
        assert loop.time() == 5
        agenda.due()
        loop.call_later(3, lambda: agenda.set("b", EPOCH + 900 * SECOND))
        await agenda.wait()
        assert loop.time() == 8
        await agenda.wait()  # a clock that is set forward is seen before the day that it had shown
        assert loop.time() == 8 + LONGEST

    run(story)
