"""The listener: hostile requests, deadlines, limits, draining, the order of answer and `after`."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from connector.errors import DeliveryError, InputError
from connector.http.exchange import Request, Response
from connector.http.server import Listener, names_of
from connector.sentences import sentence
from connector.telemetry import Metrics
from tests.connector.http.listening import QUICK, Echo, body, listening, said, status

HOST = b"Host: 127.0.0.1\r\n"
CLOSE = b"Connection: close\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"


def get(target: bytes, *headers: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + CLOSE + b"".join(one + b"\r\n" for one in headers) + b"\r\n"


def ask(target: bytes, *headers: bytes) -> bytes:
    """Like `get`, but the connection would go on."""
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"".join(one + b"\r\n" for one in headers) + b"\r\n"


def post(content: bytes, *headers: bytes) -> bytes:
    length = b"Content-Length: %d" % len(content)
    lines = b"".join(one + b"\r\n" for one in (length, *headers))
    return b"POST /a HTTP/1.1\r\n" + HOST + CLOSE + lines + b"\r\n" + content


HOSTILE: dict[str, tuple[bytes, int]] = {
    "length and chunked": (
        b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        400,
    ),
    "two lengths": (
        b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + NEXT,
        400,
    ),
    "the same length twice": (
        b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + NEXT,
        400,
    ),
    "negative length": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n" + NEXT, 400),
    "signed length": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nhello" + NEXT, 400),
    "unknown coding": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    "list of codings": (
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + NEXT,
        400,
    ),
    "gzip, chunked": (
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + NEXT,
        400,
    ),
    "coding in capitals": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n" + NEXT, 400),
    "two codings": (
        b"POST /a HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + NEXT,
        400,
    ),
    "chunked in HTTP/1.0": (
        b"POST /a HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        400,
    ),
    "LF in a chunk extension": (
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n" + NEXT,
        400,
    ),
    "bare LF": (b"GET /a HTTP/1.1\nHost: 127.0.0.1\n\n" + NEXT, 400),
    "space before the colon": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length : 5\r\n\r\nhello" + NEXT, 400),
    "folded header": (b"GET /a HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n" + NEXT, 400),
    "two hosts": (b"GET /a HTTP/1.1\r\n" + HOST + b"Host: localhost\r\n\r\n" + NEXT, 400),
    "no host": (b"GET /a HTTP/1.1\r\n\r\n" + NEXT, 400),
    "another host": (b"GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n" + NEXT, 421),
    "another host with our port": (b"GET /a HTTP/1.1\r\nHost: 127.0.0.1.evil.example:80\r\n\r\n" + NEXT, 421),
    "user info in the host": (b"GET /a HTTP/1.1\r\nHost: evil@127.0.0.1\r\n\r\n" + NEXT, 421),
    "port that is no number": (b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:80x\r\n\r\n" + NEXT, 421),
    "absolute target": (b"GET http://127.0.0.1/a HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT, 400),
    "absolute target elsewhere": (b"GET http://evil/ HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT, 400),
    "connect": (b"CONNECT evil:443 HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT, 400),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT, 400),
    "dot segments": (ask(b"/f/../../etc/passwd") + NEXT, 400),
    "encoded dot segments": (ask(b"/f/%2e%2e/%2E%2e/etc/passwd") + NEXT, 400),
    "half encoded dot segment": (ask(b"/f/.%2e/x") + NEXT, 400),
    "backslash": (ask(b"/f\\..\\x") + NEXT, 400),
    "encoded NUL": (ask(b"/f/a%00b") + NEXT, 400),
    "encoded line break": (ask(b"/f/a%0D%0Ab") + NEXT, 400),
    "fragment": (ask(b"/f#x") + NEXT, 400),
    "websocket": (
        ask(b"/a", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Key: x", b"Sec-WebSocket-Version: 13")
        + NEXT,
        400,
    ),
    "two credentials": (ask(b"/a", b"Authorization: Bearer a", b"Authorization: Bearer b") + NEXT, 400),
    "long line": (ask(b"/" + b"a" * 5_000) + NEXT, 400),
    "long header": (ask(b"/a", b"X: " + b"a" * 5_000) + NEXT, 400),
    "many headers": (ask(b"/a", *(b"X%d: a" % i for i in range(200))) + NEXT, 400),
    "headers too long together": (ask(b"/a", *(b"X%d: %s" % (i, b"a" * 900) for i in range(9))) + NEXT, 431),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", 400),
    "length over the limit": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 10001\r\n\r\n", 413),
    "length beyond belief": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "unknown expectation": (post(b"x" * 10, b"Expect: the-worst"), 417),
    "zstd body": (post(b"x" * 10, b"Content-Encoding: zstd"), 415),
    "two content codings": (post(b"x" * 10, b"Content-Encoding: gzip, gzip"), 415),
    "gzip that is none": (post(b"x" * 10, b"Content-Encoding: gzip"), 400),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_requests_are_refused_and_the_connection_is_closed(name: str) -> None:
    sent, expected = HOSTILE[name]
    echo = Echo()
    async with listening(echo) as listener:
        answer = await said(listener.port, sent, timeout=2)
    assert status(answer) == expected, answer[:300]
    assert not answer.endswith(b"<open>")
    assert answer.count(b"HTTP/1.") == 1
    assert echo.seen == []


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_error_says_nothing_of_the_input_and_the_software(name: str) -> None:
    async with listening() as listener:
        answer = await said(listener.port, HOSTILE[name][0], timeout=2)
    head, _, content = answer.removesuffix(b"<reset>").partition(b"\r\n\r\n")
    assert b"\r\nserver:" not in head.lower()
    assert b"content-type: application/" in head.lower()
    assert msgspec.json.decode(content)["code"].startswith("http.")
    for told in (b"evil", b"passwd", b"smuggled", b"xchunked", b"aiohttp", b"Traceback", b"aaaa"):
        assert told not in answer


def gzipped(content: bytes) -> bytes:
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    return press.compress(content) + press.flush()


async def test_good_requests_pass() -> None:
    echo = Echo()
    chunked = b"POST /a HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with listening(echo) as listener:
        port = listener.port
        assert body(await said(port, get(b"/a%2Fb?x=%2e%2e"))) == {
            "method": "GET",
            "path": "/a%2Fb",
            "query": "x=%2e%2e",
            "length": 0,
        }
        assert body(await said(port, post(b"x" * 10_000)))["length"] == 10_000
        assert body(await said(port, chunked))["length"] == 5
        assert body(await said(port, post(gzipped(b"x" * 9_999), b"Content-Encoding: gzip")))["length"] == 9_999
        upgrade = get(b"/a", b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMAAABk")
        assert status(await said(port, upgrade)) == 200
        for name in (b"localhost", b"LOCALHOST:1", b"[::1]", b"127.0.0.1:65535"):
            request = b"GET / HTTP/1.1\r\nHost: " + name + b"\r\n" + CLOSE + b"\r\n"
            assert status(await said(port, request)) == 200


async def test_a_gzip_bomb_is_cut_at_the_limit() -> None:
    bomb = gzipped(b"\0" * 8_000_000)
    assert len(bomb) < QUICK.body_bytes
    async with listening() as listener:
        answer = await said(listener.port, post(bomb, b"Content-Encoding: gzip"))
    assert status(answer) == 413
    assert body(answer)["params"] == {"limit": "10000"}


async def test_chunks_beyond_the_limit_are_refused() -> None:
    head = b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    async with listening() as listener:
        answer = await said(
            listener.port, head, b"1000\r\n" + b"x" * 4096 + b"\r\n", *[b"1000\r\n" + b"x" * 4096 + b"\r\n"] * 3
        )
    assert status(answer) == 413


async def test_a_client_that_waits_is_told_to_go_on() -> None:
    async with listening() as listener:
        head, content = post(b"hello", b"Expect: 100-continue").split(b"\r\n\r\n")
        answer = await said(listener.port, head + b"\r\n\r\n", content, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


SLOW: dict[str, tuple[bytes, int]] = {
    "silent": (b"", 0),
    "half a line": (b"GET /a HT", 0),
    "half the headers": (b"GET /a HTTP/1.1\r\n" + HOST, 0),
    "half the body": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 50\r\n\r\nab", 408),
    "half a chunk": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n10\r\nab", 408),
    "idle after an answer": (b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n", 200),
}


@pytest.mark.parametrize("name", SLOW)
async def test_slow_connections_are_closed(name: str) -> None:
    sent, expected = SLOW[name]
    async with listening() as listener:
        answer = await said(listener.port, sent, timeout=4)
        assert listener.connections == 0
    assert status(answer) == expected
    assert not answer.endswith(b"<open>")


async def test_a_trickle_does_not_extend_the_time_for_headers() -> None:
    async with listening() as listener:
        trickle = [b"GET /a HTTP/1.1\r\n", HOST, *[b"X-%d: a\r\n" % i for i in range(40)]]
        answer = await said(listener.port, *trickle, pause=0.05, timeout=4)
    assert status(answer) == 0


async def test_a_trickle_does_not_extend_the_time_for_the_body() -> None:
    head = b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 500\r\n\r\n"
    async with listening() as listener:
        answer = await said(listener.port, head, *[b"x"] * 20, pause=0.05, timeout=4)
    assert status(answer) in (0, 408)


async def test_silent_sockets_do_not_lock_others_out() -> None:
    limits = msgspec.structs.replace(QUICK, connections=10, head_seconds=30.0)
    async with listening(limits=limits) as listener:
        silent = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(30)]
        assert status(await said(listener.port, get(b"/a"))) == 200
        assert listener.connections <= 10
        for _, writer in silent:
            writer.close()


async def test_a_connection_at_work_is_never_given_up_for_another() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    class Waiting(Echo):
        async def serve(self, request: Request) -> Response:
            began.set()
            await go_on.wait()
            return await super().serve(request)

    async with listening(Waiting(), msgspec.structs.replace(QUICK, connections=1)) as listener:
        first = asyncio.create_task(said(listener.port, get(b"/first")))
        await began.wait()
        assert status(await said(listener.port, get(b"/second"))) == 0
        go_on.set()
        assert status(await first) == 200


async def test_after_is_called_when_the_answer_has_been_written_and_when_nobody_is_there() -> None:
    order: list[str] = []
    began, go_on = asyncio.Event(), asyncio.Event()

    class Telling(Echo):
        async def serve(self, request: Request) -> Response:
            began.set()
            await go_on.wait()
            return Response(201, {"content-type": "application/json"}, b"{}", lambda: order.append("after"))

    async with listening(Telling()) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(post(b"x"))
        await began.wait()
        assert order == []
        go_on.set()
        assert (await reader.read()).startswith(b"HTTP/1.1 201")
        assert order == ["after"]

        began.clear()
        go_on.clear()
        _, gone = await asyncio.open_connection("127.0.0.1", listener.port)
        gone.write(post(b"x"))
        await began.wait()
        gone.transport.abort()
        await asyncio.sleep(0.05)
        go_on.set()
        async with asyncio.timeout(2):
            while len(order) < 2:
                await asyncio.sleep(0.01)


async def test_a_stream_that_breaks_does_not_look_complete() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"begin"
        raise DeliveryError("data.incomplete")

    class Streaming(Echo):
        async def serve(self, request: Request) -> Response:
            return Response(200, {"content-type": "text/plain"}, chunks=pieces())

    async with listening(Streaming()) as listener:
        answer = await said(listener.port, get(b"/a"))
    assert status(answer) in (0, 200)
    assert not answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("cut", [False, True])
async def test_a_stream_that_nobody_takes_any_more_leaves_no_error_behind(
    cut: bool, caplog: pytest.LogCaptureFixture
) -> None:
    began, metrics = asyncio.Event(), Metrics()

    async def handler(request: web.Request) -> web.StreamResponse:
        began.set()
        if not cut:
            while request.transport is not None:
                await asyncio.sleep(0.01)
            return web.Response(body=b"x" * 1024)
        answer = web.StreamResponse(headers={"Content-Length": "1024"})
        await answer.prepare(request)
        await answer.write(b"x")
        assert request.transport is not None
        request.transport.abort()
        return answer

    with capture_logs() as told:
        async with listening(streams={"/data/": handler}, metrics=metrics) as listener, asyncio.timeout(5):
            _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(ask(b"/data/x"))
            await began.wait()
            if not cut:
                writer.transport.abort()
            while b'answers_total{listener="public",status="200"} 1.0' not in metrics.text():
                await asyncio.sleep(0.01)
            writer.close()
    assert told == []
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with listening() as listener:
        answer = await said(listener.port, ask(b"/1") + ask(b"/2") + get(b"/3"))
    assert [part[:2] for part in answer.split(b'"path":"')[1:]] == [b"/1", b"/2", b"/3"]


async def test_close_lets_what_is_under_way_finish() -> None:
    began = asyncio.Event()

    class Working(Echo):
        async def serve(self, request: Request) -> Response:
            began.set()
            await asyncio.sleep(0.1)
            return await super().serve(request)

    async with listening(Working()) as listener:
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", listener.port)
        working = asyncio.create_task(said(listener.port, get(b"/a")))
        await began.wait()
        await listener.close()
        assert status(await working) == 200
        assert await idle_reader.read() == b""
        idle_writer.close()


async def test_close_does_not_wait_for_ever() -> None:
    began = asyncio.Event()

    class Stuck(Echo):
        async def serve(self, request: Request) -> Response:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError

    async with listening(Stuck(), msgspec.structs.replace(QUICK, drain_seconds=0.1)) as listener:
        stuck = asyncio.create_task(said(listener.port, get(b"/a")))
        await began.wait()
        async with asyncio.timeout(3):
            await listener.close()
        assert status(await stuck) == 0


async def test_plain_http_does_not_leave_the_machine() -> None:
    echo = Echo()
    listener = Listener("x", serve=echo.serve, refuse=echo.refuse, hosts=names_of("x"), metrics=Metrics())
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(InputError) as caught:
            await listener.start(host, 0)
        assert caught.value.reason.code == "listen.plain"


async def test_an_address_in_use_is_told() -> None:
    async with listening() as listener:
        other = Listener("x", serve=Echo().serve, refuse=Echo().refuse, hosts=names_of("x"), metrics=Metrics())
        with pytest.raises(InputError) as caught:
            await other.start("127.0.0.1", listener.port)
    assert caught.value.reason.code == "listen.address"
    assert "ein anderes Programm" in sentence(caught.value.reason, "de")


async def test_answers_and_refusals_are_counted() -> None:
    metrics = Metrics()
    async with listening(metrics=metrics) as listener:
        await said(listener.port, get(b"/a"))
        await said(listener.port, HOSTILE["list of codings"][0])
        await said(listener.port, HOSTILE["bare LF"][0])
    text = metrics.text().decode()
    assert 'allmende_http_answers_total{listener="public",status="200"} 1.0' in text
    assert 'allmende_http_refusals_total{code="http.framing",listener="public"} 1.0' in text
    assert 'allmende_http_refusals_total{code="http.malformed",listener="public"} 1.0' in text


def test_names() -> None:
    assert names_of("data.example.org") == {"data.example.org"}
    assert names_of("127.0.0.1") >= {"localhost", "127.0.0.1", "[::1]"}
    assert "[::1]" in names_of("::1")


async def test_a_unix_socket_is_listened_on_and_taken_over(tmp_path: Path) -> None:
    """What a killed process left is replaced; what is no socket is never touched."""
    path = tmp_path / "public.sock"
    for _ in range(2):
        echo = Echo()
        listener = Listener(
            "public", serve=echo.serve, refuse=echo.refuse, hosts=names_of("127.0.0.1"), metrics=Metrics(), limits=QUICK
        )
        await listener.start_unix(path)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(get(b"/a%2Fb"))
        assert body(await reader.read())["path"] == "/a%2Fb"
        writer.close()
        await listener.close()
        assert path.exists()
    path.unlink()
    path.write_text("a file")
    with pytest.raises(InputError, match=r"listen\.address"):
        await listener.start_unix(path)
    assert path.read_text() == "a file"
