"""`allmende catalog`: what a peer offers to this node, asked there or as last seen; other commands are joined here."""

from __future__ import annotations

from typing import Any, Final

import click

from connector.cli import found
from connector.cli.catalog_files import check, export, import_
from connector.cli.command import Call, Noun
from connector.cli.crawls import crawl, places, status
from connector.cli.errors import CommandError
from connector.cli.harvesting import harvest
from connector.cli.names import PEER, segment
from connector.cli.output import bullets, labelled, paragraphs, tail
from connector.cli.quality import quality
from connector.cli.searching import saved
from connector.cli.words import either, word

OPTIONS: Final = {
    "properties": "--columns",
    "filter": "--where",
    "datetime": "--since --until",
    "bbox": "--bbox",
    "limit": "--limit",
    "resolution": "--resolution",
    "f": "--format",
}
"""Which options of `allmende get` ask what."""


@click.group(cls=Noun)
def catalog() -> None:
    """Catalogues: what peers offer to this node, what it shows itself, and what portals take and give."""


@catalog.command(
    "list", examples=["allmende catalog list nachbarstadt", "allmende catalog list nachbarstadt --lang de"]
)
@click.argument("peer", type=PEER)
@click.pass_obj
def list_(call: Call, peer: str) -> None:
    """List the datasets in PEER's catalogue, with the terms of each."""
    items = datasets(call, peer)
    call.answer(items, lambda: paragraphs(*map(_text, items)) or _nothing(peer))


@catalog.command(
    "show",
    examples=[
        "allmende catalog show nachbarstadt trees",
        "allmende catalog show trees",
        "allmende catalog show https://nachbarstadt.example/datasets/trees",
    ],
)
@click.argument("peer", type=PEER)
@click.argument("dataset", required=False)
@click.option("--purpose", metavar="PURPOSE", help="What you need it for; with DATASET alone.")
@click.pass_obj
def show(call: Call, peer: str, dataset: str | None, purpose: str | None) -> None:
    """Show one dataset of PEER with its offers, or with DATASET alone as it was last seen: nobody is asked then.

    DATASET is its id or the end of it; with PEER, its title will do as well.
    """
    if dataset is None:
        seen = call.remote.get("/search/dataset", id=peer, purpose=purpose)
        call.answer(seen, lambda: found.known(seen))
        return
    one = call.remote.get(f"/catalog/{segment(peer)}/{segment(dataset_id(call, peer, dataset))}")
    call.answer(one, lambda: _text(one))


def _nothing(peer: str) -> str:
    return either(f"{peer} offers nothing to this node.", f"{peer} bietet diesem Knoten nichts an.")


def datasets(call: Call, peer: str) -> list[Any]:
    """All datasets of a peer's catalogue."""
    return call.remote.every(f"/catalog/{segment(peer)}")


def dataset_id(call: Call, peer: str, said: str) -> str:
    """The full id of a dataset that a person named by its id, the end of its id, or its title.

    Raises `CommandError` where nothing or more than one thing is meant.
    """
    if ":" in said:
        return said
    every = datasets(call, peer)
    meant = [one for one in every if said in (one["title"], one["id"].rpartition("/")[2].rpartition(":")[2])]
    meant = meant or [one for one in every if len(said) >= 8 and one["id"].endswith(said)]
    if len(meant) == 1:
        return str(meant[0]["id"])
    what = "several datasets are" if meant else "nothing is"
    was = "heißen mehrere Datensätze" if meant else "heißt nichts"
    raise CommandError(
        either(
            f'In the catalogue of {peer} {what} called "{said}". See what there is: allmende catalog list {peer}',
            f"Im Katalog von {peer} {was} „{said}“. Ansehen: allmende catalog list {peer}",
        ),
        "dataset.unclear" if meant else "dataset.unknown",
        {"peer": peer, "dataset": said},
    )


def _text(one: Any) -> str:
    return "\n".join(
        [
            labelled(
                [
                    ("title", one["title"]),
                    ("dataset", one["id"]),
                    ("description", one["description"]),
                    (either("transfers", "Übertragung"), found.transfers(one["formats"])),
                ]
            ),
            *_rows(one.get("rows")),
            *(
                bullets(f"{either('Offer', 'Angebot')} {tail(offer['id'])}", _sentences(offer))
                for offer in one["offers"]
            ),
        ],
    )


def _rows(rows: Any) -> list[str]:
    """The fields that leave, and with which options of `get` they are asked for."""
    if not rows or not rows["fields"]:
        return []
    roles = {rows["time"]: "time", rows["geometry"]: "geometry"} | dict.fromkeys(rows["key"], "key")
    fields = [
        f"{one['name']}: {word(one['type'])}" + (f" ({word(role)})" if (role := roles.get(one["name"])) else "")
        for one in rows["fields"]
    ]
    return [
        bullets("Fields", fields),
        labelled(
            [
                ("ask with", " ".join(OPTIONS[name] for name in rows["parameters"] if name in OPTIONS)),
                ("forms", " ".join(rows["formats"])),
                ("reference system", rows["crs"]),
                ("as they come", "allmende watch" if rows["live"] else ""),
            ]
        ),
    ]


def _sentences(offer: Any) -> list[str]:
    if offer["reason"]:
        return [
            either("Not understood, so not usable: ", "Nicht verstanden, also nicht nutzbar: ")
            + offer["reason"]["sentence"]
        ]
    return list(offer["sentences"]) or [either("any use", "jede Nutzung")]


catalog.add_command(saved)
catalog.add_command(quality)
catalog.add_command(crawl)
catalog.add_command(status)
catalog.add_command(places)
catalog.add_command(check)
catalog.add_command(import_)
catalog.add_command(export)
catalog.add_command(harvest)
