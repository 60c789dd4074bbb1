"""`allmende offer`: assets published under terms; only what is offered can be seen, and only by whom it is for."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import ASSET, OFFER, PEER, POLICY, segment
from connector.cli.output import instant, table, tail

COLUMNS = {
    "short": "offer",
    "asset": "dataset",
    "policy": "policy",
    "outside": "outside these terms",
    "state": "state",
    "published": "published",
    "published_by": "by",
}


@click.group(cls=Noun)
def offer() -> None:
    """Assets published under terms. A request within the terms is agreed to at once."""


@offer.command(
    "publish",
    examples=["allmende offer publish trees planning", "allmende offer publish counts planning --outside ask"],
)
@click.argument("asset", type=ASSET)
@click.argument("policy", type=POLICY)
@click.option(
    "--outside",
    type=click.Choice(["counter", "ask", "refuse"]),
    default="counter",
    show_default=True,
    help="What a request outside these terms gets: these terms again, a person's decision, or a refusal.",
)
@click.pass_obj
def publish(call: Call, asset: str, policy: str, outside: str) -> None:
    """Publish ASSET under POLICY, for every peer that the policy does not exclude."""
    kept = call.remote.post("/offers", {"asset": asset, "policy": policy, "outside": outside})
    call.answer(kept, lambda: f"Published as offer {tail(kept['id'])}: {asset} under {kept['policy']}.")


@offer.command("list", examples=["allmende offer list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the offers, retired ones included."""
    items = call.remote.every("/offers")
    call.answer(
        items,
        lambda: table(
            [_row(one) for one in items],
            COLUMNS,
            "No offers yet. Publish one with: allmende offer publish ASSET POLICY",
        ),
    )


@offer.command("retire", examples=["allmende offer retire 5f0c2a91"])
@click.argument("id", type=OFFER)
@click.pass_obj
def retire(call: Call, id: str) -> None:
    """Take an offer out of the catalogue. Contracts concluded under it stay in force."""
    call.remote.delete(f"/offers/{segment(id)}")
    call.answer({"retired": id}, lambda: f"Offer {tail(id)} is no longer published.")


@offer.command("send", examples=["allmende offer send 5f0c2a91 nachbarstadt"])
@click.argument("id", type=OFFER)
@click.argument("peer", type=PEER)
@click.pass_obj
def send(call: Call, id: str, peer: str) -> None:
    """Send an offer to a peer without being asked; this begins a negotiation."""
    begun = call.remote.post(f"/offers/{segment(id)}/send", {"peer": peer})
    call.answer(begun, lambda: f"Offered to {peer}: negotiation {tail(begun['id'])}.")


def _row(one: Any) -> dict[str, Any]:
    return {
        **one,
        "short": tail(one["id"]),
        "state": "published" if one["live"] else "retired",
        "published": instant(one["published"]),
    }
