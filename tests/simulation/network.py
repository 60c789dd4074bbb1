"""Whole nodes in one process on virtual time, joined by a network that loses, repeats, delays and cuts.

What lives here: the network and its weather. What does not: the hosts on it (`hosts`), what their nodes are made to do
(`play`), what must hold afterwards (`invariants`).

Everything random is drawn from the network's seed at the moment when a message is posted, and nothing waits outside the
loop, so one seed replays a run exactly. A node is real down to its SQLite file and its signed tokens; between two nodes
a message goes from the Peer port of one to `Dsp.handle` of the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import hashlib
import random
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from connector.errors import DeliveryError
from connector.http import client
from connector.http.exchange import Request, Response
from connector.ports import Reply

GARBAGE = (
    Reply(200, b"<html>Welcome to the hotel network</html>"),
    Reply(200, b'{"@type":"Nonsense"}'),
    Reply(204, b""),
    Reply(301, b"", {"location": "https://elsewhere.example/"}),
    Reply(500, b"Internal Server Error"),
    Reply(502, b"<html>Bad Gateway</html>"),
    Reply(503, b""),
)
"""What stands between two nodes may answer in the place of one of them."""


class Weather(Struct, frozen=True):
    """How likely things happen to a message on its way.

    `silent` is the part of the losses that the sender learns of only by its deadline; `late` copies arrive up to
    `latest` seconds later, long after the sender has given up; `again` means that something on the way repeats the
    request and passes on the last answer; `twice` that a copy arrives some time later and nobody sees its answer.
    """

    delay: float = 0.02
    lost_request: float = 0.0
    lost_answer: float = 0.0
    silent: float = 0.5
    twice: float = 0.0
    again: float = 0.0
    late: float = 0.0
    latest: float = 90.0
    garbage: float = 0.0


FAIR = Weather()


class Fate(Struct, frozen=True):
    """What will happen to one message, drawn when it is posted."""

    there: float
    back: float
    lost_request: bool
    lost_answer: bool
    silent: bool
    copy_after: float | None
    again: bool
    garbage: Reply | None


class Letter(Struct, frozen=True):
    """A request as it was posted."""

    sender: str
    target: str
    request: Request


class Seen(Struct, frozen=True):
    """An answer that its sender has seen."""

    letter: Letter
    status: int


class Station(Protocol):
    """A host as the network sees it."""

    async def take(self, request: Request) -> Response:
        """Serve a request. Raises `DeliveryError` where nobody answers."""

    async def stop(self) -> None:
        """Stop what runs there."""


class Network:
    """Hosts by name, and what lies between them. `trace` is what happened, in its order."""

    def __init__(self, seed: str) -> None:
        self.seed, self.random = seed, random.Random(seed)
        self.stations: dict[str, Station] = {}
        self.weather = FAIR
        self.cut: set[tuple[str, str]] = set()
        self.letters: list[Letter] = []
        self.seen: list[Seen] = []
        self.trace: list[tuple[Any, ...]] = []
        self.under_way = 0
        self.trouble: list[str] = []
        """Exceptions that nobody expected, and answers that no node may give."""
        self._context = contextvars.copy_context()
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Work that belongs to no host and goes on when one of them dies."""
        task = asyncio.get_running_loop().create_task(work, context=self._context.copy())
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done))
        return task

    def note(self, *what: Any) -> None:
        """One line of the trace."""
        self.trace.append((round(asyncio.get_running_loop().time(), 6), *what))

    def heal(self) -> None:
        """From now on every message arrives. What is late is still on its way."""
        self.weather = FAIR
        self.cut.clear()

    # --- one message --------------------------------------------------------------------------------------------------

    async def carry(self, letter: Letter, deadline: float) -> Reply:
        """Post a request and wait for its answer. Raises `DeliveryError`."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        fate = self._drawn()
        self.letters.append(letter)
        self.note("post", letter.sender, letter.target, letter.request.method, letter.request.path, _digest(letter))
        self.spawn(self._journey(letter, fate, answer))
        if fate.copy_after is not None:
            self.spawn(self._copy(letter, fate.copy_after))
        try:
            async with asyncio.timeout(deadline):
                return await answer
        except TimeoutError:
            raise DeliveryError("peer.timeout") from None

    def _drawn(self) -> Fate:
        sky, draw = self.weather, self.random.random
        late = draw() < sky.late
        return Fate(
            there=draw() * (sky.latest if late else sky.delay),
            back=draw() * sky.delay,
            lost_request=draw() < sky.lost_request,
            lost_answer=draw() < sky.lost_answer,
            silent=draw() < sky.silent,
            copy_after=draw() * sky.latest if draw() < sky.twice else None,
            again=draw() < sky.again,
            garbage=self.random.choice(GARBAGE) if draw() < sky.garbage else None,
        )

    async def _journey(self, letter: Letter, fate: Fate, answer: asyncio.Future[Reply]) -> None:
        self.under_way += 1
        try:
            reply = await self._answered(letter, fate)
        except DeliveryError as error:
            if not (answer.done() or (fate.silent and error.reason.code == "peer.disconnected")):
                answer.set_exception(error)
        else:
            if not answer.done():
                self.seen.append(Seen(letter, reply.status if fate.garbage is None else 0))
                answer.set_result(reply)
        finally:
            self.under_way -= 1

    async def _answered(self, letter: Letter, fate: Fate) -> Reply:
        await asyncio.sleep(fate.there)
        if fate.lost_request or (letter.sender, letter.target) in self.cut:
            raise DeliveryError("peer.disconnected")
        response = await self.deliver(letter)
        if fate.again:
            response = await self.deliver(letter)
        await asyncio.sleep(fate.back)
        if fate.lost_answer or (letter.target, letter.sender) in self.cut:
            raise DeliveryError("peer.disconnected")
        return fate.garbage or Reply(response.status, response.body, response.headers)

    async def _copy(self, letter: Letter, seconds: float) -> None:
        self.under_way += 1
        try:
            await asyncio.sleep(seconds)
            with contextlib.suppress(DeliveryError):
                await self.deliver(letter)
        finally:
            self.under_way -= 1

    async def deliver(self, letter: Letter) -> Response:
        """A request arrives. Raises `DeliveryError` where nobody is there, or nobody is left to answer."""
        station = self.stations.get(letter.target)
        if station is None:
            raise DeliveryError("peer.unreachable")
        response = await station.take(letter.request)
        self.note("took", letter.target, letter.request.path, _digest(letter), response.status)
        if response.status == 500:
            self.trouble.append(f"{letter.target} answered 500 to {letter.request.path}")
        return response

    async def close(self) -> None:
        """Drop what is on its way and stop every host."""
        for station in self.stations.values():
            await station.stop()
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def _digest(letter: Letter) -> str:
    """What was sent, for the trace; tree heads hang on random salts, so these are left out."""
    return "" if letter.request.path.endswith("/heads") else hashlib.sha256(letter.request.body).hexdigest()[:16]


class Wire:
    """The Peer port of one host."""

    def __init__(self, network: Network, name: str) -> None:
        self._network, self._name = network, name

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Peer.send`."""
        parts = urlsplit(url)
        own = {name.lower(): value for name, value in (fields or {}).items()}
        headers = {"content-type": "application/json", "authorization": authorization or "", **own}
        request = Request(method, parts.path, parts.query, headers, body or b"")
        letter = Letter(self._name, host_name(url), request)
        return await self._network.carry(letter, deadline or client.DEADLINE)

    async def open(
        self, url: str, *, headers: Any, private: bool = False, deadline: float | None = None, method: str = "GET"
    ) -> Any:
        """Data is not carried here."""
        raise DeliveryError("peer.unreachable")

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        return (await self.send("GET", url)).body


def host_name(url: str) -> str:
    """`city` of `https://city.example/...`."""
    return (urlsplit(url).hostname or "").partition(".")[0]
