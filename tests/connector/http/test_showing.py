"""connector/http/showing.py: how a contract's clauses are marked."""

from __future__ import annotations

import msgspec

from connector.http import showing
from connector.protocol.machine import Role
from connector.records import Agreement
from connector.services.proof.correspondence import Signers
from tests.connector.data.world import agreement

MEMBER = "urn:allmende:memberOf"


def clauses(one: Agreement, proves: frozenset[str]) -> str:
    shown = showing.contract(one, {}, Signers(provider=True, consumer=True), proves, 0, "en")
    return "\n".join(shown.sentences)


def test_a_membership_is_attested_where_the_user_can_prove_it_and_declared_otherwise() -> None:
    one = agreement({"leftOperand": MEMBER, "operator": "eq", "rightOperand": "did:web:region.example"})
    assert "attested" in clauses(one, frozenset({MEMBER}))
    assert "attested" not in clauses(one, frozenset())
    assert "declared" in clauses(one, frozenset())


def test_what_the_provider_can_prove_attests_nothing_about_us() -> None:
    one = agreement({"leftOperand": MEMBER, "operator": "eq", "rightOperand": "did:web:region.example"})
    ours = msgspec.structs.replace(one, role=Role.CONSUMER)
    assert "attested" not in clauses(ours, frozenset({MEMBER}))
