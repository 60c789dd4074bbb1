"""Bringing a node that is stopped up to date with this program: `python -m connector.backup.bringing DIR`.

An update calls it as the node's user, after it has made a copy and before the new program serves: what cannot be read
here is found out while the old program can still go on. Nothing is sent and no address is listened on.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from connector import config as settings
from connector.backup.backup import DATABASE
from connector.errors import NodeError
from connector.ports import Clock
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock


def bring(directory: Path, *, clock: Clock, environment: Mapping[str, str]) -> None:
    """Read the settings and open the database, which brings it to the layout of this program and looks whether all of
    it can be read. Raises `NodeError`: of the settings, and of the store (`store.locked` where the node runs)."""
    settings.load(directory, environment)
    if (directory / DATABASE).exists():
        asyncio.run(_opened(directory / DATABASE, clock))


async def _opened(path: Path, clock: Clock) -> None:
    store = SqliteStore.open(path, clock=clock, sign_head=_nothing_is_signed, threaded=False)
    await store.close()


def _nothing_is_signed(size: int, root: bytes, at: int) -> str:
    raise AssertionError("nothing is logged while a state is brought up to date")


def main() -> int:
    """The exit status; the last line on standard error says why."""
    try:
        bring(Path(sys.argv[1]), clock=SystemClock(), environment=os.environ)
    except NodeError as failure:
        told = " ".join(f"{name}={value}" for name, value in failure.reason.params.items())
        print(f"{failure.reason.code} {told}".replace("\n", "; "), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
