"""`allmende edge`: a device, on the device; and on its node, the devices that there are.

What lives here: the names of the commands, known without loading any. What does not: the commands, in modules beside
this one; those of the node, which ask its management API, are in `connector.cli.fleet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Literal

import click

from connector.cli.command import Noun

TABLE = {
    "enrol": ("edge_node.cli.enrolling:enrol", "On the device: take a place at a node with a one-time code."),
    "run": ("edge_node.cli.running:run", "On the device: run the agent until it is stopped."),
    "status": ("edge_node.cli.looking:status", "On the device: buffer, clock, wear, network, what is not well."),
    "sources": ("edge_node.cli.looking:sources", "On the device: where readings come from, what was put aside."),
    "tail": ("edge_node.cli.looking:tail", "On the device: readings as they are stored."),
    "queue": ("edge_node.cli.looking:queue", "On the device: what waits for whom."),
    "drain": ("edge_node.cli.looking:drain", "On the device: deliver now what waits."),
    "doctor": ("edge_node.cli.doctor:doctor", "On the device: what is wrong with it, and what helps."),
    "install": ("edge_node.cli.installing:install", "On the device: make this machine one, as a service."),
    "image": ("edge_node.cli.installing:image", "Make a device in the file system of another machine."),
    "update": ("edge_node.cli.installing:update", "On the device: run the version that its node has ordered."),
    "invite": ("connector.cli.fleet:invite", "On the node: a place for a device, and its one-time code."),
    "collect": ("connector.cli.fleet:collect", "On the node: duties that a device does before it stores."),
    "received": ("connector.cli.fleet:received", "On the node: what devices have brought, and what never comes."),
    "fleet": ("connector.cli.fleet:fleet", "On the node: all devices, their versions and health."),
}


class _Lazy(Noun):
    """Loads a command when it is called, and none to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(TABLE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in TABLE:
            return None
        module, _, attribute = TABLE[cmd_name][0].partition(":")
        found = getattr(import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in TABLE.items()])


def _sentence(code: str, params: Mapping[str, str], language: Literal["de", "en"]) -> str:
    from edge_node.sentences import sentence

    return sentence(code, params, language)


@click.group(cls=_Lazy)
@click.pass_context
def edge(context: click.Context) -> None:
    """Devices that take readings and bring them to a node, and to whom it has contracts with.

    On the device: enrol, run, status, sources, tail, queue, drain, doctor; install and image make one. On the node:
    invite, collect, received, fleet.
    """
    context.meta["allmende.edge.sentences"] = _sentence  # for what `fleet show` says in words
