"""`allmende source`: systems that data are read from where they lie. Nothing of them is shared by being named here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import SOURCE, segment
from connector.cli.output import bullets, by, heading, labelled, paragraphs, plain, remark, table
from connector.cli.words import either, word

COLUMNS = {"name": "name", "kind": "kind", "assets": "assets", "state": "state"}
SETTING = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of its kind; repeatable."
)
PARTS = {
    "silo": ("done by the silo", "macht das Quellsystem"),
    "narrowed": ("narrowed by the silo, done again by the node", "grenzt das Quellsystem ein, prüft der Knoten nach"),
    "node": ("done by the node", "macht der Knoten"),
}


@click.group(cls=Noun)
def source() -> None:
    """Systems that data are read from where they lie: data bases, map servers, sensor platforms, files.

    A password is never a setting: say password_file=/path (a file of mode 0600) or password_credential=NAME (given to
    the service by systemd).
    """


@source.command("kinds", examples=["allmende source kinds", "allmende source kinds --kind postgres"])
@click.option("--kind", help="Only this one.")
@click.pass_obj
def kinds(call: Call, kind: str | None) -> None:
    """What can be read from, what each kind needs, and which package is missing."""
    items = [one for one in call.remote.get("/source-kinds")["items"] if kind in (None, one["kind"])]
    if kind is not None and not items:
        known = ", ".join(one["kind"] for one in call.remote.get("/source-kinds")["items"])
        raise click.UsageError(
            either(
                f"There is no kind {kind!r} of source; there are: {known}",
                f"Eine Art {kind!r} gibt es nicht; es gibt: {known}",
            )
        )
    call.answer(items, lambda: paragraphs(*(_kind(one) for one in items), _common(items)))


def _kind(one: Any) -> str:
    lines = [_setting(setting) for setting in one["settings"] if not setting["common"]]
    if one["reason"]:
        lines.append(one["reason"]["sentence"])
    if one["missing"]:
        missing = ", ".join(one["missing"])
        lines.append(
            either(f"Not installed: {missing}. Do: ", f"Nicht installiert: {missing}. Abhilfe: ") + one["install"]
        )
    return bullets(one["kind"], lines or [either("needs nothing", "braucht nichts")], as_it_is=True)


def _common(items: Any) -> str:
    """What can be set whatever the kind, once."""
    settings: list[Any] = next((one["settings"] for one in items if one["settings"]), [])
    return bullets("Every kind", [_setting(setting) for setting in settings if setting["common"]])


def _setting(setting: Any) -> str:
    example = f" ({either('for example', 'zum Beispiel')} {setting['example']})" if setting["example"] else ""
    return f"{setting['name']}{_needed(setting)}: {setting['about']}{example}"


def _needed(setting: Any) -> str:
    if setting["secret"] and not setting["name"].endswith(("_file", "_credential")):
        return either(" (as _file or _credential)", " (als _file oder _credential)")
    return either(" (needed)", " (nötig)") if setting["needed"] else ""


@source.command(
    "add",
    examples=[
        "allmende source add cadastre --kind postgres --set host=db.example --set database=cadastre "
        "--set user=reader --set password_file=/etc/allmende/cadastre.password",
        "allmende source add air --kind sql --set url=postgresql://reader@db.example/air "
        "--set password_file=/etc/allmende/air.password",
        "allmende source add files --kind files --set path=/srv/open-data",
        "allmende source add sensors --kind http --set url=https://sensors.example/api/readings --set rows=/items",
    ],
)
@click.argument("name")
@click.option("--kind", required=True, help="Kind of source: allmende source kinds.")
@SETTING
@click.pass_obj
def add(call: Call, name: str, kind: str, settings: tuple[str, ...]) -> None:
    """Name a system to read from. It is not asked yet; see: allmende source check NAME."""
    kept = call.remote.post("/sources", {"name": name, "kind": kind, "settings": pairs(settings)})
    call.answer(kept, lambda: _added(kept, kind))


def _added(kept: Any, kind: str) -> str:
    """What was kept; also as what, where the URL of a database has said so."""
    name = kept["name"]
    become = ""
    if kept["kind"] != kind:
        told = ", ".join(f"{key}={value}" for key, value in sorted(kept["settings"].items()))
        become = either(f" as {kept['kind']}: {told}", f" als {kept['kind']}: {told}")
    said = either(f"Source {name} added{become}.", f"Quelle {name} angelegt{become}.")
    return f"{said} {either('See what it has:', 'Was sie hat, zeigt:')} allmende source check {name}"


@source.command(
    "change",
    examples=["allmende source change cadastre --set host=db2.example --unset port"],
)
@click.argument("name", type=SOURCE)
@SETTING
@click.option("--unset", "without", multiple=True, metavar="KEY", help="Leave a setting out; repeatable.")
@click.pass_obj
def change(call: Call, name: str, settings: tuple[str, ...], without: tuple[str, ...]) -> None:
    """Change settings; assets of the source go on with the new ones."""
    body = {"settings": pairs(settings), "without": list(without)}
    kept = call.remote.post(f"/sources/{segment(name)}/change", body)
    call.answer(kept, lambda: either(f"Source {name} changed.", f"Quelle {name} geändert."))


@source.command("list", examples=["allmende source list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the sources, and which of them do not answer."""
    items = call.remote.every("/sources")
    rows = [{**one, "state": one["reason"]["sentence"] if one["reason"] else ""} for one in items]
    empty = "No sources yet. Kinds of them: allmende source kinds"
    call.answer(items, lambda: table(rows, COLUMNS, empty))


@source.command("show", examples=["allmende source show cadastre"])
@click.argument("name", type=SOURCE)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one source: its settings, and the assets that are made of it."""
    one = call.remote.get(f"/sources/{segment(name)}")
    call.answer(
        one,
        lambda: labelled(
            [
                ("source", one["name"]),
                ("kind", one["kind"]),
                ("settings", one["settings"]),
                ("assets", one["assets"]),
                ("state", one["reason"]["sentence"] if one["reason"] else ""),
                ("added", by(one["created"], one["created_by"])),
            ]
        ),
    )


@source.command(
    "check", examples=["allmende source check cadastre", "allmende source check cadastre --collection trees"]
)
@click.argument("name", type=SOURCE)
@click.option("--collection", default="", help="Look into this one only; default: the first 25.")
@click.pass_obj
def check(call: Call, name: str, collection: str) -> None:
    """Connect, and show what is there: fields, three rows, what the source can do itself, what is missing.

    Rows are shown to you as they stand in the source; that you looked is kept in the log. Exit status 1 where nothing
    of what was looked into can be read.
    """
    found = call.remote.post(f"/sources/{segment(name)}/check", {"collection": collection})
    readable = any(one["reason"] is None for one in found["seen"])
    if readable or not call.json:
        call.answer(found, lambda: _found(name, found))
    if not readable:
        said = either("Nothing of it can be read.", "Nichts davon lässt sich lesen.")
        raise CommandError(said, "source.unreadable", answer=found)


def _found(name: str, found: Any) -> str:
    left = len(found["collections"]) - len(found["seen"])
    more = ""
    if len(found["seen"]) > 1 and left > 0:
        more = either(
            f"{left} more collections; look into one with --collection.",
            f"{left} weitere Sammlungen; eine zeigt --collection.",
        )
    first = next((one["collection"] for one in found["seen"] if not one["reason"]), None)
    chosen = f" --select {_quoted(first)}" if first else ""
    share = f"allmende asset add NAME --from {name}{chosen}" if first is not None else ""
    return paragraphs(
        *(_seen(one) for one in found["seen"]),
        "\n".join(plain(one["sentence"]) for one in found["concerns"]),
        more,
        labelled([("Next", share)]),
    )


def _quoted(collection: str) -> str:
    return f"'{collection}'" if collection.strip() != collection or not collection.isidentifier() else collection


def _seen(one: Any) -> str:
    title = one["collection"] or either("(the whole)", "(das Ganze)")
    if one["reason"]:
        return bullets(title, [one["reason"]["sentence"]], as_it_is=True)
    fields = ", ".join(f"{field['name']} ({word(field['kind'])})" for field in one["fields"])
    facts = labelled(
        [
            ("fields", fields),
            ("key", one["key"]),
            ("time", one["time"]),
            ("geometry", one["geometry"]),
            ("CRS", one["crs"]),
            ("licence", one["licence"]),
            ("live", one["live"] or ""),
        ]
    )
    parts = [f"{word(part)}: {either(*PARTS[who])}" for part, who in one["parts"].items()]
    return "\n".join(
        part
        for part in (
            heading(plain(title)),
            facts,
            rows(one["sample"]) if one["sample"] else "",
            bullets("Questions", parts),
            bullets("Missing", [lack["sentence"] for lack in one["lacks"]]),
        )
        if part
    )


@source.command("remove", examples=["allmende source remove cadastre"])
@click.argument("name", type=SOURCE)
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Forget a source of which nothing is shared any more. The system itself is not touched."""
    call.remote.delete(f"/sources/{segment(name)}")
    call.answer({"removed": name}, lambda: either(f"Source {name} removed.", f"Quelle {name} entfernt."))


# --- what assets need of it -------------------------------------------------------------------------------------------


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """Settings from KEY=VALUE; paths are made absolute. Raises `UsageError`."""
    split = [pair.partition("=") for pair in given]
    if wrong := [key for key, equals, _ in split if not equals]:
        raise click.UsageError(
            either(f"--set takes KEY=VALUE, not {wrong[0]!r}", f"--set braucht KEY=VALUE, nicht {wrong[0]!r}")
        )
    return {key: _absolute(key, value) for key, _, value in split}


def _absolute(key: str, value: str) -> str:
    is_path = key == "path" or key.endswith("_file")
    return str(Path(value).resolve()) if is_path and value and not value.startswith("/") else value


def selected(given: str) -> tuple[str, list[str]]:
    """Collection and fields from COLLECTION[:FIELD,FIELD]; the last colon separates, `::` stands for one."""
    collection, colon, fields = given.replace("::", "\0").rpartition(":")
    if not colon:
        collection, fields = fields, ""
    chosen = [name.strip().replace("\0", ":") for name in fields.split(",")] if fields.strip() else []
    if colon and (not chosen or not all(chosen)):
        raise click.UsageError(
            either(
                "--select takes COLLECTION or COLLECTION:FIELD,FIELD",
                "--select braucht SAMMLUNG oder SAMMLUNG:FELD,FELD",
            )
        )
    return collection.replace("\0", ":"), chosen


def share(call: Call, body: dict[str, Any], silo: str, select: str, where: str) -> Any:
    """Make an asset of a collection; says what was frozen where nobody has chosen."""
    collection, fields = selected(select)
    body = {**body, "collection": collection, "fields": fields, "where": where}
    kept = call.remote.post(f"/sources/{segment(silo)}/assets", body)
    if not fields:
        names = ", ".join(kept["settings"]["fields"])
        remark(
            either(
                f"Shared are all fields as they are now, and no later ones: {names}",
                f"Geteilt sind alle Felder, die es jetzt gibt, und keine späteren: {names}",
            )
        )
    return kept


def rows(found: Any) -> str:
    """Some rows as a table."""
    columns = {str(at): name for at, name in enumerate(found["fields"])}
    body = [{str(at): value for at, value in enumerate(row)} for row in found["rows"]]
    return table(body, columns, "No rows.", as_they_are=True)
