"""The rows of searching: one or two words, the worst word, a box and a word, among 100,000 records of 1,000 nodes.

What lives here: set-ups and measurements. What does not: judging (`rows`), the records (`corpus`), right and wrong
(`tests/catalog/index`).

Yardstick: the same texts in a bare FTS5 table of SQLite beside a table of documents and an R*Tree; asked for the same
words, ranked by bm25, top 20 read and decoded, and counted by the same seven facets. Figures are 95 of 100
questions' time at most, in milliseconds of processor time.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from catalog.index import engine
from catalog.index.engine import Index
from catalog.index.forms import Entry, Query
from catalog.model import Box
from tests.bench.catalog import corpus
from tests.bench.rows import HOME, Goal, Row, rounds, say

SEARCH = Goal("search", "p95 of one or two words, 20 hits and facets, beside bare SQLite", "ms", 0.5)
WORST = Goal("worst_word", "p95 of a word in two of five records, beside bare SQLite", "ms", 0.25)
BOX = Goal("box_word", "p95 of a box of half a degree and a word, beside bare SQLite", "ms", 0.5)
QUESTIONS, FEW = 100, 20
_CODE: Final = Path(engine.__file__).parent


class _Kind(Struct, frozen=True):
    """Questions of one kind: words, with boxes or without."""

    words: Sequence[str]
    boxes: Sequence[Box | None]

    def asked(self, ask: Callable[[str, Box | None], object]) -> float:
        """The 95th of the times that they take, in milliseconds."""
        return _p95([partial(ask, words, box) for words, box in zip(self.words, self.boxes, strict=True)])


def _kinds() -> dict[str, _Kind]:
    words, none = corpus.asked(QUESTIONS), [None] * QUESTIONS
    return {
        "search": _Kind(words, none),
        "worst_word": _Kind([corpus.WORST] * FEW, none[:FEW]),
        "box_word": _Kind([word.split()[0] for word in words], _boxes(QUESTIONS)),
    }


def _beside(goal: Goal, count: int) -> Row:
    """Ours and the bare table's, turn by turn. Building takes minutes the first time; the files are kept."""
    kind = _kinds()[goal.id]
    with _index() as index, closing(_bare()) as bare:
        ours, theirs = partial(_ours, index), partial(_theirs, bare)
        kind.asked(ours), kind.asked(theirs)
        return rounds(goal, count, lambda: kind.asked(ours), lambda: kind.asked(theirs))


ROWS: Final = {goal.id: partial(_beside, goal) for goal in (SEARCH, WORST, BOX)}


def _p95(asked: Sequence[Callable[[], object]]) -> float:
    taken = []
    for ask in asked:
        begun = time.process_time()
        ask()
        taken.append((time.process_time() - begun) * 1_000)
    return sorted(taken)[len(taken) * 95 // 100]


def _boxes(count: int) -> list[Box | None]:
    draw = random.Random(5)
    corners = [(draw.uniform(6.0, 14.0), draw.uniform(47.5, 54.0)) for _ in range(count)]
    return [Box(west, south, west + 0.5, south + 0.5) for west, south in corners]


# --- ours -------------------------------------------------------------------------------------------------------------


def _ours(index: Index, words: str, box: Box | None) -> None:
    index.search(Query(now=corpus.NOW, words=words, box=box))


def filled(index: Index, entries: Iterator[Entry]) -> None:
    """Put these in, those of one participant in one crawl."""
    for participant, told in groupby(entries, key=lambda one: one.participant):
        with index.crawl(participant) as crawl:
            for one in told:
                crawl.put(one)


@contextmanager
def _index() -> Iterator[Index]:
    made_of = b"".join((_CODE / f"{name}.py").read_bytes() for name in ("file", "rows", "words", "writing"))
    path = _kept("index", made_of)
    index = Index.open(path)
    try:
        if index.new or index.search(Query(now=corpus.NOW)).total == 0:
            say(f"searching: writing {corpus.RECORDS} records into the index")
            begun = time.perf_counter()
            filled(index, corpus.entries())
            say(f"searching: {(time.perf_counter() - begun) / corpus.RECORDS * 1e6:.0f} us a record")
        yield index
    finally:
        index.close()


def _kept(name: str, made_of: bytes) -> Path:
    """Where a file stays for the next run: another one, where what makes it has changed."""
    made_by = sha256(made_of + Path(corpus.__file__).read_bytes()).hexdigest()[:12]
    HOME.mkdir(parents=True, exist_ok=True)
    for path in HOME.glob(f"catalog-{name}-*"):
        if made_by not in path.name:
            path.unlink()
    return HOME / f"catalog-{name}-{made_by}.db"


# --- theirs -----------------------------------------------------------------------------------------------------------

_FACETS = ("theme", "format", "licence", "access", "participant", "trust", "due > 1800000000000000")


def _theirs(bare: sqlite3.Connection, words: str, box: Box | None) -> None:
    match = " ".join(f'"{word}"' for word in words.split())
    where, parameters = "full_text MATCH ?", list[object]([match])
    if box is not None:
        where += " AND record IN (SELECT record FROM area WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?)"
        parameters += [box.east, box.west, box.north, box.south]
    tables = f"FROM full_text JOIN record ON record = full_text.rowid WHERE {where}"
    ids = bare.execute(f"SELECT record {tables} ORDER BY bm25(full_text) LIMIT 20", parameters).fetchall()
    for (record,) in ids:
        msgspec.json.decode(bare.execute("SELECT body FROM document WHERE record = ?", (record,)).fetchone()[0])
    for facet in _FACETS:
        bare.execute(f"SELECT {facet}, count(*) {tables} GROUP BY 1 ORDER BY 2 DESC LIMIT 50", parameters).fetchall()


_TABLES: Final = (
    "CREATE TABLE record (record INTEGER PRIMARY KEY, theme, format, licence, access, participant, trust, due)",
    "CREATE TABLE document (record INTEGER PRIMARY KEY, body)",
    "CREATE VIRTUAL TABLE full_text USING fts5 (title, keywords, description, content='',"
    " tokenize='unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE area USING rtree (record, west, east, south, north)",
)


def _bare() -> sqlite3.Connection:
    path = _kept("bare", repr(_TABLES).encode())
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA cache_size=-8192")
    if bare.execute("PRAGMA user_version").fetchone()[0] == 1:
        return bare
    bare.execute("BEGIN")
    say("searching: writing the yardstick's table")
    for table in _TABLES:
        bare.execute(table)
    for number, one in enumerate(corpus.entries()):
        _write(bare, number, one)
    bare.execute("INSERT INTO full_text (full_text) VALUES ('optimize')")
    bare.execute("PRAGMA user_version=1")
    bare.execute("COMMIT")
    return bare


def _write(bare: sqlite3.Connection, number: int, one: Entry) -> None:
    said, box = one.metadata, one.metadata.box
    values = said.themes[0], said.forms[0].format, said.licence, said.access, one.participant, one.trust, said.modified
    bare.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (number, *values))
    bare.execute("INSERT INTO document VALUES (?, ?)", (number, one.document))
    texts = said.title["de"], " ".join(said.keywords["de"]), said.description["de"]
    bare.execute("INSERT INTO full_text (rowid, title, keywords, description) VALUES (?, ?, ?, ?)", (number, *texts))
    if box is not None:
        edges = box.west, box.east, box.south, box.north
        bare.execute("INSERT INTO area VALUES (?, ?, ?, ?, ?)", (number, *edges))
