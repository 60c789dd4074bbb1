"""`allmende state`: what this node's operators state about the world: a level of crisis, an event.

What does not live here: what follows from it; accesses and running streams are judged by it within a second.
"""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import STATEMENT, segment
from connector.cli.output import instant, table
from connector.cli.words import either

COLUMNS = {
    "operand": "operand",
    "values": "values",
    "holds": "holds",
    "until": "until",
    "stated": "since",
    "stated_by": "by",
    "reason": "reason",
}


@click.group(cls=Noun)
def state() -> None:
    """What this node states about the world, for every access to be judged by. What is not stated is unknown."""


@state.command(
    "set",
    examples=[
        "allmende state set crisisLevel 2 --until 2027-02-01",
        'allmende state set event urn:city:event:flood --reason "gauge above 7 m"',
    ],
)
@click.argument("operand", type=STATEMENT)
@click.argument("values", nargs=-1, required=True)
@click.option("--until", metavar="DAY|INSTANT", help="Last day, or the instant, until which it holds; default: open.")
@click.option("--reason", default="", help="Why; it is kept in the log.")
@click.pass_obj
def set_(call: Call, operand: str, values: tuple[str, ...], until: str | None, reason: str) -> None:
    """State that OPERAND has these VALUES from now on, in the place of what was stated before.

    Streams that may not go on are cut within a second. OPERAND is a name (crisisLevel, event, environmentState) or IRI.
    """
    body: dict[str, Any] = {"operand": operand, "values": values, "reason": reason}
    made = call.remote.post("/statements", {**body, **({"until": until} if until else {})})
    said = " ".join(made["values"])
    call.answer(
        made,
        lambda: either(f"From now on {made['operand']} is {said}.", f"Von nun an gilt für {made['operand']}: {said}."),
    )


@state.command("list", examples=["allmende state list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List what is stated, with what is over."""
    items = call.remote.every("/statements")
    rows = [{**one, "until": instant(one["until"]), "stated": instant(one["stated"])} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "Nothing is stated."))


@state.command("clear", examples=["allmende state clear crisisLevel"])
@click.argument("operand", type=STATEMENT)
@click.pass_obj
def clear(call: Call, operand: str) -> None:
    """State nothing about OPERAND any more. What is unknown and matters refuses."""
    call.remote.delete(f"/statements/{segment(operand)}")
    call.answer(
        {"cleared": operand},
        lambda: either(f"Nothing is stated about {operand} any more.", f"Über {operand} ist nichts mehr festgestellt."),
    )
