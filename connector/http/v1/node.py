"""Endpoints about the node itself: health, metrics, status, audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.exchange import JSON, Response
from connector.ports import Reading
from connector.protocol.dataflow import DataFlow
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Participant, Plane, PublishedOffer, Question, QuestionState, Right
from connector.sentences import Language
from connector.services.watch.figures import FIGURES

NDJSON = "application/x-ndjson"
METRICS = "text/plain; version=0.0.4; charset=utf-8"


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""

    async def health(visit: Visit) -> views.HealthView:
        return _health(services, visit.language)

    async def ready(visit: Visit) -> Response:
        status = 200 if services.health.ready else 503
        body = msgspec.json.encode(_health(services, visit.language))
        return Response(status, {"content-type": JSON, "cache-control": "no-store"}, body)

    async def metrics(visit: Visit) -> Response:
        taken = await services.figures.take()
        services.metrics.show((one.name, FIGURES[one.name], one.labels, one.value) for one in taken)
        return Response(200, {"content-type": METRICS}, services.metrics.text())

    async def status(visit: Visit) -> views.StatusView:
        alone = services.outbox is None  # A data plane by itself: no peers, no contracts of its own.
        standing = () if alone else services.outbox.standing()
        known = await showing.names(services.peers, (one.peer for one in standing))
        return views.StatusView(
            id=services.did,
            public_url=services.public_url,
            version=services.version,
            words=services.words(),
            health=_health(services, visit.language),
            outbox=tuple(showing.queue(one, known, visit.language) for one in standing),
            counts=await services.store.read(_counts_of_data_plane if alone else _counts),
        )

    async def log(visit: Visit) -> views.Page[views.EntryView]:
        asked: views.AuditQuery = visit.query
        found = await services.audit.log(asked.after, asked.limit)
        full = len(found) == asked.limit
        return views.Page(
            items=tuple(showing.entry(one) for one in found), next=str(found[-1].index) if full and found else None
        )

    async def verify(visit: Visit) -> views.VerdictView:
        return showing.verdict(await services.audit.verify(), visit.language)

    async def export(visit: Visit) -> Response:
        return Response(200, {"content-type": NDJSON}, chunks=services.audit.export())

    return [
        Endpoint(
            method="GET",
            path="/health",
            right=None,
            about="Is the node alive, and is anything wrong?",
            serve=health,
            answer=views.HealthView,
        ),
        Endpoint(
            method="GET",
            path="/ready",
            right=None,
            about="Can the node do its work? 503 where it cannot.",
            serve=ready,
            answer=views.HealthView,
            also={503: "Not ready"},
        ),
        Endpoint(
            method="GET",
            path="/metrics",
            right=Right.AUDITOR,
            about="Counters in the Prometheus text format.",
            serve=metrics,
            answer=METRICS,
        ),
        Endpoint(
            method="GET",
            path="/v1/status",
            right=Right.AUDITOR,
            about="The node at a glance.",
            serve=status,
            answer=views.StatusView,
        ),
        Endpoint(
            method="GET",
            path="/v1/audit",
            right=Right.AUDITOR,
            about="Audit entries, oldest first.",
            serve=log,
            query=views.AuditQuery,
            answer=views.Page[views.EntryView],
        ),
        Endpoint(
            method="GET",
            path="/v1/audit/verify",
            right=Right.AUDITOR,
            about="Recompute the whole log and compare it with every head that peers hold.",
            serve=verify,
            answer=views.VerdictView,
        ),
        Endpoint(
            method="GET",
            path="/v1/audit/export",
            right=Right.AUDITOR,
            about="The whole log as lines of JSON, for somebody else to verify.",
            serve=export,
            answer=NDJSON,
        ),
    ]


def _health(services: Services, language: Language) -> views.HealthView:
    report = services.health.report()
    checks = tuple(views.CheckView(name=name, reason=showing.reason_or_none(wrong, language)) for name, wrong in report)
    wrong_any = any(wrong is not None for _, wrong in report)
    return views.HealthView(status="degraded" if wrong_any else "ok", checks=checks)


def _counts_of_data_plane(view: Reading) -> Mapping[str, int]:
    return {
        "assets": view.count(Asset),
        "planes": view.count(Plane),
        "flows": view.count(DataFlow),
        "flows_with_something_due": view.count(DataFlow, waiting=True),
    }


def _counts(view: Reading) -> Mapping[str, int]:
    return {
        "peers": view.count(Participant),
        "assets": view.count(Asset),
        "offers": view.count(PublishedOffer, live=True),
        "negotiations": view.count(Negotiation),
        "contracts": view.count(Agreement),
        "transfers": view.count(Transfer),
        "waiting_for_you": view.count(Question, state=QuestionState.OPEN),
    }
