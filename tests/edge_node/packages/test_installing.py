"""Making a machine a device, below a root of its own: what is put where, and what is refused."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from connector.cli.tree import run
from edge_node.errors import PackageError
from edge_node.packages import installing
from scripts.lib.packing import debs
from scripts.lib.packing.kinds import EDGE
from scripts.lib.packing.trees import Tree

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make users and give files away")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """As much of another machine's Debian as is looked at: for a processor that is not this one's."""
    root = tmp_path / "image"
    for folder in ("usr/bin", "usr/sbin", "etc/alternatives", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for file in ("etc/group", "etc/shadow", "etc/gshadow", "var/lib/dpkg/available"):
        (root / file).touch()
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "usr/bin/python3.11").write_bytes(b"of another processor")
    status = "Package: dpkg\nStatus: install ok installed\nMaintainer: x\nArchitecture: arm64\nVersion: 1.21.22\n"
    (root / "var/lib/dpkg/status").write_text(f"{status}Description: package manager\n\n")
    return root


def packed(folder: Path, architecture: str) -> Path:
    """A device's package whose release is two files."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    tree = folder / architecture / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/allmende").write_text("#!/bin/sh\n")
    (tree / "bin/allmende").chmod(0o755)
    (tree / "bin/python").symlink_to("/usr/bin/python3.11")
    made = Tree(tree, "0.1.0-0123456789ab")
    return debs.built(EDGE, architecture, made, "0.1.0", folder / architecture / "deb", folder)


def refusal(act: object, *given: object) -> str:
    with pytest.raises(PackageError) as failure:
        act(*given)  # type: ignore[operator]
    return failure.value.code


def test_an_image_gets_everything_that_a_start_needs(image: Path, tmp_path: Path) -> None:
    assert installing.put_in_image(image, packed(tmp_path, "arm64")) == "0.1.0-0123456789ab"
    home = image / "opt/allmende-edge"
    assert str((home / "current").readlink()) == "0.1.0-0123456789ab"
    assert (home / "current/bin/allmende").is_file()
    assert not (home / "update").exists()
    (user,) = [line for line in (image / "etc/passwd").read_text().splitlines() if "allmende-edge" in line]
    number = int(user.split(":")[2])
    state = (image / "var/lib/allmende-edge").stat()
    assert (state.st_uid, stat.S_IMODE(state.st_mode)) == (number, 0o700)
    assert str((image / "var/lib/allmende-edge/edge.toml").readlink()) == "/etc/allmende-edge/edge.toml"
    assert (image / "etc/allmende-edge/edge.toml").is_file()
    wanted = image / "etc/systemd/system/multi-user.target.wants/allmende-edge.service"
    assert (image / str(wanted.readlink()).lstrip("/")).is_file()
    assert str((image / "usr/bin/allmende").readlink()) == "/etc/alternatives/allmende"
    assert "Package: allmende-edge\n" in (image / "var/lib/dpkg/status").read_text()
    assert refusal(installing.put_in_image, image, packed(tmp_path / "again", "arm64")) == "image.taken"


@pytest.mark.parametrize(("groups", "members"), [("gpio:x:997:\n", ["gpio"]), ("", [])])
def test_pins_where_they_belong_to_a_group(image: Path, tmp_path: Path, groups: str, members: list[str]) -> None:
    (image / "etc/group").write_text(groups)
    installing.put_in_image(image, packed(tmp_path, "arm64"))
    lines = [line.split(":") for line in (image / "etc/group").read_text().splitlines()]
    assert [name for name, _, _, users in lines if "allmende-edge" in users.split(",")] == members


def test_an_image_that_enrols_by_itself(image: Path, tmp_path: Path) -> None:
    code = "7K3QX-00000-00000-00000-00000@daten.stadt.example"
    installing.put_in_image(image, packed(tmp_path, "arm64"), code)
    kept = image / "var/lib/allmende-edge/invitation"
    assert kept.read_text() == f"{code}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    unit = (image / "etc/systemd/system" / installing.FIRST).read_text()
    assert "7K3QX" not in unit
    assert "edge enrol - /var/lib/allmende-edge\n" in unit
    if shutil.which("systemd-analyze"):
        mine = tmp_path / "allmende-first-test.service"
        mine.write_text(
            unit.replace("/opt/allmende-edge/current/bin/allmende", "/bin/true").replace(
                "User=allmende-edge", "User=daemon"
            )
        )
        judged = subprocess.run(["systemd-analyze", "verify", str(mine)], capture_output=True, text=True, check=False)
        assert mine.name not in judged.stderr, judged.stderr


@pytest.mark.parametrize("invitation", ["a b@c", "a@b\nc", "a@b'", "a@$HOME", "a@b%n"])
def test_what_is_no_invitation(image: Path, tmp_path: Path, invitation: str) -> None:
    package = packed(tmp_path, "arm64")
    assert refusal(installing.put_in_image, image, package, invitation) == "image.invitation"


def test_images_that_will_not_do(image: Path, tmp_path: Path) -> None:
    assert refusal(installing.put_in_image, image, packed(tmp_path, "amd64")) == "image.architecture"
    assert refusal(installing.put_in_image, Path("/"), packed(tmp_path, "arm64")) == "image.none"
    (image / "usr/bin/python3.11").unlink()
    assert refusal(installing.put_in_image, image, tmp_path / "allmende-edge_0.1.0_arm64.deb") == "image.none"


def test_a_machine_without_the_package(image: Path) -> None:
    place = Path("/srv/cabinet")
    unit = installing.install(place, Path("/opt/wheels/bin/allmende"), "allmende-edge", image)
    text = unit.read_text()
    assert "ExecStart=/opt/wheels/bin/allmende edge run /srv/cabinet\n" in text
    assert "User=allmende-edge\n" in text
    settings = image / "srv/cabinet/edge.toml"
    settings.write_text("# mine\n")
    installing.install(place, Path("/opt/wheels/bin/allmende"), "allmende-edge", image)
    assert settings.read_text() == "# mine\n"
    assert settings.stat().st_uid != 0


def test_commands(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["edge", "install", "/srv/cabinet", "--print"]) == 0
    assert "edge run /srv/cabinet" in capsys.readouterr().out
    assert run(["edge", "image", str(image), str(packed(tmp_path, "arm64"))]) == 0
    assert "0.1.0-0123456789ab" in capsys.readouterr().out
    assert run(["edge", "update", str(tmp_path / "none.deb"), "--keys", str(tmp_path)]) == 1
    assert "needs a public key" in capsys.readouterr().err
