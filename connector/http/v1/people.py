"""Endpoints about operators and peers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Barred, Participant, Right


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_operators(services), *_peers(services)]


def _operators(services: Services) -> Sequence[Endpoint]:
    operators = services.operators

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await operators.list(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(showing.operator, found), visit.query.limit)

    async def add(visit: Visit) -> views.IssuedOperator:
        added, token = await operators.add(visit.operator, visit.body.name, visit.body.role)
        return views.IssuedOperator(name=added.id, role=added.role, created=added.created, token=token)

    async def remove(visit: Visit) -> views.OperatorView:
        return showing.operator(await operators.remove(visit.operator, visit.values[0]))

    return [
        Endpoint(
            method="GET",
            path="/v1/operators",
            right=Right.AUDITOR,
            about="Who may use this API.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.OperatorView],
        ),
        Endpoint(
            method="POST",
            path="/v1/operators",
            right=Right.ADMIN,
            about="Add an operator; the credential in the answer is shown this once.",
            serve=add,
            body=views.NewOperator,
            answer=views.IssuedOperator,
            status=201,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/operators/{name}",
            right=Right.ADMIN,
            about="Take an operator's credential away, at once.",
            serve=remove,
            answer=views.OperatorView,
        ),
    ]


async def shown(services: Services, peers: Iterable[Participant], visit: Visit) -> list[views.PeerView]:
    """Peers, with the regions that vouch for them by their titles."""
    known = {one.id: one.title for one in await services.trust.regions.select(limit=1000)}
    return [showing.peer(one, known, services.trust.clock.now(), visit.language) for one in peers]


def _peers(services: Services) -> Sequence[Endpoint]:
    peers = services.peers

    async def look(visit: Visit) -> views.SightingView:
        return showing.sighting(await peers.look(visit.body.url, private=visit.body.private))

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await peers.list(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, await shown(services, found, visit), visit.query.limit)

    async def one(peer: Participant, visit: Visit) -> views.PeerView:
        return (await shown(services, [peer], visit))[0]

    async def add(visit: Visit) -> views.PeerView:
        body: views.NewPeer = visit.body
        kept_out = await peers.keeps_out(body.url)
        added = await peers.add(
            visit.operator,
            body.url,
            body.name,
            words=body.words,
            private=body.private,
            facts=body.facts,
            pin=body.pin,
        )
        return replace(await one(added, visit), kept_out=kept_out)

    async def get(visit: Visit) -> views.PeerView:
        return await one(await peers.get(visit.values[0]), visit)

    async def remove(visit: Visit) -> views.PeerView:
        removed = await peers.remove(visit.operator, visit.values[0])
        return replace(await one(removed, visit), kept_out=await peers.keeps_out(removed.url))

    async def kept_out(visit: Visit) -> views.Page[Any]:
        found = await peers.barred(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(_barred, found), visit.query.limit)

    return [
        Endpoint(
            method="POST",
            path="/v1/peers/look",
            right=Right.STEWARD,
            about="See whose node answers at an address. Nothing is kept.",
            serve=look,
            body=views.LookRequest,
            answer=views.SightingView,
        ),
        Endpoint(
            method="GET",
            path="/v1/peers",
            right=Right.AUDITOR,
            about="The peers of this node, pinned and vouched for.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.PeerView],
        ),
        Endpoint(
            method="POST",
            path="/v1/peers",
            right=Right.ADMIN,
            about="Pin a peer's keys under a name, or keep a peer that a region vouches for.",
            serve=add,
            body=views.NewPeer,
            answer=views.PeerView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/peers/{peer}",
            right=Right.AUDITOR,
            about="One peer, by name or DID.",
            serve=get,
            answer=views.PeerView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/peers/{peer}",
            right=Right.ADMIN,
            about="Unpin a peer: from now on its tokens prove nothing, and no region brings it back.",
            serve=remove,
            answer=views.PeerView,
        ),
        Endpoint(
            method="GET",
            path="/v1/barred",
            right=Right.AUDITOR,
            about="Those who were removed and are kept out until they are added again.",
            serve=kept_out,
            query=views.PageQuery,
            answer=views.Page[views.BarredView],
        ),
    ]


def _barred(one: Barred) -> views.BarredView:
    return views.BarredView(id=one.id, name=one.name, url=one.url, at=one.at, by=one.by)
