"""`allmende edge`: a device, on the device; and on its node, the devices that there are.

What lives here: the names of the commands, known without loading any. What does not: the commands, in modules beside
this one; those of the node, which ask its management API, are in `connector.cli.fleet`.
"""

from __future__ import annotations

from importlib import import_module

import click

from connector.cli.command import Noun

TABLE = {
    "enrol": "edge_node.cli.enrolling:enrol",
    "run": "edge_node.cli.running:run",
    "status": "edge_node.cli.looking:status",
    "sources": "edge_node.cli.looking:sources",
    "tail": "edge_node.cli.looking:tail",
    "queue": "edge_node.cli.looking:queue",
    "drain": "edge_node.cli.looking:drain",
    "doctor": "edge_node.cli.doctor:doctor",
    "install": "edge_node.cli.installing:install",
    "image": "edge_node.cli.installing:image",
    "update": "edge_node.cli.installing:update",
    "invite": "connector.cli.fleet:invite",
    "collect": "connector.cli.fleet:collect",
    "fleet": "connector.cli.fleet:fleet",
}


class _Lazy(Noun):
    """Loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(TABLE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in TABLE:
            return None
        module, _, attribute = TABLE[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=_Lazy)
def edge() -> None:
    """Devices that take readings and bring them to a node, and to whom it has contracts with.

    On the device: enrol, run, status, sources, tail, queue, drain, doctor; install and image make one. On the node:
    invite, collect, fleet.
    """
