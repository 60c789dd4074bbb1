"""The composition root of a data plane that runs alone, for control planes of others (Data Plane Signaling).

What lives here: what such a process is made of, and in which order it starts and stops. What does not: anything that
decides; a whole node (`node`). It has a gate, silos, an audit log and operators like a node, and no Dataspace Protocol,
no trust in peers and no contracts of its own: whom it serves is the affair of the control planes that its operators
have registered, and what may leave is read from the agreements that these give it.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from certs import checkpoint, did, jws, keys
from connector import fittings, founding, hosting, serving, telemetry
from connector.chores import Rounds
from connector.config import Config
from connector.data import address, egress, gate, ledgers, noise
from connector.data.delivery.delivering import Delivering
from connector.data.delivery.opening import Opening
from connector.data.delivery.parcels import Courier
from connector.data.delivery.receiving import Receiving
from connector.data.signaling.addresses import FlowAddresses
from connector.data.signaling.ending import FlowEnds
from connector.data.signaling.grounds import Grounds
from connector.data.signaling.plane import DataFlows
from connector.data.silos.registry import kept_in
from connector.data.sources import Sources
from connector.errors import InputError, StoreError, UnknownError
from connector.http import client, inbox, management, planes, publications, renewal, signaling, v1
from connector.http.endpoints import Services
from connector.http.exchange import Request, Response
from connector.http.problems import problem, told
from connector.http.server import Listener, names_of
from connector.identity.pinned import PinnedIdentity
from connector.identity.resolver import Resolver
from connector.identity.self_issued import SelfIssued
from connector.ports import Clock, Fault, Ids, Peer, no_fault
from connector.protocol import paths
from connector.protocol.dataflow import DataFlow
from connector.records import Plane
from connector.sentences import language_of
from connector.services import changes, offers, operators
from connector.services.planes import RegisteredPlanes
from connector.services.proof.audit import Audit
from connector.services.proof.heads import Heads
from connector.services.silos import SiloRegister
from connector.services.trust.own_document import OwnDocument
from connector.store import writer
from connector.store.sqlite import SqliteStore
from connector.system import KnownFacts, SystemClock, SystemIds
from connector.telemetry import Check, Health
from policies.model import Reason

log = structlog.get_logger()
SWEEP_SECONDS = 60.0
LAST_SECONDS = 0.5
INBOX = "inbox"
"""Where what is delivered lies, in the directory."""
DID_DOCUMENT = "/.well-known/did.json"
SERVED = (
    *("/health", "/ready", "/metrics", "/v1/status", "/v1/audit", "/v1/operators"),
    *("/v1/assets", "/v1/source-kinds", "/v1/sources", "/v1/planes", "/v1/dataflows"),
)
"""What of the management API there is here, by the beginnings of its paths."""


class DataPlaneProcess:
    """One data plane. Everything it is made of is an attribute; nothing looks anything up."""

    def __init__(
        self, config: Config, *, clock: Clock, ids: Ids, peer: Peer | None, fault: Fault, threaded: bool
    ) -> None:
        self.config, self.clock, self.ids, self._fault, self._threaded = config, clock, ids, fault, threaded
        self.did = did.of_url(config.public_url)
        self.keys = keys.load(config.directory / "keys", hosting.credentials())
        self.document = OwnDocument(config.public_url, config.public_url, self.keys)
        self.metrics, self.changes, self.rounds = telemetry.Metrics(), changes.Changes(), Rounds(clock)
        self.failed = asyncio.Event()
        self._outside_things(peer)
        self._way_of_data()
        self._signaling()
        self._operating()
        self._listeners()

    # --- what it is made of -------------------------------------------------------------------------------------------

    def _outside_things(self, peer: Peer | None) -> None:
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
        self.client = client.client_of(config.network)
        self.peer: Peer = peer or self.client
        self.inner = client.client_of(config.network, inner=self.client)
        self.silos = fittings.silos(config, peer=peer or self.inner, clock=clock, find=kept_in(self.store))
        self.sources = Sources(config.sources.kinds, clock=clock, closed=[config.directory], silos=self.silos)
        self.documents = Resolver(self.client, clock, lab=config.lab)

    def _way_of_data(self) -> None:
        """The gate and what data go through on their way out."""
        self.gate = gate.Gate(
            store=self.store,
            clock=self.clock,
            facts=KnownFacts(self.clock),
            key=self.keys.grant,
            changes=self.changes,
            life=self.config.data.token_seconds,
            fault=self._fault,
            judged=self.metrics.access,
        )
        self.ledgers = ledgers.Ledgers(
            store=self.store, clock=self.clock, ids=self.ids, secret=fittings.pseudonyms(self.config)
        )
        self.egress = egress.Egress(ledgers=self.ledgers, clock=self.clock, sign=self._sign_leaving, draw=noise.laplace)
        self.addresses = address.Addresses(self.config.public_url, self.gate.tokens)

    def _signaling(self) -> None:
        """Control planes of others and the flows that they begin."""
        own = self.config.signaling
        self.planes = planes.Planes(
            store=self.store,
            clock=self.clock,
            sends=self.peer,
            secret=fittings.secrets_of_planes(),
            own=own.id or self.did,
        )
        self.flows = DataFlows(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            changes=self.changes,
            signals=self.planes,
            grounds=Grounds(clock=self.clock, changes=self.changes, seal=self.keys.sealer().seal),
            addresses=FlowAddresses(self.addresses, self.gate.tokens),
            patience=own.patience,
        )
        self.delivering = Delivering(
            store=self.store,
            clock=self.clock,
            gate=self.gate,
            changes=self.changes,
            transfers=FlowEnds(self.flows, self.store),
            courier=Courier(store=self.store, peer=self.peer, unseal=self.keys.sealer().open),
            open=Opening(
                gate=self.gate, sources=self.sources, egress=self.egress, answers=serving.answers(self._parts())
            ),
            jitter=lambda: random.uniform(0.8, 1.2),  # noqa: S311 - spreads retries, protects nothing
            fault=self._fault,
        )
        self.receiving = Receiving(
            store=self.store,
            clock=self.clock,
            changes=self.changes,
            tokens=self.gate.tokens,
            folder=self.config.directory / INBOX,
            quota=self.config.data.inbox_bytes,
        )
        self.registered = RegisteredPlanes(
            store=self.store, clock=self.clock, check=planes.check, gone=self.flows.abandon
        )
        routes = signaling.data_plane(self.flows, self.registered)
        self.signaling = signaling.Signaling(routes, prove=self.planes.prove, ids=self.ids, metrics=self.metrics)

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

    def _operating(self) -> None:
        """Operators, what they share, and the log."""
        identity = PinnedIdentity(store=self.store, clock=self.clock, ids=self.ids, own=self.did, keys=self.keys)
        self.operators = operators.Operators(store=self.store, clock=self.clock, ids=self.ids)
        self.offers = offers.Offers(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            public_url=self.config.public_url,
            check=self.sources.check,
        )
        self.heads = Heads(
            store=self.store,
            clock=self.clock,
            peer=self.peer,
            identity=identity,
            did=self.did,
            publics=self.keys.heads,
        )
        self.audit = Audit(store=self.store, heads=self.heads, did=self.did, publics=self.keys.heads)
        self.health = Health(
            [
                Check("store", lambda: self.store.suspect, stops=True),
                Check("disk", lambda: Reason("store.full") if self.store.full else None),
                Check("contracts", self.gate.damage),
                Check("source", self.sources.trouble),
            ]
        )

    def _listeners(self) -> None:
        config, limits = self.config, fittings.http_limits(self.config)
        self.publications = publications.Publications(paths.prefix(config.public_url))
        self.publications.add("GET", DID_DOCUMENT, self._own_document)
        self.publications.add("POST", f"{address.RENEWAL}/{{pid}}", self._renew)
        self.data_plane = serving.data_plane(config, self._parts())
        self.inbox = inbox.Inbox(self.receiving, base=fittings.inbox_path(config))
        host = urlsplit(config.public_url).hostname or ""
        self.public_listener = Listener(
            "public",
            serve=self._public,
            refuse=_refuse,
            hosts=names_of(host),
            metrics=self.metrics,
            limits=limits,
            streams={self.data_plane.base: self.data_plane.handler, self.inbox.base: self.inbox.handler},
            upgrades=self.data_plane.base,
            certificate=fittings.certificate(config),
        )
        self.signaling_listener = fittings.signaling_listener(config, self.signaling, metrics=self.metrics)
        services = self._services()
        table = [one for one in v1.table_of_data_plane(services) if one.path.startswith(SERVED)]
        self.management = management.Management(
            services, ids=self.ids, hosts=fittings.operators_hosts(config), table=table, absent="dataplane.alone"
        )
        self.management_listener = fittings.management_listener(config, self.management, metrics=self.metrics)

    def _services(self) -> Services:
        absent: Any = None  # INVARIANT: no endpoint in the table of a data plane asks for these
        given: Mapping[str, Any] = {
            "did": self.did,
            "words": self.document.words,
            "public_url": self.config.public_url,
            "version": version("allmende"),
            "store": self.store,
            "operators": self.operators,
            "offers": self.offers,
            "audit": self.audit,
            "health": self.health,
            "metrics": self.metrics,
            "silos": self.silos,
            "register": SiloRegister(store=self.store, clock=self.clock, reads=self.silos),
            "planes": self.registered,
        }
        names = Services.__struct_fields__
        return Services(**{name: given.get(name, absent) for name in names})

    # --- what is served -----------------------------------------------------------------------------------------------

    async def _public(self, request: Request) -> Response:
        found = self.publications.find(request)
        if found is None:
            return _refuse(request.path, request.headers, UnknownError("http.path"))
        return await found.answer(request)

    async def _own_document(self, request: Request, values: tuple[str, ...]) -> Response:
        return Response(200, {"content-type": "application/did+json"}, self.document.body())

    async def _renew(self, request: Request, values: tuple[str, ...]) -> Response:
        """The consumer proves itself to the participant whose control plane has begun the flow (Token Renewal)."""
        flow, plane = await self.store.read(lambda view: _flow_of(view, values[0]))
        proofs = SelfIssued(
            flow.participant if flow else self.did,
            documents=self.documents,
            clock=self.clock,
            private=plane is not None and plane.private,
        )
        endpoint = renewal.Renewal(made=self.gate.tokens, proofs=proofs, store=self.store, clock=self.clock)
        return await endpoint.answer(request, values)

    def _sign_head(self, size: int, root: bytes, at: int) -> str:
        origin = checkpoint.origin(self.did, self._generation)
        return checkpoint.signed(checkpoint.Checkpoint(origin, size, root), *self.keys.head)

    async def _sign_leaving(self, statement: Mapping[str, Any]) -> str:
        key, name = self.keys.signing()
        header = {"kid": f"{self.did}#{name}", "typ": "allmende-data+jwt"}
        return jws.sign(key, header, msgspec.json.encode({"iss": self.did, **statement}))

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, and take up what was unfinished."""
        await founding.same_as_ever(self.store, self.did)
        await founding.first_operator(self.operators, self.config.directory)
        self.flows.start()
        await self.delivering.start()
        public, own, inner = self.config.public, self.config.signaling, self.config.management
        if public.socket:
            await self.public_listener.start_unix(Path(public.socket))
        else:
            await self.public_listener.start(public.host, public.port)
        await self.signaling_listener.start(own.host, own.port)
        await self.management_listener.start(inner.host, inner.port)
        self.rounds.start([(self._sweep, SWEEP_SECONDS), (self.ledgers.destroy_ended, SWEEP_SECONDS)])

    async def _sweep(self) -> None:
        while await self.store.sweep(self.clock.now()):
            pass

    async def close(self) -> None:
        """Take no more requests, finish those under way, close the store."""
        await self.rounds.close()
        await self.signaling_listener.close()
        await self.flows.close()
        await self.delivering.close()
        await self.gate.close()
        await self.public_listener.close()
        await self.management_listener.close()
        await self.data_plane.close()
        await self.silos.close()
        await self.client.close()
        await self.store.close()


def _flow_of(view: Any, id: str) -> tuple[DataFlow | None, Plane | None]:
    flow = view.get(DataFlow, id)
    return flow, None if flow is None else view.get(Plane, flow.plane)


def _refuse(path: str, headers: Any, error: Any) -> Response:
    return problem(error, language_of(headers.get("accept-language", "")), None, told(error))


def build(
    config: Config,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    peer: Peer | None = None,
    fault: Fault = no_fault,
    threaded: bool = True,
) -> DataPlaneProcess:
    """A data plane that does not run yet; what is given replaces the product's own part. Raises as `node.build`."""
    try:
        return DataPlaneProcess(
            config, clock=clock or SystemClock(), ids=ids or SystemIds(), peer=peer, fault=fault, threaded=threaded
        )
    except keys.KeyFileError as error:
        raise InputError(error.code, **error.params) from None


def run(config: Config, fault: Fault = no_fault) -> None:
    """Run a data plane until SIGTERM or SIGINT. Raises as `build`."""
    telemetry.configure_logs(sys.stderr, config.log.level, config.log.form)
    hosting.enough_descriptors(config.limits.connections)
    with asyncio.Runner(loop_factory=hosting.loop_factory()) as runner:
        runner.run(_serve(config, fault))


async def _serve(config: Config, fault: Fault) -> None:
    plane = build(config, fault=fault)
    stop = hosting.stop_signals()
    try:
        await plane.start()
        log.info("dataplane.ready", public=config.public_url, signaling_port=plane.signaling_listener.port)
        hosting.settle()
        await hosting.first_of(stop, plane.failed)
    finally:
        if plane.failed.is_set():
            log.critical("node.disk_failed", do="look at the disk; the next start takes up what is there")
            await asyncio.sleep(LAST_SECONDS)
            raise StoreError("store.suspect", cause="store.io")
        await plane.close()
