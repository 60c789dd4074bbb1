"""connector/cli/found.py: codes of licences as people say them (the rest of what is found: `test_searching`)."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from connector.cli import found
from connector.cli.words import Language, speak


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
def test_a_licence_in_words(code: str, lang: Language, said: str) -> None:
    def told() -> str:
        speak(lang)
        return found.licence(code)

    assert copy_context().run(told) == said
