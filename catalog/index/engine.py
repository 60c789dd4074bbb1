"""The index: what was seen of others' catalogues and of this node's own, to be searched.

What lives here: the way in for those who fill the index and for those who ask it; connections; what to do about a
damaged file. What does not: tables (`file`), statements (the other modules). All of it blocks: call it in a thread.

One thread writes at a time; readers have connections of their own and see the state that was when they began.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

import msgspec

from catalog.index import searching, sweeping, vocabulary
from catalog.index.crawling import Crawl, expand, unpack
from catalog.index.file import FAILURES, IndexFileError, connect, grave, prepare, throw_away
from catalog.index.forms import Entry, Found, Query, Standing
from catalog.index.pages import PageError

T = TypeVar("T")
READERS: Final = 4
"""Connections that are kept for the next question."""
_TELLING: Final = 8
"""Characters at the end of an id that are enough wherever they begin."""
_SEVERAL: Final = 50
_TERMS_AT_ONCE: Final = 500


class Index:
    """One file. `lost` counts how often it was found damaged and begun anew: then it has to be filled again."""

    def __init__(self, path: Path, *, new: bool) -> None:
        self._path = path
        self._writing = Lock()
        self._lock = Lock()
        self._readers: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._age = 0
        self._numbers = count(1)
        self.new = new
        self.lost = 0

    @classmethod
    def open(cls, path: Path) -> Index:
        """The index in a file; empty (`new`) where there is none, or none that can be used. Raises `IndexFileError`."""
        return cls(path, new=not prepare(path))

    def close(self) -> None:
        """Close what is not in use. Nobody asks any more."""
        with self._writing:
            self._close_writer()
        self._close_readers()

    # --- filling ---

    def crawl(self, participant: str) -> Crawl:
        """What was seen at a participant: a context, of which all is visible after its end, and nothing before."""
        return Crawl(participant, next(self._numbers), self._write)

    def digests(self, participant: str) -> Mapping[str, bytes]:
        """The datasets that a participant, or a broker, told of, and the digests that they had."""
        return self._read(
            lambda connection: dict(
                connection.execute(
                    "SELECT id, digest FROM card c JOIN known USING (entry)"
                    " WHERE c.source = (SELECT party FROM party WHERE did = ?)",
                    (participant,),
                ).fetchall()
            )
        )

    def forget(self, participant: str) -> int:
        """Take out all that a participant told of, and its standing; how many datasets that were."""
        return self._write(lambda connection: sweeping.forget(connection, participant))

    def sweep(self, now: int, stale: int, tombstones: int) -> int:
        """Take out what was not seen for `stale` microseconds, and forget after `tombstones` what is gone; how many
        datasets that were."""
        return self._write(lambda connection: sweeping.sweep(connection, now, now - stale, now - tombstones))

    # --- asking ---

    def search(self, query: Query) -> Found:
        """One page of what fits. Raises `PageError` where `after` is of no page of it, and `IndexFileError`."""
        return self._read(lambda connection: searching.search(connection, query))

    def suggest(self, prefix: str) -> tuple[str, ...]:
        """Words that begin so."""
        return self._read(lambda connection: vocabulary.suggest(connection, prefix))

    def entry(self, participant: str, id: str) -> Entry | None:
        """A dataset of a participant, as it was seen last."""
        return next((one for one in self._read(partial(_entries, id)) if one.participant == participant), None)

    def entries(self, id: str) -> list[Entry]:
        """The datasets of this id, of whichever participants; where there is none, those whose ids end in it: in their
        last part (`trees` of `https://city.example/datasets/trees`), or in 8 characters and more. A few of them where
        these are many."""
        return self._read(lambda connection: _entries(id, connection) or _ending(id, connection))

    def gone(self, participant: str, id: str) -> int | None:
        """When a dataset was found to be there no longer; None where it is there, or nothing is known of it."""
        row = self._read(
            lambda connection: connection.execute(
                "SELECT at FROM gone WHERE id = ? AND participant = ?", (id, participant)
            ).fetchone()
        )
        return None if row is None else int(row[0])

    def standings(self) -> list[Standing]:
        """Of every participant that was crawled."""
        return self._read(partial(_standings, ""))

    def standing(self, participant: str) -> Standing | None:
        """Of one participant, None where it was never crawled."""
        return next(iter(self._read(partial(_standings, participant))), None)

    def terms(self) -> Iterator[tuple[str, bytes, int]]:
        """The different terms under which something is offered: digest, an offer that says so, how many datasets."""
        last = 0
        while rows := self._read(partial(_terms, last)):
            for _, digest, document, number in rows:
                yield digest, document, number
            last = rows[-1][0]

    # --- connections ---

    def _read(self, what: Callable[[sqlite3.Connection], T]) -> T:
        """Ask one state of the index. A damaged file is begun anew, and the empty one asked."""
        age = self._age
        try:
            return self._read_once(what)
        except PageError:
            raise
        except FAILURES as error:
            self._mend(error, age)
        try:
            return self._read_once(what)
        except FAILURES as error:
            raise IndexFileError("the index cannot be read") from error

    def _read_once(self, what: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            age, connection = self._age, self._readers.pop() if self._readers else None
        connection = connection or connect(self._path)
        try:
            connection.execute("BEGIN")
            found = what(connection)
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        with self._lock:
            kept = age == self._age and len(self._readers) < READERS
            if kept:
                self._readers.append(connection)
        if not kept:
            connection.close()
        return found

    def _write(self, what: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in one transaction. A damaged file is begun anew."""
        age = self._age
        with self._writing:
            try:
                return self._write_once(what)
            except FAILURES as error:
                failure = error
        self._mend(failure, age)
        with self._writing:
            try:
                return self._write_once(what)
            except FAILURES as error:
                raise IndexFileError("the index cannot be written") from error

    def _write_once(self, what: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._writer = self._writer or connect(self._path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            done = what(connection)
            connection.execute("COMMIT")
        except BaseException:
            self._close_writer()  # which undoes what was begun
            raise
        return done

    def _close_writer(self) -> None:
        if self._writer is not None:
            with suppress(sqlite3.Error):
                self._writer.close()
            self._writer = None

    def _close_readers(self) -> None:
        """Those that are idle; who reads now finds its connection too old to be used again."""
        with self._lock:
            self._age += 1
            readers, self._readers = self._readers, []
        for connection in readers:
            connection.close()

    def _mend(self, error: Exception, age: int) -> None:
        """Begin anew where the file is damaged, once for all who found that. Raises `IndexFileError` elsewhere."""
        if not grave(error):
            raise IndexFileError("the index cannot be read or written") from error
        with self._writing:
            if self._age != age:
                return
            self._close_writer()
            self._close_readers()
            try:
                throw_away(self._path)
            except OSError as failure:
                raise IndexFileError("the index cannot be made anew") from failure
            prepare(self._path)
            self.lost += 1


def _entries(id: str, connection: sqlite3.Connection) -> list[Entry]:
    rows = connection.execute(
        "SELECT body, max(c.seen, party.seen) FROM known k JOIN body USING (entry) JOIN card c USING (entry)"
        " JOIN party ON party.party = c.source WHERE k.id = ? ORDER BY c.entry",
        (id,),
    ).fetchall()
    return [msgspec.structs.replace(unpack(body), seen=seen) for body, seen in rows]


def _ending(end: str, connection: sqlite3.Connection) -> list[Entry]:
    if not end:
        return []
    found = connection.execute(
        "SELECT DISTINCT id FROM known WHERE substr(id, -length(:end)) = :end"
        " AND (length(:end) >= :telling OR substr(id, -length(:end) - 1, 1) IN ('/', ':', '#')) LIMIT :several",
        {"end": end, "telling": _TELLING, "several": _SEVERAL},
    ).fetchall()
    return [entry for (id,) in found for entry in _entries(id, connection)]


def _standings(participant: str, connection: sqlite3.Connection) -> list[Standing]:
    """Of one participant, or of all."""
    rows = connection.execute(
        "SELECT body FROM standing WHERE ? IN ('', participant) ORDER BY participant", (participant,)
    ).fetchall()
    return [msgspec.msgpack.decode(body, type=Standing) for (body,) in rows]


def _terms(last: int, connection: sqlite3.Connection) -> list[tuple[int, str, bytes, int]]:
    rows = connection.execute(
        "SELECT t.terms, digest, document, (SELECT count(*) FROM offer o WHERE o.terms = t.terms) FROM terms t"
        " WHERE t.terms > ? AND EXISTS (SELECT 1 FROM offer o WHERE o.terms = t.terms) ORDER BY t.terms LIMIT ?",
        (last, _TERMS_AT_ONCE),
    ).fetchall()
    return [(terms, digest, expand(document), number) for terms, digest, document, number in rows]
