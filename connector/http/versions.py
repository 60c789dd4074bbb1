"""Lives of policies and statements as people see them: from records and service values to the Structs of `views`.

What lives here: the translation. What does not: the text of a policy (`showing`), the shapes (`views.policies`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector.http import views
from connector.records import PolicyVersion, Statement
from connector.services.policies.coverage import Covered
from connector.services.policies.versions import Past


def state(one: PolicyVersion) -> str:
    """`draft`, `usable`, `signed` or `retired`."""
    if one.retired is not None:
        return "retired"
    if not one.approved:
        return "draft"
    return "usable" if one.signed is None else "signed"


def sanctions(one: PolicyVersion) -> tuple[views.SanctionView, ...]:
    """Who has agreed so far."""
    return tuple(views.SanctionView(operator=vote.operator, at=vote.at, reason=vote.reason) for vote in one.approvals)


def history(found: Sequence[Past], genuine: Callable[[PolicyVersion], bool | None]) -> views.HistoryView:
    """Every version of a policy, of which there is at least one; `genuine` looks at a signature."""
    seen = tuple(_past(one, genuine(one.version)) for one in found)
    return views.HistoryView(name=found[0].version.name, versions=seen)


def _past(past: Past, genuine: bool | None) -> views.PastView:
    one = past.version
    return views.PastView(
        id=one.id,
        state=state(one),
        created=one.created,
        created_by=one.created_by,
        digest=one.digest,
        template=one.template,
        reason=one.reason,
        approvals=sanctions(one),
        signature=one.signature,
        genuine=genuine,
        signed=one.signed,
        signed_by=one.signed_by,
        retired=one.retired,
        retired_by=one.retired_by,
        offers=past.offers,
    )


def coverage(found: Covered) -> views.CoverageView:
    """What was true and false in accesses under a policy."""
    return views.CoverageView(
        policy=found.policy.id,
        since=found.since,
        accesses=found.accesses,
        left_out=found.left_out,
        hits=tuple(
            views.HitsView(rule=rule, constraint=said, held=hits.held, failed=hits.failed, unknown=hits.unknown)
            for (rule, said), hits in sorted(found.counts.items(), key=lambda entry: entry[0][0])
        ),
    )


def statement(one: Statement, holds: bool) -> views.StatementView:
    """What is stated about the world."""
    return views.StatementView(
        operand=one.id,
        values=one.values,
        stated=one.stated,
        stated_by=one.stated_by,
        until=one.until,
        reason=one.reason,
        holds=holds,
    )
