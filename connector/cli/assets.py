"""`allmende asset`: data that lies at this node and can be shared. Nothing is copied; it is read in place."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import ASSET, SOURCE, segment
from connector.cli.output import by, labelled, remark, table
from connector.cli.portraits import portrait, portray
from connector.cli.sources import pairs, rows, share
from connector.cli.words import either, word

SHAPED = ("fields", "shape")
"""Settings of an asset that are shown as its fields."""
DEVICE = "edge:"
"""Before the name of a device, where the name of a source is expected."""
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
        "allmende asset add air --from edge:cabinet --select air",
        "allmende asset add trees --from cadastre --select trees:id,species,district --where \"district = 'Mitte'\"",
    ],
)
@click.argument("name")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--kind", help="Kind of source; default: file or folder, by what PATH is.")
@click.option("--title", default="", help="Title in the catalogue; default: NAME.")
@click.option("--description", default="", help="What the data is, for people.")
@click.option("--media-type", help="Media type; default: by the file's name.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the source; repeatable.")
@click.option("--from", "silo", type=SOURCE, metavar="SOURCE", help="A source: allmende source list; or edge:DEVICE.")
@click.option(
    "--select",
    default="",
    metavar="COLLECTION[:FIELD,FIELD]",
    help="What of it; without fields all that are there now.",
)
@click.option("--where", default="", metavar="CQL2", help="Only rows for which this holds, for good.")
@click.pass_obj
def add(
    call: Call,
    /,
    name: str,
    path: Path | None,
    kind: str | None,
    title: str,
    description: str,
    media_type: str | None,
    settings: tuple[str, ...],
    silo: str | None,
    select: str,
    where: str,
) -> None:
    """Add the file or folder at PATH, a collection of a source, or another kind of source, as the asset NAME.

    Of a source only the fields are shared that were chosen, or were there, when the asset was added. Of a device
    (edge:NAME) a series is shared, which it delivers itself.
    """
    _alone(path, kind, silo, select or where)
    if silo is not None:
        said = {"name": name, "title": title, "description": description}
        kept = (_of_device if silo.startswith(DEVICE) else share)(call, said, silo, select, where)
        call.answer(kept, lambda: _added(name))
        return
    body: dict[str, Any] = {
        "name": name,
        "kind": kind or ("folder" if path and path.is_dir() else "file"),
        "settings": {**pairs(settings), **({"path": str(path.resolve())} if path else {})},
        "title": title or name,
        "description": description,
    }
    if found := media_type or (mimetypes.guess_type(path.name)[0] if path and path.is_file() else None):
        body["media_type"] = found
    kept = call.remote.post("/assets", body)
    call.answer(kept, lambda: _added(name))


def _of_device(call: Call, body: dict[str, Any], device: str, series: str, where: str) -> Any:
    """Share a series of a device."""
    if not series or where:
        raise click.UsageError(
            either("Of a device, --select SERIES is shared whole", "Von einem Gerät wird --select REIHE ganz geteilt")
        )
    path = f"/edge/devices/{segment(device.removeprefix(DEVICE))}/assets"
    return call.remote.post(path, {**body, "series": series})


def _alone(path: Path | None, kind: str | None, silo: str | None, chosen: str) -> None:
    """Raises `UsageError` where it is not clear what is to be added."""
    if path is None and kind is None and silo is None:
        raise click.UsageError(
            either(
                "Give a PATH, a source (--from), or a --kind of source that needs neither (live)",
                "Nennen Sie einen PATH, eine Quelle (--from), oder mit --kind eine Art ohne beides (live)",
            )
        )
    if silo is not None and (path is not None or kind is not None):
        raise click.UsageError(
            either("--from goes without PATH and --kind", "--from steht ohne PATH und ohne --kind"),
        )
    if chosen and silo is None:
        raise click.UsageError(
            either("--select and --where need --from SOURCE", "--select und --where brauchen --from QUELLE")
        )


def _added(name: str) -> str:
    said = either(f"Asset {name} added. Publish it with: ", f"Datenbestand {name} angelegt. Veröffentlichen mit: ")
    return f"{said}allmende offer publish {name} POLICY"


@asset.command("preview", examples=["allmende asset preview trees", "allmende asset preview trees --limit 20"])
@click.argument("name", type=ASSET)
@click.option("--limit", type=click.IntRange(1, 50), default=5, help="How many rows.")
@click.pass_obj
def preview(call: Call, name: str, limit: int) -> None:
    """Show the first rows of an asset of a source as they stand there, before any terms are applied to them."""
    found = call.remote.get(f"/assets/{segment(name)}/rows", limit=limit)
    call.answer(found, lambda: rows(found))


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
            ("settings", {key: value for key, value in one["settings"].items() if key not in SHAPED}),
            ("fields", _fields(one["settings"])),
            ("media type", one["media_type"]),
            ("added", by(one["created"], one["created_by"])),
        ]
    )


def _fields(settings: Any) -> str:
    """The fields that an asset of a source was frozen with, and what stands in them."""
    kinds = {field["name"]: field["kind"] for field in settings.get("shape", {}).get("fields", [])}
    return ", ".join(f"{name} ({word(kinds[name])})" if name in kinds else name for name in settings.get("fields", []))


asset.add_command(portray)
asset.add_command(portrait)
