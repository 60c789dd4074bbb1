"""`allmende watch-events`: what has happened that people should hear of, in the terminal.

The same events go out by mail or webhook where the settings say so (`[notify]`).
"""

from __future__ import annotations

import sys
from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.output import instant, say, say_json, table
from connector.cli.words import word

COLUMNS = {"at": "when", "importance": "importance", "sentence": "what"}
POLL = 20.0
"""Longest long poll, in seconds."""
PAGE = 100


@click.command(
    "watch-events",
    cls=Leaf,
    examples=[
        "allmende watch-events",
        "allmende watch-events --follow --least attention --lang de",
        "allmende watch-events --follow --json | jq .sentence",
    ],
)
@click.option(
    "--follow", is_flag=True, help="Go on as things happen, until stopped; begins now unless --after is given."
)
@click.option("--after", type=int, help="Begin behind this entry of the log.")
@click.option(
    "--least",
    type=click.Choice(["note", "attention", "alarm"]),
    default="note",
    show_default=True,
    help="Leave out what matters less.",
)
@click.pass_obj
def watch(call: Call, follow: bool, after: int | None, least: str) -> None:
    """Show what has happened that people should hear of: contracts, decisions that wait, refusals, alarms.

    With --follow and --json there is one line of JSON per event.
    """
    if follow:
        _follow(call, -2 if after is None else after, least)
        return
    items = _all(call, -1 if after is None else after, least)
    rows = [{**one, "at": instant(one["at"]), "importance": word(one["importance"])} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "Nothing has happened."))


def _all(call: Call, after: int, least: str) -> list[Any]:
    items: list[Any] = []
    while True:
        page = call.remote.get("/events", after=after, least=least, limit=PAGE)
        items += page["items"]
        if page["next"] == after:
            return items
        after = page["next"]


def _follow(call: Call, after: int, least: str) -> None:
    from msgspec import json

    while True:
        page = call.remote.get("/events", after=after, least=least, limit=PAGE, wait=POLL)
        for one in page["items"]:
            if call.json:
                say_json(json.encode(one).decode())
            else:
                say(f"{instant(one['at'])}  {word(one['importance']):9}  {one['sentence']}")
        sys.stdout.flush()
        after = page["next"]
