"""Pulling: resumption over broken connections, checks at the end, what stands in the audit."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from connector.data.consuming import pull as pulling
from connector.data.consuming.pull import Order, Pull, announced, pull
from connector.data.stream import Coding, Flow, Wanted, plan
from connector.errors import DeliveryError, NodeError, RefusedError, UnknownError
from connector.http.client import HttpPeer
from connector.records import Written
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock
from tests.connector.data.test_stream import content
from tests.connector.data.world import PID, World, agreement, asset, count, open_store, started, world

BODY = os.urandom(5000)
ORDER = Order(url="http://provider.example/data/x", authorization="Bearer secret", transfer="urn:uuid:t")


class Quick(SystemClock):
    """Counts the pauses instead of making them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Reply:
    """An answer that breaks after some bytes."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, breaks: int | None) -> None:
        self.status, self.headers = status, headers
        self._body, self._breaks = body, breaks
        self.closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        whole = self._body if self._breaks is None else self._body[: self._breaks]
        for at in range(0, len(whole), 700):
            yield whole[at : at + 700]
        if self._breaks is not None:
            raise DeliveryError("peer.unreachable")

    async def close(self) -> None:
        self.closed = True


class Provider:
    """A provider without a network: answers as `data.stream` plans, and breaks where the script says so."""

    def __init__(self, *breaks: int | None, body: bytes = BODY) -> None:
        self.breaks = list(breaks)
        self.body = body
        self.asked: list[Mapping[str, str]] = []
        self.made: list[Reply] = []
        self.coding = ""
        self.busy: dict[int, tuple[int, str]] = {}
        self.ranges = True
        self.headers: dict[str, str | None] = {}
        self.then: Any = lambda: None

    async def open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        private: bool = False,
        deadline: float | None = None,
        method: str = "GET",
    ) -> Any:
        if self.asked:
            self.then()
        self.asked.append(headers)
        if (busy := self.busy.get(len(self.asked))) is not None:
            return Reply(busy[0], {"Retry-After": busy[1]} if busy[1] else {}, b"", None)
        thing = content(self.body)
        etag = f'"{hashlib.sha256(self.body).hexdigest()}"'
        thing = msgspec.structs.replace(thing, etag=etag)
        wanted = Wanted(
            range=headers.get("Range", "") if self.ranges else "",
            if_range=headers.get("If-Range", ""),
            accept_encoding=self.coding,
        )
        planned = plan(thing, wanted)
        body = b"".join([piece async for piece in Flow(thing, planned).pieces()]) if planned.has_body else b""
        if planned.coding is Coding.ZSTD:
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        told = {name: value for name, value in {**planned.headers, **self.headers}.items() if value is not None}
        reply = Reply(planned.status, told, body, self.breaks.pop(0) if self.breaks else None)
        self.made.append(reply)
        return reply

    async def send(self, *args: Any, **more: Any) -> Any:
        raise AssertionError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = open_store(tmp_path)
    yield made
    await made.close()


async def outcome(store: SqliteStore) -> Written:
    (entry,) = await store.read(lambda view: view.log())
    return msgspec.json.decode(entry.body, type=Written)


async def fetched(provider: Provider, store: SqliteStore, order: Order = ORDER) -> bytes:
    got = await pull(order, peer=provider, store=store, clock=Quick())
    return b"".join([piece async for piece in got.chunks()])


@pytest.mark.parametrize("coding", ["", "zstd"])
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("breaks", [(), (0,), (1,), (700, 1, 0, 0, 2000), (4999,), (0, 0, 0, 0)])
async def test_whatever_breaks_the_bytes_arrive(
    store: SqliteStore, breaks: tuple[int, ...], ranges: bool, coding: str
) -> None:
    provider = Provider(*breaks)
    provider.ranges, provider.coding = ranges, coding
    assert await fetched(provider, store) == BODY
    entry = await outcome(store)
    assert (entry.event, entry.params["bytes"], entry.params["complete"]) == ("data.received", "5000", "yes")
    assert entry.params["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert all(reply.closed for reply in provider.made)
    if ranges:
        assert all(
            asked["If-Range"].startswith('"') and "zstd" not in asked["If-Range"] for asked in provider.asked[1:]
        )


async def test_a_part_is_continued_as_a_part(store: SqliteStore) -> None:
    provider = Provider(10)
    got = await fetched(provider, store, msgspec.structs.replace(ORDER, range="bytes=100-199"))
    assert got == BODY[100:200]
    assert provider.asked[1]["Range"] == "bytes=110-199"


async def test_a_provider_that_stays_away(store: SqliteStore) -> None:
    provider = Provider(1000, *[0] * 50)
    with pytest.raises(DeliveryError, match=r"data\.incomplete"):
        await fetched(provider, store)
    entry = await outcome(store)
    assert (entry.params["complete"], entry.params["bytes"]) == ("no", "1000")
    assert entry.params["reason"] == "data.incomplete"
    assert len(provider.asked) < 10


async def test_another_content_is_not_glued_on(store: SqliteStore) -> None:
    provider = Provider(1000)
    provider.then = lambda: setattr(provider, "body", os.urandom(5000))
    with pytest.raises(DeliveryError, match=r"data\.changed"):
        await fetched(provider, store)


async def test_a_wrong_hash_is_an_error_at_the_end(store: SqliteStore) -> None:
    provider = Provider()
    provider.headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes(32)).decode()}:"
    with pytest.raises(DeliveryError, match=r"data\.digest"):
        await fetched(provider, store)
    assert (await outcome(store)).params["complete"] == "no"


async def test_more_than_announced_is_an_error(store: SqliteStore) -> None:
    provider = Provider()
    provider.headers["Content-Length"] = "4999"
    with pytest.raises(DeliveryError, match=r"data\.length"):
        await fetched(provider, store)


async def test_a_pull_that_nobody_reads_is_told(store: SqliteStore) -> None:
    got = await pull(ORDER, peer=Provider(), store=store, clock=Quick())
    assert (got.size, got.sha256) == (5000, hashlib.sha256(BODY).digest())
    await got.close()
    await got.close()
    assert (await outcome(store)).params["reason"] == "data.abandoned"


async def test_a_reader_who_leaves_is_told(store: SqliteStore) -> None:
    got = await pull(ORDER, peer=Provider(), store=store, clock=Quick())
    pieces = got.chunks()
    await anext(pieces)
    await pieces.aclose()
    entry = await outcome(store)
    assert (entry.params["bytes"], entry.params["reason"]) == ("700", "data.abandoned")


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (403, b'{"code":"count.exhausted","params":{"limit":"3"},"extra":1}', RefusedError, "count.exhausted"),
        (403, b"<html>", RefusedError, "peer.refused"),
        (403, b"x" * 100_000, RefusedError, "peer.refused"),
        (401, b'{"code":"token.unknown"}', RefusedError, "token.unknown"),
        (404, b"", UnknownError, "data.unknown"),
        (416, b"", RefusedError, "data.range"),
        (302, b"", DeliveryError, "peer.status"),
        (500, b"", DeliveryError, "peer.status"),
    ],
)
async def test_refusals_keep_their_reason(
    store: SqliteStore, status: int, body: bytes, error: type[NodeError], code: str
) -> None:
    class Refusing(Provider):
        async def open(self, url: str, **more: Any) -> Any:
            return Reply(status, {}, body, None)

    with pytest.raises(error) as raised:
        await pull(ORDER, peer=Refusing(), store=store, clock=Quick())
    assert raised.value.reason.code == code
    assert (await outcome(store)).params["reason"] == code


@pytest.mark.parametrize(
    "headers",
    [{}, {"repr-digest": "md5=:AA==:"}, {"repr-digest": "sha-256=:%%%:"}, {"repr-digest": "sha-256=:AAAA:"},
     {"repr-digest": f"sha-256=:{b64encode(bytes(32)).decode()}:", "content-encoding": "gzip"}],
)  # fmt: skip
def test_what_announces_no_hash(headers: dict[str, str]) -> None:
    assert announced(headers) is None


# --- against the real data plane --------------------------------------------------------------------------------------


async def real(w: World, peer: HttpPeer, **changes: Any) -> Pull:
    order = Order(url=w.address(), authorization=w.gate.credential(PID), transfer="urn:uuid:t", private=True, **changes)
    return await pull(order, peer=peer, store=w.store, clock=w.clock)


async def test_both_sides_together(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes(b"hour,bicycles\n" * 200_000)
    peer = HttpPeer()
    async with world(tmp_path, started(), agreement(count(1)), asset("file", path=str(path))) as w:
        got = await real(w, peer)
        body = b"".join([piece async for piece in got.chunks()])
        assert body == path.read_bytes()
        assert got.sha256 == hashlib.sha256(body).digest()
        with pytest.raises(RefusedError) as refused:
            await real(w, peer)
        assert refused.value.reason.code.startswith("count")
        ours, theirs = await w.until_event("access.finished"), await w.until_event("data.received")
        assert ours.params["sha256"] == theirs.params["sha256"]
    await peer.close()


async def test_a_folder_is_one_use(tmp_path: Path) -> None:
    root = tmp_path / "shared"
    (root / "deep er").mkdir(parents=True)
    (root / "deep er" / "ä.csv").write_bytes(b"1" * 200_000)
    peer = HttpPeer()
    async with world(tmp_path, started(), agreement(count(2)), asset("folder", path=str(root))) as w:
        whole = b"".join([piece async for piece in (await real(w, peer)).chunks()])
        assert len(whole) % 512 == 0
        one = b"".join([piece async for piece in (await real(w, peer, member="deep er/ä.csv")).chunks()])
        assert one == b"1" * 200_000
    await peer.close()


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "٣", "1e3", "0x10", ""])
def test_numbers_beyond_belief_are_no_numbers(number: str) -> None:
    assert pulling._length({"content-length": number}) is None
    assert pulling._part({"content-range": f"bytes {number}-{number}/*"}) is None
    assert pulling._part({"content-range": f"bytes 0-{number}/*"}) is None


@pytest.mark.parametrize("injected", ["urn:x\r\nX: y", "urn:x\ny", "urn:\x00x", "a b", "urn:x\x7f"])
async def test_nothing_is_slipped_into_the_headers(tmp_path: Path, injected: str) -> None:
    """Neither by the own operator, whose input is refused, nor by the peer who makes the credential."""
    store, peer = open_store(tmp_path), HttpPeer()
    for order, code in (
        (msgspec.structs.replace(ORDER, purpose=injected), "input.wrong"),
        (msgspec.structs.replace(ORDER, spatial=injected), "input.wrong"),
        (msgspec.structs.replace(ORDER, authorization=injected), "peer.answer_unclear"),
    ):
        with pytest.raises(NodeError) as caught:
            await pull(order, peer=peer, store=store, clock=Quick())
        assert caught.value.reason.code == code
    await peer.close()
    await store.close()


async def test_an_end_of_which_nothing_was_said_before_proves_nothing(store: SqliteStore) -> None:
    """Neither length nor hash: whoever stands in between may have made an end out of a cut."""
    provider = Provider()
    provider.headers = {"Content-Length": None, "Repr-Digest": None}
    assert await fetched(provider, store) == BODY
    assert (await outcome(store)).params["complete"] == "unknown"


@pytest.mark.parametrize("status", [503, 429])
async def test_who_has_no_room_now_is_asked_again_when_it_says(store: SqliteStore, status: int) -> None:
    """At the beginning as well as for the rest."""
    provider, clock = Provider(2000), Quick()
    provider.busy = {1: (status, "5"), 2: (status, "7"), 4: (status, "20"), 5: (status, "30")}
    got = await pull(ORDER, peer=provider, store=store, clock=clock)
    assert b"".join([piece async for piece in got.chunks()]) == BODY
    assert [one for one in clock.pauses if one >= 5] == [5, 7, 20, 30]
    assert (await outcome(store)).params["complete"] == "yes"


@pytest.mark.parametrize("said", ["61", "999999999999999999", "20"])
async def test_patience_ends(store: SqliteStore, said: str) -> None:
    provider, clock = Provider(), Quick()
    provider.busy = dict.fromkeys(range(1, 50), (503, said))
    with pytest.raises(DeliveryError) as refused:
        await pull(ORDER, peer=provider, store=store, clock=clock)
    assert (refused.value.reason.code, refused.value.reason.params) == ("peer.busy", {"status": "503"})
    assert sum(clock.pauses) <= 60
    assert (await outcome(store)).params["reason"] == "peer.busy"


@pytest.mark.parametrize("said", ["", "soon", "-1", "0", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_who_does_not_say_when_is_not_waited_for(store: SqliteStore, said: str) -> None:
    provider, clock = Provider(), Quick()
    provider.busy = {1: (503, said)}
    with pytest.raises(DeliveryError) as refused:
        await pull(ORDER, peer=provider, store=store, clock=clock)
    assert (refused.value.reason.code, clock.pauses) == ("peer.status", [])


async def test_a_rest_that_nobody_has_room_for_is_given_up(store: SqliteStore) -> None:
    provider, clock = Provider(2000), Quick()
    provider.busy = dict.fromkeys(range(2, 50), (503, "25"))
    got = await pull(ORDER, peer=provider, store=store, clock=clock)
    with pytest.raises(DeliveryError) as broken:
        async for _ in got.chunks():
            pass
    assert broken.value.reason.code == "data.incomplete"
    assert sum(clock.pauses) < 61
