"""connector/http/inbox.py: a part as it stands in a request, from senders that number parts and from others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from multidict import CIMultiDict

from connector.data.delivery.receiving import Part
from connector.errors import (
    BusyError,
    MessageError,
    OurError,
    RefusedError,
    TooLargeError,
    TransitionError,
    UnauthenticatedError,
    UnknownError,
)
from connector.http.inbox import Inbox, _part


def part(length: int | None, **headers: str) -> Part:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    request: Any = SimpleNamespace(headers=named, content_length=length)
    return _part(request)


def test_a_part_of_ours() -> None:
    said = part(
        16, Content_Type="text/csv", Content_Range="bytes 8-23/40", Allmende_Delivery="3", Allmende_Part="2",
        Allmende_Last="?0", ETag='"e"', Repr_Digest=f"sha-256=:{'A' * 43}=:", Allmende_Transforms="t",
    )  # fmt: skip
    assert (said.number, said.part, said.offset, said.size, said.last) == (3, 2, 8, 40, False)
    assert (said.media_type, said.etag, said.whole, said.transforms) == ("text/csv", '"e"', b"\0" * 32, "t")


@pytest.mark.parametrize(
    ("length", "headers", "offset", "size", "last"),
    [
        (5, {}, 0, 5, True),
        (None, {}, 0, None, True),
        (5, {"Content_Range": "bytes 0-4/9"}, 0, 9, False),
        (4, {"Content_Range": "bytes 5-8/9"}, 5, 9, True),
        (4, {"Content_Range": "bytes 5-8/*"}, 5, None, False),
        (4, {"Content_Range": "bytes 5-8/*", "Allmende_Last": "?1"}, 5, None, True),
        (0, {"Content_Range": "bytes */0"}, 0, 0, True),
    ],
)
def test_which_part_it_is(
    length: int | None, headers: dict[str, str], offset: int, size: int | None, last: bool
) -> None:
    said = part(length, **headers)
    assert (said.offset, said.size, said.last) == (offset, size, last)


@pytest.mark.parametrize(
    ("length", "headers"),
    [
        (5, {"Content_Range": "bytes 4-0/9"}),
        (5, {"Content_Range": "bytes 0-4/3"}),
        (6, {"Content_Range": "bytes 0-4/9"}),
        (5, {"Content_Range": "items 0-4/9"}),
        (5, {"Content_Range": "bytes 0-99999999999999999999/*"}),
        (5, {"Content_Range": "bytes ٠-٤/٩"}),
        (5, {"Allmende_Part": "-1"}),
        (5, {"Allmende_Delivery": "9" * 40}),
        (5, {"Allmende_Part": ""}),
    ],
)
def test_what_cannot_be_read(length: int, headers: dict[str, str]) -> None:
    with pytest.raises(MessageError, match=r"push\.range"):
        part(length, **headers)


class Receiving:
    """Takes what it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.taken: list[tuple[str, Part, bytes]] = []

    def prove(self, credential: str, pid: str) -> None:
        if credential != "tok":
            raise UnauthenticatedError("token.unknown")

    async def take(self, pid: str, part: Part, body: AsyncIterator[bytes]) -> None:
        if self.error is not None:
            raise self.error
        self.taken.append((pid, part, b"".join([piece async for piece in body])))


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Receiving, str]]:
    receiving: Any = Receiving()
    app = web.Application()
    app.router.add_route("*", "/inbox/{tail:.*}", Inbox(receiving).handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield receiving, f"http://127.0.0.1:{runner.addresses[0][1]}/inbox"
    await runner.cleanup()


async def post(url: str, body: bytes = b"x", method: str = "POST", **headers: str) -> tuple[int, Any]:
    given = {"Authorization": "Bearer tok", **headers}
    async with aiohttp.ClientSession() as session, session.request(method, url, data=body, headers=given) as answer:
        raw = await answer.read()
        return answer.status, msgspec.json.decode(raw) if raw[:1] == b"{" else None


async def test_what_comes_in_goes_on(inbox: tuple[Receiving, str]) -> None:
    receiving, url = inbox
    assert await post(f"{url}/urn%3Auuid%3A1", b"abc") == (204, None)
    assert await post(f"{url}/urn%3Auuid%3A1", b"abc", "PUT", Authorization="tok") == (204, None)
    assert [(pid, body) for pid, _, body in receiving.taken] == [("urn:uuid:1", b"abc")] * 2


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TransitionError("push.gap", expected="4"), 409, "push.gap"),
        (TransitionError("push.digest", transfer="x"), 422, "push.digest"),
        (BusyError("push.full"), 503, "push.full"),
        (BusyError("push.damaged"), 503, None),
        (RefusedError("transfer.state", state="SUSPENDED"), 403, "transfer.state"),
        (UnknownError("transfer.unknown"), 404, None),
        (TooLargeError("push.part", most="9"), 413, None),
        (OurError("store.io", path="/var/lib/x"), 500, None),
        (RuntimeError("/etc/passwd"), 500, None),
    ],
)
async def test_what_the_sender_is_told(
    inbox: tuple[Receiving, str], error: Exception, status: int, code: str | None
) -> None:
    receiving, url = inbox
    receiving.error = error
    found, said = await post(f"{url}/pid")
    assert found == status
    assert code is None or said["code"] == code
    assert "/etc" not in str(said)
    assert "/var" not in str(said)


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/pid", "GET", {}, 405),
        ("/pid", "DELETE", {}, 405),
        ("/pid", "POST", {"Authorization": ""}, 401),
        ("/pid", "POST", {"Authorization": "Basic tok"}, 401),
        ("/pid", "POST", {"Authorization": "Bearer other"}, 401),
        ("/", "POST", {}, 404),
        ("/pid/deeper", "POST", {}, 404),
        ("/%ff", "POST", {}, 404),
        ("/pid", "POST", {"Content-Encoding": "gzip"}, 400),
    ],
)
async def test_what_is_not_taken(
    inbox: tuple[Receiving, str], path: str, method: str, headers: dict[str, str], status: int
) -> None:
    receiving, url = inbox
    assert (await post(f"{url}{path}", b"x", method, **headers))[0] == status
    assert receiving.taken == []
