"""Readings as fifty air sensors send them, drawn from a seed: walks with a day's course.

What lives here: the one data set (a round every five minutes, with jitter) that sizes, speeds and
losses are measured with, and its series.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from connector.data.readings.model import Batch, Field, Legend, Rows, Series
from edge_node.config import FieldSettings, SeriesSettings

BEGIN: Final = 1_790_000_000
"""Seconds since 1970 of the first round."""
PLACES: Final = {"pm25": 1, "pm10": 1, "temperature": 2, "humidity": 2, "noise": 1, "battery": 0}
"""The fields and their decimal places."""
_BOUNDS: Final = {
    "pm25": (0, 500),
    "pm10": (0, 800),
    "temperature": (-40, 60),
    "humidity": (0, 100),
    "noise": (20, 120),
    "battery": (0, 100),
}
SETTINGS: Final = SeriesSettings(
    {name: FieldSettings(places=PLACES[name], min=low, max=high) for name, (low, high) in _BOUNDS.items()}
)


class Sample(msgspec.Struct):
    """One reading: what the thing is called, the second, the six values."""

    thing: str
    at: int
    values: dict[str, float]


def samples(count: int, *, seed: int = 7, things: int = 50, begin: int = BEGIN) -> Iterator[Sample]:
    """Readings in the order in which they arrive: every round all things once, in an order that jitters."""
    draw = random.Random(seed)
    names = [f"air-{draw.randrange(16**8):08x}" for _ in range(things)]
    offsets = [draw.randrange(300) for _ in range(things)]
    walks = [[draw.gauss(0, 1) for _ in range(5)] + [draw.uniform(60, 100)] for _ in range(things)]
    done = turn = 0
    while done < count:
        times = sorted((begin + turn * 300 + offsets[one] + draw.randrange(-2, 3), one) for one in range(things))
        for at, one in times[: count - done]:
            yield Sample(names[one], at, _values(draw, walks[one], at))
            done += 1
        turn += 1


def _values(draw: random.Random, walk: list[float], at: int) -> dict[str, float]:
    day = math.sin((at % 86400) / 86400 * 2 * math.pi)
    for place in range(5):
        walk[place] = walk[place] * 0.995 + draw.gauss(0, 0.1)
    walk[5] = max(5.0, walk[5] - draw.random() * 0.01)
    pm25 = max(0.0, 12 + 4 * day + 4 * walk[0])
    return {
        "pm25": round(pm25, 1),
        "pm10": round(pm25 * 1.6 + max(0.0, 2 + walk[1]), 1),
        "temperature": round(11 + 6 * day + walk[2], 2),
        "humidity": round(min(100.0, max(5.0, 60 - 15 * day + 3 * walk[3])), 2),
        "noise": round(55 + 8 * day + 3 * walk[4], 1),
        "battery": round(walk[5]),
    }


def as_json(sample: Sample) -> bytes:
    """A reading in the form that devices post."""
    return msgspec.json.encode({"thing": sample.thing, "at": text(sample.at), **sample.values})


def text(second: int) -> str:
    """An instant as RFC 3339 writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def batch(found: list[Sample], *, first: int = 1) -> Batch:
    """The readings as a batch; things are numbered as they come up."""
    numbers: dict[str, int] = {}
    rows = Rows(
        times=[one.at * 1_000_000 for one in found],
        things=[numbers.setdefault(one.thing, len(numbers) + 1) for one in found],
        columns=[[round(one.values[name] * 10**places) for one in found] for name, places in PLACES.items()],
    )
    return Batch(series=1, legend=1, first=first, rows=rows)


def legend(found: list[Sample]) -> Legend:
    """What the numbers of `batch` stand for."""
    names = list(dict.fromkeys(one.thing for one in found))
    series = Series("air", tuple(Field(name, "", places) for name, places in PLACES.items()))
    return Legend(1, series=((1, series),), things=tuple((number, name) for number, name in enumerate(names, 1)))
