"""Answers with rows: what is asked of an asset made into bytes that may leave.

What lives here: the order query -> shape -> fit -> split, the reading and treating of rows under a contract, the
beginning of an answer (small ones are made whole), its continuation after a break. What does not: whether somebody may
have it (`data.gate`), HTTP (`http.answers`), doing the work to rows (`data.answering.passage`).
Source: OGC API - Features Part 1 (17-069r4, 7.15) for what is asked; the notes in `data.answering.unfinished` for the
rest.

INVARIANT: a query chooses among what is released under the contract. Where what leaves depends on how many rows there
are or on what was told before, no reader sees the query at all: it is asked for the same whole whoever asks for what.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connector.data import formats
from connector.data.answering import passage
from connector.data.answering.bridge import Bridge
from connector.data.answering.unfinished import Known
from connector.data.egress import MINUTE, TRANSFORMS, Egress, Leaving, refused
from connector.data.queries import fitting, splitting, writing
from connector.data.queries.model import EVERYTHING, Pushed, Query, Shape, Split, Work
from connector.data.queries.reading import Asked
from connector.data.silos import origins
from connector.data.silos.opened import Opened
from connector.data.silos.registry import Silos
from connector.data.sources import Sources, kinds
from connector.errors import MessageError, OurError, SourceError, UnknownError
from connector.ports import Clock, Content
from connector.records import Asset
from policies.model import PolicyError
from policies.transforms import Chain, Given, media, provenance
from policies.transforms.ledger import Told
from policies.transforms.steps import Aggregate, Noise, Sign, Threshold

SMALL: Final = 1 << 16
"""Answers up to so many bytes are made whole before they leave, and have a length."""
PATIENCE: Final = 10.0
"""Seconds that the beginning of an answer is waited for before it is said that there will be one."""
REPEATED: Final = 8 << 20
"""Bytes of a continued answer that may have been under way when it broke: as many are told again."""
_LONGEST_NOTE: Final = 2000
_TWICE: Final = 8
"""Answers at once whose rows are gone through twice: the second time each waits for the silo in a thread."""


class ChangedError(OurError):
    """What would be told again is not what was told."""


class Question(Struct, frozen=True):
    """What is asked of an asset, understood. `content` is what a source of bytes gives of it, released; `opened` an
    asset of a silo. `split` says who does what, `shape` is that of its rows as they are read. `text` is all that the
    answer depends on beside the time, `asked` the query for people, `media_type` what will leave."""

    asset: Asset
    leaving: Leaving | None
    query: Query
    split: Split
    shape: Shape
    text: str
    asked: str
    media_type: str
    now: int
    opened: Opened | None = None
    content: Content | None = None

    def close(self) -> None:
        """Give back what is open."""
        if self.content is not None:
            self.content.close()

    @property
    def signs(self) -> bool:
        """Is something said of the answer that is signed, when it is over?"""
        chain = self.leaving.chain if self.leaving is not None and self.content is None else None
        return chain is not None and any(isinstance(step, Sign) for step in chain.steps)

    def explained(self) -> dict[str, Any]:
        """Who does which part, as plain JSON, and what the contract takes away."""
        told = splitting.explained(self.split, self.shape)
        steps = provenance(self.leaving.chain)["steps"] if self.leaving is not None else []
        return {**told, "contract": steps, "form": self.media_type, "query": self.asked}


class Begun(Struct, frozen=True):
    """An answer whose first bytes are there, or will be. `close` it, whether it was read or not. `before` is the hash
    of what is in front of its rest: whole when the first piece is there."""

    content: Content
    close: Callable[[], Awaitable[None]]
    before: Any = None


class Answers:
    """Makes answers. `token` draws what tells one answer from another."""

    def __init__(
        self, *, sources: Sources, silos: Silos | None, egress: Egress, clock: Clock, token: Callable[[], str]
    ) -> None:
        self._sources, self._silos, self._egress = sources, silos, egress
        self._clock, self._token = clock, token
        self._twice = asyncio.Semaphore(_TWICE)

    @staticmethod
    def gives_rows(asset: Asset | None) -> bool:
        """Is this an asset whose answers are always made on their way?"""
        return asset is not None and Silos.is_of(asset)

    async def question(
        self, asset: Asset, member: str, asked: Asked, leaving: Leaving | None, known: Known | None = None
    ) -> Question:
        """What is asked, fitted to the data; close it. With `known` as of when that answer was made.

        Only for whom it would be allowed to. Raises `MessageError` `query.*`, `RefusedError` where the contract cannot
        be kept, `UnknownError` for a member that is not there, `OurError` where the silo does not answer.
        """
        now = known.now if known is not None else self._clock.now() // MINUTE * MINUTE
        if self._silos is not None and Silos.is_of(asset):
            if member:
                raise UnknownError("data.unknown")
            return await self._of_silo(self._silos, asset, asked, leaving, now)
        return await self._of_source(asset, member, asked, leaving, now)

    async def _of_silo(self, silos: Silos, asset: Asset, asked: Asked, leaving: Leaving | None, now: int) -> Question:
        opened = await silos.open(asset)
        chain = leaving.chain if leaving is not None else None
        query = fitting.fit(asked, opened.shape, chain)
        if chain is not None and leaving is not None:
            _possible(leaving, opened.shape)
        if _is_remembered(chain):
            # INVARIANT: as above; the reader splits the whole, and the query is the node's alone.
            split = _of_whole(opened, Work(chain=chain, query=EVERYTHING, now=now), query)
        else:
            split = opened.split(Work(chain=chain, query=query, now=now))
        origin = await asyncio.to_thread(origins.origin, opened.silo, opened.selection)
        released = fitting.released(opened.shape, chain)
        return self._question(
            asset, "", replace(leaving, origin=origin) if leaving else None, query, split, opened.shape, released, now,
            opened=opened,
        )  # fmt: skip

    async def _of_source(self, asset: Asset, member: str, asked: Asked, leaving: Leaving | None, now: int) -> Question:
        content = await self._sources.open(asset, member)
        try:
            if leaving is not None:
                origin = await asyncio.to_thread(self._sources.origin, asset, member)
                content = await self._egress.content(replace(leaving, member=member, origin=origin), content)
            shape = await _shape(content)
            query = fitting.fit(asked, shape, None)
        except BaseException:
            content.close()
            raise
        fields = tuple(field.name for field in shape.fields)
        split = Split(pushed=Pushed(fields=fields), left=Work(query=query, now=now))
        return self._question(asset, member, leaving, query, split, shape, shape, now, content=content)

    def _question(
        self,
        asset: Asset,
        member: str,
        leaving: Leaving | None,
        query: Query,
        split: Split,
        shape: Shape,
        released: Shape,
        now: int,
        *,
        opened: Opened | None = None,
        content: Content | None = None,
    ) -> Question:
        form = formats.of(query.form or media.essence(content.media_type if content else released.media_type))
        asked = written(query, released)
        chain = leaving.chain.digest if leaving is not None else ""
        about = [asset.id, asset.kind, asset.settings, member, asked, form, chain]
        text = hashlib.sha256(msgspec.json.encode(about, order="deterministic")).hexdigest()
        return Question(asset, leaving, query, split, shape, text, asked, form, now, opened, content)

    async def begin(self, question: Question) -> Begun:
        """The answer: whole where it is small, else without a size.

        Raises `RefusedError` where the data cannot be treated as the contract asks, `OurError` where the silo does not
        do what it should: then nothing may leave.
        """
        etag = f'"r-{self._token()}"'
        beginning = _Beginning(self._pieces(question))
        try:
            await beginning.wait(_patience(question))
            return Begun(await self._content(question, etag, beginning), beginning.close)
        except BaseException:
            await beginning.close()
            raise

    async def resume(self, question: Question, known: Known, start: int, have: bytes) -> Begun:
        """The rest of an answer from `start` on. `have` is the hash that the reader has of what is before it, empty
        where it did not say.

        Raises `ChangedError` where it is not the same answer any more, else as `begin`.
        """
        before = hashlib.sha256()
        beginning = _Beginning(_rest(self._pieces(question), known, start, have, before))
        try:
            await beginning.wait(2 * PATIENCE)
            content = await self._content(question, known.etag, beginning, whole=False)
        except BaseException:
            await beginning.close()
            raise
        sha256 = known.sha256 if known.size is not None else None
        return Begun(replace(content, size=known.size, sha256=sha256), beginning.close, before)

    async def ending(self, question: Question, size: int, sha256: bytes) -> tuple[tuple[str, str], ...]:
        """What is said of an answer when it is over, beside its hash."""
        if question.leaving is None or question.content is not None:
            return ()
        return await self._egress.signed(question.leaving, question.media_type, size, sha256)

    def told(self, question: Question) -> tuple[tuple[str, str], ...]:
        """The header fields of every answer to a question."""
        return ((TRANSFORMS, question.leaving.chain.text),) if question.leaving is not None else ()

    async def _content(self, question: Question, etag: str, beginning: _Beginning, *, whole: bool = True) -> Content:
        told = self.told(question)
        if whole and beginning.over and len(beginning.held) <= SMALL:
            body = bytes(beginning.held)
            sha256 = hashlib.sha256(body).digest()
            told += await self.ending(question, len(body), sha256)
            return Content(
                question.media_type, etag, partial(_bytes, body), small=lambda: body, size=len(body), sha256=sha256,
                told=told,
            )  # fmt: skip
        return Content(question.media_type, etag, chunks=lambda start, stop: beginning.chunks(), told=told)

    async def _pieces(self, question: Question) -> AsyncGenerator[bytes, None]:
        """The bytes of an answer. Raises `RefusedError`, `OurError`."""
        made = await self._made(question)
        try:
            async with self._twice if _goes_twice(question) else contextlib.nullcontext():
                async for piece in made:
                    yield piece
        except PolicyError as error:
            if question.leaving is None:
                raise SourceError("source.broken", problem=error.reason.code) from None
            raise refused(question.leaving, error.reason.code, **error.reason.params) from None
        finally:
            await made.aclose()

    async def _made(self, question: Question) -> AsyncGenerator[bytes, None]:
        opened, split, leaving = question.opened, question.split, question.leaving
        if question.content is not None:
            assert split.left is not None
            treatment = passage.Treatment(question.shape, split.left, Given(now=question.now), question.media_type)
            return passage.of_text(Bridge(question.content), question.content.media_type, treatment)
        assert opened is not None and self._silos is not None  # noqa: PT018 - one or the other
        read = partial(self._silos.read, opened, split.pushed)
        shape = splitting.given(split.pushed, question.shape)
        if split.left is None and formats.of(media.essence(shape.media_type)) == question.media_type:
            return read()
        work = split.left or Work(now=question.now)
        said: list[Mapping[str, Told]] = []
        given = Given(now=question.now)
        if leaving is not None and work.chain is not None:
            given = await self._egress.given(leaving, question.now, None, said)
        return passage.of_silo(read, passage.Treatment(shape, work, given, question.media_type))


def _patience(question: Question) -> float:
    """Statistics have no beginning before all rows are read, and are refused as a whole or not at all."""
    chain = question.leaving.chain if question.leaving is not None else None
    slow = chain is not None and any(isinstance(step, (Aggregate, Threshold, Noise)) for step in chain.steps)
    return 2 * PATIENCE if slow else PATIENCE


def _is_remembered(chain: Chain | None) -> bool:
    """Does what leaves depend on how many rows there are, or on what was told before?"""
    return chain is not None and any(isinstance(step, (Threshold, Noise)) for step in chain.steps)


def _of_whole(opened: Opened, work: Work, query: Query) -> Split:
    """Who does which part of what the contract demands, and after it the query at the node."""
    split = opened.split(work)
    if split.left is None or not _is_remembered(split.left.chain):
        # Counting who stands behind a group, and knowing what was told, is nobody's but the node's.
        split = splitting.split(opened.shape, work, lambda part: False)
    assert split.left is not None
    return Split(pushed=split.pushed, left=replace(split.left, query=query))


async def _shape(content: Content) -> Shape:
    """What the rows of a text are like. Raises `MessageError` where its type has none, `SourceError` where it is not of
    its type."""
    if not media.has_rows(content.media_type) or content.size is None:
        raise MessageError("query.rowless", media_type=media.essence(content.media_type)[:100])
    bridge = Bridge(content)
    try:
        return await bridge.run(lambda: kinds.shape(media.body(content.media_type, bridge.opened)))
    except (PolicyError, ValueError):
        raise SourceError("source.broken", problem="a text that is not of its media type") from None
    finally:
        bridge.stop()


def _goes_twice(question: Question) -> bool:
    """Are rows counted first, and let go afterwards?"""
    chain = question.leaving.chain if question.leaving is not None and question.opened is not None else None
    kinds = {type(step) for step in chain.steps} if chain is not None else set()
    return Threshold in kinds and Aggregate not in kinds


def _possible(leaving: Leaving, shape: Shape) -> None:
    """Raises `RefusedError` where rows would have to be gone through twice that are not the same twice."""
    kinds = {type(step) for step in leaving.chain.steps}
    if Threshold in kinds and Aggregate not in kinds and not shape.snapshot:
        raise refused(leaving, "transform.endless")


def written(query: Query, shape: Shape) -> str:
    """A query as the parameters of a URL."""
    where = writing.text(query.where, shape) if query.where is not None else ""
    parts = {
        "properties": ",".join(query.properties),
        "filter": where,
        "limit": "" if query.limit is None else str(query.limit),
        "resolution": query.resolution,
        "f": query.form,
    }
    return urlencode({name: value for name, value in parts.items() if value}, safe=",:'()<>=/", quote_via=quote)


def noted(question: Question) -> dict[str, str]:
    """What the audit says of a question."""
    asked = question.asked
    about = {"form": question.media_type, "query_sha256": hashlib.sha256(asked.encode()).hexdigest()}
    if asked:
        about["query"] = asked[:_LONGEST_NOTE]
    if question.leaving is not None:
        chain = question.leaving.chain
        about |= {"transforms": chain.text, "transforms_sha256": chain.digest}
    return about


class _Beginning:
    """Pieces, of which the first may have been waited for already. INVARIANT: nothing is read ahead but these."""

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        self._pieces = pieces
        self._asked: asyncio.Task[bytes | None] | None = None
        self.held = bytearray()
        self.over = False

    async def wait(self, patience: float) -> None:
        """Read until more is there than is small, or all, or time is up. Raises what the pieces raise."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while not self.over and len(self.held) <= SMALL:
            task = self._asked = self._asked or loop.create_task(_next(self._pieces))
            await asyncio.wait({task}, timeout=max(0.0, until - loop.time()))
            if not task.done():
                return
            self._taken(task.result())

    def _taken(self, piece: bytes | None) -> None:
        self._asked = None
        if piece is None:
            self.over = True
        else:
            self.held += piece

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """All of them, once; closed at the end."""
        try:
            if self.held:
                yield bytes(self.held)
            self.held.clear()
            if (asked := self._asked) is not None:
                piece = await asyncio.shield(asked)
                self._asked = None
                if piece is None:
                    return
                yield piece
            if not self.over:
                async for piece in self._pieces:
                    yield piece
        finally:
            await self.close()

    async def close(self) -> None:
        """Nobody wants the rest."""
        if (asked := self._asked) is not None:
            self._asked = None
            asked.cancel()
            await asyncio.wait({asked})
            if not asked.cancelled():
                asked.exception()
        await self._pieces.aclose()


async def _rest(
    pieces: AsyncGenerator[bytes, None], known: Known, start: int, have: bytes, before: Any
) -> AsyncGenerator[bytes, None]:
    """What comes behind `start` of an answer that was told up to `known.told`. Raises `ChangedError` before the first
    piece where it is another. What was complete is not told any further."""
    at, again, begun = 0, bytearray(), False
    told = hashlib.sha256()
    try:
        async for piece in pieces:
            data = piece
            if not begun:
                rest = data[max(0, known.told - at) :]
                told.update(data[: len(data) - len(rest)])
                before.update(data[: max(0, start - at)])
                again += data[max(0, start - at) : len(data) - len(rest)]
                at += len(data)
                if at < known.told:
                    continue
                begun = True
                _check(known, have, before, told, at)
                if again:
                    yield bytes(again)
                    again.clear()
                data = rest
            if known.size is not None:
                return
            if data:
                yield data
        if not begun:
            _check(known, have, before, told, at)
            if again:
                yield bytes(again)
    finally:
        await pieces.aclose()


def _check(known: Known, have: bytes, before: Any, told: Any, at: int) -> None:
    if at < known.told or told.digest() != (known.sha256 or told.digest()):
        raise ChangedError("data.changed")
    if have and before.digest() != have:
        raise ChangedError("data.changed")


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


async def _bytes(body: bytes, start: int, stop: int | None) -> AsyncIterator[bytes]:
    yield body[start:stop]
