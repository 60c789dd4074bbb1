"""edge_node/delivery/receipts.py: proofs are kept, within bounds, and cost nothing that matters."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cbor, cose, jwk
from edge_node.delivery.receipts import Receipts, keys_of

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KID = cose.kid_of(KEY.public_key())
KEYS = {KID: jwk.of(KEY.public_key())}


def sealed(number: int = 1) -> bytes:
    return cose.sign(OTHER, b"device", str(number).encode())


def receipt(message: bytes, key: Ed25519PrivateKey = KEY, kid: bytes = KID) -> bytes:
    return cose.countersign(key, kid, message)


def kept(path: Path) -> list[list[object]]:
    return [cbor.loads(one) for one in cbor.split(path.read_bytes())]


def test_a_batch_is_kept_by_its_hash_and_a_manifest_whole(tmp_path: Path) -> None:
    receipts, one, two = Receipts(tmp_path), sealed(1), sealed(2)
    first, second = receipt(one), receipt(two)
    assert receipts.keep("home", one, first, keys=KEYS)
    assert receipts.keep("urn:a", two, second, keys=KEYS, manifest=True)
    assert not (tmp_path / "receipts.cbor").exists(), "nothing is written for each"
    receipts.flush()
    file = tmp_path / "receipts.cbor"
    assert kept(file) == [["home", hashlib.sha256(one).digest(), first], ["urn:a", two, second]]
    assert file.stat().st_mode & 0o077 == 0


def test_what_proves_nothing_is_not_kept(tmp_path: Path) -> None:
    receipts, one = Receipts(tmp_path), sealed()
    foreign = receipt(one, OTHER)
    for said, keys in ((b"r" * 32, KEYS), (foreign, KEYS), (receipt(sealed(2)), KEYS), (receipt(one), {})):
        assert not receipts.keep("home", one, said, keys=keys)
    receipts.flush()
    assert not (tmp_path / "receipts.cbor").exists()


def test_the_oldest_go(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path, most=2000, gathered=400)
    for n in range(101):
        assert receipts.keep("home", sealed(n), receipt(sealed(n)), keys=KEYS)
    receipts.flush()
    sizes = [one.stat().st_size for one in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert sum(sizes) < 6000
    assert kept(tmp_path / "receipts.cbor")[-1][1] == hashlib.sha256(sealed(100)).digest()


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "nowhere")
    assert receipts.keep("home", sealed(), receipt(sealed()), keys=KEYS)
    receipts.flush()


def test_keys_are_found_by_what_messages_call_them() -> None:
    told = dict(jwk.write(KEY.public_key()))
    assert keys_of([told, {"kty": "OKP"}, {}, {"kty": 1}]).keys() == KEYS.keys()
    assert keys_of([told | {"kty": "RSA"}]) == {}
