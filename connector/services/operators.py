"""The people at the management API: who they are, what they may do.

What lives here: credentials and roles. What does not: which act needs which role (`http.management`). A credential is
shown once, when it is issued; kept is its SHA-256, which is enough for 256 random bits.
"""

from __future__ import annotations

import hashlib
import hmac

from connector.errors import InputError
from connector.pages import every
from connector.ports import Clock, Ids, Store, Transaction
from connector.records import Entry, Operator, Right

RIGHTS = tuple(Right)
"""From the narrowest up; each includes those before it."""


def includes(role: Right, needed: Right) -> bool:
    """True where `role` may do what `needed` may."""
    return RIGHTS.index(role) >= RIGHTS.index(needed)


def hashed(token: str) -> str:
    """What is kept of a credential."""
    return hashlib.sha256(token.encode()).hexdigest()


class Operators:
    """Operators of this node."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store, self._clock, self._ids = store, clock, ids

    async def authenticate(self, token: str) -> Operator | None:
        """Whose credential this is, or None. Found by its hash, so timing tells nothing about the credential."""
        digest = hashed(token)
        found = await self._store.read(lambda view: view.find(Operator, token_hash=digest))
        return found if found is not None and hmac.compare_digest(found.token_hash, digest) else None

    async def found(self, name: str, token: str) -> Operator | None:
        """The first operator, with the role admin and this credential; None where there is one already."""

        def act(tx: Transaction) -> Operator | None:
            if tx.count(Operator):
                return None
            return self._put(tx, "node", name, Right.ADMIN, token)

        return await self._store.write(act)

    async def add(self, operator: str, name: str, role: Right) -> tuple[Operator, str]:
        """A new operator and the credential. Raises `InputError` where the name is taken."""
        token = self._ids.token()

        def act(tx: Transaction) -> Operator:
            if tx.get(Operator, name) is not None:
                raise InputError("account.exists", name=name)
            return self._put(tx, operator, name, role, token)

        return await self._store.write(act), token

    async def list(self, *, after: str = "", limit: int = 100) -> list[Operator]:
        """Operators in the order of their names."""
        return await self._store.read(lambda view: view.select(Operator, after=after, limit=limit))

    async def remove(self, operator: str, name: str) -> Operator:
        """Take an operator's credential away, at once. Raises `InputError`: unknown, or the last admin."""

        def act(tx: Transaction) -> Operator:
            gone = tx.get(Operator, name)
            if gone is None:
                raise InputError("account.unknown", name=name)
            if gone.role is Right.ADMIN and _admins(tx) == 1:
                raise InputError("account.last_admin", name=name)
            tx.delete(Operator, name)
            tx.record(Entry(event="operator.removed", actor=operator, params={"name": name, "role": gone.role}))
            return gone

        return await self._store.write(act)

    def _put(self, tx: Transaction, actor: str, name: str, role: Right, token: str) -> Operator:
        added = Operator(id=name, role=role, token_hash=hashed(token), created=self._clock.now())
        tx.put(added)
        tx.record(Entry(event="operator.added", actor=actor, params={"name": name, "role": role}))
        return added


def _admins(tx: Transaction) -> int:
    return sum(one.role is Right.ADMIN for one in every(tx, Operator))
