"""Endpoints about what is wrong with the node."""

from __future__ import annotations

from collections.abc import Sequence

from connector.http import views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.showing import finding
from connector.records import Right


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""

    async def examine(visit: Visit) -> views.ExaminedView:
        examined = await services.doctor.examine()
        return views.ExaminedView(
            running=examined.running, findings=tuple(finding(one, visit.language) for one in examined.findings)
        )

    async def probe(visit: Visit) -> views.ProbedView:
        peer = await services.peers.get(visit.values[0])
        broken = await services.probes.ask(peer.id)
        return views.ProbedView(peer=peer.name, broken=None if broken is None else finding(broken, visit.language))

    return [
        Endpoint(
            method="POST",
            path="/v1/doctor",
            right=Right.STEWARD,
            about="Examine the node: every fault in one sentence with its mend. Takes some seconds.",
            serve=examine,
            body=views.Nothing,
            answer=views.ExaminedView,
        ),
        Endpoint(
            method="POST",
            path="/v1/peers/{peer}/probe",
            right=Right.STEWARD,
            about="Ask a peer to call this node back, and say which link of the way is broken.",
            serve=probe,
            body=views.Nothing,
            answer=views.ProbedView,
        ),
    ]
