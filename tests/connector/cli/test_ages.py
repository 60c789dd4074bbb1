"""Ages and trust in words, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.index.forms import Origin, Trust
from connector.cli import ages
from connector.cli.words import speak

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND
DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (0, "just now", "gerade eben"),
        (59, "just now", "gerade eben"),
        (60, "1 minute ago", "vor 1 Minute"),
        (3 * 3_600 + 59, "3 hours ago", "vor 3 Stunden"),
        (DAY, "1 day ago", "vor 1 Tag"),
        (29 * DAY, "29 days ago", "vor 29 Tagen"),
        (61 * DAY, "2 months ago", "vor 2 Monaten"),
        (800 * DAY, "2 years ago", "vor 2 Jahren"),
        (-5, "in the future", "in der Zukunft"),
    ],
)
def test_age(seconds: int, english: str, german: str) -> None:
    speak("en")
    assert ages.age(NOW - seconds * SECOND, NOW) == english
    speak("de")
    assert ages.age(NOW - seconds * SECOND, NOW) == german
    speak("en")


def test_what_never_was() -> None:
    assert ages.age(None, NOW) == "never"


@pytest.mark.parametrize(("seconds", "said"), [(-3, "now"), (40, "in 40 s"), (120, "in 2 minutes")])
def test_ahead(seconds: int, said: str) -> None:
    assert ages.ahead(NOW + seconds * SECOND, NOW) == said


@pytest.mark.parametrize(("words", "values"), [(ages.trust, Trust), (ages.origin, Origin)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_there_is_a_word_for_each(words: Any, values: Any, language: Any) -> None:
    speak(language)
    assert all(words(one.value) != one.value for one in values)
    speak("en")


def test_a_broker_is_named() -> None:
    assert ages.origin("broker", "did:web:b.example") == "through a broker did:web:b.example"
