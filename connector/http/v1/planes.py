"""Endpoints about planes of others, and the flows that control planes have begun here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.protocol.dataflow import DataFlow
from connector.records import Plane, Right
from connector.sentences import Language


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    planes = services.planes

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await planes.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(_plane, found), visit.query.limit)

    async def add(visit: Visit) -> views.PlaneView:
        body: views.NewPlane = visit.body
        added = await planes.add(
            visit.operator,
            id=body.name,
            endpoint=body.endpoint,
            authorization=body.authorization,
            profiles=body.profiles,
            private=body.private,
            agreements=body.agreements,
        )
        return _plane(added)

    async def get(visit: Visit) -> views.PlaneView:
        return _plane(await planes.get(visit.values[0]))

    async def remove(visit: Visit) -> None:
        await planes.remove(visit.operator, visit.values[0])

    async def flows(visit: Visit) -> views.Page[Any]:
        after, limit = visit.query.after, visit.query.limit
        found = await services.store.read(lambda view: view.select(DataFlow, after=after, limit=limit))
        return showing.page(found, (_flow(one, visit.language) for one in found), limit)

    return [
        Endpoint(
            method="GET",
            path="/v1/planes",
            right=Right.AUDITOR,
            about="Data planes and control planes of others that are known here.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.PlaneView],
        ),
        Endpoint(
            method="POST",
            path="/v1/planes",
            right=Right.ADMIN,
            about="Know a plane, or know it otherwise: where it is, and how both prove themselves.",
            serve=add,
            body=views.NewPlane,
            answer=views.PlaneView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/planes/{name}",
            right=Right.AUDITOR,
            about="One plane.",
            serve=get,
            answer=views.PlaneView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/planes/{name}",
            right=Right.ADMIN,
            about="Know a plane no longer; what it has under way ends.",
            serve=remove,
            status=204,
        ),
        Endpoint(
            method="GET",
            path="/v1/dataflows",
            right=Right.AUDITOR,
            about="Flows that control planes of others have begun at this data plane.",
            serve=flows,
            query=views.PageQuery,
            answer=views.Page[views.DataFlowView],
        ),
    ]


def _plane(one: Plane) -> views.PlaneView:
    return views.PlaneView(
        name=one.id,
        endpoint=one.endpoint,
        authorization=one.authorization,
        profiles=one.profiles,
        labels=one.labels,
        private=one.private,
        agreements=one.agreements,
        added=one.added,
        added_by=one.added_by,
    )


def _flow(one: DataFlow, language: Language) -> views.DataFlowView:
    return views.DataFlowView(
        id=one.id,
        plane=one.plane,
        process=one.process,
        role=one.role,
        counterparty=one.counterparty,
        agreement=one.agreement,
        dataset=one.dataset,
        profile=one.profile,
        state=one.state,
        due=one.due,
        reason=showing.reason_or_none(one.error, language),
        created=one.created,
        updated=one.updated,
    )
