"""Packages installed without a network, with dpkg, in a small Debian of their own: amd64, and arm64 under qemu-user.

What lives here: install, run, update, update that fails, update that is killed, removal. What does not: the steps of an
update one by one (`tests/connector/releases`). These take minutes and need root, debootstrap and qemu-user-static; they
are the long campaign `package`. A short look at what is in a package is in `test_packing`.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib.packing.kinds import EDGE, NODE, Kind
from tests.packages import foreign
from tests.packages.making import package

pytestmark = pytest.mark.long("package")
CUTS = 100


@pytest.fixture(scope="module", params=["amd64", "arm64"])
def architecture(request: pytest.FixtureRequest) -> str:
    if why := foreign.missing(request.param):
        pytest.skip(why)
    return str(request.param)


@pytest.fixture
def system(architecture: str, tmp_path: Path) -> Iterator[Path]:
    """A Debian with Python and nothing of ours."""
    root = foreign.unpacked(architecture, tmp_path / "system")
    yield root
    shutil.rmtree(root)


def put(system: Path, kind: Kind, architecture: str, version: str, **more: bytes) -> str:
    """A package copied into the system; the path there."""
    made = package(kind, architecture, version, **more)
    shutil.copy(made, system / "root")
    return f"/root/{made.name}"


def install(system: Path, architecture: str, path: str, status: int = 0) -> str:
    """dpkg with dependencies as they are; there is no network in there."""
    return foreign.run(system, "dpkg", "--install", path, architecture=architecture, status=status)


def test_a_device_from_nothing_to_removal(system: Path, architecture: str) -> None:
    install(system, architecture, put(system, EDGE, architecture, "0.1.0"))

    def said(*command: str) -> str:
        return foreign.run(system, *command, architecture=architecture)

    assert said("allmende", "--version") == "allmende 0.1.0\n"
    assert "Name its directory" not in said("allmende", "edge", "--help")
    assert said("stat", "-c", "%a %U", "/var/lib/allmende-edge").split() == ["700", "allmende-edge"]
    assert "[series.air" in said("cat", "/var/lib/allmende-edge/edge.toml")
    assert "0.1.0-" in said("allmende-edge-releases", "status")
    readable = said("/opt/allmende-edge/current/bin/python", "-I", "-c", EVERY_MODULE)
    assert "edge_node.agent" in readable
    (system / "etc/allmende-edge/edge.toml").write_text("# mine\n")
    said("dpkg", "--remove", "allmende-edge")
    assert not (system / "opt/allmende-edge").exists()
    assert (system / "etc/allmende-edge/edge.toml").read_text() == "# mine\n"
    said("dpkg", "--purge", "allmende-edge")
    assert (system / "var/lib/allmende-edge").is_dir()


EVERY_MODULE = """
import importlib, pkgutil, sys, edge_node
for one in pkgutil.walk_packages(edge_node.__path__, "edge_node."):
    importlib.import_module(one.name)
print(*sorted(sys.modules))
"""


def test_a_node_and_its_update(system: Path, architecture: str) -> None:
    def said(*command: str) -> str:
        return foreign.run(system, *command, architecture=architecture)

    def as_node(*command: str) -> str:
        return said("setpriv", "--reuid=allmende", "--regid=allmende", "--clear-groups", *command)

    install(system, architecture, put(system, NODE, architecture, "0.1.0"))
    as_node("allmende", "init", "/var/lib/allmende", "--public-url", "https://daten.stadt.example")
    bring = ("/opt/allmende/current/bin/python", "-I", "-m", "connector.backup.bringing", "/var/lib/allmende")
    as_node(*bring)
    install(system, architecture, put(system, NODE, architecture, "0.2.0"))
    assert "trying 0.2.0-" in said("allmende-releases", "status")
    releases = ("python3.11", "-I", "/usr/lib/allmende/releases.pyz", "allmende")
    said(*releases, "settle")
    assert said("allmende", "--version") == "allmende 0.1.0\n"  # the version of the wheel; the release is another
    # No manager starts a node in here, so the try fails three times.
    for _ in range(3):
        said(*releases, "settle")
    assert "0.1.0-" in said("allmende-releases", "status")
    as_node(*bring)


def test_a_release_that_does_not_work_here_is_refused(system: Path, architecture: str) -> None:
    install(system, architecture, put(system, EDGE, architecture, "0.1.0"))
    broken = put(system, EDGE, architecture, "0.2.0", **{"edge_node/agent.py": b"raise OSError('of no use')\n"})
    assert "of no use" in install(system, architecture, broken, status=1)
    assert "0.1.0-" in foreign.run(system, "allmende-edge-releases", "status", architecture=architecture)
    install(system, architecture, put(system, EDGE, architecture, "0.3.0"))


FORGET = """
cd /opt/allmende-edge
rm -f previous
for one in [0-9]*; do [ "$one" = "$(readlink current)" ] || rm -rf "$one"; done
"""
"""Only the release that runs is there, so that an update has to unpack."""


def test_killed_at_points_by_chance(system: Path, architecture: str) -> None:
    """dpkg and everything below it, killed; what a start does first; then the program has to run. Old or new."""
    cuts = CUTS if architecture == "amd64" else CUTS // 10
    versions = [put(system, EDGE, architecture, version) for version in ("0.1.0", "0.2.0")]
    install(system, architecture, versions[0])
    began = time.monotonic()
    install(system, architecture, versions[1])
    lasts = time.monotonic() - began
    chance, killed, seen = random.Random(7), 0, set()
    helper = "python3.11 -I /usr/lib/allmende-edge/releases.pyz allmende-edge"
    current = "/opt/allmende-edge/current"
    running = f"{helper} settle; {helper} confirm; {current}/bin/allmende --version; readlink {current}"
    for number in range(cuts):
        foreign.run(system, "sh", "-ec", FORGET, architecture=architecture)
        process = foreign.begun(system, "dpkg", "--install", versions[number % 2], architecture=architecture)
        time.sleep(chance.uniform(0, lasts))
        killed += foreign.killed(process, system)
        told = foreign.run(system, "sh", "-ec", running, architecture=architecture)
        assert "allmende 0.1.0\n" in told
        seen.add(told.splitlines()[-1].partition("-")[0])
        if number % 10 == 9:
            foreign.run(system, "dpkg", "--configure", "-a", architecture=architecture)
    assert killed > cuts // 2
    assert seen == {"0.1.0", "0.2.0"}
    install(system, architecture, versions[0])
