"""Looking into a database without running on it: read only, no lock, nothing migrated, nothing made.

What lives here: opening a database that a stopped node has left, quick judgement of its pages and of the end of its
log. What does not: what else is wrong with a node (`connector.doctor`), the proof of the whole log
(`services.proof.audit`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from certs import tree
from connector.errors import NodeError, StoreError
from connector.ports import Reading
from connector.store import schema
from connector.store.connection import translated
from connector.store.view import View
from policies.model import Reason

T = TypeVar("T")
LAST = 1_000
"""How many of the newest log entries are recomputed."""


class Inspection:
    """A database that is only read; `close` it. Raises `StoreError` where it cannot be opened or is newer."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(os.fspath(path))}?mode=ro", uri=True, isolation_level=None, timeout=1.0
            )
            (self.version,) = self._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error as error:
            raise _damaged(path, error) from None
        if self.version > schema.VERSION:
            self._connection.close()
            raise StoreError("store.newer", found=str(self.version), known=str(schema.VERSION), do="")

    def see(self, act: Callable[[Reading], T]) -> T:
        """Run `act` on a consistent view. Raises `StoreError` where the database cannot answer."""
        try:
            self._connection.execute("BEGIN")
            try:
                return act(View(self._connection))
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise translated(error) from None

    async def read(self, act: Callable[[Reading], T]) -> T:
        """As `see`, in the form of the Store port."""
        return self.see(act)

    def damage(self) -> Reason | None:
        """What is wrong with pages, tables or the end of the log; None where nothing is."""
        try:
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            return translated(error).reason
        if found != "ok":
            return Reason("store.damaged", {"do": ""})
        try:
            return self.see(log_damage)
        except NodeError as error:
            return error.reason

    def close(self) -> None:
        """Close."""
        self._connection.close()


def log_damage(view: Reading) -> Reason | None:
    """Do the newest entries give their leaves, and the tree its signed root?

    Entries further back are looked at by `audit verify`.
    """
    head = view.head()
    if head is None:
        return Reason("store.log_damaged") if view.log(limit=1) else None
    first = max(0, head.size - LAST)
    found = view.log(after=first - 1, limit=LAST + 1)
    for index, one in enumerate(found, first):
        if one.index != index or tree.leaf_hash(one.salt + one.body) != one.leaf:
            return Reason("audit.leaf", {"index": str(index)})
    if first + len(found) != head.size or tree.root(view.node, head.size) != head.root:
        return Reason("store.log_damaged")
    return None


def _damaged(path: str | os.PathLike[str], error: sqlite3.Error) -> StoreError:
    """A database that cannot even be opened."""
    code = translated(error).reason.code
    if code == "store.failed":
        code = "store.damaged"
    return StoreError(code, file=os.path.basename(path))
