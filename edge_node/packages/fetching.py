"""Fetching the package of the version that the node orders: once, judged while it comes, laid down for the installer.

What lives here: what the agent does of an update, which is all that needs no rights: the announcement, the package,
what became of them. What does not: installing, which root does in a unit of its own (`allmende edge update`, see
`connector.proxy.shipped`) that begins when an announcement lies in `updates/` and takes it away at its end.

INVARIANT: whoever writes in `updates/` cannot have anything installed: root believes what is signed there, and judges
it while it copies. What is judged here beforehand saves bytes; a wrong package is not fetched twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from connector.data.readings.orders import Orders, Release
from edge_node.errors import EdgeError, LinkError, PackageError
from edge_node.network.link import Answer, Take
from edge_node.network.metering import Kept
from edge_node.packages import announced

FOLDER: Final = "updates"
PACKAGE: Final = "ordered.deb"
ANNOUNCEMENT: Final = f"{PACKAGE}.release"
MOST: Final = 100 << 20
"""Bytes of a package."""
_COMING: Final = "coming"
_MOST_SAID: Final = 1 << 16
_KEPT: Final = "update"
_FINAL: Final = frozenset({"update.content", "update.large", "update.other", "update.unknown"})
"""What stays wrong however often it is fetched."""
_REFUSED: Final = "update.refused"
_PAUSE: Final = 60.0
_LONGEST: Final = 21_600.0
_ROOM: Final = 4
"""Times the package: fetched, copied, unpacked."""


class Network(Protocol):
    """What `edge_node.network.link.Link` does for this."""

    async def get(self, url: str, *, private: bool, most: int) -> Answer:
        """See `Link.get`."""

    async def fetch(self, url: str, take: Take, *, most: int, private: bool) -> Answer:
        """See `Link.fetch`."""


class Fate(Struct, frozen=True):
    """What became of an ordered release: `code` says what is wrong with it, "" that it was laid down."""

    release: Release
    code: str = ""
    params: Mapping[str, str] = {}


class Updates:
    """Sees to it that what is ordered is fetched. `version` is what runs, `home` the node's URL, whose host may be in a
    private network; `spare` says whether the day has so many bytes that nothing more urgent needs."""

    def __init__(
        self,
        directory: Path,
        link: Network,
        kept: Kept,
        *,
        version: str,
        orders: Callable[[], Orders | None],
        home: str,
        spare: Callable[[int], bool],
        seconds: Callable[[], int],
        keys: Path = announced.KEYS,
    ) -> None:
        self._folder, self._link, self._kept, self._keys = directory / FOLDER, link, kept, keys
        self._version, self._orders, self._home = version, orders, urlsplit(home).hostname
        self._spare, self._seconds = spare, seconds
        self._seen: Release | None = None
        self._woken = asyncio.Event()
        self.state = ""
        self.trouble: EdgeError | None = None

    def said(self) -> dict[str, Any]:
        """How far it is: `state` is `ordered`, `fetched`, `running` or "" (nothing is ordered)."""
        wanted = self._wanted()
        return {
            "wanted": wanted.version if wanted else "",
            "state": self.state,
            "trouble": self.trouble.code if self.trouble else "",
            "params": self.trouble.params if self.trouble else {},
        }

    def heard(self) -> None:
        """There are new orders."""
        if self._wanted() != self._seen:
            self._woken.set()

    async def run(self) -> None:
        """Look now and then, until cancelled; what does not work is tried later and later."""
        tries = 0
        while True:
            tries = tries + 1 if await self.look() else 0
            late = self.trouble.seconds if isinstance(self.trouble, LinkError) else 0
            pause = max(min(_PAUSE * 2.0 ** min(tries, 20), _LONGEST), float(late))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()
                    tries = 0
            self._woken.clear()

    async def look(self) -> bool:
        """Do what is to be done now; says whether it is to be tried again later. Raises `KeepingError`."""
        self._seen = release = self._wanted()
        if release is None or release.version == self._version:
            self.state, self.trouble = "running" if release else "", None
            await asyncio.to_thread(_clear, self._folder / _COMING)
            return False
        fate = self._fate(release)
        if fate is not None:
            await self._stand(fate)
            return False
        self.state = "ordered"
        try:
            await self._bring(release)
        except (LinkError, PackageError) as error:
            self.trouble = error
            if error.code not in _FINAL:
                return True
            await self._keep(Fate(release, error.code, error.params))
        else:
            self.state, self.trouble = "fetched", None
            await self._keep(Fate(release))
        return False

    def _wanted(self) -> Release | None:
        orders = self._orders()
        return orders.release if orders and not orders.retired else None

    # --- what became of it --------------------------------------------------------------------------------------------

    def _fate(self, release: Release) -> Fate | None:
        found = self._kept.get(_KEPT)
        if found is not None:
            with contextlib.suppress(msgspec.DecodeError):
                fate = msgspec.json.decode(found, type=Fate)
                return fate if fate.release == release else None
        return None

    async def _keep(self, fate: Fate) -> None:
        await self._kept.put(_KEPT, msgspec.json.encode(fate))

    async def _stand(self, fate: Fate) -> None:
        """What was laid down and taken away while another version runs was not installed, or was returned from."""
        if not fate.code and not (self._folder / ANNOUNCEMENT).exists():
            fate = Fate(fate.release, _REFUSED, {"version": fate.release.version})
            await self._keep(fate)
        self.state = "fetched" if fate.code in ("", _REFUSED) else "ordered"
        self.trouble = PackageError(fate.code, **fate.params) if fate.code else None

    # --- fetching -----------------------------------------------------------------------------------------------------

    async def _bring(self, release: Release) -> None:
        """Raises `LinkError` and `PackageError`."""
        if not any(self._keys.glob("*.pem")):
            raise PackageError("update.keys", path=str(self._keys))
        private = urlsplit(release.url).hostname == self._home
        said = await self._link.get(f"{release.url}.release", private=private, most=_MOST_SAID)
        if said.status != 200:
            raise PackageError("update.unanswered", status=str(said.status))
        with _disk():
            size = await asyncio.to_thread(self._announced, release, said.body)
        if not self._spare(size):
            raise LinkError("link.budget", self._seconds())
        await self._package(release, size, private)
        with _disk():
            await asyncio.to_thread(self._lay_down)

    def _announced(self, release: Release, said: bytes) -> int:
        """How large the package is, by an announcement that is one of what is ordered. Raises `PackageError`."""
        coming = self._folder / _COMING
        coming.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(coming / ANNOUNCEMENT, said)
        told = announced.read(coming / ANNOUNCEMENT, self._keys)
        if (told.version, told.sha256.lower()) != (release.version, release.sha256.lower()):
            raise PackageError("update.other", version=release.version)
        if not 0 < told.size <= MOST:
            raise PackageError("update.large", size=str(told.size), most=str(MOST))
        if shutil.disk_usage(coming).free < told.size * _ROOM:
            raise PackageError("update.room", size=str(told.size * _ROOM))
        return told.size

    async def _package(self, release: Release, size: int, private: bool) -> None:
        """The package into its place on the way. What was there of it is begun anew; a wrong one goes at once."""
        path, found = self._folder / _COMING / PACKAGE, hashlib.sha256()
        with _disk(), path.open("wb") as file:

            async def take(piece: bytes) -> None:
                found.update(piece)
                with _disk():
                    await asyncio.to_thread(file.write, piece)

            try:
                answer = await self._link.fetch(release.url, take, most=size, private=private)
            except LinkError as error:
                path.unlink()
                if error.code == "link.too_large":
                    raise PackageError("update.content", path=_called(release)) from None
                raise
            if answer.status != 200:
                raise PackageError("update.unanswered", status=str(answer.status))
            if found.hexdigest() != release.sha256.lower():
                path.unlink()
                raise PackageError("update.content", path=_called(release))
            await asyncio.to_thread(_settle, file)

    def _lay_down(self) -> None:
        """INVARIANT: the announcement comes last. Where it lies, the package lies beside it, whole."""
        (self._folder / ANNOUNCEMENT).unlink(missing_ok=True)
        for name in (PACKAGE, ANNOUNCEMENT):
            os.replace(self._folder / _COMING / name, self._folder / name)
            _settle_folder(self._folder)


def _called(release: Release) -> str:
    return urlsplit(release.url).path.rpartition("/")[2][:120] or PACKAGE


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    """Raises `PackageError` `update.disk`."""
    try:
        yield
    except OSError:
        raise PackageError("update.disk") from None


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        _settle(file)


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _settle_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
