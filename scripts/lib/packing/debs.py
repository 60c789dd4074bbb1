"""The .deb around a release: what dpkg is told, the unit, the administrator's files, scripts of install and removal.

What lives here: the folder that dpkg-deb packs. A package holds its release as one archive and unpacks it beside the
ones that are there (`connector.releases`): a cut while dpkg works, or while the new one is unpacked, touches nothing
that runs.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import zipfile
from pathlib import Path

from connector.proxy import shipped
from connector.releases.paragraph import written
from connector.releases.payload import PAYLOAD
from scripts.lib.packing.kinds import HERE, PYTHON, Kind
from scripts.lib.packing.trees import Tree, packed

SCRIPTS = Path(__file__).parent / "maintainer"


EFFORT = 8
"""Of xz. More of it would want more than 33 MB of memory where it is unpacked."""


def built(
    kind: Kind, architecture: str, tree: Tree, version: str, folder: Path, target: Path, effort: int = EFFORT
) -> Path:
    """Write the package of a release into the folder `target`; `folder` is new and for work. Its path.

    Raises `CalledProcessError` of dpkg-deb.
    """
    _filled(kind, architecture, tree, version, folder, effort)
    path = target / f"{kind.name}_{version}_{architecture}.deb"
    # The payload is packed already, and is nearly all of it.
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(folder), str(path)]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": "1577836800"}
    )
    return path


def _filled(kind: Kind, architecture: str, tree: Tree, version: str, root: Path, effort: int) -> None:
    payload = packed(tree, effort)
    facts = {
        "Package": kind.name,
        "Version": version,
        "Architecture": architecture,
        "Release": tree.id,
        "Payload-SHA256": hashlib.sha256(payload).hexdigest(),
        "Module": kind.module,
        **kind.facts,
    }
    lib = f"usr/lib/{kind.name}"
    _put(root, f"{lib}/{PAYLOAD}", payload)
    _put(root, f"{lib}/RELEASE", written(facts).encode())
    _put(root, f"{lib}/releases.pyz", helper())
    _put(root, f"usr/lib/systemd/system/{kind.name}.service", shipped.packaged(kind.name).encode())
    for name, text in shipped.packaged_update(kind.name).items() if kind.updates else ():
        _put(root, f"usr/lib/systemd/system/{name}", text.encode())
    _put(root, f"usr/sbin/{kind.name}-releases", _script("releases", kind), 0o755)
    _put(root, f"usr/share/doc/{kind.name}/copyright", (HERE / "LICENSE").read_bytes())
    for path, text in kind.conffiles.items():
        _put(root, path.lstrip("/"), text.encode())
    _put(root, "DEBIAN/conffiles", "".join(f"{path}\n" for path in kind.conffiles).encode())
    for name in ("postinst", "prerm", "postrm"):
        _put(root, f"DEBIAN/{name}", _script(name, kind), 0o755)
    _put(root, "DEBIAN/control", _control(kind, architecture, version, _kibibytes(root)).encode())


def _control(kind: Kind, architecture: str, version: str, size: int) -> str:
    fields = {
        "Package": kind.name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "The Allmende maintainers <maintainers@allmende.invalid>",
        "Installed-Size": str(size),
        "Depends": f"python{PYTHON}, libc6 (>= 2.34), libgcc-s1, libstdc++6, adduser, init-system-helpers",
        "Section": "net",
        "Priority": "optional",
        "Description": kind.about,
    }
    return written(fields) + (
        " Everything that it needs beside the system's Python is in this package; nothing is fetched when it is\n"
        " installed. An update is tried before it takes the place of the release before, and returned from.\n"
    )


def helper() -> bytes:
    """`connector.releases` as a program of its own, which the system's Python runs without any package."""
    packed_into = io.BytesIO()
    source = HERE / "connector"
    files = {
        "__main__.py": b"import sys\n\nfrom connector.releases.__main__ import main\n\nsys.exit(main(sys.argv[1:]))\n",
        "connector/__init__.py": (source / "__init__.py").read_bytes(),
        **{f"connector/releases/{path.name}": path.read_bytes() for path in sorted((source / "releases").glob("*.py"))},
    }
    with zipfile.ZipFile(packed_into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed_into.getvalue()


def _script(name: str, kind: Kind) -> bytes:
    """A script of this package, from its template; `@NAME@` are its places, since `$` is the shell's."""
    text = (SCRIPTS / name).read_text("utf-8")
    places = {"PACKAGE": kind.name, "PYTHON": PYTHON, "PRIORITY": str(kind.priority), "SETTINGS": kind.settings}
    places["GROUPS"] = " ".join(kind.groups)
    for place, value in places.items():
        text = text.replace(f"@{place}@", value)
    assert not re.search("@[A-Z]+@", text), f"{name}: a place is open"
    return text.encode()


def _put(root: Path, name: str, data: bytes, mode: int = 0o644) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


def _kibibytes(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024 + 1
