"""Making a machine a device: on the machine itself, in the file system of another (an image), and updating it.

What lives here: what is put where, and the programs of Debian that do it. What does not: whether a package is to be
believed (`edge_node.packages.announced`), how releases take turns (`connector.releases`), the unit (`connector.proxy`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from connector.proxy import shipped
from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.programs import SystemPrograms
from connector.releases.release import Places
from connector.releases.release import shipped as release_in
from connector.releases.updating import Updating
from edge_node import config
from edge_node.errors import PackageError
from edge_node.packages import announced

NAME: Final = "allmende-edge"
STATE: Final = f"var/lib/{NAME}"
UNITS: Final = "etc/systemd/system"
GROUPS: Final = ("gpio",)
"""Whose the pins are on some systems (Raspberry Pi OS)."""
FIRST: Final = f"{NAME}-first.service"
_INVITATION: Final = re.compile(r"[A-Za-z0-9-]+@[A-Za-z0-9._:/\[\]-]+", re.ASCII)
_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"

STARTER: Final = "# What this device measures and where from; see: allmende help edge\n"


def install(directory: Path, program: Path, user: str, root: Path = Path("/")) -> Path:
    """Have the service manager of this machine run a device in `directory` with this program: user, directory, unit.
    For programs that no package has brought. The path of the unit.

    Raises `PackageError` `install.root`, `install.failed`, and `InputError` for a path that no unit can name.
    """
    _as_root()
    text = shipped.device_service(directory, program=program, user=user)
    _add_user(user, root)
    own = root / str(directory).lstrip("/")
    own.mkdir(parents=True, exist_ok=True)
    if not (own / config.FILE).exists():
        (own / config.FILE).write_text(STARTER)
    _give(own, user, root)
    unit = root / UNITS / f"{NAME}.service"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(text)
    _enable(f"/{UNITS}/{unit.name}", root)
    if root == Path("/") and Path("/run/systemd/system").is_dir():
        _run("systemctl", "daemon-reload")
    return unit


def put_in_image(root: Path, package: Path, invitation: str = "") -> str:
    """Put a package into the file system of another machine, which is mounted at `root`, without running anything of
    it. Everything is in place then, also for a machine whose root is never written. The release that is there then.

    `invitation` (CODE@NODE) has the machine enrol by itself as soon as it has a network. Raises `PackageError`
    `install.root`, `image.none` (no Debian with the right Python), `image.taken`, `image.architecture`,
    `image.invitation`, `install.failed`.
    """
    _as_root()
    if _INVITATION.fullmatch(invitation or "code@node") is None:
        raise PackageError("image.invitation")
    root = root.resolve()
    if root == Path("/") or not (root / "usr/bin/python3.11").exists() or not (root / "var/lib/dpkg/status").exists():
        raise PackageError("image.none", path=str(root))
    if Places(root, NAME).shipped.exists():
        raise PackageError("image.taken")
    made_for, own = _said("dpkg-deb", "--field", str(package), "Architecture"), _architecture(root)
    if made_for != own:
        raise PackageError("image.architecture", package=made_for, image=own)
    # Its scripts would have to run there; what they do is done below, and once more when the machine configures it.
    _run("dpkg", f"--root={root}", "--force-architecture", "--force-depends", "--unpack", str(package))
    places = Places(root, NAME)
    try:
        release = release_in(places)
        Updating(places, release, Disk(), SystemPrograms(places, release)).install()
    except ReleaseError as error:
        raise PackageError("install.failed", what=str(error)) from None
    for file in (root / f"etc/{NAME}/{config.FILE}", root / f"etc/default/{NAME}"):
        # The administrator's files get their names from dpkg when it configures; the first start may come before.
        if not file.exists() and (waiting := file.with_name(f"{file.name}.dpkg-new")).exists():
            shutil.copy2(waiting, file)
    _add_user(NAME, root)
    state = root / STATE
    state.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(state / config.FILE):
        (state / config.FILE).symlink_to(f"/etc/{NAME}/{config.FILE}")
    _give(state, NAME, root)
    program = f"/opt/{NAME}/current/bin/allmende"
    _run(
        "update-alternatives",
        "--quiet",
        "--root",
        str(root),
        "--install",
        "/usr/bin/allmende",
        "allmende",
        program,
        "20",
    )
    _enable(f"/usr/lib/systemd/system/{NAME}.service", root)
    if invitation:
        _enrol_at_first(root, invitation)
    return release.id


def update(package: Path, *, keys: Path = announced.KEYS, older: bool = False) -> announced.Announced:
    """Install a package that was announced (`PACKAGE.release` beside it). What was there runs again where the new one
    fails. Raises `PackageError`: as `announced`; `update.absent` (another package than this machine has: an old one
    of those would be no downgrade); `update.older` without `older`; `update.failed`."""
    _as_root()
    told = announced.read(package.with_name(f"{package.name}.release"), keys)
    have = _installed(told.package)
    if not have:
        raise PackageError("update.absent", package=told.package)
    if not older and not _newer(told.version, have):
        raise PackageError("update.older", version=told.version, installed=have)
    with tempfile.TemporaryDirectory() as folder, Path(folder, told.file).open("wb") as copied:
        announced.copy(told, package, copied)
        done = subprocess.run(  # noqa: S603
            # Settings that were changed here stay, and nobody is there to be asked.
            ["dpkg", "--force-confdef", "--force-confold", "--install", copied.name],  # noqa: S607
            check=False,
            stdout=2,
            # A home that is not root's could have dpkg run what it likes (.dpkg.cfg).
            env={**os.environ, "PATH": _PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"},
        )
    if done.returncode:
        raise PackageError("update.failed", version=told.version)
    return told


def _enrol_at_first(root: Path, invitation: str) -> None:
    """A unit that takes the device's place with its one-time code, as often as it needs, then goes away."""
    enrol = f"/opt/{NAME}/current/bin/allmende edge enrol - /{STATE}"
    code = root / STATE / "invitation"
    code.write_text(f"{invitation}\n")
    code.chmod(0o600)
    _give(root / STATE, NAME, root)
    text = (
        "[Unit]\nDescription=Allmende device: its first start\n"
        f"ConditionPathExists=/{STATE}/invitation\nWants=network-online.target\nAfter=network-online.target\n"
        "StartLimitIntervalSec=0\n\n"
        f"[Service]\nType=oneshot\nUser={NAME}\nStandardInput=file:/{STATE}/invitation\nExecStart={enrol}\n"
        f"ExecStartPost=/bin/rm /{STATE}/invitation\nExecStartPost=+/bin/systemctl --no-block start {NAME}.service\n"
        "Restart=on-failure\nRestartSec=60\n\n[Install]\nWantedBy=multi-user.target\n"
    )
    (root / UNITS).mkdir(parents=True, exist_ok=True)
    (root / UNITS / FIRST).write_text(text)
    _enable(f"/{UNITS}/{FIRST}", root)


def _as_root() -> None:
    if os.geteuid() != 0:
        raise PackageError("install.root")


def _add_user(user: str, root: Path) -> None:
    """A user of the system below `root`; one that is there stays as it is."""
    if any(line.startswith(f"{user}:") for line in (root / "etc/passwd").read_text().splitlines()):
        return
    nobody = ["--system", "--user-group", "--no-create-home", "--home-dir", f"/{STATE}", "--shell", "/usr/sbin/nologin"]
    known = {line.partition(":")[0] for line in (root / "etc/group").read_text().splitlines()}
    also = [f"--groups={','.join(found)}"] if (found := [one for one in GROUPS if one in known]) else []
    _run("useradd", *([] if root == Path("/") else ["--prefix", str(root)]), *nobody, *also, user)


def _give(folder: Path, user: str, root: Path) -> None:
    """A folder with what is in it to a user of the system below `root`, and to nobody else."""
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, number, group, *_ = line.split(":")
        if name == user:
            for path in (folder, *folder.iterdir()):
                os.chown(path, int(number), int(group), follow_symlinks=False)
    folder.chmod(0o700)


def _enable(unit: str, root: Path) -> None:
    wanted = root / UNITS / "multi-user.target.wants" / Path(unit).name
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.unlink(missing_ok=True)
    wanted.symlink_to(unit)


def _architecture(root: Path) -> str:
    """Of the system below `root`: that of its own dpkg. "" where it does not say."""
    for part in (root / "var/lib/dpkg/status").read_text("utf-8", "replace").split("\n\n"):
        lines = part.splitlines()
        if "Package: dpkg" in lines:
            return next((line.partition(": ")[2] for line in lines if line.startswith("Architecture: ")), "")
    return ""


def _installed(package: str) -> str:
    """The version that dpkg has installed; "" for none."""
    told = _asked("dpkg-query", "--show", "--showformat=${Version}", package)
    return told.stdout.strip() if told.returncode == 0 else ""


def _newer(one: str, other: str) -> bool:
    return _asked("dpkg", "--compare-versions", one, "gt", other).returncode == 0


def _said(*command: str) -> str:
    """The answer of a program. Raises `PackageError` `install.failed`."""
    done = _asked(*command)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise PackageError("install.failed", what=f"{command[0]}: {last}")
    return done.stdout.strip()


def _run(*command: str) -> None:
    _said(*command)


def _asked(*command: str) -> subprocess.CompletedProcess[str]:
    program: Sequence[str] = (shutil.which(command[0], path=_PATH) or command[0], *command[1:])
    try:
        return subprocess.run(  # noqa: S603
            program, check=False, capture_output=True, text=True, env={**os.environ, "PATH": _PATH, "LC_ALL": "C"}
        )
    except OSError as error:
        raise PackageError("install.failed", what=f"{command[0]}: {error.strerror}") from None
