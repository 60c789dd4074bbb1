"""The command line `allmende`: a thin client of a node's management API.

What lives here: commands, their help and their output. What does not: decisions of any kind; those are the node's.
`tree` knows the commands without loading them, `command` is what every command has in common, `remote` is the client,
`local` alone builds a node (init, serve). Exit status: 0 done, 1 refused or failed, 2 used wrongly.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and exit with its status. What the terminal cannot show becomes "?"."""
    from io import TextIOWrapper

    from connector.cli.tree import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))
