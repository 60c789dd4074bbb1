"""The tree of commands, known without loading any: name -> `module:attribute` and the line that the help shows.

What lives here: the static table, the lazy root, the one place where failures become sentences and an exit status.
`allmende --help` loads click and this module only. Entry points `allmende.commands` are scanned for a name that the
table does not know, and never otherwise.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from connector.cli import wrong
from connector.cli.command import lang_option, node_option
from connector.cli.errors import CommandError
from connector.cli.words import either, speak

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "A node of one's own": {
        "init": ("connector.cli.local:init", "Make a node: directory, settings, keys, credential."),
        "serve": ("connector.cli.local:serve", "Run a node until it is stopped."),
        "proxy": ("connector.cli.shipped:proxy", "Print a configuration for nginx or Caddy in front of a node."),
        "service": ("connector.cli.shipped:service", "Print a systemd unit for a node."),
        "doctor": ("connector.cli.doctor:doctor", "Find out what is wrong with a node, and what helps."),
        "watch-events": ("connector.cli.events:watch", "What has happened that people should hear of."),
        "status": ("connector.cli.status:status", "Show how the node is doing and what waits for which peer."),
        "backup": ("connector.cli.backups:backup", "Write the whole node into one encrypted file."),
        "restore": ("connector.cli.backups:restore", "Make a node again from its backup."),
        "export": ("connector.cli.exports:export", "Write the whole node in open formats."),
        "import": ("connector.cli.exports:import_", "Make a node from an export."),
        "key": ("connector.cli.keys:key", "The node's own keys; let others follow them."),
        "operator": ("connector.cli.operators:operator", "Persons and programs that may work with the node."),
        "dataplane": ("connector.cli.planes:dataplane", "A data plane by itself, for control planes of others."),
        "plane": ("connector.cli.planes:plane", "Data planes and control planes of others (signaling)."),
        "edge": ("edge_node.cli:edge", "Devices that take readings: one, on it; a node's fleet."),
    },
    "Neighbours": {
        "peer": ("connector.cli.peers:peer", "Participants that this node knows and trusts."),
        "succession": ("connector.cli.succession:succession", "Contracts that go on with another node."),
        "join": ("connector.cli.join:join", "Join a region with a one-time code."),
        "trust": ("connector.cli.trust:trust", "Regions that this node believes; why somebody is trusted."),
        "credential": ("connector.cli.credential:credential", "Credentials that this node holds or has issued."),
        "region": ("connector.cli.region:region", "Keep a region: its trust domain, members, invitations."),
    },
    "What this node shares": {
        "source": ("connector.cli.sources:source", "Systems that data are read from where they lie."),
        "asset": ("connector.cli.assets:asset", "Data that lies here and can be shared."),
        "policy": ("connector.cli.policy:policy", "Terms of use: write, check, try, compare and keep them."),
        "state": ("connector.cli.states:state", "What this node states about the world: a crisis, an event."),
        "frame": ("connector.cli.frames:frame", "Frame contracts on paper: who may be answered at once."),
        "offer": ("connector.cli.offers:offer", "Assets published under terms."),
        "describe": ("connector.cli.describe:describe", "What this node publishes of itself, for anybody to verify."),
    },
    "What others share": {
        "search": ("connector.cli.searching:search", "Search all catalogues that this node reads."),
        "catalog": ("connector.cli.catalogs:catalog", "Look at what a peer offers to this node."),
        "negotiate": ("connector.cli.negotiations:negotiate", "Ask a peer for a dataset on terms."),
        "get": ("connector.cli.data:get", "Fetch the data of a contract."),
        "watch": ("connector.cli.flows:watch", "See rows of a contract as they come."),
        "subscribe": ("connector.cli.flows:subscribe", "Put rows of a contract somewhere as they come."),
        "subscription": ("connector.cli.flows:subscription", "What is put somewhere as it comes."),
    },
    "Contracts and what follows": {
        "negotiation": ("connector.cli.negotiations:negotiation", "Negotiations under way or past; decide them."),
        "contract": ("connector.cli.contracts:contract", "Contracts concluded, on either side."),
        "transfer": ("connector.cli.transfers:transfer", "Transfers under a contract; suspend, resume, end them."),
        "audit": ("connector.cli.audit:audit", "The log that proves what happened."),
    },
    "Help": {
        "help": ("connector.cli.topics:help_", "Read about a topic, in English or German."),
        "completion": ("connector.cli.completion:completion", "Completion for bash, zsh or fish."),
    },
}
"""Every command of this program, in the order of the help."""

TABLE = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Root(click.Group):
    """The root of the tree: loads a command when it is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(TABLE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in TABLE:
            return _load(TABLE[cmd_name][0])
        return _plugged_in(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = difflib.get_close_matches(name, TABLE, n=1)
            hint = either(f" Did you mean {near[0]!r}?", f" Meinten Sie {near[0]!r}?") if near else ""
            said = either(f"There is no command {name!r}.", f"Einen Befehl {name!r} gibt es nicht.")
            raise click.UsageError(f"{said}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in commands.items()], col_max=14)


def root() -> Root:
    """A fresh root of the tree."""
    return Root(
        "allmende",
        params=[
            node_option(),
            lang_option(),
            click.Option(
                ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Version."
            ),
        ],
        help="Allmende: share data with neighbours under contracts, without giving it away.",
        epilog="First steps: allmende help start. Exit status: 0 done, 1 refused or failed, 2 used wrongly.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit status. Every failure is one sentence on stderr, never a traceback;
    with `--json` also an object `error` on stdout."""
    speak(wrong.wanted(args))
    try:
        root().main(args=list(args), prog_name="allmende", standalone_mode=False)
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except click.UsageError as failure:
        return _failed(args, 2, CommandError(wrong.usage(failure), "usage"))
    except CommandError as failure:
        return _failed(args, 1, failure)
    except (click.Abort, KeyboardInterrupt):
        return _failed(
            args,
            1,
            CommandError(
                either(
                    "Stopped here. What the node has begun goes on; see allmende status.",
                    "Hier abgebrochen. Was der Knoten begonnen hat, geht weiter; siehe allmende status.",
                ),
                "stopped",
            ),
        )
    except BrokenPipeError:
        sys.stdout = None  # the reader is gone; nothing is left to say or to flush
        return 1
    except (click.ClickException, OSError) as failure:
        return _failed(args, 1, CommandError(_sentence(failure), "system"))
    except SystemExit as asked:
        return int(asked.code or 0)
    except Exception as failure:  # the last resort of a program that never shows a traceback
        kind = type(failure).__name__
        sentence = (
            f"This should not have happened ({kind}: {failure}). Please report it with the command that you typed."
        )
        return _failed(args, 1, CommandError(sentence, "bug"))
    return 0


def _failed(args: Sequence[str], status: int, failure: CommandError) -> int:
    from connector.cli.output import plain, remark, say_json

    remark(f"allmende: {plain(failure.sentence)}")
    if "--json" in args:
        from msgspec import json

        error = {"code": failure.code, "params": failure.params, "sentence": failure.sentence}
        say_json(json.encode({**failure.answer, "error": error}).decode())
    return status


def _sentence(failure: Exception) -> str:
    if isinstance(failure, click.ClickException):
        return failure.format_message()
    assert isinstance(failure, OSError)
    return wrong.system(failure)


def _load(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, click.Command)
    return found


def _plugged_in(name: str) -> click.Command | None:
    from importlib.metadata import entry_points

    for point in entry_points(group="allmende.commands", name=name):
        found = point.load()
        if isinstance(found, click.Command):
            return found
    return None


def _version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"allmende {version('allmende')}")
        ctx.exit()
