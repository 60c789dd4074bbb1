"""What a node stands on before anybody can call it, in one value for the parts of its composition.

What lives here: the names of these things. What does not: making them (`node`), what is made of them (`trusting`,
`belonging`, `certifying`, `describing`, `proving`, `watching`).
"""

from __future__ import annotations

from msgspec import Struct

from certs.did import Fetch
from certs.keys import NodeKeys
from connector.config import Config
from connector.http.publications import Publications
from connector.ports import Clock, Fault, Ids, Peer
from connector.services.changes import Changes
from connector.services.trust.own_document import OwnDocument
from connector.store.sqlite import SqliteStore
from connector.telemetry import Metrics


class Ground(Struct, frozen=True, kw_only=True):
    """`base` is the DSP endpoint of this node. `peer` and `fetch` are guarded; nothing is signed on the way."""

    config: Config
    did: str
    base: str
    keys: NodeKeys
    store: SqliteStore
    clock: Clock
    ids: Ids
    peer: Peer
    fetch: Fetch
    document: OwnDocument
    publications: Publications
    changes: Changes
    metrics: Metrics
    fault: Fault
