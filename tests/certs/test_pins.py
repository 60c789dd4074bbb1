"""Versions that only work together, or only above a floor: pycose 1.1 with cbor2 5, pyjwt from 2.13 on."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

import pytest
from pycose.algorithms import EdDSA
from pycose.headers import KID, Algorithm
from pycose.keys import OKPKey
from pycose.messages import CoseMessage, Sign1Message

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize(
    ("name", "floor", "below"),
    [("cbor2", (5, 9), (6,)), ("pycose", (1, 1), (2,)), ("pyjwt", (2, 13), (3,))],
)
def test_what_is_installed_and_what_is_asked_for_are_in_bounds(
    name: str, floor: tuple[int, ...], below: tuple[int, ...]
) -> None:
    """Below 2.13 pyjwt accepts unknown `crit` and lets lists of algorithms be got round (CVE-2026-32597, -48523)."""
    installed = tuple(int(part) for part in importlib.metadata.version(name).split(".")[:2])
    assert floor <= installed < below
    bounds = f"{name}>={'.'.join(map(str, floor))},<{below[0]}"
    assert bounds in PROJECT["dependencies"]


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
