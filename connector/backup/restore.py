"""A node again from its backup: the same participant, in an empty place, or nothing at all.

What lives here: unpacking, proving and marking it as restored. What does not: the file's form (`archive`, `contents`),
that it appears whole or not at all (`places`), what a restored node does when it starts
(`connector.services.proof.continuity`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from certs import did, keys
from certs.keys import KeyFileError, NodeKeys
from connector import config as settings
from connector.backup import archive, contents, places
from connector.backup.backup import DATABASE
from connector.backup.contents import End, File, Item, Manifest
from connector.errors import InputError
from connector.ports import Clock, Fault, no_fault
from connector.services.proof import audit, generations
from connector.store.copying import Builder, Layout, Rows
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
    with places.beside(directory) as place:
        try:
            with source.open("rb") as file:
                manifest = _unpack(file, passphrase, place, fault)
        except OSError as error:
            where = "backup.read" if error.filename == str(source) else "restore.write"
            raise InputError(where, path=str(source), problem=error.strerror or "") from None
        done = asyncio.run(_marked(place, manifest.did, manifest.at, clock))
        fault("restore.built")
        try:
            places.settle(place, directory)
        except OSError as error:
            raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None
    return done


def declare(directory: Path, *, clock: Clock, environment: Mapping[str, str]) -> Restored:
    """Say that the database which lies in `directory` is an older one, put there by hand. No node may run on it.

    Raises `InputError` as settings do, `StoreError` (`store.locked` where a node runs).
    """
    identity = did.of_url(settings.load(directory, environment).public_url)
    return asyncio.run(_marked(directory, identity, clock.now(), clock))


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
                places.write(place, path, content)
            case Layout() | Rows():
                rows += len(item.rows) if isinstance(item, Rows) else 0
                builder.take(item)
                fault("restore.copying")
            case End(rows=counted):
                if counted != rows:
                    raise InputError("backup.contents", what=f"{rows} rows instead of {counted}")
            case Manifest():
                raise InputError("backup.contents", what="two beginnings")


async def _marked(place: Path, identity: str, backup: int, clock: Clock) -> Restored:
    """Look through what was unpacked, and begin a new generation of its log."""
    own, number = _keys(place), 0

    def sign(size: int, root: bytes, at: int) -> str:
        return generations.signer(identity, own.head_public, own.sign_head, number)(size, root, at)

    store = SqliteStore.open(place / DATABASE, clock=clock, sign_head=sign, threaded=False)
    try:
        whole = await audit.looked_through(store, identity, own.heads())
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
