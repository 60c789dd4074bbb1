"""The orders of the device's node: taken only from it, never older ones than are known, kept for when nobody answers.

What lives here: verifying and keeping. What does not: what orders say (`connector.data.readings.orders`), asking for
them (`sync`), deciding by them (`decisions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from certs import cose
from certs.cose import CoseError
from certs.jwk import PublicKey
from connector.data.readings.orders import Orders
from edge_node.duties import Keeping
from edge_node.errors import OrderError

CONTENT: Final = "application/json"
_KEPT: Final = "orders"


class Book:
    """The newest orders of a device. `keys` are those of its node, as pinned.

    INVARIANT: what is kept is the signed message, and it is verified each time it is read: whoever can write to the
    disk cannot give orders. `keys` change when the node's do.
    """

    def __init__(self, kept: Keeping, *, keys: Mapping[bytes, PublicKey], node: str, device: str) -> None:
        self._kept, self.keys, self._node, self._device = kept, keys, node, device
        self.current: Orders | None = None
        self.trouble: OrderError | None = None
        found = kept.get(_KEPT)
        try:
            self.current = None if found is None else self._read(found)
        except OrderError as error:
            self.trouble = error

    async def take(self, message: bytes) -> bool:
        """Orders as they came; says whether they are other ones than before. On disk when this returns.

        Raises `OrderError`: `orders.seal` (not signed by the node), `orders.form`, `orders.stranger` (for another
        device, or of another node), `orders.old` (older than what is known).
        """
        found, now = self._read(message), self.current
        if now is not None:
            if found.number < now.number or (found.number == now.number and found.issued < now.issued):
                raise OrderError("orders.old", number=str(found.number), known=str(now.number))
            if found == now:
                return False
        await self._kept.put(_KEPT, message)
        self.current, self.trouble = found, None
        return now is None or found.number != now.number

    def _read(self, message: bytes) -> Orders:
        try:
            opened = cose.verify(message, self.keys)
        except CoseError as error:
            raise OrderError("orders.seal", why=error.code) from error
        if opened.content != CONTENT:
            raise OrderError("orders.seal", why="cose.content")
        try:
            found = msgspec.json.decode(opened.payload, type=Orders)
        except msgspec.DecodeError as error:
            raise OrderError("orders.form") from error
        if (found.node, found.device) != (self._node, self._device):
            raise OrderError("orders.stranger", node=found.node[:256], device=found.device[:256])
        return found
