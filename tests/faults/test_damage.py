"""A disk that fails or lies: F14 an fsync that fails, F16 a database held by somebody else, F17 a destroyed page
header, F18 bits that flip inside a stored agreement and inside a leaf of the audit.

What lives here: faults of real processes and their real files. What does not: a full disk (`test_full_disk`), the n-th
write (`tests.simulation.test_writes`), power cuts (`tests.connector.store.test_powerloss`). After each of them the disk
is mended, and the global checker has to find nothing.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.invariants import check
from tests.faults.processes import PATIENCE, ROOT, AwayError, NodeProcess, RefusedError, StuckError, until
from tests.faults.world import NEGOTIATIONS, TRANSFERS, World

pytestmark = pytest.mark.process
POLICY = {"name": "another", "terms": {}}


def _node(world: World, name: str) -> NodeProcess:
    return world.provider if name == "provider" else world.consumer


# --- F14 --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def unsynced(tmp_path: Path) -> Iterator[World]:
    """Two neighbours whose calls of the C library can be made to fail (libfiu), and who are started again at an end."""
    if shutil.which("fiu-run") is None or shutil.which("fiu-ctrl") is None:
        pytest.skip("libfiu is not installed")
    control = str(tmp_path / "control")
    made = World(tmp_path, through=("fiu-run", "-x", "-f", control), revive=True)
    try:
        made.start()
        yield made
    finally:
        made.close()


def fail_syncs(node: NodeProcess) -> None:
    """From now on nothing is forced to disk any more in the process that serves."""
    control = node.through[-1]
    for name in ("fdatasync", "fsync"):
        command = ["fiu-ctrl", "-f", control, "-c", f"enable name=posix/io/sync/{name}", str(node.pid)]
        subprocess.run(command, check=True, timeout=PATIENCE)


@pytest.mark.parametrize("victim", ["provider", "consumer"])
def test_a_failed_fsync_acknowledges_nothing_and_ends_the_process(unsynced: World, victim: str) -> None:
    """F14: nothing is acknowledged that may not be on disk; a new process takes up what is there."""
    node, pid = _node(unsynced, victim), unsynced.negotiate()
    fail_syncs(node)
    with pytest.raises((RefusedError, AwayError)) as error:
        node.call("POST", "/v1/policies", POLICY)
    if isinstance(error.value, RefusedError):
        assert (error.value.status, error.value.code) == (503, "store.io")
    begun = unsynced.begun(NEGOTIATIONS, {"peer": "city", "dataset": unsynced.datasets["plain"]})
    until(lambda: node.deaths, "a node whose disk has failed lives on")
    assert node.deaths == [1]
    node.wait_ready()
    assert "Traceback" not in node.errors() or "store.suspect" in node.errors()
    unsynced.wait(NEGOTIATIONS, begun, "FINALIZED")
    assert unsynced.consumer.call("GET", f"{NEGOTIATIONS}/{pid}")["state"] == "FINALIZED"
    check(unsynced)


# --- F16 --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(node: NodeProcess) -> Iterator[None]:
    """Another process has the database to itself."""
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(node.directory / "state.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            assert other.stdin is not None
            other.stdin.close()
            other.wait(timeout=PATIENCE)


def hold(world: World, victim: str, seconds: float) -> None:
    """Another process holds a database for so long at least, and until a command has been refused."""
    node = _node(world, victim)
    under_way = [world.begun(NEGOTIATIONS, {"peer": "city", "dataset": world.datasets["plain"]}) for _ in range(2)]
    with held(node):
        began = time.monotonic()
        with pytest.raises(RefusedError) as error:
            node.call("POST", "/v1/policies", POLICY, timeout=PATIENCE)
        assert (error.value.status, error.value.code) == (503, "store.busy")
        assert node.call("GET", "/v1/policies") is not None
        assert node.call("GET", "/v1/audit") is not None
        while time.monotonic() - began < seconds:
            time.sleep(0.1)
    for pid in under_way:
        world.wait(NEGOTIATIONS, pid, "FINALIZED")
    assert node.deaths == []
    check(world)


def test_a_database_that_somebody_else_holds(world: World) -> None:
    """F16: a bounded wait, then 503; nothing that was asked meanwhile is lost."""
    hold(world, "provider", 0.0)


@pytest.mark.long("held")
@pytest.mark.parametrize("victim", ["provider", "consumer"])
def test_a_database_that_somebody_else_holds_for_ten_seconds(world: World, victim: str) -> None:
    hold(world, victim, 10.0)


# --- F17 --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def stopped(node: NodeProcess) -> Iterator[Path]:
    """The database of a node that does not run; as it was again at the end, and the node runs."""
    node.close()
    path, kept = node.directory / "state.db", node.directory / "state.db.kept"
    shutil.copyfile(path, kept)
    try:
        yield path
    finally:
        node.close()
        kept.replace(path)
        node.start()


def served(node: NodeProcess) -> subprocess.CompletedProcess[str]:
    """What becomes of `allmende serve` on a directory that it cannot serve."""
    command = [sys.executable, "-c", "from connector.cli import main; main()", "serve", str(node.directory)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("page", [0, 1, 7])
def test_a_destroyed_page_header(world: World, page: int) -> None:
    """F17: the start is refused, the way out is named, and what is left is left as it is."""
    with stopped(world.provider) as path:
        size = int.from_bytes(path.read_bytes()[16:18], "big")
        with path.open("r+b") as file:
            file.seek(page * size)
            file.write(b"\xff" * 16)
        wrecked = path.read_bytes()
        ended = served(world.provider)
        assert ended.returncode == 1
        assert "allmende restore FILE DIR" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert path.read_bytes() == wrecked
        assert sorted(one.name for one in path.parent.glob("state.db*")) == ["state.db", "state.db.kept"]
    world.negotiate()
    check(world)


def test_a_lost_database_is_no_new_one(world: World) -> None:
    """F17: what is left of a database is enough to know that there was one."""
    with stopped(world.provider) as path:
        path.unlink()
        path.with_name("state.db-wal").write_bytes(b"what is left")
        ended = served(world.provider)
        path.with_name("state.db-wal").unlink()
        assert ended.returncode == 1
        assert "allmende restore FILE DIR" in ended.stderr
        assert not path.exists()
    check(world)


# --- F18 --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def flipped(node: NodeProcess, piece: Callable[[Path], bytes]) -> Iterator[None]:
    """A node whose database has one other bit at the end of this piece; as it was again at the end."""
    path = node.directory / "state.db"
    node.close()
    right = piece(path)
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    _replace(path, right, wrong)
    node.start()
    try:
        yield
    finally:
        node.close()
        _replace(path, wrong, right)
        node.start()


def _replace(path: Path, one: bytes, other: bytes) -> None:
    """Overwrite bytes wherever the file holds them; SQLite does not notice."""
    content = path.read_bytes()
    assert one in content
    path.write_bytes(content.replace(one, other))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def row(path: Path, sql: str, value: object) -> bytes:
    """The bytes of one value of a database."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found: bytes = connection.execute(sql, (value,)).fetchone()[0]
        return found


def _body(path: Path, contract: str) -> bytes:
    return row(path, "SELECT body FROM agreement WHERE id = ?", contract)


def test_bits_flipped_in_the_terms_of_an_agreement(world: World) -> None:
    """F18: the terms that the gate judges by are not those that were agreed; no byte goes out under them."""
    contract, other = world.contract(), world.contract()
    grant, untouched = world.started(contract), world.started(other)
    assert world.access(grant) == 200

    def own_id(path: Path) -> bytes:
        """The document's own id as MessagePack has it; the record's, and that in the message, are other bytes."""
        piece = b"\xa3@id\xd9\x2d" + contract.encode()
        assert piece in _body(path, contract)
        return piece

    with flipped(world.provider, own_id):
        assert world.access(grant) == 403
        assert world.access(untouched) == 200
        health = world.provider.call("GET", "/health")
        alarms = {one["name"]: one["reason"]["code"] for one in health["checks"] if one["reason"]}
        assert (health["status"], alarms["contracts"]) == ("degraded", "agreement.damaged")
        assert "agreement.unusable" in world.provider.errors()
    assert world.access(grant) == 200
    world.finish()
    check(world)


@pytest.mark.parametrize("victim", ["provider", "consumer"])
def test_bits_flipped_in_an_agreement_as_it_was_sent(world: World, victim: str) -> None:
    """F18: what would be shown as evidence does not have its hash; no transfer is begun under it."""
    contract = world.contract()

    def own_id(path: Path) -> bytes:
        piece = b'"@id":"' + contract.encode()
        assert piece in _body(path, contract)
        return piece

    with flipped(_node(world, victim), own_id):
        if victim == "consumer":
            with pytest.raises(RefusedError) as error:
                world.consumer.call("POST", TRANSFERS, {"contract": contract})
            assert (error.value.status, error.value.code) == (400, "agreement.damaged")
        else:
            pid = world.begun(TRANSFERS, {"contract": contract})
            world.wait(TRANSFERS, pid, "TERMINATED")
            assert "agreement.damaged" in str(world.consumer.call("GET", f"{TRANSFERS}/{pid}")["reason"])
    check(world)


def test_bits_flipped_in_a_leaf_of_the_audit(world: World) -> None:
    """F18: verification names the leaf."""
    world.negotiate()
    index = 3
    sql = "SELECT body FROM audit WHERE leaf_index = ?"
    with flipped(world.provider, lambda path: row(path, sql, index)[:-3]):
        verdict = world.provider.call("GET", "/v1/audit/verify", timeout=PATIENCE)
        assert not verdict["ok"]
        [finding] = [one for one in verdict["findings"] if one["code"] == "audit.leaf"]
        assert finding["params"]["index"] == str(index)
    check(world)


def test_the_harness_says_why_a_node_does_not_start(world: World) -> None:
    with stopped(world.provider) as path:
        path.write_bytes(b"")
        with pytest.raises(StuckError, match="damaged"):
            world.provider.start()
