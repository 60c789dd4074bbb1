"""`allmende asset portray` and `asset portrait`: what is said of an asset beyond its title, for portals and search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from catalog import rhythms, themes
from connector.cli import found
from connector.cli.command import Call, Leaf
from connector.cli.names import ASSET, segment
from connector.cli.output import bullets, by, cell, heading, instant, labelled, paragraphs
from connector.cli.words import either

_MANY = {"place": "places", "language": "languages", "hvd": "hvd", "page": "documentation", "law": "legislation"}
"""Options that may be repeated, and the fields that they fill."""
_ONE = {
    "licence": "licence",
    "attribution": "attribution",
    "access": "access",
    "frequency": "frequency",
    "since": "since",
    "until": "until",
    "level": "level",
    "contributor": "contributor",
    "landing_page": "landing_page",
}
_SPOKEN = ("title", "description")
_GERMAN = {
    "title": "Titel",
    "description": "Beschreibung",
    "keywords": "Schlagwörter",
    "themes": "Themen",
    "publisher": "Herausgeber",
    "contacts": "Kontakt",
    "licence": "Lizenz",
    "attribution": "Namensnennung",
    "access": "Zugang",
    "availability": "Verfügbarkeit",
    "frequency": "Aktualisierung",
    "issued": "erschienen",
    "modified": "geändert",
    "languages": "Sprachen",
    "places": "Orte",
    "place_names": "Ortsnamen",
    "box": "Ausdehnung",
    "level": "Ebene",
    "since": "von",
    "until": "bis",
    "contributor": "Datenlieferant",
    "hvd": "hochwertig",
    "landing_page": "Seite",
    "documentation": "Dokumentation",
    "identifiers": "Kennungen",
    "legislation": "Rechtsakte",
    "conforms_to": "Standards",
    "provenance": "Herkunft",
    "creators": "Urheber",
    "originators": "Datenquellen",
    "custodians": "Verwalter",
    "reference_systems": "Bezugssysteme",
    "resolution_metres": "Auflösung in Metern",
    "mobility_theme": "Mobilitätsthema",
}
"""Fields as people call them; the others are named as in the model."""


@click.command(
    "portray",
    cls=Leaf,
    examples=[
        "allmende asset portray trees --theme ENVI --keyword Bäume --keyword Stadtgrün --licence dl-by-de/2.0",
        "allmende asset portray trees --place 14612000 --frequency ANNUAL --contact 'Grünamt <gruen@stadt.example>'",
        "allmende asset portray trees --box 13.57,50.97,13.97,51.18",
        "allmende asset portray trees --clear licence",
        "allmende asset portray trees --set 'identifiers=[\"trees-2027\"]'",
    ],
)
@click.argument("name", type=ASSET)
@click.option("--title", help="Title, in the language of --in.")
@click.option("--description", help="What the data are, in the language of --in.")
@click.option("--in", "tongue", default="de", help="Language of title, description and keywords: de, en, ...")
@click.option("--theme", multiple=True, help="Theme: a code (ENER) or its name; repeatable.")
@click.option("--keyword", multiple=True, help="Keyword; repeatable. These take the place of those there were.")
@click.option("--licence", help="Licence: a code of DCAT-AP.de (dl-by-de/2.0, cc-zero) or an IRI.")
@click.option("--attribution", help="Whom to name, where the licence asks for that.")
@click.option("--access", type=click.Choice(["PUBLIC", "RESTRICTED", "NON_PUBLIC"]), help="Who may have the data.")
@click.option("--frequency", help="How often they are brought up to date: DAILY, MONTHLY, ANNUAL, hourly, ...")
@click.option("--language", multiple=True, help="Language of the data: DEU, ENG, german, ...; repeatable.")
@click.option(
    "--place", multiple=True, help="Official key (AGS, ARS), NUTS code, name of a state or large town; repeatable."
)
@click.option("--box", metavar="W,S,E,N", help="Where the data lie, in degrees.")
@click.option("--since", metavar="DAY", help="First day that the data are about.")
@click.option("--until", metavar="DAY", help="Last day that the data are about.")
@click.option("--level", help="Whose affair it is: municipality, state, federal, ...")
@click.option("--publisher", help="Who publishes the data; default: as in the settings.")
@click.option("--contact", metavar="'NAME <MAIL>'", help="Whom to ask.")
@click.option("--contributor", help="IRI by which the portal knows who delivers; default: as in the settings.")
@click.option("--landing-page", help="Page about the data; default: that of this node.")
@click.option("--page", multiple=True, help="Page with documentation; repeatable.")
@click.option("--hvd", multiple=True, help="Category of high-value datasets: the last part of its IRI; repeatable.")
@click.option("--law", multiple=True, help="IRI of a law that the data are published under; repeatable.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=JSON", help="Any field; see --json of asset portrait.")
@click.option("--clear", multiple=True, metavar="FIELD", help="Take a field away; repeatable.")
@click.option("--anyway", is_flag=True, help="Keep it even where a portal would refuse it.")
@click.pass_obj
def portray(call: Call, /, name: str, anyway: bool, **given: Any) -> None:
    """Say something of an asset, for portals and for those who search. What is not named stays as it was.

    What a portal would refuse is not kept, and the answer says what helps.
    """
    path = f"/assets/{segment(name)}/portrait"
    fields = _fields(given, lambda: call.remote.get(path)["metadata"])
    if not fields:
        raise click.UsageError(either("Say what is to be told", "Nennen Sie, was gesagt werden soll"))
    kept = call.remote.post(path, {"fields": fields, "anyway": anyway})
    call.answer(kept, lambda: _text(kept))


@click.command(
    "portrait", cls=Leaf, examples=["allmende asset portrait trees", "allmende asset portrait trees --remove"]
)
@click.argument("name", type=ASSET)
@click.option("--remove", is_flag=True, help="Take back all that is said beyond the title.")
@click.pass_obj
def portrait(call: Call, name: str, remove: bool) -> None:
    """Show what is said of an asset, and what a portal would find wrong with it."""
    path = f"/assets/{segment(name)}/portrait"
    if remove:
        call.remote.delete(path)
        call.answer({"removed": name}, lambda: either(f"Portrait of {name} removed.", f"Porträt von {name} entfernt."))
        return
    one = call.remote.get(path)
    call.answer(one, lambda: _text(one))


def _fields(given: Mapping[str, Any], known: Any) -> dict[str, Any]:
    """The fields that options name. `known` asks for what is said now, where a text in one language joins others."""
    fields: dict[str, Any] = {field: given[option] for option, field in _ONE.items() if given[option] is not None}
    fields |= {field: list(given[option]) for option, field in _MANY.items() if given[option]}
    if given["theme"]:
        fields["themes"] = [themes.meant(one) or one for one in given["theme"]]
    spoken = {name: given[name] for name in _SPOKEN if given[name] is not None}
    if given["keyword"]:
        spoken["keywords"] = list(given["keyword"])
    if spoken:
        said = known()
        fields |= {name: {**_tongues(said.get(name, {})), given["tongue"]: text} for name, text in spoken.items()}
    if given["publisher"]:
        fields["publisher"] = {"name": given["publisher"]}
    if given["contact"]:
        fields["contacts"] = [_contact(given["contact"])]
    if given["box"]:
        fields["box"] = _box(given["box"])
    return {**dict.fromkeys(given["clear"]), **fields, **dict(map(_setting, given["settings"]))}


def _tongues(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said in languages: what is in none gives way to what now is."""
    return {language: text for language, text in said.items() if language}


def _contact(text: str) -> dict[str, str]:
    name, bracket, mail = text.partition("<")
    if not bracket:
        return {"email": text.strip()} if "@" in text else {"name": text.strip()}
    return {"name": name.strip(), "email": mail.strip().removesuffix(">")}


def _box(text: str) -> dict[str, float]:
    try:
        west, south, east, north = (float(one) for one in text.split(","))
    except ValueError:
        wanted = either("--box wants four numbers: W,S,E,N", "--box verlangt vier Zahlen: W,S,O,N")
        raise click.UsageError(wanted) from None
    return {"west": west, "south": south, "east": east, "north": north}


def _setting(text: str) -> tuple[str, Any]:
    """A value that is no JSON is a text."""
    from msgspec import DecodeError, json

    field, equals, value = text.partition("=")
    try:
        return field, json.decode(value) if equals else None
    except DecodeError:
        return field, value


def _text(one: Any) -> str:
    said = one["metadata"]
    rows = [("dataset", one["asset"]), *(_row(field, value) for field, value in said.items() if field != "forms")]
    rows.append(("added", by(one["changed"], one["changed_by"]) if one["changed"] else ""))
    wrong = [each["sentence"] for each in one["findings"] if each["severity"] == "violation"]
    wishes = [each["sentence"] for each in one["findings"] if each["severity"] != "violation"]
    fine = either("A portal would take it like this.", "Ein Portal nähme es so an.")
    return paragraphs(
        heading(one["name"]),
        labelled(rows),
        bullets(either("Data", "Daten"), [_shown(form) for form in said.get("forms", ())]),
        bullets(either("What a portal refuses", "Was ein Portal ablehnt"), wrong) if wrong else fine,
        bullets(either("What would be better", "Was besser wäre"), wishes),
    )


def _row(field: str, value: Any) -> tuple[str, str]:
    said = _SAID[field](value) if field in _SAID else _shown(value)
    return either(field.replace("_", " "), _GERMAN.get(field, field)), said


def _shown(value: Any) -> str:
    """A value of any form in one line."""
    if isinstance(value, dict):
        held = (
            (f"{name}: " if name else "") + _shown(one) for name, one in value.items() if one not in ("", None, [], {})
        )
        return "; ".join(held)
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return cell(value)


def _agent(one: Any) -> str:
    return " ".join(filter(None, (one["name"], f"<{one['email']}>" if one["email"] else "", one["id"])))


def _contact_of(one: Any) -> str:
    ways = (one["name"], f"<{one['email']}>" if one["email"] else "", one.get("telephone"), one.get("url"))
    return " ".join(filter(None, ways))


def _extent(box: Any) -> str:
    sides = (("W", "west"), ("S", "south"), (either("E", "O"), "east"), ("N", "north"))
    return ", ".join(f"{sign} {box[side]:g}" for sign, side in sides)


def _named(names: Mapping[str, tuple[str, str]]) -> Callable[[str], str]:
    """A code by its name; the code stands behind it, since that is what is typed."""

    def said(code: str) -> str:
        return f"{either(*names[code][::-1])} ({code})" if code in names else code

    return said


def _place(key: str) -> str:
    from catalog import geo  # with what it reads of policies: nothing that a help text needs

    known = geo.names(key)
    return f"{key} ({', '.join(known)})" if known else key


def _each(said: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda values: ", ".join(map(said, values))


_SAID: Mapping[str, Callable[[Any], str]] = {
    "themes": _each(_named(themes.NAMES)),
    "hvd": _each(_named(rhythms.CATEGORIES)),
    "frequency": _named(rhythms.NAMES),
    "access": found.access,
    "publisher": _agent,
    **dict.fromkeys(("creators", "originators", "custodians"), _each(_agent)),
    "contacts": _each(_contact_of),
    "places": _each(_place),
    "box": _extent,
    "issued": instant,
    "modified": instant,
}
"""Fields that are told otherwise than by writing them down."""
