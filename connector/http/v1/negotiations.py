"""Endpoints about negotiations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from connector.errors import InputError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.protocol.messages import JsonObject, NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Right
from policies.terms import Terms

Act = Callable[[str, str, Any], Awaitable[Negotiation]]
"""Operator, pid, body."""


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    negotiations, proposals, approvals = services.negotiations, services.proposals, services.approvals

    async def every(found: Sequence[Negotiation], visit: Visit) -> list[views.NegotiationView]:
        known = await showing.names(services.peers, (one.peer for one in found))
        waiting = await approvals.waiting(*(one.id for one in found))
        tabled = [await proposals.on_the_table(one) for one in found]
        return [
            showing.negotiation(one, known, proposals.differences(one), waiting.get(one.id), visit.language)
            for one in tabled
        ]

    async def shown(one: Negotiation, visit: Visit) -> views.NegotiationView:
        [view] = await every([one], visit)
        # Who is waited for may be newer than the record: then both are told as they are now.
        if view.waiting is not None and (now := await negotiations.get(one.id)).version != one.version:
            [view] = await every([now], visit)
        return view

    async def listed(visit: Visit) -> views.Page[Any]:
        asked: views.NegotiationQuery = visit.query
        chosen = await showing.chosen(asked, services.peers, NegotiationState)
        found = await (negotiations.unfinished(**chosen) if asked.waiting else negotiations.select(**chosen))
        return showing.page(found, await every(found, visit), asked.limit)

    async def request(visit: Visit) -> views.NegotiationView:
        body: views.NewNegotiation = visit.body
        peer = await services.peers.get(body.peer)
        terms = _terms(body)
        begun = await proposals.request(visit.operator, peer.id, body.dataset, offer=body.offer, terms=terms)
        return await shown(begun, visit)

    async def get(visit: Visit) -> views.NegotiationView:
        asked: views.WaitQuery = visit.query
        pid = await showing.full_id(visit.values[0], services.store, Negotiation)
        return await shown(await negotiations.get(pid, newer_than=asked.version, wait=asked.wait), visit)

    def acting(act: Act) -> Callable[[Visit], Awaitable[views.NegotiationView]]:
        async def serve(visit: Visit) -> views.NegotiationView:
            pid = await showing.full_id(visit.values[0], services.store, Negotiation)
            return await shown(await act(visit.operator, pid, visit.body), visit)

        return serve

    async def approve(operator: str, pid: str, body: views.Approving) -> Negotiation:
        return await approvals.approve(operator, pid, seen=body.version, reason=body.reason)

    async def counter(operator: str, pid: str, body: views.CounterRequest) -> Negotiation:
        terms = _terms(body)
        if terms is None:
            raise InputError("input.exclusive", fields="terms, document")
        return await proposals.counter(operator, pid, terms, seen=body.version)

    async def decline(operator: str, pid: str, body: views.Declining) -> Negotiation:
        return await approvals.decline(operator, pid, body.reason)

    acts: dict[str, tuple[Act, type[views.Input], str]] = {
        "approve": (approve, views.Approving, "Vote for what lies on the table; the last vote needed sends it."),
        "counter": (counter, views.CounterRequest, "Answer with other terms."),
        "decline": (decline, views.Declining, "Say no: the negotiation ends, with the reason."),
    }
    return [
        Endpoint(
            method="GET",
            path="/v1/negotiations",
            right=Right.AUDITOR,
            about="Negotiations, in both roles.",
            serve=listed,
            query=views.NegotiationQuery,
            answer=views.Page[views.NegotiationView],
        ),
        Endpoint(
            method="POST",
            path="/v1/negotiations",
            right=Right.STEWARD,
            about="Ask a peer for a dataset.",
            serve=request,
            body=views.NewNegotiation,
            answer=views.NegotiationView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/negotiations/{pid}",
            right=Right.AUDITOR,
            about="One negotiation; with `wait` and `version` as soon as it has moved.",
            serve=get,
            query=views.WaitQuery,
            answer=views.NegotiationView,
        ),
        *(
            Endpoint(
                method="POST",
                path=f"/v1/negotiations/{{pid}}/{name}",
                right=Right.APPROVER,
                about=about,
                serve=acting(act),
                body=body,
                answer=views.NegotiationView,
            )
            for name, (act, body, about) in acts.items()
        ),
    ]


def _terms(body: views.NewNegotiation | views.CounterRequest) -> Terms | JsonObject | None:
    """What is wanted: in short, as a whole policy, or nothing. Raises `InputError` where it is said in both ways."""
    if body.terms is not None and body.document is not None:
        raise InputError("input.exclusive", fields="terms, document")
    return body.terms if body.document is None else dict(body.document)
