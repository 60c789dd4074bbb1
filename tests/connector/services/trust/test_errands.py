"""A work goes on until it is done, waits longer after each failure, and at once when it is asked for anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from connector.errors import DeliveryError
from connector.services.trust.errands import AT_ONCE, LONGEST_WAIT, Errands
from tests.harness.virtual import VirtualClock, run


class Works:
    """What is done when: `answer` says how a step ends, by how many there were before."""

    def __init__(self, answer: Callable[[int], float | None]) -> None:
        self.clock, self.steps, self._answer = VirtualClock(), list[tuple[str, float]](), answer
        self.side_by_side, self.most = 0, 0
        self.errands = Errands(clock=self.clock, step=self._step, name="test")

    async def _step(self, id: str) -> float | None:
        self.steps.append((id, self.clock.monotonic()))
        self.side_by_side += 1
        self.most = max(self.most, self.side_by_side)
        try:
            await asyncio.sleep(0.001)
            return self._answer(len(self.steps))
        finally:
            self.side_by_side -= 1

    def at(self) -> list[float]:
        return [round(at, 1) for _, at in self.steps]


def _fail(step: int) -> None:
    raise DeliveryError("peer.unreachable")


def _break(step: int) -> None:
    raise RuntimeError("a defect")


def test_what_is_done_is_done_once() -> None:
    async def main() -> None:
        works = Works(lambda step: None)
        works.errands.start(["a", "b"])
        await asyncio.sleep(1000)
        assert sorted(id for id, _ in works.steps) == ["a", "b"]
        await works.errands.close()

    run(main)


def test_a_step_says_when_the_next_one_is_due() -> None:
    async def main() -> None:
        works = Works(lambda step: 10.0 if step < 3 else None)
        works.errands.start(["a"])
        await asyncio.sleep(1000)
        assert works.at() == [0.0, 10.0, 20.0]

    run(main)


def test_after_each_failure_it_waits_longer_up_to_a_limit() -> None:
    async def main() -> None:
        works = Works(_fail)
        works.errands.start(["a"])
        await asyncio.sleep(3000)
        waits = [round(b - a, 1) for a, b in zip(works.at(), works.at()[1:], strict=False)]
        assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
        assert max(waits) == LONGEST_WAIT
        await works.errands.close()

    run(main)


def test_a_defect_does_not_end_the_work() -> None:
    async def main() -> None:
        works = Works(_break)
        works.errands.start(["a"])
        await asyncio.sleep(LONGEST_WAIT * 3 + 1)
        assert len(works.steps) == 4
        await works.errands.close()

    run(main)


def test_what_is_asked_for_anew_is_done_at_once_also_while_it_waits_or_is_under_way() -> None:
    async def main() -> None:
        works = Works(lambda step: 1000.0)
        works.errands.start(["a"])
        await asyncio.sleep(10)
        works.errands.take("a")
        await asyncio.sleep(0.0005)
        works.errands.take("a")  # under way: once more, after it
        await asyncio.sleep(10)
        assert works.at() == [0.0, 10.0, 10.0]
        await works.errands.close()

    run(main)


def test_nothing_is_done_before_the_start_and_after_the_end() -> None:
    async def main() -> None:
        works = Works(lambda step: None)
        works.errands.take("a")
        works.errands.start([])
        await works.errands.close()
        works.errands.take("a")
        await asyncio.sleep(10)
        assert works.steps == []

    run(main)


def test_a_few_go_side_by_side_and_all_come_to_their_turn() -> None:
    async def main() -> None:
        works = Works(lambda step: None)
        works.errands.start([str(number) for number in range(100)])
        await asyncio.sleep(10)
        assert len(works.steps) == 100
        assert works.most == AT_ONCE

    run(main)
