"""A management API that answers what a test tells it to, on loopback, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import json

PEER = {
    "id": "did:web:neighbour.example",
    "name": "neighbour",
    "url": "https://neighbour.example",
    "base": "https://neighbour.example/dsp/2025-1",
    "words": "bilip-hafup",
    "private": False,
    "facts": {},
    "added": 1_700_000_000_000_000,
    "added_by": "admin",
    "pinned": True,
    "region": "",
    "barred": None,
    "kept_out": False,
}


def negotiation(**changes: Any) -> dict[str, Any]:
    """A negotiation as the API shows one."""
    return {
        "id": "urn:uuid:01900000-0000-7000-8000-0000aaaabbbb",
        "peer": PEER["id"],
        "peer_name": "neighbour",
        "peer_pid": "urn:x",
        "role": "consumer",
        "state": "REQUESTED",
        "pending": None,
        "version": 1,
        "dataset": "https://neighbour.example/datasets/trees",
        "asked": None,
        "offered": None,
        "differences": [],
        "contract": None,
        "replaces": None,
        "reason": None,
        "waiting": None,
        "terms": [],
        "rounds": [],
        "created": 1_700_000_000_000_000,
        "updated": 1_700_000_000_000_000,
        **changes,
    }


def waiting(**changes: Any) -> dict[str, Any]:
    """Whom a negotiation waits for, as the API shows it: by default a vote of people here."""
    return {
        "whom": "us",
        "sentence": "Somebody here has to agree.",
        "since": 1_700_000_000_000_000,
        "until": 1_701_000_000_000_000,
        "needed": 2,
        "given": 1,
        "ask": "agree",
        "votes": [{"operator": "anna", "approves": True, "at": 1_700_000_000_000_000, "reason": "fine"}],
        "drafted_by": ["maria"],
        "voters": ["jo"],
        **changes,
    }


def problem(code: str, sentence: str) -> dict[str, Any]:
    """An error body."""
    return {"code": code, "params": {"a": "b"}, "sentence": sentence}


@dataclass
class Raw:
    """An answer that is not JSON. `cut` ends the connection after the body although more was promised."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    cut: int = 0


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Api:
    """`answers` maps `METHOD /path?query` to JSON, `(status, JSON)`, `Raw`, or a list of those, one a call."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Any] = {}
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Raw:
        """What the test said, or 404."""
        self.asked.append(asked)
        found = self.answers.get(f"{asked.method} {asked.path}", (404, problem("unknown", "There is no such thing.")))
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Raw):
            return found
        status, body = found if isinstance(found, tuple) else (200, found)
        return Raw(json.encode(body), {"Content-Type": "application/json"}, status)


@contextmanager
def serving() -> Iterator[Api]:
    """Serve until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = api.answer(Asked(self.command, self.path, headers, json.decode(body) if body else None))
            self.send_response(given.status)
            for name, value in {"Content-Length": str(len(given.body) + given.cut), **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_POST = do_DELETE = _do

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = Api(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
