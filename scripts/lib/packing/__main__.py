"""`scripts/package`: the packages, into `dist/`."""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

from scripts.lib.packing import debs, signing, trees, wheels
from scripts.lib.packing.kinds import ARCHITECTURES, HERE, KINDS, project


def main() -> None:
    """Make what is asked for, and say what was made."""
    asked = argparse.ArgumentParser(prog="scripts/package", description="Make .deb packages of node and device.")
    asked.add_argument("--only", choices=sorted(KINDS), help="this package alone")
    asked.add_argument("--architecture", choices=sorted(ARCHITECTURES), help="for this processor alone")
    asked.add_argument("--output", type=Path, default=HERE / "dist", help="folder for what is made; default: dist")
    asked.add_argument(
        "--wheelhouse", action="store_true", help="the wheels in an archive too, to install without dpkg"
    )
    asked.add_argument("--sign", type=Path, metavar="KEY", help="sign them with this Ed25519 key (PEM) for edge update")
    asked.add_argument("--version", default=str(project()["version"]), help="other than that of pyproject.toml")
    told = asked.parse_args()
    told.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        own = wheels.own(Path(work))
        for kind in KINDS.values():
            for architecture in ARCHITECTURES:
                if told.only not in (None, kind.name) or told.architecture not in (None, architecture):
                    continue
                place = Path(work, kind.name, architecture)
                tree = trees.made(kind, architecture, own, place / "tree", told.version)
                made = debs.built(kind, architecture, tree, told.version, place / "deb", told.output)
                _say(made)
                if told.sign:
                    _say(signing.signed(made, kind.name, told.version, architecture, told.sign))
                if told.wheelhouse:
                    house = told.output / f"{kind.name}_{told.version}_{architecture}.wheelhouse.tar"
                    wheels.wheelhouse(kind, architecture, own, house)
                    _say(house)


def _say(path: Path) -> None:
    data = path.read_bytes()
    print(f"{hashlib.sha256(data).hexdigest()}  {len(data) / 1e6:6.1f} MB  {path}")


if __name__ == "__main__":
    main()
