"""The audit log in the database: entries, subtrees, the own head; and its right edge in memory.

What lives here: turning entries into salted leaves, keeping the tree, signing one head per commit. What does not:
hashes and proofs (`certs.tree`), the form of a head (`certs.checkpoint`, behind `SignHead`), transactions (`writer`).
Source: RFC 9162, 2.1. A leaf is the hash over salt and bytes of an entry, so that the bytes of an entry can be erased
without their being guessed from the leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from certs import tree
from connector.errors import StoreError
from connector.records import Head, Logged
from connector.store.connection import Connection
from policies.model import Reason

SignHead = Callable[[int, bytes, int], str]
"""(size, root, instant) -> signed note whose first line is the origin."""

SALT = 16
"""Bytes of salt in front of an entry."""

STRIDE = 8
"""Subtrees are kept at every level that is a multiple of this."""


class Sealed:
    """Entries that have been written but not committed: the edge and the head that hold when they are."""

    __slots__ = ("edge", "head")

    def __init__(self, edge: tree.CompactRange, head: Head) -> None:
        self.edge = edge
        self.head = head


class Log:
    """The growing end of the log. `damage` says why nothing may be appended, where that is so."""

    def __init__(self, connection: Connection, sign: SignHead, random: Callable[[int], bytes]) -> None:
        self._sign = sign
        self._random = random
        self.damage: Reason | None = None
        self._edge = tree.CompactRange()
        last = head(connection)
        self.origin = "" if last is None else last.id
        """Whose log this is, and of which generation, as its newest head says."""
        try:
            self._edge = restored(connection)
        except StoreError as error:
            self.damage = error.reason
        else:
            self._check(last)

    def _check(self, last: Head | None) -> None:
        """INVARIANT: nothing is signed that does not extend the last signed head."""
        size, root = (0, tree.EMPTY) if last is None else (last.size, last.root)
        if (size, root) != (self._edge.size, self._edge.root()):
            self.damage = Reason("store.log_damaged", {"signed": str(size), "found": str(self._edge.size)})

    def seal(self, connection: Connection, entries: Sequence[tuple[int, bytes]], at: int) -> Sealed:
        """Write these entries as leaves, with a head over them, into the open transaction; `adopt` follows its commit.

        INVARIANT: the log in memory does not move until the commit is known to be on disk.
        """
        edge = self._edge.copy()
        salts = self._random(SALT * len(entries))
        rows: list[tuple[int, int, bytes, bytes, bytes]] = []
        nodes: list[tuple[int, int, bytes]] = []
        for place, (when, body) in enumerate(entries):
            salt = salts[SALT * place : SALT * (place + 1)]
            leaf = tree.leaf_hash(salt + body)
            rows.append((edge.size, when, salt, leaf, body))
            for made in edge.append(leaf):
                if made[0] % STRIDE == 0:
                    nodes.append(made)
        connection.executemany("INSERT INTO audit(leaf_index, at, salt, leaf, body) VALUES(?, ?, ?, ?, ?)", rows)
        if nodes:
            connection.executemany("INSERT INTO node VALUES(?, ?, ?)", nodes)
        root = edge.root()
        note = self._sign(edge.size, root, at)
        signed = Head(id=note.partition("\n")[0], size=edge.size, root=root, at=at, note=note)
        connection.execute(
            "INSERT OR REPLACE INTO own_head VALUES(1, ?, ?, ?, ?, ?)", (signed.id, edge.size, root, at, note)
        )
        return Sealed(edge, signed)

    def adopt(self, sealed: Sealed) -> None:
        """The transaction of `sealed` is on disk."""
        self._edge = sealed.edge


def restored(connection: Connection) -> tree.CompactRange:
    """The right edge from the database, without reading more than a few hundred hashes. Raises `StoreError`."""
    (last,) = connection.execute("SELECT max(leaf_index) FROM audit").fetchone()
    size = 0 if last is None else int(last) + 1
    return tree.CompactRange(size, [node(connection, *piece) for piece in tree.complete(0, size)])


def node(connection: Connection, level: int, index: int) -> bytes:
    """Hash of a complete subtree. Raises `StoreError` where a hash that it needs is missing."""
    base = level - level % STRIDE
    count = 1 << (level - base)
    hashes = _hashes(connection, base, index * count, count)
    if len(hashes) != count:
        raise StoreError("store.log_gap", level=str(base), first=str(index * count))
    while len(hashes) > 1:
        hashes = [tree.node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def _hashes(connection: Connection, level: int, first: int, count: int) -> list[bytes]:
    """Kept hashes of one level, in order."""
    if level:
        sql = "SELECT hash FROM node WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
        rows = connection.execute(sql, (level, first, first + count)).fetchall()
    else:
        sql = "SELECT leaf FROM audit WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index"
        rows = connection.execute(sql, (first, first + count)).fetchall()
    return [row[0] for row in rows]


def entries(connection: Connection, after: int, limit: int) -> list[Logged]:
    """Entries in order, beginning behind the leaf index `after`."""
    sql = "SELECT leaf_index, at, body, salt, leaf FROM audit WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?"
    rows: list[Any] = connection.execute(sql, (after, limit)).fetchall()
    return [Logged(index=n, at=at, body=body, salt=salt, leaf=leaf) for n, at, body, salt, leaf in rows]


def head(connection: Connection) -> Head | None:
    """The own latest signed head, or None."""
    row = connection.execute("SELECT origin, size, root, at, note FROM own_head").fetchone()
    if row is None:
        return None
    origin, size, root, at, note = row
    return Head(id=origin, size=size, root=root, at=at, note=note)
