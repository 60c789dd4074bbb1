"""edge_node/receipts.py: proofs are kept, within bounds, and cost nothing that matters."""

from __future__ import annotations

import hashlib
from pathlib import Path

from certs import cbor
from edge_node.receipts import Receipts


def kept(path: Path) -> list[list[object]]:
    return [cbor.loads(one) for one in cbor.split(path.read_bytes())]


def test_a_batch_is_kept_by_its_hash_and_a_manifest_whole(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path)
    receipts.keep("home", b"batch", b"r1")
    receipts.keep("urn:a", b"manifest", b"r2", manifest=True)
    assert not (tmp_path / "receipts.cbor").exists(), "nothing is written for each"
    receipts.flush()
    file = tmp_path / "receipts.cbor"
    assert kept(file) == [["home", hashlib.sha256(b"batch").digest(), b"r1"], ["urn:a", b"manifest", b"r2"]]
    assert file.stat().st_mode & 0o077 == 0


def test_the_oldest_go(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path, most=1000, gathered=200)
    for n in range(200):
        receipts.keep("home", str(n).encode(), b"r" * 32)
    receipts.flush()
    sizes = [one.stat().st_size for one in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert sum(sizes) < 3000
    assert kept(tmp_path / "receipts.cbor")[-1][1] == hashlib.sha256(b"199").digest()


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "nowhere")
    receipts.keep("home", b"batch", b"r1")
    receipts.flush()
