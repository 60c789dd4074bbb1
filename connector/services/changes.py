"""Who wants to know that a process moved: published after the commit, in this process only.

What lives here: the hub that cuts streams, ends long polls and lets a test wait without sleeping. What does not: state;
whoever is told reads the store. A missed notice loses nothing but time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct


class Change(Struct, frozen=True):
    """A process (`negotiation`, `transfer`), an `agreement` or a `participant` stands anew."""

    kind: str
    id: str
    version: int = 0
    state: str = ""


class Changes:
    """Publish and subscribe; waiting for a newer version of one thing."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Change], None]] = []
        self._waiting: dict[tuple[str, str], set[asyncio.Event]] = {}

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` on every change, on the event loop; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, change: Change) -> None:
        """Tell everybody; to be called on the event loop after the commit."""
        for event in self._waiting.get((change.kind, change.id), ()):
            event.set()
        for listener in tuple(self._listeners):
            listener(change)

    async def until(self, kind: str, id: str, ready: Callable[[], Awaitable[bool]], wait: float) -> None:
        """Return as soon as `ready` holds, asked now and after each change of this thing, or after `wait` seconds."""
        key, event = (kind, id), asyncio.Event()
        self._waiting.setdefault(key, set()).add(event)
        try:
            async with asyncio.timeout(wait):
                while not await ready():
                    await event.wait()
                    event.clear()
        except TimeoutError:
            pass
        finally:
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]
