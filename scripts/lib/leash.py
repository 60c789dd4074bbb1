"""Processes that do not outlive who has started them.

What lives here: the command that asks the kernel for it (setpriv(1) of util-linux; where it is missing nothing is
asked). What does not: starting and ending in order, which whoever starts a process does anyway; this is for a start
that was killed.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def leashed(command: Sequence[str]) -> list[str]:
    """The command, so that it is told to end (SIGTERM) when the thread that starts it is gone; its pid is its own."""
    program = shutil.which("setpriv")
    return [*(() if program is None else (program, "--pdeathsig", "TERM", "--")), *command]
