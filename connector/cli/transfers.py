"""`allmende transfer`: the transfers under a contract. `allmende get` starts one where none is running."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import CONTRACT, PEER, TRANSFER, segment
from connector.cli.output import instant, labelled, size, table, tail
from connector.cli.words import either, word

COLUMNS = {
    "short": "transfer",
    "who": "peer",
    "role": "we are",
    "state": "state",
    "contract": "contract",
    "updated": "last change",
}


@click.group(cls=Noun)
def transfer() -> None:
    """Transfers under a contract. They begin with: allmende get CONTRACT.

    One in which everything was fetched stays STARTED until somebody completes it: the contract may allow to fetch
    again. Only a delivery that happens once completes its transfer itself.
    """


@transfer.command("list", examples=["allmende transfer list", "allmende transfer list --state STARTED"])
@click.option("--state", help="Only those in this state.")
@click.option("--role", type=click.Choice(["provider", "consumer"]), help="Only those where this node is that.")
@click.option("--peer", type=PEER, help="Only those with this peer.")
@click.pass_obj
def list_(call: Call, /, **which: str | None) -> None:
    """List the transfers."""
    items = call.remote.every("/transfers", **which)
    rows = [
        {
            **one,
            "short": tail(one["id"]),
            "who": _who(one),
            "role": word(one["role"]),
            "contract": tail(one["contract"]),
            "updated": instant(one["updated"]),
        }
        for one in items
    ]
    call.answer(items, lambda: table(rows, COLUMNS, "No transfers."))


@transfer.command("show", examples=["allmende transfer show 5f0c2a91"])
@click.argument("id", type=TRANSFER)
@click.pass_obj
def show(call: Call, id: str) -> None:
    """Show one transfer."""
    one = call.remote.get(f"/transfers/{segment(id)}")
    call.answer(one, lambda: _text(one))


@transfer.command("begin", examples=["allmende transfer begin 5f0c2a91 --dataplane geo"])
@click.argument("contract", type=CONTRACT)
@click.option("--dataplane", required=True, help="Which data plane of somebody else receives the data: a plane's name.")
@click.pass_obj
def begin(call: Call, contract: str, dataplane: str) -> None:
    """Have a data plane of somebody else fetch what a contract is about. To fetch it here: allmende get CONTRACT."""
    one = call.remote.post("/transfers", {"contract": contract, "dataplane": dataplane})
    call.answer(one, lambda: _text(one))


@transfer.command("suspend", examples=["allmende transfer suspend 5f0c2a91 --reason 'Maintenance until noon'"])
@click.argument("id", type=TRANSFER)
@click.option("--reason", default="", help="Why, for the peer to read.")
@click.pass_obj
def suspend(call: Call, id: str, reason: str) -> None:
    """Stop the flow for now. Streams that are running end."""
    _command(call, id, "suspend", {"reason": reason})


@transfer.command("resume", examples=["allmende transfer resume 5f0c2a91"])
@click.argument("id", type=TRANSFER)
@click.pass_obj
def resume(call: Call, id: str) -> None:
    """Let a suspended transfer go on."""
    _command(call, id, "resume", {})


@transfer.command("complete", examples=["allmende transfer complete 5f0c2a91"])
@click.argument("id", type=TRANSFER)
@click.pass_obj
def complete(call: Call, id: str) -> None:
    """Say that everything has been transferred."""
    _command(call, id, "complete", {})


@transfer.command("terminate", examples=["allmende transfer terminate 5f0c2a91 --reason 'Wrong dataset'"])
@click.argument("id", type=TRANSFER)
@click.option("--reason", default="", help="Why, for the peer to read.")
@click.pass_obj
def terminate(call: Call, id: str, reason: str) -> None:
    """End a transfer for good. The contract stays."""
    _command(call, id, "terminate", {"reason": reason})


def _command(call: Call, id: str, command: str, body: dict[str, str]) -> None:
    done = call.remote.post(f"/transfers/{segment(id)}/{command}", body)
    call.answer(done, lambda: _text(done))


def _who(one: Any) -> str:
    return str(one["peer_name"] or one["peer"])


def _text(one: Any) -> str:
    return labelled(
        [
            ("transfer", one["id"]),
            ("peer", _who(one)),
            ("we are", word(one["role"])),
            ("state", one["state"] or either("not yet answered", "noch nicht beantwortet")),
            ("under way", one["pending"]),
            ("contract", one["contract"]),
            ("dataset", one["dataset"]),
            ("reason", one["reason"] and one["reason"]["sentence"]),
            ("last change", instant(one["updated"])),
            *_flow(one.get("flow")),
        ]
    )


def _flow(flow: Any) -> list[tuple[str, Any]]:
    """How its data move; nothing where an older node does not say."""
    if not flow:
        return []
    if flow["kind"] == "pull":
        renewed = either("fetched, with a token that is renewed", "abgeholt, mit einem Token, das erneuert wird")
        lasting = either("fetched, with a token that lasts", "abgeholt, mit einem Token, das bleibt")
        ends = instant(flow["expires"]) if flow["expires"] else None
        access = renewed if flow["access"] == "renewed" else lasting
        return [("data", access), ("token ends", ends)]
    arrived = f"{flow['deliveries']} ({size(flow['total'])})"
    return [
        ("data", either("delivered by the provider", "vom Anbieter geliefert")),
        ("to", flow["url"] or None),
        ("every", f"{flow['every']:g} s" if flow["every"] else None),
        ("deliveries", arrived),
        ("under way", f"{size(flow['bytes'])}" if flow["part"] else None),
        ("last one", instant(flow["finished"]) if flow["finished"] else None),
        ("next one", instant(flow["due"]) if flow["due"] else None),
        ("waits for", flow["why"] or None),
    ]
