"""`allmende describe`: what this node publishes of itself, and what others publish."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.output import bullets, instant, labelled, paragraphs, remark, table
from connector.cli.words import either

COLUMNS = {"name": "name", "kind": "kind", "by": "by", "until": "until", "id": "address"}
REGISTERS = ("municipality", "vat", "lei", "eori", "euid", "tax")
_QUESTIONS = {
    "name": ("Official name of the body", "Amtlicher Name der Stelle"),
    "country": ("Country (two letters)", "Land (zwei Buchstaben)"),
    "region": ("Region (NUTS 2, such as DED2; empty: leave out)", "Region (NUTS 2, etwa DED2; leer: weglassen)"),
    "street": ("Street and number", "Straße und Hausnummer"),
    "postcode": ("Postcode", "Postleitzahl"),
    "locality": ("Town", "Ort"),
    "number": (
        "Official municipality key (AGS or ARS), or another register's number",
        "Amtlicher Gemeindeschlüssel (AGS oder ARS), sonst eine andere Registernummer",
    ),
}
_NONE = "Nothing is published yet. Publish with: allmende describe publish"


@click.group(cls=Noun)
def describe() -> None:
    """What this node publishes of itself: who stands behind it, what it offers.

    Others can verify it without asking you. Regions attest it; what is missing is said in plain words.
    """


@describe.command("show", examples=["allmende describe show"])
@click.pass_obj
def show(call: Call) -> None:
    """Show what is published, and what it is made from."""
    own, items = call.remote.get("/descriptions/own"), call.remote.every("/descriptions")
    rows = [{**one, "by": _by(one), "until": instant(one["ends"])} for one in items]
    call.answer({**own, "descriptions": items}, lambda: paragraphs(_text(own), table(rows, COLUMNS, _NONE)))


@describe.command("set", examples=["allmende describe set", "allmende describe set --name 'Stadt A' --number 14628110"])
@click.option("--name", help="Official name.")
@click.option("--description", help="A sentence about it.")
@click.option("--country", help="Country of the legal address: two letters.")
@click.option("--region", help="Region of the address, as NUTS 2.")
@click.option("--street", help="Street and number.")
@click.option("--postcode", help="Postcode.")
@click.option("--locality", help="Town.")
@click.option("--register", type=click.Choice(REGISTERS), help="Which register --number is of.")
@click.option("--number", help="Number in that register; an official municipality key by default.")
@click.option("--terms", help="Address of your own terms of service.")
@click.option("--terms-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The same as a file.")
@click.pass_obj
def set_(call: Call, /, terms_file: Path | None, **given: str | None) -> None:
    """Say something of the body behind this node. Without options, what is missing is asked for."""
    said = {name: value for name, value in given.items() if value is not None}
    if terms_file is not None:
        said["terms_hash"] = hashlib.sha256(terms_file.read_bytes()).hexdigest()
    if bool(said.get("terms")) != (terms_file is not None):
        raise click.UsageError(
            either(
                "--terms and --terms-file go together: the hash of the text is published with its address",
                "--terms und --terms-file gehören zusammen: mit der Adresse wird die Prüfsumme veröffentlicht",
            )
        )
    if not said:
        said = _asked(call.remote.get("/descriptions/own"))
    own = call.remote.post("/descriptions/own", said)
    call.answer(own, lambda: _text(own))


@describe.command("check", examples=["allmende describe check", "allmende describe check https://data.a.example"])
@click.argument("other", required=False, metavar="[URL|DID|FILE]")
@click.option("--private", is_flag=True, help="Allow an address in a private network.")
@click.pass_obj
def check(call: Call, other: str | None, private: bool) -> None:
    """Find out what is missing in the own description, or verify that of another node in ten steps.

    A FILE holds a description of the older generation (22.10), which is read where the settings allow it.
    """
    if other is None:
        own = call.remote.get("/descriptions/own")
        call.answer(own, lambda: _text(own))
        if not own["complete"]:
            raise CommandError(
                either("The description is incomplete.", "Die Beschreibung ist unvollständig."), "checked"
            )
        return
    if Path(other).is_file():
        steps = call.remote.post("/descriptions/older", {"document": _document(Path(other))})
        seen = {"id": other, "regional": False, **steps}
    else:
        seen = call.remote.post("/descriptions/look", {"peer": other, "private": private})
    call.answer(seen, lambda: _verified(seen))
    if not seen["holds"]:
        raise CommandError(either("Not everything holds.", "Nicht alles hat Bestand."), "checked")


@describe.command("publish", examples=["allmende describe publish", "allmende describe publish --withdraw"])
@click.option("--withdraw", is_flag=True, help="Publish nothing any more.")
@click.option("--attest", metavar="WHAT", help="Ask the clearing house in the settings: number, standard-compliance.")
@click.pass_obj
def publish(call: Call, withdraw: bool, attest: str | None) -> None:
    """Publish the description; from now on it is kept up to date."""
    if withdraw:
        call.remote.post("/descriptions/withdraw")
        call.answer({}, lambda: either("Nothing is published any more.", "Es ist nichts mehr veröffentlicht."))
        return
    items = call.remote.post("/descriptions/publish")["items"]
    if attest is not None:
        items = call.remote.post("/descriptions/attest", {"what": attest})["items"]
    rows = [{**one, "by": _by(one), "until": instant(one["ends"])} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, _NONE))


def _asked(own: dict[str, Any]) -> dict[str, str]:
    """Answers of a person to what is not said yet; nothing is asked of a program."""
    if not sys.stdin.isatty():
        raise click.UsageError(
            either("Say what to set, such as --number", "Geben Sie an, was zu setzen ist, etwa --number")
        )
    said = {}
    remark(either("Leave an answer empty to keep what stands.", "Leere Antwort: es bleibt, wie es ist."))
    for name, question in _QUESTIONS.items():
        answer = click.prompt(either(*question), default=own[name] or "", show_default=bool(own[name]), err=True)
        if answer != own[name]:
            said[name] = answer
    return said


def _document(path: Path) -> Any:
    from msgspec import DecodeError, json

    try:
        return json.decode(path.read_bytes())
    except (DecodeError, UnicodeDecodeError) as failure:
        raise CommandError(either(f"{path} holds no JSON.", f"{path} enthält kein JSON."), "input.json") from failure


def _by(one: dict[str, Any]) -> str:
    return one["issuer"] if one["attested"] else either("this node", "dieser Knoten")


def _text(own: dict[str, Any]) -> str:
    place = " ".join(part for part in (own["postcode"], own["locality"]) if part)
    lines = labelled(
        [
            ("name", own["name"]),
            ("description", own["description"]),
            ("street", own["street"]),
            ("town", place),
            ("region", own["region"]),
            ("country", own["country"]),
            (own["register"], own["number"]),
            ("terms", own["terms"]),
            ("published", own["published"]),
        ]
    )
    missing = [one["sentence"] for one in own["findings"]]
    if not missing:
        return paragraphs(lines, either("Nothing is missing.", "Es fehlt nichts."))
    return paragraphs(lines, bullets(either("To be mended:", "Noch zu tun:"), missing))


def _verified(seen: dict[str, Any]) -> str:
    """Failed steps in words; those that were passed as a count."""
    if not seen["steps"]:
        return either(f"{seen['id']} publishes nothing.", f"{seen['id']} veröffentlicht nichts.")
    wrong = [one for one in seen["steps"] if one["passed"] is False]
    good = sum(one["passed"] is True for one in seen["steps"])
    lines = [f"{one['number']}. {one['name']}: {one['reason']['sentence']} {one['credential']}" for one in wrong]
    told = either(f"{seen['id']}: {good} checks passed.", f"{seen['id']}: {good} Prüfungen bestanden.")
    if seen["regional"]:
        told += " " + either(
            "The registration number is a region's attestation.",
            "Die Registriernummer ist eine Bescheinigung einer Region.",
        )
    return paragraphs(told, bullets(either("Not passed:", "Nicht bestanden:"), lines)) if lines else told
