"""The wheels of a package for a processor: fetched once per set of versions, from where pip gets its packages.

What lives here: fetching, the wheel of the project itself, the archive of wheels for installing without packages. What
does not: unpacking them (`trees`).
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from scripts.lib.packing.kinds import ARCHITECTURES, HERE, PYTHON, Kind, requirements

CACHE = HERE / ".cache" / "packages"
_GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
"""Debian 12 has glibc 2.36."""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def targeted(architecture: str) -> list[str]:
    """What tells pip to choose for another machine than this one."""
    processor, tag = ARCHITECTURES[architecture], f"cp{PYTHON.replace('.', '')}"
    platforms = [part for glibc in _GLIBC for part in ("--platform", f"{glibc}_{processor}")]
    abis = ["--abi", tag, "--abi", "abi3", "--abi", "none"]
    return ["--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON, *abis, *platforms]


def fetched(kind: Kind, architecture: str) -> Path:
    """A folder with the wheels of everything that a package needs of others. Raises `CalledProcessError`."""
    wanted = requirements(kind)
    constraints = HERE / "constraints.txt"
    digest = hashlib.sha256("\n".join([*wanted, constraints.read_text()]).encode()).hexdigest()[:16]
    folder = CACHE / "wheels" / f"{kind.name}-{architecture}-{digest}"
    if folder.is_dir():
        return folder
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    asked = [*PIP, "download", *targeted(architecture), "--constraint", str(constraints), "--dest", str(draft)]
    subprocess.run([*asked, *wanted], check=True, cwd=HERE)
    draft.rename(folder)
    return folder


def own(folder: Path) -> Path:
    """The wheel of the project as it lies here, made in `folder`. Raises `CalledProcessError`."""
    asked = [*PIP, "wheel", "--no-deps", "--constraint", "constraints.txt", "--wheel-dir", str(folder), str(HERE)]
    subprocess.run(asked, check=True, cwd=HERE)
    (made,) = folder.glob("allmende-*.whl")
    return made


def wheelhouse(kind: Kind, architecture: str, project: Path, target: Path) -> None:
    """One archive with all wheels and their digests: `pip install --no-index` needs nothing else."""
    wheels = sorted([project, *fetched(kind, architecture).glob("*.whl")], key=lambda path: path.name)
    lines = [f"{_pinned(path)} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in wheels]
    with tarfile.open(target, "w") as archive:
        for name, data in (("requirements.txt", "".join(lines).encode()), ("README", _README.encode())):
            add(archive, name, data)
        for path in wheels:
            add(archive, f"wheels/{path.name}", path.read_bytes())


_README = f"""Wheels for an installation without a network, on a system with glibc 2.34 or newer and Python {PYTHON}:

    python{PYTHON} -m venv /opt/allmende
    /opt/allmende/bin/pip install --no-deps --no-index --find-links wheels --require-hashes -r requirements.txt
    /opt/allmende/bin/allmende --version
"""


def _pinned(wheel: Path) -> str:
    name, version, *_ = wheel.name.split("-")
    return f"{name.replace('_', '-')}=={version}"


def add(archive: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    """A file in an archive, of root and of no time: the same input gives the same bytes."""
    one = tarfile.TarInfo(name)
    one.size, one.mode = len(data), mode
    archive.addfile(one, io.BytesIO(data))
