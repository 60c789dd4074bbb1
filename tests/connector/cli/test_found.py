"""connector/cli/found.py: codes of licences as people say them (the rest of what is found: `test_searching`)."""

from __future__ import annotations

import pytest

from connector.cli import found
from connector.cli.words import speak


@pytest.mark.parametrize(
    ("code", "lang", "said"),
    [
        ("other-closed", "de", "nur zu seinen Bedingungen"),
        ("other-closed", "en", "only under its terms"),
        ("dl-by-de/2.0", "de", "dl-by-de/2.0"),
        ("\x1b[31mx", "en", "\\u001b[31mx"),
        ("", "de", ""),
    ],
)
def test_a_licence_in_words(code: str, lang: str, said: str) -> None:
    speak(lang)
    assert found.licence(code) == said
