"""Fingerprints that people can read to each other: proquints of a hash over a node's keys.

What lives here: from key thumbprints to eight words and back (Wilkerson, "A Proposal for Proquints", arXiv:0901.4016:
16 bits are five letters, consonant-vowel-consonant-vowel-consonant). What does not: where thumbprints come from.

Eight words are the first 128 bits of SHA-256 over the sorted RFC 7638 thumbprints, joined by newlines: to find other
keys with the same words takes about 2^128 attempts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest

WORDS = 8

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORD = re.compile(f"[{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}]")
_BETWEEN = re.compile(r"[\s\-‐‑–_.,;:]+")


class WordsError(Exception):
    """A text that is not a fingerprint of eight words; `word` is the first that cannot be one, or empty where it is
    their number."""

    def __init__(self, word: str = "") -> None:
        super().__init__(word or "number of words")
        self.word = word


def fingerprint(thumbprints: Iterable[str]) -> str:
    """The words of a set of keys, whatever their order: `lusab-babad-...`."""
    digest = sha256("\n".join(sorted(set(thumbprints))).encode()).digest()
    return "-".join(_word(int.from_bytes(digest[at : at + 2])) for at in range(0, 2 * WORDS, 2))


def _word(bits: int) -> str:
    """One proquint: 4, 2, 4, 2 and 4 bits from the top."""
    return (
        _CONSONANTS[bits >> 12]
        + _VOWELS[bits >> 10 & 3]
        + _CONSONANTS[bits >> 6 & 15]
        + _VOWELS[bits >> 4 & 3]
        + _CONSONANTS[bits & 15]
    )


def parse(text: str) -> str:
    """A fingerprint as a person wrote it, in the spelling of `fingerprint`.

    Case, spaces, line breaks, dashes and other marks between the words do not matter. Raises `WordsError`.
    """
    words = [word for word in _BETWEEN.split(text.strip().lower()) if word]
    for word in words:
        if not _WORD.fullmatch(word):
            raise WordsError(word[:32])
    if len(words) != WORDS:
        raise WordsError
    return "-".join(words)


def same(written: str, fingerprint: str) -> bool:
    """Whether a person's text names this fingerprint; in constant time once it is well-formed. Raises `WordsError`."""
    return compare_digest(parse(written), fingerprint)
