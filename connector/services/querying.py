"""Answering SPARQL queries about what this node shows to everybody: the same as below /dcat, and nothing else.

What lives here: keeping the process that answers (`catalog.rdf.sparql`) at the latest snapshot, and how many may wait
for it. What does not: what is shown (`portal`), the language, HTTP. One query is answered at a time, so that queries of
strangers never take more of the machine than one processor for a few seconds each.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from catalog.rdf.sparql import Answered, Loaded
from catalog.rdf.worker import WorkerError
from connector.errors import BusyError, MessageError, NodeError, TooLargeError
from connector.services.portal import Portal, Snapshot

MOST: Final = 16
"""Queries that wait for their turn."""
_MADE: Final = 100
_KINDS: Final[dict[str, type[NodeError]]] = {
    "sparql.time": TooLargeError,
    "sparql.large": TooLargeError,
    "sparql.long": TooLargeError,
    "sparql.worker": BusyError,
    "sparql.empty": BusyError,
}


class Answers(Protocol):
    """The process. Every call blocks; each raises `WorkerError`."""

    def load(self, loaded: Loaded) -> int:
        """Answer about this from now on: the number of statements."""
        ...

    def ask(self, query: str, accepted: tuple[str, ...] = ()) -> Answered:
        """The answer to one query."""
        ...

    def close(self) -> None:
        """End the process."""
        ...


class Querying:
    """Answers about the latest snapshot of a portal."""

    def __init__(self, portal: Portal, answers: Answers) -> None:
        self._portal, self._answers = portal, answers
        self._turn, self._waiting = asyncio.Lock(), 0
        self._loaded = ""

    async def ask(self, query: str, accepted: tuple[str, ...] = ()) -> Answered:
        """The answer, in the first media type that fits.

        Raises `MessageError` for what is no query or one that is not answered, `TooLargeError` where it takes or says
        too much, `BusyError` where too many wait, `StoreError`.
        """
        if self._waiting >= MOST:
            raise BusyError("sparql.busy")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._asked(await self._portal.latest(), query, accepted)
        except WorkerError as error:
            code, what = error.reason.code, str(error.reason.params["what"])
            raise _KINDS.get(code, MessageError)(code, what=what) from None
        finally:
            self._waiting -= 1

    async def _asked(self, snapshot: Snapshot, query: str, accepted: tuple[str, ...]) -> Answered:
        if snapshot.id != self._loaded:
            await self._load(snapshot)
        try:
            return await asyncio.to_thread(self._answers.ask, query, accepted)
        except WorkerError as error:
            if error.reason.code != "sparql.empty":
                raise
        # The process is a new one: the last one is gone.
        await self._load(snapshot)
        return await asyncio.to_thread(self._answers.ask, query, accepted)

    async def _load(self, snapshot: Snapshot) -> None:
        self._loaded = ""
        shelf, house = self._portal.shelf(snapshot.changed), self._portal.house

        datasets: list[tuple[str, bytes]] = []
        for at in range(0, len(snapshot.datasets), _MADE):
            made = await self._portal.made(snapshot.datasets[at : at + _MADE])
            if made is None:  # meanwhile it has changed more than is kept of it
                raise BusyError("sparql.busy")
            datasets += [(one.id, one.nodes) for one in made]
        await asyncio.to_thread(self._answers.load, Loaded(shelf, house, datasets))
        self._loaded = snapshot.id

    async def close(self) -> None:
        """End the process. A query that is being answered is waited for: it has its own end."""
        async with self._turn:
            await asyncio.to_thread(self._answers.close)
