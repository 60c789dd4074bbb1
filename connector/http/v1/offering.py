"""Endpoints about what this node shares: assets, offers; and about what peers offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Agreement, Approval, PublishedOffer, Right


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_assets(services), *_offers(services), *_catalogs(services)]


def _assets(services: Services) -> Sequence[Endpoint]:
    offers = services.offers

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await offers.assets(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(showing.asset, found), visit.query.limit)

    async def add(visit: Visit) -> views.AssetView:
        body: views.NewAsset = visit.body
        added = await offers.add_asset(
            visit.operator,
            name=body.name,
            title=body.title,
            kind=body.kind,
            settings=body.settings,
            description=body.description,
            media_type=body.media_type,
        )
        return showing.asset(added)

    async def get(visit: Visit) -> views.AssetView:
        return showing.asset(await offers.asset(visit.values[0]))

    async def remove(visit: Visit) -> None:
        await offers.remove_asset(visit.operator, visit.values[0])

    return [
        Endpoint(
            method="GET",
            path="/v1/assets",
            right=Right.AUDITOR,
            about="What this node could share.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.AssetView],
        ),
        Endpoint(
            method="POST",
            path="/v1/assets",
            right=Right.STEWARD,
            about="Describe something to share; it stays where it is.",
            serve=add,
            body=views.NewAsset,
            answer=views.AssetView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/assets/{name}",
            right=Right.AUDITOR,
            about="One asset, by name or id.",
            serve=get,
            answer=views.AssetView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/assets/{name}",
            right=Right.STEWARD,
            about="Forget an asset that is not offered any more.",
            serve=remove,
            status=204,
        ),
    ]


def _offers(services: Services) -> Sequence[Endpoint]:
    offers = services.offers

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await offers.offers(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, (showing.offer(one, visit.language) for one in found), visit.query.limit)

    async def publish(visit: Visit) -> views.OfferView:
        body: views.NewOffer = visit.body
        rule = Approval(persons=body.approval.persons, frame=body.approval.frame, days=body.approval.days)
        received = await showing.full_id(body.received, services.store, Agreement) if body.received else ""
        published = await offers.publish(
            visit.operator, body.asset, body.policy, body.outside, rule, body.bounds, received
        )
        return showing.offer(published, visit.language)

    async def get(visit: Visit) -> views.OfferView:
        return showing.offer(await offers.offer(await id_of(visit)), visit.language)

    async def retire(visit: Visit) -> views.OfferView:
        return showing.offer(await offers.retire(visit.operator, await id_of(visit)), visit.language)

    async def send(visit: Visit) -> views.NegotiationView:
        peer = await services.peers.get(visit.body.peer)
        begun = await services.negotiations.offer(visit.operator, peer.id, await id_of(visit))
        return showing.negotiation(begun, {peer.id: peer.name}, None, None, visit.language)

    async def id_of(visit: Visit) -> str:
        return await showing.full_id(visit.values[0], services.store, PublishedOffer)

    return [
        Endpoint(
            method="GET",
            path="/v1/offers",
            right=Right.AUDITOR,
            about="Offers, published and retired.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.OfferView],
        ),
        Endpoint(
            method="POST",
            path="/v1/offers",
            right=Right.STEWARD,
            about="Publish an asset under a policy.",
            serve=publish,
            body=views.NewOffer,
            answer=views.OfferView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/offers/{id}",
            right=Right.AUDITOR,
            about="One offer.",
            serve=get,
            answer=views.OfferView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/offers/{id}",
            right=Right.STEWARD,
            about="Take an offer out of the catalogue; contracts under it stand.",
            serve=retire,
            answer=views.OfferView,
        ),
        Endpoint(
            method="POST",
            path="/v1/offers/{id}/send",
            right=Right.STEWARD,
            about="Send an offer to a peer without being asked.",
            serve=send,
            body=views.SendOffer,
            answer=views.NegotiationView,
            status=201,
        ),
    ]


def _catalogs(services: Services) -> Sequence[Endpoint]:
    async def listed(visit: Visit) -> views.Page[Any]:
        peer = await services.peers.get(visit.values[0])
        found = await services.discovery.catalog(peer.id, visit.query.after)
        datasets = () if found.catalog.dataset is UNSET else found.catalog.dataset
        return views.Page(items=tuple(showing.dataset(one, visit.language) for one in datasets), next=found.next)

    async def get(visit: Visit) -> views.DatasetView:
        peer = await services.peers.get(visit.values[0])
        return showing.dataset(await services.discovery.dataset(peer.id, visit.values[1]), visit.language)

    return [
        Endpoint(
            method="GET",
            path="/v1/catalog/{peer}",
            right=Right.AUDITOR,
            about="What a peer offers to this node.",
            serve=listed,
            query=views.CatalogQuery,
            answer=views.Page[views.DatasetView],
        ),
        Endpoint(
            method="GET",
            path="/v1/catalog/{peer}/{dataset}",
            right=Right.AUDITOR,
            about="One dataset of a peer with its offers; the dataset's id is one encoded path segment.",
            serve=get,
            answer=views.DatasetView,
        ),
    ]
