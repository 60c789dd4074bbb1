"""What a device does until the power goes, again and again on one disk, and what must be there afterwards.

What lives here: a life drawn from a seed (readings come, consumers have them, orders arrive, room runs out), a ledger
of what was acknowledged, and what the ledger demands. What does not: how a disk forgets (`cutting`).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from connector.data.readings.model import Batch, Rows
from connector.data.readings.ranges import Ranges, joined
from edge_node.buffer import Buffer, Limits, Sealed
from edge_node.buffer.index import FILE
from edge_node.buffer.room import common
from edge_node.errors import EdgeError, FullError
from tests.edge_node.buffer.device import BEGIN, SECOND, Clock, legend, run, sealer
from tests.edge_node.losses.cutting import CutFiles, Power

CONSUMERS = ("city", "utility")
SERIES = (1, 2)


class Ledger(Struct):
    """What was acknowledged, and what may rightly be missing."""

    values: dict[tuple[int, int], int] = field(default_factory=dict)
    """By series and number, the value of a reading that was acknowledged."""
    maybe: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    """The same for readings that were on their way."""
    forgotten: dict[int, Ranges] = field(default_factory=dict)
    """By series, what all consumers had at one time: such readings may go."""
    orders: bytes | None = None
    orders_maybe: list[bytes] = field(default_factory=list)
    counter: int = 0


class Outcome(Struct):
    """Of one disk: what is wrong (nothing, it is to be hoped), and what there was to lose."""

    wrong: list[str]
    acknowledged: int
    lives: int


class Life:
    """One disk from its first life to its last."""

    def __init__(
        self, seed: int, folder: Path, *, pragmas: Mapping[str, str] | None = None, lying: bool = False
    ) -> None:
        self.chance = random.Random(seed)
        self.folder, self.pragmas, self.lying = folder, pragmas, lying
        self.ledger, self.clock = Ledger(), Clock()
        self.files: dict[str, bytes] = {}
        full: Literal["oldest", "thin", "refuse"] = self.chance.choice(("oldest", "thin", "refuse"))
        limit = self.chance.choice((16_000, 40_000, 1 << 20))
        rows = self.chance.choice((20, 100))
        self.limits = Limits(
            bytes=limit, full=full, batch=rows, together=rows, segment=2048, group=8192, loose=self.chance.randrange(3)
        )

    def play(self, lives: int) -> Outcome:
        """So many power cuts, with a look at the disk after each; a life may end while it begins."""
        wrong: list[str] = []
        for place in range(lives):
            power = Power(cut_at=self._operations(), pragmas=self.pragmas, lying=self.lying)
            files = CutFiles(power, self.files)
            asyncio.run(self._live(power, files))
            power.off()
            while (
                self.chance.random() < 0.3
            ):  # that was a kill, which loses nothing; and what was not synced is not yet
                power.on(self._operations())
                asyncio.run(self._live(power, files))
                power.off()
            power.unregister()
            self.files = files.found(self.chance)
            found = self.folder.with_name(f"{self.folder.name}-{place}")
            found.mkdir()
            power.found(found, self.chance)
            shutil.rmtree(self.folder, ignore_errors=True)
            found.rename(self.folder)
            wrong += self._look()
            if wrong:
                break
        return Outcome(wrong, len(self.ledger.values), lives)

    def _operations(self) -> int:
        return self.chance.randrange(1, self.chance.choice((8, 40, 100, 300)))

    def _look(self) -> list[str]:
        """On a copy: what is found is not changed by looking."""
        copy = self.folder.with_name(f"{self.folder.name}-look")
        shutil.copytree(self.folder, copy)
        power = Power(cut_at=1 << 40)
        try:
            return asyncio.run(self._looked(copy, CutFiles(power, self.files)))
        finally:
            power.off()
            shutil.rmtree(copy)

    async def _looked(self, copy: Path, files: CutFiles) -> list[str]:
        try:
            buffer = Buffer.open(copy, sealing=sealer(), clock=self.clock, limits=self.limits, files=files, run=run)
        except EdgeError as error:
            return [f"does not open: {error.code}"]
        wrong = judged(buffer, self.ledger)
        if (copy / "index.broken").exists():
            wrong.append("the database was broken")
        if self.limits.full == "refuse" and buffer.gaps():
            wrong.append("forgot, though it was to refuse")
        self.ledger.orders, self.ledger.orders_maybe = buffer.get("orders"), []
        for series in SERIES:  # what was on its way is there or never will be
            with contextlib.suppress(FullError):
                await buffer.append([self._batch(series, buffer.next(series), 1)[0]])
        await buffer.close()
        return wrong

    async def _live(self, power: Power, files: CutFiles) -> None:
        """Until the power goes."""
        if not (self.folder / FILE).exists():
            self.folder.mkdir(exist_ok=True)
        with contextlib.suppress(EdgeError, OSError):
            buffer = Buffer.open(
                self.folder,
                sealing=sealer(),
                clock=self.clock,
                limits=self.limits,
                files=files,
                connect=power.connect,
                run=run,
            )
            while power.operations <= power.cut_at:
                self.clock.now += self.chance.randrange(SECOND)
                await self._something(buffer)

    async def _something(self, buffer: Buffer) -> None:
        fate = self.chance.random()
        if fate < 0.88:
            await self._readings(buffer)
        elif fate < 0.93:
            consumer, series = self.chance.choice(CONSUMERS), self.chance.choice(SERIES)
            upto = self.chance.randrange(buffer.next(series))
            await buffer.held_now(consumer, series, ((1, upto),) if upto else ())
            self._may_go(buffer)
        elif fate < 0.96:
            await buffer.forget_delivered(dict.fromkeys(SERIES, CONSUMERS))
        else:
            orders = self.chance.randbytes(8)
            self.ledger.orders_maybe.append(orders)
            await buffer.put("orders", orders)
            self.ledger.orders, self.ledger.orders_maybe = orders, []

    async def _readings(self, buffer: Buffer) -> None:
        """Some batches at once, as they come together in one second."""
        calls = []
        given: list[list[tuple[tuple[int, int], int]]] = []
        for _ in range(self.chance.choice((1, 1, 2, 3, 8))):
            series = self.chance.choice(SERIES)
            one, values = self._batch(series, buffer.next(series), self.chance.randrange(1, 20))
            for key, value in values:
                self.ledger.maybe.setdefault(key, set()).add(value)
            legends = [] if buffer.legend() and self.chance.random() < 0.9 else [legend()]
            calls.append(buffer.append([one], legends))
            given.append(values)
        for done, values in zip(await asyncio.gather(*calls, return_exceptions=True), given, strict=True):
            if done is None:
                self.ledger.values.update(values)
            elif not isinstance(done, FullError):
                raise done

    def _batch(self, series: int, first: int, count: int) -> tuple[Sealed, list[tuple[tuple[int, int], int]]]:
        """Readings with values that no other has."""
        values = list(range(self.ledger.counter, self.ledger.counter + count))
        self.ledger.counter += count
        rows = Rows([BEGIN + one for one in values], [one % 3 for one in values], [list(values)])
        return sealer().batch(Batch(series, 1, first, rows)), [
            ((series, first + place), value) for place, value in enumerate(values)
        ]

    def _may_go(self, buffer: Buffer) -> None:
        for series in SERIES:
            both = common(*(buffer.held(consumer).get(series, ()) for consumer in CONSUMERS))
            self.ledger.forgotten[series] = joined((*self.ledger.forgotten.get(series, ()), *both))


def judged(buffer: Buffer, ledger: Ledger) -> list[str]:
    """What the ledger demands and is not so."""
    wrong: list[str] = []
    excused = {series: ledger.forgotten.get(series, ()) for series in SERIES}
    for gap in buffer.gaps():
        excused[gap.series] = joined((*excused[gap.series], *gap.ranges))
        if gap.why not in ("full", "thinned"):
            wrong.append(f"a gap: {gap.why}")
    seen: dict[tuple[int, int], int] = {}
    for series in SERIES:
        for one in buffer.read(series, ((1, 1 << 52),), 1 << 40):
            wrong += _checked(one, ledger, seen)
    for (series, number), value in ledger.values.items():
        if (series, number) not in seen and not any(first <= number <= last for first, last in excused[series]):
            wrong.append(f"lost: {series}/{number}")
        elif seen.get((series, number), value) not in (value, -1):
            wrong.append(f"another one: {series}/{number}")
        if buffer.next(series) <= number:
            wrong.append(f"to be given again: {series}/{number}")
    if buffer.get("orders") not in (ledger.orders, *ledger.orders_maybe):
        wrong.append("the orders are lost")
    return wrong


def _checked(one: Sealed, ledger: Ledger, seen: dict[tuple[int, int], int]) -> list[str]:
    """A batch, by what was put in; -1 stands for readings of a thinned one."""
    opened = sealer().opened(one.data)
    assert isinstance(opened, Batch)
    values = opened.rows.columns[0]
    keys = [(one.series, number) for number in range(one.first, one.last + 1)]
    wrong = [f"twice: {key}" for key in keys if key in seen]
    if opened.span:
        seen.update(dict.fromkeys(keys, -1))
        known = set().union(*(ledger.maybe.get(key, set()) for key in keys))
        return wrong if set(values) <= known else [*wrong, f"never put in: {one.series}/{one.first}"]
    for key, value in zip(keys, values, strict=True):
        assert isinstance(value, int)
        seen[key] = value
        if value not in ledger.maybe.get(key, ()):
            wrong.append(f"never put in: {key}")
    return wrong
