"""`allmende edge run`: becomes the agent's own process (`edge_node.__main__`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from connector.cli.command import Call, Leaf
from edge_node.cli.device import DIRECTORY, found


@click.command(cls=Leaf, node=False, examples=["allmende edge run ./cabinet"])
@DIRECTORY
@click.pass_obj
def run(call: Call, directory: Path | None) -> None:
    """Run the agent of a device until it is stopped: takes readings, keeps them, delivers them."""
    place = found(directory)
    os.environ["ALLMENDE_LANG"] = call.lang
    apart = "-I" if sys.flags.isolated else "-P"  # what lies where a person happens to stand is no part of it
    os.execv(sys.executable, [sys.executable, apart, "-m", "edge_node", str(place)])  # noqa: S606 - this very program
