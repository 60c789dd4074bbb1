"""Tests of certs.words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import words
from certs.words import WordsError

EXAMPLE = words.fingerprint(["one", "two"])


def test_words_are_the_proposals_proquints() -> None:
    """arXiv:0901.4016: 127.0.0.1 is lusab-babad, 63.84.220.193 is gutih-tugad."""
    assert [words._word(bits) for bits in (0x7F00, 0x0001, 0x3F54, 0xDCC1)] == ["lusab", "babad", "gutih", "tugad"]


def test_every_sixteen_bits_have_a_word_of_their_own() -> None:
    assert len({words._word(bits) for bits in range(65_536)}) == 65_536


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    assert words.fingerprint(["two", "one"]) == EXAMPLE == "-".join(EXAMPLE.split("-"))
    assert len(EXAMPLE.split("-")) == words.WORDS
    assert words.fingerprint(["one"]) != EXAMPLE != words.fingerprint(["one", "two", "three"])


@given(st.data())
def test_people_may_spell_it_as_they_like(data: st.DataObject) -> None:
    between = st.sampled_from([" ", "-", " - ", "\n", ", ", "–", "  ", "\t", "."])
    text = ""
    for word in EXAMPLE.split("-"):
        text += data.draw(st.sampled_from([word, word.upper(), word.title()])) + data.draw(between)
    assert words.parse(text) == EXAMPLE
    assert words.same(text, EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ".join(EXAMPLE.split("-")[:7]),
        EXAMPLE + "-lusab",
        EXAMPLE.replace("-", ""),
        EXAMPLE[:-1],
        EXAMPLE[:-1] + "c",
        EXAMPLE[:-5] + "lusеb",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(WordsError):
        words.parse(text)


def test_the_first_wrong_word_is_named() -> None:
    with pytest.raises(WordsError) as caught:
        words.parse("lusab quick babad")
    assert caught.value.word == "quick"


def test_another_fingerprint_is_not_the_same() -> None:
    assert not words.same(words.fingerprint(["other"]), EXAMPLE)
