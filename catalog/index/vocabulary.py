"""The words that titles and keywords are made of: what a question's words are compounds of, or like.

What lives here: looking into the vocabulary. What does not: filling it (`writing`).

German builds words of words: who asks for `baum` wants the `Baumkataster`. So the parts of words are looked for among
the different words, of which there are far fewer than texts, and what is found is looked for beside the word itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec

from catalog.index import synonyms
from catalog.index.asking import HEAD, LIKE, MEANT, MEANT_PART, PART, WITHIN, Asked
from catalog.index.words import fold, plain, stem

COMPOUNDS, SHOWN, SUGGESTED = 48, 8, 10
"""Words that are looked for besides, that are told of, and that are suggested."""
_LOOKED_AT: Final = 400
_NEAR: Final = 2_000
_PART: Final = 5


def widen(connection: sqlite3.Connection, one: Asked) -> tuple[Asked, dict[str, str]]:
    """A word with what counts as it, and how those are spelled that count most."""
    counts, spelled = dict(one.counts), {}
    for other in synonyms.of(one.stem):
        key = synonyms.stem_of(other)
        counts.setdefault(key, MEANT)
        spelled[key] = other
    meant = [key for key in counts if key != one.stem]
    for part, folded, weights in (
        (one.stem, one.folded, (HEAD, PART, WITHIN)),
        *((key, key, (MEANT_PART,) * 3) for key in meant if len(key) >= 4),
    ):
        for word, written in _holding(connection, part):
            weight = _weight(part, folded, word, weights)
            if weight and weight > counts.get(word, 0.0) and len(counts) < COMPOUNDS:
                counts[word] = weight
                spelled[word] = written
    return Asked(one.stem, one.folded, counts), spelled


def _weight(part: str, folded: str, word: str, weights: tuple[float, float, float]) -> float:
    """How much a compound counts; 0 where it is none."""
    more = len(word) - len(part)
    if more < (4 if len(part) < 4 else 3):
        return 0.0
    if word.endswith(part):
        return weights[0]
    if word.startswith(part):
        return weights[1]
    return weights[2] if len(part) >= 5 or (len(part) == 4 and more >= 6) or folded in word else 0.0


def _holding(connection: sqlite3.Connection, part: str) -> Iterator[tuple[str, str]]:
    """Words that hold a part, short ones first."""
    if len(part) >= 3:
        yield from connection.execute(
            "SELECT word, spelled FROM vocabulary WHERE id IN (SELECT rowid FROM pieces WHERE pieces MATCH ? LIMIT ?)"
            " ORDER BY length(word)",
            (f'"{part}"', _LOOKED_AT),
        ).fetchall()


def near(connection: sqlite3.Connection, one: Asked) -> tuple[Asked, dict[str, str]]:
    """A word that is nowhere, with those that come near it: spelled much like it, else what it begins and ends with
    where it is a compound that nobody else uses."""
    spelled = _like(connection, one.stem) or _parts(connection, one.stem)
    return Asked(one.stem, one.folded, {**one.counts, **dict.fromkeys(spelled, LIKE)}), spelled


def _like(connection: sqlite3.Connection, stem: str) -> dict[str, str]:
    """Words a letter more, less or other away, or two that changed places; two such slips away in long words."""
    most = 1 if len(stem) < 9 else 2
    if len(stem) < 5:
        return {}
    found = connection.execute(
        "SELECT word, spelled FROM vocabulary WHERE id IN (SELECT rowid FROM pieces WHERE pieces MATCH ? LIMIT ?)"
        " AND length(word) BETWEEN ? AND ?",
        (_unharmed(stem, most + 1), _NEAR, len(stem) - most, len(stem) + most),
    ).fetchall()
    return {word: written for word, written in found if distance(stem, word, most) <= most}


def _parts(connection: sqlite3.Connection, stem: str) -> dict[str, str]:
    """The longest words that a word begins and ends with."""
    found: dict[str, str] = {}
    sizes = range(_PART, len(stem) - 2)
    for parts in ([stem[:size] for size in sizes], [stem[-size:] for size in sizes]):
        longest = connection.execute(
            "SELECT word, spelled FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))"
            " ORDER BY length(word) DESC LIMIT 1",
            (msgspec.json.encode(parts).decode(),),
        ).fetchall()
        found |= dict(longest)
    return found


def _unharmed(word: str, parts: int) -> str:
    """Pieces of which one is whole, however the word was slipped with: each slip harms one of so many parts, and a
    letter of the next where two changed places."""
    cuts = [len(word) * at // parts for at in range(parts + 1)]
    pieces = [word[start + (start > 0) : end] for start, end in pairwise(cuts)]
    return " OR ".join(
        f'"{piece if len(piece) >= 3 else word[max(0, cut - 3) : max(3, cut)]}"'
        for piece, cut in zip(pieces, cuts[1:], strict=True)
    )


def distance(one: str, other: str, most: int) -> int:
    """How many letters have to be put in, left out, changed, or changed places, to make one word of another; more than
    `most` where it is more than that (Damerau, "optimal string alignment")."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, sign in enumerate(other, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != sign))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == sign:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def suggest(connection: sqlite3.Connection, prefix: str) -> tuple[str, ...]:
    """Words that begin so, as they are written, short ones first."""
    begun = plain(fold(prefix.strip()))[:64]
    if not begun or not begun.isalnum():
        return ()
    for lead in dict.fromkeys((begun, stem(begun))):
        found = connection.execute(
            "SELECT spelled FROM vocabulary WHERE word >= ? AND word < ? ORDER BY length(word), word LIMIT ?",
            (lead, lead + "\U0010ffff", SUGGESTED),
        ).fetchall()
        if found:
            return tuple(msgspec.convert([row[0] for row in found], list[str]))
    return ()
