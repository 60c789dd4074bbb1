"""The messages of a negotiation as they went over the wire, and who has signed what stands in a contract.

What lives here: keeping each message that was taken or acknowledged, with the fields that its signature covers; reading
them in order; telling whether both sides have put their names to the same terms. What does not: signing and verifying
(`connector.identity`), writing evidence (`evidence`). Source: RFC 9421; the Dataspace Protocol 2025-1 signs nothing.

A consumer signs the terms in its verification message, which names the hash of the agreement: the protocol's own
message says no more than "verified".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from connector.ports import Caller, Reading, Signatures, Transaction
from connector.protocol import codec
from connector.protocol.machine import Role
from connector.protocol.messages import ContractAgreementMessage, ContractAgreementVerificationMessage
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.records import Agreement, Outgoing, Participant, Signed

AGREEMENT, VERIFICATION = ContractAgreementMessage.__name__, ContractAgreementVerificationMessage.__name__
MOST = 240
"""Messages of one negotiation that are looked at."""
_PAGE = 12


class Signers(Struct, frozen=True):
    """Whose signature under the terms is kept here."""

    provider: bool
    consumer: bool

    @property
    def both(self) -> bool:
        """Have both sides signed the same terms?"""
        return self.provider and self.consumer


class _Verified(Struct, frozen=True):
    """What is read of a kept verification message."""

    agreementHash: str = ""


def keep_received(tx: Transaction, caller: Caller, process: Negotiation, kind: str, body: bytes) -> None:
    """Keep a message of the peer's that was taken; `process` is the record after it."""
    peer = tx.get(Participant, caller.id)
    tx.put(
        Signed(
            id=f"{process.id}#{process.version}",
            process=process.id,
            sender=caller.id,
            kind=kind,
            method=caller.sent.method,
            url=caller.sent.url,
            headers=caller.sent.fields,
            body=body,
            document="" if peer is None else peer.document,
            at=process.updated,
        )
    )


class Correspondence:
    """Our own half: messages that a peer has acknowledged. `did` is ours, `document` gives the SHA-256 of our DID
    document as it is served now; `signatures` is None where this node does not sign."""

    def __init__(self, did: str, document: Callable[[], str], signatures: Signatures | None) -> None:
        self._did, self._document, self._signatures = did, document, signatures

    def keep_sent(self, tx: Transaction, item: Outgoing, body: bytes, fields: Mapping[str, str], at: int) -> None:
        """Keep a message of ours that the peer has, with the fields that it was signed with.

        Where these are not known, the peer having gone on before its answer came, it is signed once more: the peer
        keeps the signature that was sent, and ours says the same.
        """
        if item.process != NEGOTIATION.name:
            return
        if not fields and self._signatures is not None:
            fields = self._signatures.attest(item.peer, item.url, body)
        tx.put(
            Signed(
                id=item.id,
                process=item.pid,
                sender=self._did,
                kind=item.kind,
                method="POST",
                url=item.url,
                headers=fields,
                body=body,
                document=self._document(),
                at=at,
            )
        )


def letters(view: Reading, pid: str) -> list[Signed]:
    """The messages of a negotiation, in the order of its steps.

    They are found by their ids, which begin with the pid: an index would be paid for with every message.
    """
    found: list[Signed] = []
    after = f"{pid}#"
    while page := view.select(Signed, after=after, limit=_PAGE):
        own = [one for one in page if one.process == pid]
        found += own
        if len(own) < _PAGE or len(found) >= MOST:
            break
        after = page[-1].id
    return sorted(found, key=_number)


def signers(view: Reading, contract: Agreement) -> Signers:
    """Who has signed this contract's terms, as far as it can be proved from here."""
    provider = consumer = False
    for one in letters(view, contract.negotiation):
        if one.headers and one.kind == AGREEMENT:
            provider = provider or one.body == contract.message
        elif one.headers and one.kind == VERIFICATION:
            consumer = consumer or verified_hash(one.body) == contract.hash
    return Signers(provider, consumer)


def verified_hash(body: bytes) -> str:
    """The hash of the agreement that a verification message names, "" where it names none."""
    try:
        return msgspec.json.decode(body, type=_Verified).agreementHash
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def parties(contract: Agreement, own: str) -> tuple[str, str]:
    """Provider and consumer of a contract, by the DIDs under which they stand in it."""
    ours, theirs = contract.own or own, contract.named or contract.peer
    return (ours, theirs) if contract.role == Role.PROVIDER else (theirs, ours)


def agreement_hash(body: bytes) -> str:
    """The hash of the agreement in the exact bytes of its message."""
    return codec.digest(codec.agreement_of(body))


def _number(one: Signed) -> int:
    return int(one.id.rpartition("#")[2])
