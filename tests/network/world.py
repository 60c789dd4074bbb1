"""A city and a utility in networks of their own, as real processes with TLS, and what stands between them.

What lives here: two arrangements. `open_world`: each node ends TLS itself, packets are routed. `closed_world`: the city
stands behind nginx, no packet is routed, and the one way between the two networks is a proxy for CONNECT in the middle.
What does not: what they do with each other (`tests.faults.world`), what must hold (`tests.faults.invariants`).
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from certs import did
from connector import config
from connector.proxy import shipped
from scripts.lib.leash import leashed
from tests.faults.processes import QUICK, ROOT, AwayError, NodeProcess, until
from tests.faults.world import Grant, World
from tests.harness import frames, front
from tests.harness.authority import Authority
from tests.network.spaces import ADDRESSES, CITY, GATEWAYS, MIDDLE, NAMES, UTILITY, Spaces

DEADLINE = 2
"""Seconds for one message."""
HASTE = {**QUICK, "ALLMENDE_NETWORK__DEADLINE": str(DEADLINE)}
PROXY_PORT = 3128
LARGE = 192 << 20
"""A file that is on its way for a while, and hashed within a deadline."""


class PlacedNode(NodeProcess):
    """A node in a namespace. Its operators are there too."""

    def __init__(self, directory: Path, spaces: Spaces, place: str, settings: Mapping[str, str]) -> None:
        url = f"https://{NAMES[place]}"
        super().__init__(
            directory, settings={**HASTE, "ALLMENDE_PUBLIC_URL": url, **settings}, through=spaces.through(place)
        )
        self.url, self.did = url, did.of_url(url)
        self._spaces, self.place = spaces, place

    def call(self, method: str, path: str, body: Any = None, *, timeout: float = 10.0, **query: str) -> Any:
        """One request of the operator, on the spot."""
        with self._spaces.inside(self.place):
            return super().call(method, path, body, timeout=timeout, **query)


class PlacedWorld(World):
    """Two nodes in namespaces of their own."""

    def __init__(
        self, directory: Path, spaces: Spaces, authority: Authority, settings: Mapping[str, Mapping[str, str]]
    ) -> None:
        trust = {"ALLMENDE_NETWORK__EXTRA_CA": str(authority.certificate)}
        self.provider = PlacedNode(directory / "city", spaces, CITY, {**trust, **settings[CITY]})
        self.consumer = PlacedNode(directory / "utility", spaces, UTILITY, {**trust, **settings[UTILITY]})
        self.nodes = (self.provider, self.consumer)
        self.spaces, self.directory, self._directory = spaces, directory, directory
        self._trust = ssl.create_default_context(cafile=str(authority.certificate))
        self.datasets: dict[str, str] = {}
        self.via: tuple[str, int] | None = None

    def share_large(self, name: str) -> str:
        """Publish a file that takes some seconds; its name."""
        with (self.directory / "large.bin").open("wb") as made:
            made.truncate(LARGE)
        settings = {"path": str(self.directory / "large.bin")}
        asset = {"name": name, "kind": "file", "title": name, "settings": settings}
        self.datasets[name] = self.provider.call("POST", "/v1/assets", asset)["id"]
        body = {"asset": name, "policy": "plain", "approval": {"frame": frames.NAME}}
        self.provider.call("POST", "/v1/offers", body)
        return name

    def read_slowly(self, path: str) -> None:
        """Read data at the consumer's node: a file of `LARGE` takes ten seconds. Raises what http.client does."""
        token = (self.consumer.directory / "token").read_text().strip()
        with self.spaces.inside(UTILITY):
            connection = http.client.HTTPConnection("127.0.0.1", self.consumer.management_port, timeout=30.0)
            try:
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                while answer.read(1 << 20):
                    time.sleep(0.05)
            finally:
                connection.close()

    def access(self, grant: Grant) -> int:
        """The status of one access from the utility's network past its node."""

        def status() -> int:
            host, port = urlsplit(grant.url).hostname or "", 443
            with self.spaces.inside(UTILITY):
                there = self.via or (ADDRESSES[CITY], port)
                connection = http.client.HTTPSConnection(*there, timeout=5.0, context=_Named(self._trust, host))
                if self.via:
                    connection.set_tunnel(ADDRESSES[CITY], port)
                try:
                    headers = {"Authorization": grant.authorization, "Host": host}
                    connection.request("GET", urlsplit(grant.url).path, headers=headers)
                    return connection.getresponse().status
                except (OSError, http.client.HTTPException):
                    raise AwayError from None
                finally:
                    connection.close()

        return until(status, "the data is away")


class _Named:
    """A TLS context that asks for a name, whatever address was connected to."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context, self._name = context, name

    def wrap_socket(self, own: Any, **_: Any) -> ssl.SSLSocket:
        """See `ssl.SSLContext`."""
        return self._context.wrap_socket(own, server_hostname=self._name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


@contextlib.contextmanager
def open_world(directory: Path) -> Iterator[PlacedWorld]:
    """Both nodes end TLS themselves; packets find their way."""
    with _spaces(routed=True) as spaces:
        authority = Authority(directory / "authority")
        settings = {}
        for place in (CITY, UTILITY):
            certificate, key = authority.issue(NAMES[place])
            settings[place] = {
                "ALLMENDE_PUBLIC__HOST": ADDRESSES[place],
                "ALLMENDE_PUBLIC__PORT": "443",
                "ALLMENDE_PUBLIC__TLS_CERTIFICATE": str(certificate),
                "ALLMENDE_PUBLIC__TLS_KEY": str(key),
            }
        with _running(PlacedWorld(directory, spaces, authority, settings)) as world:
            yield world


@contextlib.contextmanager
def closed_world(directory: Path) -> Iterator[PlacedWorld]:
    """Each behind nginx with the printed configuration; the way out is the proxy's."""
    front.needs("nginx")
    with _spaces(routed=False) as spaces, contextlib.ExitStack() as stack:
        authority = Authority(directory / "authority")
        settings = {
            place: {"ALLMENDE_NETWORK__PROXY": f"http://{GATEWAYS[place]}:{PROXY_PORT}"} for place in (CITY, UTILITY)
        }
        world = PlacedWorld(directory, spaces, authority, settings)
        world.via = (GATEWAYS[UTILITY], PROXY_PORT)
        proxy = [*spaces.through(MIDDLE), sys.executable, "-m", "tests.harness.connect", "0.0.0.0", str(PROXY_PORT)]
        stack.enter_context(_process(proxy, directory / "proxy"))
        for node in world.nodes:
            made = config.load(node.directory, node.settings)
            certificate, key = authority.issue(NAMES[node.place])
            text = shipped.nginx(made, certificate=certificate, key=key)
            command = [*spaces.through(node.place), *front.nginx(text, directory / f"nginx-{node.place}").command]
            stack.enter_context(_process(command, directory / f"nginx-{node.place}"))
        with _running(world):
            yield world


@contextlib.contextmanager
def _spaces(*, routed: bool) -> Iterator[Spaces]:
    spaces = Spaces(routed=routed)
    try:
        spaces.open()
        yield spaces
    finally:
        spaces.close()


@contextlib.contextmanager
def _running(world: PlacedWorld) -> Iterator[PlacedWorld]:
    try:
        world.start()
        yield world
    finally:
        world.close()


@contextlib.contextmanager
def _process(command: list[str], folder: Path) -> Iterator[None]:
    """A server beside the nodes; what it says is in `output`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output").open("wb") as output:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(leashed(command), stdout=output, stderr=output, cwd=folder, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
