"""The process that a node lives in, and what its service manager lays out for it.

What lives here: event loop, file descriptors, Python's collector, the credentials of systemd. What does not: what runs
in the process (`node`).
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

YOUNG_OBJECTS = 5000
"""How many new objects make Python look for cycles among them. A request leaves hardly any, so fewer looks do."""


def credentials() -> Path | None:
    """Where systemd puts a service's credentials."""
    found = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(found) if found else None


def lies_outside(name: str) -> bool:
    """Does a key lie in the service manager's credentials?"""
    folder = credentials()
    return folder is not None and (folder / name).exists()


def stop_signals() -> asyncio.Event:
    """Set when the process is asked to end. To be called in the loop."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    return stop


async def first_of(*events: asyncio.Event) -> None:
    """Until one of these is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()


def enough_descriptors(connections: int) -> None:
    """Raise this process's soft limit, as far as it may, so that all connections and as many files fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * connections + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))


def settle() -> None:
    """Tell Python's collector that a process is now a running node.

    What is there, some 65,000 objects, stays to the end: looking through it takes 20 ms and finds nothing.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is to be had; the standard loop is the fall-back."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
