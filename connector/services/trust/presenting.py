"""Our Credential Service, showing: who was given a pass sees the credentials that it opens.

What lives here: answering a presentation query. What does not: how credentials got here (`wallet`), the form of
presentations (`certs.presentations`), asking others (`connector.identity`).
Source: DCP 1.0.1, Verifiable Presentation Protocol, Resolution API: more scopes than the pass has get fewer credentials
and no error; only valid credentials are shown; one presentation holds credentials of one model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import UNSET

from certs import presentations
from certs.jws import PrivateKey
from connector.errors import UnauthenticatedError
from connector.ports import Caller, Clock, Ids, Store, Transaction
from connector.protocol.dcp import PresentationQueryMessage, PresentationResponseMessage, Scope, read_scope
from connector.records import Entry, HeldCredential
from connector.services.intake import admit
from connector.services.trust.passes import Pass, Passes

MOST = 32
"""Credentials in one answer."""
_PAGE = 200


class Signer(NamedTuple):
    """A private key and the DID URL of its public half."""

    key: PrivateKey
    kid: str


class Presenting:
    """Shows the credentials of `did`; `signer` gives the key that is used now (`authentication`)."""

    def __init__(
        self, *, store: Store, clock: Clock, ids: Ids, did: str, passes: Passes, signer: Callable[[], Signer]
    ) -> None:
        self._store, self._clock, self._ids, self._did = store, clock, ids, did
        self._passes, self._signer = passes, signer

    async def answer(self, caller: Caller, query: PresentationQueryMessage) -> PresentationResponseMessage:
        """The presentations that `query` asks for and the caller's pass opens, made for the caller.

        Raises `UnauthenticatedError`: the token or the pass was used before, the pass is no pass, too old, or somebody
        else's (`pass.other`).
        """
        asked = () if query.scope is UNSET else query.scope

        def act(tx: Transaction) -> list[HeldCredential]:
            admit(tx, caller)
            opened = self._opened(tx, caller)
            found = self._shown(tx, _scopes(asked), _scopes(opened.scopes))
            shown = " ".join(sorted({one.kind for one in found}))
            tx.record(Entry(event="credential.shown", actor=caller.id, params={"peer": caller.id, "kinds": shown}))
            return found

        found = await self._store.write(act)
        return PresentationResponseMessage(presentation=tuple(self._presented(caller, found)))

    def _opened(self, tx: Transaction, caller: Caller) -> Pass:
        opened = self._passes.open(caller.grant, self._clock.now())
        if opened.audience != caller.id:
            raise UnauthenticatedError("pass.other")
        if not tx.use_token(f"{self._did}#pass", opened.jti, opened.until):
            raise UnauthenticatedError("pass.replayed")
        return opened

    def _shown(self, tx: Transaction, asked: list[Scope], opened: list[Scope]) -> list[HeldCredential]:
        """Valid credentials that are asked for and that the pass opens, each once, in a steady order."""
        now = self._clock.now()
        found = {one.id: one for scope in asked for one in _held(tx, scope) if any(_covers(may, one) for may in opened)}
        return [one for one in found.values() if one.begins <= now < one.ends and one.revoked is None][:MOST]

    def _presented(self, caller: Caller, found: list[HeldCredential]) -> list[str]:
        if not found:
            return []
        signer = self._signer()
        return presentations.present(
            signer.key,
            signer.kid,
            holder=self._did,
            audience=caller.id,
            tokens=[one.token for one in found],
            now=self._clock.now(),
            jti=self._ids.pid(),
        )


def _scopes(texts: Iterable[str]) -> list[Scope]:
    """Each scope once; what nobody here understands opens nothing."""
    return list(dict.fromkeys(scope for text in texts if (scope := read_scope(text)) is not None))


def _covers(scope: Scope, one: HeldCredential) -> bool:
    return scope.value == (one.kind if scope.alias == "type" else one.id)


def _held(tx: Transaction, scope: Scope) -> list[HeldCredential]:
    if scope.alias == "type":
        return tx.select(HeldCredential, kind=scope.value, limit=_PAGE)
    one = tx.get(HeldCredential, scope.value)
    return [] if one is None else [one]
