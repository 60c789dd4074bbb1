"""Answering a question: which entries, how many, in which order, and what they have in common.

What lives here: the statements of a search, on a connection that sees one state of the index. What does not: conditions
(`conditions`), words (`asking`, `vocabulary`), points (`ranking`).

Bounds make the worst question cheap: hits are counted and added up to `CAP`, the newest ones; `RANKED` of them are
judged by what they say, those first whose titles have the words, and the rest follows by age. Ids are found first, and
what is shown of them is read at the end. Numbers come out of SQLite in one row wherever they are many: between two rows
another thread may run.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from catalog.index import pages, vocabulary
from catalog.index.asking import Asked, asked, expression
from catalog.index.conditions import Conditions, away, conditions, metres, on_earth
from catalog.index.crawling import unpack
from catalog.index.forms import Found, Hit, Order, Query, Trust
from catalog.index.ranking import points
from catalog.index.rows import TRUSTS, formats, licence

CAP: Final = 10_000
RANKED: Final = 300
SHOWN: Final = 200
"""Hits of one page, and values of one facet, at most."""
_PLENTY: Final = 2_000
"""A word that is in so many entries is not looked for by its compounds as well."""
_RINGS: Final = (2_000.0, 20_000.0, 200_000.0)
"""Metres within which the nearest are looked for, one after the other."""
_TEXT: Final = 400
_DOUBTFUL: Final = TRUSTS.index(Trust.DOUBTFUL)


class _Asking(Struct, frozen=True):
    """A question, made ready: `match` is its full-text expression, "" where it has no words."""

    query: Query
    words: Sequence[Asked]
    match: str
    narrowed: Conditions
    after: pages.Place | None
    every: bool = True

    def tables(self, match: str = "") -> tuple[str, list[Any]]:
        """FROM and WHERE, with their parameters; another expression in place of its own."""
        if not self.match:
            return f"FROM card c WHERE {self.narrowed.joined()}", [*self.narrowed.parameters]
        return (
            f"FROM words CROSS JOIN card c ON c.entry = words.rowid WHERE words MATCH ? AND {self.narrowed.joined()}",
            [match or self.match, *self.narrowed.parameters],
        )


class _Counted(Struct, frozen=True):
    """How many there are, and what they have in common: how many have which value of a column. `entries` in the order
    of the index, newest first."""

    total: int
    entries: Sequence[int]
    columns: Mapping[str, Mapping[str, int]]


_Sorted = list[tuple[int, float, int]]
"""Part, value and entry, as in `pages.Place`."""

_NOTHING: Final = Found(hits=(), total=0, capped=False, facets={})


def search(connection: sqlite3.Connection, query: Query) -> Found:
    """The page of hits that a query asks for. Raises `pages.PageError`, `sqlite3.Error`."""
    after = pages.read(query)
    question = asked(query.words)
    if question is None or (query.near is not None and not on_earth(query.near)):
        return _NOTHING
    words, also = _widened(connection, question)
    asking = _Asking(query, words, expression(words), conditions(query, driving=not words), after)
    counted = _count(connection, asking)
    if not counted.total and len(words) > 1:
        loose = msgspec.structs.replace(asking, match=expression(words, every=False), every=False)
        asking, counted = loose, _count(connection, loose)
    limit = max(0, min(query.limit, SHOWN))
    found = _sorted(connection, asking, counted, limit + 1)
    page = found[:limit]
    following = pages.write(pages.Place(pages.fingerprint(query), *page[-1])) if page and len(found) > limit else ""
    return Found(
        hits=_hits(connection, page, query),
        total=min(counted.total, CAP),
        capped=counted.total > CAP,
        facets=_facets(connection, counted) if query.facets else {},
        next=following,
        also=also,
    )


def _widened(connection: sqlite3.Connection, question: Sequence[Asked]) -> tuple[tuple[Asked, ...], tuple[str, ...]]:
    """The words with all that counts as them, unless they are in plenty of entries themselves."""
    words, also = [], dict[str, None]()
    for one in question:
        if _count_of(connection, one, _PLENTY) >= _PLENTY:
            words.append(one)
            continue
        wide, spelled = vocabulary.widen(connection, one)
        if not _count_of(connection, wide, 1):
            wide, spelled = vocabulary.near(connection, one)
        words.append(wide)
        also |= dict.fromkeys(list(spelled.values())[: vocabulary.SHOWN])
    return tuple(words), tuple(also)


def _count_of(connection: sqlite3.Connection, one: Asked, most: int) -> int:
    """How many entries have the word, or one that counts as it, up to so many."""
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)", (expression([one]), most)
    ).fetchone()
    return int(count)


# --- counting ---------------------------------------------------------------------------------------------------------


_COLUMNS: Final = {
    "themes": "theme",
    "formats": "format",
    "licences": "licence",
    "participants": "party",
    "mixed": "access * 16 + trust * 3 + CASE WHEN due = 0 THEN 2 ELSE due < ? END",
}
"""What is counted, by facet; what has few values, as one number."""
_HIT: Final = "c.entry, c.theme, c.format, c.licence, c.access, c.party, c.trust, c.due"
_FRESHNESS: Final = ("fresh", "late", "unknown")


def _count(connection: sqlite3.Connection, asking: _Asking) -> _Counted:
    tables, parameters = asking.tables()
    names = _COLUMNS if asking.query.facets else {}
    texts = "".join(f", group_concat({column})" for column in names.values())
    newest = "ORDER BY words.rowid DESC" if asking.match else ""
    total, entries, *columns = connection.execute(
        f"SELECT count(*), group_concat(entry){texts} FROM (SELECT {_HIT} {tables} {newest} LIMIT ?)",  # noqa: S608
        (*((asking.query.now,) if names else ()), *parameters, CAP + 1),
    ).fetchone()
    if not total:
        return _Counted(0, (), {})
    counts = {name: Counter(text.split(",")) for name, text in zip(names, columns, strict=True)}
    return _Counted(total, [int(entry) for entry in entries.split(",", RANKED)[:RANKED]], counts)


def _facets(connection: sqlite3.Connection, counted: _Counted) -> dict[str, dict[str, int]]:
    """How many hits have which value, the most frequent first."""
    found: dict[str, Counter[str]] = {name: Counter() for name in (*_COLUMNS, "access", "trust", "freshness")}
    mixed = Counter[str]()
    del found["mixed"]
    for number, count in counted.columns.get("mixed", {}).items():
        access, rest = divmod(int(number), 16)
        mixed[str(access)] += count
        found["trust"][TRUSTS[rest // 3]] += count
        found["freshness"][_FRESHNESS[rest % 3]] += count
    columns = {**counted.columns, "access": mixed}
    for name in ("themes", "formats", "licences", "access"):
        found[name] = _valued(connection, "CAST(kind AS TEXT), value)) FROM mark WHERE kind", columns.get(name, {}))
    parties = columns.get("participants", {})
    found["participants"] = _valued(connection, "CAST(party AS TEXT), did)) FROM party WHERE party", parties)
    return {name: dict(counts.most_common(SHOWN)) for name, counts in found.items()}


def _valued(connection: sqlite3.Connection, values: str, counts: Mapping[str, int]) -> Counter[str]:
    """How often each value is there, by how often each number is that stands for some."""
    (text,) = connection.execute(
        f"SELECT json_group_array(json_array({values} IN (SELECT value FROM json_each(?))",  # noqa: S608
        (_json([int(number) for number in counts]),),
    ).fetchone()
    found = Counter[str]()
    for number, value in msgspec.json.decode(text, type=list[tuple[str, str]]):
        found[value] += counts[number]
    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# --- order ------------------------------------------------------------------------------------------------------------


def _sorted(connection: sqlite3.Connection, asking: _Asking, counted: _Counted, limit: int) -> _Sorted:
    match asking.query.order:
        case Order.NEAREST if asking.query.near is not None:
            return _nearest(connection, asking, asking.query.near, limit)
        case Order.FITTING if asking.match:
            return _fitting(connection, asking, counted, limit)
        case _:
            return _newest(connection, asking, limit)


def _newest(connection: sqlite3.Connection, asking: _Asking, limit: int) -> _Sorted:
    tables, parameters = asking.tables()
    going_on = ""
    if asking.after is not None:
        going_on = "AND (c.modified, c.entry) < (?, ?)"
        parameters += [int(asking.after.value), asking.after.entry]
    rows = connection.execute(
        f"SELECT 0, c.modified, c.entry {tables} {going_on} ORDER BY c.modified DESC, c.entry DESC LIMIT ?",
        (*parameters, limit),
    )
    return rows.fetchall()


def _nearest(connection: sqlite3.Connection, asking: _Asking, near: tuple[float, float], limit: int) -> _Sorted:
    """Those without a box come last. Looked for nearby first, and further away while there are too few."""
    for within in _RINGS:
        if 0 < asking.query.within <= within:
            break
        query = msgspec.structs.replace(asking.query, within=within)
        ring = msgspec.structs.replace(asking, narrowed=conditions(query, driving=not asking.match))
        found = _by_distance(connection, ring, near, limit)
        if len(found) == limit:
            return found
    return _by_distance(connection, asking, near, limit)


def _by_distance(connection: sqlite3.Connection, asking: _Asking, near: tuple[float, float], limit: int) -> _Sorted:
    squared, values = away(near)
    tables, parameters = asking.tables()
    going_on: list[Any] = [] if asking.after is None else [asking.after.value, asking.after.entry]
    return connection.execute(
        f"SELECT 0, away, entry FROM (SELECT c.entry AS entry, coalesce({squared}, 1e20) AS away {tables})"  # noqa: S608
        f" WHERE {'(away, entry) > (?, ?)' if going_on else '1'} ORDER BY away, entry LIMIT ?",
        (*values, *parameters, *going_on, limit),
    ).fetchall()


def _fitting(connection: sqlite3.Connection, asking: _Asking, counted: _Counted, limit: int) -> _Sorted:
    """Those that are judged by their points, then the rest by age in the index."""
    judged = counted.entries if counted.total <= RANKED else _best(connection, asking)
    after, found = asking.after, _Sorted()
    if after is None or after.part == 0:
        found = _judged(connection, asking, judged)
        if after is not None:
            found = [one for one in found if (-one[1], -one[2]) > (-after.value, -after.entry)]
    if len(found) < limit and counted.total > len(judged):
        found += _rest(connection, asking, judged, limit - len(found))
    return found[:limit]


def _best(connection: sqlite3.Connection, asking: _Asking) -> list[int]:
    """Entries that are worth judging: those first that have the very words in their titles."""
    plain = [Asked(one.stem, one.folded, {one.stem: 1.0}) for one in asking.words]
    found: dict[int, None] = {}
    for words, columns in ((plain, "title"), (asking.words, "title"), (asking.words, "title keys"), (asking.words, "")):
        tables, parameters = asking.tables(expression(words, columns, every=asking.every))
        (text,) = connection.execute(
            f"SELECT json_group_array(entry) FROM (SELECT c.entry AS entry {tables} ORDER BY words.rowid DESC LIMIT ?)",  # noqa: S608
            (*parameters, RANKED),
        ).fetchone()
        found |= dict.fromkeys(msgspec.json.decode(text, type=list[int]))
        if len(found) >= RANKED:
            break
    return list(found)[:RANKED]


def _judged(connection: sqlite3.Connection, asking: _Asking, entries: Sequence[int]) -> _Sorted:
    """The best first; of equals the newest."""
    (text,) = connection.execute(
        "SELECT json_group_array(json_array(entry, title, keys, score, trust)) FROM said JOIN card USING (entry)"
        " WHERE entry IN (SELECT value FROM json_each(?))",
        (_json(entries),),
    ).fetchone()
    rows = msgspec.json.decode(text, type=list[tuple[int, str, str, int, int]])
    found: _Sorted = [
        (0, points(asking.words, title, keys, score, trust == _DOUBTFUL), entry)
        for entry, title, keys, score, trust in rows
    ]
    return sorted(found, reverse=True)


def _rest(connection: sqlite3.Connection, asking: _Asking, judged: Sequence[int], limit: int) -> _Sorted:
    tables, parameters = asking.tables()
    below = asking.after.entry if asking.after is not None and asking.after.part == 1 else 1 << 62
    rows = connection.execute(
        f"SELECT 1, 0, c.entry {tables} AND words.rowid < ? AND +c.entry NOT IN (SELECT value FROM json_each(?))"  # noqa: S608
        " ORDER BY words.rowid DESC LIMIT ?",
        (*parameters, below, _json(judged), limit),
    )
    return rows.fetchall()


# --- what is shown ----------------------------------------------------------------------------------------------------


def _hits(connection: sqlite3.Connection, page: _Sorted, query: Query) -> tuple[Hit, ...]:
    squared, values = ("NULL", ()) if query.near is None else away(query.near)
    return tuple(_hit(connection, entry, squared, values) for _, _, entry in page)


def _hit(connection: sqlite3.Connection, entry: int, squared: str, values: Sequence[float]) -> Hit:
    body, seen, far = connection.execute(
        f"SELECT body, max(c.seen, party.seen), {squared} FROM card c JOIN body USING (entry)"  # noqa: S608
        " JOIN party ON party.party = c.source WHERE c.entry = ?",
        (*values, entry),
    ).fetchone()
    whole = unpack(body)
    said = whole.metadata
    return Hit(
        id=whole.id,
        participant=whole.participant,
        title=_in_german(said.title),
        description=_in_german(said.description)[:_TEXT],
        themes=said.themes,
        formats=formats(said),
        licence=licence(said),
        access=said.access,
        places=said.places,
        modified=said.modified,
        frequency=said.frequency,
        seen=seen,
        changed=whole.changed,
        origin=whole.origin,
        via=whole.via,
        trust=whole.trust,
        terms=tuple(dict.fromkeys(one.digest for one in whole.terms)),
        score=whole.score,
        faults=whole.faults,
        metres=None if far is None else metres(far),
    )


def _in_german(texts: Mapping[str, str]) -> str:
    """In German where there is German, else in whatever language comes first."""
    return next((texts[tag] for tag in ("de", "", "en") if tag in texts), next(iter(texts.values()), ""))
