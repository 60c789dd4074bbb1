"""Making a backup: one encrypted file that holds everything a node is, while the node runs.

What lives here: what belongs to a node, and that the file appears under its name only when it is whole and on disk.
What does not: the file's form (`archive`, `contents`), the copy of the database (`connector.store.copying`).
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Container, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from certs import did, keys
from certs.keys import KeyFileError
from connector import config as settings
from connector.backup import archive, contents
from connector.backup.contents import End, File, Item, Manifest
from connector.backup.places import sync_folder
from connector.config import Config
from connector.errors import InputError
from connector.ports import Fault, no_fault
from connector.store.copying import Rows, copied

DATABASE = "state.db"
SETTINGS = "allmende.toml"
FEWEST = 12
"""Bytes of the shortest passphrase that a new backup is made with."""


class BackedUp(Struct, frozen=True, kw_only=True):
    """A backup that has been made: its bytes, the rows of the database in it, and the files that the settings name
    but that lie outside the node's directory and are not in it."""

    did: str
    bytes: int
    rows: int
    outside: tuple[str, ...] = ()


def back_up(
    directory: Path,
    target: Path,
    passphrase: bytes,
    *,
    now: int,
    environment: Mapping[str, str],
    credentials: Path | None = None,
    fault: Fault = no_fault,
) -> BackedUp:
    """Write a backup of the node in `directory` to the new file `target`. The node may run; it is not held up.

    `credentials` is where keys are looked for first. Raises `InputError` (`backup.exists`, `backup.short`,
    `backup.write`, `backup.busy`, `backup.moved` where keys or settings changed meanwhile; settings and keys as at a
    start) and `StoreError`. Whatever fails, nothing stays under the file's name.
    """
    if target.exists():
        raise InputError("backup.exists", path=str(target))
    if len(passphrase) < FEWEST:
        raise InputError("backup.short", fewest=str(FEWEST))
    config = settings.load(directory, environment)
    files, outside = own_files(config, credentials)
    identity = did.of_url(config.public_url)
    manifest = Manifest(did=identity, public_url=config.public_url, at=now, program=version("allmende"))
    items = _Items(manifest, files, directory / DATABASE, fault)
    with _Draft(target) as draft:
        size = archive.seal(draft.file, passphrase, contents.written(items))
        # INVARIANT: keys and database belong together; a key that was renewed meanwhile may be missing in either.
        if own_files(config, credentials)[0] != files:
            raise InputError("backup.moved")
        fault("backup.written")
        draft.keep()
    return BackedUp(did=identity, bytes=size, rows=items.rows, outside=tuple(outside))


class _Items:
    """The items of a backup in their order. `rows` is how many of the database have gone by."""

    def __init__(self, manifest: Manifest, files: list[File], database: Path, fault: Fault) -> None:
        self._manifest, self._files, self._database, self._fault = manifest, files, database, fault
        self.rows = 0

    def __iter__(self) -> Iterator[Item]:
        yield self._manifest
        yield from self._files
        for part in copied(str(self._database)):
            self.rows += len(part.rows) if isinstance(part, Rows) else 0
            self._fault("backup.copying")
            yield part
        yield End(rows=self.rows)


def own_files(config: Config, credentials: Path | None) -> tuple[list[File], list[str]]:
    """Settings, keys, operator credential, and what the settings name inside the directory; then what they name
    outside. Raises `InputError`."""
    try:
        found = keys.load(config.directory / "keys", credentials).files()
    except KeyFileError as error:
        raise InputError(error.code, **error.params) from None
    files = [File(path=f"keys/{name}", content=content) for name, content in found.items()]
    files += _beside(config.directory / "keys", found)
    if not (config.directory / DATABASE).exists():
        raise InputError("backup.read", path=str(config.directory / DATABASE), problem="missing")
    names, outside = [SETTINGS, "token"], []
    for named in filter(None, (config.public.tls_certificate, config.public.tls_key, config.network.extra_ca)):
        place = Path(named).resolve()
        if place.is_relative_to(config.directory.resolve()):
            names.append(str(place.relative_to(config.directory.resolve())))
        else:
            outside.append(named)
    for name in names:
        path = config.directory / name
        try:
            files.append(File(path=name, content=path.read_bytes()))
        except FileNotFoundError:
            if name != "token":  # an operator may have put it away
                raise InputError("backup.read", path=str(path), problem="missing") from None
        except OSError as error:
            raise InputError("backup.read", path=str(path), problem=error.strerror or "") from None
    return files, outside


def _beside(folder: Path, known: Container[str]) -> list[File]:
    """What lies beside the node's own keys: certificates with their keys, a region's authorities. Raises `InputError`.

    What is hidden, or waits to take a key's place, is half of something that is made again.
    """
    found: list[File] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        passing = any(part.startswith(".") for part in name.parts) or path.suffix == ".next"
        if passing or str(name) in known or not path.is_file() or path.is_symlink():
            continue
        try:
            found.append(File(path=f"keys/{name}", content=path.read_bytes()))
        except OSError as error:
            raise InputError("backup.read", path=str(path), problem=error.strerror or "") from None
    return found


class _Draft:
    """A new file beside `target` that takes its name in `keep`, and is gone again without it.

    Its own name is always the same, so that what a killed backup left is written over; who writes it holds its lock.
    """

    def __init__(self, target: Path) -> None:
        self._target, self._path = target, target.with_name(f".{target.name}.partial")
        self._kept = False

    def __enter__(self) -> _Draft:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._failure(error) from None
        self.file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._still_there(descriptor)
            os.fchmod(descriptor, 0o600)
            self.file.truncate(0)
        except OSError as error:
            self.file.close()
            raise InputError("backup.busy", path=str(self._target), problem=error.strerror or "") from None
        return self

    def _still_there(self, descriptor: int) -> None:
        """Raises `OSError` where another backup, between our opening and our lock, has given the draft its name."""
        if not os.path.samestat(os.fstat(descriptor), self._path.stat()):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def keep(self) -> None:
        """Put it under its name, on disk when this returns. Raises `InputError` `backup.exists`, for what came
        meanwhile."""
        self.file.flush()
        os.fsync(self.file.fileno())
        if self._target.exists():
            raise InputError("backup.exists", path=str(self._target))
        self._path.rename(self._target)
        self._kept = True
        sync_folder(self._target.parent)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if not self._kept:
                self._path.unlink(missing_ok=True)
            self.file.close()
        except OSError as late:  # what is buffered has no room either
            error = error or late
        if isinstance(error, OSError):
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> InputError:
        return InputError("backup.write", path=str(self._target), problem=error.strerror or "")
