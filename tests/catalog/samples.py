"""Descriptions as tests use them, and where the official files of their standards are."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.descriptions.description import Describing, Draft, Party, Place, Product, Register, Text
from tests.standards import STANDARDS

TRUST = STANDARDS / "trust"
LOIRE = TRUST / "gaia-x" / "loire-2511"
TAGUS = TRUST / "gaia-x" / "tagus-22.10"
W3C = TRUST / "w3c" / "contexts"

needs_trust = pytest.mark.skipif(
    not LOIRE.is_dir(), reason=f"no official self-descriptions at {TRUST} (ALLMENDE_STANDARDS)"
)
"""Mark of every test that reads the official files."""

ROOT = "https://daten.nachbarsdorf.example"
WHO = Describing(ROOT, "did:web:daten.nachbarsdorf.example")
PLACE = Place(country="DE", region="DED2", locality="Nachbarsdorf", postcode="01234", street="Markt 1")
PARTY = Party(name="Gemeinde Nachbarsdorf", description="Eine Gemeinde.", seat=PLACE, number="14628110")
TERMS = Text(f"{ROOT}/descriptions/terms", "ab" * 32)
USAGE = Text(f"{ROOT}/descriptions/terms-trees", "cd" * 32)
TREES = Product(
    id=f"{ROOT}/datasets/trees",
    name="trees",
    title="Bäume",
    description="Alle Straßenbäume.",
    since="2026-01-01T00:00:00Z",
    media_type="text/csv",
    formats=("HttpData-PULL",),
    terms=TERMS,
    usage=USAGE,
)


def drafts(party: Party = PARTY, product: Product = TREES) -> list[Draft]:
    """Everything that a node with one dataset describes."""
    return [
        WHO.participant(party),
        WHO.registration(party),
        WHO.issuer(),
        WHO.node(party, ROOT + "/dsp", TERMS),
        WHO.product(product),
    ]


def subjects(party: Party = PARTY, product: Product = TREES) -> list[dict[str, Any]]:
    """What they are about."""
    return [draft.subject for draft in drafts(party, product)]


NUMBERS = {
    Register.MUNICIPALITY: "14628110",
    Register.VAT: "DE123456789",
    Register.LEI: "529900T8BM49AURSDO55",
    Register.EORI: "DE1234567890",
    Register.EUID: "DED4601V.HRB123",
    Register.TAX: "1234567890",
    Register.REGION: "did:web:daten.nachbarsdorf.example of did:web:region.example",
}
"""A number in every register."""
