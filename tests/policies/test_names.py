"""Covers policies/names.py."""

from __future__ import annotations

import pytest

from policies.claims import Claim
from policies.model import Operator
from policies.names import Languages, Names, read_language, read_text

NAMES, LANGUAGES = Names(), Languages()


def test_a_name_is_itself() -> None:
    assert NAMES.holds(Operator.EQ, ("a",), "a") is True
    assert NAMES.holds(Operator.EQ, ("a",), "b") is False
    assert NAMES.holds(Operator.NEQ, ("a",), "b") is True
    assert NAMES.holds(Operator.IS_ANY_OF, ("a", "b"), "b") is True
    assert NAMES.holds(Operator.IS_NONE_OF, ("a", "b"), "b") is False
    assert NAMES.holds(Operator.IS_ALL_OF, ("a",), "a") is True
    assert NAMES.holds(Operator.IS_ALL_OF, ("a", "b"), "a") is False
    assert NAMES.holds(Operator.IS_A, ("a",), "a") is None
    assert NAMES.holds(Operator.EQ, ("a",), 1) is None


@pytest.mark.parametrize("text", ["", " a", "a ", "a\nb", "a\u200bb", "a" * 513])
def test_what_nobody_can_read_is_no_text(text: str) -> None:
    with pytest.raises(ValueError):
        read_text(text)


def test_a_text_may_be_long_and_have_blanks() -> None:
    assert read_text("a b") == "a b"
    assert read_text("a") == "a"
    assert len(read_text("a" * 512)) == 512


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("DE", "de"),
        ("de-at", "de-AT"),
        ("DE-at-VIENNA", "de-AT-vienna"),
        ("zh-hans-cn", "zh-hans-CN"),
        ("http://publications.europa.eu/resource/authority/language/DEU", "deu"),
        ("http://id.loc.gov/vocabulary/iso639-1/de", "de"),
        ("https://www.lexvo.org/id/iso639-3/deu", "deu"),
        ("http://lexvo.org/id/iso639-1/de", "de"),
        ("urn:klingon", "urn:klingon"),
        ("a" * 8, "a" * 8),
    ],
)
def test_a_language_has_one_spelling(text: str, tag: str) -> None:
    assert read_language(text) == tag
    assert read_language(tag) == tag


@pytest.mark.parametrize("text", ["", "d", "a" * 9, "de_AT", "de-" + "a" * 9, "-".join(["de"] + ["at"] * 8)])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_language(text)


@pytest.mark.parametrize(
    ("fact", "right", "belongs", "includes"),
    [
        ("de", "de", True, True),
        ("de-AT", "de", True, False),
        ("de", "de-AT", None, True),
        ("fr", "de", False, False),
        ("den", "de", False, False),
        ("de", "den", False, False),
        ("urn:a-b", "urn:a", False, False),
        ("urn:a", "urn:a", True, True),
    ],
)
def test_a_language_includes_those_that_begin_with_it(
    fact: str, right: str, belongs: bool | None, includes: bool | None
) -> None:
    assert LANGUAGES.holds(Operator.IS_A, (right,), fact) is belongs
    assert LANGUAGES.holds(Operator.IS_PART_OF, (right,), fact) is belongs
    assert LANGUAGES.holds(Operator.HAS_PART, (right,), fact) is includes
    assert LANGUAGES.holds(Operator.EQ, (right,), fact) is (fact == right)
    assert LANGUAGES.holds(Operator.NEQ, (right,), fact) is (fact != right)
    assert LANGUAGES.holds(Operator.IS_ALL_OF, (right,), fact) is (fact == right)
    assert LANGUAGES.holds(Operator.LT, (right,), fact) is None
    assert LANGUAGES.holds(Operator.IS_ANY_OF, (right, "xx"), fact) is (fact == right)
    assert LANGUAGES.holds(Operator.IS_NONE_OF, (right, "xx"), fact) is (fact != right)


def test_what_follows_from_names_and_languages() -> None:
    def claim(operator: Operator, right: str, holds: bool = True) -> Claim:
        return Claim("urn:x", operator, right, holds)

    assert NAMES.implies([claim(Operator.EQ, "a")], claim(Operator.EQ, "b", False))
    assert not NAMES.implies([claim(Operator.EQ, "a", False)], claim(Operator.EQ, "b"))
    assert not NAMES.possible([claim(Operator.EQ, "a"), claim(Operator.EQ, "b")])
    assert NAMES.possible([claim(Operator.EQ, "a", False), claim(Operator.EQ, "b", False)])
    assert NAMES.witness([claim(Operator.EQ, "a")]) == "a"
    german, austrian = claim(Operator.IS_A, "de"), claim(Operator.IS_A, "de-AT")
    assert LANGUAGES.implies([austrian], german)
    assert not LANGUAGES.implies([german], austrian)
    assert LANGUAGES.possible([german, claim(Operator.EQ, "de", False), claim(Operator.EQ, "de-AT", False)])
    assert LANGUAGES.possible([claim(Operator.IS_A, "de-AT-vienna", False), claim(Operator.IS_A, "de-AT")])
    assert not LANGUAGES.possible([claim(Operator.IS_A, "de-AT-vienna", False), claim(Operator.HAS_PART, "de-AT")])
    assert LANGUAGES.possible([claim(Operator.IS_A, "de", False), claim(Operator.EQ, "fr", False)])
    assert LANGUAGES.possible([austrian, claim(Operator.EQ, "de-AT", False)])
    assert LANGUAGES.possible([claim(Operator.HAS_PART, "de-AT"), claim(Operator.EQ, "de-AT", False)])
    assert not LANGUAGES.possible([german, claim(Operator.IS_A, "fr")])
    assert LANGUAGES.implies(
        [claim(Operator.HAS_PART, "de-AT"), claim(Operator.EQ, "de-AT", False)], claim(Operator.EQ, "de")
    )
