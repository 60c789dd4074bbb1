"""Makes the zstd dictionary with which small batches of readings are compressed.

What lives here: the readings that it is made from, drawn from a seed: kinds of devices that municipalities have, with
courses, steps and noise. What does not: its use (`connector.data.readings.columns`). A dictionary in use is never made
anew; another one gets the next number.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import zstandard

from connector.data.readings import columns
from connector.data.readings.model import Batch, Rows

SIZE: Final = 4096
BEGIN: Final = 1_767_225_600
_KINDS: Final[tuple[tuple[tuple[int, int], ...], ...]] = (
    ((120, 8), (190, 12), (1100, 30), (6000, 90), (550, 9), (85, 0)),
    ((1100, 30), (6000, 90), (10132, 3), (35, 9), (0, 1)),
    ((23010, 4), (5, 3), (0, 0)),
    ((1_234_567, 15),),
    ((0, 1), (360, 2)),
    ((415, 12), (2210, 9), (4510, 40), (12, 4), (3, 1), (1, 0), (99, 0), (7, 2)),
)
"""Fields of devices: where a value begins, and how far it goes in a step."""


def batches(seed: int) -> Iterator[Batch]:
    """Small batches of many shapes."""
    draw = random.Random(seed)
    for _ in range(6000):
        count = draw.choice((2, 3, 5, 8, 10, 10, 12, 20, 30, 50, 100))
        fields = draw.choice((_KINDS[0], *_KINDS))
        known = draw.choice((1, 5, 50, 50, 300))
        yield _batch(draw, count, fields, known)


def _batch(draw: random.Random, count: int, fields: tuple[tuple[int, int], ...], known: int) -> Batch:
    now = BEGIN + draw.randrange(10 * 365 * 86400)
    every = draw.choice((1, 5, 6, 10, 60))
    times = [now]
    for _ in range(count - 1):
        times.append(times[-1] + max(0, round(draw.gauss(every, every / 2))))
    begin = draw.randrange(1, 40)
    things = [begin + (place if known > count else draw.randrange(known)) for place in range(count)]
    if known > count:
        draw.shuffle(things)
    rows = Rows(
        [one * 1_000_000 for one in times], things, [_walk(draw, things, centre, step) for centre, step in fields]
    )
    return Batch(draw.randrange(1, 6), draw.randrange(1, 30), draw.randrange(1, 2_000_000), rows)


def _walk(draw: random.Random, things: list[int], centre: int, step: int) -> list[int | str | bool | None]:
    level: dict[int, int] = {}
    made: list[int | str | bool | None] = []
    for thing in things:
        level[thing] = level.get(thing, centre + round(draw.gauss(0, max(1, centre // 12)))) + round(
            draw.gauss(0, step)
        )
        made.append(max(0, level[thing]))
    return made


def main() -> None:
    """Writes the dictionary to the path that is given."""
    samples: list[bytes | bytearray | memoryview[int]] = [columns.flat(batch) for batch in batches(1)]
    made = zstandard.train_dictionary(SIZE, samples, dict_id=columns.DICTIONARY, level=3)
    Path(sys.argv[1]).write_bytes(made.as_bytes())


if __name__ == "__main__":
    main()
