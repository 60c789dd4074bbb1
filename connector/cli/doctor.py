"""`allmende doctor`: what is wrong with a node, each fault in one sentence with its mend.

A running node examines itself, over its management API. A stopped one is examined from its directory; that is done in
this process, by the same examinations.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.names import PEER, segment
from connector.cli.output import bullets, labelled, paragraphs
from connector.cli.words import either

SOON = "reach.tls_soon"
"""The one finding about the way that breaks nothing yet."""
UNREACHED = ("remote.unreachable", "remote.unknown", "token.unreadable")


@click.command(
    cls=Leaf,
    examples=[
        "allmende doctor ./node",
        "allmende doctor --from nachbarstadt --lang de",
        "allmende doctor ./node --json",
    ],
)
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--from", "peer", type=PEER, help="Ask this peer to call back; names the first broken link of the way.")
@click.pass_obj
def doctor(call: Call, directory: Path | None, peer: str | None) -> None:
    """Find out what is wrong with a node: the one in DIRECTORY, or the one of --node.

    The first finding is the one to mend first; others may be its consequence. Nothing is changed. Exit status 1 where
    anything was found.
    """
    if directory is not None:
        call.node = str(directory)
    if peer is not None:
        _probed(call, peer)
        return
    told = _examined(call)
    found = told["findings"]
    if not found or not call.json:
        call.answer(told, lambda: _text(told))
    if found:
        many = "1 finding" if len(found) == 1 else f"{len(found)} findings"
        said = either(f"{many}; mend the first one first.", f"Befunde: {len(found)}; beheben Sie den ersten zuerst.")
        raise CommandError(said, "doctor.findings", answer=told)


def _probed(call: Call, peer: str) -> None:
    told = call.remote.post(f"/peers/{segment(peer)}/probe")
    broken = told["broken"]
    if broken is None or broken["code"] == SOON:
        well = either("reaches this node: every link of the way holds.", "erreicht diesen Knoten: jedes Glied hält.")
        soon = f" {broken['sentence']}" if broken else ""
        call.answer(told, lambda: f"{told['peer']} {well}{soon}")
        return
    if not call.json:
        title = either(f"Seen from {told['peer']}", f"Von {told['peer']} aus gesehen")
        call.answer(told, lambda: bullets(title, [broken["sentence"], f"  {broken['mend']}"]))
    unreached = either("does not reach this node.", "erreicht diesen Knoten nicht.")
    raise CommandError(f"{told['peer']} {unreached}", broken["code"], broken["params"], told)


def _examined(call: Call) -> Any:
    """By the node itself where it runs, else from its directory."""
    from connector.cli.remote import place_of

    where = place_of(call.node)
    if where.startswith(("http://", "https://")):
        return call.remote.post("/doctor")
    from connector.doctor.examination import is_running

    directory = Path(where)
    if directory.is_dir() and is_running(directory):
        try:
            return call.remote.post("/doctor")
        except CommandError as failure:
            if failure.code not in UNREACHED:
                raise
            return _offline(call, directory, silent=True)
    return _offline(call, directory, silent=False)


def _offline(call: Call, directory: Path, *, silent: bool) -> Any:
    import asyncio

    from connector.doctor.examination import of_directory
    from connector.sentences import mend, sentence
    from connector.system import SystemClock, SystemIds
    from policies.model import Reason

    examined = asyncio.run(of_directory(directory, os.environ, clock=SystemClock(), ids=SystemIds()))
    more = (Reason("doctor.silent_node", {"path": str(directory)}),) if silent else ()
    return {
        "running": silent,
        "findings": [
            {
                "code": one.code,
                "params": dict(one.params),
                "sentence": sentence(one, call.lang),
                "mend": mend(one, call.lang),
            }
            for one in (*examined.findings, *more)
        ],
    }


def _text(told: Any) -> str:
    lines = [text for one in told["findings"] for text in (one["sentence"], f"  {one['mend']}") if text.strip()]
    return paragraphs(
        labelled([("node runs", told["running"])]),
        bullets("Found", lines) or either("Nothing is wrong.", "Alles ist in Ordnung."),
        ""
        if told["running"] or lines
        else either("Start it with: allmende serve DIR", "Starten mit: allmende serve DIR"),
    )
