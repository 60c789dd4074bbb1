"""How well a record fits what was asked.

What lives here: the points of one record. What does not: which records are judged (`searching`).

INVARIANT: points depend on the question and the record alone, not on the hour and not on other records: so a page goes
on where the one before it ended, whatever was written in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from catalog.index.asking import Asked

_TITLE, _FIRST, _KEYS, _TEXT, _COVERED, _SCORE = 100.0, 10.0, 40.0, 10.0, 30.0, 5.0
_DOUBTFUL: Final = -40.0


def points(question: Sequence[Asked], title: str, keys: str, score: int, doubtful: bool) -> int:
    """The points of a record by the stems of its title and of its keywords and names. What is in neither is in its
    text. A short title that is all about what was asked counts more than a long one."""
    titled, filed = title.split(" "), keys.split(" ")
    total = covered = 0.0
    for one in question:
        counts = one.counts
        best = max([counts.get(word, 0.0) for word in titled])
        if best:
            covered += best
            total += _TITLE * best + (_FIRST * best if titled[0] in counts else 0.0)
        else:
            best = max([counts.get(word, 0.0) for word in filed])
            total += _KEYS * best if best else _TEXT
    total += _COVERED * covered / len(titled) + _SCORE * score / 100 + (_DOUBTFUL if doubtful else 0.0)
    return round(total * 100)
