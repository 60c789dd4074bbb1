"""Other people's programs as witnesses: OpenSSL, GnuTLS and strongSwan judge what the product makes.

What lives here: calling them. What does not: what they are asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

OPENSSL, PKI, CERTTOOL = shutil.which("openssl"), shutil.which("pki"), shutil.which("certtool")


_PLUGINS = "pki { load = pem pkcs1 pkcs7 pkcs8 x509 pubkey constraints openssl random nonce sha1 sha2 }\n"
"""strongSwan as Debian sets it up has OpenSSL read certificates first, and then knows no constraints on names."""


def told(*command: str, cwd: Path, timeout: float = 60) -> tuple[int, str]:
    """The exit code of a program and all that it said."""
    done = _run(command, cwd, timeout)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def written(*command: str, cwd: Path, timeout: float = 60) -> bytes:
    """What a program writes; its complaints are shown where it fails."""
    done = _run(command, cwd, timeout)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def _run(command: Sequence[str], cwd: Path, timeout: float) -> subprocess.CompletedProcess[bytes]:
    (cwd / "strongswan.conf").write_text(_PLUGINS)
    environment = {**os.environ, "STRONGSWAN_CONF": str(cwd / "strongswan.conf")}
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False, timeout=timeout, env=environment)


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
