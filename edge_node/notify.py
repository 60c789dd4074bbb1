"""What the agent tells the service manager: that it takes readings, that it still commits, that it stops.

What lives here: the datagrams of sd_notify(3) on the socket that `$NOTIFY_SOCKET` names. What does not: when they are
sent. INVARIANT: `turn` is called by the loop that commits readings, once each turn, and by no timer: an agent whose
commits hang is started again by the watchdog, however lively the rest of it is.

Without a service manager, or with one that does not listen, nothing is sent and nothing fails.
"""

from __future__ import annotations

import contextlib
import os
import socket


def ready() -> None:
    """Readings are taken from now on; what waits for this service may start."""
    _tell(b"READY=1")


def turn() -> None:
    """The loop that commits has turned once more (`WatchdogSec=` in the unit)."""
    _tell(b"WATCHDOG=1")


def stopping() -> None:
    """Nothing is taken any more; what was taken is being brought to an end."""
    _tell(b"STOPPING=1")


def _tell(state: bytes) -> None:
    """One datagram. A name that begins with `@` lies in the abstract namespace (unix(7))."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = "\0" + name[1:] if name.startswith("@") else name
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
        way.setblocking(False)  # a manager that does not read must not hold up commits
        way.sendto(state, address)
