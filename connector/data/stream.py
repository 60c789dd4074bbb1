"""The form of one answer: ranges, conditions, codings, digests; and its bytes, counted and hashed on their way.

What lives here: HTTP semantics as pure functions over a `Content` and the request's headers, and `Flow`, which reads a
content in pieces. What does not: whether it may be sent (`data.gate`), sockets (`http.data`).
Source: RFC 9110 (13 conditions, 14 ranges, 12.5.3 Accept-Encoding), RFC 9530 (Repr-Digest), RFC 8878 (zstd).

Decided here: a range is served as one part, several are answered with the whole; a range is always of the plain bytes;
`If-Range` takes a strong ETag, a date never matches. An encoded answer has an ETag of its own (`"x-zstd"`), and,
because Repr-Digest is about the encoded bytes and these are made on the way, carries the digest of the plain bytes as
`Unencoded-Digest` (draft-ietf-httpbis-unencoded-digest). Whatever has no known size is sent whole, in a coding that is
flushed with every piece, so that nothing waits in it for what comes next; what is true of it at its end (`ending`)
travels behind it, as trailer fields (RFC 9110, 6.5).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import msgspec
import zstandard
from msgspec import Struct

from connector.errors import OurError
from connector.ports import Content, Span

PIECE = 1 << 20
"""Bytes that are read, coded and written at once."""
OUTCOME = "Allmende-Outcome"
"""The field behind an answer that says how it ended."""
_INLINE = 1 << 16
_FAR_OFF = (1 << 53) - 1
_WORTH_CODING = 1024
_LEVEL = 3
_USUAL = 128
"""Longest Accept-Encoding for which a plan is remembered."""
_ENDS_FIELD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_RANGE = re.compile(r"bytes=[ \t]*(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))[ \t]*")
_Q = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$")
_COMPRESSIBLE = re.compile(r"text/.*|application/(json|xml|x-ndjson|x-tar|rdf\+xml|sql|.*\+(json|xml))|image/svg\+xml")


class Coding(StrEnum):
    """Content codings that are offered, best first."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


class Wanted(Struct, frozen=True):
    """The headers of a request that form the answer; "" where absent."""

    method: str = "GET"
    range: str = ""
    if_range: str = ""
    if_none_match: str = ""
    accept_encoding: str = ""


class Plan(Struct, frozen=True):
    """An answer before its bytes: `start` up to but excluding `stop` (None: no known end) of the plain content.

    `head` is the status line and `headers` as they go over the wire, where that was worth making; else empty.
    INVARIANT: nobody changes `headers`; several accesses have the same plan.
    """

    status: int
    headers: dict[str, str]
    start: int = 0
    stop: int | None = None
    coding: Coding = Coding.IDENTITY
    has_body: bool = True
    resumes: bool = False
    head: bytes = b""

    @property
    def length(self) -> int | None:
        """Plain bytes to be sent; None without a known end."""
        return None if self.stop is None else self.stop - self.start


def plan(content: Content, wanted: Wanted) -> Plan:
    """How a content answers a request. Pure; never fails: what cannot be understood is ignored, as RFC 9110 asks."""
    if wanted.range or wanted.if_range or wanted.if_none_match or len(wanted.accept_encoding) > _USUAL:
        return _planned(content, wanted)
    return _planned_again(content.media_type, content.etag, content.size, content.sha256, content.told, wanted)


@lru_cache(maxsize=512)
def _planned_again(
    media_type: str,
    etag: str,
    size: int | None,
    sha256: bytes | None,
    told: tuple[tuple[str, str], ...],
    wanted: Wanted,
) -> Plan:
    """What is asked for again and again: the whole, unconditionally."""
    planned = _planned(Content(media_type, etag, chunks=_unread, size=size, sha256=sha256, told=told), wanted)
    return msgspec.structs.replace(planned, head=_head(planned))


def _unread(start: int, stop: int | None) -> AsyncGenerator[bytes, None]:
    raise NotImplementedError  # a plan reads nothing


def _head(planned: Plan) -> bytes:
    """Empty where the answer has no body of a known length, or a field holds what would end it."""
    fields = planned.headers.items()
    if planned.status != 200 or not planned.has_body or "Content-Length" not in planned.headers:
        return b""
    if any(_ENDS_FIELD.search(value) for _, value in fields):
        return b""
    return "".join(["HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in fields)]).encode()


def _planned(content: Content, wanted: Wanted) -> Plan:
    headers = {"ETag": content.etag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    headers.update(content.told)
    size = content.size
    if wanted.if_none_match and _names(wanted.if_none_match, content.etag):
        return Plan(304, headers, has_body=False)
    headers["Content-Type"] = content.media_type
    if size is None:
        return _endless(content, headers, wanted)
    headers["Accept-Ranges"] = "bytes"
    if wanted.range and wanted.method == "GET" and (not wanted.if_range or wanted.if_range == content.etag):
        span = _span(wanted.range)
        if span is not None and size > 0:
            return _part(content, size, span, headers, resumes=bool(wanted.if_range))
    return _whole(content, size, headers, wanted)


def _endless(content: Content, headers: dict[str, str], wanted: Wanted) -> Plan:
    """The whole of what has no known end."""
    coding = _coding(content, _WORTH_CODING, headers, wanted.accept_encoding)
    if coding is not Coding.IDENTITY:
        headers["Content-Encoding"] = coding.value
        headers["ETag"] = variant(content.etag, coding)
    return Plan(200, headers, coding=coding, has_body=wanted.method != "HEAD")


def rest(content: Content, start: int, size: int | None, sha256: bytes | None) -> Plan:
    """What of an answer comes behind its first `start` bytes; where it was not over yet (`size` is None), its end is
    said to be very far off (RFC 8673, 2.2)."""
    headers = {"ETag": content.etag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    headers.update(content.told)
    last, whole = (_FAR_OFF, "*") if size is None else (size - 1, str(size))
    headers |= {"Content-Type": content.media_type, "Content-Range": f"bytes {start}-{last}/{whole}"}
    if sha256 is not None:
        headers["Repr-Digest"] = digest_field(sha256)
    if size is not None:
        headers["Content-Length"] = str(size - start)
    return Plan(206, headers, start, size, resumes=True)


def ending(coding: Coding, sha256: bytes, outcome: str, more: Mapping[str, str]) -> Mapping[str, str]:
    """The trailer fields of an answer without a known size: the hash of its plain bytes, and how it ended."""
    digest = "Repr-Digest" if coding is Coding.IDENTITY else "Unencoded-Digest"
    return {digest: digest_field(sha256), OUTCOME: outcome, **more}


def _whole(content: Content, size: int, headers: dict[str, str], wanted: Wanted) -> Plan:
    coding = _coding(content, size, headers, wanted.accept_encoding)
    digest = digest_field(content.sha256) if content.sha256 is not None else None
    if coding is not Coding.IDENTITY:
        headers["Content-Encoding"] = coding.value
        headers["ETag"] = variant(content.etag, coding)
        if digest:
            headers["Unencoded-Digest"] = digest
    else:
        headers["Content-Length"] = str(size)
        if digest:
            headers["Repr-Digest"] = digest
    return Plan(200, headers, 0, size, coding, has_body=wanted.method != "HEAD")


def _part(content: Content, size: int, span: Span, headers: dict[str, str], *, resumes: bool) -> Plan:
    if span.first is None:
        start, stop = max(0, size - (span.last or 0)), size
    else:
        start, stop = span.first, size if span.last is None else min(span.last + 1, size)
    if start >= stop:
        headers.pop("Content-Type")
        return Plan(416, {**headers, "Content-Range": f"bytes */{size}", "Content-Length": "0"}, has_body=False)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    if content.sha256 is not None:
        headers["Repr-Digest"] = digest_field(content.sha256)
    return Plan(206, headers, start, stop, resumes=resumes and start > 0)


def _span(text: str) -> Span | None:
    """One byte range; None for several, for other units and for what cannot be read."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return Span(None, int(suffix))
    if last is not None and int(last) < int(first):
        return None
    return Span(int(first), None if last is None else int(last))


def _names(field: str, etag: str) -> bool:
    """Weak comparison with any of the entity tags in the field, in any coding (RFC 9110, 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in field.split(",")}
    return "*" in tags or any(variant(etag, coding) in tags for coding in Coding)


def variant(etag: str, coding: Coding) -> str:
    """The strong ETag of a content in a coding."""
    return etag if coding is Coding.IDENTITY else f'{etag[:-1]}-{coding.value}"'


def digest_field(sha256: bytes) -> str:
    """The value of a digest field (RFC 9530, 2)."""
    return f"sha-256=:{b64encode(sha256).decode()}:"


def _coding(content: Content, size: int, headers: dict[str, str], accepted: str) -> Coding:
    """The best coding that is accepted, for what is worth coding; the answer then varies by Accept-Encoding."""
    if size < _WORTH_CODING or not _is_compressible(content.media_type):
        return Coding.IDENTITY
    headers["Vary"] = "Accept-Encoding"
    if not accepted:
        return Coding.IDENTITY
    named = {item.partition(";")[0].strip().lower() for item in accepted.split(",") if not _is_refused(item)}
    return next((coding for coding in Coding if coding.value in named), Coding.IDENTITY)


@lru_cache(maxsize=256)
def _is_compressible(media_type: str) -> bool:
    return _COMPRESSIBLE.fullmatch(media_type.partition(";")[0].strip()) is not None


def _is_refused(item: str) -> bool:
    found = _Q.search(item)
    return found is not None and float(found[1]) == 0


class Encoder(Protocol):
    """What zlib and zstandard have in common."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self, mode: int = ..., /) -> bytes: ...


class Plain:
    """The coding that changes nothing."""

    def compress(self, data: bytes, /) -> bytes:
        """The same bytes."""
        return data

    def flush(self, mode: int = 0, /) -> bytes:
        """Nothing is held back."""
        return b""


def encoder(coding: Coding) -> Encoder:
    """A new encoder; the same bytes in give the same bytes out."""
    if coding is Coding.ZSTD:
        return zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    if coding is Coding.GZIP:
        return zlib.compressobj(6, zlib.DEFLATED, 31)
    return Plain()


_FLUSHED = {
    Coding.ZSTD: zstandard.COMPRESSOBJ_FLUSH_BLOCK,
    Coding.GZIP: zlib.Z_SYNC_FLUSH,
    Coding.IDENTITY: 0,
}
"""How an encoder gives out all that it has without ending."""


def encoded(body: bytes, coding: Coding) -> bytes:
    """A small body at once."""
    made = encoder(coding)
    return made.compress(body) + made.flush()


class Hash(Protocol):
    """A hash on its way (hashlib)."""

    def update(self, data: bytes, /) -> None: ...

    def copy(self) -> Hash: ...

    def digest(self) -> bytes: ...

    def hexdigest(self) -> str: ...


class Flow:
    """The bytes of one answer on their way. `sent` plain bytes have been handed over, `sha256` is the hash of them and
    of what came `before`.

    INVARIANT: where the hash of the whole was announced, the last piece is handed over only if it holds; a content that
    changed while it was read never arrives complete. The whole of an open file is not hashed again: that it is the
    version whose hash is known is asked after each piece, which says the same.
    """

    def __init__(self, content: Content, planned: Plan, before: Hash | None = None) -> None:
        self._content, self._plan = content, planned
        whole = planned.start == 0 and planned.stop == content.size and content.sha256 is not None
        self.held = content.held if whole else None
        self._hash: Hash = hashlib.sha256() if before is None else before
        self._reached: Hash = self._hash
        self._encoder = encoder(planned.coding)
        self.sent = 0

    @property
    def sha256(self) -> str:
        """Hash of the plain bytes so far, in hex; of all from the beginning, where what came `before` is known; "" for
        the beginning of an open file, which was not hashed."""
        if self.held is not None and self._content.sha256 is not None and self.sent:
            return self._content.sha256.hex() if self.sent == self._content.size else ""
        return self._reached.hexdigest()

    @property
    def digest(self) -> bytes:
        """The same as bytes."""
        return self._reached.digest()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes for the wire. Raises `OurError` where the content changes, ends early or has another hash."""
        chunks = self._content.chunks(self._plan.start, self._plan.stop)
        try:
            async for data in chunks:
                # Hashing and coding release the interpreter lock: beside the loop, but not for a handful of bytes.
                small = len(data) <= _INLINE or (self.held is not None and self._plan.coding is Coding.IDENTITY)
                wire = self._take(data) if small else await asyncio.to_thread(self._take, data)
                self._check_whole(self.sent + len(data))
                self.sent += len(data)
                # Whoever is stopped in the middle of the next piece knows the hash of what has been handed over.
                self._reached = self._hash.copy() if self.held is None else self._hash
                if wire:
                    yield wire
        finally:
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
        if self._plan.length is not None and self.sent != self._plan.length:
            raise OurError("data.changed")
        if tail := self._encoder.flush():
            yield tail

    def tail(self) -> int:
        """Where the last piece begins, which is handed over only when all before it has proved to be good."""
        return max(0, (self._plan.stop or 0) - 1) // PIECE * PIECE

    async def last(self) -> bytes:
        """The last piece. Raises `OurError` where the content is another by now."""
        pieces = [data async for data in self._content.chunks(self.tail(), self._plan.stop)]
        return b"".join(pieces)

    def _take(self, data: bytes) -> bytes:
        if self.held is None:
            self._hash.update(data)
        made = self._encoder.compress(data)
        # An end that nobody knows may be far off: what is there leaves now.
        return made if self._plan.stop is not None else made + self._encoder.flush(_FLUSHED[self._plan.coding])

    def _check_whole(self, reached: int) -> None:
        known, size = self._content.sha256, self._content.size
        if self.held is not None:
            return
        if known is not None and reached == size and self._plan.start == 0 and self._hash.digest() != known:
            raise OurError("data.changed")
