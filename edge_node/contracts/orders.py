"""The orders of the device's node: taken only from it, never older ones than are known, kept for when nobody answers.

What lives here: verifying and keeping, twice: in the index and in a file of their own, so that a device whose index
broke goes on with the duties that it was told. What does not: what orders say (`connector.data.readings.orders`),
asking for them (`asking`), deciding by them (`decisions`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from certs import cose
from certs.cose import CoseError
from certs.jwk import PublicKey
from connector.data.readings.orders import Orders
from edge_node.collection.duties import Keeping
from edge_node.errors import OrderError

CONTENT: Final = "application/json"
FILE: Final = "orders.cose"
_KEPT: Final = "orders"


class Book:
    """The newest orders of a device. `keys` are those of its node, as pinned.

    INVARIANT: what is kept is the signed message, and it is verified each time it is read: whoever can write to the
    disk cannot give orders. `keys` change when the node's do.
    """

    def __init__(
        self, kept: Keeping, *, keys: Mapping[bytes, PublicKey], node: str, device: str, directory: Path | None = None
    ) -> None:
        """`directory` is where the second copy lies. `trouble` says why there are no orders though there were some."""
        self._kept, self.keys, self._node, self._device = kept, keys, node, device
        self._file = None if directory is None else directory / FILE
        self.current: Orders | None = None
        self.trouble: OrderError | None = None
        for found in (kept.get(_KEPT), self._copy()):
            if found is not None:
                self._take_up(found)
        if self.current is not None:
            self.trouble = None

    def _take_up(self, message: bytes) -> None:
        try:
            found = self._read(message)
        except OrderError as error:
            self.trouble = error
            return
        if self.current is None or (found.number, found.issued) > (self.current.number, self.current.issued):
            self.current = found

    def _copy(self) -> bytes | None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                return self._file.read_bytes()
        return None

    async def take(self, message: bytes) -> bool:
        """Orders as they came; says whether they are other ones than before. On disk when this returns.

        Raises `OrderError`: `orders.seal` (not signed by the node), `orders.form`, `orders.stranger` (for another
        device, or of another node), `orders.old` (older than what is known), `orders.disk`.
        """
        found, now = self._read(message), self.current
        if now is not None:
            if found.number < now.number or (found.number == now.number and found.issued < now.issued):
                raise OrderError("orders.old", number=str(found.number), known=str(now.number))
            if found == now:
                return False
        fresh = now is None or found.number != now.number
        if fresh and self._file is not None:
            # What is only dated anew is not worth the wear.
            await asyncio.to_thread(_write, self._file, message)
        await self._kept.put(_KEPT, message)
        self.current, self.trouble = found, None
        return fresh

    def _read(self, message: bytes) -> Orders:
        try:
            opened = cose.verify(message, self.keys)
        except CoseError as error:
            raise OrderError("orders.seal", why=error.code) from error
        if opened.content != CONTENT:
            raise OrderError("orders.seal", why="cose.content")
        try:
            found = msgspec.json.decode(opened.payload, type=Orders)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise OrderError("orders.form") from error
        if (found.node, found.device) != (self._node, self._device):
            raise OrderError("orders.stranger", node=found.node[:256], device=found.device[:256])
        return found


def _write(path: Path, message: bytes) -> None:
    """The file as a whole, or as it was. Raises `OrderError` `orders.disk`."""
    draft = path.with_suffix(".draft")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise OrderError("orders.disk") from error
