"""What an update has come to, in one small file: read after every power cut, written before every step.

Without it everything is settled. `Phase` says what a start has to do first (`updating.settle`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from connector.releases import paragraph
from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.release import Places


class Phase(Enum):
    """How far."""

    MOVING = "moving"
    """The state is being brought up to date; the old release still is the one that runs."""
    TRYING = "trying"
    """The new release runs, and has not said yet that it does."""
    RETURNING = "returning"
    """Back to the old one."""


@dataclass(frozen=True)
class Update:
    """From one release to another. `tries`: starts of the new one so far. `moved`: it has changed the layout of the
    state, so the old release can go on only from the copy that was made before."""

    phase: Phase
    old: str
    new: str
    tries: int = 0
    moved: bool = False


def read(places: Places) -> Update | None:
    """The update that is under way, if one is. Raises `ReleaseError`."""
    told = paragraph.read(places.journal)
    if told is None:
        return None
    try:
        return Update(
            Phase(told["Phase"]), told["Old"], told["New"], int(told.get("Tries", "0")), told.get("Moved") == "yes"
        )
    except (KeyError, ValueError):
        raise ReleaseError(f"{places.journal}: not understood") from None


def write(places: Places, update: Update, disk: Disk) -> None:
    """On the medium when this returns."""
    values = {"Phase": update.phase.value, "Old": update.old, "New": update.new}
    values |= {"Tries": str(update.tries), "Moved": "yes" if update.moved else "no"}
    disk.put(places.journal, paragraph.written(values))


def said(update: Update) -> str:
    """One line for a person."""
    match update.phase:
        case Phase.MOVING:
            return f"bringing the state up to date for {update.new}; {update.old} is in place"
        case Phase.TRYING:
            return f"trying {update.new}, start {update.tries}; {update.old} is kept"
        case Phase.RETURNING:
            return f"returning from {update.new} to {update.old}"
        case _:
            assert_never(update.phase)
