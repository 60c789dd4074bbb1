"""Two nodes on one directory: the second one goes at once and says why, the first one does not notice."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.faults.processes import PATIENCE, ROOT
from tests.faults.world import World

pytestmark = pytest.mark.process


def test_second_node_on_a_directory_is_refused(world: World) -> None:
    first = world.provider
    command = [sys.executable, "-c", "from connector.cli import main; main()", "serve", str(first.directory)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert second.returncode == 1
    assert "another node" in second.stderr.lower(), second.stderr
    assert "Traceback" not in second.stderr
    assert first.call("GET", "/health")["status"] == "ok"
    assert first.deaths == []
    world.negotiate()


def test_a_killed_node_leaves_no_lock_behind(world: World) -> None:
    node = world.provider
    node.kill()
    node.wait_ready()
    assert node.deaths == [-9]
    world.negotiate()
