"""A region vouches for the keys of a member that has lost its own: after a person there has compared the words.

What lives here: comparing, and the statement, which peers of the member have from the region. What does not: its form
(`certs.handover`), what peers make of it (`connector.services.trust.handover`).
"""

from __future__ import annotations

from certs import did as dids
from certs import handover, jwk
from certs.did import DidError, Document
from certs.handover import Change
from certs.keys import NodeKeys
from certs.words import fingerprint, same
from connector.errors import InputError
from connector.ports import Clock, Documents, Reading, Store, Transaction
from connector.records import Entry, Member, Participant, SeenDocument
from connector.services.region.members import Members
from connector.services.trust.continuing import Handovers
from connector.services.trust.handover import about, keep_statement, subject
from connector.services.trust.regions import known_words


class Countersigning:
    """Vouches for members' keys. `did` is this region's own."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        documents: Documents,
        members: Members,
        handovers: Handovers,
        keys: NodeKeys,
        did: str,
    ) -> None:
        self._store, self._clock, self._documents, self._members = store, clock, documents, members
        self._handovers, self._keys, self._did = handovers, keys, did

    async def countersign(self, operator: str, member: str, words: str) -> str:
        """Vouch for the keys that a member shows now, which have these words; returns them in their one spelling.

        Raises `InputError` `member.unknown`, `peer.words_form`, `peer.words` (it shows others),
        `peer.document`, `member.not_active`; `DeliveryError`.
        """
        told, known = known_words(words), await self._members.get(member)
        if known.state != "active":
            raise InputError("member.not_active", name=known.name)
        document = await self._document(known)
        found = fingerprint(jwk.thumbprint(key) for key in document.pinned().values())
        if not same(told, found):
            raise InputError("peer.words", peer=known.id, told=told, found=found)
        await self._store.write(lambda tx: self._kept(tx, operator, known, document, found))
        if await self._store.read(lambda view: view.get(Participant, known.id)) is not None:
            await self._handovers.accept(operator, known.id, words)
        return found

    async def _document(self, member: Member) -> Document:
        try:
            return await self._documents.document(member.id, private=member.private, fresh=True)
        except DidError as error:
            raise InputError("peer.document", url=member.id, why=error.code) from error

    def _kept(self, tx: Transaction, operator: str, member: Member, document: Document, words: str) -> None:
        key, name = self._keys.signing("issuer")
        now, shown = self._clock.now(), document.pinned()
        before = _seen(tx, member.id)
        change = Change(
            did=member.id,
            before=tuple(sorted(before))[-handover.MOST :],
            after=tuple(handover.named(id, one) for id, one in shown.items()),
            at=now,
            number=max(now, _number(tx, member.id) + 1),
            revoked=tuple(sorted(before - set(map(jwk.thumbprint, shown.values()))))[-handover.MOST :],
        )
        statement = handover.sign_change(key, f"{self._did}#{name}", change)
        keep_statement(tx, member.id, statement, change.number, now)
        params = {"member": member.title, "did": member.id, "words": words}
        tx.record(Entry(event="key.countersigned", actor=operator, params=params))


def _seen(view: Reading, did: str) -> set[str]:
    """The thumbprints of all keys that a member has ever shown here."""
    found: set[str] = set()
    for one in view.select(SeenDocument, did=did, limit=1000):
        try:
            found |= set(map(jwk.thumbprint, dids.read(one.body, did).pinned().values()))
        except DidError:
            continue
    known = view.get(Participant, did)
    return found | (set() if known is None else set(map(jwk.thumbprint, known.keys.values())))


def _number(view: Reading, did: str) -> int:
    """The number of the last change of a member's keys that is known here."""
    known = view.get(Participant, did)
    numbers = [0 if known is None else known.change]
    for statement in about(view, subject(did)):
        numbers.append(handover.read_change(statement).number)
    return max(numbers)
