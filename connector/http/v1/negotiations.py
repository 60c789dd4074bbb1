"""Endpoints about negotiations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.protocol import negotiation
from connector.protocol.negotiation import Negotiation
from connector.records import Right
from policies.model import Reason

Act = Callable[[str, str, Any], Awaitable[Negotiation]]
"""Operator, pid, body."""


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    negotiations, proposals = services.negotiations, services.proposals

    async def shown(one: Negotiation, visit: Visit) -> views.NegotiationView:
        known = await showing.names(services.peers, [one.peer])
        one = await proposals.on_the_table(one)
        return showing.negotiation(one, known, proposals.differences(one), visit.language)

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await negotiations.select(**await showing.chosen(visit.query, services.peers))
        known = await showing.names(services.peers, (one.peer for one in found))
        found = [await proposals.on_the_table(one) for one in found]
        items = [showing.negotiation(one, known, proposals.differences(one), visit.language) for one in found]
        return showing.page(found, items, visit.query.limit)

    async def request(visit: Visit) -> views.NegotiationView:
        body: views.NewNegotiation = visit.body
        peer = await services.peers.get(body.peer)
        begun = await proposals.request(visit.operator, peer.id, body.dataset, offer=body.offer, terms=body.terms)
        return await shown(begun, visit)

    async def get(visit: Visit) -> views.NegotiationView:
        asked: views.WaitQuery = visit.query
        pid = await showing.full_id(visit.values[0], negotiations.select)
        return await shown(await negotiations.get(pid, newer_than=asked.version, wait=asked.wait), visit)

    def acting(act: Act) -> Callable[[Visit], Awaitable[views.NegotiationView]]:
        async def serve(visit: Visit) -> views.NegotiationView:
            pid = await showing.full_id(visit.values[0], negotiations.select)
            return await shown(await act(visit.operator, pid, visit.body), visit)

        return serve

    async def accept(operator: str, pid: str, body: views.Seen) -> Negotiation:
        return await negotiations.command(operator, pid, negotiation.Accept(), seen=body.version)

    async def agree(operator: str, pid: str, body: views.Seen) -> Negotiation:
        return await proposals.agree(operator, pid, seen=body.version)

    async def counter(operator: str, pid: str, body: views.CounterRequest) -> Negotiation:
        return await proposals.counter(operator, pid, body.terms)

    async def terminate(operator: str, pid: str, body: views.Ending) -> Negotiation:
        reason = Reason("operator.ended", {"text": body.reason})
        return await negotiations.command(operator, pid, negotiation.Terminate(reason))

    acts: dict[str, tuple[Act, type[views.Input], str]] = {
        "accept": (accept, views.Seen, "Accept what the provider offers."),
        "agree": (agree, views.Seen, "Agree to what the consumer asks."),
        "counter": (counter, views.CounterRequest, "Answer with other terms."),
        "terminate": (terminate, views.Ending, "End the negotiation."),
    }
    return [
        Endpoint(
            method="GET",
            path="/v1/negotiations",
            right=Right.AUDITOR,
            about="Negotiations, in both roles.",
            serve=listed,
            query=views.ProcessQuery,
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
