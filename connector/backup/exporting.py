"""Everything that a node is, in forms that any program can read: JSON lines, PEM, JWK, TOML, signed notes.

What lives here: writing them, and the table of what stands where. What does not: reading them again (`importing`), the
copy of the database (`connector.store.copying`). The README of this room describes each form.

Bytes are base64 in JSON, instants microseconds UTC. The same state gives the same files, byte for byte but for the
instant in the manifest.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from certs import did
from certs.keys import GRANT, SEAL
from connector import config as settings
from connector.backup import places
from connector.backup.backup import DATABASE, own_files
from connector.errors import InputError, StoreError
from connector.records import INDEXED
from connector.store import schema
from connector.store.copying import Layout, Rows, copied

FORMAT = "allmende export 1"
MANIFEST = "manifest.json"
KINDS: Mapping[str, type[Struct]] = {schema.table(kind): kind for kind in INDEXED}
"""Record kinds by their table."""


class LogLine(Struct, frozen=True, kw_only=True):
    """A line of `log.jsonl`: the leaf is SHA-256 over a zero byte, salt and body (RFC 9162, 2.1.1)."""

    index: int
    at: int
    salt: bytes
    leaf: bytes
    body: bytes


class AnswerLine(Struct, frozen=True, kw_only=True):
    """A line of `answers.jsonl`: what a message of a peer was answered with."""

    peer: str
    digest: bytes
    status: int
    body: bytes
    at: int


class CounterLine(Struct, frozen=True, kw_only=True):
    """A line of `counters.jsonl`: how many uses have been drawn."""

    key: str
    n: int


class TokenLine(Struct, frozen=True, kw_only=True):
    """A line of `tokens.jsonl`: a message token that was used and has not ended."""

    issuer: str
    jti: str
    expires: int


class Written(Struct, frozen=True, kw_only=True):
    """A file of an export: SHA-256 in hex, and how many lines, where it has lines."""

    sha256: str
    lines: int | None = None


class Manifest(Struct, frozen=True, kw_only=True):
    """`manifest.json`: whose export this is, from when, and every other file."""

    format: str
    did: str
    public_url: str
    program: str
    at: int
    files: dict[str, Written]


class Exported(Struct, frozen=True, kw_only=True):
    """An export that has been written: how many files, and how many records, by kind."""

    did: str
    files: int
    records: dict[str, int]


def export(
    directory: Path, target: Path, *, now: int, environment: Mapping[str, str], credentials: Path | None = None
) -> Exported:
    """Write the node in `directory`, which may run, into the new or empty directory `target`, mode 0700.

    Its keys are in it, unencrypted. Raises `InputError` (as `places.beside`, settings and keys as at a start) and
    `StoreError` (`export.older` where the database is of an older version: start the node once).
    """
    config = settings.load(directory, environment)
    identity = did.of_url(config.public_url)
    files, _ = own_files(config, credentials)
    with places.beside(target) as place:
        try:
            out = _Out(place)
            for one in files:
                out.whole(*_open_form(one.path, one.content))
            for part in copied(str(directory / DATABASE)):
                out.take(part)
            manifest = Manifest(
                format=FORMAT,
                did=identity,
                public_url=config.public_url,
                program=version("allmende"),
                at=now,
                files=out.close(),
            )
            places.write(place, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
            places.settle(place, target)
        except OSError as error:
            raise InputError("restore.write", path=str(target), problem=error.strerror or "") from None
    lines = {Path(name).stem: one.lines for name, one in manifest.files.items() if one.lines}
    return Exported(did=identity, files=len(manifest.files) + 1, records=lines)


def _open_form(path: str, content: bytes) -> tuple[str, bytes]:
    """A file of a node as it is exported: symmetric keys become JWKs (RFC 7518, 6.4), all others stay as they are."""
    if path not in (f"keys/{SEAL}", f"keys/{GRANT}"):
        return path, content
    key = bytes.fromhex(content.decode().strip())
    form = {"kty": "oct", "k": urlsafe_b64encode(key).rstrip(b"=").decode()}
    return path.replace(".key", ".jwk"), msgspec.json.encode(form) + b"\n"


def node_form(path: str, content: bytes) -> tuple[str, bytes]:
    """The other way round. Raises `InputError` `import.key`."""
    if path not in ("keys/seal.jwk", "keys/grant.jwk"):
        return path, content
    try:
        form = msgspec.json.decode(content, type=dict[str, str])
        key = b64decode(form["k"] + "=" * (-len(form["k"]) % 4), altchars=b"-_", validate=True)
    except (msgspec.DecodeError, KeyError, ValueError):
        raise InputError("import.file", path=path) from None
    return path.replace(".jwk", ".key"), key.hex().encode() + b"\n"


class _Out:
    """The files of an export, written side by side."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._open: dict[str, tuple[BinaryIO, Any, int]] = {}
        self._files: dict[str, Written] = {}

    def whole(self, path: str, content: bytes) -> None:
        """A file at once."""
        places.write(self._place, path, content)
        self._files[path] = Written(sha256=hashlib.sha256(content).hexdigest())

    def take(self, part: Layout | Rows) -> None:
        """A part of the database, as lines."""
        if isinstance(part, Layout):
            if part.version != schema.VERSION:
                raise StoreError("export.older", found=str(part.version), known=str(schema.VERSION))
            return
        if part.table == "own_head":
            self.whole("head.txt", part.rows[0][5].encode())
            return
        for name, line in _lines(part):
            self._write(name, msgspec.json.encode(line) + b"\n")

    def close(self) -> dict[str, Written]:
        """Finish; every file with its hash, in the order of their names."""
        for name, (file, digest, lines) in self._open.items():
            file.close()
            self._files[name] = Written(sha256=digest.hexdigest(), lines=lines)
        return dict(sorted(self._files.items()))

    def _write(self, name: str, line: bytes) -> None:
        if name not in self._open:
            places.write(self._place, name, b"")
            self._open[name] = ((self._place / name).open("ab"), hashlib.sha256(), 0)
        file, digest, lines = self._open[name]
        file.write(line)
        digest.update(line)
        self._open[name] = (file, digest, lines + 1)


def _lines(part: Rows) -> Iterator[tuple[str, Struct]]:
    """The lines that rows become, with the file that they belong to. What can be computed again is left out."""
    match part.table:
        case "audit":
            for index, at, salt, leaf, body in part.rows:
                yield "log.jsonl", LogLine(index=index, at=at, salt=salt, leaf=leaf, body=body)
        case "answer":
            for _, peer, digest, status, body, at in part.rows:
                yield "answers.jsonl", AnswerLine(peer=peer, digest=digest, status=status, body=body, at=at)
        case "counter":
            for key, n in part.rows:
                yield "counters.jsonl", CounterLine(key=key, n=n)
        case "token":
            for issuer, jti, expires in part.rows:
                yield "tokens.jsonl", TokenLine(issuer=issuer, jti=jti, expires=expires)
        case table if table in KINDS:
            decode = schema.shape(KINDS[table]).decode
            for row in part.rows:
                yield f"records/{table}.jsonl", decode(row[-1])
