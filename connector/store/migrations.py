"""Making the tables of a new database, and bringing an older one up to date.

What lives here: one step per schema version, run with sqlite-utils. This module is imported only where `PRAGMA
user_version` is behind, because sqlite-utils is slow to import. What does not: what the
tables are (`schema`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from connector.protocol.dataflow import DataFlow
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import (
    INDEXED,
    Agreement,
    Asset,
    CatalogMark,
    CatalogPlace,
    Cells,
    Delivery,
    Device,
    DeviceReadings,
    Endpoint,
    Flow,
    Harvest,
    Head,
    Listing,
    Operator,
    Outgoing,
    Participant,
    Plane,
    PolicyVersion,
    Portrait,
    Pseudonyms,
    PublishedOffer,
    ReadingLog,
    Reception,
    Release,
    SavedSearch,
    Sending,
    Silo,
    Statement,
    Subscription,
    TokenUse,
)
from connector.store import schema

FIRST = (
    *(Negotiation, Transfer, Participant, Operator, Asset, PolicyVersion),
    *(PublishedOffer, Agreement, Endpoint, Outgoing, Head),
)
"""The kinds of version 1; it was released, so nothing is added here."""

SINCE_THIRD = (
    *(Statement, Pseudonyms, Release, Cells, Silo, TokenUse, Delivery, Reception),
    *(Plane, Flow, DataFlow, Subscription),
    *(Device, Sending),
    *(DeviceReadings, ReadingLog),
    *(Portrait, Listing, CatalogMark, Harvest, SavedSearch, CatalogPlace),
)
"""The kinds that version 3 has added to those of version 2, which was released."""


def _first(database: Database) -> None:
    """Version 1: processes, peers, what is shared, contracts, the log."""
    for statement in (*schema.FIXED, *schema.of_kinds(FIRST)):
        database.execute(statement)


def _second(database: Database) -> None:
    """Version 2: approvals, notices, signed messages; regions, their members and what is issued to them."""
    for statement in schema.of_kinds(kind for kind in INDEXED if kind not in (*FIRST, *SINCE_THIRD)):
        database.execute(statement)


def _third(database: Database) -> None:
    """Version 3: what operators state about the world; what has left changed, and how."""
    for statement in schema.of_kinds(SINCE_THIRD):
        database.execute(statement)


STEPS: tuple[Callable[[Database], None], ...] = (_first, _second, _third)
"""`STEPS[n]` leads from version n to n + 1."""


def create(path: str) -> None:
    """Make a new database at `path`.

    INVARIANT: the name appears only when the tables are on disk, so an empty file under it is always damage.
    """
    draft = f"{path}.new"
    Path(draft).unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        _run(connection)
    finally:
        connection.close()
    _sync(draft)
    os.rename(draft, path)
    _sync(os.path.dirname(path) or ".")


def migrate(path: str) -> None:
    """Bring the database at `path` up to `schema.VERSION`. Killed half way, it is as before and can be run again."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        _run(connection)
    finally:
        connection.close()


def _run(connection: sqlite3.Connection) -> None:
    """All missing steps and the version number, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for step in STEPS[version:]:
            step(Database(connection, execute_plugins=False))
        connection.execute(f"PRAGMA user_version={schema.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _sync(path: str) -> None:
    """Force a file or directory to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
