"""`allmende search`: what others offer, across all catalogues that this node reads; searches that are kept.

What lives here: the commands. What does not: how what was found is told (`findings`), one peer's catalogue asked now
(`catalogs`).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import click

from connector.cli import found
from connector.cli.command import Call, Leaf, Noun
from connector.cli.names import PEER, Name, segment
from connector.cli.output import instant, plain, table
from connector.cli.words import either

SAVED = Name("search", "/search/saved", "name")
COLUMNS = {"name": "name", "asks": "question", "created": "since", "asked": "last asked"}
MORE = 5
"""How many of those that could not be used are shown with `--why`."""

_OPTIONS = {"peer": "--from", "mine": "--mine-to-use", "order": "--sort"}
"""Parts of a question that options call otherwise."""
_LISTS = {
    "place": "place",
    "theme": "theme",
    "format": "format",
    "licence": "licence",
    "peer": "peer",
}


@click.command(
    "search",
    cls=Leaf,
    examples=[
        "allmende search ladesäulen",
        "allmende search ladesäulen --near 51.05,13.74 --within 20km --theme ENER --mine-to-use",
        "allmende search Luftqualität --place Dresden --fresh --sort newest --lang de",
        "allmende search --place 14612000 --licence open --format CSV --facets",
        "allmende search Verkehrszählung --purpose ScientificResearch --mine-to-use --why",
        "allmende search ladesäulen --place Sachsen --save ladesaeulen",
        "allmende search bäume --json | jq '.items[].title'",
    ],
)
@click.argument("words", nargs=-1)
@click.option("--near", metavar="LAT,LON", help="Near a point: latitude and longitude in degrees.")
@click.option("--within", metavar="DISTANCE", help="Not farther from there than this: 20km, 500m.")
@click.option("--box", metavar="W,S,E,N", help="In this box: west, south, east, north in degrees.")
@click.option(
    "--place",
    multiple=True,
    metavar="KEY|NAME",
    help="About a place and what lies in it: official key (AGS, ARS), NUTS code, name of a state or town; repeatable.",
)
@click.option("--theme", multiple=True, metavar="CODE|NAME", help="Of a theme: ENER, TRAN, energy; repeatable.")
@click.option("--format", multiple=True, metavar="FORMAT", help="To be had in this form: CSV, GEOJSON; repeatable.")
@click.option("--licence", multiple=True, metavar="CODE", help="Under this licence (dl-by-de/2.0); open; repeatable.")
@click.option("--from", "peer", multiple=True, type=PEER, help="Only of this peer, by name or DID; own: of this node.")
@click.option("--since", metavar="DAY|TIME", help="Only what has changed since a day (2027-01-31) or for so long (7d).")
@click.option("--fresh", is_flag=True, help="Only what is as new as its promised update interval says.")
@click.option("--hvd", is_flag=True, help="Only high-value datasets (Regulation 2023/138).")
@click.option("--purpose", metavar="PURPOSE", help="What you need it for: ScientificResearch, or an IRI.")
@click.option("--used-at", metavar="KEY", help="Where you will use it, by official key; default: this municipality.")
@click.option("--mine-to-use", "mine", is_flag=True, help="Only what this node could use; counts why the rest is not.")
@click.option("--why", is_flag=True, help="With --mine-to-use: show some of what could not be used, and why.")
@click.option(
    "--sort", "order", type=click.Choice(["fitting", "newest", "nearest"]), help="What comes first; default: fitting."
)
@click.option("--facets", is_flag=True, help="Count what was found by theme, form, licence, participant and the like.")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="So many at once.")
@click.option("--after", metavar="PAGE", help="Go on behind an earlier page, as it says at its end.")
@click.option("--save", metavar="NAME", help="Keep this question: whenever something new fits, you are told.")
@click.pass_obj
def search(call: Call, /, words: tuple[str, ...], save: str | None, why: bool, facets: bool, **given: Any) -> None:
    """Search the catalogues of all whom this node reads, and its own, for WORDS.

    Every hit shows its terms in a sentence, how old it is, how far it can be trusted, and what to type next. Nobody is
    asked while you search. With no WORDS the newest comes first.
    """
    limit, after = given.pop("limit"), given.pop("after")
    asked = _asked(" ".join(words), given)
    if why and not given["mine"]:
        raise click.UsageError(
            either("--why belongs to --mine-to-use", "--why gehört zu --mine-to-use"),
        )
    if save is not None:
        kept = call.remote.post("/search/saved", {"name": save, "query": asked})
        call.answer(kept, lambda: found.kept(kept))
        return
    query = {name: _plain(value) for name, value in asked.items()}
    shown = call.remote.get(
        "/search", **query, limit=limit, after=after, facets=_plain(facets), why=MORE if why else None
    )
    call.answer(shown, lambda: found.page(shown, facets=facets))


def _asked(words: str, given: dict[str, Any]) -> dict[str, Any]:
    """The question as the node takes it; what was not said is left out."""
    said: dict[str, Any] = {"words": words, **given}
    said |= {name: ",".join(given[name]) for name in _LISTS}
    if not words and said["order"] is None and not said["near"]:
        said["order"] = "newest"
    return {name: value for name, value in said.items() if value not in (None, "", False)}


def _plain(value: Any) -> Any:
    """As a parameter of a URL."""
    return str(value).lower() if isinstance(value, bool) else value


def _typed(query: Mapping[str, Any]) -> str:
    """A question as somebody would type it behind `allmende search`."""
    parts = [str(query.get("words", ""))]
    for name, value in query.items():
        option = _OPTIONS.get(name, f"--{name.replace('_', '-')}")
        if value is True:
            parts.append(option)
        elif name != "words" and value not in (None, False, ""):
            parts.append(f"{option} {shlex.quote(str(value))}")
    return " ".join(filter(None, parts))


@click.group("saved", cls=Noun)
def saved() -> None:
    """Searches that are asked again whenever a catalogue has changed; keep one with: allmende search ... --save."""


@saved.command("list", examples=["allmende catalog saved list", "allmende catalog saved list --lang de"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the saved searches."""
    items = call.remote.every("/search/saved")
    rows = [
        {
            **one,
            "asks": plain(_typed(one["query"])),
            "created": instant(one["created"]),
            "asked": instant(one["asked"]),
        }
        for one in items
    ]
    call.answer(items, lambda: table(rows, COLUMNS, either("No saved searches.", "Keine gespeicherten Suchen.")))


@saved.command("run", examples=["allmende catalog saved run ladesaeulen", "allmende catalog saved run bad --limit 50"])
@click.argument("name", type=SAVED)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="So many at once.")
@click.option("--after", metavar="PAGE", help="Go on behind an earlier page, as it says at its end.")
@click.pass_obj
def run(call: Call, name: str, limit: int, after: str | None) -> None:
    """Ask a saved search now."""
    shown = call.remote.get(f"/search/saved/{segment(name)}", limit=limit, after=after)
    call.answer(shown, lambda: found.page(shown, facets=False))


@saved.command("remove", examples=["allmende catalog saved remove ladesaeulen"])
@click.argument("name", type=SAVED)
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Ask a saved search no more."""
    call.remote.delete(f"/search/saved/{segment(name)}")
    call.answer(
        {"removed": name},
        lambda: either(f"The search {name} is not asked any more.", f"Die Suche {name} wird nicht mehr gestellt."),
    )
