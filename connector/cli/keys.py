"""`allmende key`: the node's own keys."""

from __future__ import annotations

import click

from connector.cli.command import Call, Noun
from connector.cli.output import instant, table
from connector.cli.words import either

COLUMNS = {"name": "key", "thumbprint": "thumbprint", "destroyed": "destroyed"}


@click.group(cls=Noun)
def key() -> None:
    """The node's own keys.

    `token` and `audit` are who the node is: peers have pinned them, and they stay. `grant` makes the credentials with
    which peers fetch data, `sealing` keeps secrets in the database; these two can be renewed.
    """


@key.command("list", examples=["allmende key list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the keys in use, and those that were destroyed, by thumbprint."""
    found = call.remote.get("/keys")["items"]
    rows = [{**one, "destroyed": instant(one["destroyed"])} for one in found]
    call.answer(found, lambda: table(rows, COLUMNS, "No keys."))


@key.command("renew", examples=["allmende key renew grant", "allmende key renew sealing"])
@click.argument("name", type=click.Choice(["grant", "sealing"]))
@click.pass_obj
def renew(call: Call, name: str) -> None:
    """Replace a key. The old one is destroyed: no backup brings it back, for the peers remember its thumbprint.

    After `grant`, credentials for data that are out end at once; suspend and resume a transfer to give its peer a new
    one. After `sealing`, everything that was sealed is sealed anew.
    """
    made = call.remote.post(f"/keys/{name}/renew", {})
    call.answer(
        made,
        lambda: either(
            f"The key {name} is now {made['thumbprint']}; the old one is destroyed.",
            f"Der Schlüssel {name} ist jetzt {made['thumbprint']}; der alte ist vernichtet.",
        ),
    )
