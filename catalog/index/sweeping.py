"""Taking out what is over: entries not seen for long, traces of what is gone, values that nobody has any more.

What lives here: the statements of one sweep. What does not: when it is done (the connector's federation).
"""

from __future__ import annotations

import sqlite3
from typing import Final

from catalog.index.writing import Writing

_USED: Final = " UNION ".join(f"SELECT {name} FROM card" for name in ("theme", "format", "licence", "access"))  # noqa: S608
_NOBODY: Final = (
    "NOT EXISTS (SELECT 1 FROM card WHERE card.source = party.party)"
    " AND NOT EXISTS (SELECT 1 FROM card WHERE card.party = party.party)"
    " AND did NOT IN (SELECT participant FROM standing)"
)
"""Who has no dataset and is not read: brokers may name whom they like."""
_MERGED: Final = 500
_HOUR: Final = 3_600_000_000
_WORDS_AT_ONCE: Final = 20_000


def forget(connection: sqlite3.Connection, participant: str) -> int:
    """Take out all that a participant told of, and how it was crawled; how many datasets that were."""
    entries = connection.execute(
        "SELECT entry FROM card WHERE source = (SELECT party FROM party WHERE did = ?)", (participant,)
    ).fetchall()
    connection.execute("DELETE FROM standing WHERE participant = ?", (participant,))
    connection.execute("DELETE FROM gone WHERE participant = ?", (participant,))
    connection.execute("UPDATE party SET seen = 0 WHERE did = ?", (participant,))
    return Writing(connection).drop(entry for (entry,) in entries)


def sweep(connection: sqlite3.Connection, now: int, seen: int, gone: int) -> int:
    """Take out what was last seen before `seen`, and the traces of what was gone before `gone`."""
    entries = connection.execute(
        "SELECT entry FROM card c JOIN party ON party.party = c.source WHERE c.seen < ? AND party.seen < ?",
        (seen, seen),
    ).fetchall()
    count = Writing(connection).drop(entry for (entry,) in entries)
    connection.execute("DELETE FROM gone WHERE at < ?", (gone,))
    connection.execute("DELETE FROM terms WHERE NOT EXISTS (SELECT 1 FROM offer o WHERE o.terms = terms.terms)")
    for table in ("mark", "kind"):
        connection.execute(f"DELETE FROM {table} WHERE kind NOT IN ({_USED})")  # noqa: S608
    connection.execute(f"DELETE FROM party WHERE {_NOBODY}")  # noqa: S608
    _forget_words(connection, now // _HOUR)
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (_MERGED,))
    return count


def _forget_words(connection: sqlite3.Connection, turn: int) -> None:
    """Words that nobody says any more: a part of the vocabulary, another one each turn."""
    (count,) = connection.execute("SELECT count(*) FROM vocabulary").fetchone()
    parts = count // _WORDS_AT_ONCE + 1
    words = connection.execute("SELECT id, word FROM vocabulary WHERE id % ? = ?", (parts, turn % parts)).fetchall()
    for id, word in words:
        if connection.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (f'"{word}"',)).fetchone() is None:
            connection.execute("INSERT INTO pieces (pieces, rowid, word) VALUES ('delete', ?, ?)", (id, word))
            connection.execute("DELETE FROM vocabulary WHERE id = ?", (id,))
