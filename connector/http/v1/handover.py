"""Endpoints about keys of others that have changed: a person has compared, a region vouches."""

from __future__ import annotations

from collections.abc import Sequence

from connector.errors import InputError
from connector.http import views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.v1 import people
from connector.records import Right


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

    return [
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
