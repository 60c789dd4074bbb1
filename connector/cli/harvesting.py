"""`allmende catalog harvest`: portals whose records become assets of this node, asked again and again."""

from __future__ import annotations

from typing import Any, Final

import click

from connector.cli.command import Call, Noun
from connector.cli.names import Days, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, table
from connector.cli.words import either

COLUMNS: Final = {
    "name": "name",
    "kind": "kind",
    "url": "address",
    "datasets": "datasets",
    "asked": "asked",
    "state": "state",
}
_DAY: Final = 86_400.0


@click.group(cls=Noun)
def harvest() -> None:
    """Portals whose records become assets of this node: CKAN, and whatever shows DCAT.

    Records are mended on the way and told apart by their portal's id. A portal that is broken, empty or half read takes
    nothing away; what has gone from it is offered no more.
    """


@harvest.command(
    "add",
    examples=[
        "allmende catalog harvest add state https://opendata.example/catalog.ttl",
        "allmende catalog harvest add city https://ckan.example --kind ckan --every 12h --incremental --policy open",
    ],
)
@click.argument("name")
@click.argument("url")
@click.option("--kind", type=click.Choice(["dcat", "ckan"]), default="dcat", help="What speaks there.")
@click.option("--every", type=Days(), default=1.0, help="How often it is asked, such as 12h or 7d.")
@click.option("--incremental", is_flag=True, help="Ask for what has changed, and for the whole once a week.")
@click.option("--publisher", default="", help="Who publishes records that do not say it.")
@click.option("--licence", default="", help="IRI of the licence of records that do not say theirs.")
@click.option("--policy", default="", help="Publish new assets under this policy; without it nothing is published.")
@click.option("--private", is_flag=True, help="It may lie in a private network.")
@click.pass_obj
def add(call: Call, /, name: str, every: float, **given: Any) -> None:
    """Harvest a portal from now on; it is asked with the next round, or now: allmende catalog harvest run NAME."""
    kept = call.remote.post("/harvests", {"name": name, "every": every * _DAY, **given})
    call.answer(kept, lambda: either(f"{name} is harvested from now on.", f"{name} wird von nun an abgefragt."))


@harvest.command("list", examples=["allmende catalog harvest list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the portals, and which of them went wrong the last time."""
    items = call.remote.every("/harvests")
    rows = [
        {**one, "asked": instant(one["asked"]), "state": one["reason"]["sentence"] if one["reason"] else ""}
        for one in items
    ]
    call.answer(items, lambda: table(rows, COLUMNS, either("No portals.", "Keine Portale.")))


@harvest.command(
    "run", examples=["allmende catalog harvest run state", "allmende catalog harvest run state --vanished"]
)
@click.argument("name")
@click.option("--vanished", is_flag=True, help="It is right that so many of its records have gone.")
@click.pass_obj
def run(call: Call, name: str, vanished: bool) -> None:
    """Ask a portal now, and tell what became of its records."""
    done = call.remote.post(f"/harvests/{segment(name)}/run", {"vanished": vanished})
    call.answer(done, lambda: _done(done))


def _done(done: Any) -> str:
    if done["unchanged"]:
        return either("Nothing has changed there.", "Dort hat sich nichts geändert.")
    refused = [f"{one['id']}: {one['reason']['sentence']}" for one in done["items"] if one["reason"]]
    return paragraphs(
        labelled([(key, str(done[key])) for key in ("added", "changed", "same", "refused", "retired")]),
        bullets("Refused", refused[:20]) if refused else "",
        done["reason"]["sentence"] if done["reason"] else "",
    )


@harvest.command("remove", examples=["allmende catalog harvest remove state"])
@click.argument("name")
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Harvest a portal no more; assets that were made of its records stay."""
    call.remote.delete(f"/harvests/{segment(name)}")
    call.answer(
        {"removed": name}, lambda: either(f"{name} is harvested no more.", f"{name} wird nicht mehr abgefragt.")
    )
