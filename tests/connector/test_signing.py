"""Signed messages between two whole nodes: who signs, who has to, and what nobody gets past them."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from certs.strict import from_base64url, read_object
from certs.verifier import verify
from connector.errors import DeliveryError
from connector.http.exchange import Request
from connector.records import Signed
from connector.services.proof import correspondence
from connector.services.proof.correspondence import Signers
from tests.connector.joined import UTILITY, joined

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


@pytest.mark.parametrize("lost", ["agreement", "verification", "request"])
async def test_our_own_message_is_kept_signed_although_its_answer_is_lost(tmp_path: Path, lost: str) -> None:
    async with joined(tmp_path) as two:
        gone: list[str] = []

        def loses(request: Request) -> bool:
            if not request.path.endswith(f"/{lost}") or "negotiations" not in request.path or len(gone) == 2:
                return False
            gone.append(request.path)
            return True

        two.road.lost = loses
        contract = await two.contract()
        assert gone
        for own in (two.city, two.utility):
            agreement = await own.contracts.get(contract)
            assert (await own.evidence.signed([agreement])) == [Signers(True, True)]
            assert verify((await own.evidence.write("mayor", contract, "de")).body).faults == []


async def test_a_token_made_for_keeping_opens_nothing_for_long(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        fields = two.city.identity.attest(two.utility.did, f"{UTILITY}/x", b"{}")  # type: ignore[attr-defined]
        claims = read_object(from_base64url(fields["authorization"].split(".")[1].encode()))
        assert claims["exp"] - claims["iat"] == 1


@pytest.mark.parametrize("signing", [(True, False), (False, True)], ids=["city", "utility"])
async def test_nodes_of_different_releases_agree(tmp_path: Path, signing: tuple[bool, bool]) -> None:
    """One that signs and one that does not yet; it is refused nothing, and its messages are kept as unsigned."""
    async with joined(tmp_path, signing=signing) as two:
        contract = await two.contract()
        for own in (two.city, two.utility):
            agreement = await own.contracts.get(contract)
            assert await own.evidence.signed([agreement]) == [Signers(*signing)]
        assert bool((await two.city.peers.get("utility")).signs) == signing[1]
        assert bool((await two.utility.peers.get("city")).signs) == signing[0]


async def test_somebody_in_between_can_neither_change_nor_strip(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        await two.contract()
        peer = await two.utility.peers.get("city")
        for change in (
            lambda request: replace(request, body=request.body + b" "),
            lambda request: replace(request, query="more"),
            lambda request: replace(
                request, headers={name: value for name, value in request.headers.items() if "sign" not in name}
            ),
        ):
            two.road.changed = change
            with pytest.raises(DeliveryError, match=r"peer\.refused"):
                await two.utility.discovery.catalog(peer.id)
        two.road.changed = lambda request: request
        assert (await two.utility.discovery.catalog(peer.id)).catalog.participantId == two.city.did


async def test_a_contract_of_before_is_proved_by_nothing_and_this_is_said(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        contract = await two.contract()
        for one in await two.city.store.read(lambda view: view.select(Signed)):
            await two.city.store.write(lambda tx: tx.delete(Signed, one.id))  # noqa: B023
        bundle = await two.city.evidence.write("mayor", contract, "en")
        assert (bundle.signers.provider, bundle.signers.consumer) == (False, False)
        report = verify(bundle.body)
        assert report.faults == [], report.lines
        assert sum("has agreed" in line for line in report.unproved) == 2
