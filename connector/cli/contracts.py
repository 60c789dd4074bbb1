"""`allmende contract`: contracts concluded, on either side. Both sides hold the same bytes and the same hash."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import CONTRACT, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, table, tail

COLUMNS = {
    "short": "contract",
    "who": "peer",
    "role": "we are",
    "dataset": "dataset",
    "concluded": "concluded",
    "in_force": "in force",
}


@click.group(cls=Noun)
def contract() -> None:
    """Contracts concluded, on either side. Both sides hold the same bytes; the hash shows it."""


@contract.command("list", examples=["allmende contract list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the contracts."""
    items = call.remote.every("/contracts")
    rows = [
        {**one, "short": tail(one["id"]), "who": _who(one), "concluded": instant(one["concluded"])} for one in items
    ]
    call.answer(items, lambda: table(rows, COLUMNS, "No contracts yet."))


@contract.command("show", examples=["allmende contract show 5f0c2a91", "allmende contract show 5f0c2a91 --lang de"])
@click.argument("id", type=CONTRACT)
@click.pass_obj
def show(call: Call, id: str) -> None:
    """Show one contract: what may be done, the hash, and the agreement as both sides keep it."""
    one = call.remote.get(f"/contracts/{segment(id)}")
    call.answer(one, lambda: _text(one))


def _who(one: Any) -> str:
    return str(one["peer_name"] or one["peer"])


def _text(one: Any) -> str:
    from msgspec import json

    return paragraphs(
        labelled(
            [
                ("contract", one["id"]),
                ("peer", _who(one)),
                ("we are", one["role"]),
                ("dataset", one["dataset"]),
                ("concluded", instant(one["concluded"])),
                ("in force", one["in_force"]),
                ("ended", one["ended"] and one["ended"]["sentence"]),
                ("SHA-256", one["hash"]),
            ]
        ),
        bullets("Terms", one["sentences"]),
        json.format(json.encode(one["document"]), indent=2).decode(),
    )
