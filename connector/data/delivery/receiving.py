"""The consumer's side of a push: parts that arrive are on disk before they are acknowledged, once each.

What lives here: which part is next, the files, their hashes, the quota. What does not: reading a request
(`http.inbox`), what is done with what has arrived (subscriptions, `allmende get --received`).

A delivery is a file in the node's own directory, and a record that says how far it got. INVARIANT: the bytes are synced
before the record counts them, so after a crash the file holds at least what was acknowledged, and what stands behind it
is written again. A part that is there already is acknowledged without being looked at again; one that does not follow
what is there is refused with 409, and the provider begins anew. Whole is what has the hash that the provider announced,
read back from disk. Rows that are delivered by their time are put behind those before them when they are whole
(`data.delivery.increments`).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct
from msgspec.structs import replace

from connector.data import durable
from connector.data.delivery.increments import append
from connector.data.tokens import Tokens
from connector.errors import (
    BusyError,
    InputError,
    RefusedError,
    StoreError,
    TooLargeError,
    TransitionError,
    UnauthenticatedError,
    UnknownError,
)
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.machine import Role
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Transfer
from connector.records import Entry, Reception
from connector.services.changes import Change, Changes
from connector.services.formats import is_push

log = structlog.get_logger()
MOST: Final = 64 << 20
"""Bytes of a part that is taken."""
QUOTA: Final = 10 << 30
_PIECE: Final = 1 << 20
_AT_ONCE: Final = 4
"""Parts that are held in memory at a time."""
KIND: Final = "reception"
"""What a change is called that tells that something has arrived."""


class Part(Struct, frozen=True, kw_only=True):
    """What a part says of itself: of which delivery, which one, where it begins; `size` of all of it where it is known.
    `sha256` is its own hash, `whole` that of all of it; empty where they were not said."""

    number: int
    part: int
    offset: int
    media_type: str
    last: bool = False
    size: int | None = None
    sha256: bytes = b""
    whole: bytes = b""
    etag: str = ""
    transforms: str = ""
    since: str = ""
    until: str = ""


class Received(Struct, frozen=True):
    """A delivery that is whole, and its file, of which it is what its `offset` counts."""

    reception: Reception
    path: Path


class Receiving:
    """Receives under the transfers in which this node is the consumer and has data delivered. `folder` is its own."""

    def __init__(
        self, *, store: Store, clock: Clock, changes: Changes, tokens: Tokens, folder: Path, quota: int = QUOTA
    ) -> None:
        self._store, self._clock, self._changes, self._tokens = store, clock, changes, tokens
        self._folder, self._quota = folder, quota
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._used: int | None = None
        self._seats = asyncio.Semaphore(_AT_ONCE)

    def prove(self, credential: str, pid: str) -> None:
        """Raises `UnauthenticatedError` where the credential is not the one of this transfer's inbox."""
        if not hmac.compare_digest(credential.encode(errors="replace"), self._tokens.inbox(pid).encode()):
            raise UnauthenticatedError("token.unknown")

    async def take(self, pid: str, part: Part, body: AsyncIterator[bytes]) -> None:
        """Return when a part is on disk, whether it has come now or before. Only after `prove`.

        Raises `UnknownError`, `RefusedError` `transfer.state`, `TransitionError` `push.gap` where it does not follow
        what is there, or `push.digest`, `push.length` where all of it is wrong, `TooLargeError`, `BusyError`
        `push.full` and `push.damaged`.
        """
        turn = self._turns.setdefault(pid, asyncio.Lock())
        async with turn:
            now = await self._store.read(lambda view: _standing(view, pid, part))
            if now is None:
                return
            async with self._seats:
                data = await self._body(body)
                if part.sha256 and hashlib.sha256(data).digest() != part.sha256:
                    raise BusyError("push.damaged")
                path = self._path(now)
                await asyncio.to_thread(_write, path, now.offset, data)
            self._count(len(data))
            await self._kept(now, part, len(data), path)

    async def received(self, pid: str) -> Received:
        """What was delivered last under a transfer. Raises `InputError` where nothing whole is there."""
        found = [one for one in await self.receptions(pid) if one.state == "whole"]
        if not found:
            raise InputError("push.nothing", transfer=pid)
        return Received(found[-1], self._path(found[-1]))

    async def receptions(self, pid: str) -> list[Reception]:
        """What has arrived and is arriving under a transfer, in order."""
        return await self._store.read(lambda view: _all(view, pid))

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def _body(self, body: AsyncIterator[bytes]) -> bytes:
        """A part, whole in memory. Raises `TooLargeError`, `BusyError`."""
        used = await self._in_use()
        data = bytearray()
        async for piece in body:
            data += piece
            if len(data) > MOST:
                raise TooLargeError("push.part", most=str(MOST))
            if used + len(data) > self._quota:
                self._used = None  # Counted anew for the next one: parts that came twice were counted twice.
                raise BusyError("push.full")
        return bytes(data)

    async def _kept(self, now: Reception, part: Part, size: int, path: Path) -> None:
        """The record counts what is on disk; with the last part also whether all of it is right."""
        after = replace(now, part=now.part + 1, offset=now.offset + size)
        wrong = None
        if part.last:
            wrong = await asyncio.to_thread(_wrong, path, after.offset, part.size, part.whole)
            state = "whole" if wrong is None else "gone"
            after = replace(after, state=state, size=after.offset, sha256=part.whole, ended=self._clock.now())
        entry = _entry(after, wrong)
        older = [] if after.state != "whole" else await self._older(after)
        begun = [] if now.part or older else [one for one in await self._older(after) if one.state != "whole"]
        if after.state == "whole" and after.since:
            after = await self._behind(after, older)
        if older:
            done = [one for one in older if one.state == "whole"]
            after = replace(
                after,
                earlier=len(done) + sum(one.earlier for one in done),
                total=sum(one.total + (0 if after.file == _file(one) else one.offset) for one in older),
            )

        def act(tx: Transaction) -> None:
            # INVARIANT: the transfer still runs in the transaction that acknowledges.
            if _standing(tx, after.transfer, part) is None:
                return
            tx.put(after)
            for one in (*older, *begun):
                tx.delete(Reception, one.id)
            if part.last:
                tx.record(entry)

        await self._store.write(act)
        for number in [now.number] if wrong else sorted({now.number, *map(_file, older)} - {_file(after)}):
            self._drop(replace(after, number=number, file=0))
        for one in begun:
            self._drop(one)
        self._changes.publish(Change(KIND, after.transfer, after.number, after.state))
        if wrong is not None:
            raise TransitionError(wrong, transfer=after.transfer)

    async def _behind(self, more: Reception, older: list[Reception]) -> Reception:
        """Rows by their time as one with those before them. INVARIANT: what stands behind what the record counts is
        written again, so this is done again where its transaction was not. Raises `TransitionError`, `StoreError`."""
        whole = next((one for one in reversed(older) if one.state == "whole"), None)
        if whole is None or whole.media_type != more.media_type or whole.until != more.since:
            raise TransitionError("push.gap", expected="-")
        try:
            length = await asyncio.to_thread(append, self._path(whole), whole.offset, self._path(more), more.media_type)
        except OSError as error:
            log.warning("push.unwritten", error=error.strerror)
            raise StoreError("store.io") from None
        if length is None:
            raise TransitionError("push.gap", expected="-")
        self._count(length - whole.offset)
        return replace(
            more, since="", file=_file(whole), offset=length, size=length, sha256=b"", begun=whole.begun
        )  # fmt: skip

    async def _older(self, whole: Reception) -> list[Reception]:
        """A delivery is all of it: what came before is old when the next is whole."""
        known = await self.receptions(whole.transfer)
        return [one for one in known if one.number < whole.number]

    def _path(self, one: Reception) -> Path:
        name = hashlib.sha256(one.transfer.encode()).hexdigest()[:32]
        return self._folder / name / f"{_file(one):010d}"

    def _drop(self, one: Reception) -> None:
        path = self._path(one)
        try:
            size = path.stat().st_size
            path.unlink()
        except OSError:
            return  # Never begun, or dropped before.
        self._count(-size)

    def _count(self, bytes: int) -> None:
        if self._used is not None:
            self._used = max(0, self._used + bytes)

    async def _in_use(self) -> int:
        if self._used is None:
            self._used = await asyncio.to_thread(_usage, self._folder)
        return self._used


def _standing(view: Reading, pid: str, part: Part) -> Reception | None:
    """The delivery that a part is the next one of; None where it is there already. Raises as `Receiving.take`."""
    moved = view.get(Transfer, pid)
    if moved is None or moved.role is not Role.CONSUMER or not is_push(moved.format):
        raise UnknownError("transfer.unknown")
    if moved.state != TransferState.STARTED or moved.pending is not None or moved.ending is not None:
        raise RefusedError("transfer.state", state=moved.state or "-")
    id = _id(pid, part.number)
    now = view.get(Reception, id)
    if now is None and any(one.number > part.number and one.state == "whole" for one in _all(view, pid)):
        return None  # A late copy of what the next delivery has taken the place of.
    if now is None and any(one.number > part.number for one in _all(view, pid)):
        raise TransitionError("push.gap", expected="-")
    if now is None:
        now = Reception(
            id=id, transfer=pid, number=part.number, media_type=part.media_type, etag=part.etag,
            transforms=part.transforms, begun=moved.updated, since=part.since, until=part.until,
        )  # fmt: skip
        if part.since and not any(one.state == "whole" and one.until == part.since for one in _all(view, pid)):
            raise TransitionError("push.gap", expected="-")
    if now.state == "gone" and part.part >= now.part:
        raise TransitionError("push.gap", expected="-")
    if part.part < now.part:
        return None
    if (part.part, part.offset) != (now.part, now.offset) or part.etag != now.etag:
        raise TransitionError("push.gap", expected=str(now.part))
    return now


def _file(one: Reception) -> int:
    """The number of the file that it is in."""
    return one.file or one.number


def _id(pid: str, number: int) -> str:
    return f"{pid}#{number:010d}"


def _all(view: Reading, pid: str) -> list[Reception]:
    found = view.select(Reception, after=f"{pid}#", limit=1000)
    return [one for one in found if one.transfer == pid]


def _entry(done: Reception, wrong: str | None) -> Entry:
    params = {
        "transfer": done.transfer,
        "delivery": str(done.number),
        "bytes": str(done.offset),
        "sha256": done.sha256.hex(),
        "complete": "no" if wrong else "yes",
    }
    if wrong:
        params["reason"] = wrong
    if done.transforms:
        params["transforms"] = done.transforms
    return Entry(event="push.received", actor="node", params=params)


def _write(path: Path, offset: int, data: bytes) -> None:
    durable.write(path, offset, data, short=TransitionError("push.gap", expected="-"), folders=2)


def _wrong(path: Path, length: int, size: int | None, whole: bytes) -> str | None:
    """What is wrong with all of it, as it lies on disk."""
    if size is not None and size != length:
        return "push.length"
    made = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(_PIECE):
                made.update(data)
    except OSError:
        return "push.digest"
    return "push.digest" if whole and made.digest() != whole else None


def _usage(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) if folder.is_dir() else 0
