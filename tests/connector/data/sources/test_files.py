"""Files, members and whole folders: the port's contract, traversal, changes while reading."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from connector.data.sources import Sources, archive
from connector.data.sources.files import Digests, FileSource, FolderSource
from connector.errors import InputError, NodeError, OurError, TooLargeError, UnknownError
from connector.ports import Source
from connector.records import Asset
from connector.system import SystemClock
from tests.connector.data.world import SetClock, asset
from tests.ports.source import SourceContract, read

LARGE = os.urandom(3 * (1 << 20) + 77)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder with what may be shared, what may not, and a secret beside it."""
    root = tmp_path / "shared"
    (root / "2026").mkdir(parents=True)
    (root / "counts.csv").write_bytes(b"hour,bicycles\n1,2\n")
    (root / "2026" / "januar ü.json").write_bytes(b"{}")
    (root / "large.bin").write_bytes(LARGE)
    (root / "empty.txt").touch()
    (root / ".hidden").write_bytes(b"secret")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(b"secret")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path / "secret.txt")
    (root / "inner").symlink_to(root / "counts.csv")
    (root / "up").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    return root


class TestSmallFile(SourceContract):
    whole = b"hour,bicycles\n1,2\n"

    @pytest.fixture
    def source(self) -> Source:
        return FileSource(clock=SystemClock())

    @pytest.fixture
    def thing(self, shared: Path) -> Asset:
        return asset("file", path=str(shared / "counts.csv"))


class TestLargeFile(TestSmallFile):
    whole = LARGE

    @pytest.fixture
    def thing(self, shared: Path) -> Asset:
        return asset("file", path=str(shared / "large.bin"))


class TestFolder(SourceContract):
    @pytest.fixture
    def source(self) -> Source:
        return FolderSource(clock=SystemClock())

    @pytest.fixture
    def thing(self, shared: Path) -> Asset:
        return asset("folder", path=str(shared))

    async def test_the_archive_holds_what_may_be_shared(self, source: Source, thing: Asset) -> None:
        content = await source.open(thing, "")
        body = await read(content)
        content.close()
        with tarfile.open(fileobj=io.BytesIO(body)) as made:
            found = {entry.name: made.extractfile(entry).read() for entry in made}  # type: ignore[union-attr]
            assert {(entry.uid, entry.mode, entry.isreg()) for entry in made} == {(0, 0o644, True)}
        assert found == {
            "2026/januar ü.json": b"{}",
            "counts.csv": b"hour,bicycles\n1,2\n",
            "empty.txt": b"",
            "large.bin": LARGE,
        }

    async def test_the_archive_is_the_same_each_time(self, source: Source, thing: Asset, shared: Path) -> None:
        first = await source.open(thing, "")
        second = await FolderSource(clock=SystemClock()).open(thing, "")
        assert first.etag == second.etag
        assert await read(first) == await read(second)
        (shared / "counts.csv").write_bytes(b"hour,bicycles\n9,9\n")
        third = await source.open(thing, "")
        assert third.etag != first.etag
        with pytest.raises(OurError, match=r"data\.changed"):
            await read(first)
        for content in (first, second, third):
            content.close()

    async def test_members_by_name(self, source: Source, thing: Asset) -> None:
        content = await source.open(thing, "2026/januar ü.json")
        assert (await read(content), content.media_type) == (b"{}", "application/json")

    @pytest.mark.parametrize(
        "member",
        [
            "..", "../secret.txt", "2026/../counts.csv", "2026/../../secret.txt", "./counts.csv", "/counts.csv",
            "/etc/passwd", "//etc/passwd", "2026//januar ü.json", "2026/", "2026", "link", "inner", "up/secret.txt",
            "up", "pipe", ".hidden", ".git/config", "counts.csv\0", "\0", "COUNTS.CSV", "counts.csv/", "counts.csv/x",
            "%2e%2e/secret.txt", "..\\secret.txt", "\udcff", "x" * 5000, "a/" * 3000 + "b", "~", "proc/self/environ",
        ],
    )  # fmt: skip
    async def test_nothing_else_is_reached(self, source: Source, thing: Asset, member: str) -> None:
        with pytest.raises(UnknownError):
            await source.open(thing, member)

    async def test_no_descriptor_is_lost(self, source: Source, thing: Asset) -> None:
        async def some() -> None:
            for member in ("", "large.bin", "counts.csv", "link", "2026/x", "up/secret.txt"):
                with contextlib.suppress(NodeError):
                    (await source.open(thing, member)).close()

        await some()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            await some()
        assert len(os.listdir("/proc/self/fd")) == before

    async def test_too_many_files(
        self, source: Source, thing: Asset, shared: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive, "MOST", 3)
        with pytest.raises(TooLargeError):
            await source.open(thing, "")


async def test_a_device_is_no_file() -> None:
    with pytest.raises(OurError):
        await FileSource(clock=SystemClock()).open(asset("file", path="/dev/zero"), "")


async def test_a_missing_file_tells_no_path(tmp_path: Path) -> None:
    with pytest.raises(OurError) as error:
        await FileSource(clock=SystemClock()).open(asset("file", path=str(tmp_path / "gone")), "")
    assert str(tmp_path) not in str(error.value)


async def test_a_change_while_reading_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(LARGE)
    content = await FileSource(clock=SystemClock()).open(asset("file", path=str(file)), "")
    got = []
    with pytest.raises(OurError, match=r"data\.changed"):
        async for piece in content.chunks(0, None):
            got.append(piece)
            with file.open("r+b") as writing:
                writing.write(b"changed")
    assert got == [LARGE[: 1 << 20]]
    content.close()


async def test_a_file_that_is_replaced_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(LARGE)
    content = await FileSource(clock=SystemClock()).open(asset("file", path=str(file)), "")
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").replace(file)
    assert hashlib.sha256(await read(content)).digest() == content.sha256
    content.close()


async def test_etags_are_of_the_content(tmp_path: Path) -> None:
    """Two changes in the same instant, of the same size, are told apart; touching changes nothing."""
    file, source = tmp_path / "x.csv", FileSource(clock=SetClock())
    thing = asset("file", path=str(file))
    tags = []
    for body in (b"one", b"two", b"one"):
        file.write_bytes(body)
        os.utime(file, ns=(1, os.stat(file).st_mtime_ns // 10**9 * 10**9))
        tags.append((await source.open(thing, "")).etag)
    assert tags[0] == tags[2] != tags[1]


async def test_a_settled_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, source = tmp_path / "x.csv", FileSource(clock=SystemClock())
    file.write_bytes(b"one")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    thing = asset("file", path=str(file))
    first = await source.open(thing, "")
    assert await source.open(thing, "") is first
    file.write_bytes(b"two")
    assert (await source.open(thing, "")).etag != first.etag


async def test_a_hash_is_made_once_for_all_who_wait() -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"h"

    digests = Digests()
    assert await asyncio.gather(*(digests.of("key", make, keep=True) for _ in range(9))) == [b"h"] * 9
    assert await digests.of("key", make, keep=True) == b"h"
    assert made == [1]
    await digests.of("other", make, keep=False)
    await digests.of("other", make, keep=False)
    assert made == [1, 1, 1]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_settings_that_cannot_be_served(kind: str, shared: Path, tmp_path: Path) -> None:
    closed = tmp_path / "node"
    closed.mkdir()
    (closed / "token").touch()
    sources = Sources([kind], clock=SystemClock(), closed=[closed])
    (tmp_path / "way").symlink_to(closed)
    for path in (None, 5, "", "relative", "/no/such", "/x\0", str(closed), str(closed / "token"), str(tmp_path / "way"),
                 str(tmp_path)):  # fmt: skip
        assert sources.check(kind, {"path": path}), path
    assert sources.check(kind, {})


async def test_kinds_are_those_that_are_switched_on() -> None:
    sources = Sources(["live"], clock=SystemClock())
    assert sources.check("file", {"path": "/etc/hostname"})
    with pytest.raises(OurError):
        await sources.open(asset("file", path="/etc/hostname"), "")
    with pytest.raises(InputError):
        Sources(["no-such-kind"], clock=SystemClock())
