"""`allmende export` and `import`: everything that a node is, in open formats, and a node from them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from connector.cli.backups import DIRECTORY, credentials, explained
from connector.cli.command import Call, Leaf
from connector.cli.output import labelled, paragraphs, table


@click.command("export", cls=Leaf, node=False, examples=["allmende export ./node ./node-export"])
@click.argument("directory", type=DIRECTORY)
@click.argument("out", type=DIRECTORY)
@click.pass_obj
def export(call: Call, directory: Path, out: Path) -> None:
    """Write the node in DIRECTORY into the new directory OUT: JSON lines, PEM, JWK, TOML, signed notes.

    For reading it with other programs, and for moving the node. Its keys are in it without encryption: treat OUT like
    the node's own directory. For safekeeping use allmende backup.
    """
    from connector.backup.exporting import export as write
    from connector.system import SystemClock

    now = SystemClock().now()
    done = explained(call, lambda: write(directory, out, now=now, environment=os.environ, credentials=credentials()))
    told = {"directory": str(out), "id": done.did, "files": done.files, "records": done.records}
    rows = [{"what": name, "lines": count} for name, count in done.records.items()]
    call.answer(
        told,
        lambda: paragraphs(
            labelled([("directory", str(out)), ("identity", done.did), ("files", done.files)]),
            table(rows, {"what": "what", "lines": "lines"}, "No records."),
        ),
    )


@click.command("import", cls=Leaf, node=False, examples=["allmende import ./node-export ./node"])
@click.argument("source", type=DIRECTORY)
@click.argument("directory", type=DIRECTORY)
@click.pass_obj
def import_(call: Call, source: Path, directory: Path) -> None:
    """Make the node of the export SOURCE in the new or empty DIRECTORY, after checking every hash in it.

    The same participant, agreements and log. Stop the other node for good before; what has happened there since the
    export is a roll-back here, which the peers will tell.
    """
    from connector.backup.importing import import_ as make

    done = explained(call, lambda: make(source, directory))
    told = {
        "directory": str(directory),
        "id": done.did,
        "entries": done.entries,
        "root": done.root,
        "agreements": done.agreements,
    }
    call.answer(
        told,
        lambda: labelled(
            [
                ("directory", str(directory)),
                ("identity", done.did),
                ("entries", done.entries),
                ("root", done.root),
                ("contracts", done.agreements),
            ]
        ),
    )
