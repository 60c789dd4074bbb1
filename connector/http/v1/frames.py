"""Endpoints about frame contracts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import InputError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Frame, Right
from policies import instants


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject. Only an admin keeps them: a frame contract lets others bind the node."""
    frames = services.frames

    async def shown(one: Frame) -> views.FrameView:
        return showing.frame(one, await showing.names(services.peers, one.parties), frames.stands(one))

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await frames.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, [await shown(one) for one in found], visit.query.limit)

    async def add(visit: Visit) -> views.FrameView:
        body: views.NewFrame = visit.body
        parties = [(await services.peers.get(party)).id for party in body.parties]
        added = await frames.add(
            visit.operator,
            body.name,
            title=body.title,
            file_number=body.file_number,
            hash=body.hash,
            signatories=body.signatories,
            parties=parties,
            anybody=body.anybody,
            until=None if body.until is None else end(body.until),
        )
        return await shown(added)

    async def get(visit: Visit) -> views.FrameView:
        return await shown(await frames.get(visit.values[0]))

    async def retire(visit: Visit) -> views.FrameView:
        return await shown(await frames.retire(visit.operator, visit.values[0]))

    return [
        Endpoint(
            method="GET",
            path="/v1/frames",
            right=Right.AUDITOR,
            about="Frame contracts, retired ones included.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.FrameView],
        ),
        Endpoint(
            method="POST",
            path="/v1/frames",
            right=Right.ADMIN,
            about="Keep a frame contract, under which offers may bind at once.",
            serve=add,
            body=views.NewFrame,
            answer=views.FrameView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/frames/{name}",
            right=Right.AUDITOR,
            about="One frame contract.",
            serve=get,
            answer=views.FrameView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/frames/{name}",
            right=Right.ADMIN,
            about="Bind nothing more under a frame contract; contracts under it stand.",
            serve=retire,
            answer=views.FrameView,
        ),
    ]


def end(until: str) -> int:
    """The first instant after a day, or the instant. Raises `InputError`."""
    try:
        canonical = instants.read(until.strip())
    except ValueError:
        raise InputError("terms.unreadable", term="until", value=until) from None
    first, after = instants.span(canonical)
    return after if "-" in canonical[1:] else first
