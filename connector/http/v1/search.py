"""Endpoints about searching the catalogues of others, saved searches, and how good what this node shows is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict

from connector.http import searching, showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Right
from connector.services.wanted import Question

_PAGING = ("limit", "after", "facets", "why")


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_searching(services), *_saved(services), *_quality(services)]


def _searching(services: Services) -> Sequence[Endpoint]:
    async def find(visit: Visit) -> views.SearchView:
        query: views.SearchQuery = visit.query
        found = await services.catalog.search.find(
            _question(query), limit=query.limit, after=query.after, facets=query.facets, why=query.why
        )
        return searching.results(found, visit.language)

    async def seen(visit: Visit) -> views.KnownView:
        query: views.SeenQuery = visit.query
        found = await services.catalog.search.known(query.id, query.peer, query.purpose)
        return searching.known(found, visit.language)

    return [
        Endpoint(
            method="GET",
            path="/v1/search",
            right=Right.AUDITOR,
            about="What the catalogues of all whom this node reads have that fits, and what of it could be used here.",
            serve=find,
            query=views.SearchQuery,
            answer=views.SearchView,
        ),
        Endpoint(
            method="GET",
            path="/v1/search/dataset",
            right=Right.AUDITOR,
            about="One dataset as it was last seen in somebody's catalogue; nobody is asked.",
            serve=seen,
            query=views.SeenQuery,
            answer=views.KnownView,
        ),
    ]


def _saved(services: Services) -> Sequence[Endpoint]:
    async def listed(visit: Visit) -> views.Page[Any]:
        found = await services.catalog.saved.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(searching.saved, found), visit.query.limit)

    async def save(visit: Visit) -> views.SavedView:
        body: views.NewSearch = visit.body
        return searching.saved(await services.catalog.saved.save(visit.operator, body.name, _question(body.query)))

    async def run(visit: Visit) -> views.SearchView:
        query: views.RunQuery = visit.query
        found = await services.catalog.saved.run(visit.values[0], limit=query.limit, after=query.after)
        return searching.results(found, visit.language)

    async def remove(visit: Visit) -> None:
        await services.catalog.saved.remove(visit.operator, visit.values[0])

    return [
        Endpoint(
            method="GET",
            path="/v1/search/saved",
            right=Right.AUDITOR,
            about="Searches that are asked again whenever a catalogue has changed.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.SavedView],
        ),
        Endpoint(
            method="POST",
            path="/v1/search/saved",
            right=Right.STEWARD,
            about="Ask a question again whenever a catalogue has changed, and tell of what is new.",
            serve=save,
            body=views.NewSearch,
            answer=views.SavedView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/search/saved/{name}",
            right=Right.AUDITOR,
            about="What a saved search finds now.",
            serve=run,
            query=views.RunQuery,
            answer=views.SearchView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/search/saved/{name}",
            right=Right.STEWARD,
            about="Ask a saved search no more.",
            serve=remove,
            status=204,
        ),
    ]


def _quality(services: Services) -> Sequence[Endpoint]:
    async def listed(visit: Visit) -> views.Page[Any]:
        qualities = services.catalog.quality
        found = await qualities.select(after=visit.query.after, limit=visit.query.limit)
        shown = (searching.quality(one, qualities.probing, visit.language) for one in found)
        return showing.page([one.asset for one in found], shown, visit.query.limit)

    async def one(visit: Visit) -> views.QualityView:
        qualities = services.catalog.quality
        return searching.quality(await qualities.of(visit.values[0]), qualities.probing, visit.language)

    return [
        Endpoint(
            method="GET",
            path="/v1/catalog/quality",
            right=Right.AUDITOR,
            about="How complete and fresh the descriptions of this node's assets are, and what would help most.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.QualityView],
        ),
        Endpoint(
            method="GET",
            path="/v1/catalog/quality/{asset}",
            right=Right.AUDITOR,
            about="How good the description of one asset is, by name or id, with addresses that do not answer.",
            serve=one,
            answer=views.QualityView,
        ),
    ]


def _question(query: views.SearchFor) -> Question:
    """The question of a query, without how much of the answer is wanted."""
    return msgspec.convert({name: value for name, value in asdict(query).items() if name not in _PAGING}, Question)
