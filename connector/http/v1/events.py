"""Endpoints about what has happened."""

from __future__ import annotations

from collections.abc import Sequence

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Right
from connector.services.watch.events import Importance


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""

    async def events(visit: Visit) -> views.EventsView:
        asked: views.EventsQuery = visit.query
        after = await services.happenings.end() if asked.after < -1 else asked.after
        found = await services.happenings.follow(
            after, least=Importance(asked.least), limit=asked.limit, wait=asked.wait
        )
        items = tuple(showing.happening(one, visit.language) for one in found.happenings)
        return views.EventsView(items=items, next=found.index)

    return [
        Endpoint(
            method="GET",
            path="/v1/events",
            right=Right.AUDITOR,
            about="What has happened that people should hear of; with `wait` as soon as something has.",
            serve=events,
            query=views.EventsQuery,
            answer=views.EventsView,
        ),
    ]
