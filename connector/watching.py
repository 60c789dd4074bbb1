"""What a node is made of as far as watching goes: events and messages to people, figures, health, the doctor.

What lives here: which of these parts needs which other. What does not: anything that decides; what health looks after
(`vitals`). It is the part of the composition root (`node`) that has to do with watching: made by it, and known to no
other part.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct

from connector import fittings, hosting, vitals
from connector.data.consuming.subscribing import Subscribing
from connector.data.gate import Gate
from connector.data.sources import Sources
from connector.data.workers.crew import Crew
from connector.doctor.examination import Doctor
from connector.doctor.surroundings import Surroundings
from connector.ground import Ground
from connector.http.client import HttpPeer
from connector.http.offsets import Offsets
from connector.http.reflection import Reflection
from connector.http.road import Road
from connector.http.tls import Certificate
from connector.ports import Identity, Peer
from connector.records import Participant
from connector.services.federation.federation import Federation
from connector.services.outbox import Outbox
from connector.services.proof.continuity import Continuity
from connector.services.proof.heads import Heads
from connector.services.watch.figures import Figures
from connector.services.watch.happenings import Happenings
from connector.services.watch.probes import Probes
from connector.telemetry import Health
from policies.model import Reason


class Around(Struct, frozen=True, kw_only=True):
    """What of the node is watched. `peer` signs what it sends, `client` goes below it; `find` finds a participant by
    name or DID; `certificate` is what the listener shows, `certificates` tells what is wrong with those of regions;
    `federation` reads others' catalogues, once there is one."""

    peer: Peer
    client: HttpPeer
    identity: Identity
    find: Callable[[str], Awaitable[Participant]]
    heads: Heads
    continuity: Continuity
    gate: Gate
    outbox: Outbox
    sources: Sources
    subscribing: Subscribing
    crew: Crew
    offsets: Offsets
    certificate: Certificate | None
    certificates: Callable[[], Reason | None]
    federation: Callable[[], Federation]


class Watching:
    """The parts of one node that have to do with watching; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        self._ground, self._around = ground, around
        self._seen_from_outside()
        self._people()
        self._state()
        self.doctor = self._doctor()

    def _seen_from_outside(self) -> None:
        """The way to this node as others go it."""
        own, around = self._ground, self._around
        client = around.client
        self.road = Road(peer=client, context=client.context, proxied=bool(own.config.network.proxy))
        self.reflection = Reflection(own.ids.token)
        self.probes = Probes(
            store=own.store,
            clock=own.clock,
            peer=around.peer,
            identity=around.identity,
            follow=self.road.follow,
            find=around.find,
        )

    def _people(self) -> None:
        """What happens, and ways to tell people of it."""
        own = self._ground
        self.happenings = Happenings(store=own.store, clock=own.clock)
        self.messengers = fittings.messengers(
            own.config,
            node=own.did,
            client=self._around.client,
            store=own.store,
            clock=own.clock,
            happenings=self.happenings,
        )

    def _state(self) -> None:
        """Health and figures."""
        own, around = self._ground, self._around
        self.health = Health(
            vitals.checks(
                store=own.store,
                clock=own.clock,
                continuity=around.continuity,
                gate=around.gate,
                certificate=around.certificate,
                certificates=around.certificates,
                outbox=around.outbox,
                sources=around.sources,
                subscribing=around.subscribing,
                crew=around.crew,
                messengers=self.messengers,
                catalogs=lambda: around.federation().trouble(),
            )
        )
        machine = partial(
            vitals.figures,
            own.config,
            own.clock,
            around.offsets,
            self.health,
            lambda: around.federation().figures(),
        )
        self.figures = Figures(store=own.store, clock=own.clock, standing=around.outbox.standing, machine=machine)

    def _doctor(self) -> Doctor:
        own, around = self._ground, self._around
        surroundings = Surroundings(
            config=own.config,
            peer=around.peer,
            clock=own.clock,
            road=self.road,
            kept=around.heads.kept_of_us,
            reflection=self.reflection,
        )
        return Doctor(
            config=own.config,
            own=own.keys,
            reads=own.store,
            around=surroundings,
            clock=own.clock,
            credentials=hosting.credentials(),
            running=True,
            check=around.sources.check,
            trouble=self.health.troubles,
        )
