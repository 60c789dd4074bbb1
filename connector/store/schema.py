"""The tables: one per kept kind, made from `records.INDEXED`, and six for tokens, answers, counters and the audit tree.

What lives here: names, SQL text and encodings, as values. What does not: running them (`view`), making and changing
tables (`migrations`).

A kind's table has the id, the attributes of `INDEXED`, and the whole record as MessagePack in `body`, which alone is
read. Tables with bodies are rowid tables, because a body in a WITHOUT ROWID table makes its tree deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from connector.protocol.dataflow import DataFlow
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import (
    INDEXED,
    Agreement,
    Asset,
    Certificate,
    Flow,
    Issuance,
    Issued,
    Listing,
    Notice,
    Operator,
    Outgoing,
    Participant,
    PolicyVersion,
    PublishedOffer,
    Sending,
)

VERSION = 3
"""`PRAGMA user_version` of a database that this program works on."""

INDEXES: Mapping[type[Struct], tuple[str, ...]] = {
    Negotiation: ("peer_pid",),
    Transfer: ("peer_pid", "agreement"),
    Participant: ("name",),
    Operator: ("token_hash",),
    Asset: ("name",),
    PolicyVersion: ("name",),
    PublishedOffer: ("asset",),
    Agreement: ("negotiation",),
    Outgoing: ("pid",),
    Notice: ("about",),
    Certificate: ("member", "key"),
    Issuance: ("holder",),
    Issued: ("holder", "place"),
    Flow: ("waiting",),
    DataFlow: ("waiting", "process"),
    Sending: ("device",),
    Listing: ("asset", "audience", "audience, sequence", "until"),
}
"""The attributes with an index of their own, or several with one between them. Each is paid for at every write: the
state of processes and the peer of outgoing messages would add a quarter to the cost of a step, and are asked for by
lists and after an outage alone."""

FIXED = (
    "CREATE TABLE token(issuer TEXT, jti TEXT, expires INTEGER, PRIMARY KEY(issuer, jti)) WITHOUT ROWID",
    "CREATE INDEX token_expires ON token(expires)",
    # Not WITHOUT ROWID: answers lie in the order of their making, so the old ones are found without an index.
    "CREATE TABLE answer(n INTEGER PRIMARY KEY, peer TEXT, digest BLOB, status INTEGER, body BLOB, at INTEGER)",
    "CREATE UNIQUE INDEX answer_digest ON answer(digest, peer)",
    "CREATE TABLE counter(key TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID",
    "CREATE TABLE audit(leaf_index INTEGER PRIMARY KEY, at INTEGER, salt BLOB, leaf BLOB, body BLOB)",
    # Subtrees of height 8, 16, 24 ...: what lies between is computed from at most 128 hashes below.
    "CREATE TABLE node(level INTEGER, place INTEGER, hash BLOB, PRIMARY KEY(level, place)) WITHOUT ROWID",
    "CREATE TABLE own_head(one INTEGER PRIMARY KEY CHECK(one = 1), origin TEXT, size INTEGER, root BLOB, at INTEGER,"
    " note TEXT)",
)
"""Tables that are no kinds."""


def table(kind: type[Struct]) -> str:
    """`PublishedOffer` -> `published_offer`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def layout() -> list[str]:
    """The statements that make all tables and indexes of this version."""
    return [*FIXED, *of_kinds(INDEXED)]


def of_kinds(kinds: Iterable[type[Struct]]) -> list[str]:
    """The statements that make the tables and indexes of these kinds."""
    made = []
    for kind in kinds:
        name, columns = table(kind), INDEXED[kind]
        made.append(f"CREATE TABLE {name}(id TEXT PRIMARY KEY, {''.join(f'{c}, ' for c in columns)}body BLOB)")
        indexes = INDEXES.get(kind, ())
        made += [f"CREATE INDEX {name}_{c.replace(', ', '_')} ON {name}({c}, id)" for c in indexes]
    return made


def tables() -> list[str]:
    """Every table of this version."""
    return ["token", "answer", "counter", "audit", "node", "own_head", *map(table, INDEXED)]


class Shape:
    """How one kind is written and read."""

    def __init__(self, kind: type[Struct]) -> None:
        self.name = name = table(kind)
        self.columns = columns = INDEXED[kind]
        self.values: Callable[[Any], tuple[Any, ...]] = attrgetter("id", *columns) if columns else lambda r: (r.id,)
        self.decode = msgspec.msgpack.Decoder(kind).decode
        # Names come from INDEXED, values are always bound.
        self.get = f"SELECT body FROM {name} WHERE id = ?"  # noqa: S608
        self.delete = f"DELETE FROM {name} WHERE id = ? RETURNING 1"  # noqa: S608
        places = ", ".join("?" * (len(columns) + 2))
        changes = ", ".join(f"{c} = excluded.{c}" for c in (*columns, "body"))
        self.put = (
            f"INSERT INTO {name}({', '.join(('id', *columns, 'body'))}) VALUES({places})"
            f" ON CONFLICT(id) DO UPDATE SET {changes}"
        )

    def where(self, wanted: Mapping[str, Any]) -> str:
        """The condition for these attributes. Raises `ValueError` for one that the kind is not found by."""
        for column in wanted:
            if column not in self.columns:
                raise ValueError(f"{self.name} is not found by {column}")
        return "".join(f"{column} IS ? AND " for column in wanted) + "id > ?"


@cache
def shape(kind: type[Struct]) -> Shape:
    """The shape of a kept kind. Raises `KeyError` for a kind that is not in `INDEXED`."""
    return Shape(kind)
