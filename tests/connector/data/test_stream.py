"""The form of an answer, against slices of the content and independent decoders."""

from __future__ import annotations

import gzip
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connector.data.stream import Coding, Flow, Wanted, encoded, plan, variant
from connector.errors import OurError
from connector.ports import Content

BODY = bytes(range(256)) * 16


def content(body: bytes = BODY, *, announced: bytes | None = None, pieces: int = 1000, text: bool = True) -> Content:
    async def chunks(start: int, stop: int | None) -> AsyncIterator[bytes]:
        wanted = body[start:stop]
        for at in range(0, len(wanted), pieces):
            yield wanted[at : at + pieces]

    return Content(
        media_type="text/csv; charset=utf-8" if text else "application/zip",
        etag='"e"',
        chunks=chunks,
        size=len(body),
        sha256=announced or hashlib.sha256(body).digest(),
    )


async def sent(made: Content, wanted: Wanted) -> tuple[int, dict[str, str], bytes]:
    planned = plan(made, wanted)
    body = b""
    if planned.has_body:
        body = b"".join([piece async for piece in Flow(made, planned).pieces()])
    return planned.status, planned.headers, body


@given(st.binary(max_size=60), st.integers(0, 80), st.integers(0, 80))
def test_ranges_against_slices(body: bytes, first: int, last: int) -> None:
    made = content(body)
    for text, expected in (
        (f"bytes={first}-{last}", body[first : last + 1] if last >= first else None),
        (f"bytes={first}-", body[first:]),
        (f"bytes=-{last}", body[max(0, len(body) - last) :] if last else b""),
    ):
        planned = plan(made, Wanted(range=text))
        if expected is None or not body:
            assert (planned.status, planned.start, planned.stop) == (200, 0, len(body))
        elif not expected:
            assert planned.status == 416
            assert planned.headers["Content-Range"] == f"bytes */{len(body)}"
        else:
            assert planned.status == 206
            assert body[planned.start : planned.stop] == expected
            assert planned.headers["Content-Length"] == str(len(expected))
            assert planned.stop is not None
            shown = f"bytes {planned.start}-{planned.stop - 1}/{len(body)}"
            assert planned.headers["Content-Range"] == shown


@pytest.mark.parametrize(
    "text",
    ["bytes=0-1,3-4", "bytes=", "bytes=a-b", "bytes=--1", "items=0-1", "bytes=5-2", "bytes=0-1 2", "0-5", "bytes=-"],
)
def test_what_is_no_single_range_gets_the_whole(text: str) -> None:
    assert plan(content(), Wanted(range=text)).status == 200


@pytest.mark.parametrize(
    ("if_range", "status", "resumes"),
    [('"e"', 206, True), ('"f"', 200, False), ('W/"e"', 200, False), ("Sat, 01 Jan 2000 00:00:00 GMT", 200, False),
     ("", 206, False)],
)  # fmt: skip
def test_if_range(if_range: str, status: int, resumes: bool) -> None:
    planned = plan(content(), Wanted(range="bytes=9-", if_range=if_range))
    assert (planned.status, planned.resumes) == (status, resumes)


def test_a_range_from_the_start_continues_nothing() -> None:
    planned = plan(content(), Wanted(range="bytes=0-", if_range='"e"'))
    assert (planned.status, planned.resumes) == (206, False)


@pytest.mark.parametrize(
    ("field", "status"), [('"e"', 304), ('W/"e"', 304), ('"x", "e-zstd"', 304), ("*", 304), ('"x"', 200), ("", 200)]
)
def test_if_none_match(field: str, status: int) -> None:
    planned = plan(content(), Wanted(if_none_match=field, range="bytes=0-1" if status == 304 else ""))
    assert (planned.status, planned.has_body) == (status, status == 200)
    assert planned.headers["ETag"] == '"e"'


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("zstd, gzip", "zstd"), ("gzip", "gzip"), ("gzip, zstd;q=0", "gzip"), ("zstd;q=0.0", None), ("br", None),
     ("", None), ("GZIP;q=0.5", "gzip"), ("identity", None)],
)  # fmt: skip
async def test_codings(accepted: str, coding: str | None) -> None:
    status, headers, body = await sent(content(), Wanted(accept_encoding=accepted))
    digest = f"sha-256=:{b64encode(hashlib.sha256(BODY).digest()).decode()}:"
    assert (status, headers.get("Content-Encoding"), headers["Vary"]) == (200, coding, "Accept-Encoding")
    if coding is None:
        assert (body, headers["Repr-Digest"], headers["ETag"]) == (BODY, digest, '"e"')
        return
    plain = gzip.decompress(body) if coding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress(body)
    assert plain == BODY
    assert (headers["Unencoded-Digest"], headers["ETag"]) == (digest, variant('"e"', Coding(coding)))
    assert not {"Repr-Digest", "Content-Length"} & set(headers)
    assert encoded(BODY, Coding(coding)) == encoded(BODY, Coding(coding))


@pytest.mark.parametrize("made", [content(text=False), content(b"short")])
def test_what_is_not_worth_coding_stays_plain(made: Content) -> None:
    assert plan(made, Wanted(accept_encoding="zstd")).coding is Coding.IDENTITY


def test_a_range_is_of_the_plain_bytes() -> None:
    planned = plan(content(), Wanted(range="bytes=5-9", accept_encoding="zstd"))
    assert (planned.status, planned.coding) == (206, Coding.IDENTITY)


def test_without_a_size_there_is_only_the_whole() -> None:
    endless = msgspec.structs.replace(content(), size=None, sha256=None)
    planned = plan(endless, Wanted(range="bytes=5-"))
    assert (planned.status, planned.length, planned.coding) == (200, None, Coding.IDENTITY)
    assert not {"Content-Length", "Accept-Ranges", "Repr-Digest"} & set(planned.headers)


def test_head_has_the_headers_of_get() -> None:
    head, get = plan(content(), Wanted(method="HEAD")), plan(content(), Wanted())
    assert head.headers == get.headers
    assert not head.has_body


@pytest.mark.parametrize("accepted", ["", "zstd"])
async def test_another_content_than_announced_never_arrives_whole(accepted: str) -> None:
    made = content(announced=bytes(32))
    flow = Flow(made, plan(made, Wanted(accept_encoding=accepted)))
    got = b""
    with pytest.raises(OurError, match=r"data\.changed"):
        async for piece in flow.pieces():
            got += piece
    assert len(got) < len(BODY)
    assert flow.sent < len(BODY)


async def test_a_content_that_ends_early_is_an_error() -> None:
    made = msgspec.structs.replace(content(), size=len(BODY) + 1, sha256=None)
    with pytest.raises(OurError):
        [piece async for piece in Flow(made, plan(made, Wanted())).pieces()]


@given(st.binary(max_size=3000), st.sampled_from(list(Coding)))
def test_codings_round_trip(body: bytes, coding: Coding) -> None:
    wire = encoded(body, coding)
    match coding:
        case Coding.GZIP:
            assert gzip.decompress(wire) == body
        case Coding.ZSTD:
            assert zstandard.ZstdDecompressor().decompressobj().decompress(wire) == body
        case Coding.IDENTITY:
            assert wire == body


def test_a_head_is_made_for_a_whole_that_is_sent_plain() -> None:
    head = plan(content(), Wanted()).head
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: %d\r\n" % len(BODY) in head
    assert head.endswith(b"\r\n")
    for wanted in (Wanted(method="HEAD"), Wanted(accept_encoding="zstd"), Wanted(range="bytes=0-1")):
        assert plan(content(), wanted).head == b""


def test_what_would_end_a_field_gets_no_head() -> None:
    made = msgspec.structs.replace(content(), media_type="text/csv\r\nSet-Cookie: a=b")
    assert plan(made, Wanted()).head == b""
