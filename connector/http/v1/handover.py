"""Endpoints about keys and names of others that have changed: a person has compared, a region vouches, a successor."""

from __future__ import annotations

from collections.abc import Sequence

from connector.errors import InputError
from connector.http import views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.v1 import people
from connector.records import Handover, Right


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    handing = services.handing

    async def accept(visit: Visit) -> views.PeerView:
        kept = await handing.handovers.accept(visit.operator, visit.values[0], visit.body.words)
        return (await people.shown(services, [kept], visit))[0]

    async def accept_region(visit: Visit) -> views.ComparedKeysView:
        kept = await handing.handovers.accept_region(visit.operator, visit.values[0], visit.body.words)
        return views.ComparedKeysView(id=kept.id, name=kept.name, words=kept.words)

    async def countersign(visit: Visit) -> views.ComparedKeysView:
        if handing.countersigning is None:
            raise InputError("region.not_kept")
        words = await handing.countersigning.countersign(visit.operator, visit.values[0], visit.body.words)
        return views.ComparedKeysView(id=visit.values[0], name=visit.values[0], words=words)

    async def successions(visit: Visit) -> views.Page[views.SuccessionView]:
        return views.Page(items=tuple(map(_succession, await handing.successions.list())), next=None)

    async def propose(visit: Visit) -> views.SuccessionView:
        return _succession(await handing.successions.propose(visit.operator, visit.body.peer))

    async def begin(visit: Visit) -> views.TakenView:
        return views.TakenView(contracts=await handing.successions.begin(visit.operator, visit.body.peer))

    async def agree(visit: Visit) -> views.SuccessionView:
        return _succession(await handing.successions.agree(visit.operator, visit.values[0]))

    async def decline(visit: Visit) -> views.SuccessionView:
        return _succession(await handing.successions.decline(visit.operator, visit.values[0]))

    moves = [
        ("POST", "/v1/successions", Right.ADMIN, "Say that a peer goes on with this node's contracts.", propose, 201),
        (
            "POST",
            "/v1/successions/take",
            Right.ADMIN,
            "Go on with the contracts of a peer that has said so.",
            begin,
            200,
        ),
    ]
    answers = [
        ("agree", "Go on with the successor of a peer: the contracts are its from now on.", agree),
        ("decline", "Do not go on with the successor of a peer.", decline),
    ]
    return [
        Endpoint(
            method="GET",
            path="/v1/successions",
            right=Right.AUDITOR,
            about="Participants that go on under another DID.",
            serve=successions,
            answer=views.Page[views.SuccessionView],
        ),
        *(
            Endpoint(
                method=method,
                path=path,
                right=right,
                about=about,
                serve=serve,
                body=views.SuccessionPeer,
                answer=views.SuccessionView if status == 201 else views.TakenView,
                status=status,
            )
            for method, path, right, about, serve, status in moves
        ),
        *(
            Endpoint(
                method="POST",
                path=f"/v1/successions/{{peer}}/{name}",
                right=Right.APPROVER,
                about=about,
                serve=serve,
                body=views.Nothing,
                answer=views.SuccessionView,
            )
            for name, about, serve in answers
        ),
        Endpoint(
            method="POST",
            path="/v1/peers/{peer}/keys",
            right=Right.ADMIN,
            about="Somebody has compared words: the keys that a peer shows now are its own.",
            serve=accept,
            body=views.ComparedWords,
            answer=views.PeerView,
        ),
        Endpoint(
            method="POST",
            path="/v1/regions/{region}/keys",
            right=Right.ADMIN,
            about="Somebody has compared words: the keys that a region shows now are its own.",
            serve=accept_region,
            body=views.ComparedWords,
            answer=views.ComparedKeysView,
        ),
        Endpoint(
            method="POST",
            path="/v1/region/members/{member}/keys",
            right=Right.ADMIN,
            about="The region of this node vouches for the keys that a member shows now.",
            serve=countersign,
            body=views.ComparedWords,
            answer=views.ComparedKeysView,
        ),
    ]


def _succession(one: Handover) -> views.SuccessionView:
    return views.SuccessionView(
        id=one.id, successor=one.successor, state=one.state, at=one.at, ours=one.ours, decided_by=one.decided_by
    )
