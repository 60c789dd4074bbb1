"""Recording what an EDC says to the node under test: its messages to us, and its answers to ours.

What lives here: one JSON file per kind of message or answer, without times, ports and keys. What does not: replaying
(`test_recorded`). A recording is of our own making: our exchange with an EDC that ran here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from connector.errors import MessageError
from connector.http.client import HttpPeer
from connector.http.exchange import Request, Response
from connector.node import Node
from connector.ports import Reply
from connector.protocol.plain import read

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PORT = re.compile(r"127\.0\.0\.1(?::|%3A)\d+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?")
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_REL = re.compile(r'rel="(\w+)"')
_COUNTED = re.compile(r"\b(theirs|ours|many|held|refused)-\d+\b")
_KEPT = ("content-type", "link")


class Recorded(Struct, frozen=True, omit_defaults=True):
    """One thing that an EDC said. `status` 0: a message of its own; else its answer to `method` and `path`."""

    method: str
    path: str
    body: Any
    status: int = 0
    headers: dict[str, str] = {}


def noted(folder: Path, method: str, path: str, reply: Reply) -> None:
    """Write down an answer."""
    headers = {name: _plain(reply.headers[name]) for name in _KEPT if name in reply.headers}
    keep(folder, Recorded(method, _path(path), _body(reply.body), reply.status, headers))


class RecordingPeer(HttpPeer):
    """The Peer port, with what the other side answers written down."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def send(self, method: str, url: str, **given: Any) -> Reply:
        """See `ports.Peer.send`."""
        reply = await super().send(method, url, **given)
        noted(self._folder, method, urlsplit(url).path, reply)
        return reply


def listening(own: Node, folder: Path) -> None:
    """Have what the other side sends us written down."""
    handle = own.public_listener._serve

    async def heard(request: Request) -> Response:
        if request.method == "POST":
            sent = {name: request.headers[name] for name in _KEPT if name in request.headers}
            keep(folder, Recorded(request.method, _path(request.path), _body(request.body), 0, sent))
        return await handle(request)

    own.public_listener._serve = heard


def keep(folder: Path, recorded: Recorded) -> None:
    """Write a recording; one of the same kind is kept once, and of a long catalogue its beginning."""
    if not recorded.path:
        return
    said = recorded.body if isinstance(recorded.body, dict) else {}
    kind = str(said.get("@type", "other" if recorded.body else "empty"))
    rels = "-".join(sorted(_REL.findall(recorded.headers.get("link", ""))))
    side = f"answer-{recorded.status}" if recorded.status else "message"
    parts = (side, recorded.path.strip("/").replace("/", "."), kind, str(said.get("eventType", "")), rels)
    if isinstance(said.get("dataset"), list):
        said["dataset"] = said["dataset"][:2]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{'-'.join(part for part in parts if part)}.json"
    if not file.exists():
        file.write_bytes(msgspec.json.format(msgspec.json.encode(recorded), indent=2) + b"\n")


def _path(path: str) -> str:
    """The path below the protocol's base, ids out of it; "" for what is no path of the protocol."""
    below = _plain(path.partition("/2025-1")[2]) or ("/.well-known/" + path.partition("/.well-known/")[2]).rstrip("/")
    return _ID.sub("ID", below).replace("urn:uuid:", "").replace("urn%3Auuid%3A", "").removesuffix("/.well-known")


def _plain(text: str) -> str:
    text = _COUNTED.sub(r"\1", _PORT.sub("edc.example", text))
    return _TOKEN.sub("TOKEN", _TIME.sub("2026-01-01T00:00:00Z", text))


def _body(body: bytes) -> Any:
    if not body.strip():
        return ""
    try:
        read(body)
    except MessageError:
        return body.decode("utf-8", "replace")
    return msgspec.json.decode(_plain(body.decode()))
