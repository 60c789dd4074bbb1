"""Messages into readings: what is taken, what is put aside, what is tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge_node.errors import FullError
from edge_node.sources.feeding import Feed, Kept, Message
from tests.edge_node.sources.taking import FakeTaking, place


def feed(directory: Path, form: str = "plain", **settings: Any) -> Feed:
    return Feed(place(directory, {}), form, settings)


def messages(*bodies: str, old: bool = False) -> list[Message]:
    return [Message(one.encode(), {"sensor": "s"}, old) for one in bodies]


async def test_few_messages_are_given_one_by_one_and_many_together(tmp_path: Path) -> None:
    taking = FakeTaking()
    given = messages('{"v": 1}', '[{"v": 2}, {"v": 3}]', "{", '{"v": 4}')
    kept = await feed(tmp_path, thing="{sensor}").keep(taking, given)
    assert [[one.values["v"] for one in arrival.readings] for arrival in taking.arrivals] == [[1], [2, 3], [4]]
    assert [one.size for one in taking.arrivals] == [8, 20, 8]
    assert (kept.readings, kept.error.code if kept.error else "") == (4, "decode.json")
    assert [(one.source, one.code, one.sample) for one in taking.aside] == [("roof", "decode.json", b"{")]
    taking = FakeTaking()
    await feed(tmp_path, thing="{sensor}").keep(taking, messages(*(f'{{"v": {n}}}' for n in range(100))))
    assert taking.values == list(range(100))
    assert [one.size for one in taking.arrivals] == [890]


async def test_without_room_it_is_tried_until_there_is(tmp_path: Path) -> None:
    taking, attempts = FakeTaking(), []

    async def again(attempt: int, error: FullError) -> None:
        attempts.append((attempt, error.code))

    taking.full = 2
    await feed(tmp_path, thing="{sensor}").keep(taking, messages('{"v": 1}'), again)
    taking.full = 1
    await feed(tmp_path, "readings").keep(taking, messages("{}", "[]"), again)
    assert attempts == [(1, "buffer.full"), (2, "buffer.full"), (1, "buffer.full")]
    assert taking.values == [1]
    assert sorted(taking.bodies) == [b"[]", b"{}"]


async def test_who_cannot_wait_is_told(tmp_path: Path) -> None:
    taking = FakeTaking()
    taking.full = 1
    with pytest.raises(FullError):
        await feed(tmp_path, thing="{sensor}").keep(taking, messages('{"v": 1}', "{"))
    assert not taking.aside
    assert not taking.readings


async def test_what_was_lying_there_needs_a_time(tmp_path: Path) -> None:
    taking = FakeTaking()
    given = messages('{"v": 1}', '{"v": 2, "at": 1790000000}', old=True)
    await feed(tmp_path, thing="{sensor}").keep(taking, given)
    assert taking.values == [2]
    assert [one.code for one in taking.aside] == ["decode.old"]


async def test_nothing_is_nothing(tmp_path: Path) -> None:
    taking = FakeTaking()
    assert await feed(tmp_path).keep(taking, []) == Kept()
    assert await feed(tmp_path, "chirpstack").keep(taking, messages("{}")) == Kept()
    assert not taking.begun


async def test_many_are_put_aside_together(tmp_path: Path) -> None:
    """A flood that nobody can read costs one wait for the disk, not one each."""
    taking = FakeTaking()
    taking.open.clear()
    putting = asyncio.ensure_future(feed(tmp_path).keep(taking, messages(*["{"] * 500)))
    for _ in range(5):
        await asyncio.sleep(0)
    taking.open.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert putting.done()
    assert len(taking.aside) == 500
