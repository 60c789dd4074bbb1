"""A machine with an old release, a package with a new one, and a disk whose power fails.

What lives here: making both in a folder, the disk, programs that are played. What does not: what must hold.
"""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.payload import PAYLOAD
from connector.releases.release import Places, Release, shipped
from connector.releases.updating import Updating

OLD, NEW, THIRD = "0.1.0-000000000001", "0.2.0-000000000002", "0.3.0-000000000003"
STATE = "/var/lib/city/state.db"


class PowerCutError(Exception):
    """The power is gone."""


def database(layout: int, content: bytes) -> bytes:
    """As much of a database as an update reads: the number of its layout stands at byte 60."""
    return b"SQLite format 3\0" + bytes(44) + layout.to_bytes(4, "big") + bytes(36) + content


def pack(places: Places, release: str, *, files: int = 12) -> None:
    """The package of a release, as the package manager leaves it."""
    places.shipped.mkdir(parents=True, exist_ok=True)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:xz") as archive:
        for number in range(files):
            one = tarfile.TarInfo(f"lib/{number % 3}/part{number}")
            content = f"{release} {number}".encode() * 20
            one.size, one.mode = len(content), 0o755 if number == 0 else 0o644
            archive.addfile(one, io.BytesIO(content))
        link = tarfile.TarInfo("bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, "/usr/bin/python3.11"
        archive.addfile(link)
    (places.shipped / PAYLOAD).write_bytes(made.getvalue())
    digest = hashlib.sha256(made.getvalue()).hexdigest()
    (places.shipped / "RELEASE").write_text(
        f"Package: {places.package}\nVersion: {release.split('-')[0]}\nArchitecture: all\nRelease: {release}\n"
        f"Payload-SHA256: {digest}\nModule: city\nState: {STATE}\nMigrate: city.moving\nUser: city\n"
    )


def is_whole(places: Places, release: str, files: int = 12) -> bool:
    """Is every file of a release there?"""
    folder = places.of(release)
    found = [folder / f"lib/{number % 3}/part{number}" for number in range(files)]
    return (
        all(
            path.is_file() and path.read_bytes() == f"{release} {number}".encode() * 20
            for number, path in enumerate(found)
        )
        and (folder / "bin/python").is_symlink()
    )


@dataclass
class Played:
    """Programs that are played. Old ones read layout 1, new ones 2 and above, which `migrate` makes."""

    places: Places
    moves: bool = True
    broken: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what.split(" ")[0] in self.broken:
            raise ReleaseError(what)

    def check(self, release: str) -> None:
        self._do(f"check {release}")

    def migrate(self, release: str) -> None:
        path = self.places.below(STATE)
        if self.moves:
            path.write_bytes(database(2, path.read_bytes()[100:]))
        self._do(f"migrate {release}")

    def declare(self, release: str) -> None:
        self._do(f"declare {release}")

    def ready(self) -> None:
        self._do("ready")


class PowerDisk(Disk):
    """Fails after `calls` calls; what was not synced by then may be there, torn, or not: by chance.

    Names that were made, changed or taken away in a folder since its last sync are taken back in reverse order, as many
    as chance says; the content of a file that was not synced is cut short.
    """

    def __init__(self, calls: int, chance: random.Random) -> None:
        self._left, self._chance = calls, chance
        self._names: list[tuple[Path, Callable[[], None]]] = []
        self._contents: set[Path] = set()

    def _call(self) -> None:
        if self._left <= 0:
            self._fail()
        self._left -= 1

    def _fail(self) -> None:
        for path in sorted(self._contents):
            if path.is_file() and self._chance.random() < 0.5:
                data = path.read_bytes()
                path.write_bytes(data[: self._chance.randrange(len(data) + 1)])
        for _, undo in reversed(self._names[self._chance.randrange(len(self._names) + 1) :]):
            undo()
        raise PowerCutError

    def _named(self, path: Path, undo: Callable[[], None]) -> None:
        self._names.append((path.parent, undo))

    def write(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        self._call()
        super().write(path, data, mode)
        self._contents.add(path)
        self._named(path, lambda: path.unlink(missing_ok=True))

    def copy(self, source: Path, target: Path) -> None:
        self._call()
        super().copy(source, target)
        self._contents.add(target)
        self._named(target, lambda: target.unlink(missing_ok=True))

    def link(self, path: Path, target: str) -> None:
        self._call()
        super().link(path, target)
        self._named(path, lambda: path.unlink(missing_ok=True))

    def folder(self, path: Path, mode: int = 0o755) -> None:
        self._call()
        there = path.exists()
        super().folder(path, mode)
        if not there:
            self._named(path, lambda: shutil.rmtree(path, ignore_errors=True))

    def rename(self, old: Path, new: Path) -> None:
        self._call()
        before = _held(new)
        super().rename(old, new)
        self._contents = {new if path == old else path for path in self._contents}

        def undo() -> None:
            new.rename(old)
            before()

        self._named(new, undo)

    def unlink(self, path: Path) -> None:
        self._call()
        before = _held(path)
        super().unlink(path)
        self._named(path, before)

    def clear(self, path: Path) -> None:
        self._call()
        if path.is_dir() and self._left <= 0 and self._chance.random() < 0.5:
            for one in list(path.rglob("*"))[::2]:  # cut half way
                if one.is_file():
                    one.unlink()
        super().clear(path)

    def sync(self, path: Path) -> None:
        self._call()
        super().sync(path)
        if path.is_dir():
            self._names = [(parent, undo) for parent, undo in self._names if parent != path]
        else:
            self._contents.discard(path)

    def sync_all(self) -> None:
        self._call()
        self._names.clear()
        self._contents.clear()


def _held(path: Path) -> Callable[[], None]:
    """What puts a name back as it is now."""
    if path.is_symlink():
        target = str(path.readlink())
        return lambda: (path.unlink(missing_ok=True), path.symlink_to(target))[1]
    if path.is_file():
        data = path.read_bytes()
        return lambda: (None, path.write_bytes(data))[0]
    return lambda: None


class Machine:
    """A system below `root` on which OLD runs with a state of layout 1, and NEW lies in its package."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root, "city")
        pack(self.places, OLD)
        self.programs = Played(self.places)
        self.by(Disk()).install()
        self.state.parent.mkdir(parents=True)
        self.state.write_bytes(database(1, b"contracts"))
        pack(self.places, NEW)

    @property
    def state(self) -> Path:
        return self.places.below(STATE)

    @property
    def release(self) -> Release:
        return shipped(self.places)

    def by(self, disk: Disk) -> Updating:
        return Updating(self.places, self.release, disk, self.programs)

    def current(self) -> str:
        return str(self.places.current.readlink())

    def fits(self) -> bool:
        """Can the release that is in place read the state?"""
        layout = int.from_bytes(self.state.read_bytes()[60:64], "big")
        return layout == (1 if self.current() == OLD else 2)
