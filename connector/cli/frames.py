"""`allmende frame`: contracts between institutions, signed on paper, under which the node binds itself at once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import FRAME, PEER, segment
from connector.cli.output import bullets, ending, instant, labelled, paragraphs, table
from connector.cli.words import either, word

COLUMNS = {
    "name": "name",
    "title": "title",
    "file_number": "file number",
    "covers": "covers",
    "until": "until",
    "state": "state",
}
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=Noun)
def frame() -> None:
    """Frame contracts on paper: file number, hash of the signed document, signatories.

    Where an offer names one (offer publish --at-once), a request of a peer that it covers, within the published terms,
    is agreed to at once. Everybody else waits for a person.
    """


@frame.command(
    "add",
    examples=[
        "allmende frame add water-2026 --title 'Frame contract on water data' --file-number 20.1-3/26 "
        "--document trees.csv --signatory 'Mayor A. Muster' --signatory 'Director B. Beispiel' --party stadtwerke",
        "allmende frame add open-data --title 'Council decision on open data' --file-number 2026/117 "
        "--document trees.csv --signatory 'Municipal council' --anybody",
    ],
)
@click.argument("name")
@click.option("--title", required=True, help="What the contract is called.")
@click.option("--file-number", required=True, help="Under which it is filed.")
@click.option("--document", type=FILE, help="The signed document; it is hashed here and stays where it is.")
@click.option("--hash", "digest", metavar="SHA256", help="The document's SHA-256 in hex, instead of the document.")
@click.option("--signatory", "signatories", multiple=True, required=True, help="Who has signed it; repeatable.")
@click.option("--party", "parties", multiple=True, type=PEER, help="A peer that it covers; repeatable.")
@click.option("--anybody", is_flag=True, help="It covers every peer: a decision to share with all.")
@click.option("--until", metavar="DAY|INSTANT", help="Last day on which something may be concluded under it.")
@click.pass_obj
def add(
    call: Call,
    /,
    name: str,
    title: str,
    file_number: str,
    document: Path | None,
    digest: str | None,
    signatories: tuple[str, ...],
    parties: tuple[str, ...],
    anybody: bool,
    until: str | None,
) -> None:
    """Keep a frame contract as NAME. Only an admin can; the name is never used again.

    Whoever may add one can let offers bind at once, so it is as weighty as approving. The log keeps who did it.
    """
    if (document is None) == (digest is None):
        raise click.UsageError(
            either(
                "Say either --document FILE or --hash SHA256", "Sagen Sie entweder --document DATEI oder --hash SHA256"
            )
        )
    if bool(parties) == anybody:
        raise click.UsageError(
            either(
                "Say whom it covers: --party PEER (repeatable), or --anybody",
                "Sagen Sie, für wen er gilt: --party GEGENSTELLE (auch mehrmals), oder --anybody",
            )
        )
    body: dict[str, Any] = {
        "name": name,
        "title": title,
        "file_number": file_number,
        "hash": _hashed(document) if document else (digest or "").lower(),
        "signatories": signatories,
        "parties": parties,
        "anybody": anybody,
    }
    kept = call.remote.post("/frames", {**body, **({"until": until} if until else {})})
    call.answer(
        kept,
        lambda: (
            either(
                f"Frame contract {name} added. Offers bind at once under it with: ",
                f"Rahmenvertrag {name} eingetragen. Angebote binden sofort unter ihm mit: ",
            )
            + f"allmende offer publish ASSET POLICY --at-once {name}"
        ),
    )


@frame.command("list", examples=["allmende frame list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the frame contracts, retired ones included."""
    items = call.remote.every("/frames")
    rows = [{**one, "covers": _covers(one), "until": ending(one["until"]), "state": _state(one)} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "No frame contracts: every contract waits for a person."))


@frame.command("show", examples=["allmende frame show water-2026"])
@click.argument("name", type=FRAME)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one frame contract: what it is, whom it covers, the hash of its document."""
    one = call.remote.get(f"/frames/{segment(name)}")
    call.answer(one, lambda: _text(one))


@frame.command("check", examples=["allmende frame check water-2026 trees.csv"])
@click.argument("name", type=FRAME)
@click.argument("document", type=FILE)
@click.pass_obj
def check(call: Call, name: str, document: Path) -> None:
    """Is DOCUMENT the very file that the frame contract NAME was kept with? Exit status 1 where it is not."""
    one, found = call.remote.get(f"/frames/{segment(name)}"), _hashed(document)
    if found != one["hash"]:
        raise CommandError(
            either(
                f"{document} is not the document of {name}: its SHA-256 is {found}, kept is {one['hash']}.",
                f"{document} ist nicht das Dokument von {name}: seine SHA-256 ist {found}, bekannt ist {one['hash']}.",
            ),
            "frame.differs",
            {"found": found, "kept": one["hash"]},
        )
    call.answer(
        {"name": name, "hash": found},
        lambda: either(
            f"{document} is the document of {name} (SHA-256 {found}).",
            f"{document} ist das Dokument von {name} (SHA-256 {found}).",
        ),
    )


@frame.command("retire", examples=["allmende frame retire water-2026"])
@click.argument("name", type=FRAME)
@click.pass_obj
def retire(call: Call, name: str) -> None:
    """Bind nothing more under a frame contract, also in negotiations under way. Contracts under it stay in force."""
    done = call.remote.delete(f"/frames/{segment(name)}")
    call.answer(
        done, lambda: either(f"Nothing more is bound under {name}.", f"Unter {name} kommt kein Vertrag mehr zustande.")
    )


def _hashed(document: Path) -> str:
    with document.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _covers(one: Any) -> str:
    return word("anybody") if one["anybody"] else ", ".join(one["party_names"])


def _state(one: Any) -> str:
    if one["retired"]:
        return word("retired")
    return word("in force" if one["in_force"] else "ended")


def _text(one: Any) -> str:
    return paragraphs(
        labelled(
            [
                ("frame contract", one["name"]),
                ("title", one["title"]),
                ("file number", one["file_number"]),
                ("state", _state(one)),
                ("covers", _covers(one)),
                ("until", ending(one["until"])),
                ("SHA-256", one["hash"]),
                ("added", instant(one["added"])),
                ("by", one["added_by"]),
            ]
        ),
        bullets("Signed by", one["signatories"]),
    )
