"""A node whose data are sent by processes of their own: real ones, which end, are killed, and are judged elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from connector.node import Node
from connector.services.changes import Change
from tests.connector.data.workers.crewed import crewed, events, put
from tests.connector.data.world import PID, asset, count, started

LARGE = bytes(range(256)) * (1 << 18)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():
            await asyncio.sleep(0.02)


async def noted(node: Node, event: str) -> None:
    async def is_there() -> bool:
        return event in [name for name, _ in await events(node)]

    await until(is_there)


async def test_what_is_counted_is_counted_once(tmp_path: Path) -> None:
    async with crewed(tmp_path, b"x" * 1024, count(5)) as (node, session, url):

        async def one() -> int:
            async with session.get(url) as answer:
                await answer.read()
                return answer.status

        done = await asyncio.gather(*(one() for _ in range(64)))
        assert sorted(done) == [200] * 5 + [403] * 59
        assert node.asked.serving == 2
        said = [name for name, _ in await events(node)]
        assert (said.count("access.permitted"), said.count("access.refused")) == (5, 59)


async def test_a_stream_is_the_file_and_its_end_is_written_down(tmp_path: Path) -> None:
    async with crewed(tmp_path, LARGE) as (node, session, url):
        async with session.get(url) as answer:
            assert await answer.read() == LARGE
        await noted(node, "access.finished")


async def test_a_revocation_cuts_a_stream_in_a_process(tmp_path: Path) -> None:
    async with crewed(tmp_path, LARGE) as (node, session, url):
        with pytest.raises(aiohttp.ClientError):
            async with session.get(url) as answer:
                await answer.content.readexactly(1 << 16)
                await put(node, started(state="SUSPENDED"))
                node.changes.publish(Change("transfer", PID))
                await noted(node, "access.cut")
                await answer.read()
        assert ("access.cut", "transfer.state") in await events(node)


async def test_a_process_that_is_killed_is_started_again_and_what_it_sent_is_broken(tmp_path: Path) -> None:
    async with crewed(tmp_path, LARGE, workers=1) as (node, session, url):
        with pytest.raises(aiohttp.ClientError):
            async with session.get(url) as answer:
                await answer.content.readexactly(1 << 16)
                os.kill(node.crew.processes[0], signal.SIGKILL)
                await noted(node, "access.broken")
                assert node.crew.trouble() is not None
                await answer.read()
        assert ("access.broken", "worker.gone") in await events(node)
        async with asyncio.timeout(60):
            while node.crew.trouble() is not None:
                await asyncio.sleep(0.05)
        async with session.get(url) as answer:
            assert await answer.read() == LARGE


async def test_processes_end_with_the_line_to_who_decides(tmp_path: Path) -> None:
    async with crewed(tmp_path, LARGE) as (node, session, url):
        with pytest.raises(aiohttp.ClientError):
            async with session.get(url) as answer:
                await answer.content.readexactly(1 << 16)
                ended = [asyncio.create_task(_gone(pid)) for pid in node.crew.processes.values()]
                await node.asked.close()
                await asyncio.gather(*ended)
                await answer.read()


async def _gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            await asyncio.sleep(0.02)


async def test_all_else_is_answered_by_the_control_process(tmp_path: Path) -> None:
    async with crewed(tmp_path, b"x") as (node, session, url):
        root = node.config.public_url
        async with session.get(f"{root}/.well-known/did.json") as answer:
            assert (await answer.json())["id"] == node.did
        async with session.post(f"{root}/dsp/2025-1/catalog/request", json={}) as answer:
            assert answer.status == 401
        async with session.post(f"{root}/dsp/2025-1/catalog/request", data=b"x" * 3_000_000) as answer:
            assert answer.status in (401, 413)
        async with session.get(url, headers={"Upgrade": "websocket", "Connection": "Upgrade"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, "http.upgrade")
        async with session.delete(url) as answer:
            assert answer.status == 405


async def test_what_one_process_alone_may_hear_is_read_by_the_control_process(tmp_path: Path) -> None:
    async with crewed(tmp_path, b"x") as (node, session, url):
        came: list[str] = []

        async def here(request: Any) -> web.Response:
            came.append(request.method)
            return web.Response(text="here")

        node.public_listener._streams[node.data_plane.base] = here
        async with session.get(url) as answer:
            assert await answer.text() == "x"
        await put(node, asset("mqtt", silo="broker", collection="c", fields=["a"]))
        for _ in range(2 * 8):  # a process that remembers the file asks anew once the decision has refused it
            async with session.get(url) as answer:
                await answer.read()
        async with session.get(url) as answer:
            assert await answer.text() == "here"
        async with session.get(url, headers={"Accept": "text/event-stream"}) as answer:
            assert await answer.text() == "here"
        assert came
