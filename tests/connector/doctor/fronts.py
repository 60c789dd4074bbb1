"""A small reverse proxy on a real socket, as administrators set them up: well, and with the usual mistakes."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, DummyCookieJar, web

Rewritten = Callable[[str], str]


class Front:
    """What the proxy does. `path` rewrites the path, `port` chooses where a path goes, `drop` are fields that it takes
    away, `host` what it puts into Host; with `gather` it reads the whole answer first; `static` are answers of its own.
    """

    def __init__(
        self,
        target: int,
        *,
        path: Rewritten = str,
        port: Callable[[str], int | None] = lambda path: None,
        drop: tuple[str, ...] = (),
        host: str | None = None,
        gather: bool = False,
        static: dict[str, tuple[int, bytes]] | None = None,
        moved: str = "",
    ) -> None:
        self.target, self.path, self.port, self.drop, self.host = target, path, port, drop, host
        self.gather, self.static, self.moved = gather, static or {}, moved

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on."""
        if self.moved:
            return web.Response(status=301, headers={"Location": self.moved})
        if request.path in self.static:
            status, body = self.static[request.path]
            return web.Response(status=status, body=body, content_type="application/json")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in self.drop}
        headers["Host"] = self.host or request.headers["Host"]
        port = self.port(request.path) or self.target
        url = f"http://127.0.0.1:{port}{self.path(request.raw_path)}"
        async with ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False) as session:
            try:
                async with session.request(
                    request.method, url, headers=headers, data=await request.read(), allow_redirects=False
                ) as answer:
                    return await self._passed(request, answer)
            except OSError:
                return web.Response(status=502)

    async def _passed(self, request: web.Request, answer: object) -> web.StreamResponse:
        from aiohttp import ClientResponse

        assert isinstance(answer, ClientResponse)
        kept = {n: v for n, v in answer.headers.items() if n.lower() not in ("transfer-encoding", "content-length")}
        if self.gather:
            return web.Response(status=answer.status, headers=kept, body=await answer.read())
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        async for piece in answer.content.iter_any():
            await response.write(piece)
        await response.write_eof()
        return response


@asynccontextmanager
async def fronted(front: Front, context: ssl.SSLContext | None, port: int) -> AsyncIterator[None]:
    """Serve the proxy on a port of loopback."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", front.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def deaf(port: int) -> AsyncIterator[None]:
    """A port that lets connections wait for ever, as a firewall that drops does: its queue is full."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            yield
        finally:
            for filler in fillers:
                filler.close()
