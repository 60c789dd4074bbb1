"""Endpoints about portals that are harvested, records that are taken from files, and this node's own catalogue."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from catalog.graph import Node
from catalog.portal.dcat_ap_de import catalogue
from connector.errors import BusyError, InputError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Harvest, Right
from connector.sentences import Language
from connector.services.harvests import Done, Kept, graph_of
from connector.services.portal import Snapshot
from policies.model import Reason

_MADE = 100
_SETTINGS = ("incremental", "publisher", "licence", "policy", "private")


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_portals(services), *_records(services)]


def _portals(services: Services) -> Sequence[Endpoint]:
    harvests = services.catalog.harvests

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await harvests.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, [_harvest(one, visit.language) for one in found], visit.query.limit)

    async def add(visit: Visit) -> views.HarvestView:
        body: views.NewHarvest = visit.body
        settings = {name: value for name in _SETTINGS if (value := getattr(body, name))}
        made = Harvest(
            id=body.name, kind=body.kind, url=body.url, every=body.every, settings=settings, created=0, created_by=""
        )
        return _harvest(await harvests.add(visit.operator, made), visit.language)

    async def run(visit: Visit) -> views.RunView:
        return _run(await harvests.run(visit.operator, visit.values[0], vanished=visit.body.vanished), visit.language)

    async def remove(visit: Visit) -> None:
        await harvests.remove(visit.operator, visit.values[0])

    return [
        Endpoint(
            method="GET",
            path="/v1/harvests",
            right=Right.AUDITOR,
            about="Portals whose records become assets of this node.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.HarvestView],
        ),
        Endpoint(
            method="POST",
            path="/v1/harvests",
            right=Right.ADMIN,
            about="Harvest a portal from now on; it is asked with the next round.",
            serve=add,
            body=views.NewHarvest,
            answer=views.HarvestView,
            status=201,
        ),
        Endpoint(
            method="POST",
            path="/v1/harvests/{name}/run",
            right=Right.STEWARD,
            about="Ask a portal now; a broken, empty or unfinished answer takes nothing away.",
            serve=run,
            body=views.RunHarvest,
            answer=views.RunView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/harvests/{name}",
            right=Right.ADMIN,
            about="Harvest a portal no more; what was taken from it stays.",
            serve=remove,
            status=204,
        ),
    ]


def _records(services: Services) -> Sequence[Endpoint]:
    harvests, portal = services.catalog.harvests, services.catalog.portal
    made: dict[str, list[Node]] = {}

    async def take(visit: Visit) -> views.RunView:
        body: views.NewImport = visit.body
        try:
            graphs = [(one.id, graph_of(one.nodes)) for one in body.records]
        except msgspec.ValidationError:
            raise InputError("import.form") from None
        if body.asset:
            if len(graphs) != 1:
                raise InputError("import.one")
            root, graph = graphs[0]
            kept = [await harvests.describe(visit.operator, body.asset, root, graph, body.source)]
        else:
            kept = await harvests.take(visit.operator, graphs, body.source)
        return _run(Done(tuple(kept)), visit.language)

    async def nodes(snapshot: Snapshot) -> list[Node]:
        if snapshot.id not in made:
            refs, graphs = snapshot.datasets, []
            for at in range(0, len(refs), _MADE):
                found = await portal.made(refs[at : at + _MADE])
                if found is None:  # meanwhile it has changed more than is kept of it
                    raise BusyError("portal.busy")
                graphs += [(one.id, one.graph) for one in found]
            shelf = portal.shelf(snapshot.changed)
            whole = await asyncio.to_thread(catalogue, shelf, portal.house, graphs)
            made.clear()
            made[snapshot.id] = list(whole.values())
        return made[snapshot.id]

    async def shown(visit: Visit) -> views.Page[Any]:
        query: views.NodesQuery = visit.query
        found, at = await nodes(await portal.latest()), int(query.after or 0)
        more = at + query.limit < len(found)
        return views.Page(items=tuple(found[at : at + query.limit]), next=str(at + query.limit) if more else None)

    return [
        Endpoint(
            method="POST",
            path="/v1/imports",
            right=Right.STEWARD,
            about="Take records: as what is said of an asset that is there, or an asset of each. Nothing is published.",
            serve=take,
            body=views.NewImport,
            answer=views.RunView,
        ),
        Endpoint(
            method="GET",
            path="/v1/catalog-graph",
            right=Right.AUDITOR,
            about="What this node shows to everybody, as the nodes of a graph in DCAT-AP.de.",
            serve=shown,
            query=views.NodesQuery,
            answer=views.Page[Any],
        ),
    ]


def _harvest(one: Harvest, language: Language) -> views.HarvestView:
    reason = Reason(one.reason, one.params) if one.reason else None
    return views.HarvestView(
        name=one.id,
        kind=one.kind,
        url=one.url,
        every=one.every,
        settings=one.settings,
        asked=one.asked,
        whole=one.whole,
        datasets=one.datasets,
        reason=showing.reason_or_none(reason, language),
        created=one.created,
        created_by=one.created_by,
    )


def _run(done: Done, language: Language) -> views.RunView:
    count = Counter(one.did for one in done.kept)
    return views.RunView(
        items=tuple(_taken(one, language) for one in done.kept if one.did != "same"),
        added=count["added"],
        changed=count["changed"],
        same=count["same"],
        refused=count["refused"],
        retired=done.retired,
        unchanged=done.unchanged,
        reason=showing.reason_or_none(done.reason, language),
    )


def _taken(one: Kept, language: Language) -> views.ImportedView:
    return views.ImportedView(
        id=one.id, name=one.name, did=one.did, reason=showing.reason_or_none(one.reason, language)
    )
