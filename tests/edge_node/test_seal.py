"""The seal of a device: what it seals is read again, what another has sealed is not."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cose, jwk
from connector.data.readings.model import Batch, Gap, Gaps, Legend, Rows
from edge_node.errors import KeepingError
from edge_node.seal import Sealer
from tests.edge_node import readings

KID = b"kid1"
BATCH = readings.batch(list(readings.samples(20)), first=9)


@pytest.mark.parametrize("key", [Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())])
def test_a_batch_is_sealed_and_opened(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
    sealer = Sealer(key, KID)
    sealed = sealer.batch(BATCH)
    assert (sealed.series, sealed.first, sealed.count, sealed.last) == (1, 9, 20, 28)
    assert (sealed.begin, sealed.end) == (min(BATCH.rows.times), max(BATCH.rows.times))
    assert sealer.opened(sealed.data) == BATCH
    found = cose.verify(sealed.data, {KID: jwk.of(key.public_key())})
    assert len(sealed.data) - len(found.payload) <= 83


def test_a_thinned_batch_counts_its_numbers() -> None:
    sealed = Sealer(Ed25519PrivateKey.generate(), KID).batch(Batch(1, 1, 10, Rows([3, 2], [1, 1], []), True, span=7))
    assert (sealed.count, sealed.last, sealed.begin, sealed.end, sealed.unsure) == (7, 16, 2, 3, True)


def test_documents_are_sealed_and_opened() -> None:
    sealer = Sealer(Ed25519PrivateKey.generate(), KID)
    legend, gaps = Legend(1, things=((1, "a"),)), Gaps((Gap(1, 1, ((1, 2),), "full", 3),))
    assert sealer.opened(sealer.legend(legend)) == legend
    assert sealer.opened(sealer.document(gaps)) == gaps


def test_what_another_has_sealed_is_not_opened() -> None:
    own, other = (Sealer(Ed25519PrivateKey.generate(), KID) for _ in range(2))
    whole = own.batch(BATCH).data
    for message in (other.batch(BATCH).data, whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-1], b""):
        with pytest.raises(KeepingError, match=r"buffer\.seal"):
            own.opened(message)


def test_a_seal_over_something_else_is_not_opened() -> None:
    key = Ed25519PrivateKey.generate()
    with pytest.raises(KeepingError, match=r"buffer\.seal"):
        Sealer(key, KID).opened(cose.sign(key, KID, b"\x63abc"))
