"""Endpoints about the life of a contract: ending, holding, amending it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from connector.errors import InputError
from connector.http import lives, showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Right
from connector.services.life.endings import How
from policies import instants

Act = Callable[[Visit, str], Awaitable[Agreement]]


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject. Who may approve a contract may end one."""
    contracts, endings = services.contracts, services.endings

    async def id_of(visit: Visit) -> str:
        return await showing.full_id(visit.values[0], services.store, Agreement)

    def acting(act: Act) -> Callable[[Visit], Awaitable[views.LifeView]]:
        async def serve(visit: Visit) -> views.LifeView:
            return lives.life(await act(visit, await id_of(visit)), contracts.now(), visit.language)

        return serve

    async def end(visit: Visit, id: str) -> Agreement:
        body: views.EndContract = visit.body
        at = None if body.at is None else _behind(body.at)
        return await endings.end(visit.operator, id, How(body.how), at=at, text=body.reason)

    async def amend(visit: Visit) -> views.BegunView:
        body: views.Amendment = visit.body
        begun: Negotiation = await services.renewals.amend(visit.operator, await id_of(visit), body.terms)
        return views.BegunView(negotiation=begun.id, replaces=begun.replaces)

    acts: dict[str, tuple[Act, type[views.Input], str]] = {
        "end": (end, views.EndContract, "End a contract by notice, by agreement or for a cause."),
        "consent": (
            lambda visit, id: endings.consent(visit.operator, id, seen=visit.body.seen),
            views.Consenting,
            "Consent to the end that the other side has proposed.",
        ),
        "decline": (
            lambda visit, id: endings.decline(visit.operator, id, visit.body.reason),
            views.Holding,
            "Decline the end that the other side has proposed.",
        ),
        "hold": (
            lambda visit, id: endings.hold(visit.operator, id, visit.body.reason),
            views.Holding,
            "Stop the data of a contract at once without ending it.",
        ),
        "release": (
            lambda visit, id: endings.release(visit.operator, id),
            views.Nothing,
            "Let a held contract go on.",
        ),
    }
    return [
        *(
            Endpoint(
                method="POST",
                path=f"/v1/contracts/{{id}}/{name}",
                right=Right.APPROVER,
                about=about,
                serve=acting(act),
                body=body,
                answer=views.LifeView,
            )
            for name, (act, body, about) in acts.items()
        ),
        Endpoint(
            method="POST",
            path="/v1/contracts/{id}/amend",
            right=Right.STEWARD,
            about="Begin a negotiation whose contract would take the place of this one.",
            serve=amend,
            body=views.Amendment,
            answer=views.BegunView,
            status=201,
        ),
    ]


def _behind(text: str) -> int:
    """The instant that is meant; of a day its end. Raises `InputError`."""
    try:
        canonical = instants.read(text.strip())
    except ValueError:
        raise InputError("terms.unreadable", term="at", value=text) from None
    start, end = instants.span(canonical)
    return start if canonical.lstrip("-").isdigit() else end
