"""Covers policies/measures.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import durations, measures, saying
from policies.grains import KEYS
from policies.operands.municipal import DAY_OF_WEEK, HOUR_OF_DAY, REQUEST_RATE, SEASON_OF_YEAR
from policies.operands.parameters import SPATIAL_RESOLUTION, TEMPORAL_RESOLUTION

LANGS = ("de", "en")
HOURS = st.one_of(
    st.integers(0, 23).map(str), st.times().map(lambda at: f"{at:%H:%M}"), st.times().map(lambda at: f"{at:%H:%M:%S}")
)
DAYS = st.dates().map(lambda day: f"{day:%m-%d}")
WEEK = st.integers(1, 7).map(str)


def ranges(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(one, st.tuples(one, one).map("/".join))


VALUES = st.one_of(
    st.tuples(st.just(HOUR_OF_DAY), ranges(HOURS)),
    st.tuples(st.just(DAY_OF_WEEK), ranges(WEEK)),
    st.tuples(st.just(SEASON_OF_YEAR), ranges(DAYS)),
    st.tuples(
        st.just(REQUEST_RATE),
        st.tuples(st.integers(0, 10**9 - 1).map(str), st.sampled_from(("PT1H", "P1D", "PT15M", "PT0.5S"))).map(
            "/".join
        ),
    ),
    st.tuples(
        st.just(SPATIAL_RESOLUTION),
        st.one_of(
            st.sampled_from(KEYS), st.integers(0, 15).map(lambda n: f"h3:{n}"), st.integers(1, 10**20 - 1).map(str)
        ),
    ),
    st.tuples(
        st.just(TEMPORAL_RESOLUTION),
        st.tuples(st.integers(0, 1200), st.integers(0, 10**12)).map(lambda length: durations.write(length)),
    ),
)


@given(VALUES, st.sampled_from(LANGS))
def test_every_quantity_is_said_in_words_and_reads_back(value: tuple[str, str], lang: str) -> None:
    left, canonical = value
    said = saying.value(left, canonical, lang)
    assert saying.hear(left, said, lang) == canonical
    assert lang == "en" or said != canonical


@given(st.sampled_from((HOUR_OF_DAY, DAY_OF_WEEK, SEASON_OF_YEAR, REQUEST_RATE, SPATIAL_RESOLUTION)), st.text())
def test_any_text_is_heard_as_what_is_said_like_it_or_not_at_all(left: str, text: str) -> None:
    for lang in LANGS:
        heard = saying.hear(left, text, lang)
        assert heard is None or saying.value(left, heard, lang) == text
        assert saying.hear(left, saying.value(left, text, lang), lang) == text


@pytest.mark.parametrize(
    ("left", "canonical", "german", "english"),
    [
        (HOUR_OF_DAY, "22:00/06:00", "22:00 Uhr bis 06:00 Uhr", "22:00 to 06:00"),
        (HOUR_OF_DAY, "17", "17 Uhr (die ganze Stunde)", "17 o'clock (the whole hour)"),
        (DAY_OF_WEEK, "1/5", "Montag bis Freitag", "Monday to Friday"),
        (SEASON_OF_YEAR, "11-01/03-31", "1. November bis 31. März", "1 November to 31 March"),
        (REQUEST_RATE, "100/PT1H", "100 je Stunde", "100 per hour"),
        (REQUEST_RATE, "1/PT15M", "1 je 15 Minuten", "1 per 15 minutes"),
        (SPATIAL_RESOLUTION, "1", "1 Meter", "1 metre"),
        (SPATIAL_RESOLUTION, "0.5", "0,5 Meter", "0.5 metres"),
        (SPATIAL_RESOLUTION, "h3:8", "Stufe 8 (von H3)", "level 8 (of H3)"),
        (SPATIAL_RESOLUTION, "district", "Kreis", "district"),
        (TEMPORAL_RESOLUTION, "P1MT12H", "1 Monat und 12 Stunden", "1 month and 12 hours"),
    ],
)
def test_how_quantities_are_said(left: str, canonical: str, german: str, english: str) -> None:
    assert saying.value(left, canonical, "de") == german
    assert saying.value(left, canonical, "en") == english


@pytest.mark.parametrize("text", ["1 Stunden", "2 Stunde", "1 Stunde und 1 Tag", "01 Tage", "1,5 Tage", ""])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert measures.undone(text, 0) is None or saying.unduration(text, "de") is None
