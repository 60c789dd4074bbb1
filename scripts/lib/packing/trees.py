"""A release: the program with all its packages in one folder that needs nothing but the system's Python.

What lives here: unpacking wheels for any processor, byte code, the launcher, the archive that is shipped. The folder is
a virtual environment without an installer: `pyvenv.cfg`, a link to the system's Python, `site-packages`.
"""

from __future__ import annotations

import compileall
import hashlib
import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

from scripts.lib.packing import wheels
from scripts.lib.packing.kinds import PYTHON, Kind

_LAUNCHER = """#!/opt/{package}/{release}/bin/python -I
from connector.cli import main

main()
"""


LEFT_OUT = ("bin", "pip", "pip-*.dist-info", "zstandard/_cffi*.so", "*.dist-info/RECORD")
"""What nobody calls: programs, an installer (wanted by a package that offers one), a second copy of zstd for other
Pythons; the lists of an installer, which name what is not there."""


@dataclass(frozen=True)
class Tree:
    """A release in a folder; `id` is its version and the beginning of the digest of what is in it."""

    folder: Path
    id: str


def made(
    kind: Kind, architecture: str, project: Path, folder: Path, version: str, changed: Mapping[str, bytes] | None = None
) -> Tree:
    """The tree of a package in a new folder. `changed` are files of `site-packages` that are replaced (for tests).

    Raises `CalledProcessError`, and `SystemExit` where this Python cannot make byte code for the one it is for.
    """
    if f"{sys.version_info[0]}.{sys.version_info[1]}" != PYTHON:
        raise SystemExit(f"packages are made with Python {PYTHON}")
    packages = folder / "lib" / f"python{PYTHON}" / "site-packages"
    found = wheels.fetched(kind, architecture)
    asked = [*wheels.PIP, "install", "--no-deps", "--no-index", "--no-compile", "--target", str(packages)]
    subprocess.run(
        [*asked, *wheels.targeted(architecture), *map(str, sorted(found.glob("*.whl"))), str(project)], check=True
    )
    _leave_out(packages)
    for path, content in (changed or {}).items():
        (packages / path).write_bytes(content)
    tree = Tree(folder, f"{version}-{_digest(packages)[:12]}")
    _compile(packages, f"/opt/{kind.name}/{tree.id}/lib/python{PYTHON}/site-packages")
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(f"/usr/bin/python{PYTHON}")
    launcher = folder / "bin/allmende"
    launcher.write_text(_LAUNCHER.format(package=kind.name, release=tree.id))
    launcher.chmod(0o755)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n")
    return tree


def _leave_out(packages: Path) -> None:
    for pattern in LEFT_OUT:
        for path in packages.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _compile(packages: Path, place: str) -> None:
    """Byte code that is never looked after again: the folder is read-only, and never changed under its name."""
    # A module for another Python (a template, a test) may not compile; whoever imports it would fail as well.
    compileall.compile_dir(
        packages,
        quiet=2,
        workers=0,
        stripdir=str(packages),
        prependdir=place,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def _digest(folder: Path) -> str:
    """Over names and contents of everything in a folder."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(folder)} {content}\n".encode())
    return whole.hexdigest()


def packed(tree: Tree, effort: int) -> bytes:
    """The archive of a release: sorted, of root, of no time. `effort` is xz's, 0 to 9."""
    made_of = io.BytesIO()
    with tarfile.open(fileobj=made_of, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(tree.folder.rglob("*")):
            name = str(path.relative_to(tree.folder))
            if path.is_symlink():
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, os.readlink(path)
                archive.addfile(link)
            elif path.is_file():
                wheels.add(archive, name, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
    return lzma.compress(made_of.getvalue(), preset=effort)
