"""The consumer's side of rows as they come: a provider's Server-Sent Events under a contract, read.

What lives here: opening a stream behind a watermark, reading its lines, why it ended, its audit entry. What does not:
opening it again (`subscribing`, or whoever watches), finding the transfer (`fetching`). Source: WHATWG HTML, 9.2.

What a provider says is bounded and believed as little as it can be: a row is taken as it stands and has to be JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connector.data.consuming.fetching import Fetching
from connector.data.consuming.pull import begun
from connector.errors import DeliveryError
from connector.ports import Clock, Peer, Store, Stream
from connector.records import Entry
from policies.model import Reason

_ACCEPT = "text/event-stream"
_LARGEST = 1 << 23
"""Bytes of one row with its watermark."""


class Asking(Struct, frozen=True, kw_only=True):
    """What of a contract's data is wanted: `query` as it stands in a URL, what the access states, and the watermark
    behind which it begins ("" with what comes next)."""

    query: str = ""
    after: str = ""
    member: str = ""
    purpose: str | None = None
    spatial: str | None = None
    stated: str = ""


class Heard(Struct, frozen=True):
    """One row ("" for none, a sign of life), the watermark behind it, and whether rows may be missing before it."""

    row: bytes = b""
    mark: str = ""
    gap: bool = False


class _Why(Struct):
    code: str = "peer.ended"
    params: Mapping[str, str] = {}


class Following:
    """Opens streams under contracts in which this node is the consumer."""

    def __init__(self, *, fetching: Fetching, peer: Peer, store: Store, clock: Clock) -> None:
        self._fetching, self._peer, self._store, self._clock = fetching, peer, store, clock

    async def open(self, operator: str, contract: str, asking: Asking) -> Followed:
        """A stream whose headers have arrived. Raises as `Fetching.open`, and `RefusedError` `live.unwatchable` where
        the provider gives something else."""
        transfer, order = await self._fetching.order(operator, contract)
        order = replace(
            order,
            query=asking.query,
            member=asking.member,
            purpose=asking.purpose,
            spatial=asking.spatial,
            stated=asking.stated,
        )
        after = {"Last-Event-ID": asking.after} if asking.after else {}
        headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity", **after}
        stream = await begun(self._peer, order, headers)
        kind = next((value for name, value in stream.headers.items() if name.lower() == "content-type"), "")
        if kind.partition(";")[0].strip().lower() != _ACCEPT:
            await stream.close()
            raise DeliveryError("peer.not_live")
        return Followed(stream, transfer.id, operator, self._store)


class Followed:
    """One open stream. `ended` is why it ended, as the provider has said; None while it runs, or where it broke off."""

    def __init__(self, stream: Stream, transfer: str, operator: str, store: Store) -> None:
        self._stream, self.transfer, self._operator, self._store = stream, transfer, operator, store
        self._rows = self._bytes = 0
        self._hash = hashlib.sha256()
        self._noted = False
        self.ended: Reason | None = None

    async def rows(self) -> AsyncGenerator[Heard, None]:
        """What comes, to the end. Raises `DeliveryError` where it breaks off, or nobody can read it."""
        try:
            async for heard in self._blocks():
                if heard.row:
                    self._rows += 1
                    self._bytes += len(heard.row) + 1
                    self._hash.update(heard.row + b"\n")
                yield heard
                if self.ended is not None:
                    return
        finally:
            await self.close()

    async def close(self) -> None:
        """Give the connection back, and audit what came."""
        await self._stream.close()
        if self._noted:
            return
        self._noted = True
        params = {
            "transfer": self.transfer,
            "rows": str(self._rows),
            "bytes": str(self._bytes),
            "sha256": self._hash.hexdigest(),
            "complete": "no",
            "reason": self.ended.code if self.ended is not None else "data.abandoned",
        }
        entry = Entry(event="data.received", actor=self._operator, params=params)
        await self._store.write(lambda tx: tx.record(entry))

    async def _blocks(self) -> AsyncGenerator[Heard, None]:
        """Block by block; rows are marked by the `id` of their own block."""
        gap = False
        async for block in _split(self._stream.chunks()):
            kind, data, mark = "", b"", ""
            for line in block:
                name, _, value = line.partition(b":")
                value = value.removeprefix(b" ")
                if name == b"event":
                    kind = value.decode("utf-8", "replace")
                elif name == b"data":
                    data = data + b"\n" + value if data else value
                elif name == b"id" and b"\0" not in value:
                    mark = value.decode("ascii", "replace")
            if kind == "end":
                self.ended = _why(data)
                return
            gap = gap or kind == "gap"
            if kind:
                continue
            if data and not _is_json(data):
                raise DeliveryError("peer.answer_unclear")
            yield Heard(data, mark, gap)
            gap = False if data else gap
        raise DeliveryError("peer.disconnected")


async def _split(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes], None]:
    """Blocks of lines; what stands behind the last empty line is no block."""
    left, lines, size = b"", list[bytes](), 0
    async for piece in chunks:
        *whole, left = (left + piece).split(b"\n")
        for line in whole:
            plain = line.removesuffix(b"\r")
            size += len(plain) + 1
            if plain:
                lines.append(plain)
            elif lines:
                yield lines
                lines, size = [], 0
        if len(left) + size > _LARGEST:
            raise DeliveryError("peer.answer_too_large")


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return b"\n" not in data


def _why(data: bytes) -> Reason:
    """Why the provider has ended a stream: its code, if it is one."""
    try:
        said = msgspec.json.decode(data, type=_Why)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = _Why()
    return Reason(said.code[:100], {name[:100]: value[:500] for name, value in list(said.params.items())[:20]})
