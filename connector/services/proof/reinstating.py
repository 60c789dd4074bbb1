"""A contract that was lost with what came after a backup, from the peer's copy and our own signature in it.

What lives here: judging a peer's proof. What does not: asking for it (`reconcile`), the gate. A peer could say
anything; what it cannot make is our signature (RFC 9421) over our own message: the agreement itself where we provide,
the verification that names the agreement's hash where we consume. Neither shows how the contract has fared since, so
what comes back is held until a person has looked.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from connector.errors import MessageError
from connector.protocol import codec
from connector.protocol.machine import Role
from connector.protocol.messages import ContractAgreementMessage, ContractAgreementVerificationMessage, NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Participant, Signed
from connector.services.life.contracts import terms_end
from connector.services.negotiations import agreement_of
from connector.services.proof.correspondence import AGREEMENT, VERIFICATION
from connector.services.proof.statements import Letter, Proof
from policies.model import Reason

Own = Callable[[Letter], bool]
"""Is this letter signed by our own key, as sent to the URL that it names?"""


class Reinstated(Struct, frozen=True):
    """What comes back: the negotiation as finished, the contract, held, and the letters that prove it."""

    negotiation: Negotiation
    contract: Agreement
    letters: tuple[Signed, ...]


def reinstated(proof: Proof, peer: Participant, did: str, own: Own, now: int) -> Reinstated | None:
    """The contract that a proof proves to be one of ours with this peer; None where it does not."""
    try:
        message = codec.decode(proof.message, ContractAgreementMessage)
        hash = codec.digest(codec.agreement_of(proof.message))
    except MessageError:
        return None
    parties = (message.agreement.get("assigner"), message.agreement.get("assignee"))
    if parties not in ((did, peer.id), (peer.id, did)) or message.agreement.get("@id") != proof.id:
        return None
    role = Role.PROVIDER if parties[0] == did else Role.CONSUMER
    signed = [one for one in proof.letters if _binds(one, role, proof.message, hash, message) and own(one)]
    if not signed:
        return None
    ours, theirs = message.providerPid, message.consumerPid
    if role is Role.CONSUMER:
        ours, theirs = theirs, ours
    negotiation = Negotiation(
        id=ours,
        peer_pid=theirs,
        role=role,
        peer=peer.id,
        callback=peer.base,
        dataset=str(message.agreement.get("target", "")),
        created=now,
        updated=now,
        state=NegotiationState.FINALIZED,
        agreement=message.agreement,
        agreement_body=proof.message,
    )
    made = agreement_of(negotiation)
    contract = replace(
        made,
        expires=terms_end(made),
        held=Reason("contract.reinstated", {"peer": peer.id}),
        in_force=proof.in_force,
        ended=None if proof.in_force else Reason("reconcile.ended_there", {"contract": proof.id}),
    )
    letters = tuple(_kept(number, one, ours, did, now) for number, one in enumerate(signed, 1))
    return Reinstated(negotiation, contract, letters)


def _binds(letter: Letter, role: Role, agreement: bytes, hash: str, message: ContractAgreementMessage) -> bool:
    """Is this, if it is ours, the message with which we bound ourselves to this agreement in this negotiation?"""
    if role is Role.PROVIDER:
        return letter.kind == AGREEMENT and letter.body == agreement
    if letter.kind != VERIFICATION:
        return False
    try:
        said = codec.decode(letter.body, ContractAgreementVerificationMessage)
    except MessageError:
        return False
    same = (said.providerPid, said.consumerPid) == (message.providerPid, message.consumerPid)
    return same and said.agreementHash == hash


def _kept(number: int, letter: Letter, pid: str, did: str, now: int) -> Signed:
    return Signed(
        id=f"{pid}#{number}",
        process=pid,
        sender=did,
        kind=letter.kind,
        method=letter.method,
        url=letter.url,
        headers=letter.headers,
        body=letter.body,
        document="",
        at=now,
    )
