"""`allmende edge run`: the agent itself."""

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.command import Call, Leaf
from edge_node.cli.device import DIRECTORY, found, told


@click.command(cls=Leaf, node=False, examples=["allmende edge run ./cabinet"])
@DIRECTORY
@click.pass_obj
def run(call: Call, directory: Path | None) -> None:
    """Run the agent of a device until it is stopped: takes readings, keeps them, delivers them."""
    from edge_node.agent import run as running

    with told(call):
        running(found(directory))
