"""Covers policies/saying.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import saying, vocabulary
from policies.operands import DATE_TIME, PURPOSE, SPATIAL
from policies.places import GEOCODING

LANGS = ("de", "en")


@given(st.text(), st.sampled_from(LANGS))
def test_any_name_reads_back_and_shows_nothing_invisible(text: str, lang: str) -> None:
    said = saying.name(text, lang)
    assert saying.unname(said) == text
    assert said.isprintable()


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(LANGS))
def test_two_values_are_never_said_alike(one: str, other: str, lang: str) -> None:
    for left in (DATE_TIME, PURPOSE, SPATIAL, "urn:x"):
        assert (one == other) == (saying.value(left, one, lang) == saying.value(left, other, lang))


@given(st.integers(-62_000_000_000_000_000, 250_000_000_000_000_000), st.sampled_from(LANGS))
def test_every_instant_reads_back(at: int, lang: str) -> None:
    assert saying.hear(DATE_TIME, saying.value(DATE_TIME, str(at), lang), lang) == str(at)


@given(st.dates().filter(lambda day: day.year >= 1000), st.sampled_from(LANGS))
def test_every_day_reads_back(day: object, lang: str) -> None:
    assert saying.hear(DATE_TIME, saying.value(DATE_TIME, str(day), lang), lang) == str(day)


@pytest.mark.parametrize("lang", LANGS)
def test_every_term_of_a_vocabulary_has_a_word_of_its_own(lang: str) -> None:
    said = {iri: saying.called(iri, lang) for iri in vocabulary.names()}
    assert len(set(said.values())) == len(said)
    assert all(saying.uncalled(text, lang) == iri for iri, text in said.items())
    assert all(saying.unaction(saying.action(iri, lang), lang) == iri for iri in vocabulary.ACTIONS)
    assert all(":" not in saying.action(iri, lang) for iri in vocabulary.ACTIONS)


@pytest.mark.parametrize(
    ("canonical", "german", "english"),
    [
        ("PT15M", "15 Minuten", "15 minutes"),
        ("P1M", "1 Monat", "1 month"),
        ("P30D", "30 Tage", "30 days"),
        ("PT1H", "1 Stunde", "1 hour"),
        ("P0D", "0 Tage", "0 days"),
        ("P1DT12H", "1 Tag und 12 Stunden", "1 day and 12 hours"),
        ("P2Y6M", "2 Jahre und 6 Monate", "2 years and 6 months"),
        ("PT0.5S", "0,5 Sekunden", "0.5 seconds"),
        ("P1Y1Y", "P1Y1Y", "P1Y1Y"),
        ("P1MT", "P1MT", "P1MT"),
        ("PT015M", "PT015M", "PT015M"),
        ("-P1D", "-P1D", "-P1D"),
    ],
)
def test_a_period_in_words(canonical: str, german: str, english: str) -> None:
    for lang, said in (("de", german), ("en", english)):
        assert saying.duration(canonical, lang) == said
        assert saying.unduration(said, lang) == canonical


@pytest.mark.parametrize(
    "text", ["30 Tag", "1 Tage", "dreißig Tage", "³ Tage", "", "30 Tage 2 Stunden", "2 Stunden und 30 Tage"]
)
def test_what_is_no_period_is_none(text: str) -> None:
    assert saying.unduration(text, "de") is None


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2027 (ganzer Tag, Europe/Berlin)",
        "28.03.2027 02:30:00 Uhr (Europe/Berlin)",
        "1.2.2027 (ganzer Tag, Europe/Berlin)",
    ],
)
def test_a_day_or_an_hour_that_there_is_not_is_not_heard(text: str) -> None:
    assert saying.hear(DATE_TIME, text, "de") is None


def test_the_hour_that_comes_twice_is_said_apart() -> None:
    first, second = "1792886400000000", "1792890000000000"
    assert saying.value(DATE_TIME, first, "de") == "25.10.2026 02:00:00 Uhr (Europe/Berlin)"
    assert saying.value(DATE_TIME, second, "de") == "25.10.2026 02:00:00 Uhr (Europe/Berlin, Winterzeit)"
    assert saying.value(DATE_TIME, second, "en") == "25 October 2026 02:00:00 (Europe/Berlin, winter time)"


def test_a_place_is_said_by_what_it_is() -> None:
    assert saying.called(GEOCODING + "districtKey/05515", "de") == "Kreis 05515"
    assert saying.uncalled("district 05515", "en") == GEOCODING + "districtKey/05515"
    assert saying.uncalled("Kreis 0551", "de") is None
    assert saying.called(GEOCODING + "stateKey/05", "de") == "Nordrhein-Westfalen (Land 05)"
