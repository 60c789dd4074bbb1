"""`allmende edge doctor`: what is wrong with a device, and what helps."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets
from connector.cli.words import either
from edge_node.cli.device import DIRECTORY, found
from edge_node.cli.looking import full, troubles

_FEW_HOURS: Final = 48.0
_DAY: Final = 86400.0


@click.command(cls=Leaf, node=False, examples=["allmende edge doctor ./cabinet"])
@DIRECTORY
@click.pass_obj
def doctor(call: Call, directory: Path | None) -> None:
    """What is wrong with the device, one sentence each with what helps. Exit status 1 where something is."""
    place = found(directory)
    wrong = [*_at_rest(place, call), *_running(place, call)]
    if not wrong:
        call.answer({"wrong": []}, lambda: either("Nothing is wrong.", "Nichts ist zu beanstanden."))
        return
    if not call.json:
        heading = either("What is not well:", "Was nicht in Ordnung ist:")
        call.answer({}, lambda: bullets(heading, wrong, as_it_is=True))
    many = either("1 finding." if len(wrong) == 1 else f"{len(wrong)} findings.", f"Befunde: {len(wrong)}.")
    raise CommandError(many, "edge.unwell", answer={"wrong": wrong})


def _at_rest(place: Path, call: Call) -> Iterator[str]:
    """Of its files."""
    from edge_node import config
    from edge_node.errors import EdgeError
    from edge_node.sentences import sentence
    from edge_node.sources import open_sources

    try:
        settings = config.read(place)
        open_sources(settings, place)
    except EdgeError as error:
        yield sentence(error.code, error.params, call.lang)
        return
    if not settings.sources:
        yield either(
            "edge.toml names no source: nothing is measured. It needs a section [sources.NAME].",
            "edge.toml nennt keine Quelle: Nichts wird gemessen. Es fehlt ein Abschnitt [sources.NAME].",
        )
    for path in (place / "keys").glob("*.key"):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield either(
                f"keys/{path.name} can be read by others: chmod 600.",
                f"keys/{path.name} können auch andere lesen: chmod 600.",
            )


def _running(place: Path, call: Call) -> Iterator[str]:
    """Of the agent."""
    from edge_node import control
    from edge_node.errors import EdgeError
    from edge_node.sentences import sentence

    try:
        one = next(control.ask(place, "status"))
    except EdgeError as error:
        yield sentence(error.code, error.params, call.lang)
        return
    yield from (f"{where}: {said}" for where, said in troubles(one, call.lang))
    yield from _kept(one["buffer"])
    if not one["clock"]["trusted"]:
        yield either(
            "The clock has not been set since the start; readings are marked. It needs NTP or the node.",
            "Die Uhr wurde seit dem Start nicht gestellt; Messungen sind markiert. Sie braucht NTP oder den Knoten.",
        )


def _kept(kept: Mapping[str, Any]) -> Iterator[str]:
    hours = kept["hours_left"]
    if hours is not None and hours < _FEW_HOURS:
        yield either(
            f"At the present rate the buffer is full in {hours:.1f} hours; then {full(kept['full'])}. "
            "Is the network down?",
            f"Beim jetzigen Zufluss ist der Puffer in {hours:.1f} Stunden voll; dann gilt: {full(kept['full'])}. "
            "Fehlt das Netz?",
        )
    if kept["forgotten"]:
        yield either(
            f"{kept['forgotten']} readings were given up because the buffer was full; the gap report names them.",
            f"{kept['forgotten']} Messungen wurden aufgegeben, weil der Puffer voll war; der Lückenbericht nennt sie.",
        )
    if kept["damaged"]:
        yield either(
            f"{kept['damaged']} readings are damaged on the medium; the gap report names them. Is the card worn out?",
            f"{kept['damaged']} Messungen sind auf dem Datenträger beschädigt; der Lückenbericht nennt sie. Ist die "
            "Karte verschlissen?",
        )
