"""What every authenticated request has in common: its token is used up, and it stands in the audit.

What lives here: the first lines of each transaction that serves a peer: the token is used up, a peer that signs goes on
signing (RFC 9421), and whoever is here on a region's word does what that is believed for. What does not: proving who
calls and what it has signed (`connector.identity`), what the request asks for (the other services).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from connector.errors import NodeError, PeerError, RefusedError, UnauthenticatedError
from connector.ports import Caller, Reading, Store, Transaction
from connector.records import Entry, Participant

T = TypeVar("T")


def admit(tx: Transaction, caller: Caller) -> None:
    """Use up the caller's token. Raises `UnauthenticatedError` where it was used before, or where a peer that signs its
    messages has not signed this one: nothing else may happen.

    INVARIANT: from the first signed message on a peer is believed nothing that is not signed, but where it proves its
    DID and nothing else. It is judged here, in the transaction, so that no unsigned request slips in beside the first
    signed one.
    """
    if not tx.use_token(caller.id, caller.jti, caller.expires):
        raise UnauthenticatedError("token.replayed")
    peer = None if caller.bare else tx.get(Participant, caller.id)
    if peer is None or bool(peer.signs) == bool(caller.sent.fields):
        return
    if peer.signs:
        raise UnauthenticatedError("signature.missing")
    tx.put(replace(peer, signs=caller.sent.signed))
    tx.record(Entry(event="peer.signs", actor=caller.id, params={"peer": caller.id}))


def check_scope(view: Reading, caller: Caller, scope: str) -> None:
    """Return if the caller may begin what `scope` names (`catalog`, `negotiate`), as far as its region is believed for
    it. Raises `RefusedError` `trust.scope_missing`. Somebody who is no participant is not judged here."""
    peer = view.get(Participant, caller.id)
    if peer is not None and not peer.may(scope):
        raise RefusedError("trust.scope_missing", scope=scope, region=peer.vouch.region if peer.vouch else "")


def note_refusal(tx: Transaction, caller: Caller, what: str, error: NodeError) -> None:
    """The audit entry of a refused request."""
    tx.record(
        Entry(event="refused", actor=caller.id, params={"what": what, "code": error.reason.code, **error.reason.params})
    )


async def let_in(store: Store, caller: Caller, scope: str, what: str, act: Callable[[Transaction], T]) -> T:
    """Run `act` for a caller that may begin what `scope` names; a refusal, of `act` too, is kept as one of `what`
    before it is raised. Raises what `admit` and `check_scope` do, and what `act` raises: where that is no `PeerError`,
    nothing is kept."""

    def whole(tx: Transaction) -> T | PeerError:
        admit(tx, caller)
        try:
            check_scope(tx, caller, scope)
            return act(tx)
        except PeerError as error:
            note_refusal(tx, caller, what, error)
            return error

    found = await store.write(whole)
    if isinstance(found, PeerError):
        raise found
    return found


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
