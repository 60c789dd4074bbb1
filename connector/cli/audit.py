"""`allmende audit`: the log of what happened, and the proof that nothing was taken out or changed."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import PEER, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, save, table
from connector.cli.words import either

COLUMNS = {"index": "entry", "at": "when", "event": "what", "actor": "by", "params": "details"}


@click.group(cls=Noun)
def audit() -> None:
    """The log of what happened, and the proof that nothing was taken out or changed.

    Every act stands in a Merkle tree (RFC 9162) whose signed heads are kept by the peers too.
    """


@audit.command("log", examples=["allmende audit log", "allmende audit log --after 1200 --limit 50 --json"])
@click.option("--after", type=int, default=-1, help="Begin behind this entry.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many entries at most.")
@click.pass_obj
def log(call: Call, after: int, limit: int) -> None:
    """Show entries of the log, oldest first."""
    page = call.remote.get("/audit", after=after, limit=limit)
    rows = [{**one, "at": instant(one["at"])} for one in page["items"]]
    call.answer(page["items"], lambda: table(rows, COLUMNS, "No entries."))


@audit.command("verify", examples=["allmende audit verify", "allmende audit verify --json"])
@click.pass_obj
def verify(call: Call) -> None:
    """Recompute the whole log and compare it with the heads that this node signed and its peers keep.

    Exit status 1 where anything is missing, changed or rebuilt.
    """
    told = call.remote.get("/audit/verify")
    if told["ok"] or not call.json:
        call.answer(told, lambda: _text(told))
    if not told["ok"]:
        sentence = either(
            "The log is not whole; see the findings. Keep the node's directory as it is.",
            "Das Protokoll ist nicht ganz; siehe die Befunde. Heben Sie das Verzeichnis auf, wie es ist.",
        )
        raise CommandError(sentence, "audit.broken", answer=told)


@audit.command(
    "reconcile", examples=["allmende audit reconcile neighbour", "allmende audit reconcile neighbour --json"]
)
@click.argument("peer", type=PEER)
@click.pass_obj
def reconcile(call: Call, peer: str) -> None:
    """Compare with PEER: logs, contracts by id, hash and state, and what has been destroyed.

    Nothing is changed by it, but after a restore: then contracts that both sides have alike are released, and what was
    lost comes back where the peer can show this node's own signature. Exit status 1 where the two differ.
    """
    told = call.remote.post(f"/peers/{segment(peer)}/reconcile", {})
    if not told["differences"] or not call.json:
        call.answer(told, lambda: _compared(told))
    if told["differences"]:
        said = either(
            f"This node and {peer} differ; see the differences.",
            f"Dieser Knoten und {peer} stimmen nicht überein; siehe die Unterschiede.",
        )
        raise CommandError(said, "reconcile.differs", answer=told)


@audit.command("export", examples=["allmende audit export -o audit.ndjson", "allmende audit export -o - | wc -l"])
@click.option(
    "-o", "--output", default="-", show_default=True, metavar="FILE", help="Where to write; - for standard output."
)
@click.pass_obj
def export(call: Call, output: str) -> None:
    """Write the log with its proofs, one JSON object a line, so that others can check it."""
    with call.remote.stream("/audit/export", {}) as answer:
        written = save(answer.chunks(), output)
    if written is not None:
        call.answer({"file": output, "bytes": written}, lambda: f"{output}: {written} bytes")


def _compared(told: Any) -> str:
    return paragraphs(
        labelled(
            [
                ("peer", told["peer"]),
                ("can be compared with", told["supported"]),
                ("contracts of the peer", told["contracts"]),
                ("released", told["released"]),
                ("held", told["held"]),
                ("reinstated, held", told["reinstated"]),
                ("ended", told["ended"]),
            ]
        ),
        bullets("Differences", [one["sentence"] for one in told["differences"]]),
    )


def _text(told: Any) -> str:
    return paragraphs(
        labelled(
            [
                ("log is whole", told["ok"]),
                ("entries", told["entries"]),
                ("root", told["root"]),
                ("borne out by", told["agreeing"]),
                ("not to be asked", told["silent"]),
            ]
        ),
        bullets("Findings", [one["sentence"] for one in told["findings"]]),
    )
