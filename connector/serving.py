"""What serves data in a process that decides itself, whichever composition root has made it (`node`, `dataplane`).

What lives here: which of the parts of the data plane needs which other. What does not: anything that decides; a data
process beside the control process has parts of its own (`worker`).
"""

from __future__ import annotations

from msgspec import Struct

from certs.keys import NodeKeys
from connector import fittings
from connector.config import Config
from connector.data.answering.answers import Answers
from connector.data.answering.live import Live
from connector.data.egress import Egress
from connector.data.gate import Gate
from connector.data.ledgers import Ledgers
from connector.data.silos.registry import Silos
from connector.data.sources import Sources
from connector.http.data import DataPlane
from connector.http.live import LivePlane
from connector.ports import Clock, Ids, Store


class Parts(Struct, frozen=True, kw_only=True):
    """What data are served with."""

    store: Store
    clock: Clock
    ids: Ids
    keys: NodeKeys
    gate: Gate
    sources: Sources
    silos: Silos
    egress: Egress
    ledgers: Ledgers


def answers(own: Parts) -> Answers:
    """Rows of silos as answers."""
    return Answers(sources=own.sources, silos=own.silos, egress=own.egress, clock=own.clock, token=own.ids.token)


def data_plane(config: Config, own: Parts) -> DataPlane:
    """Everything below the data path: contents, answers, rows as they come."""
    sealer = own.keys.sealer()
    live = Live(
        store=own.store,
        silos=own.silos,
        sources=own.sources,
        ledgers=own.ledgers,
        clock=own.clock,
        seal=sealer.seal,
        unseal=sealer.open,
    )
    return DataPlane(
        own.gate,
        own.sources,
        own.egress,
        base=fittings.data_path(config),
        live=LivePlane(own.gate, live),
        answers=answers(own),
        clock=own.clock,
    )
