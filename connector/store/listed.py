"""A catalogue as one audience sees it, asked for in one statement each: pages, changes, digests, how far it has come.

What lives here: that SQL. What does not: making listings (`services.listings`), what is done with them.

INVARIANT: of an asset somebody sees one listing at most: its own, where that is alive, else the one for everybody
(audience ""). Each statement says so itself, so that a page, the feed of changes and the digests never differ. Ids
begin with the asset and a space, which sorts before everything that a longer name of an asset could go on with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import msgspec

from connector.errors import StoreError
from connector.ports import Batch, Standing
from connector.records import Listing
from connector.store.connection import Connection, Cursor
from connector.store.schema import shape

_decode = shape(Listing).decode

_NO_OWN: Final = (
    "(?1 = '' OR NOT EXISTS (SELECT 1 FROM listing o WHERE o.id = l.asset || ' ' || ?1 AND o.digest <> ''))"
)
"""For everybody, and not overridden by a listing of the audience's own. Parameters everywhere: 1 the audience, 2 behind
what, 3 how many, 4 how many are skipped."""
_NO_OTHER: Final = "NOT EXISTS (SELECT 1 FROM listing o WHERE o.id = l.asset || ' ')"
_OPEN, _OWN = "l.audience = ''", "l.audience = ?1"


def _both(columns: str, alive: str, gone: str, order: str) -> str:
    """The listings for everybody and those of one audience, merged in an order in which both are read anyway."""
    select = f"SELECT {columns} FROM listing l WHERE"  # noqa: S608  # names are those below, values are bound
    everybody = f"{select} {_OPEN} AND {alive} AND {_NO_OWN}"
    own = f"{select} {_OWN} AND ?1 <> '' AND {gone}"
    return f"{everybody} UNION ALL {own} ORDER BY {order}"


_BEHIND: Final = "l.id > ?2 AND l.digest <> ''"
_PAGE: Final = _both("l.id, l.body", _BEHIND, _BEHIND, "1") + " LIMIT ?3 OFFSET ?4"
_SINCE: Final = "l.sequence > ?2 AND (?2 > 0 OR l.digest <> '')"
_CHANGES: Final = (
    # A listing of the audience's own that is gone says nothing where there ever was one for everybody: that was
    # numbered anew when this one went.
    _both("l.sequence, l.id, l.body", _SINCE, f"{_SINCE} AND (l.digest <> '' OR {_NO_OTHER})", "1") + " LIMIT ?3"
)
_DIGESTS: Final = _both("l.id, l.asset, l.digest", "l.digest <> ''", "l.digest <> ''", "1")
_STANDING: Final = (
    "SELECT (SELECT max(sequence) FROM listing WHERE audience = ''),"
    " (SELECT max(sequence) FROM listing WHERE audience = ?1 AND ?1 <> ''),"
    " (SELECT until FROM listing WHERE until > 0 ORDER BY until LIMIT 1)"
)


class Listed:
    """The catalogue for one audience, in the view of one connection."""

    __slots__ = ("_audience", "_connection")

    def __init__(self, connection: Connection, audience: str) -> None:
        self._connection, self._audience = connection, audience

    def page(self, *, after: str = "", skip: int = 0, limit: int = 100, room: int | None = None) -> Batch:
        """Listings in the order of their assets, beginning behind the asset `after`; fewer than `limit` where their
        documents would have more than `room` bytes, but one at least."""
        # "!" is what follows a space: behind all listings of that asset.
        return _within(self._rows(_PAGE, f"{after}!" if after else "", limit + 1, skip), limit, room)

    def changes(self, *, after: int, limit: int, room: int | None = None) -> Batch:
        """What is shown and was changed behind `after`, and what is shown no longer, in the order of `sequence`. From
        the very beginning (0) nothing is told of what has gone. `room` as in `page`."""
        return _within(self._rows(_CHANGES, after, limit + 1), limit, room)

    def digests(self) -> list[tuple[str, str]]:
        """Asset and digest of all that is shown, in the order of the assets."""
        return [(asset, digest) for _, asset, digest in self._execute(_DIGESTS).fetchall()]

    def standing(self) -> Standing:
        """How far the catalogue has come, and when something in it is over."""
        everybody, own, due = self._execute(_STANDING).fetchone()
        return Standing(sequence=max(everybody or 0, own or 0), own=own is not None, due=due)

    def _rows(self, sql: str, *values: Any) -> Iterator[Listing]:
        cursor = self._execute(sql, *values)
        while (row := cursor.fetchone()) is not None:
            yield _listing(row)

    def _execute(self, sql: str, *values: Any) -> Cursor:
        return self._connection.execute(sql, (self._audience, *values))


def ended(connection: Connection, now: int, limit: int) -> list[str]:
    """Assets with a listing that is over at `now`."""
    sql = "SELECT DISTINCT asset FROM listing WHERE until <= ? ORDER BY until LIMIT ?"
    return [row[0] for row in connection.execute(sql, (now, limit)).fetchall()]


def gone(connection: Connection, before: int, limit: int) -> list[str]:
    """Ids of listings that were gone before an instant, but for the last change for each audience."""
    sql = (
        "SELECT l.id FROM listing l WHERE l.digest = '' AND l.changed < ?"
        " AND l.sequence < (SELECT max(o.sequence) FROM listing o WHERE o.audience = l.audience) LIMIT ?"
    )
    return [row[0] for row in connection.execute(sql, (before, limit)).fetchall()]


def _within(rows: Iterator[Listing], limit: int, room: int | None) -> Batch:
    found: list[Listing] = []
    taken = 0
    for one in rows:
        taken += len(one.document)
        if len(found) == limit or (found and room is not None and taken > room):
            return Batch(found, True)
        found.append(one)
    return Batch(found, False)


def _listing(row: Sequence[Any]) -> Listing:
    try:
        return cast(Listing, _decode(row[-1]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StoreError("store.unreadable", kind="Listing", id=str(row[-2])) from None
