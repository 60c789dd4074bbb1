"""Endpoints about devices of this node: inviting, looking, what is wanted of them, sharing what they deliver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.data.readings.arrivals import Arrivals, arrivals
from connector.data.readings.model import MEDIA_TYPE
from connector.errors import InputError
from connector.http import regional, showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Agreement, Device, DeviceRelease, Right
from connector.services.edge.fleet import Fleet
from connector.services.formats import DEVICES


def kept(services: Services) -> Fleet:
    """The devices of this node. Raises `InputError` `region.not_kept`."""
    if services.fleet is None:
        raise InputError("region.not_kept")
    return services.fleet


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_looked(services), *_arrived(services), *_wanted(services)]


def _looked(services: Services) -> Sequence[Endpoint]:
    """What there is."""

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await kept(services).select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, await _shown(services, found), visit.query.limit)

    async def get(visit: Visit) -> views.DeviceView:
        return await _one(services, await kept(services).get(visit.values[0]))

    async def invite(visit: Visit) -> views.InvitedView:
        body: views.NewDevice = visit.body
        made = await kept(services).invite(visit.operator, body.name or "", title=body.title, days=body.days)
        return regional.invited(made, services.public_url, services.trust.clock.now())

    return [
        Endpoint(
            method="GET",
            path="/v1/edge/devices",
            right=Right.AUDITOR,
            about="Devices of this node, retired ones included.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.DeviceView],
        ),
        Endpoint(
            method="POST",
            path="/v1/edge/devices",
            right=Right.ADMIN,
            about="Invite a device; the one-time code in the answer is shown this once.",
            serve=invite,
            body=views.NewDevice,
            answer=views.InvitedView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/edge/devices/{name}",
            right=Right.AUDITOR,
            about="One device, by name or DID.",
            serve=get,
            answer=views.DeviceView,
        ),
    ]


def _arrived(services: Services) -> Sequence[Endpoint]:
    """What devices have brought: to any node that has a contract, too."""

    async def arrived(visit: Visit) -> views.Page[Any]:
        asked: views.ArrivalQuery = visit.query
        contract = "" if asked.own else asked.contract
        if contract:
            contract = await showing.full_id(contract, services.store, Agreement)
        found = await services.store.read(
            lambda view: arrivals(view, after=asked.after, limit=asked.limit, contract=contract)
        )
        return showing.page(found, [_arrivals(one) for one in found], asked.limit)

    return [
        Endpoint(
            method="GET",
            path="/v1/edge/readings",
            right=Right.AUDITOR,
            about="What devices have brought, what is missing, and what will never come.",
            serve=arrived,
            query=views.ArrivalQuery,
            answer=views.Page[views.ArrivalsView],
        )
    ]


def _arrivals(one: Arrivals) -> views.ArrivalsView:
    series = tuple(
        views.ArrivedView(series=part.series, here=part.here, awaited=part.awaited, gone=part.gone, why=part.why)
        for part in one.series
    )
    return views.ArrivalsView(device=one.device, contract=one.contract, latest=one.latest, series=series)


def _wanted(services: Services) -> Sequence[Endpoint]:
    """What operators want of devices."""

    async def update(visit: Visit) -> views.DeviceView:
        body: views.DeviceUpdate = visit.body
        release = DeviceRelease(body.version, body.url, body.sha256)
        return await _one(services, await kept(services).update(visit.operator, visit.values[0], release))

    async def collect(visit: Visit) -> views.DeviceView:
        body: views.DeviceCollection = visit.body
        changed = await kept(services).collect(visit.operator, visit.values[0], body.series, body.policy)
        return await _one(services, changed)

    async def retire(visit: Visit) -> views.DeviceView:
        retired = await kept(services).retire(visit.operator, visit.values[0], visit.body.reason)
        return await _one(services, retired)

    async def share(visit: Visit) -> views.AssetView:
        body: views.DeviceAsset = visit.body
        device = await kept(services).get(visit.values[0])
        if device.retired is not None:
            raise InputError("edge.retired", name=device.name)
        added = await services.offers.add_asset(
            visit.operator,
            name=body.name,
            title=body.title,
            kind=DEVICES,
            settings={"device": device.id, "series": body.series},
            description=body.description,
            media_type=MEDIA_TYPE,
        )
        return showing.asset(added)

    return [
        Endpoint(
            method="POST",
            path="/v1/edge/devices/{name}/update",
            right=Right.ADMIN,
            about="Have a device run a version of its program.",
            serve=update,
            body=views.DeviceUpdate,
            answer=views.DeviceView,
        ),
        Endpoint(
            method="POST",
            path="/v1/edge/devices/{name}/collect",
            right=Right.STEWARD,
            about="Have duties of a policy done at a device before it stores anything of a series.",
            serve=collect,
            body=views.DeviceCollection,
            answer=views.DeviceView,
        ),
        Endpoint(
            method="POST",
            path="/v1/edge/devices/{name}/retire",
            right=Right.ADMIN,
            about="End a device for good: its certificate is revoked and its transfers end.",
            serve=retire,
            body=views.DeviceRetirement,
            answer=views.DeviceView,
        ),
        Endpoint(
            method="POST",
            path="/v1/edge/devices/{name}/assets",
            right=Right.STEWARD,
            about="Share a series that a device delivers itself.",
            serve=share,
            body=views.DeviceAsset,
            answer=views.AssetView,
            status=201,
        ),
    ]


async def _one(services: Services, device: Device) -> views.DeviceView:
    return (await _shown(services, [device]))[0]


async def _shown(services: Services, devices: list[Device]) -> list[views.DeviceView]:
    standing = await kept(services).standing(devices)
    return [_view(one, *standing[one.id]) for one in devices]


def _view(one: Device, state: str, deliveries: int) -> views.DeviceView:
    return views.DeviceView(
        id=one.id,
        name=one.name,
        title=one.title,
        state=state,
        joined=one.joined,
        seen=one.seen,
        number=one.number,
        told=one.told,
        deliveries=deliveries,
        version=str(one.status.get("version", ""))[:64],
        wanted=one.release.version if one.release is not None else "",
        collection=one.collection,
        status=one.status,
        keys=len(one.keys),
        retired=one.retired,
    )
