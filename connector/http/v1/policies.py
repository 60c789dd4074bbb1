"""Endpoints about policies, their lives, and what operators state about the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connector.errors import InputError
from connector.http import showing, versions, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.v1.frames import end
from connector.protocol.messages import JsonObject
from connector.records import PolicyVersion, Right
from policies import render
from policies.terms import to_policy


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_kept(services), *_lives(services), *_statements(services)]


def _kept(services: Services) -> Sequence[Endpoint]:
    policies, shown = services.policies, _shown(services)

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await policies.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, (shown(one, visit) for one in found), visit.query.limit)

    async def add(visit: Visit) -> views.PolicyView:
        body: views.NewPolicy = visit.body
        kept = await policies.add(
            visit.operator,
            body.name,
            _document(body),
            template=body.template,
            reason=body.reason,
            follow=body.offers,
        )
        return shown(kept, visit)

    async def get(visit: Visit) -> views.PolicyView:
        return shown(await policies.get(visit.values[0]), visit)

    return [
        Endpoint(
            method="GET",
            path="/v1/policies",
            right=Right.AUDITOR,
            about="Policies, every version.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.PolicyView],
        ),
        Endpoint(
            method="POST",
            path="/v1/policies",
            right=Right.STEWARD,
            about="Keep a policy under a name, or a new version of it.",
            serve=add,
            body=views.NewPolicy,
            answer=views.PolicyView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/policies/{name}",
            right=Right.AUDITOR,
            about="The latest version of a policy, or the one that `name@version` says.",
            serve=get,
            answer=views.PolicyView,
        ),
    ]


def _shown(services: Services) -> Callable[[PolicyVersion, Visit], views.PolicyView]:
    return lambda one, visit: showing.policy(one, services.policies.genuine(one), visit.language)


def _lives(services: Services) -> Sequence[Endpoint]:
    policies, coverage, shown = services.policies, services.coverage, _shown(services)

    async def history(visit: Visit) -> views.HistoryView:
        return versions.history(await policies.history(visit.values[0]), policies.genuine)

    async def covered(visit: Visit) -> views.CoverageView:
        return versions.coverage(await coverage.of(visit.values[0]))

    async def approve(visit: Visit) -> views.PolicyView:
        done = await policies.approve(visit.operator, visit.values[0], visit.body.reason)
        return shown(done, visit)

    async def sign(visit: Visit) -> views.PolicyView:
        done = await policies.sign(visit.operator, visit.values[0], visit.body.reason)
        return shown(done, visit)

    async def retire(visit: Visit) -> views.PolicyView:
        body: views.Retiring = visit.body
        done = await policies.retire(visit.operator, visit.values[0], body.reason, offers=body.offers)
        return shown(done, visit)

    return [
        Endpoint(
            method="GET",
            path="/v1/policies/{name}/history",
            right=Right.AUDITOR,
            about="Every version of a policy: who drafted, approved, signed and retired it.",
            serve=history,
            answer=views.HistoryView,
        ),
        Endpoint(
            method="GET",
            path="/v1/policies/{name}/coverage",
            right=Right.AUDITOR,
            about="Which rules and constraints of a policy were true and false in accesses since the node started.",
            serve=covered,
            answer=views.CoverageView,
        ),
        Endpoint(
            method="POST",
            path="/v1/policies/{name}/approve",
            right=Right.APPROVER,
            about="Agree that a version of a policy may be used; whoever has drafted it cannot.",
            serve=approve,
            body=views.Reasoned,
            answer=views.PolicyView,
        ),
        Endpoint(
            method="POST",
            path="/v1/policies/{name}/sign",
            right=Right.STEWARD,
            about="Sign a version that may be used with the node's key.",
            serve=sign,
            body=views.Reasoned,
            answer=views.PolicyView,
        ),
        Endpoint(
            method="POST",
            path="/v1/policies/{name}/retire",
            right=Right.STEWARD,
            about="Publish nothing more under a version; contracts under it stand.",
            serve=retire,
            body=views.Retiring,
            answer=views.PolicyView,
        ),
    ]


def _statements(services: Services) -> Sequence[Endpoint]:
    statements = services.statements

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await statements.select(after=visit.query.after, limit=visit.query.limit)
        shown = (versions.statement(one, statements.holds(one)) for one in found)
        return showing.page(found, shown, visit.query.limit)

    async def state(visit: Visit) -> views.StatementView:
        body: views.NewStatement = visit.body
        until = None if body.until is None else end(body.until)
        made = await statements.state(visit.operator, body.operand, body.values, until=until, reason=body.reason)
        return versions.statement(made, statements.holds(made))

    async def withdraw(visit: Visit) -> None:
        await statements.withdraw(visit.operator, visit.values[0])

    return [
        Endpoint(
            method="GET",
            path="/v1/statements",
            right=Right.AUDITOR,
            about="What this node's operators state about the world: a level of crisis, an event.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.StatementView],
        ),
        Endpoint(
            method="POST",
            path="/v1/statements",
            right=Right.STEWARD,
            about="State what holds from now on; accesses and running streams are judged by it.",
            serve=state,
            body=views.NewStatement,
            answer=views.StatementView,
            status=201,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/statements/{operand}",
            right=Right.STEWARD,
            about="State nothing about it any more: from now on it is unknown.",
            serve=withdraw,
            status=204,
        ),
    ]


def _document(body: views.NewPolicy) -> JsonObject:
    """The rules of a new policy. Raises `InputError` unless it is given in exactly one way; `PolicyError`."""
    if (body.terms is None) == (body.document is None):
        raise InputError("input.exclusive", fields="terms, document")
    if body.terms is not None:
        return render.to_dsp(to_policy(f"urn:allmende:policy:{body.name}", body.terms))
    return dict(body.document or {})
