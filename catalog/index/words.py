"""Words as they are looked for: spellings of one word made equal, endings taken off, words without meaning left out.

What lives here: folding, stems, reading a text into words. What does not: words of equal meaning (`synonyms`), words
within words (`vocabulary`).

German asks for more than a tokenizer knows: `ä`, `ae` and `a` are one, `ß` is `ss`, and so are the endings of cases and
plurals. The same is done to what is said and to what is asked, so that a wrong stem costs nothing but a hit too many.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice
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
    """aber als am an auch auf aus bei bis da das dass dem den der des die dies diese dieser durch ein eine einem einen
    einer eines er es fuer für hat ich im in ins ist mit nach nicht noch nur ob oder ohne per sein sich sie sind so
    sowie um ueber über und unter vom von vor war was wegen wer wie wird wo zu zum zur zwischen
    and are as at by for from has if is it its not of on or that the this to was which with""".replace("ü", "u").split()
)
"""Words that say nothing of what a dataset is about, folded."""


def fold(text: str) -> str:
    """A text without what tells spellings apart: case, accents, invisible signs."""
    text = text.casefold()
    return text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", text))


def plain(word: str) -> str:
    """A folded word whose umlauts are spelled as one letter."""
    return _UMLAUTS.sub(r"\1\2", word)


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """A folded word, plain, and without the endings of cases and plurals. At least three signs stay."""
    word = plain(word)
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


def words(text: str) -> list[tuple[str, str]]:
    """The words of a text, in its order: as folded, and as written. `E-Auto` is `auto` and `eauto`."""
    folded, written = _WORDS.findall(fold(text)), _WORDS.findall(text)
    if len(folded) != len(written):  # a sign that folds into several words, or into none
        written = folded
    if _PARTS.search(text) is None and _PARTS.search("".join(folded)) is None:  # nothing is joined
        return [(word[:LONGEST], whole) for word, whole in zip(folded, written, strict=True)]
    return [(word, whole) for joined, whole in zip(folded, written, strict=True) for word in _split(joined)]


def _split(word: str) -> tuple[str, ...]:
    """A word, or those that a hyphen joins and the joined one."""
    if word.isalnum():
        return (word if len(word) <= LONGEST else word[:LONGEST],)
    parts = _PARTS.split(word)
    return (*(part[:LONGEST] for part in parts if len(part) > 1), "".join(parts)[:LONGEST])


def spelled(text: str, most: int) -> dict[str, str]:
    """The stems of a text's words, each once and in its order, with one word as it is written; empty words left out."""
    found: dict[str, str] = {}
    for folded, written in words(text):
        if folded not in EMPTY:
            found.setdefault(stem(folded), written)
    return found if len(found) <= most else dict(islice(found.items(), most))


def stems(text: str, most: int) -> list[str]:
    """The stems of a text's words, each once and in its order; empty words left out."""
    folded = dict.fromkeys(_WORDS.findall(fold(text)))
    if "-" in text or "'" in text or "’" in text:
        folded = dict.fromkeys(word for joined in folded for word in _split(joined))
    found = dict.fromkeys([stem(word[:LONGEST]) for word in folded if word not in EMPTY])
    return list(islice(found, most))
