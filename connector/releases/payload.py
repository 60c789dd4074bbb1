"""Unpacking a release beside the others: whole under its name, or not there.

The payload is a tar archive, packed with xz, of folders, files and links below the release's own folder; its digest
stands in the package's `RELEASE`, which the package manager has checked together with it.
"""

from __future__ import annotations

import hashlib
import lzma
import tarfile
from pathlib import Path, PurePosixPath

from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.release import Places, Release

PAYLOAD = "release.tar.xz"
MOST = 1 << 30
"""Bytes that a release may have, unpacked."""


def unpack(places: Places, release: Release, disk: Disk) -> None:
    """Unpack the shipped release. INVARIANT: its folder appears only when everything in it is on the medium. Raises
    `ReleaseError`: another digest, not such an archive, no room."""
    target, draft = places.of(release.id), places.home / f".{release.id}.partial"
    if target.is_dir():
        return
    archive = places.shipped / PAYLOAD
    disk.folder(places.home)
    disk.clear(draft)
    try:
        _checked(archive, release.payload)
        disk.folder(draft)
        with tarfile.open(archive, "r:xz") as packed:
            _extract(packed, draft, disk)
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        disk.clear(draft)
        raise ReleaseError(f"{archive}: {error}") from None
    disk.sync_all()
    disk.rename(draft, target)
    disk.sync(places.home)


def discard(places: Places, release: str, disk: Disk) -> None:
    """A release less. Its name goes first: half a release under it would be taken for a whole one."""
    draft = places.home / f".{release}.partial"
    disk.clear(draft)
    disk.rename(places.of(release), draft)
    disk.sync(places.home)
    disk.clear(draft)


def _checked(archive: Path, wanted: str) -> None:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise ReleaseError(f"{archive}: its digest is not the one in RELEASE")


def _extract(packed: tarfile.TarFile, into: Path, disk: Disk) -> None:
    size = 0
    for one in packed:
        path = into / _name(one.name)
        if one.isdir():
            disk.folder(path)
        elif one.issym():
            disk.folder(path.parent)
            disk.link(path, one.linkname)
        elif one.isreg():
            size += one.size
            if size > MOST:
                raise ReleaseError("the archive is larger than any release")
            disk.folder(path.parent)
            file = packed.extractfile(one)
            assert file is not None
            disk.write(path, file.read(), 0o755 if one.mode & 0o111 else 0o644)
        else:
            raise ReleaseError("the archive holds something that is no file")


def _name(name: str) -> PurePosixPath:
    """A path that stays below. Raises `ReleaseError`."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\x00" in name:
        raise ReleaseError("the archive leads out of its folder")
    return path
