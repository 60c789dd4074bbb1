"""Readings that are brought: answered after they are on disk, refused when they cannot be taken, by whom they may."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from certs import cbor
from edge_node.errors import KeepingError, SettingsError
from edge_node.ports import Arrival
from edge_node.sources import open_source
from edge_node.sources.http import HttpSource
from tests.edge_node.sources.taking import FakeTaking, place, until

PLAIN: dict[str, Any] = {"format": "plain"}


class Door:
    """A source that listens, and a client of it."""

    def __init__(self, source: HttpSource, session: aiohttp.ClientSession) -> None:
        self.source, self._session = source, session

    async def post(self, body: bytes, path: str = "/readings", **more: Any) -> tuple[int, Any, str]:
        """Status, document and `Retry-After`."""
        url = f"http://127.0.0.1:{self.source.port}{path}"
        async with self._session.request(more.pop("method", "POST"), url, data=body, **more) as answer:
            text = await answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers.get("Retry-After", "")


@contextlib.asynccontextmanager
async def listening(directory: Path, taking: FakeTaking, **settings: Any) -> AsyncIterator[Door]:
    """A source on a port of its own."""
    source = open_source(place(directory, {"listen": "127.0.0.1:0", **settings}), "http")
    assert isinstance(source, HttpSource)
    task = asyncio.ensure_future(source.run(taking))
    try:
        async with asyncio.timeout(10):
            await source.listening.wait()
        async with aiohttp.ClientSession() as session:
            yield Door(source, session)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_it_is_answered_when_it_is_on_disk_and_not_before(tmp_path: Path) -> None:
    taking = FakeTaking()
    taking.open.clear()
    async with listening(tmp_path, taking) as door:
        asked = asyncio.ensure_future(door.post(b'{"thing":"a","v":1}'))
        await until(lambda: taking.begun == 1)
        assert not asked.done()
        taking.open.set()
        assert await asked == (204, None, "")
    assert taking.bodies == [b'{"thing":"a","v":1}']


async def test_what_nobody_can_read_is_said_and_put_aside(tmp_path: Path) -> None:
    taking = FakeTaking()
    async with listening(tmp_path, taking, **PLAIN) as door:
        status, told, _ = await door.post(b"\xff")
        assert (status, told["code"]) == (400, "decode.json")
        status, told, _ = await door.post(b'{"thing": "a", "v": 1, "at": "noon"}')
        assert (status, told) == (400, {"code": "decode.time", "params": {"found": '"noon"'}})
        # A part of it can be read: the rest is put aside, and need not come again.
        assert (await door.post(b'[{"thing": "a", "v": 1}, {"v": 2}]'))[0] == 204
    assert taking.values == [1]
    assert [one.code for one in taking.aside] == ["decode.json", "decode.time", "decode.thing"]


async def test_senml_is_told_by_its_media_type(tmp_path: Path) -> None:
    taking = FakeTaking()
    async with listening(tmp_path, taking) as door:
        pack = [{"bn": "urn:dev:mac:1:", "n": "v", "v": 1.5, "t": 1_790_000_000}]
        headers = {"Content-Type": "application/senml+json"}
        assert (await door.post(json.dumps(pack).encode(), headers=headers))[0] == 204
        headers = {"Content-Type": "application/senml+cbor"}
        body = cbor.dumps([{-2: "urn:dev:mac:1:", 0: "v", 2: 2.5, 6: 1_790_000_060}])
        assert (await door.post(body, headers=headers))[0] == 204
        assert (await door.post(b"[]", headers=headers))[0] == 400
    assert [(one.thing, one.values, one.at) for one in taking.readings] == [
        ("urn:dev:mac:1", {"v": 1.5}, 1_790_000_000_000_000),
        ("urn:dev:mac:1", {"v": 2.5}, 1_790_000_060_000_000),
    ]


async def test_webhooks_of_a_network(tmp_path: Path) -> None:
    taking = FakeTaking()
    async with listening(tmp_path, taking, format="chirpstack") as door:
        assert (await door.post(b'{"devAddr": "00189440"}', path="/readings?event=join"))[0] == 204
        up = {
            "deviceInfo": {"devEui": "01"},
            "time": "2026-01-01T00:00:00Z",
            "rxInfo": [],
            "data": "AA==",
            "object": {"v": 3},
        }
        assert (await door.post(json.dumps(up).encode(), path="/readings?event=up"))[0] == 204
    assert taking.values == [3]


async def test_without_room_it_is_to_come_again(tmp_path: Path) -> None:
    taking = FakeTaking()
    taking.full = 1
    async with listening(tmp_path, taking) as door:
        status, told, later = await door.post(b"{}")
        assert (status, told["code"], later) == (503, "buffer.full", "60")
        assert door.source.trouble() == "buffer.full"
        assert (await door.post(b"{}"))[0] == 204
        assert door.source.trouble() == ""
    assert len(taking.bodies) == 1


async def test_a_disk_that_is_gone_is_no_success(tmp_path: Path) -> None:
    class Gone(FakeTaking):
        async def take(self, arrival: Arrival) -> None:
            raise KeepingError("buffer.disk")

    async with listening(tmp_path, Gone(), **PLAIN) as door:
        status, told, later = await door.post(b'{"thing": "a", "v": 1}')
        assert (status, told["code"], later) == (503, "buffer.disk", "10")


async def test_only_so_many_wait_at_once(tmp_path: Path) -> None:
    taking = FakeTaking()
    taking.open.clear()
    async with listening(tmp_path, taking, waiting=2) as door:
        first = [asyncio.ensure_future(door.post(b"{}")) for _ in range(2)]
        await until(lambda: taking.begun == 2)
        status, told, later = await door.post(b"{}")
        assert (status, told["code"], later) == (429, "http.busy", "1")
        taking.open.set()
        assert [(await one)[0] for one in first] == [204, 204]
        assert (await door.post(b"{}"))[0] == 204


async def test_a_body_has_an_end(tmp_path: Path) -> None:
    taking = FakeTaking()
    async with listening(tmp_path, taking, most_bytes=1024) as door:
        assert (await door.post(b" " * 1025))[0] == 413
        packed = gzip.compress(b" " * 1_000_000)
        assert len(packed) < 1024
        assert (await door.post(packed, headers={"Content-Encoding": "gzip"}))[0] == 413
        assert (await door.post(b"{" + b" " * 1000 + b"}"))[0] == 204
    assert len(taking.bodies) == 1


async def test_a_body_that_is_packed_wrongly_or_ends_in_the_middle(tmp_path: Path) -> None:
    taking = FakeTaking()
    async with listening(tmp_path, taking) as door:
        status, told, _ = await door.post(b"no gzip", headers={"Content-Encoding": "gzip"})
        assert (status, told["code"]) == (400, "http.body")
        _, writer = await asyncio.open_connection("127.0.0.1", door.source.port)
        writer.write(b"POST /readings HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        assert (await door.post(b"{}"))[0] == 204
    assert taking.bodies == [b"{}"]


async def test_a_token_is_asked_for_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open-sesame\n")
    (tmp_path / "token").chmod(0o600)
    taking = FakeTaking()
    async with listening(tmp_path, taking, token_file="token") as door:
        assert (await door.post(b"{}"))[0] == 401
        assert (await door.post(b"{}", headers={"Authorization": "Bearer open"}))[0] == 401
        assert (await door.post(b"{}", headers={"Authorization": "Bearer \udcff"}))[0] == 401
        assert (await door.post(b"{}", headers={"Authorization": "Bearer open-sesame"}))[0] == 204
    assert len(taking.bodies) == 1


async def test_it_speaks_tls_where_it_has_a_certificate(tmp_path: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=here -days 2"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    taking = FakeTaking()
    async with listening(tmp_path, taking, certificate="cert.pem", key="key.pem") as door:
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"https://127.0.0.1:{door.source.port}/readings", data=b"{}", ssl=context) as answer,
        ):
            assert answer.status == 204
    assert taking.bodies == [b"{}"]


async def test_a_token_that_others_may_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open-sesame\n")
    (tmp_path / "token").chmod(0o644)
    source = open_source(place(tmp_path, {"listen": "127.0.0.1:0", "token_file": "token"}), "http")
    task = asyncio.ensure_future(source.run(FakeTaking()))
    await until(lambda: source.trouble() == "source.secret")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_other_paths_and_methods(tmp_path: Path) -> None:
    async with listening(tmp_path, FakeTaking()) as door:
        assert (await door.post(b"", path="/"))[0] == 404
        assert (await door.post(b"", method="GET"))[0] == 405


async def test_connections_are_bounded(tmp_path: Path) -> None:
    async with listening(tmp_path, FakeTaking()) as door:
        assert (await door.post(b"{}"))[0] == 204
        held = [await asyncio.open_connection("127.0.0.1", door.source.port) for _ in range(63)]
        for reader, writer in held:
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 404")
        reader, writer = await asyncio.open_connection("127.0.0.1", door.source.port)
        assert await reader.read() == b""
        for _, one in held:
            one.close()
        writer.close()
        assert (await door.post(b"{}"))[0] == 204


async def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        source = open_source(place(tmp_path, {"listen": f"127.0.0.1:{other.getsockname()[1]}"}), "http")
        task = asyncio.ensure_future(source.run(FakeTaking()))
        await until(lambda: source.trouble() == "http.address")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("given", "where", "word"),
    [
        ({"listen": "0.0.0.0:8470"}, "sources.roof.with.listen", "token_file"),
        ({"listen": "[::]:8470"}, "sources.roof.with.listen", "token_file"),
        ({"listen": "localhost"}, "sources.roof.with.listen", "ADDRESS:PORT"),
        ({"listen": "127.0.0.1:99999"}, "sources.roof.with.listen", "ADDRESS:PORT"),
        ({"certificate": "c.pem"}, "sources.roof.with.certificate", "key"),
        ({"token": "secret"}, "sources.roof.with", "token"),
    ],
)
def test_settings_that_cannot_be_followed(tmp_path: Path, given: dict[str, Any], where: str, word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_source(place(tmp_path, given), "http")
    assert caught.value.params["place"] == where
    assert word in " ".join(caught.value.params.values())
