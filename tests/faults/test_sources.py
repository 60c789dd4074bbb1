"""What a silo and many readers do to a node: a database or a map service that dies in mid-stream, five hundred pulls at
once, a reader who takes next to nothing. Real processes: two nodes, a PostgreSQL, MapServer behind nginx.

Covered: both sides write down why, the answer goes on where it broke off once the database is back, and costs one use;
whoever finds no room is told when to come again, and the consumer's node does so by itself; memory and descriptors
of the provider stay within bounds and come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
import pytest

from tests.faults.invariants import footprint
from tests.faults.processes import QUICK, NodeProcess, until
from tests.faults.world import Grant, World
from tests.harness import frames
from tests.servers import front, keeping, mapserver, postgres, trees

pytestmark = pytest.mark.process
ROWS: Final = 400_000
"""Rows of the long table, about 30 MB as CSV: more than all buffers on the way take."""
FEW: Final = 5_000
"""Rows of the short one, about 350 kB: more than an answer that is made whole."""
FILE: Final = 1 << 20
MANY: Final = 500
TABLES: Final = """
CREATE TABLE {name} (id bigint PRIMARY KEY, place text NOT NULL, said text NOT NULL);
INSERT INTO {name} SELECT n, 'p' || n % 97, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, {rows}) n;
"""


TREES: Final = 20_000
MORE_TREES: Final = f"""
INSERT INTO trees SELECT n, 'Mitte', 'Linde', 1, 1, '1990-01-01', now(), repeat('x', 200), (SELECT place FROM trees
  WHERE id = 1) FROM generate_series({trees.TREES + 1}, {TREES}) n;
"""


class Database:
    """A PostgreSQL that dies when a test says so."""

    def __init__(self, folder: Path, server: postgres.Postgres) -> None:
        self._folder, self.server = folder, server

    def die(self) -> None:
        """As after a crash: nobody is told anything."""
        self._control("stop", "-m", "immediate")

    def rise(self) -> None:
        """Serve again, on the same port."""
        self._control("start", "-l", str(self._folder / "again.log"), "-o", f"-p {self.server.port} -k {self._folder}")

    def settings(self, **more: Any) -> dict[str, Any]:
        """Of a silo."""
        where = {"host": self.server.host, "port": self.server.port, "database": "postgres", "user": "postgres"}
        return {**where, "sslmode": "disable", **more}

    def sessions(self) -> int:
        """Connections that nodes hold now."""
        sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'allmende'"
        return int(self.server.execute(sql))

    def _control(self, *words: str) -> None:
        command = [f"{self.server.programs}/pg_ctl", "-D", str(self._folder / "data"), "-w", *words]
        entry = keeping.account(postgres.USER)
        subprocess.run(
            command, check=True, cwd=self._folder, user=entry.pw_uid, group=entry.pw_gid, stdout=subprocess.DEVNULL
        )


class Site:
    """Two nodes; the provider shares both tables and a file."""

    def __init__(self, world: World, database: Database) -> None:
        self.world, self.database = world, database
        self.contracts: dict[str, str] = {}

    def share(self, name: str, kind: str, settings: dict[str, Any]) -> None:
        """Publish it, and agree a contract about it."""
        city = self.world.provider
        made = city.call("POST", "/v1/assets", {"name": name, "kind": kind, "title": name, "settings": settings})
        self.world.datasets[name] = made["id"]
        city.call("POST", "/v1/policies", {"name": name, "terms": {}})
        city.call("POST", "/v1/offers", {"asset": name, "policy": name, "approval": {"frame": frames.NAME}})
        self.contracts[name] = self.world.contract(name)

    def grant(self, name: str) -> Grant:
        """A started transfer's address and credential."""
        return self.world.started(self.contracts[name])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    postgres.required()
    folder = tmp_path_factory.mktemp("sources")
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(keeping.folder_of(postgres.USER))
        server = postgres.Postgres(**stack.enter_context(postgres.running(home, home)))
        database = Database(home, server)
        for name, rows in (("long", ROWS), ("short", FEW)):
            server.execute(TABLES.format(name=name, rows=rows))
        world = World(folder, settings=QUICK)
        stack.callback(world.close)
        world.start()
        made = Site(world, database)
        world.provider.call(
            "POST", "/v1/sources", {"name": "base", "kind": "postgres", "settings": database.settings()}
        )
        for name in ("long", "short"):
            settings = {"silo": "base", "collection": name, "fields": ["id", "place", "said"]}
            made.share(name, "postgres", settings)
        file = folder / "file.bin"
        file.write_bytes(b"x" * FILE)
        made.share("file", "file", {"path": str(file)})
        yield made


def entries(node: NodeProcess, event: str, since: int = 0) -> list[dict[str, str]]:
    """The parameters of the audit entries of this kind behind the first `since` entries."""
    lines = [msgspec.json.decode(line.body) for line in node.look(lambda view: view.log(limit=1_000_000))[since:]]
    return [one["params"] for one in lines if one["event"] == event]


def length(node: NodeProcess) -> int:
    return len(node.look(lambda view: view.log(limit=1_000_000)))


class Reader(threading.Thread):
    """Fetches the rows of a contract through the consumer's node, slowly at first."""

    def __init__(self, node: NodeProcess, contract: str) -> None:
        super().__init__(daemon=True)
        self._node, self._contract = node, contract
        self.received, self.hash, self.failed, self.lines = 0, hashlib.sha256(), False, 0
        self.hurry = threading.Event()

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._node._token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self._node.management_port, timeout=90)
        try:
            connection.request("GET", f"/v1/contracts/{self._contract}/data", headers=headers)
            answer = connection.getresponse()
            while piece := answer.read1(1 << 16):
                self.received += len(piece)
                self.hash.update(piece)
                self.lines += piece.count(b"\n")
                self.hurry.wait(0.05)
        except (OSError, http.client.HTTPException):
            self.failed = True
        finally:
            connection.close()


def expected(database: Database) -> tuple[int, str]:
    """Length and hash of the long table as it leaves."""
    told = database.server.execute("SELECT id, place, said FROM long ORDER BY id")
    body = "id,place,said\n" + "".join(",".join(line.split("|")) + "\n" for line in told.splitlines())
    return len(body), hashlib.sha256(body.encode()).hexdigest()


def test_a_database_that_dies_in_mid_stream(site: Site) -> None:
    """The provider notes what it was, the consumer waits, and the rest comes when the database is back."""
    city, utility = site.world.nodes
    size, sha256 = expected(site.database)
    here, there = length(utility), length(city)
    reader = Reader(utility, site.contracts["long"])
    reader.start()
    until(lambda: reader.received > 1 << 20, "no stream")
    site.database.die()
    try:
        reader.hurry.set()
        [broken] = until(lambda: entries(city, "access.broken", there), "nothing is written down")
        assert broken["reason"].startswith("source."), broken
        assert 0 < int(broken["bytes"]) < size
        assert reader.is_alive()
    finally:
        site.database.rise()
    reader.join(timeout=90)
    assert not reader.is_alive()
    [received] = until(lambda: entries(utility, "data.received", here), "nothing is written down")
    assert received["complete"] == "yes", (received, entries(city, "access.refused", there))
    assert (reader.received, reader.hash.hexdigest(), reader.failed) == (size, sha256, False)
    permitted = entries(city, "access.permitted", there)
    assert len(permitted) == 2
    assert sum("from" in one for one in permitted) == 1


@pytest.fixture
def maps(site: Site, tmp_path: Path) -> Iterator[Path]:
    """The folder of a MapServer whose trees the provider shares as `trees`; its nginx is to be killed."""
    mapserver.required()
    with keeping.folder_of(mapserver.USER) as home, contextlib.ExitStack() as stack:
        running = stack.enter_context(mapserver.running(home, tmp_path))
        stack.callback(_kill_nginx, home)
        facts = msgspec.json.decode((tmp_path / "postgres.json").read_bytes())
        postgres.Postgres(**facts).execute(MORE_TREES, mapserver.DATABASE, "city")
        settings = {"url": f"http://127.0.0.1:{running['port']}/wfs", "page": "2000"}
        city = site.world.provider
        city.call("POST", "/v1/sources", {"name": "maps", "kind": "wfs", "settings": settings}, timeout=30)
        site.share(
            "trees",
            "wfs",
            {"silo": "maps", "collection": "ms:trees", "fields": ["id", "district", "species", "owner", "geometry"]},
        )
        yield home


def _kill_nginx(home: Path) -> None:
    """kill -9; nothing where it has gone."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError, ValueError):
        os.kill(int((home / "nginx.pid").read_text()), signal.SIGKILL)


def test_a_map_service_that_dies_in_mid_stream(site: Site, maps: Path) -> None:
    """As with a database; who asked goes on where the pages ended."""
    city, utility = site.world.nodes
    here, there = length(utility), length(city)
    reader = Reader(utility, site.contracts["trees"])
    reader.start()
    until(lambda: reader.received, "no stream")
    _kill_nginx(maps)
    [broken] = until(lambda: entries(city, "access.broken", there), "nothing is written down")
    assert broken["reason"].startswith("source."), broken
    assert reader.is_alive()
    port = int(re.findall(r"listen 127.0.0.1:(\d+)", (maps / "nginx.conf").read_text())[0])
    behind = f"fastcgi_pass unix:{maps}/socket; include /etc/nginx/fastcgi_params;"
    with front.fronting(maps, mapserver.USER, port, behind):
        reader.hurry.set()
        reader.join(timeout=90)
        assert not reader.is_alive()
    [received] = until(lambda: entries(utility, "data.received", here), "nothing is written down")
    assert (received["complete"], reader.failed) == ("yes", False), entries(city, "access.unserved", there)
    assert received["sha256"] == reader.hash.hexdigest()
    assert reader.lines == TREES  # a feature a line
    assert sum("from" not in one for one in entries(city, "access.permitted", there)) == 1


def test_a_contract_that_is_held_in_the_midst_of_rows(site: Site) -> None:
    """F23: the provider notes at least as many bytes as there are here."""
    city, utility = site.world.nodes
    here, there = length(utility), length(city)
    reader = Reader(utility, site.contracts["long"])
    reader.start()
    until(lambda: reader.received > 1 << 20, "no stream")
    since = time.monotonic()
    city.call("POST", f"/v1/contracts/{site.contracts['long']}/hold", {"reason": "looks odd"})
    [cut] = until(lambda: entries(city, "access.cut", there), "nothing is written down")
    assert time.monotonic() - since < 8
    assert cut["reason"] == "contract.held"
    reader.hurry.set()
    reader.join(timeout=30)
    [received] = until(lambda: entries(utility, "data.received", here), "nothing is written down")
    assert (received["complete"], reader.failed) == ("no", True)
    assert 0 < int(received["bytes"]) <= int(cut["bytes"])
    city.call("POST", f"/v1/contracts/{site.contracts['long']}/release", {})


class Peak(threading.Thread):
    """The most that a node takes while something is going on: KiB and descriptors above what it took before."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._site, self._over = site, threading.Event()
        self.base = footprint(site.world.provider)
        self.memory = self.descriptors = 0

    def run(self) -> None:
        while not self._over.wait(0.05):
            memory, descriptors = footprint(self._site.world.provider)
            self.memory = max(self.memory, memory - self.base[0])
            self.descriptors = max(self.descriptors, descriptors - self.base[1])

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


class Told(msgspec.Struct):
    """One answer: its status, when to come again, how many bytes came and whether it ended well."""

    status: int
    again: str
    bytes: int
    whole: bool


async def crowd(url: str, headers: dict[str, str], number: int = MANY) -> list[Told]:
    """So many requests at once."""
    timeout, headers = aiohttp.ClientTimeout(total=120), {**headers, "Accept-Encoding": "identity"}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=timeout, headers=headers, auto_decompress=False
    ) as session:

        async def one() -> Told:
            async with session.get(url) as answer:
                got = Told(answer.status, answer.headers.get("Retry-After", ""), 0, False)
                with contextlib.suppress(aiohttp.ClientError):
                    async for piece in answer.content.iter_any():
                        got.bytes += len(piece)
                    got.whole = True
                return got

        return await asyncio.gather(*(one() for _ in range(number)))


def asked(site: Site, name: str) -> tuple[str, dict[str, str]]:
    """Where and as whom the data of a dataset are asked for, past the consumer's node."""
    grant = site.grant(name)
    parts = urlsplit(grant.url)
    return f"http://127.0.0.1:{site.world.provider.port}{parts.path}", {"Authorization": grant.authorization}


async def test_five_hundred_pulls_of_a_file(site: Site) -> None:
    url, headers = await asyncio.to_thread(asked, site, "file")
    with Peak(site) as peak:
        told = await crowd(url, headers)
    assert Counter((one.status, one.bytes, one.whole) for one in told) == {(200, FILE, True): MANY}
    print(f"files: {peak.memory / 1024:.1f} MiB, {peak.descriptors} descriptors")
    assert peak.memory < 96 * 1024
    assert peak.descriptors <= 3 * MANY + 50
    await asyncio.to_thread(until, lambda: footprint(site.world.provider)[1] <= peak.base[1] + 10, "descriptors")


async def test_five_hundred_pulls_of_rows(site: Site) -> None:
    """Who finds no seat and no place in the queue is told so, plainly, and when to come again."""
    url, headers = await asyncio.to_thread(asked, site, "short")
    there = length(site.world.provider)
    with Peak(site) as peak:
        told = await crowd(url, headers)
    kinds = Counter((one.status, one.again, one.whole) for one in told)
    assert set(kinds) <= {(200, "", True), (503, "5", True)}, kinds
    assert kinds[200, "", True] >= 60
    assert len({one.bytes for one in told if one.status == 200}) == 1
    unserved = entries(site.world.provider, "access.unserved", there)
    assert Counter(one["reason"] for one in unserved) == {"source.busy": kinds[503, "5", True]}
    print(f"rows: {peak.memory / 1024:.1f} MiB, {peak.descriptors} descriptors, {dict(kinds)}")
    assert peak.memory < 96 * 1024
    assert peak.descriptors <= 2 * MANY + 50
    assert site.database.sessions() <= 8
    await asyncio.to_thread(until, lambda: footprint(site.world.provider)[1] <= peak.base[1] + 10, "descriptors")


async def test_the_consumers_node_comes_again_by_itself(site: Site) -> None:
    """Twice as many as there is room for, through the consumer's node: all of them get everything."""
    utility = site.world.consumer
    here = length(utility)
    url = f"http://127.0.0.1:{utility.management_port}/v1/contracts/{quote(site.contracts['short'])}/data"
    told = await crowd(url, {"Authorization": f"Bearer {utility._token}"}, 150)
    assert {(one.status, one.whole) for one in told} == {(200, True)}, Counter(one.status for one in told)
    assert len({one.bytes for one in told}) == 1
    done = entries(utility, "data.received", here)
    assert Counter(one["complete"] for one in done) == {"yes": 150}


@contextlib.asynccontextmanager
async def trickling(url: str, headers: dict[str, str], number: int) -> AsyncIterator[list[socket.socket]]:
    """Streams that have begun and of which next to nothing is taken."""
    parts = urlsplit(url)
    said = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {headers['Authorization']}\r\n\r\n"
    loop, open_ones = asyncio.get_running_loop(), []
    try:
        for _ in range(number):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.setblocking(False)
            open_ones.append(one)
            await loop.sock_connect(one, ("127.0.0.1", parts.port or 80))
            await loop.sock_sendall(one, said.encode())
        yield open_ones
    finally:
        for one in open_ones:
            one.close()


@pytest.mark.parametrize(("name", "number"), [("file", 200), ("long", 3)])
async def test_readers_of_one_byte_a_second(site: Site, name: str, number: int) -> None:
    """They hold little, and nobody else waits for them."""
    url, headers = await asyncio.to_thread(asked, site, name)
    other = await asyncio.to_thread(asked, site, "short")
    loop = asyncio.get_running_loop()
    with Peak(site) as peak:
        async with trickling(url, headers, number) as readers:
            for _ in range(3):
                taken = [await asyncio.wait_for(loop.sock_recv(one, 1), 10) for one in readers]
                assert all(taken)
                began = time.monotonic()
                [told] = await crowd(*other, 1)
                assert (told.status, told.whole) == (200, True)
                assert time.monotonic() - began < 10
                await asyncio.sleep(1)
    print(f"{number} of {name}: {peak.memory / 1024:.1f} MiB")
    assert peak.memory < 64 * 1024
    await asyncio.to_thread(until, lambda: footprint(site.world.provider)[1] <= peak.base[1] + 10, "descriptors")
