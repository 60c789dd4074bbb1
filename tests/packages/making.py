"""Packages of the project as it lies here, made once per content and kept in `.cache`; packed in haste, so larger than
those that are shipped. And a device's directory for them to work in."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from edge_node.place import identity
from scripts.lib.packing import debs, trees, wheels
from scripts.lib.packing.kinds import HERE, Kind
from tests.bench.edge.memory import pins

KEPT = wheels.CACHE / "tests"
FOLDERS = ("connector", "policies", "edge_node", "catalog", "certs", "scripts/lib/packing")

SETTINGS = """
[series.box.fields]
uptime = {}
[sources.box]
kind = "host"
series = "box"
with = { seconds = 1 }
[buffer]
commit_seconds = 0.1
"""
"""Of a device that measures itself."""
EVERY_MODULE = """
import importlib, pkgutil, sys, edge_node
for one in pkgutil.walk_packages(edge_node.__path__, "edge_node."):
    importlib.import_module(one.name)
print(*sorted(sys.modules))
"""
"""Whatever a device may come to need is there."""


def enrolled(directory: Path) -> None:
    """A device that has a place, whose node is not there."""
    identity.write_pins(directory, pins(identity.make_key(directory, "Ed25519"), "http://127.0.0.1:9"))


@cache
def _content() -> str:
    """Over all files that packages are made of."""
    whole = hashlib.sha256((HERE / "pyproject.toml").read_bytes() + (HERE / "constraints.txt").read_bytes())
    for folder in FOLDERS:
        for path in sorted((HERE / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(str(path).encode() + path.read_bytes())
    return whole.hexdigest()


@cache
def project() -> Path:
    """The wheel of the project."""
    folder = wheels.CACHE / "project" / _content()[:16]
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        draft = folder.with_name("draft")
        draft.mkdir(parents=True)
        wheels.own(draft)
        draft.rename(folder)
    (made,) = folder.glob("*.whl")
    return made


def package(kind: Kind, architecture: str, version: str, **changed: bytes) -> Path:
    """A .deb of this version; `changed` are files of the program with other content."""
    marks = "".join(f"{name}{content!r}" for name, content in sorted(changed.items()))
    digest = hashlib.sha256(f"{_content()}{marks}".encode()).hexdigest()[:16]
    folder = KEPT / digest
    kept = folder / f"{kind.name}_{version}_{architecture}.deb"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as work:
            place = Path(work)
            tree = trees.made(kind, architecture, project(), place / "tree", version, changed)
            debs.built(kind, architecture, tree, version, place / "deb", folder, effort=0)
    for old in sorted(KEPT.iterdir(), key=lambda one: one.stat().st_mtime)[:-6]:
        shutil.rmtree(old, ignore_errors=True)
    return kept
