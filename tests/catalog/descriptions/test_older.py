"""Covers catalog/descriptions/older.py: real samples are read, and a proof counts for just what was canonicalised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from catalog.descriptions import older
from catalog.descriptions.older import OlderError
from catalog.rdf.worker import Worker
from certs import jwk
from certs.strict import to_base64url
from tests.catalog.samples import TAGUS, needs_trust

pytestmark = needs_trust
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
HEADER = {"alg": "PS256", "b64": False, "crit": ["b64"]}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker(seconds=5)
    yield made
    made.close()


def _public() -> Any:
    numbers = KEY.public_key().public_numbers()
    n, e = (to_base64url(one).decode() for one in (numbers.n.to_bytes(256), numbers.e.to_bytes(3)))
    return jwk.read_foreign({"kty": "RSA", "alg": "PS256", "n": n, "e": e})


def _sample(name: str = "participant-vp", number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((TAGUS / f"{name}.json").read_bytes())["verifiableCredential"][number]
    return found


def _signed(document: dict[str, Any], worker: Worker, header: dict[str, Any] = HEADER) -> bytes:
    """A sample with a proof of ours: the real keys are on no web any more."""
    bare = {name: value for name, value in document.items() if name != "proof"}
    payload = sha256(worker.read(msgspec.json.encode(bare)).canonical.encode()).hexdigest().encode()
    head = to_base64url(msgspec.json.encode(header))
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signature = to_base64url(KEY.sign(head + b"." + payload, scheme, hashes.SHA256()))
    proof = document["proof"] | {"jws": (head + b".." + signature).decode()}
    return msgspec.json.encode(bare | {"proof": proof})


@pytest.mark.parametrize("path", sorted(TAGUS.glob("*-vp.json")), ids=lambda path: path.name)
def test_the_real_samples_are_read(path: Any) -> None:
    for one in older.read(path.read_bytes()):
        assert one.issuer.startswith("did:web:")
        assert one.kid.startswith(one.issuer + "#")


def test_a_credential_without_proof_is_refused() -> None:
    with pytest.raises(OlderError, match=r"older\.proof"):
        older.read((TAGUS / "participant-vp-faulty-missing-proof.json").read_bytes())


def test_a_proof_counts_for_what_was_canonicalised(worker: Worker) -> None:
    body = _signed(_sample(), worker)
    one = older.read(body)[0]
    meaning = older.verify(one, _public(), worker)
    assert any("legalRegistrationNumber" in str(node.get("type")) for node in meaning.nodes)
    other = older.read(body.replace(b"BE0762747721", b"BE0762747722"))[0]
    with pytest.raises(OlderError, match=r"older\.signature"):
        older.verify(other, _public(), worker)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "PS256"},
        {"alg": "PS256", "b64": True, "crit": ["b64"]},
        {"alg": "PS256", "b64": False, "crit": ["b64", "x"]},
        {"alg": "none", "b64": False, "crit": ["b64"]},
        {"alg": "PS256", "b64": False, "crit": ["b64"], "jwk": {}},
    ],
)
def test_only_the_one_header_is_taken(worker: Worker, header: dict[str, Any]) -> None:
    with pytest.raises(OlderError, match=r"older\.header"):
        older.verify(older.read(_signed(_sample(), worker, header))[0], _public(), worker)


def test_who_signs_for_another_is_refused() -> None:
    document = _sample()
    document["proof"]["verificationMethod"] = "did:web:evil.example#key"
    with pytest.raises(OlderError, match=r"older\.proof"):
        older.read(msgspec.json.encode(document))


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"verifiableCredential":[]}', b'{"verifiableCredential":[5]}'])
def test_what_is_no_credential_is_refused(body: bytes) -> None:
    with pytest.raises(OlderError, match=r"older\.form"):
        older.read(body)
