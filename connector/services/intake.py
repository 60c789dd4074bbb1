"""What every authenticated request has in common: its token is used up, and it stands in the audit.

What lives here: the first lines of each transaction that serves a peer. What does not: proving who calls
(`connector.identity`), what the request asks for (the other services).
"""

from __future__ import annotations

from connector.errors import NodeError, UnauthenticatedError
from connector.ports import Caller, Store, Transaction
from connector.records import Entry


def admit(tx: Transaction, caller: Caller) -> None:
    """Use up the caller's token. Raises `UnauthenticatedError` where it was used before: nothing else may happen."""
    if not tx.use_token(caller.id, caller.jti, caller.expires):
        raise UnauthenticatedError("token.replayed")


def note_refusal(tx: Transaction, caller: Caller, what: str, error: NodeError) -> None:
    """The audit entry of a refused request."""
    tx.record(
        Entry(event="refused", actor=caller.id, params={"what": what, "code": error.reason.code, **error.reason.params})
    )


class Intake:
    """Requests that are refused before a service is reached."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    async def refuse(self, caller: Caller, what: str, error: NodeError) -> None:
        """Token and audit entry of a request of a proved caller that could not be read."""

        def act(tx: Transaction) -> None:
            admit(tx, caller)
            note_refusal(tx, caller, what, error)

        await self._store.write(act)
