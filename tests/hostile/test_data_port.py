"""Hostile requests where data are served: queries, rows as they come, the inbox, renewal, other planes.

Covered: slow and silent callers, bodies that are too much, bombs, smuggled requests, targets that mean two things,
paths that lead out, queries that are too much; with a good credential and without. What is the same for every endpoint
is in `test_bodies` and `tests/connector/http/test_server.py`; here is that nothing of it is lost where data are served.
"""

from __future__ import annotations

import asyncio
import resource
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from connector.node import Node
from connector.ports import Transaction
from connector.records import Asset, Participant
from tests.connector.data.world import DATASET, PEER, PID, agreement, started
from tests.connector.http.listening import said
from tests.hostile.actors import Answer, Neighbour, answer_of, healthy, until

ROWS = b"id,place,count\r\n" + b"".join(b"%d,bridge,%d\r\n" % (n, n % 7) for n in range(1000))
AT = quote(PID, safe="")
FILE = f"/data/{AT}"
TARGETS = {
    "data": ("GET", FILE),
    "question": ("GET", f"{FILE}?properties=id&limit=3"),
    "live": ("GET", FILE),
    "inbox": ("POST", f"/inbox/{AT}"),
    "renewal": ("POST", f"/tokens/{AT}"),
    "planes": ("POST", "/dataflows/start"),
}
GOOD = ("data", "question")


class Port:
    """The public port, that for other planes, and a consumer's credential for data."""

    def __init__(self, city: Node) -> None:
        self._city = city

    def of(self, name: str) -> int:
        """Where this is to be had."""
        return (self._city.signaling_listener if name == "planes" else self._city.public_listener).port

    def head(self, name: str, *lines: str, token: str | None = None, target: str = "") -> bytes:
        """The beginning of a request."""
        method, own = TARGETS[name]
        credential = self._city.gate.credential(PID) if token is None else token
        lines = (*lines, "Accept: text/event-stream") if name == "live" else lines
        said = (f"{method} {target or own} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: {credential}", *lines)
        return ("\r\n".join(said) + "\r\n\r\n").encode()

    async def ask(
        self, name: str, *lines: str, body: bytes = b"", token: str | None = None, target: str = ""
    ) -> Answer:
        """One request with a true length, and the answer."""
        length = [f"Content-Length: {len(body)}"] if body or TARGETS[name][0] == "POST" else []
        head = self.head(name, *lines, *length, "Connection: close", token=token, target=target)
        return answer_of(await said(self.of(name), head + body, timeout=8))


@pytest.fixture
async def port(city: Node, mallory: Neighbour, tmp_path: Path) -> Port:
    """The node shares a file with rows and a folder under contracts with a neighbour."""
    (tmp_path / "rows.csv").write_bytes(ROWS)
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.csv").write_bytes(ROWS)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "open" / "way").symlink_to(tmp_path / "secret")

    def shared(id: str, kind: str, path: Path) -> Asset:
        settings = {"path": str(path)}
        return Asset(
            id=id, name=kind, title=kind, kind=kind, settings=settings, created=0, created_by="m", media_type="text/csv"
        )

    def act(tx: Transaction) -> None:
        known = tx.get(Participant, mallory.did)
        assert known is not None
        tx.put(replace(known, id=PEER, name="utility"))
        tx.put(agreement())
        tx.put(shared(DATASET, "file", tmp_path / "rows.csv"))
        tx.put(started())

    await city.store.write(act)
    await city.signaling_listener.start("127.0.0.1", 0)
    return Port(city)


async def whole(port: Port) -> None:
    """Who asks properly is served."""
    answer = await port.ask("question")
    assert (answer.status, answer.body.count(b"\n")) == (200, 4), answer
    assert (await port.ask("data")).body == ROWS


async def accesses(city: Node) -> int:
    """How often something was given out."""
    return sum(one.event == "access.permitted" for one in await city.audit.log(limit=1000))


# --- slow (F26) -------------------------------------------------------------------------------------------------------


async def test_f26_slow_heads_and_bodies_are_ended(city: Node, mallory: Neighbour, port: Port) -> None:
    def begins() -> Iterator[tuple[int, bytes]]:
        for name in TARGETS:
            yield port.of(name), b""
            for token in (None, "Bearer x"):
                yield port.of(name), port.head(name, "X: y", token=token)[:-4]
                yield port.of(name), port.head(name, "Content-Length: 1000", token=token)

    callers = [asyncio.create_task(said(at, one, *[b"{"] * 30, pause=0.1)) for at, one in begins() for _ in range(10)]
    await whole(port)
    async with asyncio.timeout(20):
        ended = await asyncio.gather(*callers)
    assert all(not one.endswith(b"<open>") for one in ended), ended
    await until(lambda: city.public_listener.connections == 0)
    await healthy(mallory)


# --- bodies (F27, F28) ------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A lot of space, packed."""
    press, packed = zlib.compressobj(9, zlib.DEFLATED, 31), bytearray()
    for _ in range(128):
        packed += press.compress(b" " * (1 << 20))
    return bytes(packed + press.flush())


@pytest.mark.parametrize("name", TARGETS)
async def test_f28_a_bomb_is_not_unpacked(city: Node, mallory: Neighbour, port: Port, name: str) -> None:
    packed = bomb()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for coding in ("gzip", "zstd", "identity"):
        for token in (None, "Bearer x"):
            answer = await port.ask(name, f"Content-Encoding: {coding}", body=packed, token=token)
            if name not in GOOD or token is not None:
                assert answer.status in (0, 400, 401, 404, 413, 415), answer
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32_768  # KiB
    assert time.process_time() - began < 4
    await whole(port)
    await healthy(mallory)


DEEP = "(" * 100_000 + "id=1" + ")" * 100_000
QUERIES = {
    "a filter 1,500 deep": "filter=" + quote("(" * 1500 + "id=1" + ")" * 1500),
    "a filter of 2,000 conditions": "filter=" + quote(" OR ".join(["id=1"] * 800)),
    "nots upon nots": "filter=" + quote("NOT " * 1000 + "id=1"),
    "a pattern that never ends": "filter=" + quote("place LIKE '" + "%a" * 1000 + "'"),
    "a huge number": "filter=" + quote("count=" + "9" * 5000),
    "a number beyond a double": "filter=" + quote("count=1e999"),
    "a huge limit": "limit=" + "9" * 5000,
    "a limit twice": "limit=1&limit=2",
    "a thousand names": "properties=" + ",".join(f"p{n}" for n in range(1000)),
    "no UTF-8": "filter=%c3%28",
    "a lone surrogate": "filter=%ed%a0%80",
    "NUL": "filter=place%3D'%00'",
    "a statement": "filter=" + quote("place='x'; DROP TABLE rows --'"),
    "a box of nothing": "bbox=nan,nan,nan,nan",
    "a box beyond the world": "bbox=1e308,1e308,1e309,1e309",
    "a time of no time": "datetime=" + quote("9" * 3000),
    "an unknown question": "q=1",
    "an empty one": "&&&=&",
}


async def test_f27_questions_that_are_too_much(city: Node, mallory: Neighbour, port: Port) -> None:
    """They are answered or refused, plainly, at once; what is refused costs no use."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, query in QUERIES.items():
        began, before = time.process_time(), await accesses(city)
        answer = await port.ask("question", target=f"{FILE}?{query}")
        assert time.process_time() - began < 1.0, name
        assert answer.status in (200, 400), (name, answer)
        if answer.status == 400:
            assert answer.told["code"].partition(".")[0] in ("query", "http"), (name, answer)
            assert await accesses(city) == before, name
        assert len(answer.body) < len(ROWS) * 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 32_768
    await whole(port)


async def test_f27_a_question_longer_than_a_line_may_be(city: Node, mallory: Neighbour, port: Port) -> None:
    answer = await port.ask("question", target=f"{FILE}?filter={quote(DEEP)}")
    assert answer.status in (400, 414, 431), answer
    await whole(port)


# --- addresses (F29): what a consumer writes into a request is never fetched -----------------------------------------


FIELDS = ("Allmende-Purpose", "Allmende-Spatial", "Referer", "Forwarded", "X-Forwarded-Host")


async def test_f29_an_address_in_a_request_is_never_fetched(port: Port) -> None:
    calls = 0

    def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    inside = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    for name, (_, target) in TARGETS.items():
        for field in FIELDS:
            await port.ask(name, f"{field}: {inside}")
        await port.ask(name, target=f"{target}{'&' if '?' in target else '?'}callback={quote(inside)}")
    assert calls == 0
    server.close()
    await whole(port)


# --- paths (F30) ------------------------------------------------------------------------------------------------------

OUT = [
    "/../secret", "/..%2fsecret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/..%5csecret", "//secret", "/%00", "/a%00.csv",
    "/way", "/../../etc/passwd", "/%2fetc%2fpasswd", "/./a.csv", "/a.csv/", "/A.CSV", "/%c0%ae%c0%ae/secret",
    "/..;/secret", "/dev/null", "/.", "/..", "/a.csv%20", "/%ed%a0%80",
]  # fmt: skip


@pytest.mark.parametrize("query", ["", "?limit=1"])
async def test_f30_no_path_leads_out(city: Node, port: Port, tmp_path: Path, query: str) -> None:
    folder = Asset(
        id=DATASET, name="folder", title="f", kind="folder", settings={"path": str(tmp_path / "open")},
        created=0, created_by="m",
    )  # fmt: skip
    await city.store.write(lambda tx: tx.put(folder))
    assert (await port.ask("data", target=f"{FILE}/a.csv")).body == ROWS
    for tail in OUT:
        answer = await port.ask("data", target=f"{FILE}{tail}{query}")
        assert answer.status in (400, 404), (tail, answer)
        for told in (b"secret", b"root:", str(tmp_path).encode()):
            assert told not in answer.body, (tail, answer)


# --- smuggling (F31) --------------------------------------------------------------------------------------------------

FRAMES = {
    "length and chunked": (("Content-Length: {n}", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "two lengths": (("Content-Length: 2", "Content-Length: {n}"), b"{}"),
    "identity, chunked": (("Transfer-Encoding: identity, chunked",), b"0\r\n\r\n"),
    "chunked twice": (("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "space before the colon": (("Content-Length : 2",), b"{}"),
    "chunk extension with a line": (("Transfer-Encoding: chunked",), b"2;a\nb\r\n{}\r\n0\r\n\r\n"),
    "a length in hexadecimal": (("Content-Length: 0x2",), b"{}"),
    "an upgrade with a body": (("Upgrade: websocket", "Connection: Upgrade", "Content-Length: {n}"), b""),
}


@pytest.mark.parametrize("name", TARGETS)
async def test_f31_a_smuggled_request_is_never_executed(city: Node, port: Port, name: str) -> None:
    before = await accesses(city)
    for frame, (lines, body) in FRAMES.items():
        hidden = port.head("data", "Connection: close")
        head = port.head(name, *(line.format(n=len(body) + len(hidden)) for line in lines))
        raw = await said(port.of(name), head + body + hidden, timeout=4)
        assert raw.count(b"HTTP/1.") <= 1, (frame, raw)
        assert not raw.endswith(b"<open>"), (frame, raw)
        assert b"bridge" not in raw, frame
        assert answer_of(raw).status in (0, 400), (frame, raw)
    assert await accesses(city) == before
    await whole(port)


async def test_f31_what_follows_an_answered_request_with_a_body_is_not_executed(
    city: Node, mallory: Neighbour, port: Port
) -> None:
    """A good question with a body, which nobody reads: what stands in it is no second request."""
    hidden = port.head("data", "Connection: close")
    before = await accesses(city)
    raw = await said(port.of("question"), port.head("question", f"Content-Length: {len(hidden)}") + hidden, timeout=4)
    assert raw.count(b"HTTP/1.") <= 1, raw
    assert await accesses(city) <= before + 1
    await whole(port)


async def test_f31_a_target_that_means_two_things_is_refused(port: Port) -> None:
    for name, (_, own) in TARGETS.items():
        for target in ("http://127.0.0.1{}", "http://evil.example{}", "//evil.example{}", "{}/../x", "*"):
            answer = await port.ask(name, target=target.format(own))
            assert answer.status in (400, 401, 404), (name, target, answer)
            assert b"evil" not in answer.body
    await whole(port)
