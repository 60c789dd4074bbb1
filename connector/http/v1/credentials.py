"""Endpoints about credentials: those that this node holds, and those that its region has issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import UnknownError
from connector.http import regional, showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.v1.region import kept
from connector.http.v1.trust import titles
from connector.records import HeldCredential, Issued, Right, Wish
from policies.model import Reason


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_held(services), *_issued(services)]


def _held(services: Services) -> Sequence[Endpoint]:
    wallet, now = services.trust.wallet, services.trust.clock.now

    async def listed(visit: Visit) -> views.Page[Any]:
        found, known = await wallet.list(after=visit.query.after, limit=visit.query.limit), await titles(services)
        return showing.page(found, [regional.held(one, known, now()) for one in found], visit.query.limit)

    async def get(visit: Visit) -> views.CredentialView:
        id = await showing.full_id(visit.values[0], services.store, HeldCredential)
        return regional.held(await wallet.show(id), await titles(services), now(), whole=True)

    async def request(visit: Visit) -> views.RequestView:
        body: views.NewRequest = visit.body
        did, private = await _issuer(body.issuer)
        wish = await wallet.request(did, body.kinds, body.code or None, operator=visit.operator, private=private)
        return await _wish(wish, visit)

    async def requests(visit: Visit) -> views.Page[Any]:
        found = await wallet.wishes(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, [await _wish(one, visit) for one in found], visit.query.limit)

    async def offers(visit: Visit) -> views.Page[Any]:
        did, private = await _issuer(visit.values[0])
        found = await wallet.offered(did, private=private)
        return views.Page(items=tuple(regional.offered(one, did) for one in found), next=None)

    async def _issuer(named: str) -> tuple[str, bool]:
        """An issuer by the name of a region that is believed, or by its DID; whether it may be in a private network."""
        try:
            region = await services.trust.regions.get(named)
        except UnknownError:
            if not named.startswith("did:"):
                raise
            return named, False
        return region.id, region.private

    async def _wish(one: Wish, visit: Visit) -> views.RequestView:
        known = await titles(services)
        issuer = known.get(one.issuer, one.issuer)
        why = None
        if one.state == "open":
            why = Reason("join.waiting", {"region": issuer})
        elif one.state == "rejected":
            why = Reason("join.refused", {"region": issuer, "said": one.rejected})
        return views.RequestView(
            id=one.id,
            issuer=one.issuer,
            issuer_name=issuer,
            kinds=one.kinds,
            state=one.state,
            created=one.created,
            why=showing.reason_or_none(why, visit.language),
        )

    return [
        Endpoint(
            method="GET",
            path="/v1/credentials",
            right=Right.AUDITOR,
            about="The credentials that this node holds.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.CredentialView],
        ),
        Endpoint(
            method="GET",
            path="/v1/credentials/{credential}",
            right=Right.AUDITOR,
            about="One credential, with what it says and as it is signed.",
            serve=get,
            answer=views.CredentialView,
        ),
        Endpoint(
            method="GET",
            path="/v1/credential-requests",
            right=Right.AUDITOR,
            about="What this node has asked issuers for.",
            serve=requests,
            query=views.PageQuery,
            answer=views.Page[views.RequestView],
        ),
        Endpoint(
            method="POST",
            path="/v1/credential-requests",
            right=Right.ADMIN,
            about="Ask an issuer for credentials; they come when it has issued them.",
            serve=request,
            body=views.NewRequest,
            answer=views.RequestView,
            status=202,
        ),
        Endpoint(
            method="GET",
            path="/v1/issuers/{issuer}/offers",
            right=Right.AUDITOR,
            about="The credentials that an issuer says it has; it is asked now.",
            serve=offers,
            answer=views.Page[views.OfferedView],
        ),
    ]


def _issued(services: Services) -> Sequence[Endpoint]:
    now = services.trust.clock.now

    async def names() -> dict[str, str]:
        return {one.id: one.title for one in await kept(services).members.select(limit=1000)}

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await kept(services).revocation.list(after=visit.query.after, limit=visit.query.limit)
        known = await names()
        return showing.page(found, [regional.issued(one, known, now()) for one in found], visit.query.limit)

    async def revoke(visit: Visit) -> views.IssuedView:
        region = kept(services)
        id = await showing.full_id(visit.values[0], services.store, Issued)
        done = await region.revocation.revoke(visit.operator, id, visit.body.reason)
        return regional.issued(done, await names(), now())

    return [
        Endpoint(
            method="GET",
            path="/v1/region/credentials",
            right=Right.AUDITOR,
            about="The credentials that this node's region has issued.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.IssuedView],
        ),
        Endpoint(
            method="POST",
            path="/v1/region/credentials/{credential}/revoke",
            right=Right.ADMIN,
            about="Take a credential back for good.",
            serve=revoke,
            body=views.Revoking,
            answer=views.IssuedView,
        ),
    ]
