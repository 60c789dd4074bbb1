"""Endpoints about whom this node believes: regions, joining one, why a party is or is not trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.http import regional, showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.regional import Titles
from connector.records import Region, Right
from connector.services.trust.regions import Belief


async def titles(services: Services) -> Titles:
    """What people call the regions that are believed, by DID."""
    return {one.id: one.title for one in await services.trust.regions.select(limit=1000)}


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject. Only an admin decides who is believed."""
    return [*_regions(services), *_joining(services)]


def _regions(services: Services) -> Sequence[Endpoint]:
    regions = services.trust.regions

    async def shown(one: Region, visit: Visit) -> views.TrustView:
        return regional.region(one, await titles(services), visit.language)

    async def look(visit: Visit) -> views.RegionSightingView:
        return regional.sighting(await regions.look(visit.body.region, private=visit.body.private))

    async def listed(visit: Visit) -> views.Page[Any]:
        found, known = await regions.select(after=visit.query.after, limit=visit.query.limit), await titles(services)
        return showing.page(found, [regional.region(one, known, visit.language) for one in found], visit.query.limit)

    async def add(visit: Visit) -> views.TrustView:
        body: views.NewTrust = visit.body
        belief = Belief(types=body.types, scopes=body.scopes, vouches=body.vouches, private=body.private)
        added = await regions.add(visit.operator, body.region, body.name or "", words=body.words, belief=belief)
        if body.vouches:
            await services.trust.vouched.refresh()
        return await shown(added, visit)

    async def get(visit: Visit) -> views.TrustView:
        return await shown(await regions.get(visit.values[0]), visit)

    async def members(visit: Visit) -> views.Page[Any]:
        found = await regions.members(visit.values[0])
        return views.Page(items=tuple(map(regional.listed, found)), next=None)

    async def remove(visit: Visit) -> views.TrustView:
        return await shown(await regions.remove(visit.operator, visit.values[0]), visit)

    return [
        Endpoint(
            method="POST",
            path="/v1/regions/look",
            right=Right.STEWARD,
            about="See which region is at an address. Nothing is kept.",
            serve=look,
            body=views.LookAtRegion,
            answer=views.RegionSightingView,
        ),
        Endpoint(
            method="GET",
            path="/v1/regions",
            right=Right.AUDITOR,
            about="The regions that this node believes.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.TrustView],
        ),
        Endpoint(
            method="POST",
            path="/v1/regions",
            right=Right.ADMIN,
            about="Believe a region, for these types of credentials and scopes; again changes for which.",
            serve=add,
            body=views.NewTrust,
            answer=views.TrustView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/regions/{region}",
            right=Right.AUDITOR,
            about="One region, by name or DID.",
            serve=get,
            answer=views.TrustView,
        ),
        Endpoint(
            method="GET",
            path="/v1/regions/{region}/members",
            right=Right.AUDITOR,
            about="The members that a region names; it is asked now.",
            serve=members,
            answer=views.Page[views.ListedView],
        ),
        Endpoint(
            method="DELETE",
            path="/v1/regions/{region}",
            right=Right.ADMIN,
            about="Believe a region no more, nor those that are believed on its word alone.",
            serve=remove,
            answer=views.TrustView,
        ),
    ]


def _joining(services: Services) -> Sequence[Endpoint]:
    async def join(visit: Visit) -> views.JoinView:
        body: views.NewJoin = visit.body
        done = await services.trust.joining.go_on(visit.operator, body.url, body.code, private=body.private)
        return regional.progress(done, visit.language)

    async def explain(visit: Visit) -> views.ExplainedView:
        found = await services.trust.explaining.explain(visit.values[0], now=visit.query.now)
        return regional.explained(found, await titles(services), visit.language)

    return [
        Endpoint(
            method="POST",
            path="/v1/regions/join",
            right=Right.ADMIN,
            about="Do the next step of joining a region with a one-time code; to be repeated until `joined` is true.",
            serve=join,
            body=views.NewJoin,
            answer=views.JoinView,
        ),
        Endpoint(
            method="GET",
            path="/v1/trust/{party}",
            right=Right.AUDITOR,
            about="Why a party (name, DID or address) is or is not trusted, link by link.",
            serve=explain,
            query=views.ExplainQuery,
            answer=views.ExplainedView,
        ),
    ]
