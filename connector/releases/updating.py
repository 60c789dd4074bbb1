"""An update, step by step, so that power may fail between any two: the old release runs afterwards, or the new one.

What lives here: the steps and their order. What does not: single calls of the file system (`disk`), programs that are
started (`programs`), the journal's form (`journal`).

    unpack    beside the others; look whether it works here
    install   copy the state, bring it up to date; switch; remember that it is a try
    settle    before every start: what the journal says is to be done first; the third start that fails returns
    confirm   after every start that worked: the try is over
    back      by hand: to the release before

INVARIANT: `current` names a whole release at every moment; after `settle`, the state on disk is one that it can read.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import assert_never

from connector.releases import journal, state
from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.journal import Phase, Update
from connector.releases.payload import discard, unpack
from connector.releases.programs import Programs
from connector.releases.release import Places, Release, pointed

TRIES = 3
"""Starts that a new release has to say that it is ready."""


class Updating:
    """Updates of one package on one system."""

    def __init__(self, places: Places, release: Release, disk: Disk, programs: Programs) -> None:
        self._places, self._release, self._disk, self._programs = places, release, disk, programs

    def unpack(self) -> str:
        """Put the shipped release beside the one that runs, and try whether it works on this machine; the service goes
        on meanwhile. Raises `ReleaseError`; then it is gone again."""
        new = self._release.id
        if pointed(self._places.current) == new:
            return ""
        unpack(self._places, self._release, self._disk)
        try:
            self._programs.check(new)
        except ReleaseError:
            discard(self._places, new, self._disk)
            raise
        return f"{new} is unpacked"

    def install(self) -> str:
        """Put the shipped release in place of the one that runs; who calls has stopped the service. Answers what was
        done. Raises `ReleaseError` where the new one is of no use here; then the old one is as it was."""
        new = self._release.id
        if (update := journal.read(self._places)) is not None:
            if update.phase is Phase.TRYING and update.new == new:
                return f"{new} is in place and waits for its start"
            self._return(update)  # whatever came between was never seen to run
        old = pointed(self._places.current)
        if old == new:
            return f"{new} is in place"
        self.unpack()
        if not old:
            self._disk.point(self._places.current, new)
            return f"{new} is in place"
        self._moved(Update(Phase.MOVING, old, new))
        return f"{new} is in place of {old}, which is kept until it has started"

    def _moved(self, update: Update) -> None:
        """State and link, under the journal."""
        state.forget(self._places, self._release, self._disk, update)
        journal.write(self._places, update, self._disk)
        try:
            moved = state.move(self._places, self._release, self._disk, self._programs, update)
        except (ReleaseError, OSError):
            self._return(update)
            raise
        # The journal first: a link to a release that nobody is trying would stay, however it fails.
        journal.write(self._places, replace(update, phase=Phase.TRYING, moved=moved), self._disk)
        self._disk.point(self._places.current, update.new)

    def settle(self) -> str:
        """What the journal says has to be done before a start, which is counted as a try where there is one. Answers
        what was done, "" for nothing. Nothing is written where nothing is under way."""
        update = journal.read(self._places)
        if update is None:
            return ""
        match update.phase:
            case Phase.MOVING | Phase.RETURNING:
                return self._return(update)
            case Phase.TRYING if update.tries >= TRIES:
                return self._return(update)
            case Phase.TRYING:
                journal.write(self._places, replace(update, tries=update.tries + 1), self._disk)
                if pointed(self._places.current) != update.new:
                    self._disk.point(self._places.current, update.new)
                return f"trying {update.new}"
            case _:
                assert_never(update.phase)

    def confirm(self) -> str:
        """The release that runs has started well: no return from here on but by hand. Raises `ReleaseError` where it
        does not say in time that it is ready."""
        update = journal.read(self._places)
        if update is None or update.phase is not Phase.TRYING:
            return ""
        self._programs.ready()
        self._disk.point(self._places.previous, update.old)
        self._disk.drop(self._places.journal)
        with contextlib.suppress(OSError):  # what cannot be cleared away now can be after the next update
            self._tidy()
        return f"{update.new} runs"

    def back(self) -> str:
        """By hand: to the release before; who calls has stopped the service. Raises `ReleaseError` where there is
        none."""
        if (update := journal.read(self._places)) is not None:
            return self._return(update)
        new, old = pointed(self._places.current), pointed(self._places.previous)
        if not old or old == new or not self._places.of(old).is_dir():
            raise ReleaseError("there is no release before this one")
        return self._return(
            Update(Phase.RETURNING, old, new, tries=1, moved=state.layout_differs(self._places, self._release))
        )

    def _return(self, update: Update) -> str:
        """To the old release, with a state that it can read. May be cut and begun again."""
        if update.phase is not Phase.RETURNING:
            # Cut while the state was moved, nobody knows how far that had come: the copy is put back, if there is one.
            moved = update.moved or update.phase is Phase.MOVING
            update = replace(update, phase=Phase.RETURNING, moved=moved)
        journal.write(self._places, update, self._disk)
        if update.moved:
            state.put_back(self._places, self._release, self._disk, self._programs, update)
        self._disk.point(self._places.current, update.old)
        self._disk.drop(self._places.journal)
        return f"returned from {update.new} to {update.old}"

    def _tidy(self) -> None:
        """Releases that are neither the current nor the previous one are cleared away."""
        kept = {pointed(self._places.current), pointed(self._places.previous)}
        for folder in sorted(self._places.home.iterdir()):
            if folder.name.startswith("."):
                self._disk.clear(folder)
            elif folder.is_dir() and not folder.is_symlink() and folder.name not in kept:
                discard(self._places, folder.name, self._disk)
