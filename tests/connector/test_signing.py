"""Signed messages between two whole nodes: who signs, who has to, and what nobody gets past them."""

from __future__ import annotations

from pathlib import Path

from connector.records import Participant, Signed
from connector.services import correspondence
from connector.services.correspondence import Signers
from tests.connector.joined import joined

KINDS = [
    "ContractRequestMessage",
    "ContractAgreementMessage",
    "ContractAgreementVerificationMessage",
    "ContractNegotiationEventMessage",
]


async def test_both_sides_keep_every_message_signed(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        contract = await two.contract()
        for own, other in ((two.city, two.utility), (two.utility, two.city)):
            agreement = await own.contracts.get(contract)
            kept = await own.store.read(lambda view: correspondence.letters(view, agreement.negotiation))  # noqa: B023
            assert [one.kind for one in kept] == KINDS
            assert [one.sender for one in kept] == [two.utility.did, two.city.did] * 2
            assert all(set(one.headers) >= {"authorization", "signature", "signature-input"} for one in kept)
            assert all(one.document for one in kept)
            assert await own.store.read(lambda view: correspondence.signers(view, agreement)) == Signers(True, True)  # noqa: B023
            peer = await own.peers.get(other.did)
            assert peer.signs
            assert {one.document for one in kept} == {peer.document, (await other.peers.get(own.did)).document}
            events = [(one.event, one.actor) for one in await own.audit.log(limit=1000)]
            assert events.count(("peer.signs", other.did)) == 1
