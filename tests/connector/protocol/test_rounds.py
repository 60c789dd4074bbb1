"""What a negotiation remembers of earlier rounds."""

from __future__ import annotations

from msgspec.structs import replace

from connector.protocol import negotiation
from connector.protocol.machine import Acknowledged, Role
from connector.protocol.messages import ContractOfferMessage
from connector.protocol.negotiation import ROUNDS, Negotiation


def _begun() -> Negotiation:
    blank = negotiation.blank(id="urn:x:c", role=Role.CONSUMER, peer="did:web:p", callback="", dataset="urn:d", now=0)
    return replace(blank, asked={"n": 0}, worded_by="jo")


def _asks(n: Negotiation, number: int, now: int) -> Negotiation:
    sent: Negotiation = negotiation.step(n, negotiation.Request({"n": number}, by="jo"), now).record
    acknowledged: Negotiation = negotiation.step(sent, Acknowledged("urn:x:p"), now).record
    return acknowledged


def _offers(n: Negotiation, number: int, now: int) -> Negotiation:
    message = ContractOfferMessage(providerPid="urn:x:p", consumerPid=n.id, offer={"n": number})
    taken: Negotiation = negotiation.step(n, negotiation.Received(message), now).record
    return taken


def test_a_draft_that_is_sent_as_it_stands_is_no_round() -> None:
    n = _asks(_begun(), 0, 5)
    assert (n.asked_at, n.earlier, n.worded_by) == (5, (), "jo")


def test_words_that_are_replaced_are_kept_in_order_with_their_side_and_instant() -> None:
    n = _asks(_begun(), 1, 1)
    n = _offers(n, 2, 2)
    n = _offers(n, 3, 3)  # an offer may be repeated
    n = _asks(n, 4, 4)
    told = [(said.role, said.at, said.terms["n"]) for said in n.earlier]
    assert told == [(Role.PROVIDER, 2, 2), (Role.CONSUMER, 1, 1)]
    assert (n.asked, n.asked_at, n.offered, n.offered_at) == ({"n": 4}, 4, {"n": 3}, 3)


def test_a_peer_that_goes_on_for_ever_does_not_make_it_grow_for_ever() -> None:
    n = _asks(_begun(), 0, 1)
    for at in range(1, 3 * ROUNDS):
        n = _asks(_offers(n, at, 2 * at), at, 2 * at + 1)
    assert len(n.earlier) == ROUNDS
    assert n.earlier[-1].at == 2 * at - 1
