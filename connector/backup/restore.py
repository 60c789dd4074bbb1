"""A node again from its backup: the same participant, in an empty place, or nothing at all.

What lives here: building the directory beside its place, proving it, marking it as restored, one rename at the end.
What does not: the file's form (`archive`, `contents`), what a restored node does when it starts
(`connector.services.continuity`).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from msgspec import Struct

from certs import did, keys
from certs.keys import KeyFileError, NodeKeys
from connector import config as settings
from connector.backup import archive, contents
from connector.backup.backup import DATABASE, sync_folder
from connector.backup.contents import End, File, Item, Manifest
from connector.errors import InputError, StoreError
from connector.ports import Clock, Fault, no_fault
from connector.services import audit, generations
from connector.store.copying import Builder, Layout, Rows
from connector.store.lock import DirectoryLock
from connector.store.sqlite import SqliteStore
from policies.model import Reason


class Restored(Struct, frozen=True, kw_only=True):
    """A node that has been restored: who it is, when the backup was made (microseconds UTC), how many entries its log
    has, under which generation it goes on, how many contracts are held, and what is wrong with the log, if anything."""

    did: str
    backup: int
    entries: int
    generation: int
    held: int
    findings: tuple[Reason, ...] = ()


def restore(source: Path, directory: Path, passphrase: bytes, *, clock: Clock, fault: Fault = no_fault) -> Restored:
    """Make the node of the backup `source` in `directory`, which is not there or empty. It is not started.

    Raises `InputError`: `restore.occupied`, `restore.write`, `restore.busy`, `backup.read`, and as `archive.opened`
    and `contents.read`; `StoreError`. Whatever fails, and also where the process is killed, `directory` is as before.
    """
    with _beside(directory) as place:
        try:
            with source.open("rb") as file:
                manifest = _unpack(file, passphrase, place, fault)
        except OSError as error:
            where = "backup.read" if error.filename == str(source) else "restore.write"
            raise InputError(where, path=str(source), problem=error.strerror or "") from None
        done = asyncio.run(_marked(place, manifest.did, manifest.at, clock))
        fault("restore.built")
        try:
            _settle(place, directory)
        except OSError as error:
            raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None
    return done


def declare(directory: Path, *, clock: Clock, environment: Mapping[str, str]) -> Restored:
    """Say that the database which lies in `directory` is an older one, put there by hand. No node may run on it.

    Raises `InputError` as settings do, `StoreError` (`store.locked` where a node runs).
    """
    identity = did.of_url(settings.load(directory, environment).public_url)
    return asyncio.run(_marked(directory, identity, clock.now(), clock))


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    """An empty directory on the same disk as the one that is wanted; what a killed restore left is cleared first.

    INVARIANT: only who holds the lock of the directory around it builds in it.
    """
    if _occupied(directory):
        raise InputError("restore.occupied", path=str(directory))
    around = directory.absolute().with_name(f".{directory.name}.restoring")
    try:
        around.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = DirectoryLock(str(around))
        shutil.rmtree(around / "node", ignore_errors=True)
        (around / "node").mkdir(mode=0o700)
    except OSError as error:
        raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None
    except StoreError:
        raise InputError("restore.busy", path=str(directory)) from None
    try:
        yield around / "node"
    finally:
        shutil.rmtree(around, ignore_errors=True)
        lock.release()


def _occupied(directory: Path) -> bool:
    try:
        return any(directory.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None


def _unpack(source: BinaryIO, passphrase: bytes, place: Path, fault: Fault) -> Manifest:
    """Files and database of a backup into `place`. Raises `InputError`, `StoreError`, `OSError`."""
    items = contents.read(archive.opened(source, passphrase))
    manifest = next(items)
    if not isinstance(manifest, Manifest) or manifest.format != contents.FORMAT:
        raise InputError("backup.contents", what="an unknown beginning")
    builder = Builder(str(place / DATABASE))
    try:
        _take(items, builder, place, fault)
        builder.finish()
    finally:
        builder.close()
    return manifest


def _take(items: Iterator[Item], builder: Builder, place: Path, fault: Fault) -> None:
    rows = 0
    for item in items:
        match item:
            case File(path=path, content=content):
                _write(place, path, content)
            case Layout() | Rows():
                rows += len(item.rows) if isinstance(item, Rows) else 0
                builder.take(item)
                fault("restore.copying")
            case End(rows=counted):
                if counted != rows:
                    raise InputError("backup.contents", what=f"{rows} rows instead of {counted}")
            case Manifest():
                raise InputError("backup.contents", what="two beginnings")


def _write(place: Path, name: str, content: bytes) -> None:
    """A file below `place` that only its owner may read, on disk when this returns."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
        raise InputError("backup.contents", what="a file that leads outside")
    path = place.joinpath(*parts)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


async def _marked(place: Path, identity: str, backup: int, clock: Clock) -> Restored:
    """Look through what was unpacked, and begin a new generation of its log."""
    own, number = _keys(place), 0

    def sign(size: int, root: bytes, at: int) -> str:
        return generations.signer(identity, own.head_public, own.sign_head, number)(size, root, at)

    store = SqliteStore.open(place / DATABASE, clock=clock, sign_head=sign, threaded=False)
    try:
        whole = await audit.looked_through(store, identity, own.head_public)
        number = generations.following(await store.read(generations.generations), clock.now())
        held = await store.write(lambda tx: generations.begin(tx, number, backup, clock.now()))
    finally:
        await store.close()
    return Restored(
        did=identity,
        backup=backup,
        entries=whole.edge.size,
        generation=number,
        held=held,
        findings=tuple(whole.findings),
    )


def _keys(place: Path) -> NodeKeys:
    """The keys of a node's directory. Raises `InputError`."""
    try:
        return keys.load(place / "keys")
    except KeyFileError as error:
        raise InputError(error.code, **error.params) from None


def _settle(place: Path, directory: Path) -> None:
    """INVARIANT: under its name the directory is there whole, and on disk, or not at all."""
    for folder, _, names in os.walk(place):
        for name in names:
            descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(folder))
    place.rename(directory)
    sync_folder(directory.absolute().parent)
