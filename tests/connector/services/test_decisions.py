"""What the node does next by itself: every check of an agreement, every answer to a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.protocol import negotiation
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.protocol.negotiation import Negotiation
from connector.services.decisions import compared_terms
from policies.model import Comparison, PolicyKind, Reason
from policies.terms import Terms, to_policy
from tests.connector.services.world import Neighbour, neighbours
from tests.harness.virtual import run

TERMS: JsonObject = {"@id": "urn:x:offer", "@type": "Offer", "permission": [{"action": "use"}]}
AGREED: JsonObject = {
    "@id": "urn:x:agreement",
    "@type": "Agreement",
    "target": "urn:x:data",
    "assigner": "did:web:city",
    "assignee": "did:web:utility",
    "timestamp": "2026-11-21T10:00:00Z",
    "permission": [{"action": "use"}],
}


def agreed(**changes: Any) -> Negotiation:
    blank = negotiation.blank(
        id="urn:x:1", role=Role.CONSUMER, peer="did:web:city", callback="http://city", dataset="urn:x:data", now=0
    )
    return msgspec.structs.replace(blank, state="AGREED", asked=TERMS, agreement={**AGREED, **changes})


async def _utility(folder: Path) -> Neighbour:
    return (await neighbours(folder))[1]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"target": "urn:x:other"}, "target"),
        ({"assigner": "did:web:stranger"}, "assigner"),
        ({"assignee": "did:web:stranger"}, "assignee"),
        ({"permission": [{"action": "odrl:read"}]}, "terms"),
        ({"prohibition": [{"action": "use"}]}, "terms"),
    ],
)
def test_an_agreement_is_checked_part_by_part(tmp_path: Path, changes: JsonObject, part: str) -> None:
    async def story() -> None:
        utility = await _utility(tmp_path)
        assert utility.decisions.wrong_with(agreed()) is None
        assert utility.decisions.wrong_with(agreed(**changes)) == Reason("agreement.differs", {"parts": part})

    run(story)


def test_an_agreement_that_is_not_understood_is_refused_by_name(tmp_path: Path) -> None:
    async def story() -> None:
        utility = await _utility(tmp_path)
        wrong = utility.decisions.wrong_with(agreed(permission=[{"action": "use", "remedy": []}]))
        assert wrong is not None
        assert wrong.params.get("term") == "remedy"

    run(story)


def test_terms_for_another_party_are_nobody_elses() -> None:
    mine = to_policy("urn:x:1", Terms(assignee="did:web:utility"), kind=PolicyKind.OFFER)
    open_to_all = to_policy("urn:x:2", Terms(count=1), kind=PolicyKind.OFFER)
    assert compared_terms(mine, open_to_all, "did:web:town") == Reason(
        "assignee.other", {"assignee": "did:web:utility"}
    )
    assert compared_terms(open_to_all, mine, "did:web:town") == Reason("offer.unknown")
    back = compared_terms(to_policy("urn:x:3", Terms(), kind=PolicyKind.OFFER), mine, "did:web:utility")
    assert isinstance(back, Comparison)
    assert back.within
