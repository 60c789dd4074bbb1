"""Words as they are looked for: spellings of one word made equal, endings taken off, words without meaning left out.

What lives here: folding, stems, reading a text into words. What does not: words of equal meaning (`synonyms`), words
within words (`vocabulary`).

German asks for more than a tokenizer knows: `ä`, `ae` and `a` are one, `ß` is `ss`, and so are the endings of cases and
plurals. The same is done to what is said and to what is asked, so that a wrong stem costs nothing but a hit too many.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

LONGEST: Final = 64
"""Signs of a word that count."""

_MARKS: Final = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_UMLAUTS: Final = re.compile("([ao])e|(?<![aeiouqy])(u)e")
_WORDS: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_PARTS: Final = re.compile("[-'’]")
_ENDINGS: Final = ("ern", "em", "er", "en", "es", "e")
_BEFORE_S: Final = frozenset("bdfghklmnrt")
_BEFORE_FOREIGN_S: Final = frozenset("aoy")

EMPTY: Final = frozenset(
    """aber als am an auch auf aus bei bis da dass dem den der des die dies diese dieser durch ein eine einem einen
    einer eines er es für hat ich im in ins ist mit nach nicht noch nur ob oder ohne per sein sich sie sind so sowie um
    über und unter vom von vor war was wegen wer wie wird wo zu zum zur zwischen
    and are as at by for from has if is it its not of on or that the this to was which with""".replace("ü", "u").split()
)
"""Words that say nothing of what a dataset is about, folded."""


def fold(text: str) -> str:
    """A text without what tells spellings apart: case, accents, umlauts in either spelling, invisible signs."""
    text = text.casefold()
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return _UMLAUTS.sub(r"\1\2", text)


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A folded word without the endings of cases and plurals. At least three signs stay."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    word = _first_ending(word)
    if len(word) >= 6 and word.endswith(("en", "er")):
        word = word[:-2]
    return word[:-1] if word.endswith("inn") else word


def _first_ending(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending):
            return word[: -len(ending)] if len(word) - len(ending) >= 3 else word
    if word[-1] == "s" and (word[-2] in _BEFORE_S or (len(word) > 4 and word[-2] in _BEFORE_FOREIGN_S)):
        return word[:-1]
    return word


def words(text: str) -> Iterator[tuple[str, str]]:
    """The words of a text, in its order: as folded, and as written. `E-Auto` is `auto` and `eauto`."""
    for found in _WORDS.finditer(text):
        written = found[0]
        parts = _PARTS.split(written)
        if len(parts) > 1:
            yield from ((folded, part) for part in parts if (folded := fold(part)[:LONGEST]) and len(folded) > 1)
            yield fold("".join(parts))[:LONGEST], written
        elif folded := fold(written)[:LONGEST]:
            yield folded, written


def stems(text: str, most: int) -> dict[str, str]:
    """The stems of a text's words, each once and in its order, with one word as it is written; empty words left out."""
    found: dict[str, str] = {}
    for folded, written in words(text):
        if folded not in EMPTY:
            found.setdefault(stem(folded), written)
            if len(found) >= most:
                break
    return found
