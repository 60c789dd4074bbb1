"""What leaves under a transfer, opened by ourselves: for whoever delivers it, where nobody asks over HTTP.

What lives here: from a transfer's asset to the content that may leave, bytes and rows alike. What does not: judging
(`data.gate`), what is done to it (`data.egress`, `data.answering.answers`), answering requests (`http.data`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from connector.data.answering.answers import Answers, Question
from connector.data.answering.unfinished import Known
from connector.data.delivery import increments
from connector.data.egress import Egress, Leaving
from connector.data.gate import Ask, Gate
from connector.data.queries.reading import Asked
from connector.data.sources import Sources
from connector.errors import RefusedError
from connector.ports import Content
from connector.records import Asset, Delivery


class Opened(Struct, frozen=True):
    """A content that leaves, and how it is closed: once, whether it was read or not. `ask` is how it is asked for at
    the gate: each part of it as going on with the same use, which the first one draws.

    Of rows, `asof` is the time by which they were made, `until` where they end that are delivered by their time (0:
    they are not). `before` is there where it goes on: the hash of what is in front, whole with the first piece."""

    content: Content
    close: Callable[[], Awaitable[None]]
    ask: Ask
    asof: int = 0
    until: int = 0
    before: Any = None

    @property
    def is_nothing(self) -> bool:
        """Are these rows of a time in which there were none?"""
        return bool(self.until) and increments.is_nothing(self.content)


class Opening:
    """Opens assets, changed as their contracts want it."""

    def __init__(self, *, gate: Gate, sources: Sources, egress: Egress, answers: Answers) -> None:
        self._gate, self._sources, self._egress, self._answers = gate, sources, egress, answers

    async def __call__(self, now: Delivery, asset: Asset) -> Opened:
        """What leaves under a transfer by its delivery `now`: whole, or of rows what is to be delivered next of them,
        without what of it was acknowledged. Raises as `Sources.open`, `Egress.content`, `Answers.begin` and `resume`
        do, and `AccessRefusedError` as the gate does: nothing is made for whom it would be refused to."""
        pid = now.id
        if Answers.gives_rows(asset):
            return await self._rows(now, asset)
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

    async def _rows(self, now: Delivery, asset: Asset) -> Opened:
        """Rows have no version: what was acknowledged is made again, and goes on where it is the same."""
        leaving = await self._gate.leaving(now.id)
        chain = leaving.chain.digest if leaving is not None else ""
        goes_on = bool(now.etag and now.asof)
        ask = Ask(asset=asset, chain=chain, etag=now.etag if goes_on else "", resumes=goes_on)
        leaving = await self._allowed(now.id, ask)
        known = _known(now) if goes_on else None
        question = await self._answers.question(asset, "", Asked(), leaving, known)
        until = self._until(now, question)
        if until:
            question = await self._of_span(question, now.since, until, leaving)
        try:
            if known is None or now.sha256:  # One with a hash is small: it is one part, and was not acknowledged.
                begun = await self._answers.begin(question)
            else:
                begun = await self._answers.resume(question, known, now.offset, b"")
        except BaseException:
            question.close()
            raise

        async def close() -> None:
            await begun.close()
            question.close()

        ask = asking(asset, leaving, begun.content)
        return Opened(begun.content, close, ask, question.now, until, begun.before)

    def _until(self, now: Delivery, question: Question) -> int:
        """Where the rows end of which this delivery is; 0 where it is of all."""
        if not now.every or (now.etag and now.asof):
            return now.until
        chain = question.leaving.chain if question.leaving is not None else None
        return increments.until(question.shape, chain, question.now) or 0

    async def _of_span(self, question: Question, since: int, until: int, leaving: Leaving | None) -> Question:
        question.close()
        where = increments.rows(question.shape.time, since, until)
        known = Known(etag="", transfer="", question="", now=question.now)
        return await self._answers.question(question.asset, "", Asked(where=where), leaving, known)

    async def _allowed(self, pid: str, ask: Ask) -> Leaving | None:
        """Under what the data may leave. Raises `AccessRefusedError` where they may not."""
        credential = self._gate.credential(pid)
        allowed = await self._gate.allows(credential, pid, ask)
        if allowed is not None:
            return allowed.leaving
        await self._gate.admit(credential, pid, replace(ask, draws=False))  # It says why, and the audit knows.
        raise RefusedError("transform.undone")


def _known(now: Delivery) -> Known:
    """What was acknowledged, as an answer that broke off."""
    return Known(
        etag=f'"{now.etag}"', transfer=now.id, question="", now=now.asof, told=now.offset, sha256=now.told
    )  # fmt: skip


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
