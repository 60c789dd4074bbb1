"""`allmende key`: the node's own keys."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.output import instant, remark, table
from connector.cli.words import either

COLUMNS = {
    "name": "key",
    "state": "state",
    "form": "kind",
    "thumbprint": "thumbprint",
    "since": "signs from",
    "until": "published until",
    "destroyed": "destroyed",
}
FORMS = {"p-256": "P-256", "ed25519": "Ed25519"}


@click.group(cls=Noun)
def key() -> None:
    """The node's own keys.

    `token` and `audit` are who the node is: one signs its messages, one its log; a region has an `issuer` for
    credentials. They are followed by another key without anybody having to compare words again, since the old key
    vouches for the new one. `grant` makes the credentials with which peers fetch data, `sealing` keeps secrets in the
    database; these two are replaced at once.
    """


@key.command("list", examples=["allmende key list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the keys: which signs, which comes next, until when an old one is published, which were destroyed."""
    found = call.remote.get("/keys")["items"]
    rows = [{**one, **{name: instant(one[name]) for name in ("since", "until", "destroyed")}} for one in found]
    call.answer(found, lambda: table(rows, COLUMNS, "No keys."))


@key.command(
    "rotate",
    examples=[
        "allmende key rotate token",
        "allmende key rotate token --revoke",
        "allmende key rotate token --kind ed25519",
        "allmende key rotate grant",
    ],
)
@click.argument("name", type=click.Choice(["token", "audit", "issuer", "grant", "sealing"]))
@click.option("--revoke", is_flag=True, help="The key was stolen or lost: it is believed no more, at once.")
@click.option(
    "--kind", "form", type=click.Choice(list(FORMS)), default="p-256", show_default=True, help="For token and issuer."
)
@click.pass_obj
def rotate(call: Call, name: str, revoke: bool, form: str) -> None:
    """Let a key be followed by another.

    `token`, `audit` and `issuer`: the new key is published now and signs when every peer has seen it; the old one is
    published until what it has signed has ended. With --revoke the new one signs at once and the old one counts for
    nothing any more; what it has signed has to be signed anew. `grant`: credentials for data that are out end at once;
    suspend and resume a transfer to give its peer a new one. `sealing`: everything that was sealed is sealed anew.
    """
    made = call.remote.post(f"/keys/{name}/rotate", {"revoke": revoke, "form": FORMS[form]})
    remark(
        either(
            "Make a backup now: an older one brings back a key that does not count any more.",
            "Sichern Sie den Knoten jetzt: eine ältere Sicherung bringt einen Schlüssel zurück, der nicht mehr gilt.",
        )
    )
    call.answer(made, lambda: _told(name, made))


def _told(name: str, made: Any) -> str:
    if made["state"] == "next":
        at = instant(made["since"])
        return either(
            f"The key {made['name']} ({made['thumbprint']}) is published and signs from {at} on.",
            f"Der Schlüssel {made['name']} ({made['thumbprint']}) ist veröffentlicht und unterschreibt ab {at}.",
        )
    return either(
        f"The key {name} is now {made['thumbprint']}; the old one is destroyed.",
        f"Der Schlüssel {name} ist jetzt {made['thumbprint']}; der alte ist vernichtet.",
    )
