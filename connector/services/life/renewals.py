"""Amending and renewing contracts: a new negotiation, on the terms of the contract with something else in their place.

What lives here: the words of such a negotiation, from either side. What does not: how old and new are linked
(`services.life.succession`), negotiating and deciding (`services.negotiations`, `services.approval.approvals`).

It goes the way of every negotiation: the provider's people decide about what a consumer asks for, and the consumer's
about what a provider offers. The terms are those of the contract, not of what is published today, so whatever is not
named stays as it was agreed.
"""

from __future__ import annotations

from msgspec.structs import replace

from connector.errors import InputError
from connector.ports import Store
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, PublishedOffer
from connector.services.discovery import Discovery
from connector.services.life.contracts import Contracts, policy_of
from connector.services.negotiations import Negotiations
from policies import render
from policies.model import PolicyError, PolicyKind
from policies.terms import Terms, restate


class Renewals:
    """Begins negotiations that replace a contract."""

    def __init__(self, *, store: Store, contracts: Contracts, negotiations: Negotiations, discovery: Discovery) -> None:
        self._store, self._contracts = store, contracts
        self._negotiations, self._discovery = negotiations, discovery

    async def amend(self, operator: str, id: str, terms: Terms) -> Negotiation:
        """Ask the other side for these terms in the place of what the contract says about the same.

        Raises `InputError` (no such contract, nothing named, terms that cannot be restated, no offer any more under
        which it could be done, replaced or being replaced already), `DeliveryError` where the provider cannot be asked.
        """
        old = await self._contracts.get(id)
        if terms == Terms():
            raise InputError("contract.nothing_amended")
        if old.role == Role.CONSUMER:
            document = _restated(old, terms, await self._shown(old))
            return await self._negotiations.request(operator, old.peer, old.dataset, document, replaces=id)
        offer = await self._published(old)
        document = _restated(old, terms, offer)
        return await self._negotiations.offer(operator, old.peer, offer, terms=document, replaces=id)

    async def _shown(self, old: Agreement) -> str:
        """The provider's offer to ask under: the one of the contract where it is still there, else its first."""
        found = await self._discovery.dataset(old.peer, old.dataset)
        offers = [str(one.get("@id")) for one in found.hasPolicy]
        before = await self._before(old)
        return before if before in offers else offers[0]

    async def _published(self, old: Agreement) -> str:
        """Our own offer to begin under, chosen likewise. Raises `InputError`."""
        found = await self._store.read(lambda view: view.select(PublishedOffer, asset=old.dataset, live=True))
        offers = [one.id for one in found]
        if not offers:
            raise InputError("contract.no_offer")
        before = await self._before(old)
        return before if before in offers else offers[0]

    async def _before(self, old: Agreement) -> str:
        """The id of the offer that the contract was made under, "" where that is not known any more."""
        n = await self._store.read(lambda view: view.get(Negotiation, old.negotiation))
        terms = None if n is None else n.terms
        return "" if terms is None else str(terms.get("@id", ""))


def _restated(old: Agreement, terms: Terms, offer: str) -> JsonObject:
    """The contract's terms as an offer of this id, with the named ones in place. Raises `InputError`."""
    try:
        before = policy_of(old)
        base = replace(
            before, id=offer, kind=PolicyKind.OFFER, assigner=None, assignee=None, target=None, timestamp=None
        )
        return {**render.to_dsp(restate(base, terms)), "target": old.dataset}
    except PolicyError as error:
        raise InputError(error.reason.code, **error.reason.params) from None
