"""What runs out: F26 connections of clients that say nothing, little or never the rest; F37 memory and descriptors.

What lives here: real processes under a flood, and under limits of the system that are set while they run. What does
not: single hostile requests (`tests.hostile`), deadlines of one connection (`tests.connector.http.test_server`). While
it lasts requests may be refused; others are served as far as there is anything left; nobody dies, or who dies is
started again and goes on as after a kill. Afterwards descriptors and memory are back.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.invariants import check, footprint
from tests.faults.processes import QUICK, AwayError, NodeProcess, RefusedError, until
from tests.faults.world import World

pytestmark = pytest.mark.process
MEBIBYTE = 1 << 20
CLIENTS = 2000
HASTE = {
    **QUICK,
    "ALLMENDE_LIMITS__HEADER_SECONDS": "1",
    "ALLMENDE_LIMITS__BODY_SECONDS": "2",
}
HEAD = b"POST /dsp/2025-1/catalog/request HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
HALF = HEAD + b"X-Never: en"
SLOW = HEAD + b"Content-Length: 100000\r\n\r\n{"
KINDS = (b"", HALF, SLOW)
"""Nothing at all, half a head, a head with the first byte of its body."""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two neighbours with little patience for slow clients, started again whatever ends them."""
    made = World(tmp_path_factory.mktemp("hasty"), settings=HASTE, revive=True)
    try:
        made.start()
        yield made
    finally:
        made.close()


class Crowd:
    """Sockets that have been opened to a node's public port and are held."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self.open = 0

    def come(self, number: int, says: bytes) -> None:
        """So many more; who is not let in has been refused already."""
        for _ in range(number):
            one = socket.socket()
            one.settimeout(5.0)
            try:
                one.connect(("127.0.0.1", self._port))
                one.sendall(says)
            except OSError:
                one.close()
                continue
            one.setblocking(False)
            self._selector.register(one, selectors.EVENT_READ)
            self.open += 1

    def closed(self) -> bool:
        """Take note of who was sent away; True where nobody is left."""
        for key, _ in self._selector.select(0):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            try:
                if one.recv(65_536):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self._leave(one)
        return not self.open

    def go(self) -> None:
        """Everybody goes."""
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            self._leave(key.fileobj)
        self._selector.close()

    def _leave(self, one: socket.socket) -> None:
        self._selector.unregister(one)
        one.close()
        self.open -= 1


@contextlib.contextmanager
def crowd(node: NodeProcess) -> Iterator[Crowd]:
    """A crowd before a node that is gone at the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < CLIENTS + 200:
        if hard < CLIENTS + 200:
            pytest.skip(f"no process here may open {CLIENTS} sockets")
        resource.setrlimit(resource.RLIMIT_NOFILE, (CLIENTS + 200, hard))
    made = Crowd(node.port)
    try:
        yield made
    finally:
        made.go()


def test_two_thousand_slow_clients(hasty: World) -> None:
    """F26: all of them are sent away in time, what they may hold is bounded, and others are served meanwhile."""
    city = hasty.provider
    hasty.negotiate()
    base_memory, base = footprint(city)
    with crowd(city) as clients:
        for says in KINDS * 4:
            clients.come(CLIENTS // 12, says)
        most = footprint(city)[1]
        hasty.negotiate()
        assert city.call("GET", "/health")["status"] == "ok"
        assert most <= base + 1024 + 50
        until(clients.closed, "somebody slow is still served")
    until(lambda: footprint(city)[1] <= base + 10, "descriptors are not given back")
    assert footprint(city)[0] < base_memory * 1.5 + 50_000
    assert city.deaths == []
    check(hasty)


@contextlib.contextmanager
def limited(node: NodeProcess, what: int, number: int) -> Iterator[None]:
    """A soft limit of the process that serves at the moment."""
    before = resource.prlimit(node.pid, what)
    resource.prlimit(node.pid, what, (number, before[1]))
    pid = node.pid
    try:
        yield
    finally:
        if node.pid == pid and Path(f"/proc/{pid}").exists():
            resource.prlimit(pid, what, before)


def test_no_more_descriptors(hasty: World) -> None:
    """F37: a process at its limit refuses, and serves again as soon as it can."""
    city = hasty.provider
    used = footprint(city)[1]
    with crowd(city) as clients, limited(city, resource.RLIMIT_NOFILE, used + 20):
        clients.come(200, HALF)
        # Whether this one is let in or not: it must not end the process.
        with contextlib.suppress(AwayError, RefusedError):
            city.call("POST", "/v1/policies", {"name": "crowded", "terms": {}})
        until(clients.closed, "the crowd is still there")
        hasty.negotiate()
    assert [death for death in city.deaths if death == 0] == []
    check(hasty)


def _address_space(pid: int) -> int:
    """Bytes of address space of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def test_no_more_memory(hasty: World) -> None:
    """F37: bodies for which there is no memory are refused; afterwards everything is as it was."""
    city = hasty.provider
    body = b"[" + b" " * (MEBIBYTE - 200)
    head = HEAD + f"Content-Length: {MEBIBYTE - 100}\r\n\r\n".encode()
    with limited(city, resource.RLIMIT_AS, _address_space(city.pid) + 8 * MEBIBYTE):
        senders = [_sender(city.port, head + body) for _ in range(48)]
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            with contextlib.suppress(AwayError, RefusedError):
                city.call("GET", "/v1/policies", timeout=1.0)
            time.sleep(0.1)
        for one in senders:
            one.close()
    city.wait_ready()
    hasty.negotiate()
    assert [death for death in city.deaths if death == 0] == []
    check(hasty)


def _sender(port: int, says: bytes) -> socket.socket:
    """A client that sends as much as is taken from it."""
    one = socket.create_connection(("127.0.0.1", port), timeout=0.2)
    with contextlib.suppress(OSError):
        one.sendall(says)
    return one
