"""What leaves under a transfer, opened by ourselves: for whoever delivers it, where nobody asks over HTTP.

What lives here: from a transfer's asset to the content that may leave, bytes and rows alike. What does not: judging
(`data.gate`), what is done to it (`data.egress`, `data.answers`), answering requests (`http.data`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

from connector.data.answers import Answers
from connector.data.egress import Egress, Leaving
from connector.data.gate import Ask, Gate
from connector.data.queries.reading import Asked
from connector.data.sources import Sources
from connector.errors import RefusedError
from connector.ports import Content
from connector.records import Asset


class Opened(Struct, frozen=True):
    """A content that leaves, and how it is closed: once, whether it was read or not. `ask` is how it is asked for at
    the gate: each part of it as going on with the same use, which the first one draws."""

    content: Content
    close: Callable[[], Awaitable[None]]
    ask: Ask


class Opening:
    """Opens assets, changed as their contracts want it."""

    def __init__(self, *, gate: Gate, sources: Sources, egress: Egress, answers: Answers) -> None:
        self._gate, self._sources, self._egress, self._answers = gate, sources, egress, answers

    async def __call__(self, pid: str, asset: Asset) -> Opened:
        """What leaves under a transfer, whole. Raises as `Sources.open`, `Egress.content` and `Answers.begin` do, and
        `AccessRefusedError` as the gate does: nothing is made for whom it would be refused to."""
        if Answers.gives_rows(asset):
            return await self._rows(pid, asset)
        leaving = await self._gate.leaving(pid)
        content = await self._sources.open(asset, "")
        try:
            if leaving is not None:
                content = await self._changed(pid, asset, leaving, content)
        except BaseException:
            content.close()
            raise

        async def close() -> None:
            content.close()

        return Opened(content, close, asking(asset, leaving, content))

    async def _changed(self, pid: str, asset: Asset, leaving: Leaving, content: Content) -> Content:
        allowed = await self._allowed(pid, asking(asset, leaving, content))
        if allowed is None:
            raise RefusedError("transform.undone")
        origin = await asyncio.to_thread(self._sources.origin, asset, "")
        return await self._egress.content(replace(allowed, member="", origin=origin), content)

    async def _rows(self, pid: str, asset: Asset) -> Opened:
        """Rows have no version: an answer that is not small is another one each time."""
        leaving = await self._gate.leaving(pid)
        chain = leaving.chain.digest if leaving is not None else ""
        leaving = await self._allowed(pid, Ask(asset=asset, chain=chain))
        question = await self._answers.question(asset, "", Asked(), leaving)
        try:
            begun = await self._answers.begin(question)
        except BaseException:
            question.close()
            raise

        async def close() -> None:
            await begun.close()
            question.close()

        return Opened(begun.content, close, asking(asset, leaving, begun.content))

    async def _allowed(self, pid: str, ask: Ask) -> Leaving | None:
        """Under what the data may leave. Raises `AccessRefusedError` where they may not."""
        credential = self._gate.credential(pid)
        allowed = await self._gate.allows(credential, pid, ask)
        if allowed is not None:
            return allowed.leaving
        await self._gate.admit(credential, pid, replace(ask, draws=False))  # It says why, and the audit knows.
        raise RefusedError("transform.undone")


def identity(content: Content) -> str:
    """What tells this content from any other: its hash where that is known, else its ETag."""
    return content.sha256.hex() if content.sha256 is not None else content.etag.strip('"')


def asking(asset: Asset, leaving: Leaving | None, content: Content) -> Ask:
    """How a part of a content is asked for."""
    planned: dict[str, str] = {"sha256": content.sha256.hex()} if content.sha256 is not None else {}
    if leaving is not None:
        planned |= {"transforms": leaving.chain.text, "transforms_sha256": leaving.chain.digest}
    chain = leaving.chain.digest if leaving is not None else ""
    return Ask(asset=asset, chain=chain, etag=identity(content), resumes=True, planned=planned)
