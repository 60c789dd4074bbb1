"""Credentials that this node holds: do they still count?

What lives here: looking our own credentials up in their issuers' lists. What does not: having lists (`lists`), showing
credentials (`presenting`: none that was taken back). Source: DCP 1.0.1, Presentation Response Message: valid
credentials only.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from certs import credentials
from certs.did import DidError
from certs.vcdm import CredentialError
from connector.errors import NodeError
from connector.ports import Clock, Documents, Store, Transaction
from connector.records import Entry, HeldCredential, Wish
from connector.services.trust.deliveries import asserting
from connector.services.trust.lists import StatusLists, Wanted

_PAGE = 100


class Standing:
    """Whether what this node holds has been taken back."""

    def __init__(self, *, store: Store, clock: Clock, documents: Documents, lists: StatusLists) -> None:
        self._store, self._clock, self._documents, self._lists = store, clock, documents, lists

    async def look(self) -> None:
        """What has been taken back is shown to nobody, and what is restored is shown again; a chore.

        Where a list cannot be had, what was known before stands: whoever is shown the credential looks as well.
        """
        after = ""
        while held := await self._page(after):
            for one in held:
                taken_back = await self._taken_back(one)
                if taken_back is not None and taken_back != (one.revoked is not None):
                    await self._store.write(partial(self._changed, id=one.id, taken_back=taken_back))
            after = held[-1].id

    async def _taken_back(self, one: HeldCredential) -> bool | None:
        """What the issuer's lists say now; None where one of them cannot be had."""
        wish = await self._store.read(lambda view: view.get(Wish, one.request))
        private, entries = wish is not None and wish.private, credentials.read(one.token).status
        try:
            keys = asserting(await self._documents.document(one.issuer, private=private)) if entries else {}
            copies = [
                (entry, await self._lists.get(Wanted(entry.list, entry.purpose, one.issuer, keys, private)))
                for entry in entries
            ]
            bits = [copy is not None and copy.list.get(entry.index) for entry, copy in copies]
        except (DidError, CredentialError, NodeError):
            return None
        return True if any(bits) else None if any(copy is None for _, copy in copies) else False

    def _changed(self, tx: Transaction, *, id: str, taken_back: bool) -> None:
        one = tx.get(HeldCredential, id)
        if one is None:
            return
        tx.put(replace(one, revoked=self._clock.now() if taken_back else None))
        params = {"peer": one.issuer, "kind": one.kind, "credential": id}
        entry = Entry(event="credential.lost" if taken_back else "credential.regained", actor=one.issuer, params=params)
        tx.record(entry)

    async def _page(self, after: str) -> list[HeldCredential]:
        return await self._store.read(lambda view: view.select(HeldCredential, after=after, limit=_PAGE))
