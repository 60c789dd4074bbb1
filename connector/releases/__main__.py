"""What maintainer scripts and the unit call: `python3 -I releases.pyz PACKAGE ACT`.

`await` returns when no update is under way any more; its exit status says whether the shipped release runs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from connector.releases import journal
from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.programs import SystemPrograms
from connector.releases.release import Places, pointed, shipped
from connector.releases.updating import Updating

USE = "use: releases.pyz [--root DIR] PACKAGE unpack|install|settle|confirm|back|status|await"
AWAITED = 600.0


def main(arguments: list[str]) -> int:
    """One act; its exit status."""
    root = Path("/")
    if arguments[:1] == ["--root"] and len(arguments) > 2:
        root, arguments = Path(arguments[1]).resolve(), arguments[2:]
    if len(arguments) != 2:
        print(USE, file=sys.stderr)
        return 2
    try:
        return _done(Places(root, arguments[0]), arguments[1])
    except (ReleaseError, OSError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1


def _done(places: Places, act: str) -> int:
    if act == "settle" and not places.journal.exists():
        return 0  # before every start: nothing is read or written where nothing is under way
    release = shipped(places)
    updating = Updating(places, release, Disk(), SystemPrograms(places, release))
    acts = {
        "unpack": updating.unpack,
        "install": updating.install,
        "settle": updating.settle,
        "confirm": updating.confirm,
        "back": updating.back,
    }
    if act in acts:
        if said := acts[act]():
            print(f"{places.package}: {said}")
        return 0
    if act == "status":
        update = journal.read(places)
        print(journal.said(update) if update else f"{pointed(places.current) or 'nothing'} is in place")
        return 0
    if act == "await":
        return _awaited(places, release.id)
    print(USE, file=sys.stderr)
    return 2


def _awaited(places: Places, wanted: str) -> int:
    end = time.monotonic() + AWAITED
    while journal.read(places) is not None and time.monotonic() < end:
        time.sleep(0.5)
    running = pointed(places.current)
    if running == wanted and journal.read(places) is None:
        return 0
    print(f"{places.package}: {wanted} did not start; {running} is in place", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
