"""An HTTP relay in front of a node: it keeps what passes, delivers messages again, and holds back answers.

What lives here: faults that need to know where a message begins and who sends it. What does not: faults of the
connection (`tests.harness.proxy`). Only messages of the protocol are touched; all else passes as it is.
"""

from __future__ import annotations

import http.client
import http.server
import secrets
import threading
import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from certs import did, jwt, keys, signatures
from tests.faults.processes import NodeProcess

Fresh = Callable[[str, str, bytes], Mapping[str, str]]
"""Method, path, body -> the fields that prove who sends it, never the same twice."""
MESSAGES = "/dsp/2025-1/"
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})


class Exchange(Struct, frozen=True):
    """A request and its answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes

    @property
    def is_message(self) -> bool:
        """Does it move a process?"""
        return self.method == "POST" and self.path.startswith((f"{MESSAGES}negotiations", f"{MESSAGES}transfers"))


class Relay:
    """Listens on a port of its own; `open` it in front of a node once that is made.

    Each message is delivered `copies` times in all, the copies with the token and signature that `fresh` gives them
    (None: with those that they came with); the first answer is passed on, once `hold` returns. `exchanges` are what
    was passed on, `repeats` pairs of an exchange and one of its copies.
    """

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.repeats: list[tuple[Exchange, Exchange]] = []
        self.copies = 1
        self.fresh: Fresh | None = None
        self.hold: Callable[[Exchange], None] = lambda exchange: None
        self._target = 0
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                try:
                    relay._pass_on(self, body)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True

            do_GET = do_POST = do_HEAD = pass_on

            def log_message(self, format: str, *args: object) -> None:
                """The test's output is not a server's log."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def open(self, target: int) -> None:
        """Relay to this port from now on."""
        self._target = target
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take nothing more."""
        self._server.shutdown()
        self._server.server_close()

    def again(self, one: Exchange, *, fresh: Fresh | None = None, body: bytes | None = None) -> Exchange:
        """Deliver an exchange's request once more, with another token and signature or body where they are given."""
        sent = one.body if body is None else body
        proof = {} if fresh is None else fresh(one.method, one.path, sent)
        replaced = {name.lower() for name in proof}
        headers = {name: value for name, value in one.headers.items() if name.lower() not in replaced}
        return self._forward(one.method, one.path, {**headers, **proof}, sent)[0]

    def _pass_on(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP}
        first, answered = self._forward(handler.command, handler.path, headers, body)
        self.exchanges.append(first)
        if first.is_message:
            for _ in range(self.copies - 1):
                self.repeats.append((first, self.again(first, fresh=self.fresh)))
            self.hold(first)
        handler.send_response(first.status)
        for name, value in answered.items():
            if name.lower() not in _HOP:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(first.answer)))
        handler.end_headers()
        handler.wfile.write(first.answer)

    def _forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Exchange, Mapping[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._target, timeout=30)
        try:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            content = answer.read()
            return Exchange(method, path, headers, body, answer.status, content), dict(answer.getheaders())
        finally:
            connection.close()


def proofs(sender: NodeProcess, receiver: NodeProcess) -> Fresh:
    """Makes tokens and signatures as the sender would, each good for one message to the receiver."""
    key = keys.load(sender.directory / "keys").token
    kid = did.token_key(sender.did)

    def fresh(method: str, path: str, body: bytes) -> Mapping[str, str]:
        now = time.time_ns() // 1000
        token = jwt.issue(key, kid, issuer=sender.did, audience=receiver.did, now=now, jti=secrets.token_urlsafe(16))
        authorization = f"Bearer {token}"
        covered = signatures.Covered(method, receiver.url + path, authorization, body)
        return {"Authorization": authorization, **signatures.sign(key, kid, covered, now // 1_000_000)}

    return fresh
