"""Packages installed without a network, with dpkg, in a small Debian of their own: amd64, and arm64 under qemu-user.

What lives here: install, run, update, update that fails, update that is killed, removal; how large packages are that
are shipped. What does not: the steps of an update one by one (`tests/connector/releases`). These take minutes and need
root, debootstrap and qemu-user-static; they are the long campaign `package`. A short look at what is in a package is in
`test_packing`.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from edge_node.packages.announced import KEYS
from scripts.lib.packing import signing
from scripts.lib.packing.kinds import ARCHITECTURES, EDGE, HERE, KINDS, NODE, Kind
from tests.packages import foreign
from tests.packages.making import EVERY_MODULE, SETTINGS, enrolled, package

pytestmark = pytest.mark.long("package")
CUTS = 100
MOST = 40_000_000
"""Bytes of a package."""


def test_packages_that_are_shipped_are_small(tmp_path: Path) -> None:
    subprocess.run([HERE / "scripts/package", "--output", tmp_path], check=True)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert len(sizes) == len(KINDS) * len(ARCHITECTURES)
    print(*(f"{name}: {size / 1e6:.1f} MB" for name, size in sorted(sizes.items())), sep="\n")
    assert max(sizes.values()) <= MOST


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
    with (system / "etc/group").open("a") as groups:
        groups.write("gpio:x:997:\n")  # as Raspberry Pi OS has it
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
    assert said("id", "-nG", "allmende-edge").split() == ["allmende-edge", "gpio"]
    (system / "etc/allmende-edge/edge.toml").write_text("# mine\n")
    said("dpkg", "--remove", "allmende-edge")
    assert not (system / "opt/allmende-edge").exists()
    assert (system / "etc/allmende-edge/edge.toml").read_text() == "# mine\n"
    said("dpkg", "--purge", "allmende-edge")
    assert (system / "var/lib/allmende-edge").is_dir()


RUN = """
import json, os, socket, subprocess, time
way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
way.bind("/run/manager")
os.chmod("/run/manager", 0o666)
way.settimeout(300)
who = ["setpriv", "--reuid=allmende-edge", "--regid=allmende-edge", "--clear-groups"]
place = "/var/lib/allmende-edge"
agent = subprocess.Popen([*who, "allmende", "edge", "run", place], env={**os.environ, "NOTIFY_SOCKET": "/run/manager"})
heard = set()
while not heard >= {b"READY=1", b"WATCHDOG=1"}:
    heard.add(way.recv(100))
for _ in range(60):
    said = json.loads(subprocess.run(["allmende", "edge", "status", place, "--json"], stdout=-1, check=True).stdout)
    if said["buffer"]["readings"]:
        break
    time.sleep(1)
agent.terminate()
print(json.dumps({"status": said, "ended": agent.wait()}), flush=True)
"""
"""What a service manager does, in short."""


def test_the_agent_of_an_enrolled_device(system: Path, architecture: str) -> None:
    install(system, architecture, put(system, EDGE, architecture, "0.1.0"))
    enrolled(system / "var/lib/allmende-edge")
    (system / "etc/allmende-edge/edge.toml").write_text(SETTINGS)
    foreign.run(system, "chown", "-R", "allmende-edge:", "/var/lib/allmende-edge", architecture=architecture)
    lines = foreign.run(system, "python3.11", "-c", RUN, architecture=architecture).splitlines()
    told = msgspec.json.decode(lines[-1])
    assert told["ended"] == 0, lines
    assert told["status"]["version"] == "0.1.0"
    assert told["status"]["buffer"]["readings"] > 0, lines


def test_an_update_that_was_announced(system: Path, architecture: str, tmp_path: Path) -> None:
    """`allmende edge update` with what `scripts/package --sign` makes: taken, refused, returned from."""
    own = Ed25519PrivateKey.generate()
    key = tmp_path / "key.pem"
    key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    trusted = system / str(KEYS).lstrip("/")
    trusted.mkdir(parents=True)
    (trusted / "city.pem").write_bytes(own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def announced(version: str, **changed: bytes) -> str:
        path = put(system, EDGE, architecture, version, **changed)
        signing.signed(system / path.lstrip("/"), EDGE.name, version, architecture, key)
        return path

    def update(path: str, status: int = 0) -> str:
        return foreign.run(system, "allmende", "edge", "update", path, architecture=architecture, status=status)

    def running() -> str:
        started = (
            "for act in settle confirm; do python3.11 -I /usr/lib/allmende-edge/releases.pyz allmende-edge $act; done"
        )
        foreign.run(system, "sh", "-ec", started, architecture=architecture)
        return foreign.run(system, "allmende-edge-releases", "status", architecture=architecture)

    first, second = announced("0.1.0"), announced("0.2.0")
    install(system, architecture, first)
    assert "allmende-edge 0.2.0" in update(second)
    assert running().startswith("0.2.0-")
    assert "0.1.0" in update(first, status=1)  # older
    changed = announced("0.3.0")
    with (system / changed.lstrip("/")).open("ab") as file:
        file.write(secrets.token_bytes(1))
    update(changed, status=1)
    assert running().startswith("0.2.0-")
    update(announced("0.4.0", **{"edge_node/agent.py": b"raise OSError('of no use')\n"}), status=1)
    assert running().startswith("0.2.0-")


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
        began = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, lasts))
        # How long it takes changes with what else the machine does.
        lasts = time.monotonic() - began if process.returncode is not None else lasts * 1.02
        killed += foreign.killed(process, system)
        told = foreign.run(system, "sh", "-ec", running, architecture=architecture)
        assert "allmende 0.1.0\n" in told
        seen.add(told.splitlines()[-1].partition("-")[0])
        if number % 10 == 9:
            foreign.run(system, "dpkg", "--configure", "-a", architecture=architecture)
    assert killed > cuts // 2
    assert seen == {"0.1.0", "0.2.0"}
    install(system, architecture, versions[0])
