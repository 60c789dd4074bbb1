"""What a peer's terms may cost: choices within choices are stated once each, however they are nested."""

from __future__ import annotations

from typing import Any

import pytest

from policies import parse
from policies.compare import within
from policies.model import Constraint, Policy, PolicyKind
from policies.statement import Statements


def day(number: int) -> dict[str, Any]:
    value = {"@value": f"2027-01-{number % 28 + 1:02}T00:00:00Z", "@type": "xsd:dateTime"}
    return {"leftOperand": "dateTime", "operator": "lt", "rightOperand": value}


def nested(deep: int) -> dict[str, Any]:
    return day(deep) if deep == 0 else {"xone": [nested(deep - 1), nested(deep - 1)]}


def offer(constraint: dict[str, Any]) -> Policy:
    document = {"@id": "urn:x:offer", "@type": "Offer", "permission": [{"action": "use", "constraint": [constraint]}]}
    return parse.from_dsp(document, PolicyKind.OFFER)


@pytest.mark.parametrize("constraint", [nested(9), {"xone": [day(n) for n in range(900)]}], ids=["deep", "wide"])
def test_a_choice_is_stated_once_for_each_that_it_is_part_of(
    monkeypatch: pytest.MonkeyPatch, constraint: dict[str, Any]
) -> None:
    asked, calls, state = offer(constraint), 0, Statements.comes_out

    def counted(self: Statements, one: Constraint, outcome: int) -> int:
        nonlocal calls
        calls += 1
        return state(self, one, outcome)

    monkeypatch.setattr(Statements, "comes_out", counted)
    within(asked, offer(day(1)))
    assert 0 < calls < 10_000
