"""`allmende catalog crawl|status|peers`: reading the catalogues of others."""

from __future__ import annotations

from typing import Any

import click

from connector.cli import ages
from connector.cli.command import Call, Leaf, Noun
from connector.cli.names import PEER, segment
from connector.cli.output import by, table, waiting
from connector.cli.words import either

COLUMNS = {
    "peer": "peer",
    "datasets": "datasets",
    "age": "seen",
    "changed": "last change",
    "trust": "trust",
    "state": "state",
}
PLACES = {"name": "name", "peer": "peer", "url": "address", "broker": "broker", "added": "added"}
NOBODY = "This node knows nobody whose catalogue it could read."
NOWHERE = "No catalogues are named beside those of peers."


@click.command("crawl", cls=Leaf, examples=["allmende catalog crawl nachbarstadt", "allmende catalog crawl"])
@click.argument("peer", type=PEER, required=False)
@click.pass_obj
def crawl(call: Call, peer: str | None) -> None:
    """Read the catalogue of PEER now, or of everybody, and say what came of it.

    Catalogues are read by themselves all the time, changes within a minute; this is for the impatient.
    """
    whom = [peer] if peer else [one["participant"] for one in _all(call)]
    found = []
    for one in whom:
        with waiting(either(f"{one} is being read", f"{one} wird gelesen")):
            found.append(call.remote.post("/crawls", {"peer": one}))
    call.answer(found, lambda: _table(found))


@click.command("status", cls=Leaf, examples=["allmende catalog status", "allmende catalog status --lang de"])
@click.pass_obj
def status(call: Call) -> None:
    """Show whose catalogues this node reads, how old what it has seen is, and what is wrong."""
    found = _all(call)
    call.answer(found, lambda: _table(found))


@click.group("peers", cls=Noun)
def places() -> None:
    """Catalogues of peers that are read at another address, or that tell of others' datasets (brokers)."""


@places.command("list", examples=["allmende catalog peers list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the catalogues that were named."""
    items = call.remote.get("/catalog-places")["items"]
    call.answer(items, lambda: table(map(_place, items), PLACES, NOWHERE))


@places.command(
    "add",
    examples=[
        "allmende catalog peers add landesportal --peer land --broker",
        "allmende catalog peers add werke --peer stadtwerke --url https://daten.stadtwerke.example/dsp",
    ],
)
@click.argument("name")
@click.option("--peer", type=PEER, required=True, help="Whose catalogue it is.")
@click.option("--url", default="", help="Its DSP endpoint; default: the one that the peer is known by.")
@click.option("--broker", is_flag=True, help="It may tell of others' datasets too.")
@click.pass_obj
def add(call: Call, name: str, peer: str, url: str, broker: bool) -> None:
    """Read the catalogue of a peer at another address, or believe what it tells of others, under NAME."""
    made = call.remote.post("/catalog-places", {"name": name, "peer": peer, "url": url, "broker": broker})
    said = either(
        f"{name} is read from now on. See: allmende catalog status",
        f"{name} wird von jetzt an gelesen. Ansehen: allmende catalog status",
    )
    call.answer(made, lambda: said)


@places.command("remove", examples=["allmende catalog peers remove landesportal"])
@click.argument("name")
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Forget what was named; the peer itself stays, and is read where it is known to be."""
    call.remote.delete(f"/catalog-places/{segment(name)}")
    call.answer({"removed": name}, lambda: either(f"{name} is forgotten.", f"{name} ist vergessen."))


def _all(call: Call) -> list[Any]:
    found: list[Any] = call.remote.get("/crawls")["items"]
    return found


def _table(found: list[Any]) -> str:
    now = ages.now()
    return table((_row(one, now) for one in found), COLUMNS, NOBODY)


def _row(one: Any, now: int) -> dict[str, Any]:
    return {
        "peer": one["peer"],
        "datasets": one["datasets"],
        "age": ages.age(one["seen"], now),
        "changed": ages.age(one["changed"], now),
        "trust": ages.trust("signed" if one["signed"] else "told"),
        "state": _state(one, now),
    }


def _state(one: Any, now: int) -> str:
    """What is going on, or wrong, and when it is asked again."""
    if one["going"]:
        return either("being read", "wird gelesen")
    again = either(f"again {ages.ahead(one['next'], now)}", f"wieder {ages.ahead(one['next'], now)}")
    if one["reason"]:
        return f"{one['reason']['sentence']} ({again})"
    return either(f"well, {again}", f"in Ordnung, {again}")


def _place(one: Any) -> dict[str, Any]:
    return {**one, "added": by(one["added"], one["added_by"])}
