"""A node from an export, in an empty place: the same records, the same agreements, the same log under the same root.

What lives here: reading the forms of an export and proving them before anything is kept. What does not: writing them
(`exporting`, where the forms are). Nothing is taken on trust: every file has the hash that the manifest says, every
leaf of the log is the hash of its bytes, the root is the signed one, every agreement has its hash.

An export is no backup: who imports says that the other node is gone for good, and that nothing has happened there
since. Where something has, the peers' heads tell, as after any roll-back.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from certs import checkpoint, keys, tree
from certs.checkpoint import CheckpointError
from certs.keys import KeyFileError
from connector.backup import places
from connector.backup.backup import DATABASE
from connector.backup.exporting import (
    FORMAT,
    KINDS,
    MANIFEST,
    AnswerLine,
    CounterLine,
    LogLine,
    Manifest,
    TokenLine,
    node_form,
)
from connector.errors import InputError, MessageError
from connector.protocol import codec
from connector.records import Agreement
from connector.store import schema
from connector.store.copying import BATCH, Builder, Layout, Rows
from connector.store.log import STRIDE

S = TypeVar("S", bound=Struct)


class Imported(Struct, frozen=True, kw_only=True):
    """A node that has been imported: entries and root of its log (hex), and how many agreements were checked."""

    did: str
    entries: int
    root: str
    agreements: int


def import_(source: Path, directory: Path) -> Imported:
    """Make the node of the export `source` in the new or empty `directory`. It is not started.

    Raises `InputError`: `import.manifest`, `import.file` (a file is missing or has another hash, with its `path`),
    `import.line` (with `path` and `line`), `import.log`, `import.agreement`; and as `places.beside`; `StoreError`.
    """
    manifest = _manifest(source)
    with places.beside(directory) as place:
        try:
            for name in manifest.files:
                if not name.endswith(".jsonl") and name != "head.txt":
                    places.write(place, *node_form(name, (source / name).read_bytes()))
            done = _database(source, manifest, place)
            places.settle(place, directory)
        except OSError as error:
            raise InputError("restore.write", path=str(directory), problem=error.strerror or "") from None
    return done


def _manifest(source: Path) -> Manifest:
    """The manifest, and every file it names as it says. Raises `InputError`."""
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise InputError("import.manifest", path=str(source / MANIFEST)) from None
    if manifest.format != FORMAT:
        raise InputError("import.manifest", path=str(source / MANIFEST))
    for name, one in manifest.files.items():
        if _digest(source, name) != one.sha256:
            raise InputError("import.file", path=name)
    return manifest


def _digest(source: Path, name: str) -> str:
    """SHA-256 of a file of the export, in hex; "" for what is none, or lies elsewhere. No pipe or device is read."""
    path = source / name
    if ".." in Path(name).parts or Path(name).is_absolute():
        return ""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # ValueError is for a name that no file can have
        return ""


def _database(source: Path, manifest: Manifest, place: Path) -> Imported:
    tables = [one for one in schema.layout() if one.startswith("CREATE TABLE")]
    indexes = [one for one in schema.layout() if not one.startswith("CREATE TABLE")]
    builder = Builder(str(place / DATABASE))
    try:
        builder.take(Layout(schema.VERSION, tuple(tables), tuple(indexes)))
        agreements = 0
        for table, kind in KINDS.items():
            form = schema.shape(kind)
            pack = msgspec.msgpack.encode
            rows: list[tuple[Any, ...]] = []
            for record in _lines(source, manifest, f"records/{table}.jsonl", kind):
                agreements += _checked(record)
                rows.append((*form.values(record), pack(record)))
                rows = _flushed(builder, table, rows)
            _flushed(builder, table, rows, least=1)
        _plain(source, manifest, builder)
        edge = _log(source, manifest, builder)
        _head(source, manifest, place, builder, edge)
        builder.finish()
    finally:
        builder.close()
    return Imported(did=manifest.did, entries=edge.size, root=edge.root().hex(), agreements=agreements)


def _plain(source: Path, manifest: Manifest, builder: Builder) -> None:
    """Tokens, counters, answers: what has no record of its own."""
    tokens = [(one.issuer, one.jti, one.expires) for one in _lines(source, manifest, "tokens.jsonl", TokenLine)]
    _flushed(builder, "token", tokens, least=1)
    counters = [(one.key, one.n) for one in _lines(source, manifest, "counters.jsonl", CounterLine)]
    _flushed(builder, "counter", counters, least=1)
    rows: list[tuple[Any, ...]] = []
    for n, one in enumerate(_lines(source, manifest, "answers.jsonl", AnswerLine), 1):
        rows.append((n, one.peer, one.digest, one.status, one.body, one.at))
        rows = _flushed(builder, "answer", rows)
    _flushed(builder, "answer", rows, least=1)


def _log(source: Path, manifest: Manifest, builder: Builder) -> tree.CompactRange:
    """The log, leaf by leaf. Raises `InputError` `import.log` where an entry is not what its leaf says."""
    edge = tree.CompactRange()
    leaves: list[tuple[Any, ...]] = []
    nodes: list[tuple[Any, ...]] = []
    for one in _lines(source, manifest, "log.jsonl", LogLine):
        if one.index != edge.size or tree.leaf_hash(one.salt + one.body) != one.leaf:
            raise InputError("import.log", index=str(edge.size))
        nodes += [made for made in edge.append(one.leaf) if made[0] % STRIDE == 0]
        leaves.append((one.index, one.at, one.salt, one.leaf, one.body))
        leaves = _flushed(builder, "audit", leaves)
        nodes = _flushed(builder, "node", nodes)
    _flushed(builder, "audit", leaves, least=1)
    _flushed(builder, "node", nodes, least=1)
    return edge


def _head(source: Path, manifest: Manifest, place: Path, builder: Builder, edge: tree.CompactRange) -> None:
    """The signed head, by this node's own key and over this log. Raises `InputError` `import.log`."""
    if "head.txt" not in manifest.files:
        if edge.size:
            raise InputError("import.log", index=str(edge.size))
        return
    note = (source / "head.txt").read_text("utf-8")
    try:
        publics = keys.load(place / "keys").heads()
        head, _ = checkpoint.opened_any(note, manifest.did, publics, checkpoint.ed25519)
    except KeyFileError as error:
        raise InputError(error.code, **error.params) from None
    except CheckpointError:
        raise InputError("import.log", index=str(edge.size)) from None
    if (head.size, head.root) != (edge.size, edge.root()):
        raise InputError("import.log", index=str(edge.size))
    builder.take(Rows("own_head", ((1, head.origin, head.size, head.root, manifest.at, note),)))


def _checked(record: Struct) -> int:
    """1 for an agreement whose hash is that of its bytes. Raises `InputError` `import.agreement`."""
    if not isinstance(record, Agreement):
        return 0
    try:
        found = codec.digest(codec.agreement_of(record.message))
    except MessageError:
        found = ""
    if found != record.hash:
        raise InputError("import.agreement", id=record.id)
    return 1


def _lines(source: Path, manifest: Manifest, name: str, kind: type[S]) -> Iterator[S]:
    """The lines of a file; none where there is no such file. Raises `InputError` `import.line`."""
    if name not in manifest.files:
        return
    decode = msgspec.json.Decoder(kind).decode
    with (source / name).open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise InputError("import.line", path=name, line=str(number)) from None


def _flushed(builder: Builder, table: str, rows: list[tuple[Any, ...]], *, least: int = BATCH) -> list[tuple[Any, ...]]:
    """Write the rows where there are enough of them; those that are left."""
    if len(rows) < least:
        return rows
    builder.take(Rows(table, tuple(rows)))
    return []
