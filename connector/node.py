"""The composition root: settings -> adapters -> services -> servers; open, drain, close.

What lives here: what a node is made of, and in which order it starts and stops. What does not: anything that decides.
Every dependency is a constructor argument; `build` takes the few that tests and the conformance harness replace.

A node is made from the ground up: outside things, the way of data, what leads to a contract and what a contract goes
through, proof, watching, servers. What a room needs of one above it is asked when it is needed, by a lambda.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import structlog

from certs import checkpoint, did, jws, keys
from certs.did import Fetch
from connector import (
    carrying,
    cataloguing,
    contracting,
    fittings,
    founding,
    gatewaying,
    hosting,
    proving,
    serving,
    telemetry,
    trusting,
    watching,
)
from connector.chores import Chores, Rounds
from connector.config import Config
from connector.data import address, egress, gate, ledgers, noise
from connector.data.consuming import arriving, following, subscribing
from connector.data.readings.shelf import Shelf
from connector.data.silos.registry import kept_in
from connector.data.sources import Sources
from connector.data.workers import places
from connector.data.workers.answering import Answering
from connector.data.workers.crew import Crew
from connector.errors import InputError, StoreError
from connector.ground import Ground
from connector.http import (
    client,
    dsp,
    endpoints,
    inbox,
    management,
    offsets,
    planes,
    publications,
    renewal,
    signaling,
    signing,
)
from connector.ports import Clock, Fault, Identity, Ids, Peer, no_fault
from connector.protocol import paths
from connector.services import changes, discovery, intake, notices, operators, outbox, peers, subscriptions
from connector.services.planes import RegisteredPlanes
from connector.services.policies import coverage
from connector.services.proof import correspondence
from connector.services.silos import SiloRegister
from connector.services.trust import own_document
from connector.store import writer
from connector.store.sqlite import SqliteStore
from connector.system import KnownFacts, SystemClock, SystemIds

log = structlog.get_logger()
SWEEP_SECONDS = 60.0
TELL_SECONDS = 2.0
TURN_SECONDS = 1.0
"""How often it is looked whether a key's time has come."""
APPROVAL_SECONDS = 60.0
"""How often deadlines and reminders of decisions are looked at; their length is in days."""
COUNT_SECONDS = 1.0
"""How often it is counted which rules were true in the accesses since."""
LAST_SECONDS = 0.5
"""How long a node whose disk has failed goes on refusing before it ends."""


class Node:
    """One node. Everything it is made of is an attribute; nothing looks anything up."""

    def __init__(
        self,
        config: Config,
        *,
        decide: contracting.Decide | None,
        identity: Identity | None,
        clock: Clock,
        ids: Ids,
        peer: Peer | None,
        fetch: Fetch | None,
        fault: Fault,
        threaded: bool,
        workers: int,
    ) -> None:
        fittings.check_workers(config, workers)
        self._workers = workers
        self.config, self.clock, self.ids, self._fault, self._threaded = config, clock, ids, fault, threaded
        self.did, self.base = did.of_url(config.public_url), config.public_url + dsp.BASE
        self.keys = keys.load(config.directory / "keys", hosting.credentials())
        self.document = own_document.OwnDocument(config.public_url, self.base, self.keys)
        self.metrics, self.changes, self.rounds = telemetry.Metrics(), changes.Changes(), Rounds(clock)
        self.failed = asyncio.Event()
        """Set when the disk has failed: only a new process may write to the database."""
        self._outside_things(identity, peer, fetch)
        self._way_of_data()
        self._correspondence()
        self._contracts(decide)
        self._proof()
        self._watching()
        self._servers()

    # --- what it is made of -------------------------------------------------------------------------------------------

    def _outside_things(self, identity: Identity | None, peer: Peer | None, fetch: Fetch | None) -> None:
        """One adapter each."""
        config, clock = self.config, self.clock
        self._generation = 0
        self.store = SqliteStore.open(
            config.directory / "state.db",
            clock=clock,
            sign_head=self._sign_head,
            fault=self._fault,
            threaded=self._threaded,
            limits=writer.Limits(tokens=config.limits.live_tokens),
            failed=lambda reason: self.failed.set(),
        )
        self._generation = checkpoint.generation(self.store.origin, self.did) or 0
        self.offsets = offsets.Offsets(clock)
        self.client = client.client_of(config.network, dated=self.offsets.see)
        bare: Peer = peer or self.client
        self.fetch: Fetch = fetch or self.client
        self.publications = publications.Publications(paths.prefix(config.public_url))
        self.ground = self._ground(bare)
        self.trust = trusting.Trusting(self.ground)
        self.identity: Identity = identity or self.trust.identity
        # Another way of saying who is calling knows no keys, so nothing is signed for it or held against it.
        self._signatures = self.trust.identity if identity is None else None
        self.peer: Peer = signing.SigningPeer(bare, self._signatures) if self._signatures else bare
        self.inner = client.client_of(config.network, inner=self.client)
        kept = self._shelf = Shelf(store=self.store, folder=config.directory / carrying.READINGS, changes=self.changes)
        self.silos = fittings.silos(
            config, peer=peer or self.inner, clock=clock, find=kept_in(self.store), readings=kept
        )
        self.register = SiloRegister(store=self.store, clock=clock, reads=self.silos)
        self.sources = Sources(config.sources.kinds, clock=clock, closed=[config.directory], silos=self.silos)
        self.certificate = fittings.certificate(config)

    def _ground(self, peer: Peer) -> Ground:
        return Ground(
            config=self.config,
            did=self.did,
            base=self.base,
            keys=self.keys,
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            peer=peer,
            fetch=self.fetch,
            document=self.document,
            publications=self.publications,
            changes=self.changes,
            metrics=self.metrics,
            fault=self._fault,
        )

    def _way_of_data(self) -> None:
        """The gate, what it sees of the policies, and addresses that only it can make credentials for."""
        self.coverage = coverage.Coverage(store=self.store, clock=self.clock)
        self.gate = gate.Gate(
            store=self.store,
            clock=self.clock,
            facts=KnownFacts(self.clock),
            key=self.keys.grant,
            changes=self.changes,
            life=self.config.data.token_seconds,
            fault=self._fault,
            judged=self.metrics.access,
            seen=self.coverage.note,
            sure=self._sure_and_trusted,
            stopped=lambda: self.continuity.broken,
        )
        self.ledgers = ledgers.Ledgers(
            store=self.store, clock=self.clock, ids=self.ids, secret=fittings.pseudonyms(self.config)
        )
        self.egress = egress.Egress(ledgers=self.ledgers, clock=self.clock, sign=self._sign_leaving, draw=noise.laplace)
        self._data_processes()
        self._addresses = address.Addresses(self.config.public_url, self.gate.tokens)
        renewal.Renewal(made=self.gate.tokens, proofs=self.trust.identity, store=self.store, clock=self.clock).enter(
            self.publications
        )

    def _data_processes(self) -> None:
        """Those that send data beside this one, where there are any; here is decided, counted and written for them."""
        self.asked = Answering(
            gate=self.gate,
            ledgers=self.ledgers,
            find=self.silos.find_record,
            sign=self._sign_leaving,
            draw=noise.laplace,
        )
        self.crew = Crew(self._workers, self.config.directory, answering=self.asked, clock=self.clock)
        forget_here = self.ledgers.forget

        def forget(agreement: str) -> None:
            forget_here(agreement)
            self.asked.forget(agreement)

        self.ledgers.forget = forget

    def _correspondence(self) -> None:
        """Those we deal with: peers, what is said to them and what they offer; our own operators."""
        store, clock = self.store, self.clock
        self.outbox = outbox.Outbox(
            store=store,
            peer=self.peer,
            identity=self.identity,
            clock=clock,
            fault=self._fault,
            jitter=lambda: random.uniform(0.8, 1.2),  # noqa: S311 - spreads retries, protects nothing
            fill=self._addresses.fill,
            limits=fittings.outbox_limits(self.config),
            sure=self._sure,
            keep=correspondence.Correspondence(self.did, self.document.digest, self._signatures).keep_sent,
        )
        self.notices = notices.Notices(store=store, clock=clock, ids=self.ids, mail=self.outbox, changes=self.changes)
        self.discovery = discovery.Discovery(store=store, peer=self.peer, identity=self.identity)
        self.peers = peers.Peers(
            store=store,
            fetch=self.fetch,
            clock=clock,
            own=self.did,
            changed=self._peers_changed,
            greet=self.discovery.greet,
        )
        self.operators = operators.Operators(store=store, clock=clock, ids=self.ids)
        self.planes = RegisteredPlanes(
            store=store, clock=clock, check=planes.check, gone=lambda tx, plane: self.flows.abandon(tx, plane)
        )
        self.signals = planes.Planes(
            store=store,
            clock=clock,
            sends=self.ground.peer,
            secret=fittings.secrets_of_planes(),
            own=self.config.signaling.id or self.did,
        )

    def _contracts(self, decide: contracting.Decide | None) -> None:
        """What leads to a contract and its transfers, what it goes through, and fetching what it is about."""
        made = contracting.Contracting(
            self.ground,
            contracting.Around(
                peer=self.peer,
                outbox=self.outbox,
                notices=self.notices,
                discovery=self.discovery,
                sources=self.sources,
                addresses=self._addresses,
                sure=self._sure_and_spoken_to,
                speaks=self.trust.identity.speaks,
                introduce=lambda peer, token: self.trust.identity.introduce(peer, grant=token),
                decide=decide,
                signals=self.signals,
            ),
        )
        self.negotiations, self.transfers, self.approvals = made.negotiations, made.transfers, made.approvals
        self.offers, self.frames, self.proposals = made.offers, made.frames, made.proposals
        self.policies, self.statements = made.policies, made.statements
        self.contracts, self.endings, self.renewals = made.contracts, made.endings, made.renewals
        self.fetching, self.flows = made.fetching, made.flows
        carried = carrying.Carrying(
            self.ground,
            carrying.Around(
                gate=self.gate,
                sources=self.sources,
                silos=self.silos,
                egress=self.egress,
                transfers=self.transfers,
                contracts=self.contracts,
                addresses=self._addresses,
                offered=made.offered,
                sure=self._sure_and_spoken_to,
            ),
        )
        self.delivering, self.receiving, self.deliveries = carried.delivering, carried.receiving, carried.deliveries
        self.readings, self.of_devices = carried.readings, carried.of_devices
        self._following()

    def _following(self) -> None:
        """What comes under contracts, and where it is put."""
        store, clock = self.store, self.clock
        self.following = following.Following(fetching=self.fetching, peer=self.peer, store=store, clock=clock)
        self.sinks = fittings.sinks(self.config, peer=self.inner, clock=clock)
        self.subscriptions = subscriptions.Subscriptions(
            store=store, clock=clock, ids=self.ids, changes=self.changes, check=self.sinks.check
        )
        self.subscribing = subscribing.Subscribing(
            subscriptions=self.subscriptions,
            following=arriving.Arriving(following=self.following, shelf=self._shelf, store=store, clock=clock),
            sinks=self.sinks,
            changes=self.changes,
            clock=clock,
            fault=self._fault,
        )

    def _proof(self) -> None:
        """The log, what peers keep of it, keys, and what follows when something was lost."""
        made = proving.Proving(
            self.ground,
            proving.Around(
                peer=self.peer,
                identity=self.identity,
                outbox=self.outbox,
                notices=self.notices,
                is_own=lambda one: self.trust.identity.is_own(one.method, one.url, one.headers, one.body),
                rekeyed=lambda name: self.gate.rekey(self.keys.grant),
            ),
        )
        self.heads, self.audit, self.evidence, self.keyring = made.heads, made.audit, made.evidence, made.keyring
        self.settling, self.answering = made.settling, made.answering
        self.reconcile, self.continuity = made.reconcile, made.continuity

    def _watching(self) -> None:
        """What people get to see: events and their messages, figures, health, the doctor."""
        made = watching.Watching(
            self.ground,
            watching.Around(
                peer=self.peer,
                client=self.client,
                identity=self.identity,
                find=self.peers.get,
                heads=self.heads,
                continuity=self.continuity,
                gate=self.gate,
                outbox=self.outbox,
                sources=self.sources,
                subscribing=self.subscribing,
                offsets=self.offsets,
                certificate=self.certificate,
                certificates=lambda: self.trust.certifying.trouble(),
                federation=lambda: self.catalogs.federation,
                crew=self.crew,
            ),
        )
        self.probes, self.reflection, self.doctor = made.probes, made.reflection, made.doctor
        self.happenings, self.messengers = made.happenings, made.messengers
        self.health, self.figures = made.health, made.figures

    def _servers(self) -> None:
        """What peers speak to, and what operators speak to."""
        config = self.config
        self.trust.settle(
            trusting.Around(
                peers=self.peers,
                offers=self.offers,
                notices=self.notices,
                keyring=self.keyring,
                settling=self.settling,
                forget=self._peers_changed,
                ask=self.certificate.ask if self.certificate else _nobody_asks,
                show=self.client.show,
            )
        )
        self._devices()
        self.catalogs = cataloguing.Cataloguing(
            self.ground,
            cataloguing.Around(
                peer=self.peer,
                identity=self.identity,
                offers=self.offers,
                discovery=self.discovery,
                documents=self.trust.documents,
                check=self.sources.check,
                threaded=self._threaded,
            ),
        )
        self.dsp = self._dsp()
        self.data_plane = serving.data_plane(config, self._parts())
        self.inbox = inbox.Inbox(self.receiving, base=fittings.inbox_path(config), readings=self.of_devices)
        self.public_listener = fittings.public_listener(
            config,
            self.dsp,
            self.data_plane,
            self.inbox,
            self.reflection,
            certificate=self.certificate,
            metrics=self.metrics,
            readings=self.edge.readings if self.edge is not None else None,
        )
        routes = signaling.control_plane(self.flows, self.planes)
        self.signaling = signaling.Signaling(routes, prove=self.signals.prove, ids=self.ids, metrics=self.metrics)
        self.signaling_listener = fittings.signaling_listener(config, self.signaling, metrics=self.metrics)
        hosts = fittings.operators_hosts(config)
        self.management = management.Management(self._services(), ids=self.ids, hosts=hosts)
        self.management_listener = fittings.management_listener(config, self.management, metrics=self.metrics)

    def _devices(self) -> None:
        """Devices, where this node keeps the region that they belong to."""
        region = self.trust.services.region
        self.edge: gatewaying.Gatewaying | None = None
        if region is not None:
            self.edge = gatewaying.Gatewaying(
                self.ground,
                region=region,
                certifying=self.trust.certifying,
                transfers=self.transfers,
                receiving=self.readings,
            )

    def _parts(self) -> serving.Parts:
        """What data are served with."""
        return serving.Parts(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            keys=self.keys,
            gate=self.gate,
            sources=self.sources,
            silos=self.silos,
            egress=self.egress,
            ledgers=self.ledgers,
        )

    def _dsp(self) -> dsp.Dsp:
        return dsp.Dsp(
            public_url=self.config.public_url,
            did=self.did,
            did_document=self.document.body,
            identity=self.identity,
            signatures=self._signatures,
            intake=intake.Intake(store=self.store),
            catalog=self.catalogs.own,
            hints=self.catalogs.hints,
            negotiations=self.negotiations,
            transfers=self.transfers,
            heads=self.heads,
            answering=self.answering,
            sure=self._sure,
            probes=self.probes,
            throttle=fittings.throttle(self.config, self.clock),
            notices=self.notices,
            ids=self.ids,
            metrics=self.metrics,
            reached=self.outbox.reached,
            publications=self.publications,
            bound=self.trust.certifying.mutual.check,
        )

    def _services(self) -> endpoints.Services:
        return endpoints.Services(
            did=self.did,
            words=self.document.words,
            public_url=self.config.public_url,
            version=version("allmende"),
            store=self.store,
            operators=self.operators,
            peers=self.peers,
            offers=self.offers,
            silos=self.silos,
            register=self.register,
            planes=self.planes,
            catalog=self.catalogs.services,
            policies=self.policies,
            coverage=self.coverage,
            statements=self.statements,
            frames=self.frames,
            discovery=self.discovery,
            proposals=self.proposals,
            negotiations=self.negotiations,
            approvals=self.approvals,
            transfers=self.transfers,
            contracts=self.contracts,
            endings=self.endings,
            renewals=self.renewals,
            notices=self.notices,
            evidence=self.evidence,
            fetching=self.fetching,
            following=self.following,
            subscriptions=self.subscriptions,
            deliveries=self.deliveries,
            outbox=self.outbox,
            audit=self.audit,
            reconcile=self.reconcile,
            keyring=self.keyring,
            happenings=self.happenings,
            figures=self.figures,
            doctor=self.doctor,
            probes=self.probes,
            health=self.health,
            metrics=self.metrics,
            trust=self.trust.services,
            fleet=self.edge.fleet if self.edge is not None else None,
            handing=self.trust.handing,
            describing=self.trust.describing.services,
        )

    # --- what one room asks of another --------------------------------------------------------------------------------

    def _sign_head(self, size: int, root: bytes, at: int) -> str:
        origin = checkpoint.origin(self.did, self._generation)
        return checkpoint.signed(checkpoint.Checkpoint(origin, size, root), *self.keys.head)

    async def _sign_leaving(self, statement: Mapping[str, Any]) -> str:
        """A statement about data that leave, signed by the key that signs messages."""
        key, name = self.keys.signing()
        header = {"kid": f"{self.did}#{name}", "typ": "allmende-data+jwt"}
        return jws.sign(key, header, msgspec.json.encode({"iss": self.did, **statement}))

    def _sure(self, peer: str) -> Awaitable[None]:
        return self.continuity.sure(peer)

    async def _sure_and_trusted(self, peer: str) -> None:
        """Where the verdict on a peer has ended, it is judged again before the gate does."""
        await self.trust.identity.settle(peer)
        await self._sure(peer)

    async def _sure_and_spoken_to(self, peer: str) -> None:
        """Nothing is fetched from a peer to whom nothing may be said."""
        await self.trust.identity.speaks(peer)
        await self._sure(peer)

    def _peers_changed(self, peer: str) -> None:
        self.trust.identity.forget()
        self.outbox.forget()
        self.continuity.forget(peer)
        self.changes.publish(changes.Change("participant", peer))

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, take up what was unfinished, and look after what has to be done now and then."""
        await founding.same_as_ever(self.store, self.did)
        await self.keyring.settle()
        await self.catalogs.start()
        await founding.first_operator(self.operators, self.config.directory)
        await self.continuity.start()
        await self.trust.start()
        await self.outbox.start()
        await self.delivering.start()
        await self.approvals.take_up()
        await self.approvals.look()
        self.flows.start()
        if self.edge is not None:
            self.edge.ordering.start()
        await self._listen()
        self._go_round()

    async def _listen(self) -> None:
        public, operators = self.config.public, self.config.management
        if self._workers:
            await self.asked.start(places.questions(self.config.directory))
            await self.public_listener.start_unix(places.public(self.config.directory), mode=0o600)
            await self.crew.start(public.host, public.port)
        elif public.socket:
            await self.public_listener.start_unix(Path(public.socket))
        else:
            await self.public_listener.start(public.host, public.port)
        await self.management_listener.start(operators.host, operators.port)
        if self.config.signaling.on:
            await self.signaling_listener.start(self.config.signaling.host, self.config.signaling.port)

    def _go_round(self) -> None:
        exchange = self.config.audit.exchange_seconds
        own = Chores(
            store=self.store,
            clock=self.clock,
            sources=self.sources,
            silos=self.silos,
            heads=self.heads,
            threaded=self._threaded,
        )
        self.rounds.start(
            [
                (own.sweep, SWEEP_SECONDS),
                (own.look_at_sources, SWEEP_SECONDS),
                (own.look_at_silos, SWEEP_SECONDS),
                (self.continuity.go_on, exchange),
                (own.show_heads, exchange),
                (self.keyring.turn, TURN_SECONDS),
                (self.approvals.look, APPROVAL_SECONDS),
                (self.ledgers.destroy_ended, SWEEP_SECONDS),
                (self.coverage.work, COUNT_SECONDS),
                (self.readings.clear, SWEEP_SECONDS),
                *((messenger.work, TELL_SECONDS) for messenger in self.messengers),
                *self.trust.rounds(),
                *self.catalogs.rounds(),
            ]
        )
        self.rounds.keep(self.endings.run())
        self.rounds.keep(self.subscribing.run())

    async def close(self) -> None:
        """Take no more requests, finish those under way, stop sending, close the store."""
        await self.rounds.close()
        await self.continuity.close()
        await self.trust.close()
        await self.catalogs.close()
        if self.edge is not None:
            await self.edge.ordering.close()
        await self.delivering.close()
        await self.gate.close()
        await self.signaling_listener.close()
        await self.flows.close()
        await self.crew.close()
        await self.asked.close()
        await self.public_listener.close()
        await self.management_listener.close()
        await self.data_plane.close()
        await self.outbox.close()
        await self.silos.close()
        await self.sinks.close()
        await self.inner.close()
        await self.client.close()
        await self.store.close()


def _nobody_asks(roots: Sequence[str]) -> None:
    """TLS is ended by somebody else, who asks clients for nothing."""


def build(
    config: Config,
    *,
    decide: contracting.Decide | None = None,
    identity: Identity | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    peer: Peer | None = None,
    fetch: Fetch | None = None,
    fault: Fault = no_fault,
    threaded: bool = True,
    workers: int = 0,
) -> Node:
    """A node that does not run yet. What is given replaces the product's own part; `threaded=False` commits inline;
    `workers` processes send data beside it.

    Raises `InputError` (settings, keys), `StoreError` (the directory is in use, the database damaged or newer).
    """
    try:
        return Node(
            config,
            decide=decide,
            identity=identity,
            clock=clock or SystemClock(),
            ids=ids or SystemIds(),
            peer=peer,
            fetch=fetch,
            fault=fault,
            threaded=threaded,
            workers=workers,
        )
    except keys.KeyFileError as error:
        raise InputError(error.code, **error.params) from None


def run(config: Config, fault: Fault = no_fault, workers: int = 0) -> None:
    """Run a node until SIGTERM or SIGINT. Raises as `build`."""
    telemetry.configure_logs(sys.stderr, config.log.level, config.log.form)
    hosting.enough_descriptors(config.limits.connections)
    with asyncio.Runner(loop_factory=hosting.loop_factory()) as runner:
        runner.run(_serve(config, fault, workers))


async def _serve(config: Config, fault: Fault, workers: int) -> None:
    node = build(config, fault=fault, workers=workers)
    stop = hosting.stop_signals()
    try:
        await node.start()
        log.info("node.ready", did=node.did, public=config.public_url, management_port=node.management_listener.port)
        hosting.settle()
        await hosting.first_of(stop, node.failed)
    finally:
        if node.failed.is_set():
            # As a kill would end it, after a moment for those who are being refused: nothing is written or tidied up.
            log.critical("node.disk_failed", do="look at the disk; the next start takes up what is there")
            await asyncio.sleep(LAST_SECONDS)
            raise StoreError("store.suspect", cause="store.io")
        await node.close()
