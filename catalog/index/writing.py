"""Writing rows into the tables, and taking them out again, within one transaction that somebody else has begun.

What lives here: the statements of one transaction. What does not: what a row is (`rows`), which rows are written when
(`crawling`).

A dataset is known once: what its participant says of it stands in place of what a broker says, and what one broker says
stays while it says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import zstandard

from catalog.index.file import DamagedError
from catalog.index.forms import Standing
from catalog.index.rows import Row

TRACES: Final = 10_000
"""Datasets that went, remembered of one participant."""
_SHARE: Final = 4


class Writing:
    """One transaction. Ids that it has looked up are good as long as it lasts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._do = connection.execute
        self._parties: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._terms: dict[str, int] = {}
        self._words: set[str] = set()

    def put(self, source: str, row: Row) -> None:
        """Write a row that `source` told of, in place of an older one."""
        told, party = self._party(source), self._party(row.participant)
        old = self._one("SELECT entry, source FROM known WHERE id = ? AND party = ?", row.id, party)
        if old is not None and old[1] != told and told != party:
            return
        if old is not None:
            self._take_out(old[0])
        self._do("DELETE FROM gone WHERE id = ? AND participant = ?", (row.id, row.participant))
        self._write(None if old is None else old[0], told, party, row)

    def keep(self, source: str, id: str, seen: int) -> None:
        """A dataset was seen again as it is."""
        self._do(
            "UPDATE card SET seen = max(seen, ?) WHERE entry IN (SELECT entry FROM known WHERE id = ? AND source = ?)",
            (seen, id, self._party(source)),
        )

    def gone(self, source: str, id: str, at: int) -> None:
        """A dataset is told of no longer. That it was is remembered."""
        found = self._do(
            "SELECT entry, did FROM known JOIN party USING (party) WHERE id = ? AND source = ?",
            (id, self._party(source)),
        ).fetchall()
        for entry, did in found:
            self.drop([entry])
            self._do("INSERT OR REPLACE INTO gone VALUES (?, ?, ?)", (id, did, at))

    def standing(self, standing: Standing) -> None:
        """What is known of crawling a participant. When it was seen, all that it told of was."""
        party = self._party(standing.participant)
        self._do("UPDATE party SET seen = ? WHERE party = ?", (standing.seen or 0, party))
        body = msgspec.msgpack.encode(standing)
        self._do("INSERT OR REPLACE INTO standing VALUES (?, ?)", (standing.participant, body))

    def drop(self, entries: Iterable[int]) -> int:
        """Take entries out for good; how many."""
        count = 0
        for entry in entries:
            self._take_out(entry)
            count += 1
        return count

    def _write(self, entry: int | None, source: int, party: int, row: Row) -> None:
        entry = self._do(
            "INSERT INTO card VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry, source, party, row.trust, *map(self._kind, row.sets), row.modified, row.due, row.changed,
                row.seen, row.hvd, row.score, *row.extent,
            ),
        ).lastrowid  # fmt: skip
        assert entry is not None
        self._do("INSERT INTO known VALUES (?, ?, ?, ?, ?)", (entry, row.id, party, source, row.digest))
        self._weigh(source, len(row.body), row.title, row.keys, row.text)
        self._do("INSERT INTO body VALUES (?, ?)", (entry, row.body))
        self._do(
            "INSERT INTO said VALUES (?, ?, ?, ?, ?)", (entry, row.title, row.keys, row.text, " ".join(row.places))
        )
        self._do(
            "INSERT INTO words (rowid, title, keys, text) VALUES (?, ?, ?, ?)", (entry, row.title, row.keys, row.text)
        )
        self._many("INSERT INTO place VALUES (?, ?)", [(key, entry) for key in row.places])
        self._many(
            "INSERT INTO area VALUES (?, ?, ?, ?, ?)", [(entry * 2 + at, *box) for at, box in enumerate(row.boxes)]
        )
        self._many("INSERT INTO offer VALUES (?, ?)", [(entry, self._term(*terms)) for terms in row.terms])
        self._learn(row.words)

    def _take_out(self, entry: int) -> None:
        said = self._one("SELECT title, keys, text, places FROM said WHERE entry = ?", entry)
        if said is None:
            raise DamagedError("an entry has no words")
        *columns, places = said
        told = self._one("SELECT source, length(body) FROM card JOIN body USING (entry) WHERE entry = ?", entry)
        if told is not None:
            self._weigh(told[0], told[1], *columns, gone=True)
        self._do("INSERT INTO words (words, rowid, title, keys, text) VALUES ('delete', ?, ?, ?, ?)", (entry, *columns))
        self._many("DELETE FROM place WHERE key = ? AND entry = ?", [(key, entry) for key in places.split()])
        self._do("DELETE FROM area WHERE id IN (?, ?)", (entry * 2, entry * 2 + 1))
        for table in ("offer", "said", "body", "known", "card"):
            self._do(f"DELETE FROM {table} WHERE entry = ?", (entry,))  # noqa: S608

    def weight(self, source: str) -> int:
        """How much room is taken by what a participant has told of, in bytes, about."""
        return self._id("SELECT weight FROM party WHERE party = ?", self._party(source))

    def forget_gone(self, source: str) -> None:
        """Of what is there no longer, remember of a participant's only what went last."""
        self._do(
            "DELETE FROM gone WHERE participant = ?1 AND at <="
            " (SELECT at FROM gone WHERE participant = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)",
            (source, TRACES),
        )

    def _weigh(self, source: int, body: int, *words: str, gone: bool = False) -> None:
        """Words are in several tables, and in parts."""
        room = body + _SHARE * sum(map(len, words))
        self._do("UPDATE party SET weight = weight + ? WHERE party = ?", (-room if gone else room, source))

    def _party(self, did: str) -> int:
        found = self._parties.get(did)
        if found is None:
            self._do("INSERT OR IGNORE INTO party (did) VALUES (?)", (did,))
            found = self._parties[did] = self._id("SELECT party FROM party WHERE did = ?", did)
        return found

    def _kind(self, marks: str) -> int:
        found = self._kinds.get(marks)
        if found is None:
            if self._do("INSERT OR IGNORE INTO kind (marks) VALUES (?)", (marks,)).rowcount:
                kind = self._id("SELECT kind FROM kind WHERE marks = ?", marks)
                self._many("INSERT INTO mark VALUES (?, ?)", [(kind, value) for value in msgspec.json.decode(marks)])
            found = self._kinds[marks] = self._id("SELECT kind FROM kind WHERE marks = ?", marks)
        return found

    def _term(self, digest: str, document: bytes) -> int:
        found = self._terms.get(digest)
        if found is None:
            self._do(
                "INSERT OR IGNORE INTO terms (digest, document) VALUES (?, ?)",
                (digest, zstandard.ZstdCompressor().compress(document)),
            )
            found = self._terms[digest] = self._id("SELECT terms FROM terms WHERE digest = ?", digest)
        return found

    def _learn(self, words: dict[str, str]) -> None:
        """Words that others may be part of, so that they are found by their parts."""
        for word, spelled in words.items():
            if word not in self._words:
                self._words.add(word)
                written = self._do("INSERT OR IGNORE INTO vocabulary (word, spelled) VALUES (?, ?)", (word, spelled))
                if written.rowcount:
                    self._do("INSERT INTO pieces (rowid, word) VALUES (?, ?)", (written.lastrowid, word))

    def _id(self, sql: str, *parameters: Any) -> int:
        found = self._one(sql, *parameters)
        if found is None:
            raise DamagedError("a row that was written is not there")
        return int(found[0])

    def _one(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._do(sql, parameters).fetchone()
        return found

    def _many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._connection.executemany(sql, rows)
