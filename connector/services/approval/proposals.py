"""The terms that a person's command carries: from a few words to complete terms, and differences back in words.

What lives here: asking on stated terms, countering, what separates two offers. What does not: the short form of terms
(`policies.terms`), comparing (`policies.compare`), moving the negotiation (`services.negotiations`), agreeing
(`services.approval.approvals`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from connector.errors import InputError, TransitionError
from connector.ports import Store
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.protocol.negotiation import Negotiation
from connector.records import PublishedOffer
from connector.services.decisions import compared_terms, not_understood
from connector.services.discovery import Discovery
from connector.services.negotiations import Negotiations
from policies import parse, render
from policies.model import Comparison, Policy, PolicyError, PolicyKind, Reason
from policies.terms import Terms, restate


class Proposals:
    """What operators propose and decide."""

    def __init__(self, *, store: Store, negotiations: Negotiations, discovery: Discovery, did: str) -> None:
        self._store, self._negotiations, self._discovery, self._did = store, negotiations, discovery, did

    async def request(
        self,
        operator: str,
        peer: str,
        dataset: str,
        *,
        offer: str | None = None,
        terms: Terms | JsonObject | None = None,
    ) -> Negotiation:
        """Ask `peer` (a DID) for a dataset under one of its offers, on the stated terms where there are any: in short,
        or a whole policy of the protocol.

        Raises `InputError` (peer, dataset, offer unknown; an offer or terms that are not understood), `DeliveryError`.
        """
        found = await self._discovery.dataset(peer, dataset)
        offers = {str(one.get("@id")): one for one in found.hasPolicy}
        if offer is not None:
            offer = _meant(offer, offers)
        published = offers[offer] if offer is not None else found.hasPolicy[0]
        wanted = _stated(published, terms, {"target": dataset, "assigner": peer, "assignee": self._did})
        return await self._negotiations.request(operator, peer, dataset, {**wanted, "target": dataset})

    async def counter(
        self, operator: str, pid: str, terms: Terms | JsonObject, *, seen: int | None = None
    ) -> Negotiation:
        """Answer with other terms: the consumer restates the provider's offer, the provider the consumer's request.

        `seen` is the version that was looked at. Raises `InputError`, `TransitionError`.
        """

        def words(n: Negotiation) -> JsonObject:
            base = n.offered if n.role is Role.CONSUMER else n.asked
            if base is None:
                raise TransitionError("transition.illegal", state=n.state or "-", move="counter")
            provider, consumer = (n.peer, self._did) if n.role is Role.CONSUMER else (self._did, n.peer)
            own = {"target": n.dataset, "assigner": provider, "assignee": consumer}
            return {**_stated(base, terms, own), "target": n.dataset}

        return await self._negotiations.counter(operator, pid, words, seen=seen)

    async def on_the_table(self, n: Negotiation) -> Negotiation:
        """The record as a person should see it: a provider that has made no offer in it has its published one."""
        if n.role is Role.CONSUMER or n.offered is not None or n.asked is None:
            return n
        published = await self._store.read(lambda view: view.get(PublishedOffer, str((n.asked or {}).get("@id"))))
        return n if published is None else replace(n, offered={**published.document, "target": published.asset})

    def differences(self, n: Negotiation) -> Comparison | Reason | None:
        """What the consumer asked against what the provider offers, or None where only one of the two is known."""
        if n.asked is None or n.offered is None:
            return None
        who = n.peer if n.role is Role.PROVIDER else self._did
        try:
            asked, offered = parse.from_dsp(n.asked), parse.from_dsp(n.offered)
        except PolicyError as error:
            return not_understood(error)
        return compared_terms(asked, offered, who)


def _meant(offer: str, offers: Iterable[str]) -> str:
    """The one offer that is named, by its id or a tail of at least 8 characters. Raises `InputError`."""
    found = [id for id in offers if id == offer or (len(offer) >= 8 and id.endswith(offer))]
    if len(found) != 1:
        raise InputError("offer.unknown", id=offer)
    return found[0]


def _stated(document: JsonObject, terms: Terms | JsonObject | None, own: Mapping[str, str]) -> JsonObject:
    """An offer with the stated terms in place of its own; unchanged where nothing is stated. `own` is between whom and
    about what: a whole policy that names others raises `InputError`."""
    policy = _understood(document)
    if isinstance(terms, Terms):
        return render.to_dsp(restate(policy, terms))
    if terms is None:
        return render.to_dsp(policy)
    wanted = _understood(terms)
    for part, ours in own.items():
        if (named := getattr(wanted, part)) not in (None, ours):
            raise InputError("terms.other", part=part, named=named, own=ours)
    said = {part: getattr(wanted, part) for part in ("rules", "profile", "notice", "conflict")}
    return render.to_dsp(replace(policy, **said, assignee=wanted.assignee or policy.assignee))


def _understood(document: JsonObject) -> Policy:
    try:
        return parse.from_dsp(document, PolicyKind.OFFER)
    except PolicyError as error:
        reason = not_understood(error)
        raise InputError(reason.code, **reason.params) from None
