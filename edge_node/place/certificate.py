"""The certificate of a device: the file `keys/device.crt`, and when the next one is asked for.

What lives here: that. What does not: getting one (`enrol`), the key and what is pinned (`identity`).

The agent loads this, and what reads certificates with it, when it renews its own: that costs four megabytes of memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate

from certs import keyfiles, x509
from certs.x509 import CertificateError
from edge_node.errors import EnrolmentError
from edge_node.place.identity import KEYS, read_file, write_file

CERTIFICATE: Final = "device.crt"
_EARLY: Final = 4
"""A certificate is renewed when a quarter of its life is left: the node gives a new one from the last third on."""


def read(directory: Path) -> Certificate | None:
    """The certificate of the device; None where there is none. Raises `EnrolmentError` `enrol.files`."""
    data = read_file(directory / KEYS / CERTIFICATE, keyfiles.read_public)
    if data is None:
        return None
    try:
        return x509.read(data)[0]
    except CertificateError:
        raise EnrolmentError("enrol.files", path=CERTIFICATE, why="form") from None


def write(directory: Path, certificate: Certificate) -> None:
    """Keep it, on disk when it returns. Raises `EnrolmentError` `enrol.files`."""
    write_file(directory / KEYS / CERTIFICATE, x509.text([certificate]).encode(), keyfiles.PUBLIC)


def due(certificate: Certificate) -> int:
    """When it is time to renew this certificate, in microseconds UTC."""
    begins, ends = x509.begins(certificate), x509.ends(certificate)
    return ends - (ends - begins) // _EARLY
