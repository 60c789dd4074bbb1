"""One encrypted file from a passphrase: written and read as a stream, authenticated to its last byte.

What lives here: the outer form of a backup, over byte streams. What does not: what is in it (`contents`), files and
directories (`backup`, `restore`).

The file is a line of text, a line of JSON (`Header`), 32 bytes that prove passphrase and header (HMAC-SHA256), and
pieces of ChaCha20-Poly1305 (RFC 8439). The key is scrypt (RFC 7914) over the passphrase and a fresh salt, parted with
HKDF (RFC 5869) into one for the header and one for the pieces. Pieces are those of the STREAM construction (Hoang,
Reyhanitabar, Rogaway, Vizár 2015): 64 KiB each, numbered in the nonce, the last one marked there, so that none can be
left out, added, moved or cut off. The header is authenticated with every piece.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Struct

from connector.errors import InputError

MAGIC = b"allmende backup 1\n"
PIECE = 64 * 1024
"""Bytes of plain text in every piece but the last."""

_TAG = 16
_PROOF = 32
_MOST_HEADER = 1024
_MOST_MEMORY = 64 * 1024 * 1024
_MOST_WORK = 16


class Header(Struct, frozen=True, kw_only=True):
    """How the key is made. The defaults take 32 MiB and, on a Raspberry Pi 4, about a second."""

    salt: bytes
    n: int = 1 << 15
    r: int = 8
    p: int = 3
    check: str = ""
    """The first digits of SHA-256 over the header without this field: a slip of the disk is told from a wrong
    passphrase. It proves nothing against an attacker; the HMAC does."""


def seal(target: BinaryIO, passphrase: bytes, plain: Iterable[bytes], *, header: Header | None = None) -> int:
    """Write `plain` into `target`, sealed; returns how many bytes that took. Raises `OSError` as `target` does."""
    header = _checked(header or Header(salt=secrets.token_bytes(16)))
    line = msgspec.json.encode(header) + b"\n"
    proving, sealing = _keys(passphrase, header)
    seal_piece = _Nonces(sealing, line).seal
    written = target.write(MAGIC) + target.write(line) + target.write(_proof(proving, line))
    pending = bytearray()
    for part in plain:
        pending += part
        # The last piece is marked as such, so a full one waits until there is more.
        while len(pending) > PIECE:
            written += target.write(seal_piece(bytes(pending[:PIECE]), last=False))
            del pending[:PIECE]
    return written + target.write(seal_piece(bytes(pending), last=True))


def opened(source: BinaryIO, passphrase: bytes) -> Iterator[bytes]:
    """The plain text of a sealed stream, piece by piece.

    INVARIANT: nothing is given out that is not authenticated; that the whole is complete is known only at its end.
    Raises `InputError`: `backup.format`, `backup.header`, `backup.passphrase`, `backup.changed` (changed or cut
    short, in the piece of 64 KiB that begins at byte `place`).
    """
    header, line = _header(source)
    proving, sealing = _keys(passphrase, header)
    if not hmac.compare_digest(source.read(_PROOF), _proof(proving, line)):
        raise InputError("backup.passphrase")
    return _pieces(source, _Nonces(sealing, line), len(MAGIC) + len(line) + _PROOF)


def _pieces(source: BinaryIO, nonces: _Nonces, place: int) -> Iterator[bytes]:
    sealed = source.read(PIECE + _TAG)
    while True:
        following = source.read(PIECE + _TAG) if len(sealed) == PIECE + _TAG else b""
        try:
            yield nonces.open(sealed, last=not following)
        except InvalidTag:
            raise InputError("backup.changed", place=str(place)) from None
        if not following:
            return
        place += len(sealed)
        sealed = following


def _header(source: BinaryIO) -> tuple[Header, bytes]:
    """The header of a file and its exact bytes. Raises `InputError`; never spends more than its limits."""
    if source.read(len(MAGIC)) != MAGIC:
        raise InputError("backup.format")
    line = source.readline(_MOST_HEADER)
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("backup.header") from None
    if header != _checked(header) or msgspec.json.encode(header) + b"\n" != line or not _bearable(header):
        raise InputError("backup.header")
    return header, line


def _checked(header: Header) -> Header:
    """The header with its checksum."""
    bare = msgspec.structs.replace(header, check="")
    return msgspec.structs.replace(header, check=sha256(msgspec.json.encode(bare)).hexdigest()[:16])


def _bearable(header: Header) -> bool:
    """Are these parameters of scrypt that a small machine can bear, and none that are worthless?"""
    n, r, p = header.n, header.r, header.p
    whole = n >= 1 << 14 and n & (n - 1) == 0 and 1 <= r <= 32 and 1 <= p <= _MOST_WORK and len(header.salt) == 16
    return whole and 128 * n * r <= _MOST_MEMORY


def _keys(passphrase: bytes, header: Header) -> tuple[bytes, bytes]:
    """One key for the header, one for the pieces."""
    root = Scrypt(salt=header.salt, length=32, n=header.n, r=header.r, p=header.p).derive(passphrase)
    expanded = (HKDFExpand(SHA256(), 32, about).derive(root) for about in (b"allmende header", b"allmende pieces"))
    proving, sealing = expanded
    return proving, sealing


def _proof(key: bytes, line: bytes) -> bytes:
    return hmac.digest(key, MAGIC + line, "sha256")


class _Nonces:
    """Seals or opens one piece after the other. INVARIANT: a key sees each nonce once; the key is fresh with the salt.

    The nonce is the piece's number in 11 bytes and one byte that is 1 for the last piece.
    """

    def __init__(self, key: bytes, header: bytes) -> None:
        self._cipher, self._about, self._number = ChaCha20Poly1305(key), sha256(header).digest(), 0

    def seal(self, plain: bytes, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(self._nonce(last), plain, self._about)
        self._number += 1
        return sealed

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """Raises `InvalidTag`."""
        plain = self._cipher.decrypt(self._nonce(last), sealed, self._about)
        self._number += 1
        return plain

    def _nonce(self, last: bool) -> bytes:
        return self._number.to_bytes(11, "big") + bytes([last])
