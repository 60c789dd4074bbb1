"""The device's seal on what it keeps and sends: COSE_Sign1 (RFC 9052, 4.2) over batches, legends and reports.

What lives here: which key, and what is sealed in what form. What does not: the envelope (`certs.cose`), the forms
(`connector.data.readings`), where the key lies (`edge_node.place.identity`).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cose, jwk
from certs.cose import CoseError
from connector.data.readings import columns, legends
from connector.data.readings.legends import Document
from connector.data.readings.model import Batch, FormError, Gaps, Legend, Manifest
from edge_node.buffer.model import Sealed
from edge_node.errors import KeepingError


class Sealer:
    """Seals by one key, which messages name as `kid`."""

    def __init__(self, key: EllipticCurvePrivateKey | Ed25519PrivateKey, kid: bytes) -> None:
        self._key, self._kid = key, kid
        self._keys = {kid: jwk.of(key.public_key())}

    def batch(self, batch: Batch) -> Sealed:
        """A batch as it is kept and sent. Raises `FormError` where it cannot be written."""
        times = batch.rows.times
        data = cose.sign(self._key, self._kid, columns.encode(batch))
        count = batch.last - batch.first + 1
        return Sealed(batch.series, batch.first, count, min(times), max(times), batch.unsure, data)

    def legend(self, legend: Legend) -> bytes:
        """A legend as it is kept and sent."""
        return self.document(legend)

    def document(self, document: Legend | Gaps | Manifest) -> bytes:
        """A legend, report or manifest as it is sent."""
        return cose.sign(self._key, self._kid, legends.encode(document))

    def opened(self, message: bytes) -> Document:
        """What one of the device's own messages holds. Raises `KeepingError` `buffer.seal` where this key has not
        sealed it or nothing of the kind is in it."""
        try:
            return legends.decode(cose.verify(message, self._keys).payload)
        except (CoseError, FormError) as error:
            raise KeepingError("buffer.seal", why=error.code) from error
