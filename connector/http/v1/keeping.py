"""Endpoints about comparing with peers and about the node's own keys."""

from __future__ import annotations

from collections.abc import Sequence

from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Right
from connector.services.proof.keyring import Held


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""

    async def reconcile(visit: Visit) -> views.ComparedView:
        peer = await services.peers.get(visit.values[0])
        done = await services.reconcile.compare(visit.operator, peer)
        return views.ComparedView(
            peer=done.peer,
            supported=done.supported,
            contracts=done.contracts,
            differences=tuple(showing.reason(one, visit.language) for one in done.differences),
            released=tuple(done.released),
            held=tuple(done.held),
            reinstated=tuple(done.reinstated),
            ended=tuple(done.ended),
        )

    async def listed(visit: Visit) -> views.Page[views.KeyView]:
        return views.Page(items=tuple(map(_key, await services.keyring.list())), next=None)

    async def rotate(visit: Visit) -> views.KeyView:
        body: views.Rotating = visit.body
        made = await services.keyring.rotate(visit.operator, visit.values[0], revoke=body.revoke, form=body.form)
        return _key(made)

    return [
        Endpoint(
            method="POST",
            path="/v1/peers/{peer}/reconcile",
            right=Right.STEWARD,
            about="Compare logs and contracts with a peer; after a restore, settle what differs.",
            serve=reconcile,
            body=views.Nothing,
            answer=views.ComparedView,
        ),
        Endpoint(
            method="GET",
            path="/v1/keys",
            right=Right.AUDITOR,
            about="The node's keys by thumbprint: those in use, and those that were destroyed.",
            serve=listed,
            answer=views.Page[views.KeyView],
        ),
        Endpoint(
            method="POST",
            path="/v1/keys/{name}/rotate",
            right=Right.ADMIN,
            about="Let a key be followed by another; one that is destroyed is so for good, and peers remember that.",
            serve=rotate,
            body=views.Rotating,
            answer=views.KeyView,
        ),
    ]


def _key(one: Held) -> views.KeyView:
    return views.KeyView(
        name=one.name,
        thumbprint=one.thumbprint,
        destroyed=one.destroyed,
        state=one.state,
        form=one.form,
        since=one.since or None,
        until=one.until or None,
    )
