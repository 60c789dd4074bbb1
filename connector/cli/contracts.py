"""`allmende contract`: contracts concluded, on either side. Both sides hold the same bytes and the same hash."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.lives import amend, end, hold, release, renew
from connector.cli.names import CONTRACT, DAYS, PEER, segment
from connector.cli.output import bullets, ending, instant, labelled, paragraphs, save, size, table, tail
from connector.cli.words import either, word

COLUMNS = {
    "short": "contract",
    "who": "peer",
    "role": "we are",
    "dataset": "dataset",
    "concluded": "concluded",
    "in_force": "in force",
    "ends": "ends",
    "by": "signed",
}


@click.group(cls=Noun)
def contract() -> None:
    """Contracts concluded, on either side. Both sides hold the same bytes; the hash shows it."""


@contract.command("list", examples=["allmende contract list", "allmende contract list --expiring 60d --peer harbour"])
@click.option("--expiring", type=DAYS, help="Only those in force that will have ended by then: 60d, 36h.")
@click.option("--peer", type=PEER, help="Only those with this peer.")
@click.pass_obj
def list_(call: Call, /, **which: Any) -> None:
    """List the contracts."""
    items = call.remote.every("/contracts", **which)
    rows = [
        {
            **one,
            "short": tail(one["id"]),
            "who": _who(one),
            "concluded": instant(one["concluded"]),
            "role": word(one["role"]),
            "ends": instant(one["life"]["closed"]) or ending(one["life"]["ends"]),
            "by": _signed(one["signed"]),
        }
        for one in items
    ]
    call.answer(
        items, lambda: table(rows, COLUMNS, "No such contracts." if any(which.values()) else "No contracts yet.")
    )


@contract.command("show", examples=["allmende contract show 5f0c2a91", "allmende contract show 5f0c2a91 --lang de"])
@click.argument("id", type=CONTRACT)
@click.pass_obj
def show(call: Call, id: str) -> None:
    """Show one contract: how it stands, what was told about it, what may be done, the hash, the agreement itself."""
    one = call.remote.get(f"/contracts/{segment(id)}")
    call.answer(one, lambda: _text(one))


@contract.command("explain", examples=["allmende contract explain 5f0c2a91 --lang de"])
@click.argument("id", type=CONTRACT)
@click.pass_obj
def explain(call: Call, id: str) -> None:
    """Say in plain sentences what a contract means: clause by clause, what is enforced and what is only declared."""
    one = call.remote.get(f"/contracts/{segment(id)}")
    states = [state["sentence"] for state in one["life"]["states"]]
    told = {"id": one["id"], "sentences": one["sentences"], "states": states}
    call.answer(told, lambda: "\n".join([*one["sentences"], "", *states]))


@contract.command("evidence", examples=["allmende contract evidence 5f0c2a91 -o evidence.zip"])
@click.argument("id", type=CONTRACT)
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write; - for standard output.")
@click.pass_obj
def evidence(call: Call, id: str, output: str) -> None:
    """Write everything that proves a contract into one file.

    It holds the messages as sent, both signatures, both DID documents, audit entries with proofs, the terms in German
    and English, a page to print, and the program that checks it offline.

    The file names the people here who decided. The language of the page is that of --lang.
    """
    with call.remote.stream(f"/contracts/{segment(id)}/evidence", {}) as answer:
        written = save(answer.chunks(), output)
        signed = answer.headers.get("allmende-signed", "")
    if written is not None:
        told = {"file": output, "bytes": written, "signed": signed}
        call.answer(told, lambda: _written(output, written, signed))


def _written(file: str, bytes: int, signed: str) -> str:
    """What lies in the file now, and how it is checked."""
    by, check = either("signed by", "unterschrieben von"), either("To check it", "Prüfen mit")
    return (
        f"{file}: {size(bytes)}, {by}: {_names(signed)}\n"
        f"{check}: unzip -p {file} verify.py > verify.py && python verify.py {file}"
    )


def _signed(by: Any) -> str:
    return word("both" if by["provider"] and by["consumer"] else "unsigned")


def _names(roles: str) -> str:
    return ", ".join(word(role) for role in roles.split(", ") if role) or either("nobody", "niemandem")


def _who(one: Any) -> str:
    return str(one["peer_name"] or one["peer"])


def _noticed(told: Any) -> str:
    return f"{instant(told['at'])}: {told['sentence']}"


def _text(one: Any) -> str:
    from msgspec import json

    life = one["life"]
    return paragraphs(
        labelled(
            [
                ("contract", one["id"]),
                ("peer", _who(one)),
                ("we are", word(one["role"])),
                ("dataset", one["dataset"]),
                ("concluded", instant(one["concluded"])),
                ("in force", one["in_force"]),
                ("ends", ending(life["ends"]) if one["in_force"] else None),
                ("notice given now ends it", ending(life["earliest"])),
                ("ended", instant(life["closed"])),
                ("replaces", life["replaces"]),
                ("replaced by", life["replaced"]),
                ("SHA-256", one["hash"]),
                ("signatures", one["signed"]["sentence"]),
            ]
        ),
        bullets("How it stands", [state["sentence"] for state in life["states"]]),
        bullets("What was told", [_noticed(told) for told in one["notices"]]),
        bullets("Terms", one["sentences"]),
        json.format(json.encode(one["document"]), indent=2).decode(),
    )


for act in (end, hold, release, amend, renew):
    contract.add_command(act)
