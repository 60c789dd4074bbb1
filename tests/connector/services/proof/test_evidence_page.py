"""The page of a contract: one side of A4, whatever is on it, in letters that people here use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from connector.sentences import Language
from connector.services.proof import evidence_page
from connector.services.proof.evidence_page import Party, Row, Sheet, written

CITY, UTILITY = "did:web:city.example", "did:web:utility.example"
AT = 1_795_243_843_000_000
KINDS = (
    ("ContractRequestMessage", UTILITY),
    ("ContractAgreementMessage", CITY),
    ("ContractAgreementVerificationMessage", UTILITY),
    ("ContractNegotiationEventMessage", CITY),
)
SHEET = Sheet(
    provider=Party(CITY, "babab-dadad"),
    consumer=Party(UTILITY, "zizuz-tovok"),
    exporter=CITY,
    agreement="urn:uuid:1",
    hash="0f" * 32,
    dataset="urn:uuid:2",
    title="Verkehrszählung „Straße“",
    template="planung@3",
    concluded=AT,
    written=AT,
    terms=("Für jeden, der anfragt.", "Erlaubnis 1: Nutzung, ohne weitere Bedingung."),
    letters=tuple(Row(kind, sender, AT, True) for kind, sender in KINDS),
    signed=(True, True),
)


def text(sheet: Sheet, language: Language, folder: Path) -> str:
    """What the page says, and that it is one page of A4."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = folder / "page.pdf"
    file.write_bytes(evidence_page.drawn(sheet, language))
    told = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1\n" in told
    assert "(A4)" in told
    return subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout


def test_it_says_who_what_when_and_who_has_signed(tmp_path: Path) -> None:
    said = text(SHEET, "de", tmp_path)
    for part in (
        CITY,
        "zizuz-tovok",
        "Verkehrszählung „Straße“ (urn:uuid:2)",
        "21.11.2026, 07:50:43 Uhr (Normalzeit)",
        "0f" * 32,
        "planung@3",
        "von beiden Seiten unterschrieben",
        "Für jeden, der anfragt.",
        "Bestätigung des Vertragstextes",
        "Abschluss",
    ):
        assert part in said, part
    assert "nicht unterschrieben von" not in said
    assert "21 November 2026, 07:50:43 CET" in text(SHEET, "en", tmp_path)


@pytest.mark.parametrize("language", ["de", "en"])
def test_long_terms_go_on_elsewhere(tmp_path: Path, language: Language) -> None:
    terms = tuple(f"  - Bedingung {number}: „Größe“ " + "nur für den Zweck Planung, " * 5 for number in range(120))
    said = text(replace(SHEET, terms=terms), language, tmp_path)
    assert ("Fortsetzung in terms.de.txt" if language == "de" else "continued in terms.en.txt") in said
    assert "Bedingung 5:" in said
    assert "Bedingung 119:" not in said
    assert "verify.py" in said


@pytest.mark.parametrize(
    "more",
    [
        {"terms": ("x" * 20_000,)},
        {"title": "Ł" * 5_000},
        {"letters": (*SHEET.letters,) * 40},
        {"terms": ()},
        {"provider": Party(CITY + "a" * 2_000, "")},
    ],
    ids=["one long word", "a long title", "many messages", "no terms", "a long name"],
)
def test_it_is_one_page_whatever_is_on_it(tmp_path: Path, more: dict[str, Any]) -> None:
    assert "verify.py" in text(replace(SHEET, **more), "de", tmp_path)


def test_letters_that_the_fonts_lack_are_written_as_near_as_can_be(tmp_path: Path) -> None:
    said = text(replace(SHEET, title="Łódź, Žitava, Größe 5 €, 東京\x07"), "de", tmp_path)
    assert "Lódz, Žitava, Größe 5 €, ???" in said


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ((True, False), f"nicht unterschrieben von {UTILITY}"),
        ((False, True), f"nicht unterschrieben von {CITY}"),
        ((False, False), "von keiner Seite unterschrieben"),
    ],
)
def test_who_has_not_signed_is_named(tmp_path: Path, signed: tuple[bool, bool], said: str) -> None:
    letters = tuple(replace(row, signed=False) for row in SHEET.letters)
    shown = text(replace(SHEET, signed=signed, letters=letters), "de", tmp_path)
    assert said in shown
    assert shown.count("nicht unterschrieben") >= 4


def test_an_instant_is_that_of_berlin() -> None:
    assert written(AT, "de") == "21.11.2026, 07:50:43 Uhr (Normalzeit)"
    assert written(AT - 130 * 86_400_000_000, "en") == "14 July 2026, 08:50:43 CEST"
    assert written(1_774_746_000_000_000 - 1, "de").endswith("(Normalzeit)")
    assert written(1_774_746_000_000_000, "de") == "29.03.2026, 03:00:00 Uhr (Sommerzeit)"
