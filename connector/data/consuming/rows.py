"""Readings that a provider's devices have delivered here under a contract, as rows for whoever works with this node.

What lives here: which rows those are. What does not: receiving and keeping them (`data.readings`), rows out of sealed
batches (`data.sources.readings`), sharing them with others (a source of kind `readings`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Struct

from connector.data.queries.model import Pushed, Selection
from connector.data.silos.registry import Silos
from connector.records import Silo

KIND = "readings"


class Received(Struct, frozen=True):
    """Rows in their form, in the order in which they came."""

    media_type: str
    chunks: AsyncIterator[bytes]


async def received(silos: Silos, contract: str) -> Received | None:
    """What is here of a contract's readings now; None where no device has delivered any. Raises `SourceError`."""
    silo = Silo(id=KIND, kind=KIND, settings={"contract": contract}, created=0, created_by="")
    series = list(await silos.collections(silo))
    if not series:
        return None
    opened = await silos.select(silo, Selection(collection=series[0]))
    fields = tuple(one.name for one in opened.shape.fields)
    return Received(opened.shape.media_type, silos.read(opened, Pushed(fields=fields)))
