"""Both ends of an answer with rows that breaks: it is continued, checked at its end, and never paid for twice."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from connector.data.consuming.pull import Order, Pull, pull
from connector.data.consuming.pull import ended as over
from connector.data.silos import kinds
from connector.data.silos.kinds import Place
from connector.errors import DeliveryError, InputError, NodeError, RefusedError
from connector.http.client import HttpPeer
from tests.connector.data import made
from tests.connector.data.consuming.test_pull import Quick
from tests.connector.data.made import STORIES, Story
from tests.connector.data.world import PID, World, agreement, count, open_store, started, world
from tests.harness.proxy import Proxy, proxied

MANY = 20_000


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setitem(kinds.KINDS, "made", Place("tests.connector.data.made:MadeReader"))
    STORIES["made"] = Story()
    STORIES["made"].rows, STORIES["made"].many = made.rows(MANY), 1000
    return STORIES["made"]


@asynccontextmanager
async def between(folder: Path) -> AsyncIterator[tuple[World, Proxy, HttpPeer]]:
    """A provider who grants one use, and a faulty way to him."""
    peer = HttpPeer()
    things = (started(), agreement(count(1)), made.silo(), made.asset())
    async with world(folder, *things) as w, proxied(urlsplit(w.url).port or 0) as proxy:
        yield w, proxy, peer
        await peer.close()


async def begun(w: World, proxy: Proxy, peer: Any, query: str = "") -> Pull:
    url = w.address().replace(w.url, f"http://127.0.0.1:{proxy.port}")
    order = Order(
        url=url, authorization=w.gate.credential(PID), transfer="urn:uuid:t", private=True, query=query
    )  # fmt: skip
    return await pull(order, peer=peer, store=w.store, clock=Quick())


async def ended(w: World) -> Mapping[str, str]:
    return (await w.until_event("data.received")).params


def whole(story: Story) -> bytes:
    return b"id,at,district,name,count\r\n" + b"".join(
        ",".join(f'"{value}"' if "," in value else value for value in row).encode() + b"\r\n" for row in story.rows
    )


async def test_an_answer_is_checked_at_its_end(tmp_path: Path, story: Story) -> None:
    async with between(tmp_path) as (w, proxy, peer):
        got = await begun(w, proxy, peer)
        assert (got.size, got.sha256) == (None, None)
        body = b"".join([piece async for piece in got.chunks()])
        assert body == whole(story)
        told = await ended(w)
        assert (told["complete"], told["sha256"]) == ("yes", hashlib.sha256(body).hexdigest())
        assert "access.examined" in await w.events()


@pytest.mark.parametrize("every", [20_000, 60_000])
async def test_f08_what_is_cut_on_its_way_is_continued(tmp_path: Path, story: Story, every: int) -> None:
    async with between(tmp_path) as (w, proxy, peer):
        proxy.faults.cut_reply, proxy.faults.reset = every, True
        body = b"".join([piece async for piece in (await begun(w, proxy, peer)).chunks()])
        assert body == whole(story)
        assert (await ended(w))["complete"] == "yes"
        permitted = [entry.params for entry in await w.log() if entry.event == "access.permitted"]
        assert [one.get("use") for one in permitted] == ["1", *[None] * (len(permitted) - 1)]
        assert len(permitted) > 1


async def test_f10_a_link_that_flaps(tmp_path: Path, story: Story) -> None:
    """Every connection is ended after a while; the rest comes over the next ones, as one use."""
    async with between(tmp_path) as (w, proxy, peer):
        got, body = await begun(w, proxy, peer), b""
        async for piece in got.chunks():
            if len(body) // 150_000 != (len(body) + len(piece)) // 150_000:
                await proxy.drop()
            body += piece
        assert body == whole(story)
        assert (await ended(w))["complete"] == "yes"
        assert proxy.connections > 2
        uses = [entry.params.get("use") for entry in await w.log() if entry.event == "access.permitted"]
        assert uses == ["1", *[None] * (len(uses) - 1)]


async def test_f11_a_provider_that_falls_silent(tmp_path: Path, story: Story) -> None:
    """It is left after a while; what is there by then stands in the audit."""
    async with between(tmp_path) as (w, proxy, _):
        peer = HttpPeer(idle=0.3)
        got, body = await begun(w, proxy, peer), b""
        with pytest.raises(DeliveryError) as left:
            async for piece in got.chunks():
                body += piece
                proxy.faults.silent = True
                proxy.faults.latency = 30.0
        await peer.close()
        assert left.value.reason.code == "data.incomplete"
        told = await ended(w)
        assert (told["complete"], told["reason"], told["bytes"]) == ("no", "data.incomplete", str(len(body)))


class Ending(HttpPeer):
    """Makes an end out of a cut, as a proxy in between may."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    async def open(self, url: str, **more: Any) -> Any:
        stream = await super().open(url, **more)
        chunks, left = stream.chunks, self.after
        self.after = 1 << 40

        async def some() -> AsyncIterator[bytes]:
            nonlocal left
            async for piece in chunks():
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    return

        stream.chunks = some  # type: ignore[method-assign]
        return stream


async def test_an_end_that_was_none_is_noticed_and_gone_beyond(tmp_path: Path, story: Story) -> None:
    async with between(tmp_path) as (w, proxy, _):
        peer = Ending(100_000)
        got = await begun(w, proxy, peer)
        body = b""
        async for piece in got.chunks():
            body += piece
            await asyncio.sleep(0)
        await peer.close()
        # The provider has sent it all, as far as he knows, or is told that it is not wanted: both are gone beyond.
        assert (body == whole(story), (await ended(w))["complete"]) in ((True, "yes"), (False, "unknown"))


async def test_a_silo_that_dies_and_comes_back(tmp_path: Path, story: Story) -> None:
    story.fails_at = 7

    async def before(piece: int) -> None:
        if piece == 0 and len(story.asked) > 1:
            story.fails_at = -1

    story.before = before
    async with between(tmp_path) as (w, proxy, peer):
        body = b"".join([piece async for piece in (await begun(w, proxy, peer)).chunks()])
        assert body == whole(story)
        assert (await w.until_event("access.broken")).params["reason"] == "source.unreachable"
        assert (await ended(w))["complete"] == "yes"
        assert (await w.events()).count("access.permitted") == 2


async def test_a_silo_that_stays_dead_is_told_at_both_ends(tmp_path: Path, story: Story) -> None:
    story.fails_at = 7
    async with between(tmp_path) as (w, proxy, peer):
        got = await begun(w, proxy, peer)
        with pytest.raises(DeliveryError) as broken:
            async for _ in got.chunks():
                pass
        assert broken.value.reason.code == "data.incomplete"
        assert (await w.until_event("access.broken")).params["reason"] == "source.unreachable"
        told = await ended(w)
        assert (told["complete"], told["reason"]) == ("no", "data.incomplete")
        assert story.open == 0


async def test_what_changed_meanwhile_is_said_and_not_paid_for(tmp_path: Path, story: Story) -> None:
    async with between(tmp_path) as (w, proxy, peer):
        proxy.faults.cut_reply, proxy.faults.reset = 50_000, True
        got = await begun(w, proxy, peer)
        with pytest.raises(DeliveryError) as broken:
            async for _ in got.chunks():
                story.rows[0] = (*story.rows[0][:4], "99")
        assert broken.value.reason.code == "data.changed"
        assert [entry.params.get("use") for entry in await w.log() if entry.event == "access.permitted"] == ["1"]


async def test_a_question_that_is_wrong_is_the_askers(tmp_path: Path, story: Story) -> None:
    async with between(tmp_path) as (w, proxy, peer):
        with pytest.raises(InputError, match=r"query\.field"):
            await begun(w, proxy, peer, "filter=nothing=1")


GARBAGE = {
    "no HTTP": b"\x00\xff" * 5000,
    "more than announced": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"x" * 5_000_000,
    "no chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "another place": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "a bomb that is none": b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 9\r\n\r\nnot zstd!",
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_f12_what_is_no_answer(tmp_path: Path, kind: str) -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(GARBAGE[kind])
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store, peer = open_store(tmp_path), HttpPeer()
    order = Order(url=f"http://127.0.0.1:{port}/data/x", authorization="secret", transfer="urn:uuid:t", private=True)
    body, failed = b"", ""
    try:
        got = await pull(order, peer=peer, store=store, clock=Quick())
        async for piece in got.chunks():
            body += piece
    except NodeError as error:
        failed = error.reason.code
    assert len(body) <= 10
    assert failed
    assert all(one.startswith(b"GET /data/x HTTP/1.1\r\n") for one in asked)
    server.close()
    await peer.close()
    await store.close()


async def test_whoever_comes_back_later_gets_the_rest_as_the_same_use(tmp_path: Path, story: Story) -> None:
    async with between(tmp_path) as (w, proxy, peer):
        first = await begun(w, proxy, peer)
        body = b""
        async for piece in first.chunks():
            body += piece
            if len(body) > 200_000:
                break
        await first.close()
        order = Order(
            url=w.address(), authorization=w.gate.credential(PID), transfer="urn:uuid:t", private=True,
            range=f"bytes={len(body)}-", etag=first.etag,
        )  # fmt: skip
        wrong = replace(order, have=f"sha-256=:{b64encode(b'x' * 32).decode()}:")
        with pytest.raises(DeliveryError) as changed:
            async for _ in (await pull(wrong, peer=peer, store=w.store, clock=Quick())).chunks():
                pass
        assert changed.value.reason.code in ("data.changed", "data.incomplete")

        uses = [entry.params.get("use") for entry in await w.log() if entry.event == "access.permitted"]
        assert [one for one in uses if one] == ["1"], "nothing is drawn in its place"


async def test_the_rest_is_what_the_first_part_lacks(tmp_path: Path, story: Story) -> None:
    async with between(tmp_path) as (w, proxy, peer):
        first = await begun(w, proxy, peer)
        body = b""
        async for piece in first.chunks():
            body += piece
            if len(body) > 200_000:
                break
        await first.close()
        have = b64encode(hashlib.sha256(body).digest()).decode()
        order = Order(
            url=w.address(), authorization=w.gate.credential(PID), transfer="urn:uuid:t", private=True,
            range=f"bytes={len(body)}-", etag=first.etag, have=f"sha-256=:{have}:",
        )  # fmt: skip
        rest = await pull(order, peer=peer, store=w.store, clock=Quick())
        assert rest.status == 206
        body += b"".join([piece async for piece in rest.chunks()])
        assert body == whole(story)
        assert await over(order, peer=peer, clock=Quick()) == (len(body), hashlib.sha256(body).digest())
        with pytest.raises(RefusedError):  # It is not the one use that there was.
            await over(replace(order, etag='"r-none"'), peer=peer, clock=Quick())
        uses = [entry.params.get("use") for entry in await w.log() if entry.event == "access.permitted"]
        assert [one for one in uses if one] == ["1"]
