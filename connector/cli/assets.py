"""`allmende asset`: data that lies at this node and can be shared. Nothing is copied; it is read in place."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import ASSET, segment
from connector.cli.output import by, labelled, remark, table
from connector.cli.words import either

COLUMNS = {"name": "name", "kind": "kind", "title": "title", "media_type": "media type", "id": "dataset"}


@click.group(cls=Noun)
def asset() -> None:
    """Data that lies here and can be shared. An asset is seen by nobody before it is offered."""


@asset.command(
    "add",
    examples=[
        "allmende asset add trees ./trees.csv --title 'Street trees'",
        "allmende asset add counts ./bicycle-counts",
        "allmende asset add machine --kind live",
    ],
)
@click.argument("name")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--kind", help="Kind of source; default: file or folder, by what PATH is.")
@click.option("--title", default="", help="Title in the catalogue; default: NAME.")
@click.option("--description", default="", help="What the data is, for people.")
@click.option("--media-type", help="Media type; default: by the file's name.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the source; repeatable.")
@click.pass_obj
def add(
    call: Call,
    name: str,
    path: Path | None,
    kind: str | None,
    title: str,
    description: str,
    media_type: str | None,
    settings: tuple[str, ...],
) -> None:
    """Add the file or folder at PATH, or another kind of source, as the asset NAME."""
    if path is None and kind is None:
        raise click.UsageError(
            either(
                "Give a PATH, or a --kind of source that needs none (live)",
                "Nennen Sie einen PATH, oder mit --kind eine Quelle, die keinen braucht (live)",
            )
        )
    body: dict[str, Any] = {
        "name": name,
        "kind": kind or ("folder" if path and path.is_dir() else "file"),
        "settings": {**_settings(settings), **({"path": str(path.resolve())} if path else {})},
        "title": title or name,
        "description": description,
    }
    if found := media_type or (mimetypes.guess_type(path.name)[0] if path and path.is_file() else None):
        body["media_type"] = found
    kept = call.remote.post("/assets", body)
    call.answer(
        kept,
        lambda: (
            either(f"Asset {name} added. Publish it with: ", f"Datenbestand {name} angelegt. Veröffentlichen mit: ")
            + f"allmende offer publish {name} POLICY"
        ),
    )


@asset.command("list", examples=["allmende asset list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the assets."""
    items = call.remote.every("/assets")
    call.answer(items, lambda: table(items, COLUMNS, "No assets yet. Add one with: allmende asset add NAME PATH"))


@asset.command("show", examples=["allmende asset show trees"])
@click.argument("name", type=ASSET)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one asset."""
    one = call.remote.get(f"/assets/{segment(name)}")
    call.answer(one, lambda: _text(one))


@asset.command("remove", examples=["allmende asset remove trees"])
@click.argument("name", type=ASSET)
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Stop sharing an asset. The data itself is not touched."""
    left = _in_force(call, name)
    call.remote.delete(f"/assets/{segment(name)}")
    if left:
        remark(
            either(
                f"Contracts in force about {name}: {left}. Whoever fetches under them is refused from now on.",
                f"Geltende Verträge über {name}: {left}. Wer unter ihnen abruft, wird von jetzt an abgewiesen.",
            )
        )
    call.answer({"removed": name}, lambda: either(f"Asset {name} removed.", f"Datenbestand {name} entfernt."))


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if wrong := [key for key, equals, _ in split if not equals]:
        raise click.UsageError(
            either(f"--set takes KEY=VALUE, not {wrong[0]!r}", f"--set braucht KEY=VALUE, nicht {wrong[0]!r}")
        )
    return {key: value for key, _, value in split}


def _in_force(call: Call, name: str) -> int:
    """How many contracts give this asset to somebody."""
    dataset = call.remote.get(f"/assets/{segment(name)}")["id"]
    kept = call.remote.every("/contracts")
    return sum(one["in_force"] and one["role"] == "provider" and one["dataset"] == dataset for one in kept)


def _text(one: Any) -> str:
    return labelled(
        [
            ("name", one["name"]),
            ("title", one["title"]),
            ("description", one["description"]),
            ("dataset", one["id"]),
            ("kind", one["kind"]),
            ("settings", one["settings"]),
            ("media type", one["media_type"]),
            ("added", by(one["created"], one["created_by"])),
        ]
    )
