"""`allmende edge run`: becomes the agent's own process (`edge_node.__main__`)."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
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
    # Else Python reads all that it was built with, a megabyte, to find out where the system has its time zones.
    os.environ.setdefault("PYTHONTZPATH", "/usr/share/zoneinfo")
    apart = "-I" if sys.flags.isolated else "-P"  # what lies where a person happens to stand is no part of it
    program = [sys.executable, apart, "-m", "edge_node", str(place), version("allmende")]
    os.execv(sys.executable, program)  # noqa: S606 - this very program
