"""What an act sees: `View` reads, `Act` also writes. Both speak plain SQL over one connection.

What lives here: the ports `Reading` and `Transaction`. What does not: when a transaction begins, commits and is
given up (`writer`), the audit tree (`log`). Errors of SQLite pass through; `writer` and `sqlite` translate them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from connector.errors import BusyError, StoreError
from connector.ports import Change, Clock
from connector.records import Answer, Entry, Head, Logged, Written
from connector.store import listed, log
from connector.store.connection import Connection
from connector.store.schema import shape

R = TypeVar("R", bound=Struct)

_pack = msgspec.msgpack.Encoder().encode
_text = msgspec.json.Encoder().encode

MOST_KNOWN = 1024
LARGEST_KNOWN = 16 * 1024
"""Bounds of the records kept in memory: how many, and of how many bytes each."""

TOKEN_GRACE = 120_000_000
"""Microseconds for which a token is kept behind its end: verification allows for clocks that differ by a minute."""

FORGOTTEN = "tokens:forgotten"
"""The counter that holds the latest end of a token that was swept."""


class View:
    """A consistent view, for as long as the connection's transaction lasts."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: type[R], id: str) -> R | None:
        """The record, or None. Raises `StoreError` where its bytes cannot be read."""
        body = self._body(kind, id)
        return None if body is None else _decoded(kind, id, body)

    def find(self, kind: type[R], /, **where: Any) -> R | None:
        """The first record whose indexed attributes equal `where`, or None."""
        found = self.select(kind, limit=1, **where)
        return found[0] if found else None

    def select(self, kind: type[R], /, *, after: str = "", limit: int = 100, **where: Any) -> list[R]:
        """Records in the order of their ids, beginning behind `after`."""
        form = shape(kind)
        sql = f"SELECT id, body FROM {form.name} WHERE {form.where(where)} ORDER BY id LIMIT ?"  # noqa: S608
        rows = self._connection.execute(sql, (*where.values(), after, limit)).fetchall()
        return [_decoded(kind, id, body) for id, body in rows]

    def count(self, kind: type[R], /, **where: Any) -> int:
        """How many records match."""
        form = shape(kind)
        sql = f"SELECT count(*) FROM {form.name} WHERE {form.where(where)}"  # noqa: S608
        return int(self._connection.execute(sql, (*where.values(), "")).fetchone()[0])

    def tally(self, kind: type[R], attribute: str) -> Mapping[Any, int]:
        """How many records there are by the value of an indexed attribute."""
        form = shape(kind)
        form.where({attribute: None})
        sql = f"SELECT {attribute}, count(*) FROM {form.name} GROUP BY {attribute}"  # noqa: S608
        return dict(self._connection.execute(sql).fetchall())

    def ending(self, kind: type[R], tail: str, *, limit: int = 2) -> list[str]:
        """Ids that end in `tail`, in their order. The index of ids alone is walked."""
        sql = f"SELECT id FROM {shape(kind).name} WHERE substr(id, ?) = ? ORDER BY id LIMIT ?"  # noqa: S608
        return [row[0] for row in self._connection.execute(sql, (-len(tail), tail, limit)).fetchall()]

    def drawn(self, key: str) -> int:
        """How many uses have been drawn from a counter; 0 where none."""
        row = self._connection.execute("SELECT n FROM counter WHERE key = ?", (key,)).fetchone()
        return 0 if row is None else int(row[0])

    def listings(self, audience: str) -> listed.Listed:
        """The catalogue for an audience: a DID, or ""."""
        return listed.Listed(self._connection, audience)

    def ended_listings(self, now: int, limit: int) -> list[str]:
        """Assets with a listing that is over at `now`."""
        return listed.ended(self._connection, now, limit)

    def gone_listings(self, before: int, limit: int) -> list[str]:
        """Ids of listings that were gone before an instant, but for the last change for each audience."""
        return listed.gone(self._connection, before, limit)

    def answered(self, peer: str, digest: bytes) -> Answer | None:
        """The stored answer to a byte-identical message of this peer, or None."""
        sql = "SELECT status, body FROM answer WHERE digest = ? AND peer = ?"
        row = self._connection.execute(sql, (digest, peer)).fetchone()
        return None if row is None else Answer(row[0], row[1])

    def log(self, *, after: int = -1, limit: int = 100) -> list[Logged]:
        """Audit entries that have become leaves, in order, beginning behind the leaf index `after`."""
        return log.entries(self._connection, after, limit)

    def head(self) -> Head | None:
        """This node's own latest signed head, or None while the log is empty."""
        return log.head(self._connection)

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete subtree of the audit tree."""
        return log.node(self._connection, level, index)

    def _body(self, kind: type[Struct], id: str) -> bytes | None:
        row = self._connection.execute(shape(kind).get, (id,)).fetchone()
        return None if row is None else row[0]


class Known:
    """Records that the writer has read, so that what every act looks at is fetched and decoded once.

    INVARIANT: what is kept is what the row decodes to on the writer's connection, which alone writes. An act drops what
    it writes before it writes it, and nothing of that is kept again while the act can still be given up; a transaction
    that is rolled back takes all with it.
    INVARIANT: nobody changes a fetched record or anything in it: several have the same one.
    """

    __slots__ = ("_records", "get")

    def __init__(self) -> None:
        self._records: dict[Change, Any] = {}
        self.get: Callable[[Change], Any] = self._records.get
        """The record, where it is kept; else None."""

    def keep(self, key: Change, record: Struct, size: int) -> None:
        """Keep it, within bounds; `size` is that of its bytes."""
        if size > LARGEST_KNOWN:
            return
        if len(self._records) >= MOST_KNOWN:
            del self._records[next(iter(self._records))]
        self._records[key] = record

    def drop(self, key: Change) -> None:
        """It is about to be written."""
        self._records.pop(key, None)

    def clear(self) -> None:
        """Nobody knows what the rows hold now."""
        self._records.clear()


class Desk:
    """What the writer keeps in memory beside the database: how many tokens are live, records, and the clock.

    INVARIANT: `tokens` is the number of rows in `token` as the writer's connection sees it.
    INVARIANT: of every forgotten token `forgotten` is at least the end. It may be ahead of what is on disk, by a sweep
    that was rolled back: what ended before that is refused by its time as well.
    """

    __slots__ = ("clock", "forgotten", "known", "limit", "tokens")

    def __init__(self, clock: Clock, tokens: int, limit: int, forgotten: int = 0) -> None:
        self.clock = clock
        self.known = Known()
        self.tokens = tokens
        self.limit = limit
        self.forgotten = forgotten


class Act(View):
    """One act in the writer's transaction. Its first write opens a savepoint, so that it can be given up alone."""

    __slots__ = ("_desk", "_tokens", "calls", "entries", "saved", "written")

    def __init__(self, connection: Connection, desk: Desk) -> None:
        self._connection = connection
        self._desk = desk
        self._tokens = desk.tokens
        self.written: set[Change] = set()
        """Records that were put or deleted."""
        self.saved = False
        self.entries: list[tuple[int, bytes]] = []
        """Audit entries as (instant, bytes); they become leaves with the group's commit."""
        self.calls: list[Callable[[], None]] = []
        """What is to be called after the commit."""

    def get(self, kind: type[R], id: str) -> R | None:
        """As `View.get`, from memory where the row has not changed since it was last read."""
        key = kind, id
        if (known := self._desk.known.get(key)) is not None:
            found: R = known
            return found
        if (body := self._body(kind, id)) is None:
            return None
        record = _decoded(kind, id, body)
        if key not in self.written:
            self._desk.known.keep(key, record, len(body))
        return record

    def put(self, record: Struct) -> None:
        """Insert or replace a record of a kind in `records.INDEXED`."""
        form = shape(type(record))
        row = (*form.values(record), _pack(record))
        self._change(type(record), row[0])
        self._connection.execute(form.put, row)

    def delete(self, kind: type[R], id: str) -> bool:
        """Remove a record; False where there was none."""
        self._change(kind, id)
        return self._connection.execute(shape(kind).delete, (id,)).fetchone() is not None

    def use_token(self, issuer: str, jti: str, expires: int) -> bool:
        """Note a message token as used; False where it was used before, or may have been. Raises `BusyError`.

        Which tokens were used is forgotten when they have ended. After a clock was set back they count again, so what
        ends no later than anything that was forgotten is refused.
        """
        if expires <= self._desk.forgotten:
            return False
        if self._desk.tokens >= self._desk.limit:
            raise BusyError("store.tokens_full", limit=str(self._desk.limit))
        self._save()
        try:
            self._connection.execute("INSERT INTO token VALUES(?, ?, ?)", (issuer, jti, expires))
        except sqlite3.IntegrityError:
            return False
        self._desk.tokens += 1
        return True

    def remember(self, peer: str, digest: bytes, answer: Answer) -> None:
        """Keep the answer to a message for a byte-identical repeat."""
        self._save()
        self._connection.execute(
            "INSERT OR REPLACE INTO answer(peer, digest, status, body, at) VALUES(?, ?, ?, ?, ?)",
            (peer, digest, answer.status, answer.body, self._desk.clock.now()),
        )

    def draw(self, key: str) -> int:
        """Draw one use from a counter; returns the number drawn including this one."""
        self._save()
        sql = "INSERT INTO counter VALUES(?, 1) ON CONFLICT(key) DO UPDATE SET n = n + 1 RETURNING n"
        return int(self._connection.execute(sql, (key,)).fetchone()[0])

    def record(self, entry: Entry) -> None:
        """Append an audit entry. It becomes a leaf of the tree when, and only when, the transaction commits."""
        at = self._desk.clock.now()
        # Encoded here, so that what cannot be written fails this act and not its neighbours.
        self.entries.append((at, _text(Written(at=at, event=entry.event, actor=entry.actor, params=entry.params))))

    def after(self, call: Callable[[], None]) -> None:
        """Call this on the event loop once the group is on disk, and never where it is not."""
        self.calls.append(call)

    def sweep(self, now: int, answers_before: int, limit: int) -> int:
        """Forget up to `limit` tokens that have ended and as many old answers; returns how many."""
        self._save()
        ended = self._connection.execute(
            "DELETE FROM token WHERE (issuer, jti) IN"
            " (SELECT issuer, jti FROM token WHERE expires < ? LIMIT ?) RETURNING expires",
            (now - TOKEN_GRACE, limit),
        ).fetchall()
        self._forget(max((row[0] for row in ended), default=0))
        self._desk.tokens -= len(ended)
        old = self._connection.execute(
            "DELETE FROM answer WHERE n IN (SELECT n FROM answer ORDER BY n LIMIT ?) AND at < ? RETURNING 1",
            (limit, answers_before),
        ).fetchall()
        return len(ended) + len(old)

    def _forget(self, end: int) -> None:
        """Tokens up to this end are known no more, also after a restart."""
        if end > self._desk.forgotten:
            self._desk.forgotten = end
            sql = "INSERT INTO counter VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET n = max(n, excluded.n)"
            self._connection.execute(sql, (FORGOTTEN, end))

    def keep(self) -> None:
        """The act is done: what it wrote joins the group."""
        if self.saved:
            self._connection.execute("RELEASE act")

    def give_up(self) -> None:
        """The act has failed: nothing of it stays."""
        if self.saved:
            self._connection.execute("ROLLBACK TO act")
            self._connection.execute("RELEASE act")
        self._desk.tokens = self._tokens

    def _change(self, kind: type[Struct], id: str) -> None:
        """A record is about to be written: from here on it is read from its row, until the act is done."""
        self._save()
        self.written.add((kind, id))
        self._desk.known.drop((kind, id))

    def _save(self) -> None:
        if not self.saved:
            self._connection.execute("SAVEPOINT act")
            self.saved = True


def _decoded(kind: type[R], id: str, body: bytes) -> R:
    """The record in a body. Raises `StoreError` naming kind and id."""
    try:
        return cast(R, shape(kind).decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StoreError("store.unreadable", kind=kind.__name__, id=id) from None
