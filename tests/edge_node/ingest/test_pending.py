"""Groups of rows, and those who wait for them."""

from __future__ import annotations

import asyncio

import pytest

from connector.data.readings.model import Rows, Series
from edge_node.errors import FullError
from edge_node.ingest.pending import Group

AIR, NOISE = Series("air", ()), Series("noise", ())


def rows(*times: int) -> Rows:
    return Rows(list(times), list(times), [list(times)])


def test_rows_gather_by_series_and_certainty() -> None:
    group = Group()
    group.add(AIR, rows(1, 2), unsure=False)
    group.add(NOISE, rows(3), unsure=False)
    group.add(AIR, rows(4), unsure=True)
    group.add(AIR, rows(5), unsure=False)
    assert group.rows == 5
    assert [(one.series, one.unsure, one.rows) for one in group.kept()] == [
        (AIR, False, rows(1, 2, 5)),
        (NOISE, False, rows(3)),
        (AIR, True, rows(4)),
    ]


@pytest.mark.parametrize("error", [None, FullError("buffer.full", most="5")])
async def test_all_hear_the_same(error: FullError | None) -> None:
    group, heard = Group(), list[object]()
    group.afterwards(heard.append)
    waiting = [asyncio.create_task(group.over()) for _ in range(3)]
    await asyncio.sleep(0)
    group.end(error)
    assert heard == [error is None]  # before anybody goes on
    found = await asyncio.gather(*waiting, return_exceptions=True)
    if error is None:
        assert found == [None] * 3
    else:
        assert [(type(one), one.code, one.params) for one in found if isinstance(one, FullError)] == [
            (FullError, "buffer.full", {"most": "5"})
        ] * 3


async def test_who_gives_up_leaves_the_others_waiting() -> None:
    group = Group()
    first, second = (asyncio.create_task(group.over()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    group.end()
    await second
    assert first.cancelled()
