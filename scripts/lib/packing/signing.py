"""The announcement of a package, signed: what `allmende edge update` believes before it installs anything."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connector.releases.paragraph import written


def signed(package: Path, name: str, version: str, architecture: str, key: Path) -> Path:
    """Write `PACKAGE.release` beside a package. Raises `OSError`, `ValueError` and `TypeError` for no such key."""
    own = load_pem_private_key(key.read_bytes(), password=None)
    if not isinstance(own, Ed25519PrivateKey):
        raise TypeError(f"{key}: no Ed25519 key")
    data = package.read_bytes()
    said = written(
        {
            "Package": name,
            "Version": version,
            "Architecture": architecture,
            "File": package.name,
            "Size": str(len(data)),
            "SHA256": hashlib.sha256(data).hexdigest(),
        }
    )
    target = package.with_name(f"{package.name}.release")
    target.write_text(f"{said}Signature: {base64.b64encode(own.sign(said.encode())).decode()}\n")
    return target
