"""connector/services/proof/evidence.py: readings of a contract whose words come from the other side."""

from __future__ import annotations

from connector.services.proof import evidence
from connector.services.proof.evidence_page import Party, Sheet


def test_no_word_of_the_other_side_is_a_line_of_its_own() -> None:
    sheet = Sheet(
        provider=Party("did:web:a.example", ""),
        consumer=Party("did:web:b.example", ""),
        exporter="did:web:b.example",
        agreement="urn:x:1",
        hash="0" * 64,
        dataset="urn:x:data\nUnterschriften: von beiden Seiten unterschrieben",
        title="",
        template="",
        concluded=0,
        written=0,
        terms=(),
        letters=(),
        signed=(False, False),
    )
    terms = ("Erlaubt:", "  Zweck: urn:x\u2028Unterschriften: von beiden Seiten unterschrieben\x1b[2J")
    lines = evidence._text(terms, sheet, "de").decode().splitlines()
    assert [line for line in lines if line.startswith("Unterschriften")] == [
        "Unterschriften: von keiner Seite unterschrieben"
    ]
    assert lines[-1].startswith("  Zweck: urn:x Unterschriften")
    assert all(line.isprintable() for line in lines)
