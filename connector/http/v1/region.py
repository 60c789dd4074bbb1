"""Endpoints about a region that this node keeps: places, members, other regions that it vouches for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from certs.region import DEVICES, NODES
from connector.errors import InputError
from connector.http import regional, showing, views
from connector.http.endpoints import Endpoint, RegionServices, Services, Visit
from connector.records import Member, Right
from connector.services.trust.regions import Belief

_MOVES = {
    "suspend": "What was issued to a member counts nothing until it is restored.",
    "restore": "A suspended member counts again.",
    "remove": "A member leaves; what was issued to it is revoked for good.",
    "stolen": "A member's keys are in other hands: everything is revoked, and its name never gets anything again.",
}


def kept(services: Services) -> RegionServices:
    """The region of this node. Raises `InputError` `region.not_kept`."""
    if services.trust.region is None:
        raise InputError("region.not_kept")
    return services.trust.region


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject. Only an admin says who belongs to a region."""
    return [*_status(services), *_places(services), *_members(services), *_vouches(services)]


def _status(services: Services) -> Sequence[Endpoint]:
    async def status(visit: Visit) -> views.RegionView:
        return regional.standing(await kept(services).overview.look())

    async def renew(visit: Visit) -> views.RegionView:
        region = kept(services)
        match visit.body.what:
            case "root":
                await region.domain.renew_root(visit.operator)
            case "list":
                await region.domain.renew_root_list(visit.operator)
            case "nodes":
                await region.domain.renew_authority(visit.operator, NODES)
            case "devices":
                await region.domain.renew_authority(visit.operator, DEVICES)
        return regional.standing(await region.overview.look())

    return [
        Endpoint(
            method="GET",
            path="/v1/region",
            right=Right.AUDITOR,
            about="How the region of this node is doing.",
            serve=status,
            answer=views.RegionView,
        ),
        Endpoint(
            method="POST",
            path="/v1/region/renew",
            right=Right.ADMIN,
            about="Another root, authority or list of what the root has revoked; needs the root's key on this machine.",
            serve=renew,
            body=views.RenewRegion,
            answer=views.RegionView,
        ),
    ]


def _places(services: Services) -> Sequence[Endpoint]:
    now = services.trust.clock.now

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await kept(services).members.places(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, [regional.invite(one, now()) for one in found], visit.query.limit)

    async def add(visit: Visit) -> views.InvitedView:
        body: views.NewInvite = visit.body
        made = await kept(services).members.invite(
            visit.operator,
            body.name or "",
            title=body.title,
            role=body.role,
            key=body.key,
            private=body.private,
            days=body.days,
            listed=body.listed,
        )
        return regional.invited(made, services.public_url, now())

    async def withdraw(visit: Visit) -> views.InviteView:
        return regional.invite(await kept(services).members.withdraw(visit.operator, visit.values[0]), now())

    return [
        Endpoint(
            method="GET",
            path="/v1/region/invites",
            right=Right.AUDITOR,
            about="Invitations to this node's region, used ones included.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.InviteView],
        ),
        Endpoint(
            method="POST",
            path="/v1/region/invites",
            right=Right.ADMIN,
            about="Invite a node or device; the one-time code in the answer is shown this once.",
            serve=add,
            body=views.NewInvite,
            answer=views.InvitedView,
            status=201,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/region/invites/{name}",
            right=Right.ADMIN,
            about="Take an invitation back that nobody has used.",
            serve=withdraw,
            answer=views.InviteView,
        ),
    ]


def _members(services: Services) -> Sequence[Endpoint]:
    async def listed(visit: Visit) -> views.Page[Any]:
        found = await kept(services).members.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(regional.member, found), visit.query.limit)

    async def get(visit: Visit) -> views.MemberView:
        return regional.member(await kept(services).members.get(visit.values[0]))

    def move(name: str) -> Callable[[Visit], Awaitable[views.MemberView]]:
        async def act(visit: Visit) -> views.MemberView:
            members = kept(services).members
            moves: dict[str, Callable[[str, str, str], Awaitable[Member]]] = {
                "suspend": members.suspend,
                "restore": members.restore,
                "remove": members.leave,
                "stolen": members.stolen,
            }
            return regional.member(await moves[name](visit.operator, visit.values[0], visit.body.reason))

        return act

    return [
        Endpoint(
            method="GET",
            path="/v1/region/members",
            right=Right.AUDITOR,
            about="Members and devices of this node's region, former ones included.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.MemberView],
        ),
        Endpoint(
            method="GET",
            path="/v1/region/members/{member}",
            right=Right.AUDITOR,
            about="One member, by name or DID.",
            serve=get,
            answer=views.MemberView,
        ),
        *(
            Endpoint(
                method="POST",
                path=f"/v1/region/members/{{member}}/{name}",
                right=Right.ADMIN,
                about=about,
                serve=move(name),
                body=views.MoveMember,
                answer=views.MemberView,
            )
            for name, about in _MOVES.items()
        ),
    ]


def _vouches(services: Services) -> Sequence[Endpoint]:
    async def listed(visit: Visit) -> views.Page[Any]:
        found = await kept(services).vouching.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, map(regional.neighbour, found), visit.query.limit)

    async def add(visit: Visit) -> views.VouchView:
        body: views.NewVouch = visit.body
        belief = Belief(types=body.types, scopes=body.scopes, private=body.private)
        given = await kept(services).vouching.vouch(
            visit.operator, body.region, words=body.words, belief=belief, days=body.days
        )
        return regional.neighbour(given)

    async def withdraw(visit: Visit) -> views.VouchView:
        return regional.neighbour(await kept(services).vouching.withdraw(visit.operator, visit.values[0]))

    return [
        Endpoint(
            method="GET",
            path="/v1/region/vouches",
            right=Right.AUDITOR,
            about="Other regions that this node's region vouches for.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.VouchView],
        ),
        Endpoint(
            method="POST",
            path="/v1/region/vouches",
            right=Right.ADMIN,
            about="Vouch for another region: whoever believes this one about others believes its members too.",
            serve=add,
            body=views.NewVouch,
            answer=views.VouchView,
            status=201,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/region/vouches/{region}",
            right=Right.ADMIN,
            about="Vouch for a region no more.",
            serve=withdraw,
            answer=views.VouchView,
        ),
    ]
