"""Two whole nodes, each behind a real web server with exactly the printed configuration, and raw requests to them.

What lives here: starting nodes and fronts, a contract for what the city shares, sockets that speak TLS by hand. What
does not: what must hold (the tests).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec.structs import replace

from connector import config, founding, node
from connector.node import Node
from connector.ports import Clock
from connector.proxy import shipped
from connector.records import Endpoint
from scripts.lib.ports import free_port
from tests.connector.http.nodes import manage, told
from tests.harness import frames
from tests.harness.authority import Authority
from tests.harness.front import FRONTS, listening

Limits = config.Limits


@asynccontextmanager
async def running(
    directory: Path,
    url: str,
    authority: Authority,
    *,
    limits: Limits | None = None,
    port: int = 0,
    clock: Clock | None = None,
    socket: str = "",
    workers: int = 0,
) -> AsyncIterator[Node]:
    """A node that listens on a loopback port, its own choice or `port`, and says that it lives at `url`. Its `workers`
    read its settings themselves."""
    founding.initialise(directory, url, public_port=port or free_port(), management_port=0, lab=True)
    settings = config.load(directory, {})
    settings = replace(
        settings,
        public=replace(settings.public, socket=socket),
        network=replace(settings.network, extra_ca=str(authority.certificate)),
        limits=limits or settings.limits,
        audit=replace(settings.audit, exchange_seconds=3600.0),
    )
    made = node.build(settings, clock=clock, workers=workers)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def fronted(
    folder: Path,
    kind: str,
    prefix: str,
    authority: Authority,
    *,
    limits: Limits | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Node]:
    """A node behind nginx or Caddy; `nginx-socket` and `caddy-socket` reach it over a Unix socket."""
    kind, _, over = kind.partition("-")
    socket = str(folder / "public.sock") if over else ""
    port = free_port()
    certificate, key = authority.issue("localhost")
    async with running(
        folder / "node", f"https://localhost:{port}{prefix}", authority, limits=limits, clock=clock, socket=socket
    ) as made:
        print_ = shipped.nginx if kind == "nginx" else shipped.caddy
        text = print_(made.config, certificate=certificate, key=key)
        async with listening(FRONTS[kind](text, folder / kind), port):
            yield made


async def befriended(one: Node, other: Node, name: str) -> None:
    """`one` knows the other under a name; its addresses may be private ones."""
    body = {"url": other.config.public_url, "name": name, "private": True}
    answer = await manage(one, "POST", "/v1/peers", body)
    assert answer.status == 201, answer.body


async def shared(city: Node, name: str, kind: str, settings: dict[str, Any], **terms: Any) -> None:
    """Publish something, bound at once under a frame contract with everybody."""
    rule = {"frame": frames.NAME}
    for path, body in (
        ("/v1/frames", frames.BODY),
        ("/v1/assets", {"name": name, "kind": kind, "settings": settings, "title": name}),
        ("/v1/policies", {"name": name, "terms": terms}),
        ("/v1/offers", {"asset": name, "policy": name, "approval": rule}),
    ):
        answer = await manage(city, "POST", path, body)
        assert answer.status == 201 or path == "/v1/frames", answer.body


async def contract(consumer: Node, city: str, dataset: str) -> str:
    """A contract for a dataset of the peer, by name; its id."""
    listed = told(await manage(consumer, "GET", f"/v1/catalog/{city}"))["items"]
    found = next(one["id"] for one in listed if one["id"].endswith(f"/datasets/{dataset}"))
    detail = await manage(consumer, "GET", f"/v1/catalog/{city}/{quote(found, safe='')}")
    assert detail.status == 200, detail.body
    one = told(await manage(consumer, "POST", "/v1/negotiations", {"peer": city, "dataset": found}))
    async with asyncio.timeout(30):
        while one["state"] not in ("FINALIZED", "TERMINATED"):
            one = told(await manage(consumer, "GET", f"/v1/negotiations/{one['id']}?wait=5&version={one['version']}"))
    assert one["state"] == "FINALIZED", one
    return str(one["contract"])


class Grant(msgspec.Struct, frozen=True):
    """A transfer's data address, and the header that opens it."""

    url: str
    authorization: str
    transfer: str


async def grant(consumer: Node, agreement: str) -> Grant:
    """Start a transfer and unseal what the provider gave for it."""
    one = told(await manage(consumer, "POST", "/v1/transfers", {"contract": agreement}))
    async with asyncio.timeout(30):
        while one["state"] != "STARTED":
            one = told(await manage(consumer, "GET", f"/v1/transfers/{one['id']}?wait=5&version={one['version']}"))
    kept = await consumer.store.read(lambda view: view.get(Endpoint, one["id"]))
    assert kept is not None
    secret = msgspec.json.decode(consumer.keys.sealer().open(kept.secret, one["id"].encode()))
    return Grant(kept.url, f"Bearer {secret['authorization'].removeprefix('Bearer ')}", one["id"])


async def events(made: Node, name: str) -> list[dict[str, str]]:
    """The parameters of every audit entry of this name."""
    return [dict(one.params) for one in await made.audit.log(limit=1000) if one.event == name]


async def until_event(made: Node, name: str, seconds: float = 5.0) -> dict[str, str]:
    """The latest audit entry of this name, as soon as there is one."""
    async with asyncio.timeout(seconds):
        while not (found := await events(made, name)):
            await asyncio.sleep(0.01)
    return found[-1]


# --- sockets ----------------------------------------------------------------------------------------------------------


def trusting(authority: Authority) -> ssl.SSLContext:
    """A client's context that trusts the authority."""
    return ssl.create_default_context(cafile=str(authority.certificate))


async def said(url: str, authority: Authority, *parts: bytes, pause: float = 0.0, timeout: float = 5.0) -> bytes:
    """Everything that is said at the host and port of a URL to these bytes; `<open>` or `<reset>` where it is so."""
    at = urlsplit(url)
    context = trusting(authority) if at.scheme == "https" else None
    reader, writer = await asyncio.open_connection(at.hostname, at.port, ssl=context)
    answer = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)
        async with asyncio.timeout(timeout):
            while piece := await reader.read(65_536):
                answer += piece
    except TimeoutError:
        answer += b"<open>"
    except (ConnectionError, ssl.SSLError):
        answer += b"<reset>"
    finally:
        writer.close()
        with contextlib.suppress(Exception):
            await writer.wait_closed()
    return answer


def request(url: str, *lines: str, method: str = "GET", target: str | None = None, body: bytes = b"") -> bytes:
    """A request that closes; `lines` are further headers, a Host among them replaces the true one."""
    at = urlsplit(url)
    host = [] if any(line.lower().startswith("host:") for line in lines) else [f"Host: {at.netloc}"]
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target or at.path} HTTP/1.1", *host, "Connection: close", *length, *lines]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def status(raw: bytes) -> int:
    """The status of the first answer; 0 where there is none."""
    return int(raw.split(b" ", 2)[1]) if raw.startswith(b"HTTP/") else 0


def content(raw: bytes) -> bytes:
    """The body of a single answer, whose connection was closed after it."""
    return raw.partition(b"\r\n\r\n")[2]
