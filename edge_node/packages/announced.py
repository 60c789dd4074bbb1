"""A package for this machine, announced and signed: what is believed before anything of it is installed.

What lives here: reading the announcement (`PACKAGE.deb.release`, made by `scripts/package --sign`) and the package that
it names. What does not: installing (`installing`). The announcement is lines of `Name: value`; the last is an
Ed25519 signature (RFC 8032) over all lines before it. Who may sign stands on the machine, as PEM files of public keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Struct

from connector.releases import paragraph
from connector.releases.errors import ReleaseError
from edge_node.errors import PackageError

KEYS: Final = Path("/etc/allmende-edge/update-keys")
PACKAGES: Final = ("allmende", "allmende-edge")
_FIELDS: Final = ("Package", "Version", "Architecture", "File", "Size", "SHA256")
_VERSION: Final = re.compile(r"[0-9][A-Za-z0-9.+~]{0,60}", re.ASCII)
_PIECE: Final = 1 << 20


class Announced(Struct, frozen=True):
    """What was signed."""

    package: str
    version: str
    architecture: str
    file: str
    size: int
    sha256: str


def read(path: Path, keys: Path = KEYS) -> Announced:
    """An announcement that one of the keys has signed.

    Raises `PackageError`: `update.keys` (no key on this machine), `update.missing`, `update.signature` (also where it
    cannot be read: what is not signed is not looked at further), `update.unknown` (signed, and not understood).
    """
    trusted = _trusted(keys)
    try:
        with path.open("rb") as file:
            data = file.read(paragraph.LONGEST)
    except OSError:
        raise PackageError("update.missing", path=str(path)) from None
    said, mark, signature = data.rpartition(b"Signature: ")
    if not mark or not any(_has_signed(key, said, signature) for key in trusted):
        raise PackageError("update.signature", path=path.name)
    try:
        told = paragraph.parse(said, path.name)
        return _understood(told)
    except (ReleaseError, KeyError, ValueError):
        raise PackageError("update.unknown", path=path.name) from None


def copy(announced: Announced, source: Path, target: BinaryIO) -> None:
    """The bytes that were announced, and no others: they are judged on the way, because the medium that they come from
    may be changed later. Raises `PackageError` `update.missing`, `update.content`."""
    found, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                if size > announced.size:
                    break
                found.update(piece)
                target.write(piece)
    except OSError:
        raise PackageError("update.missing", path=str(source)) from None
    if size != announced.size or found.hexdigest() != announced.sha256:
        raise PackageError("update.content", path=source.name)
    target.flush()


def _trusted(folder: Path) -> list[Ed25519PublicKey]:
    found = []
    for path in sorted(folder.glob("*.pem")):
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PublicKey):
            found.append(key)
    if not found:
        raise PackageError("update.keys", path=str(folder))
    return found


def _has_signed(key: Ed25519PublicKey, said: bytes, signature: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), said)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _understood(told: dict[str, str]) -> Announced:
    """Raises `KeyError` and `ValueError`."""
    package, version, architecture, file, size, digest = (told[name] for name in _FIELDS)
    fits = package in PACKAGES and _VERSION.fullmatch(version) and file == Path(file).name and file.endswith(".deb")
    if len(told) != len(_FIELDS) or not fits:
        raise ValueError
    return Announced(package, version, architecture, file, int(size), digest)
