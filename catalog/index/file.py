"""The file of the index: its tables, connections to it, and what happens when it is damaged.

What lives here: the layout, opening, throwing away. What does not: what is written (`writing`), what is asked.
Source: SQLite "FTS5", "The SQLite R*Tree Module", "Write-Ahead Logging".

The index can be had again from those who told of it. So it is not migrated: a file of another layout, or a damaged one,
is thrown away. INVARIANT: whatever changes how words are folded or what a row holds raises `LAYOUT`.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

LAYOUT: Final = 2
PAGES: Final = 2_097_152
"""Pages that the file may have, 8 GiB of them: it lies beside what must always be written."""
_OURS: Final = 0x416C6C63
_GRAVE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")

_TABLES: Final = """
CREATE TABLE party (
  party INTEGER PRIMARY KEY, did TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL DEFAULT 0,
  weight INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE standing (participant TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE card (
  entry INTEGER PRIMARY KEY, source INTEGER NOT NULL, party INTEGER NOT NULL, trust INTEGER NOT NULL,
  theme INTEGER NOT NULL, format INTEGER NOT NULL, licence INTEGER NOT NULL, access INTEGER NOT NULL,
  modified INTEGER NOT NULL, due INTEGER NOT NULL, changed INTEGER NOT NULL,
  seen INTEGER NOT NULL, hvd INTEGER NOT NULL, score INTEGER NOT NULL,
  west INTEGER, east INTEGER, south INTEGER, north INTEGER
);
CREATE INDEX card_source ON card (source);
CREATE INDEX card_party ON card (party);
CREATE INDEX card_modified ON card (modified);
CREATE TABLE known (
  entry INTEGER PRIMARY KEY, id TEXT NOT NULL, party INTEGER NOT NULL, source INTEGER NOT NULL, digest BLOB NOT NULL
);
CREATE UNIQUE INDEX known_id ON known (id, party);
CREATE TABLE body (entry INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE said (
  entry INTEGER PRIMARY KEY, title TEXT NOT NULL, keys TEXT NOT NULL, text TEXT NOT NULL, places TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5 (title, keys, text, content='', detail=column, tokenize='ascii');
CREATE TABLE vocabulary (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, spelled TEXT NOT NULL);
CREATE VIRTUAL TABLE pieces USING fts5 (
  word, content='vocabulary', content_rowid='id', columnsize=0, tokenize='trigram'
);
CREATE VIRTUAL TABLE area USING rtree (id, west, east, south, north);
CREATE TABLE place (key TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (key, entry)) WITHOUT ROWID;
CREATE TABLE kind (kind INTEGER PRIMARY KEY, marks TEXT NOT NULL UNIQUE);
CREATE TABLE mark (kind INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, value)) WITHOUT ROWID;
CREATE INDEX mark_value ON mark (value);
CREATE TABLE terms (terms INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, document BLOB NOT NULL);
CREATE TABLE offer (entry INTEGER NOT NULL, terms INTEGER NOT NULL, PRIMARY KEY (entry, terms)) WITHOUT ROWID;
CREATE INDEX offer_terms ON offer (terms);
CREATE TABLE gone (
  id TEXT NOT NULL, participant TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (id, participant)
) WITHOUT ROWID;
CREATE INDEX gone_at ON gone (participant, at);
CREATE TABLE staged (crawl INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (crawl, number));
"""
"""`card` is what is filtered and counted by, small, so that many are read fast; `said` is what was written to `words`,
which cannot be taken out of it otherwise. `weight` is how much room is taken
by what a party has told of. `kind` is a set of values that several entries have
(their themes, say), so that they are counted as one.
Degrees of `card` are millionths; `area` has ids of twice the entry, and one more for a box's other half."""


class IndexFileError(Exception):
    """The file cannot be read or written now: no room, no right, a broken disk. What was under way is not in it."""


class FullError(Exception):
    """Somebody has told more than is kept of one. What was under way is not in it."""


class DamagedError(Exception):
    """What was written here once cannot be read any more."""


FAILURES: Final = (sqlite3.Error, DamagedError, msgspec.MsgspecError, ValueError, LookupError, TypeError)
"""What reading a damaged file may end with."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the file as it is, in autocommit mode. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=30.0,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=64,
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-8192")
        connection.execute(f"PRAGMA max_page_count={PAGES}").fetchone()
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA journal_size_limit=16777216")
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def prepare(path: Path) -> bool:
    """Make the file fit to be used. True where it was there and is so already; else it is made anew, empty.

    Raises `IndexFileError` where that cannot be."""
    try:
        if _fits(path):
            return True
        throw_away(path)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # what others showed us is for us alone
        connection = connect(path)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise IndexFileError("the index cannot be made") from error
    try:
        connection.executescript(
            f"BEGIN; {_TABLES} PRAGMA application_id={_OURS}; PRAGMA user_version={LAYOUT}; COMMIT;"
        )
    except sqlite3.Error as error:
        raise IndexFileError("the index cannot be made") from error
    finally:
        connection.close()
    return False


def _fits(path: Path) -> bool:
    """Is the file an index of this layout, as far as its head and its tables say?"""
    if not path.is_file():
        return False
    try:
        connection = connect(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if grave(error):
            return False
        raise
    try:
        heads = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        if heads != [_OURS, LAYOUT]:
            return False
        for table in ("card", "known", "words", "pieces", "area"):
            connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608
        connection.execute("DELETE FROM staged")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if grave(error) or _code(error) == sqlite3.SQLITE_ERROR:
            return False
        raise
    finally:
        connection.close()
    return True


def throw_away(path: Path) -> None:
    """Delete the file and what belongs to it. Raises `OSError`."""
    for ending in _COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def grave(error: Exception) -> bool:
    """Is the file damaged for certain, or none of SQLite's? What may as well be a mistake of ours is not: a question or
    a record that provokes one must not empty the index."""
    match error:
        case DamagedError() | UnicodeDecodeError():
            return True
        case sqlite3.OperationalError() if _code(error) == 0:
            return True  # a text that is none
        case _:
            return _code(error) in _GRAVE


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
