"""The node looking at itself: who does not know the word learns nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from connector.http.client import HttpPeer
from connector.http.reflection import PATH, Reflection


@asynccontextmanager
async def served(one: Reflection) -> AsyncIterator[str]:
    """The handler on a real socket; its root."""
    app = web.Application()
    app.router.add_get(PATH, one.handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("word", [None, "Bearer ", "Bearer word", "Bearer \u00e4"])
async def test_without_a_look_under_way_nobody_is_answered(word: str | None) -> None:
    async with served(Reflection(lambda: "word")) as root, ClientSession() as session:
        headers = {} if word is None else {"Authorization": word}
        async with session.get(root + PATH, headers=headers) as answer:
            assert (answer.status, await answer.read()) == (401, b"")


async def test_only_the_word_of_this_look_is_answered() -> None:
    one = Reflection(lambda: "word", patience=0.01)
    one._word = "Bearer word"
    async with served(one) as root, ClientSession() as session:
        async with session.get(root + PATH, headers={"Authorization": "Bearer other"}) as answer:
            assert answer.status == 401
        async with session.get(root + PATH, headers={"Authorization": "Bearer word"}) as answer:
            assert await answer.read() == b"arrived\ngathered\n"


async def test_a_look_over_a_plain_road_finds_nothing_and_two_wait_for_each_other() -> None:
    one, client = Reflection(lambda: "word"), HttpPeer()
    async with served(one) as root:
        assert await asyncio.gather(*(one.look(client, root) for _ in range(3))) == [None] * 3
        assert one._word == ""
    await client.close()
