"""A node in a process of its own that ends, stops or runs out of disk at a named point when told to:
`python -m tests.faults.node DIR`.

What lives here: the child's side. An order is a file in the node's directory, `POINT WHAT`; at its point the process
renames the file, so that there is proof, and sends itself the signal WHAT. `POINT ENOSPC` means: no write of SQLite
finds room any more, for as long as the file of that name lies in the directory. What does not: giving orders and
starting again (`processes`). An order is given while the node runs, so one start serves many points.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from connector import config, node
from connector.ports import Fault
from tests.harness.syscalls import writes

ORDER = "fault-order"
EXECUTED = "fault-executed"
FULL = "ENOSPC"
REFUSED_WRITES = "fault-writes"
"""There as soon as a write has failed for want of room."""

_ON_PARENTS_DEATH = 1
"""PR_SET_PDEATHSIG."""


def ordered(directory: Path) -> Fault:
    """A fault that does what the order in `directory` says, once."""
    order, executed = directory / ORDER, directory / EXECUTED

    def fault(point: str) -> None:
        try:
            wanted, _, what = order.read_text().partition(" ")
        except FileNotFoundError:
            return
        if wanted != point:
            return
        if what == FULL:
            _fill(directory)
        order.rename(executed)
        if what != FULL:
            os.kill(os.getpid(), signal.Signals[what])

    return fault


def _fill(directory: Path) -> None:
    """From now on no write of SQLite finds room."""
    switch, full, refused = writes(), directory / FULL, directory / REFUSED_WRITES
    assert switch is not None

    def failing(number: int) -> bool:
        if not full.exists():
            return False
        refused.touch()
        return True

    full.touch()
    switch.failing = failing


def end_with_parent() -> None:
    """When whoever has started this process is gone, however it went, this one goes too, stopped or not (prctl(2)).

    What counts is the thread that started it: the test's own, or the one that waits for the process.
    """
    ctypes.CDLL(None).prctl(_ON_PARENTS_DEATH, int(signal.SIGKILL))


def main() -> None:
    """Serve the node of the directory that is the first argument."""
    end_with_parent()
    directory = Path(sys.argv[1])
    node.run(config.load(directory, os.environ), ordered(directory))


if __name__ == "__main__":
    main()
