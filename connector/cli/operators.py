"""`allmende operator`: persons and programs that may work with the node, each with a credential of their own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from connector.cli.command import Call, Noun
from connector.cli.names import OPERATOR, segment
from connector.cli.output import instant, table
from connector.cli.words import either

COLUMNS = {"name": "name", "role": "role", "created": "since"}
ROLES = ["auditor", "approver", "steward", "admin"]


@click.group(cls=Noun)
def operator() -> None:
    """Persons and programs that may work with the node. Each entry of the log carries the name.

    auditor reads; approver also decides negotiations; steward also shares and asks; admin also manages peers and
    operators.
    """


@operator.command("add", examples=["allmende operator add maria --role steward --token-file ./maria.token"])
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the person may do.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="New file for the credential, readable by you alone; it is shown nowhere else.",
)
@click.pass_obj
def add(call: Call, name: str, role: str, token_file: Path) -> None:
    """Add NAME and write the credential to a new file. The person uses it by ALLMENDE_TOKEN_FILE."""
    handle = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            issued = call.remote.post("/operators", {"name": name, "role": role})
            file.write(issued.pop("token") + "\n")
    except BaseException:
        token_file.unlink()
        raise
    call.answer(
        {**issued, "token_file": str(token_file)},
        lambda: either(
            f"{name} is now {role}. The credential is in {token_file}.",
            f"{name} hat jetzt die Rolle {role}. Die Zugangskennung liegt in {token_file}.",
        ),
    )


@operator.command("list", examples=["allmende operator list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the operators."""
    items = call.remote.every("/operators")
    rows = [{**one, "created": instant(one["created"])} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "No operators."))


@operator.command("remove", examples=["allmende operator remove maria"])
@click.argument("name", type=OPERATOR)
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Take away the credential of NAME at once."""
    call.remote.delete(f"/operators/{segment(name)}")
    call.answer(
        {"removed": name},
        lambda: either(
            f"{name} may no longer work with this node.", f"{name} hat keinen Zugang mehr zu diesem Knoten."
        ),
    )
