"""`allmende policy`: writing, checking, trying and comparing terms of use, and keeping them in a node.

What lives here: the table of the commands; a module per kind of work. Drafting, checking, judging and comparing work on
files alone, without a node; keeping goes over the management API. What does not: what a policy means (`policies`).
Nothing of `policies` is loaded before a command is called.
"""

from __future__ import annotations

import click

from connector.cli.command import Noun
from connector.cli.policy.checking import explain, lint
from connector.cli.policy.comparing import conflicts, diff, prove
from connector.cli.policy.drafting import convert, new, templates
from connector.cli.policy.judging import evaluate
from connector.cli.policy.keeping import add, list_, show
from connector.cli.policy.living import approve, coverage, history, retire, sign
from connector.cli.policy.trying import simulate


@click.group(cls=Noun)
def policy() -> None:
    """Terms of use, named and versioned. What a node does not understand, it refuses by name."""


for _command in (
    new,
    templates,
    lint,
    explain,
    simulate,
    evaluate,
    diff,
    conflicts,
    prove,
    convert,
    add,
    list_,
    show,
    history,
    sign,
    approve,
    retire,
    coverage,
):
    policy.add_command(_command)
