"""What is in a package: the short look.

Installation with dpkg, another processor, updates and kills are the long campaign (`test_install`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from connector.releases.payload import PAYLOAD
from connector.releases.release import Places, shipped
from scripts.lib.packing import debs, wheels
from scripts.lib.packing.kinds import EDGE, HERE, KINDS, NODE, requirements
from tests.packages.making import EVERY_MODULE, package, project

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="packages are made with Python 3.11")


@pytest.fixture(scope="module")
def device() -> Path:
    """The device's package for arm64."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    return package(EDGE, "arm64", "0.1.0")


def test_wheels_alone_are_enough(tmp_path: Path) -> None:
    """With exactly the commands that lie beside them, in a name space without a network."""
    wheels.wheelhouse(EDGE, "amd64", project(), tmp_path / "house.tar")
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
    every = [f"{place}/bin/python", "-I", "-c", EVERY_MODULE]
    assert "edge_node.place.joining" in subprocess.run(every, check=True, capture_output=True, text=True).stdout


def test_what_dpkg_is_told(device: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--raw-extract", str(device), str(tmp_path / "deb")], check=True)
    control = (tmp_path / "deb/DEBIAN/control").read_text()
    for line in ("Package: allmende-edge", "Version: 0.1.0", "Architecture: arm64"):
        assert f"{line}\n" in control
    assert (tmp_path / "deb/DEBIAN/conffiles").read_text().split() == [
        "/etc/default/allmende-edge",
        "/etc/allmende-edge/edge.toml",
    ]
    units = {path.name for path in (tmp_path / "deb/usr/lib/systemd/system").iterdir()}
    assert units == {"allmende-edge.service", "allmende-edge-update.path", "allmende-edge-update.service"}
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
