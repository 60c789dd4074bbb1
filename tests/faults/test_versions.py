"""F39: this version and the one before it side by side, and a directory that the older one has made.

What lives here: the older version as a second real process, out of the project's own history; skipped where that is not
there. What does not: the steps of a migration (`tests.connector.store.test_migrations`).
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.invariants import check
from tests.faults.processes import PATIENCE, ROOT, NodeProcess
from tests.faults.world import World
from tests.harness import frames

pytestmark = pytest.mark.process
BEFORE = "a43c2e84ca236ab9c15c4a017a57b8817bfd9233"
"""The last commit of the version before: its databases are of version 1."""
KILLED_HALF_WAY = """
import os, pathlib, signal, sys
from connector.store import migrations

first = migrations.STEPS[1]

def half(database):
    execute, done = database.execute, []

    class Killing:
        def execute(self, *given):
            if len(done) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            done.append(given)
            return execute(*given)

    first(Killing())

migrations.STEPS = (migrations.STEPS[0], half, *migrations.STEPS[2:])
migrations.migrate(sys.argv[1])
"""


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the version before."""
    shown = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, check=False)
    if shown.returncode != 0:
        pytest.skip("the project's history is not here")
    place = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=io.BytesIO(shown.stdout)) as archive:
        archive.extractall(place, filter="data")
    return place


@pytest.fixture(params=["provider", "consumer"])
def mixed(request: pytest.FixtureRequest, tmp_path: Path, before: Path) -> Iterator[World]:
    """Two running neighbours, of whom one is of the version before."""
    made = World(tmp_path, trees=(before, ROOT) if request.param == "provider" else (ROOT, before))
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_two_versions_agree_and_exchange_data(mixed: World) -> None:
    """A negotiation, and a transfer with all its moves; what the newer one knows beyond the older does not hinder."""
    contract = mixed.contract()
    by = {"suspend": mixed.provider, "restart": mixed.provider, "complete": mixed.consumer}
    mixed.transfer_story(contract, lambda message: None, by)
    check(mixed)


@pytest.fixture
def old(tmp_path: Path, before: Path) -> Iterator[World]:
    """Two running neighbours of the version before, with a contract."""
    made = World(tmp_path, trees=(before, before))
    try:
        made.start()
        made.negotiate()
        yield made
    finally:
        made.close()


def version(node: NodeProcess) -> int:
    """The version of a stopped node's database, in its header (SQLite, "Database File Format", 1.3)."""
    return int.from_bytes((node.directory / "state.db").read_bytes()[60:64], "big")


def served(node: NodeProcess) -> subprocess.CompletedProcess[str]:
    """What `serve` of the node's version says to its directory."""
    command = [sys.executable, "-c", "from connector.cli import main; main()", "serve", str(node.directory)]
    environment = {"PYTHONPATH": str(node.tree), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=node.tree, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_a_migration_that_is_killed_half_way_is_done_again(old: World) -> None:
    """Killed in the middle, the database is the old one; the next start finishes, and what was agreed is there."""
    city, contract = old.provider, old.contract()
    city.close()
    assert version(city) == 1
    path = city.directory / "state.db"
    kept = path.read_bytes()
    command = [sys.executable, "-c", KILLED_HALF_WAY, str(path)]
    killed = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, timeout=PATIENCE, check=False)
    assert killed.returncode == -9
    assert version(city) == 1
    assert path.read_bytes() == kept
    city.tree = ROOT
    city.start()
    old.fetch(contract)
    old.finish()
    # What was published before the newer version knew of people waits for one; under a frame contract nobody is asked.
    city.call("POST", "/v1/frames", frames.BODY)
    old.share("new", {})
    old.negotiate("new")
    check(old)


def test_the_version_before_does_not_touch_a_newer_database(tmp_path: Path, before: Path) -> None:
    """A sentence instead of a start, and the file stays as it is."""
    node = NodeProcess(tmp_path / "node", tree=before)
    node.tree = ROOT
    node.start()
    node.close()
    assert version(node) > 1
    path = node.directory / "state.db"
    kept = path.read_bytes()
    node.tree = before
    ended = served(node)
    assert ended.returncode == 1
    assert "newer version" in ended.stderr, ended.stderr
    assert "Traceback" not in ended.stderr
    assert path.read_bytes() == kept
    node.tree = ROOT
    node.start()
    assert node.call("GET", "/v1/audit/verify")["ok"]
    node.close()
