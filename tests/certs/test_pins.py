"""Versions that only work together: pycose 1.1 with cbor2 5."""

from __future__ import annotations

import importlib.metadata

from pycose.algorithms import EdDSA
from pycose.headers import KID, Algorithm
from pycose.keys import OKPKey
from pycose.messages import CoseMessage, Sign1Message


def test_pycose_reads_its_own_signed_messages() -> None:
    """COSE_Sign1 with EdDSA (RFC 9052, 4.2); with cbor2 6 `decode` fails."""
    assert importlib.metadata.version("cbor2").startswith("5.")
    key = OKPKey.generate_key(crv="ED25519")
    message = Sign1Message(phdr={Algorithm: EdDSA, KID: b"1"}, payload=b"reading")
    message.key = key
    decoded = CoseMessage.decode(message.encode())
    assert isinstance(decoded, Sign1Message)
    decoded.key = key
    assert decoded.payload == b"reading"
    assert decoded.verify_signature()
    decoded.payload = b"readinG"
    assert not decoded.verify_signature()
