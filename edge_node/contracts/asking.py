"""Hearing of the node what is to be done: one question that waits for its answer, again and again, always outwards.

What lives here: the question, what its answers mean, when the next one is asked. What does not: what orders say
(`connector.data.readings.orders`), keeping them (`orders`), acting by them (`sync`, `duties`).

Where the link is paid for by the byte, questions take up a small share of the day's budget: the device asks less often
and hears later. With a question goes what the device says of itself, for the fleet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from edge_node.contracts.orders import Book
from edge_node.errors import EdgeError, LinkError, OrderError
from edge_node.network.link import Answer, Link
from edge_node.place.identity import Identity

_WAIT: Final = 55.0
_PATIENCE: Final = 20.0
"""Seconds more than an answer may be waited for."""
_FIRST: Final = 1.0
_LONGEST: Final = 300.0
_DAY: Final = 86_400.0
_QUESTION: Final = 2_500
"""Bytes that a question and its answer take, about."""
_SHARE: Final = 8
"""Of a day's budget, questions take one part in so many."""

Said = Callable[[], Mapping[str, Any]]


class Asking:
    """Asks for orders. `heard` is called with each that is new; `budget` is in bytes a day (0: none); `told` takes the
    node's time where it is to be believed; `renewed` gives the device with the node's present keys, and is asked where
    orders are signed by one that is not known."""

    def __init__(
        self,
        identity: Identity,
        link: Link,
        book: Book,
        *,
        now: Callable[[], int],
        told: Callable[[int], None],
        said: Said,
        heard: Callable[[], Awaitable[None]],
        renewed: Callable[[], Awaitable[Identity]],
        budget: int = 0,
        private: bool = False,
        jitter: Callable[[], float] = lambda: 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._identity, self._link, self._book = identity, link, book
        self._now, self._told, self._said = now, told, said
        self._heard, self._renewed = heard, renewed
        self._pause = _DAY * _QUESTION * _SHARE / budget if budget else 0.0
        self._private, self._jitter, self._sleep = private, jitter, sleep
        self._tries = 0
        self.trouble: EdgeError | None = None
        self.answered = 0

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self._ask()
                self._tries, self.trouble, pause = 0, None, self._pause
            except EdgeError as error:
                self.trouble, pause = error, self._later(error)
            if pause:
                await self._sleep(pause)

    def _later(self, error: EdgeError) -> float:
        self._tries += 1
        pause = min(_FIRST * 2.0 ** min(self._tries - 1, 20), _LONGEST) * self._jitter()
        return max(pause, self._pause, float(error.seconds) if isinstance(error, LinkError) else 0.0)

    async def _ask(self) -> None:
        known = self._book.current
        # The first answer also says how late it is, which a board without a clock waits for.
        wait = _WAIT if self.answered and not self._pause else 0.0
        asked = {
            "after": known.number if known else 0,
            "issued": known.issued if known else 0,
            "wait": wait,
            "status": self._said(),
        }
        answer = await self._link.post(
            self._identity.at("/edge/orders"),
            msgspec.json.encode(asked),
            media_type="application/json",
            authorization=self._identity.authorization(self._now()),
            device=self._identity.device,
            private=self._private,
            deadline=wait + _PATIENCE,
        )
        self._clock(answer)
        match answer.status:
            case 200:
                await self._take(answer.body)
            case 204:
                pass
            case 401:
                raise LinkError("orders.unknown", answer.wait)
            case 403 | 404:
                raise LinkError("orders.unwelcome", max(answer.wait, 60), status=str(answer.status))
            case _:
                raise LinkError("orders.unanswered", answer.wait, status=str(answer.status))
        self.answered = self._now()

    def _clock(self, answer: Answer) -> None:
        """INVARIANT: the connection is the node's (TLS, or loopback in a laboratory) and the answer is to a question of
        just now, so the time in it is no old one."""
        if answer.date:
            self._told(answer.date)

    async def _take(self, message: bytes) -> None:
        try:
            fresh = await self._book.take(message)
        except OrderError as error:
            if error.code != "orders.seal":
                raise
            self._identity = await self._renewed()
            self._book.keys = self._identity.node_keys
            fresh = await self._book.take(message)
        if fresh:
            await self._heard()
