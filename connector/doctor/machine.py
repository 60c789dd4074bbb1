"""The machine: permissions of the node's files, room on the disk, certificate files.

Everything is asked of the operating system as the user that runs this; root may do what the node's user may not, so
owners are compared with the owner of the node's directory.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from certs import keys
from connector.config import Config
from connector.http.road import SOON, days_left
from policies.model import Reason

LEAST_BYTES = 200_000_000
"""Free bytes below which a disk counts as full; on a small one a twentieth of it is enough."""
LEAST_INODES = 1_000
_PRIVATE = 0o077


# --- permissions ------------------------------------------------------------------------------------------------------


def files(directory: Path, credentials: Path | None) -> Iterator[Reason]:
    """Who can read and write what belongs to the node: its directory, keys, credential, database."""
    owner = directory.stat().st_uid
    yield from _mode(directory, 0o022, "0700")
    try:
        keys.load(directory / "keys", credentials)
    except keys.KeyFileError as error:
        yield Reason(error.code, error.params)
    token = directory / "token"
    if token.exists():
        yield from _mode(token, _PRIVATE, "0600")
    for name in ("state.db", "state.db-wal", "state.db-shm", "allmende.toml", "token"):
        if (path := directory / name).exists():
            yield from _owner(path, owner)
            yield from _mode(path, 0o022, "0600")


def _mode(path: Path, forbidden: int, wanted: str) -> Iterator[Reason]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & forbidden:
        yield Reason("doctor.file_mode", {"path": str(path), "mode": f"{mode:04o}", "want": wanted})


def _owner(path: Path, owner: int) -> Iterator[Reason]:
    found = path.stat().st_uid
    if found != owner:
        yield Reason("doctor.file_owner", {"path": str(path), "owner": str(found), "want": str(owner)})


# --- disk -------------------------------------------------------------------------------------------------------------


def disk(directory: Path) -> Iterator[Reason]:
    """Can files be made and written in the node's directory, and is there room for more?"""
    if (wrong := _written(directory)) is not None:
        yield wrong
        return
    found = os.statvfs(directory)
    free, whole = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    if free < min(LEAST_BYTES, whole // 20):
        yield Reason("doctor.disk_full", {"path": str(directory), "free": f"{free / 1e6:.1f}"})
    elif found.f_files and found.f_favail < min(LEAST_INODES, found.f_files // 20):
        yield Reason("doctor.inodes", {"path": str(directory), "free": str(found.f_favail)})


def free_bytes(directory: Path) -> int:
    """Bytes that the node may still write."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


def _written(directory: Path) -> Reason | None:
    """Write a small file, and take it away again."""
    path = directory / f".doctor-{os.getpid()}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, b"\0" * 4096)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            path.unlink()
    except OSError as error:
        return _unwritten(directory, error)
    return None


def _unwritten(directory: Path, error: OSError) -> Reason:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        found = os.statvfs(directory)
        if found.f_bavail and found.f_files and not found.f_favail:
            return Reason("doctor.inodes", {"path": str(directory), "free": "0"})
        free = found.f_bavail * found.f_frsize
        return Reason("doctor.disk_full", {"path": str(directory), "free": f"{free / 1e6:.1f}"})
    return Reason("doctor.disk_readonly", {"path": str(directory), "problem": error.strerror or ""})


# --- certificates of the node's own listener --------------------------------------------------------------------------


def certificate(config: Config, now: int) -> Iterator[Reason]:
    """The certificate and key that the settings name. `now` is microseconds UTC."""
    public = config.public
    if not public.tls_certificate:
        return
    paths = {"certificate": Path(public.tls_certificate), "key": Path(public.tls_key)}
    content: dict[str, bytes] = {}
    for name, path in paths.items():
        try:
            content[name] = path.read_bytes()
        except OSError:
            yield Reason("doctor.tls_missing", {"path": str(path)})
            return
    yield from _pair(paths, content, config, now)


def _pair(paths: Mapping[str, Path], content: Mapping[str, bytes], config: Config, now: int) -> Iterator[Reason]:
    shown = {name: str(path) for name, path in paths.items()}
    try:
        chain = x509.load_pem_x509_certificates(content["certificate"])
    except ValueError:
        yield Reason("doctor.tls_content", {"path": shown["certificate"]})
        return
    try:
        key = load_pem_private_key(content["key"], password=None)
    except (ValueError, TypeError):
        yield Reason("doctor.tls_content", {"path": shown["key"]})
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if chain[0].public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        yield Reason("doctor.tls_key", shown)
    yield from _validity(chain[0], config, now)


def _validity(shown: x509.Certificate, config: Config, now: int) -> Iterator[Reason]:
    host = urlsplit(config.public_url).hostname or ""
    where, until = {"host": host}, shown.not_valid_after_utc
    left = days_left(until, now)
    if left < 0:
        yield Reason("reach.tls_expired", {**where, "until": _day(until)})
    elif left < SOON:
        yield Reason("reach.tls_soon", {**where, "days": f"{left:.0f}", "until": _day(until)})


def certificate_days(config: Config, now: int) -> float | None:
    """Days that the certificate of the node's own listener is still valid; None where it has none of its own."""
    if not config.public.tls_certificate:
        return None
    try:
        chain = x509.load_pem_x509_certificates(Path(config.public.tls_certificate).read_bytes())
    except (OSError, ValueError):
        return None
    return days_left(chain[0].not_valid_after_utc, now)


def _day(at: datetime) -> str:
    return at.date().isoformat()
