"""What a release is, and where on a machine its parts lie.

What lives here: values and paths. What does not: anything that changes a disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from connector.releases import paragraph
from connector.releases.errors import ReleaseError

_ID = re.compile(r"[0-9][A-Za-z0-9.+~]{0,60}-[0-9a-f]{12}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class Release:
    """A program as it is shipped. `id` is its version and the beginning of its digest, so that two that differ never
    share a folder. `module` is imported as a test of whether it works on this machine at all.

    `state` is the database that a new release may bring up to date by `migrate` (a module), as `user`; `settings` is
    where the address stands at which a started node says that it is ready. All four are "" for a program without.
    """

    package: str
    version: str
    architecture: str
    id: str
    payload: str
    module: str
    state: str = ""
    migrate: str = ""
    user: str = ""
    settings: str = ""


NAMES = {
    "Package": "package",
    "Version": "version",
    "Architecture": "architecture",
    "Release": "id",
    "Payload-SHA256": "payload",
    "Module": "module",
    "State": "state",
    "Migrate": "migrate",
    "User": "user",
    "Settings": "settings",
}


@dataclass(frozen=True)
class Places:
    """Where the releases of a package lie, below the root of a system (`/`, or an image that is mounted)."""

    root: Path
    package: str

    @property
    def home(self) -> Path:
        """The folder of all its releases."""
        return self.root / "opt" / self.package

    @property
    def current(self) -> Path:
        """The link to the release that runs."""
        return self.home / "current"

    @property
    def previous(self) -> Path:
        """The link to the one that ran before; it is kept, so that a person can return to it."""
        return self.home / "previous"

    @property
    def journal(self) -> Path:
        """What an update that is under way has come to; there is none where everything is settled."""
        return self.home / "update"

    @property
    def shipped(self) -> Path:
        """What the package itself holds: the payload and what it is."""
        return self.root / "usr/lib" / self.package

    def of(self, release: str) -> Path:
        """The folder of a release."""
        return self.home / release

    def below(self, path: str) -> Path:
        """An absolute path of the system, below its root."""
        return self.root / path.lstrip("/")


def pointed(link: Path) -> str:
    """The release that a link names; "" where there is no link, or not to a release."""
    try:
        target = str(link.readlink())
    except OSError:
        return ""
    return target if _ID.fullmatch(target) else ""


def shipped(places: Places) -> Release:
    """The release in the package that is installed. Raises `ReleaseError`."""
    path = places.shipped / "RELEASE"
    told = paragraph.read(path)
    if told is None:
        raise ReleaseError(f"{path}: missing")
    unknown = told.keys() - NAMES.keys()
    if unknown or not told.keys() >= {"Package", "Version", "Architecture", "Release", "Payload-SHA256", "Module"}:
        raise ReleaseError(f"{path}: incomplete, or more than is understood")
    if _ID.fullmatch(told["Release"]) is None or _NAME.fullmatch(told["Package"]) is None:
        raise ReleaseError(f"{path}: no name of a release")
    return Release(**{NAMES[name]: value for name, value in told.items()})
