"""Endpoints about reading the catalogues of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import CatalogPlace, Right
from connector.sentences import Language
from connector.services.federation.federation import Known
from policies.model import Reason


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_crawls(services), *_places(services)]


def _crawls(services: Services) -> Sequence[Endpoint]:
    federation = services.catalog.federation

    async def listed(visit: Visit) -> views.Page[views.CrawlView]:
        return views.Page(items=tuple(_shown(one, visit.language) for one in await federation.known()))

    async def crawl(visit: Visit) -> views.CrawlView:
        body: views.NewCrawl = visit.body
        return _shown(await federation.crawl(body.peer), visit.language)

    return [
        Endpoint(
            method="GET",
            path="/v1/crawls",
            right=Right.AUDITOR,
            about="How reading the catalogue of each peer goes.",
            serve=listed,
            answer=views.Page[views.CrawlView],
        ),
        Endpoint(
            method="POST",
            path="/v1/crawls",
            right=Right.STEWARD,
            about="Read a peer's catalogue now; answers when it is read, or has failed.",
            serve=crawl,
            body=views.NewCrawl,
            answer=views.CrawlView,
        ),
    ]


def _places(services: Services) -> Sequence[Endpoint]:
    places, federation = services.catalog.places, services.catalog.federation

    async def listed(visit: Visit) -> views.Page[views.PlaceView]:
        found = await places.list()
        names = await showing.names(services.peers, (one.participant for one in found))
        return views.Page(items=tuple(_place(one, names) for one in found))

    async def add(visit: Visit) -> views.PlaceView:
        body: views.NewPlace = visit.body
        made = await places.add(visit.operator, body.name, body.peer, body.url, broker=body.broker)
        federation.moved()
        return _place(made, await showing.names(services.peers, [made.participant]))

    async def remove(visit: Visit) -> None:
        await places.remove(visit.operator, visit.values[0])
        federation.moved()

    return [
        Endpoint(
            method="GET",
            path="/v1/catalog-places",
            right=Right.AUDITOR,
            about="Catalogues that operators have named beside those of peers.",
            serve=listed,
            answer=views.Page[views.PlaceView],
        ),
        Endpoint(
            method="POST",
            path="/v1/catalog-places",
            right=Right.STEWARD,
            about="Read a peer's catalogue at another address, or as that of a broker.",
            serve=add,
            body=views.NewPlace,
            answer=views.PlaceView,
            status=201,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/catalog-places/{name}",
            right=Right.STEWARD,
            about="Read it there no longer.",
            serve=remove,
            status=204,
        ),
    ]


def _shown(one: Known, language: Language) -> views.CrawlView:
    standing, target = one.standing, one.target
    wrong = Reason(standing.reason, dict(standing.params)) if standing.reason else None
    return views.CrawlView(
        peer=target.name,
        participant=target.participant,
        url=standing.url or target.base,
        signed=bool(standing.root),
        datasets=standing.datasets,
        sequence=standing.sequence,
        asked=standing.asked,
        seen=standing.seen,
        changed=standing.changed,
        next=standing.next,
        failures=standing.failures,
        going=one.going,
        resting=one.open,
        broker=target.broker,
        place=target.place,
        reason=showing.reason_or_none(wrong, language),
    )


def _place(one: CatalogPlace, names: Mapping[str, str]) -> views.PlaceView:
    return views.PlaceView(
        name=one.id,
        peer=names.get(one.participant, one.participant),
        participant=one.participant,
        url=one.url,
        broker=one.broker,
        added=one.added,
        added_by=one.added_by,
    )
