"""A node's own keys: making, keeping and loading them, sealing secrets, signing tree heads.

What lives here: four keys in `DIR/keys`, one file each, mode 0600: `token.pem` (P-256 or Ed25519, signs message
tokens), `audit.pem` (Ed25519, signs tree heads), `seal.key` (32 bytes, AES-256-GCM for secrets at rest), `grant.key`
(32 bytes, data access credentials); a region's `region/issuer.pem` too, and other secrets that are made when they are
needed (`held`). Those that follow on the first three are `token-2.pem`, `audit-2.pem` and so on; which of them signs
says `ring.json`, which is there from the first change on.
The credentials directory of a service manager (systemd `LoadCredential=`) is looked at first where one is given.
What does not: the life of a key (`ring`), tokens (`jwt`), public keys of others (`jwk`), tree heads (`checkpoint`).

Private keys are PKCS #8 in PEM (RFC 5958, RFC 7468), the others 64 hexadecimal digits.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certs import jwk
from certs import ring as rings
from certs.jwk import Jwk
from certs.ring import Key, Kind, Ring, RingError

TOKEN, AUDIT, SEAL, GRANT = "token.pem", "audit.pem", "seal.key", "grant.key"
FILES = (TOKEN, AUDIT, SEAL, GRANT)

RING = "ring.json"
P256, ED25519 = "P-256", "Ed25519"

_LIMIT = 16_384
_LARGEST_RING = 1_000_000


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


Private: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey
"""What signs: P-256 (ES256) or Ed25519 (EdDSA)."""


class NodeKeys:
    """The keys of a node: those that sign, by their names in the ring, and two symmetric ones. Its text form shows
    thumbprints only."""

    def __init__(self, private: Mapping[str, Private], ring: Ring, seal: bytes, grant: bytes) -> None:
        self.grant = grant
        self._seal, self._sealer = seal, Sealer(seal)
        self.turn(private, ring)

    def __repr__(self) -> str:
        return f"NodeKeys({', '.join(self.thumbprints)})"

    def turn(self, private: Mapping[str, Private], ring: Ring) -> None:
        """Go on with these keys, as the ring says."""
        self.ring = ring
        self._private = {one.name: private[one.name] for one in ring.secret()}
        token, audit = ring.signing("token"), ring.signing("audit")
        assert token is not None  # INVARIANT: `ring.checked`
        assert audit is not None
        self.token: Private = self._private[token.name]
        self.token_name = token.name
        self.token_jwk: Jwk = token.jwk
        head = self._private[audit.name]
        assert isinstance(head, Ed25519PrivateKey)  # INVARIANT: no audit key of another kind is loaded or made
        self.audit = head
        self.audit_jwk: Jwk = audit.jwk
        self.head_public: bytes = head.public_key().public_bytes_raw()
        self.head: tuple[bytes, Callable[[bytes], bytes]] = (self.head_public, head.sign)
        """What signs tree heads, in one piece: the writer may be at it while keys change."""

    @property
    def private(self) -> Mapping[str, Private]:
        """Every private key that is kept, by name."""
        return self._private

    @property
    def thumbprints(self) -> tuple[str, ...]:
        """RFC 7638 thumbprints of the published keys."""
        return tuple(one.thumbprint for one in self.ring.published())

    def published(self) -> dict[str, Jwk]:
        """The public keys of the DID document by the fragments of their ids."""
        shown = sorted(self.ring.published(), key=lambda one: rings.KINDS.index(one.kind))
        return {one.name: one.jwk for one in shown}

    def signing(self, kind: Kind = "token") -> tuple[Private, str]:
        """The key of this kind that signs now, and its name, which is the fragment of its id in the DID document.

        Raises `KeyError` for a kind that this node has no key of.
        """
        found = self.ring.signing(kind)
        if found is None:
            raise KeyError(kind)
        return self._private[found.name], found.name

    def heads(self) -> tuple[bytes, ...]:
        """The raw public keys that ever signed our tree heads, the present one first."""
        known = (jwk.read(one.jwk).key for one in self.ring.of("audit"))
        raw = (one.public_bytes_raw() for one in known if isinstance(one, Ed25519PublicKey))
        return (self.head_public, *(one for one in raw if one != self.head_public))

    def sealer(self) -> Sealer:
        """Seals secrets that this node keeps; the same one each time, so that a renewed key reaches everybody."""
        return self._sealer

    def symmetric(self) -> dict[str, bytes]:
        """The symmetric keys: file name -> key."""
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
        """What is kept: file name -> content. The ring has a file from the first change of a key on."""
        found = {file_of(one): _pem(self._private[one.name]) for one in self.ring.secret()}
        found |= {SEAL: self._seal.hex().encode() + b"\n", GRANT: self.grant.hex().encode() + b"\n"}
        return found | ({RING: rings.write(self.ring)} if self.ring != _first(self._private) else {})


def file_of(key: Key) -> str:
    """Where a private key lies, below the directory of keys."""
    return f"region/{key.name}.pem" if key.kind == "issuer" else f"{key.name}.pem"


def public_jwk(key: Private) -> Jwk:
    """The public half of a key."""
    return jwk.write(key.public_key())


def _pem(key: Private) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _first(private: Mapping[str, Private]) -> Ring:
    """The ring of a node whose keys have never changed."""
    kinds = [kind for kind in rings.KINDS if kind in private]
    return rings.begun(Key(name=kind, kind=kind, jwk=public_jwk(private[kind]), state="signs") for kind in kinds)


def draw(kind: Kind, form: str = P256) -> Private:
    """A fresh key of a kind; `form` is P-256 or Ed25519. Tree heads are signed with Ed25519 only."""
    return Ed25519PrivateKey.generate() if kind == "audit" or form == ED25519 else generate_private_key(SECP256R1())


def generate() -> NodeKeys:
    """Fresh keys, kept nowhere."""
    private: dict[str, Private] = {"token": draw("token"), "audit": draw("audit")}
    return NodeKeys(private, _first(private), secrets.token_bytes(32), secrets.token_bytes(32))


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


def keep(folder: Path, key: Key, private: Private) -> None:
    """Keep the private half of a key that no ring names yet. Raises `KeyFileError`."""
    _place(folder / file_of(key), _pem(private))


def keep_ring(folder: Path, ring: Ring) -> None:
    """Put a ring in the place of the one before, whole and on disk when this returns. Raises `KeyFileError`."""
    _place(folder / RING, rings.write(ring))


def file_names(folder: Path) -> tuple[str, ...]:
    """The files that hold the keys in use. Raises `KeyFileError`."""
    ring = read_ring(folder)
    return FILES if ring is None else (*(file_of(one) for one in ring.secret()), SEAL, GRANT)


def clear(folder: Path, ring: Ring, credentials: Path | None = None) -> list[str]:
    """Destroy the files of private keys that the ring does not want any more; returns their names.

    One that a service manager lays out as a credential stays there without content: without the file the service would
    not start again.
    """
    wanted = {file_of(one) for one in ring.secret()}
    found = (path for kind in rings.KINDS for path in _kept(folder, kind))
    unwanted = [path for path in found if str(path.relative_to(folder)) not in wanted]
    destroyed = []
    for path in unwanted:
        if credentials is None or not (credentials / path.name).exists():
            path.unlink(missing_ok=True)
            _sync(path.parent)
        elif path.stat().st_size:
            _place(path, b"")
        else:
            continue
        destroyed.append(path.stem)
    return destroyed


def _kept(folder: Path, kind: Kind) -> list[Path]:
    place = folder / "region" if kind == "issuer" else folder
    return [path for path in place.glob(f"{kind}*.pem") if re.fullmatch(rf"{kind}(?:-[0-9]+)?", path.stem)]


def _place(path: Path, content: bytes) -> None:
    """A file that is there whole under its name, or as it was before."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        _write(fresh, content)
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise KeyFileError("keys.write", path=str(path), error=error.strerror or "") from error


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


def held(folder: Path, name: str) -> bytes:
    """A secret of 32 bytes under a name of its own, drawn when it is asked for first. Raises `KeyFileError`."""
    path = folder / name
    if not path.exists():
        _place(path, secrets.token_bytes(32).hex().encode() + b"\n")
    return _symmetric(path, _checked(path, forbidden=0o177, owners={os.geteuid()}))


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
    ring = read_ring(folder)
    if ring is None:
        private = {kind: load_one(folder, credentials, kind, f"{kind}.pem") for kind in ("token", "audit")}
        if isinstance(private["token"], Ed25519PrivateKey):  # the first one is made for P-256: this is another key
            raise KeyFileError("key.content", path=str(folder / TOKEN), want="P-256")
    else:
        private = {one.name: load_one(folder, credentials, one.kind, file_of(one)) for one in ring.secret()}
        for one in ring.secret():
            if public_jwk(private[one.name]) != one.jwk:
                raise KeyFileError("key.other", path=str(folder / file_of(one)), ring=str(folder / RING))
    if (ring is None or ring.signing("issuer") is None) and (folder / "region" / "issuer.pem").exists():
        private["issuer"] = load_one(folder, credentials, "issuer", "region/issuer.pem")
        issuer = Key(name="issuer", kind="issuer", jwk=public_jwk(private["issuer"]), state="signs")
        ring = None if ring is None else rings.added(ring, issuer)
    return NodeKeys(
        private,
        _first(private) if ring is None else ring,
        _symmetric(*_read(folder, credentials, SEAL)),
        _symmetric(*_read(folder, credentials, GRANT)),
    )


def read_ring(folder: Path) -> Ring | None:
    """The ring of a directory of keys; None where no key has ever changed. Raises `KeyFileError`."""
    if not (folder / RING).exists():
        return None
    try:
        return rings.read(_checked(folder / RING, forbidden=0o177, owners={os.geteuid()}, limit=_LARGEST_RING))
    except RingError as error:
        raise KeyFileError("key.content", path=str(folder / RING), want="JSON") from error


def load_one(folder: Path, credentials: Path | None, kind: Kind, name: str) -> Private:
    """A private key by its file's name. Raises as `load`."""
    path, content = _read(folder, credentials, name)
    key = _private(path, content)
    if isinstance(key, Ed25519PrivateKey):
        return key
    if kind != "audit" and isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    raise KeyFileError("key.content", path=str(path), want="Ed25519" if kind == "audit" else "P-256")


def _read(folder: Path, credentials: Path | None, name: str) -> tuple[Path, bytes]:
    """Where a key file was found, and its content."""
    if credentials is not None and (credentials / name).exists():
        # systemd gives files to a unit by an access control list, whose mask shows as group bits (mode 0440).
        return credentials / name, _checked(credentials / name, forbidden=0o037, owners={0, os.geteuid()})
    return folder / name, _checked(folder / name, forbidden=0o177, owners={os.geteuid()})


def _checked(path: Path, *, forbidden: int, owners: set[int], limit: int = _LIMIT) -> bytes:
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
        return file.read(limit)


def _private(path: Path, content: bytes) -> object:
    """Whatever key a file holds."""
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
