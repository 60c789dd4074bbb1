"""Ports of loopback for servers that have to know theirs before they start.

What lives here: choosing one. Servers that may choose themselves listen on port 0 instead.
"""

from __future__ import annotations

import os
import random
import re
import socket

LOWEST, HIGHEST = 12_000, 32_000
"""Below the ports that the system gives to outgoing connections and to servers that let it choose."""
SHARE = 4_000
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on now, that this process has not given before and no other test worker will give.

    A port is free only until somebody takes it: of two that drew the same, one would have talked to the other's
    server. So each worker of a test run (`PYTEST_XDIST_WORKER`) draws from a share of its own.
    """
    shares = (HIGHEST - LOWEST) // SHARE
    worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    own = int(worker[1]) % (shares - 1) if worker else shares - 1
    low = LOWEST + own * SHARE
    for port in random.sample(range(low, low + SHARE), SHARE):
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no port of loopback is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
