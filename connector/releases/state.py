"""The state of a node through an update: copied before it is changed, put back where the new release fails.

What lives here: the copy of the database beside itself, and bringing it up to date with the new release's own
program. A program without such a database (a device) has nothing to do here: all functions are no-ops then.

Nothing is thrown away on the way back: what the new release has written is kept beside, and an old state that goes on
although the new one was already at work says so to its peers (`allmende restore --here`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.journal import Update
from connector.releases.programs import Programs
from connector.releases.release import Places, Release

_LAYOUT = slice(60, 64)
"""Where the layout's number (`PRAGMA user_version`) stands in an SQLite database (file format, 1.3)."""
_PARTS = ("", "-wal")


def move(places: Places, release: Release, disk: Disk, programs: Programs, update: Update) -> bool:
    """Copy the state, then bring it up to date with the new release. Was its layout changed? Raises `ReleaseError`:
    no room, the new release cannot read it."""
    database = _database(places, release)
    if database is None:
        return False
    _copy(database, disk)
    before = _layout(database)
    programs.migrate(update.new)
    # A database that was closed well has nothing beside it; with something there, its first page may not tell.
    beside = database.with_name(f"{database.name}-wal")
    return _layout(database) != before or (beside.exists() and beside.stat().st_size > 0)


def forget(places: Places, release: Release, disk: Disk, update: Update) -> None:
    """The copy of the update before this one is not needed any more, nor what an earlier try of it has left."""
    database = _database(places, release)
    if database is None:
        return
    disk.clear(_kept(database))
    for part in _PARTS:
        disk.unlink(_aside(database, update, part))


def put_back(places: Places, release: Release, disk: Disk, programs: Programs, update: Update) -> None:
    """The copy in place of the state; may be cut and begun again. Where the new release has been started, the old one
    is told that its state is an older one."""
    database = _database(places, release)
    kept = None if database is None else _kept(database)
    if database is None or kept is None or not kept.is_dir():
        return  # cut before there was a copy, so before anything was changed
    for part in _PARTS:
        now = database.with_name(database.name + part)
        if update.tries:
            _put_aside(now, _aside(database, update, part), disk)
        _put(now, kept / now.name, disk)
    disk.sync(database.parent)
    if update.tries:
        programs.declare(update.old)


def layout_differs(places: Places, release: Release) -> bool:
    """Is the state of another layout than its copy?"""
    database = _database(places, release)
    if database is None or not _kept(database).is_dir():
        return False
    return _layout(database) != _layout(_kept(database) / database.name)


def _aside(database: Path, update: Update, part: str) -> Path:
    return database.with_name(f"{database.name}.of-{update.new}{part}")


def _put_aside(now: Path, aside: Path, disk: Disk) -> None:
    """What the new release has written, under a name of its own. Done once: begun again, `now` may be the copy."""
    if now.exists() and not aside.exists():
        disk.copy(now, draft := aside.with_name(f".{aside.name}.new"))
        disk.sync(draft)
        disk.rename(draft, aside)
        disk.sync(aside.parent)


def _put(now: Path, copy: Path, disk: Disk) -> None:
    """The copy in the place of a file; no file where there was none."""
    if copy.exists():
        disk.copy(copy, draft := now.with_name(f".{now.name}.new"))
        disk.sync(draft)
        disk.rename(draft, now)
    else:
        disk.unlink(now)


def _database(places: Places, release: Release) -> Path | None:
    """The database; None for a program without, or where there is none yet."""
    if not release.state:
        return None
    path = places.below(release.state)
    return path if path.exists() else None


def _kept(database: Path) -> Path:
    return database.with_name("before-update")


def _copy(database: Path, disk: Disk) -> None:
    """INVARIANT: the folder appears under its name only when the copy is whole and on the medium."""
    parts = [path for part in _PARTS if (path := database.with_name(database.name + part)).exists()]
    needed, free = sum(path.stat().st_size for path in parts), shutil.disk_usage(database.parent).free
    if needed * 2 > free:
        raise ReleaseError(f"{database.parent}: a copy of the state needs {needed} bytes, free are {free}")
    kept = _kept(database)
    draft = kept.with_name(f".{kept.name}.partial")
    disk.clear(draft)
    disk.folder(draft, 0o700)
    owner = database.stat()
    if os.geteuid() == 0:
        os.chown(draft, owner.st_uid, owner.st_gid)
    for path in parts:
        disk.copy(path, draft / path.name)
        disk.sync(draft / path.name)
    disk.sync(draft)
    disk.rename(draft, kept)
    disk.sync(kept.parent)


def _layout(database: Path) -> bytes:
    with database.open("rb") as file:
        return file.read(100)[_LAYOUT]
