"""`python -m edge_node DIR [VERSION]`: the process of a device, without the command line around it.

The command line costs memory that a small board has not to spare: `allmende edge run` becomes this program.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edge_node import agent
from edge_node.errors import EdgeError


def main() -> int:
    """0 where it was told to stop, 1 with a sentence where it could not begin or go on."""
    try:
        agent.run(Path(sys.argv[1]), *sys.argv[2:3])
    except EdgeError as error:
        from connector.cli.command import language
        from edge_node.sentences import sentence

        print(f"allmende: {sentence(error.code, error.params, language())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
