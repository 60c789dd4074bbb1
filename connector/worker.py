"""The composition root of a data process: it reads, changes and sends, and asks the control process for all else.

What lives here: what such a process is made of, and its life. What does not: deciding, counting, writing anything down
(`node`, in the control process). It is started with the node's directory and the port that all data processes share; it
opens no database and holds no key but that of the TLS certificate, where the node has one. When the line to the control
process breaks it ends at once, and its streams with it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from connector import fittings, hosting, telemetry
from connector.config import Config, load
from connector.data import egress
from connector.data.answering import answers
from connector.data.sources import Sources
from connector.data.workers import places
from connector.data.workers.remote import Distant, Line, RemoteGate, RemoteLedgers
from connector.errors import NodeError
from connector.http import accesses, client, data, live
from connector.http.exchange import JSON, Headers, Request, Response
from connector.http.forwarding import Forwarding
from connector.http.problems import problem, told
from connector.http.server import Listener, names_of
from connector.http.tls import Certificate
from connector.sentences import language_of
from connector.system import SystemClock, SystemIds

log = structlog.get_logger()
HEARD = frozenset({"mqtt", "readings"})
"""Kinds of silos that the control process alone can read: with one session and one spool of what was heard, or in its
own database."""


class Worker:
    """One data process on a line to the control process."""

    def __init__(self, config: Config, line: Line) -> None:
        self.config, self.line = config, line
        clock, self.distant = SystemClock(), Distant(line)
        self._outer = client.client_of(config.network)
        self._inner = client.client_of(config.network, inner=self._outer)
        self.silos = fittings.silos(config, peer=self._inner, clock=clock, find=self.distant.silo)
        sources = Sources(config.sources.kinds, clock=clock, closed=[config.directory], silos=self.silos)
        leaves = egress.Egress(ledgers=RemoteLedgers(line), clock=clock, sign=self.distant.sign, draw=None)
        token = SystemIds().token
        self.gate = RemoteGate(line)
        self.data_plane = data.DataPlane(
            self.gate,
            sources,
            leaves,
            base=fittings.data_path(config),
            answers=answers.Answers(sources=sources, silos=self.silos, egress=leaves, clock=clock, token=token),
            clock=clock,
        )
        self._forwarding = Forwarding(places.public(config.directory))
        self.listener = self._listener()

    def _listener(self) -> Listener:
        """The one port. Everything is a stream here: what is no access to data is handed on as it comes."""
        config, public = self.config, self.config.public
        certificate = None
        if public.tls_certificate:
            certificate = Certificate(Path(public.tls_certificate), Path(public.tls_key))
        return Listener(
            "public",
            serve=_nowhere,
            refuse=_refuse,
            hosts=names_of(urlsplit(config.public_url).hostname or ""),
            metrics=telemetry.Metrics(),
            limits=fittings.http_limits(config),
            streams={
                f"{self.data_plane.base}probe": self._forwarding.handler,
                self.data_plane.base: self._access,
                "": self._forwarding.handler,
            },
            certificate=certificate,
        )

    async def _access(self, request: web.Request) -> web.StreamResponse:
        """Rows as they come are the control process's affair, and silos that one process alone may hear."""
        if request.method not in ("GET", "HEAD") or live.wanted(request) or await self._is_heard(request):
            return await self._forwarding.handler(request)
        return await self.data_plane.handler(request)

    async def _is_heard(self, request: web.Request) -> bool:
        """Is this for a silo of `HEARD`? What is wrong with an access is said by whoever answers it."""
        try:
            access = accesses.read(request, self.data_plane.base)
            asset = (await self.gate.standing(access.credential, access.pid)).asset
        except NodeError:
            return False
        return asset is not None and asset.kind in HEARD

    async def start(self, port: int) -> None:
        """Listen, together with the others."""
        await self.listener.start(self.config.public.host, port, shared=True)

    async def close(self) -> None:
        """Take no more requests, finish those under way, and hang up."""
        await self.listener.close()
        await self.data_plane.close()
        await self.silos.close()
        await self._inner.close()
        await self._outer.close()
        await self.line.close()


async def _nowhere(request: Request) -> Response:
    """Nothing comes here: every path is a stream's."""
    return Response(404, {"content-type": JSON})


def _refuse(path: str, headers: Headers, error: NodeError) -> Response:
    return problem(error, language_of(headers.get("accept-language", "")), None, told(error))


def run(config: Config, port: int) -> None:
    """Run a data process until SIGTERM, or until the control process is gone."""
    telemetry.configure_logs(sys.stderr, config.log.level, config.log.form)
    hosting.enough_descriptors(config.limits.connections)
    with asyncio.Runner(loop_factory=hosting.loop_factory()) as runner:
        runner.run(_serve(config, port))


async def _serve(config: Config, port: int) -> None:
    stop = hosting.stop_signals()
    line = Line(*await asyncio.open_unix_connection(str(places.questions(config.directory))))
    worker = Worker(config, line)
    await worker.start(port)
    # Before the process that makes us is told: its own word, that the node is ready, comes after all of ours.
    log.info("worker.ready", port=port, process=os.getpid())
    await worker.distant.serving()
    hosting.settle()
    await hosting.first_of(stop, line.lost)
    if line.lost.is_set():
        # Nobody judges any more: what is open is reset by the end of the process, and nothing is left to tell anybody.
        log.critical("worker.alone")
        os._exit(1)
    await worker.close()


def main() -> None:
    """`python -m connector.worker DIR PORT`, as the crew starts it."""
    directory, port = sys.argv[1:]
    run(load(Path(directory), os.environ), int(port))


if __name__ == "__main__":
    main()
