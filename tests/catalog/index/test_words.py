"""Spellings of one word are one, and different words are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.index.words import LONGEST, fold, spelled, stem, stems


@pytest.mark.parametrize(
    "same",
    [
        "Ladesäule Ladesäulen Ladesaeule LADESÄULEN Ladesaule",
        "Straße Strasse Straßen STRASSEN strasse",
        "Baum Bäume Bäumen Baeume Baumes",
        "Haus Häuser Häusern Hauses",
        "Spielplatz Spielplätze Spielplätzen",
        "Schule Schulen",
        "Wahl Wahlen",
        "Kita Kitas",
        "Bürgerin Bürgerinnen",
        "neu neue neuer neues neuem",
        "Verkehr Verkehrs Verkehre",
        "Wasser Wassers",
        "Radweg Radwege Radwegs Radweges",
        "station stations",
        "Café Cafe Cafés",
    ],
)
def test_forms_of_one_word_are_one(same: str) -> None:
    assert len({stem(fold(word)) for word in same.split()}) == 1


@pytest.mark.parametrize("different", ["Bau Baum", "Wal Wald", "Rad Rat", "Stadt Staat", "Markt Mark", "Haus Hase"])
def test_different_words_stay_different(different: str) -> None:
    assert len({stem(fold(word)) for word in different.split()}) == 2


def test_a_hyphen_joins_and_parts() -> None:
    assert spelled("E-Auto", 9) == {"auto": "E-Auto", "eauto": "E-Auto"}
    assert stems("Kfz-Zulassung", 9) == ["kfz", "zulassung", "kfzzulassung"]


def test_empty_words_are_left_out_and_the_rest_is_bounded() -> None:
    assert stems("Die Liste der Bäume und für die Straßen", 2) == ["list", "baum"]
    assert spelled("Die Liste der Bäume", 1) == {"list": "Liste"}


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = stems(text, 50)
    assert set(found) == set(spelled(text, 50)) or len(found) == 50
    assert all(0 < len(word) <= LONGEST and word.isalnum() for word in found)
