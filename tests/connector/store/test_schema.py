"""connector/store/schema.py: what is found often is found by an index, and the layout belongs to a version."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

import pytest
from msgspec import Struct

from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import INDEXED, Agreement, Asset, Operator, Outgoing, Participant, PublishedOffer
from connector.store import schema

LAYOUTS = {
    1: "3f9788c9826c52e9ee9c2920099df40f55d4c541e627ee60c95cddceb7dbfa84",
    2: "a80318a099503abbf6f3f235e5bd48303930a9be55c85f2807c8e677db5adddd",
    3: "b1ecd9a6992427293131366b7340a3e374a6394263f5173a37cceff2e1035e1b",
}
"""SHA-256 of the statements of each version; a layout that changes needs a new version and a migration step."""


def test_a_changed_layout_has_a_new_version() -> None:
    text = "\n".join(schema.layout())
    assert hashlib.sha256(text.encode()).hexdigest() == LAYOUTS[schema.VERSION]


def test_names_follow_the_kinds() -> None:
    assert schema.table(PublishedOffer) == "published_offer"
    assert len(set(schema.tables())) == len(INDEXED) + 6
    assert set(schema.INDEXES) <= set(INDEXED)
    for kind, columns in schema.INDEXES.items():
        assert {name for one in columns for name in one.split(", ")} <= set(INDEXED[kind])


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        (Negotiation, {"peer": "p", "peer_pid": "x"}),
        (Transfer, {"peer": "p", "peer_pid": "x"}),
        (Transfer, {"agreement": "x"}),
        (Outgoing, {"pid": "x"}),
        (Agreement, {"negotiation": "x"}),
        (Participant, {"name": "x"}),
        (Operator, {"token_hash": "x"}),
        (Asset, {"name": "x"}),
    ],
)
def test_what_is_asked_for_on_every_step_is_found_by_an_index_and_needs_no_sorting(
    kind: type[Struct], where: dict[str, Any]
) -> None:
    connection = sqlite3.connect(":memory:")
    for statement in schema.layout():
        connection.execute(statement)
    form = schema.shape(kind)
    sql = f"EXPLAIN QUERY PLAN SELECT id, body FROM {form.name} WHERE {form.where(where)} ORDER BY id LIMIT 1"
    plan = [row[3] for row in connection.execute(sql, (*where.values(), ""))]
    connection.close()
    assert len(plan) == 1
    assert f"USING INDEX {form.name}_{list(where)[-1]}" in plan[0], plan
