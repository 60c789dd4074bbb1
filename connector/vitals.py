"""What a node shows of itself: what it looks after for its health, and figures that its store does not have.

What lives here: the list of both. What does not: how they are shown (`telemetry`, `services.watch.figures`), looking at
a node from outside (`doctor`). Checks are quick looks at memory: asking costs no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from connector.config import Config
from connector.data.consuming.subscribing import Subscribing
from connector.data.gate import Gate
from connector.data.sources import Sources
from connector.data.workers.crew import Crew
from connector.doctor import machine
from connector.http.offsets import Offsets
from connector.http.tls import Certificate
from connector.ports import Clock
from connector.services.outbox import Outbox
from connector.services.proof.continuity import Continuity
from connector.services.watch.figures import Figure
from connector.services.watch.messenger import Messenger
from connector.store.sqlite import SqliteStore
from connector.telemetry import Check, Health
from policies import instants
from policies.model import Reason


def checks(
    *,
    store: SqliteStore,
    clock: Clock,
    continuity: Continuity,
    gate: Gate,
    certificate: Certificate | None,
    certificates: Callable[[], Reason | None],
    outbox: Outbox,
    sources: Sources,
    subscribing: Subscribing,
    crew: Crew,
    messengers: Sequence[Messenger],
    catalogs: Callable[[], Reason | None],
) -> Iterator[Check]:
    """What health looks after, what stops the node first."""
    yield Check("store", lambda: store.suspect, stops=True)
    yield Check("restored", continuity.trouble)
    yield Check("disk", lambda: Reason("store.full") if store.full else None)
    yield Check("clock", lambda: _clock_behind(store, clock))
    yield Check("contracts", gate.damage)
    yield Check("certificate", lambda: certificate.wrong() if certificate else None)
    yield Check("certificates", certificates)
    yield Check("outbox", outbox.trouble)
    yield Check("source", sources.trouble)
    yield Check("subscription", subscribing.trouble)
    yield Check("workers", crew.trouble)
    yield Check("catalogs", catalogs)
    yield Check("notify", lambda: next((one.trouble for one in messengers if one.trouble is not None), None))


def _clock_behind(store: SqliteStore, clock: Clock) -> Reason | None:
    """A clock that was set back: callers are refused until it shows again what it has shown before."""
    until = store.behind(clock.now())
    return None if until is None else Reason("clock.behind", {"until": instants.stamp(until)})


def figures(
    config: Config,
    clock: Clock,
    offsets: Offsets,
    health: Health,
    catalogs: Callable[[], Iterable[tuple[str, float, Mapping[str, str]]]],
) -> Iterator[Figure]:
    """Figures of the machine, of what was read of others, and one for each check."""
    yield from (Figure(name, value, labels) for name, value, labels in catalogs())
    yield Figure("disk_free_bytes", machine.free_bytes(config.directory))
    if (days := machine.certificate_days(config, clock.now())) is not None:
        yield Figure("certificate_days", days)
    if (ahead := offsets.middle()) is not None:
        yield Figure("clock_ahead_seconds", ahead)
    for check, wrong in health.report():
        yield Figure("check_failing", float(wrong is not None), {"check": check})
