"""A Debian of another processor on this machine: its files by debootstrap, its programs run by qemu-user.

What lives here: making its root once (kept in `.cache`), and running commands in it, without a network, in name spaces
of their own: the register of foreign programs is theirs too, nothing of this machine is changed. What does not: what
is installed there (the tests). Needs root, debootstrap and qemu-user-static (Debian).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).parents[2]
CACHE = HERE / ".cache" / "packages"
QEMU = Path("/usr/bin/qemu-aarch64-static")
SUITE = "bookworm"
PACKAGES = "python3,ca-certificates,init-system-helpers"
MANAGED = f"{PACKAGES},adduser,systemd,systemd-sysv,dbus"
"""With a service manager, for `booted`."""
_MAGIC = (
    r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00",
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff",
)
_INSIDE = r"""
read -r mapped
root=$1; foreign=$2; shift 2
if [ -n "$foreign" ]; then
  mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
  printf '%s' "$foreign" >/proc/sys/fs/binfmt_misc/register
fi
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 "$@"
"""


def missing(architecture: str) -> str:
    """Why no such Debian can be had here; "" where it can."""
    if os.geteuid() != 0:
        return "debootstrap needs root"
    wanted = ["debootstrap", "unshare", *(["qemu-aarch64-static"] if architecture == "arm64" else [])]
    return ", ".join(f"{name} is not installed" for name in wanted if shutil.which(name) is None)


def _mirror() -> str:
    """The first mirror that this machine gets its own packages from."""
    listed = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    return subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\n", 1)[0]


def unpacked(architecture: str, root: Path) -> Path:
    """Such a Debian in a new folder."""
    root.mkdir(parents=True)
    subprocess.run(["tar", "-C", str(root), "-xf", str(_kept(architecture))], check=True)
    return root


def _kept(architecture: str) -> Path:
    """An archive of it; made at first use, which takes minutes. Raises `CalledProcessError`."""
    CACHE.mkdir(parents=True, exist_ok=True)
    name = f"{SUITE}-{architecture}"
    kept = CACHE / f"{name}.tar"
    if kept.exists():
        return kept
    root = CACHE / f".{name}"
    shutil.rmtree(root, ignore_errors=True)
    asked = ["debootstrap", f"--arch={architecture}", "--variant=minbase", f"--include={PACKAGES}", "--foreign"]
    with (CACHE / f"{name}.log").open("w") as log:
        subprocess.run([*asked, SUITE, str(root), _mirror()], check=True, stdout=log, stderr=log)
        # It tries whether devices can be made, which it does not need; the package's own program takes this place.
        (root / "usr/bin/mknod").write_text('#!/bin/sh\n: >"$1"\n')
        run(root, "/debootstrap/debootstrap", "--second-stage", architecture=architecture, log=log)
    shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
    draft = kept.with_suffix(".new")
    subprocess.run(["tar", "-C", str(root), "--exclude=./dev/*", "-cf", str(draft), "."], check=True)
    draft.rename(kept)
    shutil.rmtree(root)
    return kept


def managed(root: Path) -> Path:
    """A Debian of this machine's processor with systemd, in a new folder."""
    kept = CACHE / f"{SUITE}-managed.tar"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = CACHE / f".{SUITE}-managed"
        shutil.rmtree(made, ignore_errors=True)
        asked = ["debootstrap", "--variant=minbase", f"--include={MANAGED}", SUITE, str(made), _mirror()]
        subprocess.run(asked, check=True, stdout=subprocess.DEVNULL)
        draft = kept.with_suffix(".new")
        subprocess.run(["tar", "-C", str(made), "--exclude=./dev/*", "-cf", str(draft), "."], check=True)
        draft.rename(kept)
        shutil.rmtree(made)
    root.mkdir(parents=True)
    subprocess.run(["tar", "-C", str(root), "-xf", str(kept)], check=True)
    return root


def booted(root: Path, script: str, seconds: float) -> str:
    """What a script says in that Debian, whose systemd is started for it and stopped after it. Raises
    `TimeoutExpired`, and `FileNotFoundError` where it did not come to the script."""
    (root / "root/script").write_text(f"exec >/root/said 2>&1\n{script}")
    (root / "etc/systemd/system/script.service").write_text(
        "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nExecStart=/bin/sh /root/script\n"
        "ExecStopPost=/bin/systemctl --no-block poweroff\n"
    )
    wanted = root / "etc/systemd/system/multi-user.target.wants/script.service"
    wanted.parent.mkdir(exist_ok=True)
    wanted.symlink_to("../script.service")
    command = ["systemd-nspawn", "--register=no", "--keep-unit", "--boot", "--private-network", "-D", str(root)]
    subprocess.run(command, check=False, capture_output=True, timeout=seconds)
    return (root / "root/said").read_text()


def begun(root: Path, *command: str, architecture: str, log: object = subprocess.PIPE) -> subprocess.Popen[str]:
    """A command in that Debian; it and all its children end when the process that is returned is killed."""
    foreign = f":qemu-aarch64:M::{_MAGIC[0]}:{_MAGIC[1]}:{QEMU}:F" if architecture == "arm64" else ""
    apart = ["unshare", "--user", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
    process: subprocess.Popen[str] = subprocess.Popen(
        [*apart, "sh", "-ec", _INSIDE, "sh", str(root), foreign, *command],
        stdin=subprocess.PIPE,
        stdout=log,  # type: ignore[call-overload]
        stderr=subprocess.STDOUT,
        text=True,
    )
    own = os.readlink("/proc/self/ns/user")
    while os.readlink(f"/proc/{process.pid}/ns/user") == own:
        time.sleep(0.002)
    for kind in ("uid", "gid"):
        Path(f"/proc/{process.pid}/{kind}_map").write_text("0 0 65536\n")
    assert process.stdin is not None
    process.stdin.write("mapped\n")
    process.stdin.flush()
    return process


def run(root: Path, *command: str, architecture: str, log: object = subprocess.PIPE, status: int = 0) -> str:
    """What a command says there. Raises `AssertionError` with it where it ends otherwise."""
    process = begun(root, *command, architecture=architecture, log=log)
    said, _ = process.communicate()
    assert process.returncode == status, f"{command}: {process.returncode}\n{said}"
    return said or ""


def killed(process: subprocess.Popen[str], root: Path) -> bool:
    """A command from `begun` with everything below it, killed; did it still run? Nothing of it does afterwards."""
    alive = process.poll() is None
    process.kill()
    process.wait()
    while any(_is_in(one, root) for one in Path("/proc").iterdir() if one.name.isdigit()):
        time.sleep(0.01)
    return alive


def _is_in(process: Path, root: Path) -> bool:
    try:
        return os.readlink(process / "root") == str(root)
    except OSError:
        return False
