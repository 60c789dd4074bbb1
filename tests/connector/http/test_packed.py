"""Answers in gzip, where their reader takes it."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest

from connector.http.exchange import Response
from connector.http.packed import packed

LARGE = random.Random(1).randbytes(300_000)


@pytest.mark.parametrize("body", [b"x" * 2_000, LARGE], ids=["small", "large"])
async def test_what_is_packed_is_what_was_said(body: bytes) -> None:
    answer = await packed(Response(200, {}, body), {"accept-encoding": "br, gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == body


@pytest.mark.parametrize(("size", "accepted"), [(100, "gzip"), (2_000, "gzip;q=0"), (2_000, "")])
async def test_what_is_small_or_not_wanted_is_sent_as_it_is(size: int, accepted: str) -> None:
    answer = await packed(Response(200, {}, b"x" * size), {"accept-encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert len(answer.body) == size


async def test_others_have_their_turn_while_a_large_answer_is_packed() -> None:
    work = asyncio.create_task(packed(Response(200, {}, LARGE), {"accept-encoding": "gzip"}))
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 3
