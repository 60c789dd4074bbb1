"""Other people's programs as witnesses: OpenSSL, GnuTLS and strongSwan judge what the product makes.

What lives here: calling them. What does not: what they are asked.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

OPENSSL, PKI, CERTTOOL = shutil.which("openssl"), shutil.which("pki"), shutil.which("certtool")


def told(*command: str, cwd: Path, fed: bytes = b"", timeout: float = 60) -> tuple[int, str]:
    """The exit code of a program and all that it said."""
    done = subprocess.run(
        command, cwd=cwd, input=fed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=timeout
    )
    return done.returncode, done.stdout.decode(errors="replace")


def openssl(*arguments: str, cwd: Path) -> str:
    """What `openssl` says."""
    return told(OPENSSL or "openssl", *arguments, cwd=cwd)[1]


def verified(
    folder: Path,
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    root: x509.Certificate,
    lists: Sequence[bytes],
    now: int,
) -> bool:
    """Does `openssl verify` find a path at `now` (microseconds UTC), with a list of every authority on it?"""
    pem = Encoding.PEM
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "others.pem").write_bytes(b"".join(one.public_bytes(pem) for one in others))
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "lists.pem").write_bytes(b"".join(x509.load_der_x509_crl(one).public_bytes(pem) for one in lists))
    command = ("verify", "-x509_strict", "-crl_check_all", "-attime", str(now // 1_000_000))
    files = ("-CRLfile", "lists.pem", "-CAfile", "root.pem", "-untrusted", "others.pem", "leaf.pem")
    code, _ = told(OPENSSL or "openssl", *command, *files, cwd=folder)
    return code == 0
