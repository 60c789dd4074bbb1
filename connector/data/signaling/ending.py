"""How a delivery ends a flow that somebody else's control plane has begun: it is told, and moves the transfer itself.

What lives here: the two moves that a delivery makes (`data.delivery.delivering`), for flows instead of transfers of our
own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.data.signaling.plane import DataFlows
from connector.errors import InputError
from connector.ports import Store, Transaction
from connector.protocol import transfer
from connector.protocol.transfer import Transfer
from connector.services.processes import Done


class FlowEnds:
    """See `delivering.Moves`."""

    def __init__(self, flows: DataFlows, store: Store) -> None:
        self._flows, self._store = flows, store

    async def decide(self, pid: str, act: Callable[[Transaction, Any], Done]) -> Any:
        """`act` on the transfer record of a flow, in one transaction. Raises `InputError`, and what `act` does."""

        def decided(tx: Transaction) -> Done:
            process = tx.get(Transfer, pid)
            if process is None:
                raise InputError("flow.unknown", id=pid)
            return act(tx, process)

        return await self._store.write(decided)

    def stepped(self, tx: Transaction, process: Any, given: Any, actor: str) -> Done:
        """All of it has arrived, or never will. Raises `TransitionError` where the flow does not run."""
        if isinstance(given, transfer.Terminate):
            self._flows.failing(tx, process.id, given.reason)
        else:
            self._flows.completing(tx, process.id, actor)
        return Done(process=process)
