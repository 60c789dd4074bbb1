"""What `allmende get` asks about rows, and how it shows them: a table of the first ones, and who does which part.

What lives here: the options of a question, the table, the sentences of `--explain`. What does not: fetching into a file
(`data`), what a question means (the provider says it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from connector.cli.command import Call
from connector.cli.errors import CommandError
from connector.cli.output import bullets, cell, paragraphs, plain, remark, say, table
from connector.cli.words import either

if TYPE_CHECKING:
    from connector.cli.remote import Answer

FIRST: Final = 20
"""Rows that are shown where nobody says how many."""
FORMS: Final = ("csv", "geojson", "ndjson", "json", "parquet")
_ENOUGH: Final = 1 << 20
_WIDEST: Final = 40
_NDJSON: Final = "application/x-ndjson"
F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--where", default="", metavar="CQL2", help="Only rows of which this holds."),
    click.option("--since", default="", metavar="TIME", help="Only rows from this day or instant on."),
    click.option("--until", default="", metavar="TIME", help="Only rows up to this day or instant."),
    click.option("--bbox", default="", metavar="W,S,E,N", help="Only rows in this box, in degrees."),
    click.option("--columns", default="", metavar="NAME,NAME", help="Only these columns, in this order."),
    click.option("--limit", type=click.IntRange(1), help="So many rows at most."),
    click.option("--resolution", default="", metavar="R", help="Make times (PT1H) or places (1000 m) coarser."),
    click.option("--format", "form", type=click.Choice(FORMS), help="In this form."),
    click.option("--explain", is_flag=True, help="Fetch nothing: say which part silo, node and contract have in it."),
)


def options(command: F) -> F:
    """The options of a question, on a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def question(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the node is asked them; nothing where nothing is asked."""
    since, until = asked["since"], asked["until"]
    said = {
        "filter": asked["where"],
        "datetime": f"{since or '..'}/{until or '..'}" if since or until else "",
        "bbox": asked["bbox"],
        "properties": asked["columns"],
        "limit": asked["limit"],
        "resolution": asked["resolution"],
        "f": asked["form"],
    }
    return {name: value for name, value in said.items() if value}


_SAID_WITH: Final = {
    "filter": "--where",
    "datetime": "--since/--until",
    "properties": "--columns",
    "bbox": "--bbox",
    "limit": "--limit",
    "resolution": "--resolution",
    "f": "--format",
}


def in_options(refused: CommandError) -> CommandError:
    """A refusal of a question as somebody understands it who has typed options and not parameters of a URL."""
    parameter = str(refused.params.get("parameter", ""))
    if refused.code.startswith("query.") and parameter in _SAID_WITH:
        beginning = f"{parameter}: "
        if refused.sentence.startswith(beginning):
            refused.sentence = f"{_SAID_WITH[parameter]}: {refused.sentence.removeprefix(beginning)}"
    return refused


def show(answer: Answer, most: int) -> None:
    """The first rows of an answer as a table; text as it stands where it is none. Raises `CommandError` for what is
    nothing to look at."""
    body = b""
    for piece in answer.chunks():
        body += piece
        if len(body) > _ENOUGH:
            break
    if answer.headers.get("content-type", "").partition(";")[0] != _NDJSON:
        _show_text(body)
        return
    from msgspec import json

    lines = [line for line in body.split(b"\n")[: most + 1] if line]
    rows = [cells(json.decode(line)) for line in lines[:most]]
    columns = {name: name for row in rows for name in row}
    say(table(rows, columns, either("no rows", "keine Zeilen"), as_they_are=True))
    if len(rows) == most:
        more = either(f"The first {most} rows; all of them: -o FILE", f"Die ersten {most} Zeilen; alle mit: -o DATEI")
        remark(more)


def _show_text(body: bytes) -> None:
    try:
        text = body[: 1 << 14].decode()
    except UnicodeDecodeError:
        said = either(
            "This is nothing to look at: say with -o FILE where to put it.",
            "Das lässt sich nicht ansehen: mit -o DATEI sagen, wohin damit.",
        )
        raise CommandError(said, "data.unseen") from None
    for line in text.splitlines()[:FIRST]:
        say(plain(line))


def cells(row: Any) -> dict[str, str]:
    """A row's values by name; of a feature its properties and what it is."""
    if not isinstance(row, dict):
        return {"value": _short(row)}
    if row.get("type") == "Feature":
        named = {"id": row["id"]} if "id" in row else {}
        row = {**named, **(row.get("properties") or {}), "geometry": row.get("geometry")}
    return {name: _short(_place(value)) for name, value in row.items()}


def _place(value: Any) -> Any:
    """A place as a person reads it: where a point is, what anything else is; every other value as it stands."""
    if not isinstance(value, dict) or value.keys() - {"type", "coordinates", "geometries", "bbox", "crs"}:
        return value
    kind, at = value.get("type"), value.get("coordinates")
    if kind == "Point" and isinstance(at, list) and len(at) >= 2 and all(isinstance(one, int | float) for one in at):
        return f"Point ({at[0]:.5f} {at[1]:.5f})"
    return kind or value


def _short(value: Any) -> str:
    text = plain(cell(value))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def explain(call: Call, answer: Answer) -> None:
    """Who does which part, in sentences."""
    from msgspec import json

    told = json.decode(b"".join(answer.chunks()))
    call.answer(told, lambda: sentences(told))


def sentences(told: Mapping[str, Any]) -> str:
    """An explanation in sentences."""
    silo, node = told.get("silo") or {}, told.get("node")
    return paragraphs(
        bullets(either("The source:", "Die Quelle:"), list(_of_silo(silo))),
        bullets(either("The provider's node:", "Der Knoten des Anbieters:"), list(_of_node(node))),
        bullets(either("The contract takes away:", "Der Vertrag nimmt weg:"), list(_steps(told.get("contract") or ()))),
    )


def _of_silo(silo: Mapping[str, Any]) -> Iterable[str]:
    if fields := silo.get("fields"):
        yield either(f"reads the fields {', '.join(fields)}", f"liest die Felder {', '.join(fields)}")
    for name in ("where", "then"):
        if silo.get(name):
            yield either(
                f"only gives rows of which holds: {silo[name]}", f"gibt nur Zeilen, für die gilt: {silo[name]}"
            )
    yield from _steps(silo.get("steps") or ())
    if silo.get("limit"):
        yield either(f"gives {silo['limit']} rows at most", f"gibt höchstens {silo['limit']} Zeilen")


def _of_node(node: Mapping[str, Any] | None) -> Iterable[str]:
    if node is None:
        yield either("does nothing more to the rows", "tut an den Zeilen nichts mehr")
        return
    yield from _steps(node.get("steps") or ())
    if node.get("where"):
        yield either(f"keeps rows of which holds: {node['where']}", f"behält Zeilen, für die gilt: {node['where']}")
    if node.get("properties"):
        fields = ", ".join(node["properties"])
        yield either(f"lets out the columns {fields}", f"gibt die Spalten {fields} heraus")
    if node.get("limit"):
        yield either(f"ends after {node['limit']} rows", f"endet nach {node['limit']} Zeilen")
    if node.get("resolution"):
        yield either(f"makes it coarser, to {node['resolution']}", f"vergröbert auf {node['resolution']}")
    if not node:
        yield either("writes the rows in the form that is wanted", "schreibt die Zeilen in der gewünschten Form")


_STEPS: Final = {
    "filter": ("keeps only some rows, by {fields}", "behält nur manche Zeilen, nach {fields}"),
    "delay": ("holds back what is younger than {period}", "hält zurück, was jünger ist als {period}"),
    "suppress": ("leaves out {fields}", "lässt {fields} weg"),
    "replace": ("puts something else in place of {fields}", "ersetzt {fields}"),
    "pseudonymise": ("gives pseudonyms for {fields}", "gibt Pseudonyme für {fields}"),
    "coarsen-time": ("makes times coarser: {fields} to {resolution}", "vergröbert Zeiten: {fields} auf {resolution}"),
    "coarsen-place": ("makes places coarser: {fields} to {resolution}", "vergröbert Orte: {fields} auf {resolution}"),
    "aggregate": ("gives statistics by {groups}", "gibt Statistiken nach {groups}"),
    "threshold": ("tells only groups of {least} at least", "nennt nur Gruppen ab {least}"),
    "noise": ("adds noise (epsilon {epsilon})", "fügt Rauschen hinzu (Epsilon {epsilon})"),
    "sign": ("signs what leaves", "signiert, was herausgeht"),
}


def _steps(steps: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for step in steps:
        english, german = _STEPS.get(str(step.get("step")), ("{step}", "{step}"))
        said = {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in step.items()}
        said.setdefault("fields", said.get("field", ""))
        yield either(english, german).format(**{"period": "", "resolution": "", "groups": "", **said})
