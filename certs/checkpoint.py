"""Signed tree heads: a checkpoint in a signed note.

What lives here: the text of a checkpoint and its Ed25519 note signature, read and written strictly. What does not:
private keys (a `Sign` function is an argument, and so is `Verify`), the tree (`certs.tree`).
Source: C2SP tlog-checkpoint (origin, size, root, extension lines) and C2SP signed-note (key id, signature line, type
0x01 Ed25519). Signatures by other keys are skipped, as signed-note demands; ours must be there and verify.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

Sign = Callable[[bytes], bytes]
"""Ed25519: message -> signature of 64 bytes."""

Verify = Callable[[bytes, bytes, bytes], bool]
"""Ed25519: (public key of 32 bytes, signature, message) -> does it verify? Never raises."""

MAX_NOTE = 16_384
"""Longest note that is read, in bytes."""

_ED25519 = b"\x01"
_MARK = "#log-"
_GENERATION = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class CheckpointError(Exception):
    """A note that cannot be read or does not verify. `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Checkpoint(Struct, frozen=True):
    """A tree head: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes


def origin(name: str, generation: int) -> str:
    """The origin of the heads of a log: its name, and from the second generation on the number of that.

    A log begins a new generation where it has to go on from an older state of itself, as after a restore: heads of
    two generations never contradict each other, and whoever keeps one sees that there has been a break.
    """
    return f"{name}{_MARK}{generation}" if generation else name


def generation(origin: str, name: str) -> int | None:
    """Which generation of the log `name` an origin belongs to (0: the first); None where it is another log's."""
    if origin == name:
        return 0
    log, mark, number = origin.rpartition(_MARK)
    return int(number) if mark and log == name and _GENERATION.fullmatch(number) else None


def text(checkpoint: Checkpoint) -> str:
    """The checkpoint's body, which is what is signed. Raises `CheckpointError` where a note cannot hold the origin."""
    if not _named(checkpoint.origin):
        raise CheckpointError("checkpoint.origin")
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def parse(body: str) -> Checkpoint:
    """Read a checkpoint's body. Extension lines must not be empty and are ignored. Raises `CheckpointError`."""
    lines = body.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise CheckpointError("checkpoint.lines")
    origin, size, root = lines[:3]
    if not _named(origin):
        raise CheckpointError("checkpoint.origin")
    if not _SIZE.fullmatch(size):
        raise CheckpointError("checkpoint.size")
    digest = _binary(root, "checkpoint.root")
    if len(digest) != 32:
        raise CheckpointError("checkpoint.root")
    return Checkpoint(origin, int(size), digest)


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that name an Ed25519 key in a signature line (signed-note, "Signatures")."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def signed(checkpoint: Checkpoint, public: bytes, sign: Sign) -> str:
    """The signed note of a checkpoint; the key's name is the origin."""
    return note(text(checkpoint), checkpoint.origin, public, sign)


def note(body: str, name: str, public: bytes, sign: Sign) -> str:
    """A signed note of a text that ends in a newline; `name` is the key's."""
    signature = base64.b64encode(key_id(name, public) + sign(body.encode())).decode()
    return f"{body}\n— {name} {signature}\n"


def opened(note: str, origin: str, public: bytes, verify: Verify) -> Checkpoint:
    """The checkpoint in a note that `origin` has signed with the key `public`.

    Raises `CheckpointError`: as `opened_text`, `checkpoint.*` (its text), `checkpoint.origin` also where the log is
    somebody else's.
    """
    return _opened(note, origin, (public,), verify)


def _opened(note: str, origin: str, publics: Sequence[bytes], verify: Verify) -> Checkpoint:
    checkpoint = parse(opened_text(note, origin, publics, verify))
    if checkpoint.origin != origin:
        raise CheckpointError("checkpoint.origin")
    return checkpoint


def opened_text(note: str, name: str, publics: Sequence[bytes], verify: Verify) -> str:
    """The text of a note that `name` has signed with one of the keys `publics`: keys follow each other.

    Raises `CheckpointError`: `note.format`, `note.unsigned` (no signature by any of these keys), `note.signature` (it
    does not verify).
    """
    body, lines = _parted(note)
    wanted = {key_id(name, public): public for public in publics}
    ours = [(wanted[key], one) for said, key, one in map(_signature, lines) if said == name and key in wanted]
    if not ours:
        raise CheckpointError("note.unsigned")
    if not all(len(one) == 64 and verify(public, one, body.encode()) for public, one in ours):
        raise CheckpointError("note.signature")
    return body


def opened_any(note: str, name: str, publics: Sequence[bytes], verify: Verify) -> tuple[Checkpoint, int]:
    """As `opened`, by one of several keys and of whichever generation of the log `name`; with its number.

    Raises `CheckpointError`.
    """
    said = note.partition("\n")[0]
    number = generation(said, name)
    if number is None:
        raise CheckpointError("checkpoint.origin")
    return _opened(note, said, publics, verify), number


def _parted(note: str) -> tuple[str, list[str]]:
    """Text (with its last newline) and signature lines of a note."""
    body, blank, lines = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not blank or not lines.endswith("\n") or not _printable(note):
        raise CheckpointError("note.format")
    return body + "\n", lines[:-1].split("\n")


def _signature(line: str) -> tuple[str, bytes, bytes]:
    """Name, key id and signature bytes of a signature line."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise CheckpointError("note.format")
    binary = _binary(match[2], "note.format")
    if len(binary) < 5:
        raise CheckpointError("note.format")
    return match[1], binary[:4], binary[4:]


def _binary(encoded: str, code: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        binary = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise CheckpointError(code) from None
    if base64.b64encode(binary).decode() != encoded:
        raise CheckpointError(code)
    return binary


def _named(name: str) -> bool:
    """May this stand as the name of a key? Not empty, no white space, no plus (signed-note)."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name) and _printable(name)


def _printable(part: str) -> bool:
    """UTF-8 without control characters other than newline."""
    return not any((ord(c) < 0x20 and c != "\n") or ord(c) == 0x7F or 0xD800 <= ord(c) <= 0xDFFF for c in part)


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """The `Verify` of RFC 8032 over raw bytes; False for anything that is not a key or a signature, too."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True
