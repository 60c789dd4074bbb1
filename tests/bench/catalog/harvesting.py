"""A portal harvests a node: 10,000 datasets in Turtle, page by page, from a node that has just started.

What lives here: a whole node without its listeners, a harvest of all its pages, and a probe that counts how long others
have to wait for their turn meanwhile. What does not: reading what was harvested. The yardstick of the harvest is rdflib
writing the pages that came of it, which it has in memory already. As in a node that has started, what was there before
is no business of the garbage collector.
"""

from __future__ import annotations

import asyncio
import gc
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import rdflib
from msgspec import Struct

from connector.hosting import YOUNG_OBJECTS
from connector.http.exchange import Request
from tests.bench.catalog import pages
from tests.bench.catalog.pages import Shop
from tests.bench.rows import Goal, Row, say
from tests.connector.http.nodes import ROOT

DATASETS: Final = 10_000
_OFFERS: Final = DATASETS * 10 // 8
"""One in five of the shop's offers is addressed to somebody."""
_WRITTEN: Final = 5
_NEXT: Final = re.compile(rb"hydra:next <([^>]+)>")

HARVEST: Final = Goal("harvest", f"{DATASETS:,} datasets in Turtle, each, beside rdflib writing them", "us", 1.0)
FIRST: Final = Goal("harvest_first", f"first page of {DATASETS:,} datasets after a start", "ms", 1_500.0, absolute=True)
TURN: Final = Goal("harvest_turn", "longest that others wait for their turn meanwhile", "ms", 50.0, absolute=True)


class Harvested(Struct, frozen=True):
    """What a harvest took: microseconds for each dataset, milliseconds for the first page, and the longest turn."""

    each: float
    first: float
    turn: float
    pages: list[bytes]


async def _probed(turns: list[float]) -> None:
    """Note how much later than it wanted something on the loop has its turn."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        turns.append((time.perf_counter() - begun) * 1_000)


async def _harvest(shop: Shop) -> Harvested:
    turns: list[float] = [0.0]
    found: list[bytes] = []
    first = 0.0
    probe = asyncio.create_task(_probed(turns))
    url, begun = f"{ROOT}/dcat/catalog.ttl", time.perf_counter()
    while url:
        parts = urlsplit(url)
        answer = await shop.node.dsp.handle(Request("GET", parts.path, parts.query, {}, b""))
        assert answer.status == 200, answer.body
        found.append(answer.body)
        first = first or (time.perf_counter() - begun) * 1_000
        following = _NEXT.search(answer.body)
        url = following[1].decode() if following else ""
    each = (time.perf_counter() - begun) * 1_000_000 / DATASETS
    probe.cancel()
    return Harvested(each, first, max(turns), found)


@contextmanager
def _steady() -> Iterator[None]:
    """As in a node that has started."""
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _harvested() -> Harvested:
    with pages.shop(_OFFERS) as shop, _steady():
        found = shop.runner.run(_harvest(shop))
    assert len(found.pages) == DATASETS // 100
    return found


def _rdflib(found: Harvested) -> float:
    """Microseconds for each dataset of some pages."""
    taken = []
    for page in found.pages[:_WRITTEN]:
        graph = rdflib.Graph().parse(data=page, format="turtle")
        begun = time.perf_counter()
        graph.serialize(format="turtle")
        taken.append((time.perf_counter() - begun) * 1_000_000 / 100)
    return statistics.median(taken)


def harvest(count: int) -> Row:
    """A whole harvest, of which nothing was made before."""
    values, yardsticks = [], []
    for number in range(count):
        found = _harvested()
        values.append(found.each)
        yardsticks.append(_rdflib(found))
        say(f"{HARVEST.id} {number + 1}/{count}: {values[-1]:.0f} us, yardstick {yardsticks[-1]:.0f}")
    return HARVEST.judged(values, yardsticks)


def first(count: int) -> Row:
    """The first page of it."""
    taken = [_harvested().first for _ in range(count)]
    return FIRST.judged(taken, taken)


def turn(count: int) -> Row:
    """Everybody else's turn meanwhile."""
    taken = [_harvested().turn for _ in range(count)]
    return TURN.judged(taken, taken)


ROWS: Final = {"harvest": harvest, "harvest_first": first, "harvest_turn": turn}
