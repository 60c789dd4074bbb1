"""Somebody between a reader and a real web service: answers with faults, rows twice and out of order, a wrong clock.

What lives here: faults of HTTP and of what a service says. What does not: faults of the connection
(`tests.harness.proxy`). What the service says of its own address is left as it is: readers have to stay here anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
from aiohttp import web
from yarl import URL

Change = Callable[[str, bytes], bytes]


class Meddler:
    """Listens on a port of loopback and passes requests on to a service."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.asked: list[str] = []
        """Paths and queries, unescaped, in order."""
        self.working = 0
        """Requests that are worked on right now."""
        self.refusals: list[tuple[int, dict[str, str]]] = []
        """The next answers: status and header fields."""
        self.change: Change = lambda _path, body: body
        """What becomes of a body."""
        self.ahead = 0.0
        """Seconds that the service's clock is ahead."""
        self.headers: list[dict[str, str]] = []
        """The header fields of requests, in order."""
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()

    async def close(self) -> None:
        """Stop."""
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._runner is not None
        port: int = self._runner.addresses[0][1]
        return port

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def _answer(self, request: web.Request) -> web.Response:
        answer = await self._answered(request)
        # Each request is a connection: faults of connections are then faults of requests.
        answer.force_close()
        return answer

    async def _answered(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        self.headers.append(dict(request.headers))
        date = {"Date": format_datetime(datetime.now(UTC) + timedelta(seconds=self.ahead), usegmt=True)}
        if self.refusals:
            status, fields = self.refusals.pop(0)
            return web.Response(status=status, headers={**date, **fields})
        self.working += 1
        try:
            return await self._passed(request, date)
        finally:
            self.working -= 1

    async def _passed(self, request: web.Request, date: dict[str, str]) -> web.Response:
        assert self._session is not None
        url = URL(self.target + request.raw_path, encoded=True)
        async with self._session.get(url, headers={"Accept": request.headers.get("Accept", "*/*")}) as answer:
            body = self.change(request.path, await answer.read())
            kind = answer.headers.get("Content-Type", "")
            return web.Response(status=answer.status, body=body, headers={**date, "Content-Type": kind})

    async def idle(self) -> int:
        """How many requests are still worked on, once the service has had a moment to notice that nobody waits."""
        for _ in range(200):
            if not self.working:
                break
            await asyncio.sleep(0.01)
        return self.working
