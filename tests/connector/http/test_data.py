"""The data plane over a real socket: statuses, bodies, cuts, memory."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import resource
import socket
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
import zstandard

from connector.records import Agreement, Asset
from connector.services.changes import Change
from policies.model import Reason
from tests.connector.data.world import (
    AGREEMENT,
    DATASET,
    PID,
    World,
    agreement,
    asset,
    count,
    purpose,
    started,
    until,
    world,
)

SMALL = b"hour,bicycles\n" + b"1,2\n" * 300
LARGE = os.urandom(1 << 19) * 7


def file(folder: Path, body: bytes) -> Asset:
    path = folder / "counts.csv"
    path.write_bytes(body)
    return asset("file", path=str(path))


def digest(body: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


@pytest.mark.parametrize("body", [b"", SMALL, LARGE])
async def test_a_file_arrives_with_its_hash(tmp_path: Path, body: bytes) -> None:
    async with world(tmp_path, started(), agreement(), file(tmp_path, body)) as w:
        status, headers, got = await w.get()
        assert (status, got) == (200, body)
        assert headers["Repr-Digest"] == digest(body)
        assert headers["Content-Length"] == str(len(body))
        assert headers["Content-Type"] == "text/csv"
        entry = await w.until_event("access.permitted")
        assert (entry.params["bytes"], entry.params["sha256"]) == (str(len(body)), hashlib.sha256(body).hexdigest())
        if body is LARGE:
            entry = await w.until_event("access.finished")
            assert (entry.params["bytes"], entry.params["sha256"]) == (str(len(body)), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("body", [SMALL, LARGE])
@pytest.mark.parametrize("coding", ["zstd", "gzip"])
async def test_codings(tmp_path: Path, body: bytes, coding: str) -> None:
    async with world(tmp_path, started(), agreement(), file(tmp_path, body)) as w:
        status, headers, got = await w.get(Accept_Encoding=coding)
        plain = (
            gzip.decompress(got) if coding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress(got)
        )
        assert (status, plain, headers["Content-Encoding"]) == (200, body, coding)
        assert headers["Unencoded-Digest"] == digest(body)


@pytest.mark.parametrize("body", [SMALL, LARGE])
async def test_ranges_and_conditions(tmp_path: Path, body: bytes) -> None:
    async with world(tmp_path, started(), agreement(), file(tmp_path, body)) as w:
        assert (await w.get(Range="bytes=7-20"))[2] == body[7:21]
        status, headers, got = await w.get(Range="bytes=-5")
        assert (status, got, headers["Content-Range"]) == (
            206, body[-5:], f"bytes {len(body) - 5}-{len(body) - 1}/{len(body)}"
        )  # fmt: skip
        status, headers, got = await w.get(Range=f"bytes={len(body)}-")
        assert (status, got, headers["Content-Range"]) == (416, b"", f"bytes */{len(body)}")
        assert (await w.get(If_None_Match=headers["ETag"]))[0::2] == (304, b"")
        status, headers, got = await w.get(method="HEAD")
        assert (status, got, headers["Content-Length"]) == (200, b"", str(len(body)))


@pytest.mark.parametrize("body", [SMALL, LARGE])
async def test_count_over_http(tmp_path: Path, body: bytes) -> None:
    """Fifty clients at once get exactly three; continuing, looking and asking whether it changed cost nothing."""
    async with world(tmp_path, started(), agreement(count(3)), file(tmp_path, body)) as w:
        etag = (await w.get(method="HEAD"))[1]["ETag"]
        assert (await w.get(If_None_Match=etag))[0] == 304
        assert (await w.get(Range="bytes=999999999-"))[0] == 416
        assert (await w.get("no-such-member"))[0] == 404
        got = [status for status, _, _ in await asyncio.gather(*(w.get() for _ in range(50)))]
        assert (got.count(200), got.count(403)) == (3, 47)
        status, _, rest = await w.get(Range="bytes=10-", If_Range=etag)
        assert (status, rest) == (206, body[10:])
        assert (await w.get(Range="bytes=10-"))[0] == 403
        assert (await w.get(Range="bytes=0-", If_Range=etag))[0] == 403


async def test_refusals_explain_themselves(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(purpose()), file(tmp_path, SMALL)) as w:
        for language in ("de-DE,de", "en"):
            status, headers, body = await w.get(Allmende_Purpose="urn:other", Accept_Language=language)
            told = msgspec.json.decode(body)
            assert (status, headers["Content-Type"]) == (403, "application/json")
            assert told["code"]
            assert told["sentence"]
            assert told["reasons"][0]["code"] == told["code"]
            assert str(tmp_path) not in body.decode()
        assert (await w.events()).count("access.refused") == 2


async def test_who_is_nobody(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(), file(tmp_path, SMALL)) as w:
        for value in (None, "", "Bearer", "Bearer x", "Basic abc", f"Basic {w.gate.credential(PID)}", "x"):
            headers = {} if value is None else {"Authorization": value}
            async with w.session.get(w.address(), headers=headers) as response:
                assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
                assert set(await response.json()) == {"code", "params", "sentence", "reasons"}
        assert await w.log() == []
        async with w.session.get(w.address(pid="urn:x"), headers=w.headers("urn:x")) as response:
            assert response.status == 404
        async with w.session.post(w.address(), headers=w.headers()) as response:
            assert response.status == 405


async def test_a_token_as_it_stands(tmp_path: Path) -> None:
    """So it comes from applications that are used to Eclipse EDC."""
    async with world(tmp_path, started(), agreement(), file(tmp_path, SMALL)) as w:
        headers = {"Authorization": w.gate.credential(PID), "Accept-Encoding": "identity"}
        async with w.session.get(w.address(), headers=headers) as response:
            assert (response.status, await response.read()) == (200, SMALL)


async def test_members_and_traversal(tmp_path: Path) -> None:
    root = tmp_path / "shared"
    (root / "a").mkdir(parents=True)
    (root / "a" / "ü b.csv").write_bytes(SMALL)
    (tmp_path / "secret").write_bytes(b"secret")
    async with world(tmp_path, started(), agreement(), asset("folder", path=str(root))) as w:
        assert (await w.get(quote("a/ü b.csv")))[2] == SMALL
        assert (await w.get())[1]["Content-Type"] == "application/x-tar"
        host, port = w.url.removeprefix("http://").split(":")
        token = w.gate.credential(PID)
        for tail in ("../secret", "%2e%2e/secret", "..%2fsecret", "a/../../secret", "%2fetc%2fpasswd", "/etc/passwd",
                     "a%00", "%ff", "a%2f..%2f..%2fsecret", "A/%C3%BC%20b.csv", "a", "a/"):  # fmt: skip
            reader, writer = await asyncio.open_connection(host, int(port))
            line = f"GET /data/{quote(PID, safe='')}/{tail} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            writer.write(f"{line}Connection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 404"), (tail, answer)
            assert b"secret" not in answer
            assert str(tmp_path).encode() not in answer


async def test_a_failing_silo_is_our_fault_and_no_use(tmp_path: Path) -> None:
    gone = asset("file", path=str(tmp_path / "gone"))
    async with world(tmp_path, started(), agreement(count(1)), gone) as w:
        status, headers, body = await w.get()
        assert (status, msgspec.json.decode(body)["code"]) == (503, "unavailable")
        assert "Retry-After" not in headers  # somebody has to put it back
        assert str(tmp_path).encode() not in body
        (entry,) = await w.log()
        assert (entry.event, entry.params["reason"]) == ("access.unserved", "source.unreadable")
        assert await w.store.read(lambda view: view.drawn(f"uses:{AGREEMENT}")) == 0


async def test_an_asset_that_was_replaced(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(), file(tmp_path, b"old")) as w:
        assert (await w.get())[2] == b"old"
        (tmp_path / "new").write_bytes(b"new")
        await w.put(asset("file", path=str(tmp_path / "new")))
        assert (await w.get())[2] == b"new"
        await w.store.write(lambda tx: tx.delete(Asset, DATASET))
        assert (await w.get())[0] == 403


# --- streams that are under way ---------------------------------------------------------------------------------------


async def lines(w: World, response: aiohttp.ClientResponse) -> None:
    """The first line of a live stream: it flows."""
    assert (await response.content.readline()).endswith(b"\n")


async def suspended(w: World) -> None:
    await w.put(started(state="SUSPENDED"))
    w.changes.publish(Change("transfer", PID))


async def terminating(w: World) -> None:
    await w.put(started(pending="terminate"))
    w.changes.publish(Change("transfer", PID))


async def revoked(w: World) -> None:
    await w.put(
        msgspec.structs.replace(agreement(until("2100-01-01T00:00:00Z")), in_force=False, ended=Reason("revoked"))
    )
    w.changes.publish(Change("agreement", AGREEMENT))


async def replaced(w: World) -> None:
    await w.put(agreement(until("2099-01-01T00:00:00Z")))


async def withdrawn(w: World) -> None:
    await w.store.write(lambda tx: tx.delete(Asset, DATASET))


async def expired(w: World) -> None:
    w.clock.ahead = 80 * 365 * 86_400 * 1_000_000


async def lost(w: World) -> None:
    await w.store.write(lambda tx: tx.delete(Agreement, AGREEMENT))


@pytest.mark.parametrize("change", [suspended, terminating, revoked, replaced, withdrawn, expired, lost])
async def test_a_running_stream_is_cut(tmp_path: Path, change: Callable[[World], Any]) -> None:
    """Also without a notice, and by time alone."""
    terms = agreement(until("2100-01-01T00:00:00Z"))
    async with world(tmp_path, started(), terms, asset("live")) as w:
        async with w.session.get(w.address("stream"), headers=w.headers()) as response:
            await lines(w, response)
            await change(w)
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()
        entry = await w.until_event("access.cut")
        assert int(entry.params["bytes"]) > 0
        assert entry.params["reason"]
        if change is not replaced:
            assert (await w.get("stream"))[0] == 403


async def test_a_reader_that_does_not_read_is_cut_too(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(), file(tmp_path, os.urandom(1 << 20) * 32)) as w:
        response = await w.session.get(w.address(), headers=w.headers())
        await response.content.readexactly(1)
        await suspended(w)
        entry = await w.until_event("access.cut")
        assert int(entry.params["bytes"]) < 32 << 20
        assert entry.params["reason"] == "transfer.state"
        response.close()


async def test_what_does_not_change_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(count(1)), asset("live")) as w:
        async with w.session.get(w.address("stream"), headers=w.headers()) as response:
            await lines(w, response)
            w.changes.publish(Change("transfer", PID))
            w.changes.publish(Change("transfer", "urn:uuid:other"))
            await lines(w, response)
        assert (await w.until_event("access.broken")).params["transfer"] == PID
        assert "access.cut" not in await w.events()


async def test_a_change_between_decision_and_first_byte(tmp_path: Path) -> None:
    """The decision is on disk, not a byte is sent: the stream is watched already."""
    made: list[World] = []

    def fault(point: str) -> None:
        if point == "gate.admitted":
            made[0].clock.ahead = 80 * 365 * 86_400 * 1_000_000

    terms = agreement(until("2100-01-01T00:00:00Z"))
    async with world(tmp_path, started(), terms, asset("live"), fault=fault) as w:
        made.append(w)
        with pytest.raises(aiohttp.ClientError):
            await w.get("stream")
        assert (await w.until_event("access.cut")).params["hash"] == terms.hash


async def test_a_file_that_changes_never_arrives_whole(tmp_path: Path) -> None:
    body = os.urandom(1 << 20) * 64
    async with world(tmp_path, started(), agreement(), file(tmp_path, body)) as w:
        async with w.session.get(w.address(), headers=w.headers()) as response:
            await response.content.readexactly(1)
            with (tmp_path / "counts.csv").open("r+b") as writing:
                writing.write(b"changed")
            with pytest.raises(aiohttp.ClientError):
                await response.read()
        assert (await w.until_event("access.broken")).params["reason"] == "data.changed"


async def test_closing_cuts_what_is_under_way(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(), asset("live")) as w:
        async with w.session.get(w.address("stream"), headers=w.headers()) as response:
            await lines(w, response)
            await w.gate.close()
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()
        assert (await w.until_event("access.cut")).params["reason"] == "node.closing"


async def test_memory_stays_flat(tmp_path: Path) -> None:
    size = 256 << 20
    path = tmp_path / "sparse.bin"
    with path.open("wb") as made:
        made.truncate(size)
    thing = asset("file", path=str(path))
    async with world(tmp_path, started(), agreement(), thing) as w:
        await w.get(Range="bytes=0-9")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        got = 0
        async with w.session.get(w.address(), headers=w.headers()) as response:
            async for piece in response.content.iter_any():
                got += len(piece)
        assert got == size
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 << 10


@pytest.mark.parametrize("change", [suspended, revoked, expired])
async def test_a_cut_is_a_reset_and_what_was_not_sent_yet_is_thrown_away(
    tmp_path: Path, change: Callable[[World], Any]
) -> None:
    """A reader with a narrow window never gets what waited at the provider, and sees a failure instead of an end."""
    body = os.urandom(1 << 20) * 64
    terms = agreement(until("2100-01-01T00:00:00Z"))
    async with world(tmp_path, started(), terms, file(tmp_path, body)) as w:
        loop = asyncio.get_running_loop()
        host, port = w.url.removeprefix("http://").split(":")
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            reader.setblocking(False)
            await loop.sock_connect(reader, (host, int(port)))
            lines = [f"GET {w.address().removeprefix(w.url)} HTTP/1.1", f"Host: {host}"]
            lines += [f"{name}: {value}" for name, value in w.headers().items()]
            await loop.sock_sendall(reader, ("\r\n".join(lines) + "\r\n\r\n").encode())
            got = len(await loop.sock_recv(reader, 65_536))
            await change(w)
            entry = await w.until_event("access.cut")
            with pytest.raises(ConnectionResetError):
                while piece := await loop.sock_recv(reader, 65_536):
                    got += len(piece)
        handed_over = int(entry.params["bytes"])
        assert got < handed_over <= 4 << 20
        assert got < 1 << 20
