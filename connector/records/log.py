"""The audit log: entries before and after they are numbered, signed heads, readers, generations after a restore.

What does not live here: the tree over the entries (`certs.tree`, RFC 9162).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Entry(Struct, frozen=True, kw_only=True):
    """One audit entry before it is numbered: what happened, by whom, with plain string parameters.

    `actor` is an operator's name, a peer's DID or `node`.
    """

    event: str
    actor: str
    params: Mapping[str, str] = {}


class Written(Struct, frozen=True, kw_only=True):
    """What the bytes of an audit entry say, as JSON."""

    at: int
    event: str
    actor: str
    params: Mapping[str, str] = {}


class Logged(Struct, frozen=True, kw_only=True):
    """An audit entry as kept: its leaf index, instant, exact bytes, salt and leaf hash (RFC 9162, 2.1)."""

    index: int
    at: int
    body: bytes
    salt: bytes
    leaf: bytes


class Head(Struct, frozen=True, kw_only=True):
    """A signed tree head: C2SP checkpoint text with its note signature. `id` is the origin, a DID.

    `shown` is kept of a peer's heads: the latest end of a token that brought one. A smaller head under an older token
    is no contradiction, it was only late. `generation` is that of a peer's log, 0 for the first; the last head of each
    older one is kept under the DID, a space and its generation.
    """

    id: str
    size: int
    root: bytes
    at: int
    note: str
    shown: int = 0
    generation: int = 0


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a reader of the audit log has come: `id` names the reader, `index` is the last leaf that it has done."""

    id: str
    index: int


class Generation(Struct, frozen=True, kw_only=True):
    """The log going on from an older state of itself, after a restore. `id` is `number` with leading zeros.

    `size` and `note` are the head that it goes on from ("" where the log was empty), `at` when it was restored, and
    `backup` when the backup was made, both microseconds UTC.
    """

    id: str
    number: int
    size: int
    note: str
    at: int
    backup: int
