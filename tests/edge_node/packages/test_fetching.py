"""An ordered package: fetched once, from a server that may say anything, within the day; laid down only as signed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from certs import tls
from connector.data.readings.orders import Orders, Release
from edge_node.errors import LinkError
from edge_node.network.link import Link
from edge_node.packages import fetching
from edge_node.packages.fetching import ANNOUNCEMENT, FOLDER, PACKAGE, Updates
from tests.edge_node.network.test_link import Counted
from tests.edge_node.packages.test_announced import NAME, Medium

PLENTY = 1 << 30


class Shelf:
    """A server with a signed package. `heard` are the paths that were asked for."""

    def __init__(self, medium: Medium) -> None:
        self.medium, self.heard, self.port = medium, list[str](), 0
        self.package = medium.package.read_bytes()
        self.stuck: asyncio.Event | None = None
        """Set when half of the package has gone, and nothing more comes."""
        self.status = 200

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(request.path)
        if request.path.endswith(".release"):
            return web.Response(body=self.medium.said.read_bytes())
        if self.stuck is None:
            return web.Response(body=self.package, status=self.status)
        answer = web.StreamResponse(headers={"Content-Length": str(len(self.package))})
        await answer.prepare(request)
        await answer.write(self.package[: len(self.package) // 2])
        self.stuck.set()
        await asyncio.Event().wait()
        return answer

    @property
    def fetched(self) -> int:
        """How often the package itself was asked for."""
        return self.heard.count(f"/{NAME}")


class Kept(dict[str, bytes]):
    """What survives a restart."""

    async def put(self, name: str, value: bytes) -> None:
        self[name] = value


class Machine:
    """A device that runs 0.1.0. `begin` starts its half of updates anew, with what was kept."""

    def __init__(self, folder: Path, shelf: Shelf, link: Link) -> None:
        self.folder, self.shelf, self.link, self.kept = folder, shelf, link, Kept()
        self.spare, self.version = PLENTY, "0.1.0"
        self.release: Release | None = Release(
            version="0.2.0",
            url=f"http://127.0.0.1:{shelf.port}/{NAME}",
            sha256=hashlib.sha256(shelf.package).hexdigest(),
        )
        self.begin()

    def begin(self, home: str = "") -> Updates:
        self.updates = Updates(
            self.folder,
            self.link,
            self.kept,
            version=self.version,
            orders=lambda: Orders(number=1, node="n", device="d", issued=1, release=self.release),
            home=home or f"http://127.0.0.1:{self.shelf.port}/edge",
            spare=lambda size: size <= self.spare,
            seconds=lambda: 60,
            keys=self.shelf.medium.keys,
        )
        return self.updates

    async def look(self) -> tuple[str, str]:
        """State and trouble after a look."""
        await self.updates.look()
        said = self.updates.said()
        return said["state"], said["trouble"]

    def files(self) -> dict[str, bytes]:
        """What lies there."""
        folder = self.folder / FOLDER
        return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    (tmp_path / "medium").mkdir()
    made = Shelf(Medium(tmp_path / "medium"))
    app = web.Application()
    app.router.add_get("/{tail:.*}", made.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
def meter() -> Counted:
    return Counted()


@pytest.fixture
async def machine(tmp_path: Path, shelf: Shelf, meter: Counted) -> AsyncIterator[Machine]:
    link = Link(context=lambda: tls.client(None), meter=meter, deadline=5.0)
    (tmp_path / "device").mkdir()
    yield Machine(tmp_path / "device", shelf, link)
    await link.close()


async def test_it_is_fetched_once_and_laid_down_whole(machine: Machine, shelf: Shelf, meter: Counted) -> None:
    assert await machine.look() == ("fetched", "")
    laid = {PACKAGE: shelf.package, ANNOUNCEMENT: shelf.medium.said.read_bytes()}
    assert machine.files() == laid
    assert meter.received >= len(shelf.package)
    for _ in range(2):
        assert await machine.look() == ("fetched", "")
        machine.begin()
    assert await machine.look() == ("fetched", "")
    assert (shelf.fetched, machine.files()) == (1, laid)
    machine.version = "0.2.0"
    machine.begin()
    assert await machine.look() == ("running", "")
    machine.release = None
    assert await machine.look() == ("", "")
    assert shelf.fetched == 1


async def test_what_was_taken_away_and_does_not_run_was_refused(machine: Machine, shelf: Shelf) -> None:
    await machine.look()
    for name in (PACKAGE, ANNOUNCEMENT):
        (machine.folder / FOLDER / name).unlink()
    assert await machine.look() == ("fetched", "update.refused")
    assert await machine.begin().look() is False
    assert machine.updates.said()["params"] == {"version": "0.2.0"}
    assert shelf.fetched == 1


async def test_a_wrong_package_is_told_and_not_fetched_again_before_something_else_is_ordered(
    machine: Machine, shelf: Shelf
) -> None:
    right, shelf.package = shelf.package, b"x" * len(shelf.package)
    assert await machine.look() == ("ordered", "update.content")
    assert PACKAGE not in machine.files()
    assert ANNOUNCEMENT not in machine.files(), "nothing begins to install"
    machine.begin()
    assert await machine.look() == ("ordered", "update.content")
    assert (shelf.fetched, len(shelf.heard)) == (1, 2)
    shelf.package = right
    assert machine.release is not None
    machine.release = replace(machine.release, url=machine.release.url.replace(NAME, f"again/{NAME}"))
    assert await machine.look() == ("fetched", "")


async def test_more_than_was_announced_is_not_taken(machine: Machine, shelf: Shelf) -> None:
    shelf.package *= 1000
    assert await machine.look() == ("ordered", "update.content")
    assert f"coming/{PACKAGE}" not in machine.files()
    assert await machine.look() == ("ordered", "update.content")
    assert shelf.fetched == 1


async def test_too_large_a_package_is_not_asked_for(
    machine: Machine, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST", len(shelf.package) - 1)
    assert await machine.look() == ("ordered", "update.large")
    assert shelf.fetched == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [({"version": "0.3.0"}, "update.other"), ({"sha256": "0" * 64}, "update.other")],
)
async def test_an_announcement_of_something_else(
    machine: Machine, shelf: Shelf, change: dict[str, Any], code: str
) -> None:
    assert machine.release is not None
    machine.release = replace(machine.release, **change)
    assert await machine.look() == ("ordered", code)
    assert await machine.look() == ("ordered", code)
    assert shelf.heard == [f"/{NAME}.release"]


async def test_nothing_is_fetched_without_a_key_or_from_somebody_else(machine: Machine, shelf: Shelf) -> None:
    (key,) = shelf.medium.keys.iterdir()
    own = key.read_bytes()
    key.unlink()
    assert await machine.look() == ("ordered", "update.keys")
    assert shelf.heard == []
    key.write_bytes(own)
    shelf.medium.said.write_bytes(shelf.medium.said.read_bytes().replace(b"arm64", b"amd64"))
    assert await machine.look() == ("ordered", "update.signature")
    assert shelf.fetched == 0


async def test_a_day_without_bytes_for_it(machine: Machine, shelf: Shelf, meter: Counted) -> None:
    """What the newest readings need is left to them, and the day's bytes are the end, also on the way."""
    machine.spare = len(shelf.package) - 1
    assert await machine.look() == ("ordered", "link.budget")
    machine.spare, meter.rest = PLENTY, len(shelf.package)
    assert await machine.look() == ("ordered", "link.budget")
    assert shelf.fetched == 0
    assert isinstance(machine.updates.trouble, LinkError)
    assert machine.updates.trouble.seconds == 77
    meter.rest = None
    assert await machine.look() == ("fetched", "")


async def test_bytes_that_run_out_on_the_way(machine: Machine, shelf: Shelf, meter: Counted) -> None:
    shelf.stuck = asyncio.Event()
    looking = asyncio.create_task(machine.look())
    meter.rest = PLENTY
    # The head of the answer is there; each piece asks anew.
    asked, allows = 0, meter.allows

    async def fewer(size: int) -> bool:
        nonlocal asked
        asked += 1
        return await allows(size) and asked < 3

    meter.allows = fewer  # type: ignore[method-assign]
    assert await asyncio.wait_for(looking, 20) == ("ordered", "link.budget")
    assert f"coming/{PACKAGE}" not in machine.files()


async def test_a_partial_file_after_a_kill_is_begun_anew(machine: Machine, shelf: Shelf) -> None:
    shelf.stuck = asyncio.Event()
    looking = asyncio.create_task(machine.look())
    await shelf.stuck.wait()
    partial = machine.folder / FOLDER / "coming" / PACKAGE
    while not partial.exists():
        await asyncio.sleep(0)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    partial.write_bytes(b"y" * 5000)
    assert not (machine.folder / FOLDER / ANNOUNCEMENT).exists()
    shelf.stuck = None
    machine.begin()
    assert await machine.look() == ("fetched", "")
    assert machine.files()[PACKAGE] == shelf.package


async def test_a_private_address_is_the_nodes_own_or_none(machine: Machine, shelf: Shelf) -> None:
    machine.begin(home="https://city.example")
    assert (await machine.look())[1] == "link.address"
    assert shelf.heard == []


async def test_an_address_with_nothing_there_is_tried_again(machine: Machine, shelf: Shelf) -> None:
    shelf.status = 404
    assert await machine.updates.look() is True
    assert machine.updates.said()["trouble"] == "update.unanswered"
    shelf.status = 200
    assert await machine.look() == ("fetched", "")


async def test_no_room_and_no_disk(machine: Machine, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_ROOM", 1 << 50)
    assert await machine.look() == ("ordered", "update.room")
    monkeypatch.undo()
    (machine.folder / FOLDER / "coming" / PACKAGE).mkdir()
    assert await machine.look() == ("ordered", "update.disk")
    assert shelf.fetched == 0


async def test_new_orders_are_looked_at_at_once(machine: Machine, shelf: Shelf) -> None:
    release, machine.release = machine.release, None
    running = asyncio.create_task(machine.updates.run())
    await asyncio.sleep(0)
    machine.release = release
    machine.updates.heard()
    async with asyncio.timeout(20):
        while machine.updates.state != "fetched":
            await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert shelf.fetched == 1
