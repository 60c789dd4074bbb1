"""Contracts: the agreements that stand, as people look at them.

What lives here: listing and finding. What does not: making one (`services.negotiations`), judging an access under one
(`data.gate`).
"""

from __future__ import annotations

from typing import Any

from connector.errors import InputError
from connector.ports import Store
from connector.records import Agreement


class Contracts:
    """Agreements of this node, in both roles."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    async def select(self, *, after: str = "", limit: int = 100, **where: Any) -> list[Agreement]:
        """Agreements in the order of their ids, beginning behind `after`."""
        return await self._store.read(lambda view: view.select(Agreement, after=after, limit=limit, **where))

    async def get(self, id: str) -> Agreement:
        """Raises `InputError` where there is none."""
        found = await self._store.read(lambda view: view.get(Agreement, id))
        if found is None:
            raise InputError("agreement.unknown", id=id)
        return found
