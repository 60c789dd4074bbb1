"""Network namespaces: a city's network, a utility's, and a middle between them; addresses and names of their own.

What lives here: making and removing namespaces, being in one for a moment, packets that get lost in one direction.
What does not: nodes. Linux, root, iproute2 and nftables; where one is missing, tests skip and say so. No address
outside the namespaces is touched; `/etc/netns/NAME/hosts` is how iproute2 gives a namespace names of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

PREFIX = "allmende-"
CITY, UTILITY, MIDDLE = "city", "utility", "middle"
ADDRESSES = {CITY: "10.77.1.2", UTILITY: "10.77.2.2"}
GATEWAYS = {CITY: "10.77.1.1", UTILITY: "10.77.2.1"}
NAMES = {CITY: "city.test", UTILITY: "utility.test"}
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n" + "".join(f"{ADDRESSES[one]} {NAMES[one]}\n" for one in ADDRESSES)
_NETWORK = 0x40000000
"""CLONE_NEWNET, see setns(2)."""


class Spaces:
    """Three namespaces. With `routed` the middle passes packets on, else it is where both networks end."""

    def __init__(self, *, routed: bool) -> None:
        for program in ("ip", "nft"):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
        if os.geteuid() != 0:
            pytest.skip("network namespaces are for root")
        self._names = {one: f"{PREFIX}{os.getpid()}-{one}" for one in (CITY, UTILITY, MIDDLE)}
        self._routed = routed

    def open(self) -> None:
        """Make them. Skips where the kernel does not let us."""
        _sweep()
        try:
            for name in self._names.values():
                _run("ip", "netns", "add", name)
        except subprocess.CalledProcessError as error:
            self.close()
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        for one, name in self._names.items():
            hosts = Path("/etc/netns") / name / "hosts"
            hosts.parent.mkdir(parents=True, exist_ok=True)
            hosts.write_text(_HOSTS)
            self.run(one, "ip", "link", "set", "lo", "up")
        for one in ADDRESSES:
            self._connect(one)
        if self._routed:
            self.run(MIDDLE, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        hook = "{ type filter hook prerouting priority -300; }"
        self.run(MIDDLE, "nft", f"add table ip cut; add chain ip cut lost {hook}")

    def _connect(self, one: str) -> None:
        """A cable between a network and the middle."""
        ours, theirs = f"v{os.getpid() % 100_000}{one[0]}", f"w{os.getpid() % 100_000}{one[0]}"
        _run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs)
        for end, space, address in ((ours, one, ADDRESSES[one]), (theirs, MIDDLE, GATEWAYS[one])):
            _run("ip", "link", "set", end, "netns", self._names[space])
            self.run(space, "ip", "address", "add", f"{address}/24", "dev", end)
            self.run(space, "ip", "link", "set", end, "up")
        if self._routed:
            self.run(one, "ip", "route", "add", "default", "via", GATEWAYS[one])

    def close(self) -> None:
        """Remove them with all that is in them."""
        for name in self._names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / name, ignore_errors=True)

    def through(self, one: str) -> Sequence[str]:
        """The command that runs the command behind it in a namespace."""
        return ("ip", "netns", "exec", self._names[one])

    def run(self, one: str, *command: str) -> None:
        """Run a command in a namespace."""
        _run(*self.through(one), *command)

    @contextlib.contextmanager
    def inside(self, one: str) -> Iterator[None]:
        """This thread's sockets are made in a namespace; nothing but the network is another."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self._names[one]}") as there:
            _enter(libc, there.fileno())
            try:
                yield
            finally:
                _enter(libc, home.fileno())

    @contextlib.contextmanager
    def silenced(self, one: str) -> Iterator[None]:
        """Nothing that a network sends gets to the middle or beyond; it hears, but is not heard."""
        self.run(MIDDLE, "nft", f"add rule ip cut lost ip saddr {ADDRESSES[one]} drop")
        try:
            yield
        finally:
            self.run(MIDDLE, "nft", "flush chain ip cut lost")


def _sweep() -> None:
    """Remove the namespaces of test runs that are gone: who was killed has left its own."""
    for place in (Path("/run/netns"), Path("/etc/netns")):
        for found in place.glob(f"{PREFIX}*"):
            if not Path("/proc", found.name.split("-")[1]).exists():
                subprocess.run(["ip", "netns", "del", found.name], capture_output=True, check=False)
                shutil.rmtree(Path("/etc/netns") / found.name, ignore_errors=True)


def _enter(libc: ctypes.CDLL, descriptor: int) -> None:
    if libc.setns(descriptor, _NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, text=True, check=True)
