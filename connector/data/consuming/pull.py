"""The consumer's side: fetching the bytes of a transfer from the provider, whole and checked, or not at all.

What lives here: one pull with resumption, its check against the announced length and hash, its audit entry. What does
not: how a connection is opened (the Peer port), where the address comes from (`services.transfers`), what is done with
the bytes. Source: RFC 9110 (14 ranges, 13.1.5 If-Range), RFC 9530 (Repr-Digest).

A broken connection is continued with `Range` and `If-Range`, which the provider does not count as another use. Where
the whole comes again (the provider cannot do ranges), what is already there is skipped, but only if ETag or announced
hash are the same; the hash at the end covers both pieces.

An answer that is made on its way has neither length nor hash beforehand, and no version. Its continuation is asked for
with the hash of what is here (`Allmende-Have`), and with `If-Match`, so that nothing is drawn where there is none. At
its end the provider is asked for its length and hash (`HEAD` with `If-Match`): only then it is whole.

A provider who has no room just now says when there may be some (503 or 429 with `Retry-After`, RFC 9110, 10.2.3). That
is no failure: it is asked again then, for a while in all.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from urllib.parse import quote

import msgspec
from msgspec import Struct

from connector.errors import DeliveryError, InputError, NodeError, RefusedError, UnknownError
from connector.ports import Clock, Peer, Store, Stream
from connector.records import Entry
from policies import stating

TRIES = 5
"""Attempts in a row that bring no byte before a pull is given up."""
_MOST_TRIES = 100
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
PATIENCE = 60.0
"""Seconds in all that a provider may ask to be left alone before a pull, or its continuation, is given up."""
_BUSY = (429, 503)
_ERROR_BODY = 1 << 16
_CODINGS = ("-zstd", "-gzip")
_SHA256 = "sha-256=:"
_DIGESTS = frozenset({"repr-digest", "unencoded-digest"})
_TRANSFORMS, _LONGEST_FIELD = "allmende-transforms", 4000
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")
"""What no IRI and no credential has, and what would end the field that they are sent in (RFC 9110, 5.5)."""


Bearer = Callable[[str], Awaitable[str]]
"""The token for the next request; given the one that the provider has just refused, another. Raises `NodeError`."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be fetched: `url` and `authorization` from the data address, `member` of a folder, purpose and place
    of this use as IRIs, what else it states (`policies.stating`), a `range` in the form of the header, and where that
    is the rest of an answer its `etag` and, as in a digest field, the hash `have` of what is before it; `query` as it
    stands in a URL. `actor` and `transfer` go into the audit. `bare`: the provider wants the token as it stands, with
    no scheme. `bearer` gives the token where it ends and is renewed."""

    url: str
    authorization: str
    transfer: str
    actor: str = "node"
    member: str = ""
    purpose: str | None = None
    spatial: str | None = None
    stated: str = ""
    range: str = ""
    etag: str = ""
    have: str = ""
    query: str = ""
    private: bool = False
    bare: bool = False
    bearer: Bearer | None = None


class UnprovedError(RefusedError):
    """The provider does not take the token (401)."""


class _OccupiedError(DeliveryError):
    """The provider has no room now; it wants to be asked again after so many seconds."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__("peer.busy", status=str(status))
        self.seconds = seconds


class _Refusal(Struct):
    """A provider's answer to an access that may not be; lenient."""

    code: str = "peer.refused"
    params: Mapping[str, str] = {}


class Pull:
    """One pull whose headers have arrived. `chunks` gives the bytes, once; `close` afterwards, also without reading.

    `size` and `sha256` are what the provider announced, None where it did not.
    """

    def __init__(self, order: Order, stream: Stream, *, peer: Peer, store: Store, clock: Clock) -> None:
        self._order, self._stream = order, stream
        self._peer, self._store, self._clock = peer, store, clock
        self._headers = _lower(stream.headers)
        self._hash = hashlib.sha256()
        self._noted = self._confirmed = False
        self.received = 0
        self.status = stream.status
        self.media_type = self._headers.get("content-type", "application/octet-stream")
        self.etag = self._headers.get("etag", "")
        self.sha256 = announced(self._headers)
        self.size = _length(self._headers)
        self.transforms = self._headers.get(_TRANSFORMS, "")[:_LONGEST_FIELD]
        """What the provider says that it has done to the data; "" where it says nothing."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The provider's headers, names in lower case."""
        return self._headers

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes, as the consumer takes them.

        Raises, after the bytes that are good so far: `RefusedError` with the provider's reason where it refuses the
        continuation; `DeliveryError` where it stays away (`data.incomplete`), where the content became another
        (`data.changed`) and, after the last byte, where the hash is not the announced one (`data.digest`).
        """
        complete, reason = False, "data.abandoned"
        try:
            async for data in self._continued():
                yield data
            self._check()
            complete, reason = True, ""
        except NodeError as error:
            reason = error.reason.code
            raise
        finally:
            await self._stream.close()
            await self._note(complete, reason)

    async def close(self) -> None:
        """Give the connection back; a pull that was never read is audited as abandoned."""
        await self._stream.close()
        await self._note(False, "data.abandoned")

    async def _continued(self) -> AsyncGenerator[bytes, None]:
        """The bytes over as many connections as it takes."""
        tries = 0
        for _ in range(_MOST_TRIES):
            before, skip = self.received, self._overlap()
            try:
                async for data in self._stream.chunks():
                    fresh, skip = data[skip:], max(0, skip - len(data))
                    if fresh:
                        self._hash.update(fresh)
                        self.received += len(fresh)
                        yield fresh
                    if self.size is not None and self.received > self.size:
                        return  # Too much is wrong already, and may be without end.
                if self.size is None:
                    await self._ask()
                if self.size is None or self.received >= self.size:
                    return
            except DeliveryError:
                if not self.etag or (self.status == 206 and _part(self._headers) is None):
                    raise
            tries = 0 if self.received > before else tries + 1
            tries = await self._again(tries)
        raise DeliveryError("data.incomplete", received=str(self.received))

    async def _again(self, tries: int) -> int:
        """Open the rest, trying until there is one; returns the number of attempts in vain so far."""
        await self._stream.close()
        why = "data.incomplete"
        while tries < TRIES:
            await self._clock.sleep(min(_FIRST_PAUSE * 2**tries, _LONGEST_PAUSE))
            try:
                self._stream = await _patiently(self._peer, self._order, self._rest(), self._clock)
            except _OccupiedError:
                break
            except DeliveryError as error:
                # Of several processes on one address another one may know the answer: asking again costs no use.
                why = "data.changed" if error.reason.code == "data.changed" else "data.incomplete"
                tries += 1
                continue
            return tries
        raise DeliveryError(why, received=str(self.received))

    def _rest(self) -> dict[str, str]:
        first, last = self.received, ""
        if (part := _part(self._headers)) is not None:
            first, last = part[0] + self.received, str(part[1])
        asked = {"Range": f"bytes={first}-{last}", "If-Range": _identity(self.etag)}
        if self._is_made_on_its_way:
            asked |= {"If-Match": _identity(self.etag), "Allmende-Have": f"sha-256=:{self._said_hash()}:"}
        return asked

    async def _ended(self) -> Stream | None:
        """What the provider says of the answer that is over, asked as often as a rest is; None where he is silent."""
        for _ in range(TRIES):
            try:
                asked = {"If-Match": _identity(self.etag)}
                return await _patiently(self._peer, self._order, asked, self._clock, method="HEAD")
            except _OccupiedError:
                return None
            except DeliveryError:
                await self._clock.sleep(_FIRST_PAUSE)
            except NodeError:
                return None
        return None

    def _said_hash(self) -> str:
        return b64encode(self._hash.digest()).decode()

    @property
    def _is_made_on_its_way(self) -> bool:
        """Is this an answer whose length and hash can only be told afterwards?"""
        announced_later = {name.strip().lower() for name in self._headers.get("trailer", "").split(",")}
        return self.status == 200 and bool(self.etag) and bool(announced_later & _DIGESTS)

    async def _ask(self) -> None:
        """Ask how long an answer was that has just ended, and for its hash. Where nobody says, nothing is known."""
        if not self._is_made_on_its_way or self._confirmed:
            return
        told = await self._ended()
        if told is None:
            return
        headers = _lower(told.headers)
        await told.close()
        size, sha256 = _length(headers), announced(headers)
        if size is not None and sha256 is not None and _identity(headers.get("etag", "")) == _identity(self.etag):
            self.size, self.sha256, self._confirmed = size, sha256, True

    def _overlap(self) -> int:
        """How many bytes of the open stream are already here. Raises `DeliveryError` where it is another content."""
        now = _lower(self._stream.headers)
        if _identity(now.get("etag", "")) != _identity(self.etag) and announced(now) != (self.sha256 or b"-"):
            raise DeliveryError("data.changed")
        begun = _part(self._headers)
        wanted = self.received + (begun[0] if begun else 0)
        part = _part(now)
        start = part[0] if self._stream.status == 206 and part is not None else 0
        if start > wanted:
            raise DeliveryError("data.changed")
        return wanted - start

    def _check(self) -> None:
        if self.size is not None and self.received != self.size:
            raise DeliveryError("data.length", announced=str(self.size), received=str(self.received))
        if self.status == 200 and self.sha256 is not None and self._hash.digest() != self.sha256:
            raise DeliveryError("data.digest", announced=self.sha256.hex(), received=self._hash.hexdigest())

    def _completeness(self) -> str:
        """Of what has ended well. Where nobody said beforehand how much it would be, an end proves nothing: a proxy in
        between may have made one out of a cut."""
        return "unknown" if self.size is None and self.sha256 is None else "yes"

    async def _note(self, complete: bool, reason: str) -> None:
        if self._noted:
            return
        self._noted = True
        params = {
            "transfer": self._order.transfer,
            "bytes": str(self.received),
            "sha256": self._hash.hexdigest(),
            "complete": self._completeness() if complete else "no",
        }
        if reason:
            params["reason"] = reason
        if self._order.member:
            params["member"] = self._order.member
        if self.transforms:
            params["transforms"] = self.transforms
        entry = Entry(event="data.received", actor=self._order.actor, params=params)
        await self._store.write(lambda tx: tx.record(entry))


async def pull(order: Order, *, peer: Peer, store: Store, clock: Clock) -> Pull:
    """Begin a pull; returns when the provider's headers are there.

    Raises `RefusedError` with the provider's code where it refuses, `UnknownError` where it knows no such thing,
    `DeliveryError` where it cannot be reached or answers something else, `InputError` where purpose or place cannot be
    sent; each is audited.
    """
    try:
        stream = await _patiently(peer, order, _wanted(order), clock)
    except NodeError as error:
        params = {"transfer": order.transfer, "reason": error.reason.code}
        entry = Entry(event="data.refused", actor=order.actor, params=params)
        await store.write(lambda tx: tx.record(entry))
        raise
    return Pull(order, stream, peer=peer, store=store, clock=clock)


async def ended(order: Order, *, peer: Peer, clock: Clock) -> tuple[int, bytes] | None:
    """How many bytes the answer `order.etag` had in all, and their hash; None where the provider does not say.

    Raises as `pull`; nothing is audited, for nothing is had.
    """
    try:
        stream = await _patiently(peer, order, {"If-Match": _identity(order.etag)}, clock, method="HEAD")
    except DeliveryError as error:
        if error.reason.code != "data.changed":
            raise
        return None
    await stream.close()
    headers = _lower(stream.headers)
    size, sha256 = _length(headers), announced(headers)
    same = _identity(headers.get("etag", "")) == _identity(order.etag)
    return (size, sha256) if same and size is not None and sha256 is not None else None


def _wanted(order: Order) -> Mapping[str, str]:
    """The rest of an answer is asked for so that nothing is drawn: not another one in its place."""
    if not order.range:
        return {}
    etag = _identity(order.etag)
    same = {"If-Range": etag, "If-Match": etag} if order.etag else {}
    return {"Range": order.range, **same, **({"Allmende-Have": order.have} if order.have else {})}


async def begun(peer: Peer, order: Order, more: Mapping[str, str]) -> Stream:
    """An answer to a GET whose headers have arrived, 200 or 206. Raises as `pull`; nothing is audited."""
    return await _open(peer, order, more)


async def _patiently(peer: Peer, order: Order, more: Mapping[str, str], clock: Clock, *, method: str = "GET") -> Stream:
    """As `_open`; where the provider says when to come again, then, as long as there is patience."""
    waited, begun_at = 0.0, clock.monotonic()
    while True:
        try:
            return await _open(peer, order, more, method=method)
        except _OccupiedError as error:
            waited = max(waited, clock.monotonic() - begun_at) + error.seconds
            if waited > PATIENCE:
                raise
            await clock.sleep(error.seconds)


async def _open(peer: Peer, order: Order, more: Mapping[str, str], *, method: str = "GET") -> Stream:
    """An answer with the token as it is now; where the provider takes it no more, with the next one."""
    if order.bearer is None:
        return await _once(peer, order, more, method)
    token = await order.bearer("")
    try:
        return await _once(peer, msgspec.structs.replace(order, authorization=token), more, method)
    except UnprovedError:
        token = await order.bearer(token)
    return await _once(peer, msgspec.structs.replace(order, authorization=token), more, method)


async def _once(peer: Peer, order: Order, more: Mapping[str, str], method: str) -> Stream:
    # The form is part of the question; without one, data come as they are.
    headers = {"Authorization": _credential(order), "Accept": "*/*", **more}
    for name, stated in (("purpose", order.purpose), ("spatial", order.spatial)):
        if stated is not None:
            headers[f"Allmende-{name.capitalize()}"] = _iri(name, stated)
    if order.stated:
        headers[stating.FIELD] = _iri("stated", order.stated)
    url = f"{order.url}/{quote(order.member)}" if order.member else order.url
    if order.query:
        url = f"{url}{'&' if '?' in url else '?'}{order.query}"
    stream = await peer.open(url, headers=headers, private=order.private, method=method)
    if stream.status in (200, 206):
        return stream
    try:
        await _refuse(stream)
    finally:
        await stream.close()
    raise DeliveryError("peer.status", status=str(stream.status))


async def _refuse(stream: Stream) -> None:
    """Raise what the provider's answer means."""
    if stream.status in _BUSY and (seconds := _number(_lower(stream.headers).get("retry-after", "").strip())):
        raise _OccupiedError(stream.status, float(seconds))
    if stream.status == 404:
        raise UnknownError("data.unknown")
    if stream.status == 416:
        raise RefusedError("data.range")
    if stream.status == 412:
        raise DeliveryError("data.changed")
    if stream.status == 400:
        told = await _told(stream)
        if told.code.startswith("query."):
            raise InputError(told.code, **told.params)
    if stream.status in (401, 403):
        told = await _told(stream)
        raise (UnprovedError if stream.status == 401 else RefusedError)(told.code, **told.params)


async def _told(stream: Stream) -> _Refusal:
    body = b""
    async for data in stream.chunks():
        body += data
        if len(body) > _ERROR_BODY:
            return _Refusal()
    try:
        return msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Refusal()


def _credential(order: Order) -> str:
    """The header's value, whether the address gives the scheme with it or not. Raises `DeliveryError`."""
    given = order.authorization
    token = (given[7:] if given[:7].lower() == "bearer " else given).strip(" ")
    if _UNSENDABLE.search(token):
        raise DeliveryError("peer.answer_unclear")
    return token if order.bare else f"Bearer {token}"


def _iri(name: str, stated: str) -> str:
    """What this use states, fit for a header. Raises `InputError`."""
    if _UNSENDABLE.search(stated):
        raise InputError("input.wrong", place=f"?{name}", problem="an IRI has neither spaces nor control characters")
    return stated


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def announced(headers: Mapping[str, str]) -> bytes | None:
    """SHA-256 of the plain bytes of the whole, as announced; None where there is none that can be read."""
    field = headers.get("unencoded-digest") or (
        headers.get("repr-digest", "") if headers.get("content-encoding", "identity") == "identity" else ""
    )
    for item in field.split(","):
        value = item.strip()
        if value.startswith(_SHA256) and value.endswith(":"):
            try:
                digest = b64decode(value[len(_SHA256) : -1], validate=True)
            except ValueError:
                return None
            return digest if len(digest) == 32 else None
    return None


def _length(headers: Mapping[str, str]) -> int | None:
    """Plain bytes to come; None where unknown, as it is in a coding."""
    return (
        _number(headers.get("content-length", ""))
        if headers.get("content-encoding", "identity") == "identity"
        else None
    )


def _number(text: str) -> int | None:
    """A count of bytes as a header gives it; None for what is none, or for more than there is in the world."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _part(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """First and last byte of a 206."""
    first, _, rest = headers.get("content-range", "").removeprefix("bytes ").partition("-")
    begin, end = _number(first), _number(rest.partition("/")[0])
    return None if begin is None or end is None else (begin, end)


def _identity(etag: str) -> str:
    """The ETag of the plain bytes, after the custom of naming the coding at the end."""
    for coding in _CODINGS:
        if etag.endswith(f'{coding}"'):
            return f'{etag[: -len(coding) - 1]}"'
    return etag
