"""connector/http/showing.py: how a contract's clauses are marked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from connector.http import showing
from connector.protocol.machine import Role
from connector.protocol.messages import Dataset
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


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"fields": [{"name": "id", "type": "text", "more": 1}], "time": "at"}, ("id", "at")),
        ("nothing that can be read", None),
        (None, None),
        ({"fields": [{"name": 5}]}, None),
        ({"fields": [{"name": "f", "type": "text"}] * 1001}, None),
    ],
)
def test_what_a_peer_says_of_rows(said: Any, shown: tuple[str, str] | None) -> None:
    terms = {"@id": "urn:o", "@type": "Offer", "permission": [{"action": "use"}]}
    document = {
        "@id": "urn:d", "hasPolicy": [terms], "rows": said,
        "distribution": [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": "urn:s"}],
    }  # fmt: skip
    rows = showing.dataset(msgspec.convert(document, Dataset), "en").rows
    assert (None if rows is None else (rows.fields[0].name, rows.time)) == shown
