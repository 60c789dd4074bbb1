"""A node in a process of its own that ends or stops at a named point when told to: `python -m tests.faults.node DIR`.

What lives here: the child's side. An order is a file in the node's directory, `POINT SIGNAL`; at its point the process
renames the file, so that there is proof, and sends itself the signal. What does not: giving orders and starting again
(`processes`). An order is given while the node runs, so one start serves many points.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from connector import config, node
from connector.ports import Fault

ORDER = "fault-order"
EXECUTED = "fault-executed"


def ordered(directory: Path) -> Fault:
    """A fault that does what the order in `directory` says, once."""
    order, executed = directory / ORDER, directory / EXECUTED

    def fault(point: str) -> None:
        try:
            wanted, _, sign = order.read_text().partition(" ")
        except FileNotFoundError:
            return
        if wanted == point:
            order.rename(executed)
            os.kill(os.getpid(), signal.Signals[sign])

    return fault


def main() -> None:
    """Serve the node of the directory that is the first argument."""
    directory = Path(sys.argv[1])
    node.run(config.load(directory, os.environ), ordered(directory))


if __name__ == "__main__":
    main()
