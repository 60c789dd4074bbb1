"""What is in a package, and that a device's release for aarch64 runs: the short look.

Installation with dpkg, updates and kills are the long campaign (`test_install`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.releases.payload import PAYLOAD
from connector.releases.release import Places, shipped
from scripts.lib.packing import debs, wheels
from scripts.lib.packing.kinds import EDGE, HERE, KINDS, NODE, requirements
from tests.packages import foreign
from tests.packages.making import package

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="packages are made with Python 3.11")
MOST = 40_000_000
"""Bytes of a package."""


@pytest.fixture(scope="module")
def device() -> Path:
    """The device's package for arm64."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    return package(EDGE, "arm64", "0.1.0")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Path]:
    """The files of an arm64 Debian."""
    if why := foreign.missing("arm64"):
        pytest.skip(why)
    yield foreign.unpacked("arm64", tmp_path / "bare", whole=False)
    shutil.rmtree(tmp_path / "bare")


def test_a_release_for_aarch64_runs_without_a_network(device: Path, bare: Path) -> None:
    assert device.stat().st_size <= MOST
    subprocess.run(["dpkg-deb", "--extract", str(device), str(bare)], check=True)

    def said(*command: str) -> str:
        return foreign.run(bare, *command, architecture="arm64")

    assert said("uname", "-m") == "aarch64\n"
    releases = ("python3.11", "-I", "/usr/lib/allmende-edge/releases.pyz", "allmende-edge")
    assert "is unpacked" in said(*releases, "unpack")  # imports the agent
    assert "is in place" in said(*releases, "install")
    assert said("/opt/allmende-edge/current/bin/allmende", "--version") == "allmende 0.1.0\n"
    assert "enrol" in said("/opt/allmende-edge/current/bin/allmende", "edge", "--help")


def test_wheels_alone_are_enough(tmp_path: Path) -> None:
    """With exactly the commands that lie beside them, in a name space without a network."""
    wheels.wheelhouse(EDGE, "amd64", wheels.own(tmp_path), tmp_path / "house.tar")
    with tarfile.open(tmp_path / "house.tar") as archive:
        archive.extractall(tmp_path / "house")
    commands = [
        line.strip() for line in (tmp_path / "house/README").read_text().splitlines() if line.startswith("    ")
    ]
    place = str(tmp_path / "installed")
    for command in commands:
        apart = ["unshare", "--user", "--map-root-user", "--net", *command.replace("/opt/allmende", place).split()]
        done = subprocess.run(apart, cwd=tmp_path / "house", check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "allmende 0.1.0\n"


def test_what_dpkg_is_told(device: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--raw-extract", str(device), str(tmp_path / "deb")], check=True)
    control = (tmp_path / "deb/DEBIAN/control").read_text()
    for line in ("Package: allmende-edge", "Version: 0.1.0", "Architecture: arm64"):
        assert f"{line}\n" in control
    assert (tmp_path / "deb/DEBIAN/conffiles").read_text().split() == [
        "/etc/default/allmende-edge",
        "/etc/allmende-edge/edge.toml",
    ]
    release = shipped(Places(tmp_path / "deb", "allmende-edge"))
    assert release.id.startswith("0.1.0-")
    with tarfile.open(tmp_path / "deb/usr/lib/allmende-edge" / PAYLOAD) as payload:
        names = payload.getnames()
    libraries = [name.split("/")[3].split("-")[0].lower() for name in names if name.endswith(".dist-info/METADATA")]
    assert {"allmende", "cbor2", "msgspec", "aiohttp", "cryptography"} <= set(libraries)
    # What a device does without.
    assert not {"rdflib", "sqlite_utils", "jinja2", "pyshacl", "pycose", "ecdsa", "pydantic", "pip"} & set(libraries)
    assert any(name.endswith(".pyc") for name in names)  # its root may be read-only
    assert not any("x86_64" in name for name in names)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm", "releases"])
def test_scripts_are_shell(kind: object, name: str) -> None:
    text = debs._script(name, kind).decode()  # type: ignore[arg-type]
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert "@PACKAGE@" not in text


def test_a_device_needs_less_than_a_node() -> None:
    device, node = (" ".join(requirements(kind)) for kind in (EDGE, NODE))
    assert "cbor2" in device
    assert "rdflib" in node
    assert "rdflib" not in device


def test_no_host_stands_in_what_makes_packages() -> None:
    for path in (HERE / "scripts/lib/packing").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert "://" not in path.read_text("utf-8").replace("mqtt://127.0.0.1", ""), path
