"""`allmende status`: the node at a glance."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.output import bullets, instant, labelled, paragraphs, table

QUEUE = {"peer": "peer", "waiting": "waiting", "oldest": "oldest since", "attempts": "attempts", "why": "why"}


@click.command(cls=Leaf, examples=["allmende status", "allmende status --node ./city --json"])
@click.pass_obj
def status(call: Call) -> None:
    """Show how the node is doing: who it is, what it keeps, and what waits for which peer and why.

    The fingerprint words are what a neighbour compares by telephone before adding this node as a peer.
    """
    told = call.remote.get("/status")
    call.answer(told, lambda: _text(told))


def _text(told: Any) -> str:
    health = told["health"]
    wrong = [f"{check['name']}: {check['reason']['sentence']}" for check in health["checks"] if check["reason"]]
    return paragraphs(
        labelled(
            [
                ("identity", told["id"]),
                ("address", told["public_url"]),
                ("fingerprint", told["words"]),
                ("version", told["version"]),
                ("health", health["status"]),
                *((name.replace("_", " "), count) for name, count in told["counts"].items()),
            ]
        ),
        bullets("To be looked after", wrong),
        table([_queue(one) for one in told["outbox"]], QUEUE, "No message waits for a peer."),
    )


def _queue(one: Any) -> dict[str, Any]:
    why = one["reason"]["sentence"] if one["reason"] else ""
    return {**one, "peer": one["name"] or one["peer"], "oldest": instant(one["oldest"]), "why": why}
