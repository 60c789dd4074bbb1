"""The words of a question, each with all that counts as it, and how much: spellings, compounds, words of equal meaning.

What lives here: asked words and the full-text expression of them. What does not: which words there are (`vocabulary`),
the order of hits (`ranking`). Source: SQLite "FTS5", "Full-text Query Syntax".

INVARIANT: nothing of what was asked goes into an expression but letters and digits within quotation marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

from msgspec import Struct

from catalog.index.words import EMPTY, plain, stem, words

MOST: Final = 8
"""Words of one question that count."""
_LONGEST: Final = 2_048
SAME, HEAD, MEANT, PART, WITHIN, MEANT_PART, LIKE = 1.0, 0.8, 0.7, 0.65, 0.5, 0.45, 0.4
"""How much a word counts for the one that was asked for: itself; a compound of which it is the last part (a plane tree
is a tree); one of equal meaning; a compound that begins with it, or holds it; a compound of one of equal meaning; one
that is spelled much like it."""


class Asked(Struct, frozen=True):
    """One word of a question: `stem` is looked for, `folded` is what was typed; `counts` how much each stem counts."""

    stem: str
    folded: str
    counts: Mapping[str, float]


def asked(text: str) -> tuple[Asked, ...] | None:
    """The words of a question, without the empty ones. None where it has text, but no word to look for."""
    found: dict[str, str] = {}
    for _, pairs in groupby(words(text[:_LONGEST]), key=itemgetter(1)):
        for folded in _looked_for([word for word, _ in pairs]):
            found.setdefault(stem(folded), plain(folded))
    if not found and text.strip():
        return None
    return tuple(Asked(one, folded, {one: SAME}) for one, folded in islice(found.items(), MOST))


def _looked_for(joined: list[str]) -> list[str]:
    """Of words that a hyphen joins the parts, if these say something (`Kfz-Zulassung`), else the whole (`E-Auto`)."""
    *parts, whole = joined
    return parts if len(parts) > 1 else [whole] if whole not in EMPTY else []


def expression(question: Sequence[Asked], columns: str = "", *, every: bool = True) -> str:
    """What full-text search is asked: each word, or one of those that count as it, in these columns."""
    groups = ["(" + " OR ".join(f'"{word}"' for word in one.counts) + ")" for one in question]
    joined = (" AND " if every else " OR ").join(groups)
    return f"{{{columns}}} : ({joined})" if columns else joined
