"""Data on their way out under a contract that asks for something to be done to them.

What lives here: a source's content made into the content that may leave. What does not: what is done to rows
(`policies.transforms`), whether somebody may have it (`data.gate`), what was told before (`data.ledgers`).

The whole is gone through once before its first byte leaves: a row that cannot be treated, a heading that is not there,
a key or a memory that cannot be had refuse the access, and nothing leaves. That pass gives size and hash as well, so
what leaves has an ETag, can be continued after a break, and is checked at its end like a file. It is made anew from the
source each time and kept nowhere but where it is small; memory is that of a piece, and of the groups where there are
some. A source without an end cannot be gone through, and is refused.

All that depends on the time depends on the minute, so that an answer stays the same for a while.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Protocol

import msgspec
import structlog
from msgspec import Struct

from connector.data.answering.bridge import Bridge
from connector.data.ledgers import About
from connector.errors import OurError, RefusedError
from connector.ports import Clock, Content
from policies.model import PolicyError
from policies.transforms import Chain, Given, media, plan
from policies.transforms.ledger import Draw, Fresh, Terms, Told
from policies.transforms.rows import Settle
from policies.transforms.steps import Delay, Noise, Pseudonymise, Sign, Threshold
from policies.transforms.times import ZONE, before, grid

log = structlog.get_logger()
TRANSFORMS: Final = "Allmende-Transforms"
SIGNATURE: Final = "Allmende-Signature"
MINUTE: Final = 60 * 10**6
"""All that depends on the time depends on the minute."""
_SMALL: Final = 1 << 16
_KEPT: Final = 32
_KEPT_CELLS: Final = 200_000
"""What was told of cells is kept in memory with a content; no more of them than this."""
_AT_ONCE: Final = 2


Signs = Callable[[Mapping[str, Any]], Awaitable[str]]
"""Signs a statement about data that leave, as a compact JWS."""


class Memory(Protocol):
    """The memory of what was told; see `Ledgers`."""

    forget: Callable[[str], None]

    async def key(self, agreement: str) -> bytes: ...

    async def settle(
        self, about: About, fresh: Mapping[str, Fresh], terms: Terms, draw: Draw | None, *, only_again: bool = False
    ) -> Mapping[str, Told]: ...


class Leaving(Struct, frozen=True):
    """Under what data leave: the agreement, who gets them, what they are of, and what is done to them. `consumers` are
    the names of who gets them, `member` and `origin` say which file of a folder and which source it is. `only_again`:
    nothing may be told that was not told before, for this continues a use, and there is no further one."""

    agreement: str
    consumers: tuple[str, ...]
    dataset: str
    chain: Chain
    member: str = ""
    origin: str = ""
    only_again: bool = False


class _Made(Struct, frozen=True):
    """A content that may leave, after it was gone through: `body` where it is small, else `given` makes it again."""

    media_type: str
    size: int
    sha256: bytes
    body: bytes | None
    given: Given
    told: tuple[tuple[str, str], ...]
    cells: int


class _Survey(Struct, frozen=True):
    """What going through the whole has shown."""

    media_type: str
    size: int
    sha256: bytes
    body: bytes | None


class Egress:
    """Makes what may leave. `sign` signs a statement about it as a compact JWS, `draw` draws noise, where
    the memory does not do it itself."""

    def __init__(self, *, ledgers: Memory, clock: Clock, sign: Signs, draw: Draw | None) -> None:
        self._ledgers, self._clock, self._sign, self._draw = ledgers, clock, sign, draw
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._known: dict[tuple[Any, ...], _Made] = {}
        ledgers.forget = self.forget

    def forget(self, agreement: str) -> None:
        """Hold nothing any longer that was made under an agreement, its key first of all."""
        self._known = {key: made for key, made in self._known.items() if key[0].agreement != agreement}

    async def content(self, leaving: Leaving, source: Content) -> Content:
        """What may leave of a source's content; it is closed with it.

        Raises `RefusedError` where it cannot be done as the contract asks, `OurError` where this node lacks something
        for it. Then nothing may leave.
        """
        if not leaving.chain.needs_rows:
            return await self._as_it_is(leaving, source)
        if source.size is None:
            raise refused(leaving, "transform.endless")
        made = await self._made(leaving, source)
        body = made.body
        return Content(
            media_type=made.media_type,
            etag=f'"{made.sha256[:16].hex()}"',
            chunks=lambda start, stop: _anew(leaving, source, made, start, stop),
            small=None if body is None else lambda: body,
            close=source.close,
            size=made.size,
            sha256=made.sha256,
            modified=source.modified,
            told=made.told,
        )

    async def _as_it_is(self, leaving: Leaving, source: Content) -> Content:
        """What leaves unchanged, but late or signed: of any media type."""
        now = self._clock.now()
        for step in leaving.chain.steps:
            if isinstance(step, Delay):
                bound = before(now, step.period, step.zone)
                if source.modified is None or source.modified > bound:
                    raise refused(leaving, "transform.young", period=step.period)
        if source.size is None or source.sha256 is None:
            raise refused(leaving, "transform.endless")
        told = await self._told(leaving, source.media_type, source.size, source.sha256)
        return msgspec.structs.replace(source, told=told)

    async def _made(self, leaving: Leaving, source: Content) -> _Made:
        """What leaves of one version of the source, gone through once as long as it stays the same."""
        now = self._clock.now() // MINUTE * MINUTE
        key = (leaving, source.etag, source.sha256, source.media_type, source.modified, _moment(leaving.chain, now))
        async with self._turn:
            if (known := self._known.get(key)) is not None:
                return known
            made = await self._gone_through(leaving, source, now)
        while self._known and (len(self._known) >= _KEPT or self._cells() + made.cells > _KEPT_CELLS):
            del self._known[next(iter(self._known))]
        self._known[key] = made
        return made

    def _cells(self) -> int:
        return sum(one.cells for one in self._known.values())

    async def given(self, leaving: Leaving, now: int, modified: int | None, said: list[Mapping[str, Told]]) -> Given:
        """What doing something to the rows that leave needs from outside. `said` takes what the memory of what was told
        has said, and where it is not empty says that again. Raises as `Ledgers.key`."""
        masks = any(isinstance(step, Pseudonymise) for step in leaving.chain.steps)
        key = await self._ledgers.key(leaving.agreement) if masks else None
        return Given(now=now, key=key, modified=modified, settle=self._settling(leaving, said))

    async def _gone_through(self, leaving: Leaving, source: Content, now: int) -> _Made:
        said: list[Mapping[str, Told]] = []
        given = await self.given(leaving, now, source.modified, said)
        bridge = Bridge(source)
        try:
            found = await bridge.run(lambda: _survey(leaving.chain, source.media_type, given, bridge))
        except PolicyError as error:
            raise refused(leaving, error.reason.code, **error.reason.params) from None
        told = await self._told(leaving, found.media_type, found.size, found.sha256)
        cells = sum(map(len, said))
        return _Made(found.media_type, found.size, found.sha256, found.body, given, told, cells)

    def _settling(self, leaving: Leaving, said: list[Mapping[str, Told]]) -> Settle:
        """Asks the memory of what was told; called beside the loop. What it has said once it says for this content
        again, so that each pass is like the first."""
        loop = asyncio.get_running_loop()
        about = About(leaving.consumers, leaving.dataset, leaving.origin)

        def settle(fresh: Mapping[str, Fresh], terms: Terms) -> Mapping[str, Told]:
            if not said:
                part = hashlib.sha256(leaving.member.encode()).hexdigest()[:16] if leaving.member else ""
                terms = msgspec.structs.replace(terms, part=part)
                asked = self._ledgers.settle(about, fresh, terms, self._draw, only_again=leaving.only_again)
                said.append(asyncio.run_coroutine_threadsafe(asked, loop).result())
            return said[0]

        return settle

    async def _told(self, leaving: Leaving, media_type: str, size: int, sha256: bytes) -> tuple[tuple[str, str], ...]:
        """The header fields that travel with it."""
        return ((TRANSFORMS, leaving.chain.text), *await self.signed(leaving, media_type, size, sha256))

    async def signed(self, leaving: Leaving, media_type: str, size: int, sha256: bytes) -> tuple[tuple[str, str], ...]:
        """The field with a signature about what left, where the contract wants one."""
        if any(isinstance(step, Sign) for step in leaving.chain.steps):
            statement = {
                "iat": self._clock.now() // 10**6,
                "agreement": leaving.agreement,
                "dataset": leaving.dataset,
                "mediaType": media_type,
                "size": size,
                "sha256": sha256.hex(),
                "transforms": leaving.chain.digest,
            }
            return ((SIGNATURE, await self._sign(statement)),)
        return ()


def refused(leaving: Leaving, code: str, **params: str) -> RefusedError:
    """What cannot be done as the contract asks, told to the operator and, less where it happened, to the peer."""
    log.warning("egress.refused", dataset=leaving.dataset, agreement=leaving.agreement, code=code, **params)
    # How many rows there are before a bad one is for the operator to know.
    params.pop("row", None)
    return RefusedError(code, **params)


def _moment(done: Chain, now: int) -> tuple[int, ...]:
    """As much of the time as what leaves depends on."""
    if any(isinstance(step, (Delay, Threshold, Noise)) for step in done.steps):
        return (now,)
    periods = (step.period for step in done.steps if isinstance(step, Pseudonymise) and step.period)
    return tuple(grid(period).start(now, ZONE) for period in periods)


def _written(done: Chain, media_type: str, given: Given, bridge: Bridge) -> tuple[str, Iterator[bytes]]:
    """The media type of what leaves, and its bytes. Beside the loop alone."""
    body = media.body(media_type, bridge.opened)
    planned = plan(done, body.schema)
    return media.left_as(body, planned), body.written(planned.run(body, given), planned)


def _survey(done: Chain, media_type: str, given: Given, bridge: Bridge) -> _Survey:
    """Go through the whole, and keep it where it is small."""
    kind, pieces = _written(done, media_type, given, bridge)
    made, size, kept = hashlib.sha256(), 0, bytearray()
    for piece in pieces:
        made.update(piece)
        size += len(piece)
        if size <= _SMALL:
            kept += piece
    return _Survey(kind, size, made.digest(), bytes(kept) if size <= _SMALL else None)


async def _anew(
    leaving: Leaving, source: Content, made: _Made, start: int, stop: int | None
) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` up to `stop`, made once more. Raises `OurError` where that does not work any more."""
    if made.body is not None:
        yield made.body[start:stop]
        return
    bridge, at, end = Bridge(source), 0, made.size if stop is None else stop
    try:
        _, pieces = await bridge.run(lambda: _written(leaving.chain, source.media_type, made.given, bridge))
        take = partial(next, pieces, None)
        while at < end and (piece := await bridge.run(take)) is not None:
            if wanted := piece[max(0, start - at) : end - at]:
                yield wanted
            at += len(piece)
    except PolicyError as error:
        # It went well the first time: the source is not what it was.
        raise OurError("data.changed", cause=error.reason.code) from None
    finally:
        bridge.stop()
