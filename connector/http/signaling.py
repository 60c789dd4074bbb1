"""The endpoints of Data Plane Signaling, on a listener of their own: of our data plane, of our control plane.

What lives here: who calls, the routes of both halves, the form of answers. What does not: what a signal does
(`data.signaling`, `services.flows`), proofs (`planes`). Source: Eclipse Data Plane Signaling 1.0-RC3, Data Flow API and
Registration.

Status: 401 no or wrong proof, 404 no such flow or another plane's, 400 what cannot be read or the state does not allow,
403 what the terms do not allow, 202 with `Location` where a flow takes longer to begin. The body of an error is a
problem document; a reason that names a term or a field of the message is meant for who runs the other plane.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from msgspec import Struct, UnsetType

from connector.errors import NodeError, OurError, UnauthenticatedError, UnknownError
from connector.http.exchange import JSON, Headers, Request, Response, Router
from connector.http.problems import HttpError, internal, problem, told
from connector.ports import Ids
from connector.protocol import signaling
from connector.protocol.messages import DataAddress, JsonObject
from connector.protocol.paths import segment
from connector.protocol.signaling import (
    ControlPlaneRegistrationMessage,
    DataFlowPrepareMessage,
    DataFlowResumeMessage,
    DataFlowStartedNotificationMessage,
    DataFlowStartMessage,
    DataFlowStatusMessage,
    DataFlowStatusResponseMessage,
    DataFlowSuspendMessage,
    DataFlowTerminateMessage,
    DataPlaneRegistrationMessage,
)
from connector.records import Plane
from connector.sentences import language_of
from connector.services.planes import RegisteredPlanes
from connector.telemetry import Metrics

log = structlog.get_logger()
LISTENER = "signaling"
_ANSWER: Headers = {"content-type": JSON, "cache-control": "no-store"}
_EMPTY: Headers = {"cache-control": "no-store"}


class Call(Struct, frozen=True):
    """A request of a plane that has proved itself, with the values of its path."""

    plane: Plane
    request: Request
    values: tuple[str, ...]


Serve = Callable[[Call], Awaitable[Response]]
Routes = list[tuple[str, str, Serve]]


class Begun(Protocol):
    """How a flow began."""

    @property
    def status(self) -> DataFlowStatusMessage: ...

    @property
    def ready(self) -> bool: ...


class DataFlows(Protocol):
    """What a control plane can do with flows (`connector.data.signaling.plane`)."""

    async def begin(self, plane: Plane, message: DataFlowPrepareMessage | DataFlowStartMessage) -> Begun: ...
    async def started(self, plane: Plane, id: str, address: DataAddress | UnsetType) -> DataFlowStatusMessage: ...
    async def suspend(self, plane: Plane, id: str, reason: str) -> DataFlowStatusMessage: ...
    async def resume(self, plane: Plane, id: str, address: DataAddress | UnsetType) -> DataFlowStatusMessage: ...
    async def completed(self, plane: Plane, id: str) -> DataFlowStatusMessage: ...
    async def terminate(self, plane: Plane, id: str, reason: str) -> DataFlowStatusMessage: ...
    async def status(self, plane: Plane, id: str) -> DataFlowStatusResponseMessage: ...


class TransferFlows(Protocol):
    """What a data plane can tell of a transfer, and ask (`connector.services.flows`)."""

    async def told(self, plane: Plane, transfer: str, what: str, status: DataFlowStatusMessage) -> None: ...
    async def agreement(self, plane: Plane, transfer: str) -> JsonObject: ...


class Signaling:
    """`handle` answers any request to the signaling listener; `prove` says which plane calls, `routes` what it may."""

    def __init__(
        self, routes: Routes, *, prove: Callable[[str | None], Awaitable[Plane]], ids: Ids, metrics: Metrics
    ) -> None:
        self._prove, self._ids, self._metrics = prove, ids, metrics
        self._router: Router[Serve] = Router()
        for method, path, serve in routes:
            self._router.add(method, path, serve)

    async def handle(self, request: Request) -> Response:
        """Answer a request. Never raises, but where the task is cancelled."""
        try:
            return await self._serve(request)
        except NodeError as error:
            return self.refuse(request.path, request.headers, error)
        except Exception:
            correlation = self._ids.token()[:16]
            log.exception("signaling.failed", correlation=correlation)
            return self.refuse(request.path, request.headers, internal(correlation))

    def refuse(self, path: str, headers: Headers, error: NodeError) -> Response:
        """An error as a problem document."""
        if isinstance(error, UnauthenticatedError):
            self._metrics.refused(LISTENER, error.reason.code)
        elif isinstance(error, OurError) and error.reason.code != "internal":
            log.warning("signaling.unserved", code=error.reason.code)
        extra = {"allow": error.reason.params["allowed"]} if error.reason.code == "http.method" else None
        return problem(error, language_of(headers.get("accept-language", "")), extra, told(error))

    async def _serve(self, request: Request) -> Response:
        plane = await self._prove(request.headers.get("authorization"))
        found = self._router.find(request.path)
        if found is None:
            raise UnknownError("http.path")
        serve = found.routes.get(request.method)
        if serve is None:
            raise HttpError(405, "http.method", allowed=", ".join(sorted(found.routes)))
        return await serve(Call(plane, request, found.values))


def data_plane(flows: DataFlows, planes: RegisteredPlanes, prefix: str = "") -> Routes:
    """The Data Plane Endpoint, and the registration of control planes."""

    def begins(kind: type[DataFlowPrepareMessage | DataFlowStartMessage]) -> Serve:
        async def serve(call: Call) -> Response:
            begun = await flows.begin(call.plane, signaling.read(call.request.body, kind))
            body = signaling.write(begun.status)
            if begun.ready:
                return Response(200, _ANSWER, body)
            place = f"{prefix}/dataflows/{segment(begun.status.dataFlowId)}/status"
            return Response(202, {**_ANSWER, "location": place}, body)

        return serve

    async def started(call: Call) -> Response:
        message = signaling.read(call.request.body, DataFlowStartedNotificationMessage)
        return _status(await flows.started(call.plane, call.values[0], message.dataAddress))

    async def resume(call: Call) -> Response:
        message = signaling.read(call.request.body, DataFlowResumeMessage)
        return _status(await flows.resume(call.plane, call.values[0], message.dataAddress))

    async def suspend(call: Call) -> Response:
        message = signaling.read(call.request.body, DataFlowSuspendMessage)
        return _status(await flows.suspend(call.plane, call.values[0], message.reason))

    async def terminate(call: Call) -> Response:
        message = signaling.read(call.request.body, DataFlowTerminateMessage)
        return _status(await flows.terminate(call.plane, call.values[0], message.reason))

    async def completed(call: Call) -> Response:
        return _status(await flows.completed(call.plane, call.values[0]))

    async def status(call: Call) -> Response:
        return Response(200, _ANSWER, signaling.write(await flows.status(call.plane, call.values[0])))

    async def register(call: Call) -> Response:
        said = signaling.read(call.request.body, ControlPlaneRegistrationMessage)
        await planes.update(call.plane, said.controlplaneId, endpoint=said.endpoint, authorization=said.authorization)
        return Response(200, _EMPTY)

    flow = f"{prefix}/dataflows/{{id}}"
    return [
        ("POST", f"{prefix}/dataflows/prepare", begins(DataFlowPrepareMessage)),
        ("POST", f"{prefix}/dataflows/start", begins(DataFlowStartMessage)),
        ("POST", f"{flow}/started", started),
        ("POST", f"{flow}/suspend", suspend),
        ("POST", f"{flow}/resume", resume),
        ("POST", f"{flow}/terminate", terminate),
        ("POST", f"{flow}/completed", completed),
        ("GET", f"{flow}/status", status),
        ("PUT", f"{prefix}/controlplanes", register),
        ("DELETE", f"{prefix}/controlplanes/{{id}}", _unregisters(planes)),
    ]


def control_plane(flows: TransferFlows, planes: RegisteredPlanes, prefix: str = "") -> Routes:
    """The Control Plane Endpoint, and the registration of data planes."""

    def tells(what: str) -> Serve:
        async def serve(call: Call) -> Response:
            status = signaling.read(call.request.body, DataFlowStatusMessage)
            await flows.told(call.plane, call.values[0], what, status)
            return Response(200, _EMPTY)

        return serve

    async def agreement(call: Call) -> Response:
        found = await flows.agreement(call.plane, call.values[0])
        return Response(200, _ANSWER, signaling.write_agreement(found))

    async def register(call: Call) -> Response:
        said = signaling.read(call.request.body, DataPlaneRegistrationMessage)
        await planes.update(
            call.plane,
            said.dataplaneId,
            endpoint=said.endpoint,
            authorization=said.authorization,
            profiles=said.profiles,
            labels=said.labels,
        )
        return Response(200, _EMPTY)

    transfer = f"{prefix}/transfers/{{id}}"
    return [
        *(("POST", f"{transfer}/dataflow/{what}", tells(what)) for what in CALLBACKS),
        ("GET", f"{transfer}/agreement", agreement),
        ("PUT", f"{prefix}/dataplanes", register),
        ("DELETE", f"{prefix}/dataplanes/{{id}}", _unregisters(planes)),
    ]


CALLBACKS = ("prepared", "started", "completed", "errored")


def _unregisters(planes: RegisteredPlanes) -> Serve:
    async def serve(call: Call) -> Response:
        if call.values[0] != call.plane.id:
            raise UnknownError("plane.other")
        await planes.remove(call.plane.id, call.plane.id)
        return Response(204, _EMPTY)

    return serve


def _status(status: DataFlowStatusMessage) -> Response:
    return Response(200, _ANSWER, signaling.write(status))
