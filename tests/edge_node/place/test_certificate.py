"""The certificate of a device on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from certs import x509
from edge_node.errors import EnrolmentError
from edge_node.place import certificate
from tests.harness.trustdomain import Hand


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert certificate.read(tmp_path) is None
    own = Hand.root().certificate
    certificate.write(tmp_path, own)
    assert certificate.read(tmp_path) == own


def test_the_last_quarter_of_its_life() -> None:
    own = Hand.root().certificate
    begins, ends = x509.begins(own), x509.ends(own)
    assert (ends - begins) * 0.74 < certificate.due(own) - begins < (ends - begins) * 0.76


def test_what_is_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "device.crt").write_bytes(b"none")
    with pytest.raises(EnrolmentError, match=r"enrol\.files"):
        certificate.read(tmp_path)
