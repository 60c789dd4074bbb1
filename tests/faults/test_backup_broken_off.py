"""A backup and a restore that are killed, and a disk with no room for either.

Covered: SIGKILL at every named point of both, with a real process; a file system of three MiB. Whatever happens, the
file or directory that was wanted is there whole or not at all, and the next try succeeds without anybody tidying up.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from certs import keys
from connector.backup.backup import back_up
from connector.backup.restore import restore
from connector.errors import NodeError
from connector.founding import initialise
from connector.records import Entry
from connector.services.proof import generations
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock
from tests.faults.processes import ROOT
from tests.faults.test_full_disk import THREE, fill_up
from tests.harness.disks import small_disk

pytestmark = pytest.mark.process
SECRET = b"a passphrase for tests"
CLOCK = SystemClock()
CHILD = """
import os, signal, sys
from pathlib import Path
from connector.backup.backup import back_up
from connector.backup.restore import restore
from connector.system import SystemClock
what, source, target, point, count = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
def fault(at):
    global count
    count -= at == point
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
if what == "backup":
    back_up(source, target, b"a passphrase for tests", now=1, environment={}, fault=fault)
else:
    restore(source, target, b"a passphrase for tests", clock=SystemClock(), fault=fault)
"""


@pytest.fixture
async def city(tmp_path: Path) -> Path:
    """A node with a log of two MiB that nothing can squeeze."""
    folder = tmp_path / "city"
    made = initialise(folder, "http://127.0.0.1:9", public_port=9, management_port=10, lab=True)
    own = keys.load(folder / "keys")
    sign = generations.signer(made.did, own.head_public, own.sign_head, 0)
    store = SqliteStore.open(folder / "state.db", clock=CLOCK, sign_head=sign, threaded=False)
    noise = [(number * 0x9E3779B97F4A7C15 & (1 << 64) - 1).to_bytes(8, "big").hex() * 16 for number in range(4000)]
    entries = [Entry(event="e", actor="node", params={"n": one}) for one in noise]
    await store.write(lambda tx: [tx.record(entry) for entry in entries])
    await store.close()
    return folder


def killed(what: str, source: Path, target: Path, point: str, count: int) -> None:
    """The same in a process that kills itself there."""
    command = [sys.executable, "-c", CHILD, what, str(source), str(target), point, str(count)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def restored(source: Path, target: Path) -> int:
    """`restore` in a thread, since it runs an event loop of its own; how many entries the log has."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as one:
        return one.submit(restore, source, target, SECRET, clock=CLOCK).result().entries


@pytest.mark.parametrize(("point", "count"), [("backup.copying", 1), ("backup.copying", 6), ("backup.written", 1)])
async def test_a_killed_backup_leaves_no_file_under_its_name(
    city: Path, tmp_path: Path, point: str, count: int
) -> None:
    target = tmp_path / "x.backup"
    killed("backup", city, target, point, count)
    assert not target.exists()
    back_up(city, target, SECRET, now=CLOCK.now(), environment={})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["city", "x.backup"], "what was left was written over"
    assert restored(target, tmp_path / "made") == 4000


@pytest.mark.parametrize(("point", "count"), [("restore.copying", 1), ("restore.copying", 6), ("restore.built", 1)])
async def test_a_killed_restore_leaves_no_half_node(city: Path, tmp_path: Path, point: str, count: int) -> None:
    source, target = tmp_path / "x.backup", tmp_path / "made"
    back_up(city, source, SECRET, now=CLOCK.now(), environment={})
    killed("restore", source, target, point, count)
    assert not target.exists()
    left = tmp_path / ".made.restoring"
    assert left.stat().st_mode & 0o077 == 0, "nobody else reads what lies there"
    assert restored(source, target) == 4000
    assert not left.exists()


async def test_no_room_for_a_backup_or_a_restore(city: Path, tmp_path: Path) -> None:
    source = tmp_path / "x.backup"
    back_up(city, source, SECRET, now=CLOCK.now(), environment={})
    with small_disk(tmp_path / "disk", THREE):
        place = tmp_path / "disk"
        ballast = fill_up(place)
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - 32 * 1024)
        with pytest.raises(NodeError, match=r"backup\.write"):
            back_up(city, place / "y.backup", SECRET, now=CLOCK.now(), environment={})
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - 1024 * 1024)
        with pytest.raises(NodeError, match=r"restore\.write|store\.full|store\.io"):
            restored(source, place / "made")
        assert [one.name for one in place.iterdir()] == [ballast.name], "nothing is left of either"
        ballast.unlink()
        back_up(city, place / "y.backup", SECRET, now=CLOCK.now(), environment={})
