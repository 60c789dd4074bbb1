"""Small file systems in memory, for tests that fill one or take the right to write away.

What lives here: mounting and unmounting, also of what a killed test run has left. What does not: what is done with one.
Linux and root; where nothing can be mounted, tests skip and say so.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PREFIX = "allmende-"
"""A mount is called after the process that has made it."""


@contextlib.contextmanager
def small_disk(place: Path, options: str) -> Iterator[Path]:
    """A file system of its own at `place`, which is made; skips where none can be mounted."""
    _sweep()
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, f"{PREFIX}{os.getpid()}", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _sweep() -> None:
    """Unmount what test runs that are gone have left."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        name, place, kind, *_ = line.split(" ")
        if kind == "tmpfs" and name.startswith(PREFIX) and not Path("/proc", name.removeprefix(PREFIX)).exists():
            subprocess.run(["umount", "-l", place], capture_output=True, check=False)
