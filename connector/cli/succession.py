"""`allmende succession`: a participant goes on under another DID, and its contracts with it."""

from __future__ import annotations

import click

from connector.cli.command import Call, Noun
from connector.cli.names import PEER, segment
from connector.cli.output import instant, table
from connector.cli.words import either, word

COLUMNS = {"id": "who", "successor": "goes on as", "state": "state", "at": "since", "decided_by": "decided by"}


@click.group(cls=Noun)
def succession() -> None:
    """Contracts that go on with another node: towns merge, a domain is given up.

    Who leaves proposes the other node, which begins; then everybody who has contracts with the one that leaves is
    asked, and a person there agrees or declines. A node that keeps its address and has lost its keys needs none of
    this: its region vouches for its new keys.
    """


@succession.command("propose", examples=["allmende succession propose kreis-elbland"])
@click.argument("peer", type=PEER)
@click.pass_obj
def propose(call: Call, peer: str) -> None:
    """Say, signed, that PEER goes on with this node's contracts. Nothing moves before it begins."""
    made = call.remote.post("/successions", {"peer": peer})
    line = "allmende succession begin"
    call.answer(
        made,
        lambda: either(
            f"{made['successor']} may take the contracts now; there: {line} (this node).",
            f"{made['successor']} kann die Verträge jetzt übernehmen; dort: {line} (dieser Knoten).",
        ),
    )


@succession.command("begin", examples=["allmende succession begin gemeinde-nachbarsdorf"])
@click.argument("peer", type=PEER)
@click.pass_obj
def begin(call: Call, peer: str) -> None:
    """Take over the contracts of PEER, which has proposed this node. Each is held until its other side agrees."""
    done = call.remote.post("/successions/take", {"peer": peer})
    call.answer(
        done,
        lambda: either(
            f"Contracts taken over: {done['contracts']}. What they are about has to lie here too: allmende asset list",
            f"Übernommene Verträge: {done['contracts']}. Auch ihre Daten müssen hier liegen: allmende asset list",
        ),
    )


@succession.command("list", examples=["allmende succession list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List who goes on as whom."""
    found = call.remote.get("/successions")["items"]
    rows = [{**one, "at": instant(one["at"]), "state": word(one["state"])} for one in found]
    call.answer(found, lambda: table(rows, COLUMNS, "Nobody goes on under another name."))


@succession.command("agree", examples=["allmende succession agree gemeinde-nachbarsdorf"])
@click.argument("peer", type=PEER)
@click.pass_obj
def agree(call: Call, peer: str) -> None:
    """Go on with the successor of PEER: contracts are its from now on, running transfers begin anew with it."""
    done = call.remote.post(f"/successions/{segment(peer)}/agree", {})
    call.answer(
        done,
        lambda: either(
            f"The contracts with {peer} go on with {done['successor']}.",
            f"Die Verträge mit {peer} gehen mit {done['successor']} weiter.",
        ),
    )


@succession.command("decline", examples=["allmende succession decline gemeinde-nachbarsdorf"])
@click.argument("peer", type=PEER)
@click.pass_obj
def decline(call: Call, peer: str) -> None:
    """Do not go on with the successor of PEER: its contracts stay as they are, with PEER."""
    done = call.remote.post(f"/successions/{segment(peer)}/decline", {})
    call.answer(
        done,
        lambda: either(f"The contracts stay with {peer}.", f"Die Verträge bleiben bei {peer}."),
    )
