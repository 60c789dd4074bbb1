"""A node's own keys: making, keeping and loading them, sealing secrets, signing tree heads.

What lives here: four keys in `DIR/keys`, one file each, mode 0600: `token.pem` (P-256, signs message tokens),
`audit.pem` (Ed25519, signs tree heads), `seal.key` (32 bytes, AES-256-GCM for secrets at rest), `grant.key` (32 bytes,
data access credentials). The credentials directory of a service manager (systemd `LoadCredential=`) is looked at first
where one is given.
What does not: tokens (`jwt`), public keys of others (`jwk`), the form of a tree head (`checkpoint`).

Private keys are PKCS #8 in PEM (RFC 5958, RFC 7468), the others 64 hexadecimal digits.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certs import jwk
from certs.jwk import Jwk

TOKEN, AUDIT, SEAL, GRANT = "token.pem", "audit.pem", "seal.key", "grant.key"
FILES = (TOKEN, AUDIT, SEAL, GRANT)

_LIMIT = 16_384


class KeyFileError(Exception):
    """A key file that cannot be used: `code`, and `params` that name the file and the mend. Meant for the operator."""

    def __init__(self, code: str, /, **params: str) -> None:
        super().__init__(f"{code} ({', '.join(f'{name}={value}' for name, value in params.items())})")
        self.code = code
        self.params = params


class SealError(Exception):
    """Sealed bytes that were altered, belong to something else, or were sealed with another key."""


class Sealer:
    """Encrypts small secrets for keeping: AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D, 8.2.2).

    `draw` gives random bytes; the version byte in front leaves room for another scheme.
    """

    _VERSION = b"\x01"

    def __init__(self, key: bytes, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._cipher = AESGCM(key)
        self._draw = draw

    def rekey(self, key: bytes) -> None:
        """Seal and open with another key from now on."""
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, about: bytes) -> bytes:
        """Sealed bytes that open only with the same `about` (what the secret belongs to)."""
        nonce = self._draw(12)
        return self._VERSION + nonce + self._cipher.encrypt(nonce, secret, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """The secret; `SealError` where anything at all differs."""
        if len(sealed) < 29 or sealed[:1] != self._VERSION:
            raise SealError
        try:
            return self._cipher.decrypt(sealed[1:13], sealed[13:], about)
        except InvalidTag as error:
            raise SealError from error


class NodeKeys:
    """The four keys of a node. Its text form shows thumbprints only."""

    def __init__(self, token: EllipticCurvePrivateKey, audit: Ed25519PrivateKey, seal: bytes, grant: bytes) -> None:
        self.token = token
        self.audit = audit
        self.grant = grant
        self._seal, self._sealer = seal, Sealer(seal)
        self.token_jwk: Jwk = jwk.write(token.public_key())
        self.audit_jwk: Jwk = jwk.write(audit.public_key())
        self.head_public: bytes = audit.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"NodeKeys({', '.join(self.thumbprints)})"

    @property
    def thumbprints(self) -> tuple[str, str]:
        """RFC 7638 thumbprints of the token and the audit key."""
        return jwk.thumbprint(self.token_jwk), jwk.thumbprint(self.audit_jwk)

    def sealer(self) -> Sealer:
        """Seals secrets that this node keeps; the same one each time, so that a renewed key reaches everybody."""
        return self._sealer

    def symmetric(self) -> dict[str, bytes]:
        """The keys that can be renewed: file name -> key. The other two are who this node is, and pinned by peers."""
        return {SEAL: self._seal, GRANT: self.grant}

    def renew(self, name: str, key: bytes) -> None:
        """Use another key under one of the names of `symmetric`."""
        if name == SEAL:
            self._seal = key
            self._sealer.rekey(key)
        else:
            self.grant = key

    def sign_head(self, note: bytes) -> bytes:
        """Ed25519 signature (64 bytes) over the text of a tree head; `head_public` verifies it."""
        return self.audit.sign(note)

    def files(self) -> dict[str, bytes]:
        """What is kept: file name -> content."""
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            TOKEN: self.token.private_bytes(*form),
            AUDIT: self.audit.private_bytes(*form),
            SEAL: self._seal.hex().encode() + b"\n",
            GRANT: self.grant.hex().encode() + b"\n",
        }


def generate() -> NodeKeys:
    """Fresh keys, kept nowhere."""
    return NodeKeys(
        generate_private_key(SECP256R1()),
        Ed25519PrivateKey.generate(),
        secrets.token_bytes(32),
        secrets.token_bytes(32),
    )


def create(folder: Path) -> NodeKeys:
    """Make keys and keep them in `folder`, all four or none, on disk when this returns.

    Raises `KeyFileError` `keys.exist` where there are some already (they are never overwritten), `keys.write` where
    they cannot be written.
    """
    keys = generate()
    fresh = folder.with_name(f".{folder.name}-{secrets.token_hex(8)}")
    try:
        fresh.mkdir(mode=0o700)
        for name, content in keys.files().items():
            _write(fresh / name, content)
        _sync(fresh)
        # INVARIANT: a directory replaces an empty one or none; a crash leaves the whole set or nothing under this name.
        fresh.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        _discard(fresh)
        code = "keys.exist" if folder.is_dir() and any(folder.iterdir()) else "keys.write"
        raise KeyFileError(code, path=str(folder), error=error.strerror or "") from error
    return keys


def thumbprint(name: str, key: bytes) -> str:
    """What a symmetric key is called without being told: nobody finds the key from it, which has 256 random bits."""
    return hmac.digest(key, b"allmende key thumbprint " + name.encode(), "sha256").hex()[:32]


def prepare(folder: Path, name: str, key: bytes) -> None:
    """Keep the next key under `name` beside the one in use. Raises `KeyFileError`."""
    path = folder / f"{name}.next"
    try:
        path.unlink(missing_ok=True)
        _write(path, key.hex().encode() + b"\n")
        _sync(folder)
    except OSError as error:
        raise KeyFileError("keys.write", path=str(path), error=error.strerror or "") from error


def adopt(folder: Path, name: str) -> bytes | None:
    """Put the next key in the place of the one under `name`, which is gone then; None where there is no next one.

    Raises `KeyFileError`.
    """
    path = folder / f"{name}.next"
    if not path.exists():
        return None
    key = _symmetric(path, _checked(path, forbidden=0o177, owners={os.geteuid()}))
    try:
        path.replace(folder / name)
        _sync(folder)
    except OSError as error:
        raise KeyFileError("keys.write", path=str(path), error=error.strerror or "") from error
    return key


def drop(folder: Path, name: str) -> None:
    """Forget a next key that never came into use."""
    (folder / f"{name}.next").unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """A new file that only its owner may read, on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Force a directory's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(folder: Path) -> None:
    """Remove a half-made set of keys."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()


def load(folder: Path, credentials: Path | None = None) -> NodeKeys:
    """The keys from `folder`; each is taken from `credentials` instead where that directory holds it.

    Raises `KeyFileError` with the file's path: `key.missing`, `key.mode` (others may read or write it), `key.owner`,
    `key.kind` (not a regular file), `key.content`.
    """
    return NodeKeys(
        _ec(*_read(folder, credentials, TOKEN)),
        _ed25519(*_read(folder, credentials, AUDIT)),
        _symmetric(*_read(folder, credentials, SEAL)),
        _symmetric(*_read(folder, credentials, GRANT)),
    )


def _read(folder: Path, credentials: Path | None, name: str) -> tuple[Path, bytes]:
    """Where a key file was found, and its content."""
    if credentials is not None and (credentials / name).exists():
        # systemd gives files to a unit by an access control list, whose mask shows as group bits (mode 0440).
        return credentials / name, _checked(credentials / name, forbidden=0o037, owners={0, os.geteuid()})
    return folder / name, _checked(folder / name, forbidden=0o177, owners={os.geteuid()})


def _checked(path: Path, *, forbidden: int, owners: set[int]) -> bytes:
    """The content of a file whose mode and owner are right; judged on the open descriptor, links are not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileError("key.missing", path=str(path)) from error
    except OSError as error:
        raise KeyFileError("key.unreadable", path=str(path), error=error.strerror or "") from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFileError("key.kind", path=str(path))
        if found.st_uid not in owners:
            raise KeyFileError("key.owner", path=str(path), owner=str(found.st_uid), want=str(os.geteuid()))
        if found.st_mode & forbidden:
            raise KeyFileError("key.mode", path=str(path), mode=f"{stat.S_IMODE(found.st_mode):04o}", want="0600")
        return file.read(_LIMIT)


def _ec(path: Path, content: bytes) -> EllipticCurvePrivateKey:
    """A P-256 private key, or `KeyFileError`."""
    key = _private(path, content)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeyFileError("key.content", path=str(path), want="P-256")
    return key


def _ed25519(path: Path, content: bytes) -> Ed25519PrivateKey:
    """An Ed25519 private key, or `KeyFileError`."""
    key = _private(path, content)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError("key.content", path=str(path), want="Ed25519")
    return key


def _private(path: Path, content: bytes) -> object:
    try:
        return load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError("key.content", path=str(path), want="PEM") from error


def _symmetric(path: Path, content: bytes) -> bytes:
    """32 bytes written as hexadecimal digits, or `KeyFileError`."""
    text = content.strip()
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError as error:
        raise KeyFileError("key.content", path=str(path), want="64 hexadecimal digits") from error
    if len(key) != 32 or len(text) != 64:
        raise KeyFileError("key.content", path=str(path), want="64 hexadecimal digits")
    return key
