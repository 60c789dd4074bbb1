"""`allmende state`: what this node's operators state about the world: a level of crisis, an event.

What does not live here: what follows from it; accesses and running streams are judged by it within a second.
"""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import STATEMENT, segment
from connector.cli.output import ending, instant, table
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
    call.answer(made, lambda: _said(made))


def _said(made: Any) -> str:
    called, said = _called(made["operand"]), " ".join(made["values"])
    end = ending(made["until"])
    ends = either(f", until {end}", f", bis {end}") if end else ""
    return either(f"From now on: {called} {said}{ends}.", f"Von nun an: {called} {said}{ends}.")


def _called(operand: str) -> str:
    """An operand by what people call it and by its name; one that is not known here as it stands."""
    from policies import operands

    known = operands.find(operand)
    return operand if known is None else f"{either(*known.label[::-1])} ({known.name})"


@state.command("list", examples=["allmende state list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List what is stated, with what is over."""
    items = call.remote.every("/statements")
    rows = [
        {**one, "operand": _called(one["operand"]), "until": ending(one["until"]), "stated": instant(one["stated"])}
        for one in items
    ]
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
