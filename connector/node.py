"""The composition root: settings -> adapters -> services -> servers; open, drain, close.

What lives here: what a node is made of, and in which order it starts and stops. What does not: anything that decides.
Every dependency is a constructor argument; `build` takes the few that tests and the conformance harness replace.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Struct

from certs import checkpoint, did, keys, words
from connector import config as settings
from connector import telemetry
from connector.config import Config
from connector.data.address import Addresses
from connector.data.fetching import Fetching
from connector.data.gate import Gate
from connector.data.sources import Sources
from connector.doctor import machine
from connector.doctor.examination import Doctor
from connector.doctor.surroundings import Surroundings
from connector.errors import InputError, NodeError, StoreError
from connector.http import connection, dsp, management, server
from connector.http.client import client_of
from connector.http.data import DataPlane
from connector.http.endpoints import Services
from connector.http.offsets import Offsets
from connector.http.reflection import Reflection
from connector.http.road import Road
from connector.http.signing import SigningPeer
from connector.http.throttle import Throttle
from connector.http.tls import Certificate
from connector.identity.pinned import PinnedIdentity
from connector.notify.mail import Mail, MailSettings
from connector.notify.webhook import Webhook
from connector.ports import Clock, Fault, Identity, Ids, Peer, Reading, Transaction, no_fault
from connector.records import Asset, Participant, SeenDocument
from connector.services.approval import approvals, awaited
from connector.services.approval.frames import Frames
from connector.services.approval.proposals import Proposals
from connector.services.approval.questions import Questions, Rules
from connector.services.changes import Change, Changes
from connector.services.decisions import Decisions
from connector.services.discovery import Discovery
from connector.services.intake import Intake
from connector.services.life.contracts import Contracts
from connector.services.life.endings import Endings
from connector.services.life.renewals import Renewals
from connector.services.negotiations import Negotiations
from connector.services.notices import PROCESS, Notices
from connector.services.offers import Offers
from connector.services.operators import Operators
from connector.services.outbox import Limits, Outbox
from connector.services.peers import Peers
from connector.services.proof.audit import Audit
from connector.services.proof.continuity import Continuity
from connector.services.proof.correspondence import Correspondence
from connector.services.proof.evidence import Evidence
from connector.services.proof.heads import Heads
from connector.services.proof.keyring import Keyring
from connector.services.proof.reconcile import Reconcile
from connector.services.transfers import Transfers
from connector.services.watch.events import Importance
from connector.services.watch.figures import Figure, Figures
from connector.services.watch.happenings import Happenings
from connector.services.watch.messenger import Channel, Messenger
from connector.services.watch.probes import Probes
from connector.store import writer
from connector.store.sqlite import SqliteStore
from connector.system import StatedFacts, SystemClock, SystemIds
from policies import instants
from policies.model import Reason

log = structlog.get_logger()
SWEEP_SECONDS = 60.0
TELL_SECONDS = 2.0
APPROVAL_SECONDS = 60.0
"""How often deadlines and reminders of decisions are looked at; their length is in days."""
LAST_SECONDS = 0.5
"""How long a node whose disk has failed goes on refusing before it ends."""
YOUNG_OBJECTS = 5000
"""How many new objects make Python look for cycles among them. A request leaves hardly any, so fewer looks do."""
FIRST_OPERATOR = "admin"
Decide = Callable[[Transaction, Any], Any]


class Node:
    """One node. Everything it is made of is an attribute; nothing looks anything up."""

    def __init__(
        self,
        config: Config,
        *,
        decide: Decide | None,
        identity: Identity | None,
        clock: Clock,
        ids: Ids,
        peer: Peer | None,
        fault: Fault,
        threaded: bool,
    ) -> None:
        root, store_path = config.public_url, config.directory / "state.db"
        self.config, self.clock, self.ids, self._threaded = config, clock, ids, threaded
        self.did, self.base = did.of_url(root), root + dsp.BASE
        self.keys = keys.load(config.directory / "keys", _credentials())
        self.metrics, self.health, self.changes = telemetry.Metrics(), telemetry.Health(), Changes()
        self._tasks: list[asyncio.Task[None]] = []
        self._generation = 0
        self.failed = asyncio.Event()
        """Set when the disk has failed: only a new process may write to the database."""

        # Outside things, one adapter each.
        self.store = SqliteStore.open(
            store_path,
            clock=clock,
            sign_head=self._sign_head,
            fault=fault,
            threaded=threaded,
            limits=writer.Limits(tokens=config.limits.live_tokens),
            failed=lambda reason: self.failed.set(),
        )
        self._generation = checkpoint.generation(self.store.origin, self.did) or 0
        self.offsets = Offsets(clock)
        self.client = client_of(config.network, dated=self.offsets.see)
        pinned = PinnedIdentity(store=self.store, clock=clock, ids=ids, own=self.did, key=self.keys.token)
        self.identity: Identity = identity or pinned
        # Another way of saying who is calling has no keys pinned, so nothing is signed for it or held against it.
        signatures = pinned if identity is None else None
        self.peer: Peer = SigningPeer(peer or self.client, signatures) if signatures else peer or self.client
        self.document = did.document(root, self.base, self.keys.token_jwk, self.keys.audit_jwk)
        self._seen_document = msgspec.json.encode(self.document)
        self.sources = Sources(config.sources.kinds, clock=clock, closed=[config.directory])

        # Data: the gate, and addresses that only it can make credentials for.
        self.gate = Gate(
            store=self.store,
            clock=clock,
            facts=StatedFacts(),
            key=self.keys.grant,
            changes=self.changes,
            fault=fault,
            judged=self.metrics.access,
            sure=self._sure,
            stopped=lambda: self.continuity.broken,
        )
        addresses = Addresses(f"{root}/data", self.gate.credential)

        # Use cases.
        self.outbox = Outbox(
            store=self.store,
            peer=self.peer,
            identity=self.identity,
            clock=clock,
            fault=fault,
            jitter=lambda: random.uniform(0.8, 1.2),  # noqa: S311 - spreads retries, protects nothing
            fill=addresses.fill,
            limits=_outbox_limits(config),
            sure=self._sure,
            keep=Correspondence(self.did, sha256(self._seen_document).hexdigest(), signatures).keep_sent,
        )
        self.notices = Notices(store=self.store, clock=clock, ids=ids, mail=self.outbox, changes=self.changes)
        self.questions = Questions(
            clock=clock, rules=_approval_rules(config), tell=awaited.notice_to_peer(self.notices)
        )
        self.decisions = Decisions(
            did=self.did, clock=clock, ids=ids, address=addresses.address, questions=self.questions
        )
        ports: dict[str, Any] = {
            "store": self.store,
            "clock": clock,
            "ids": ids,
            "mail": self.outbox,
            "changes": self.changes,
            "decide": decide or self.decisions,
            "address": self.base,
            "fault": fault,
        }
        self.negotiations = Negotiations(questions=self.questions, **ports)
        self.approvals = approvals.Approvals(
            store=self.store, clock=clock, negotiations=self.negotiations, questions=self.questions
        )
        self.notices.handlers[awaited.KIND] = awaited.heard
        self.transfers = Transfers(seal=self.keys.sealer().seal, at=addresses.address, **ports)
        self.outbox.services = {
            "negotiation": self.negotiations,
            "transfer": self.transfers,
            PROCESS: self.notices,
        }
        self.peers = Peers(
            store=self.store, fetch=self.client, clock=clock, own=self.did, changed=partial(self._peers_changed, pinned)
        )
        self.offers = Offers(
            store=self.store,
            clock=clock,
            ids=ids,
            did=self.did,
            public_url=root,
            base=self.base,
            check=self.sources.check,
        )
        self.discovery = Discovery(store=self.store, peer=self.peer, identity=self.identity)
        self.proposals = Proposals(
            store=self.store,
            negotiations=self.negotiations,
            discovery=self.discovery,
            did=self.did,
        )
        self.frames = Frames(store=self.store, clock=clock)
        self.contracts = Contracts(store=self.store, clock=clock)
        self.endings = Endings(
            store=self.store,
            clock=clock,
            notices=self.notices,
            transfers=self.transfers,
            changes=self.changes,
            warn_days=config.contracts.warn_days,
        )
        self.renewals = Renewals(
            store=self.store,
            contracts=self.contracts,
            negotiations=self.negotiations,
            discovery=self.discovery,
        )
        self.evidence = Evidence(
            store=self.store,
            clock=clock,
            name=self.did,
            public=self.keys.head_public,
            sign=self.keys.sign_head,
            document=self._seen_document,
        )
        self.operators = Operators(store=self.store, clock=clock, ids=ids)
        self.heads = Heads(
            store=self.store,
            clock=clock,
            peer=self.peer,
            identity=self.identity,
            did=self.did,
            public=self.keys.head_public,
            contradicted=lambda found: self.continuity.contradicted(found),
        )
        self.keyring = Keyring(
            store=self.store,
            clock=clock,
            own=self.keys,
            folder=config.directory / "keys",
            outside=_outside,
            did=self.did,
            notices=self.notices,
            rekeyed=lambda name: self.gate.rekey(self.keys.grant),
        )
        self.reconcile = Reconcile(
            store=self.store,
            clock=clock,
            peer=self.peer,
            identity=self.identity,
            heads=self.heads,
            mail=self.outbox,
            changes=self.changes,
            did=self.did,
            public=self.keys.head_public,
            sign=self.keys.sign_head,
            own=lambda one: pinned.is_own(one.method, one.url, one.headers, one.body),
            destroyed=self.keyring.destroyed,
        )
        self.continuity = Continuity(
            store=self.store, heads=self.heads, clock=clock, stop=self.store.stop, compare=self._compare
        )
        self.audit = Audit(store=self.store, heads=self.heads, did=self.did, public=self.keys.head_public)
        self.fetching = Fetching(
            store=self.store,
            clock=clock,
            peer=self.peer,
            contracts=self.contracts,
            transfers=self.transfers,
            unseal=self.keys.sealer().open,
            sure=self._sure,
        )

        self.road = Road(peer=self.client, context=self.client.context, proxied=bool(config.network.proxy))
        self.reflection = Reflection(ids.token)
        self.probes = Probes(
            store=self.store,
            clock=clock,
            peer=self.peer,
            identity=self.identity,
            follow=self.road.follow,
            find=self.peers.get,
        )
        self.happenings = Happenings(store=self.store, clock=clock)
        self.messengers = [self._messenger(channel) for channel in self._channels()]
        self.figures = Figures(store=self.store, clock=clock, standing=self.outbox.standing, machine=self._of_machine)
        self.doctor = self._doctor()
        self.certificate = _certificate(config)
        self._look_after()

        # Servers.
        self.dsp = dsp.Dsp(
            public_url=root,
            did=self.did,
            did_document=self.document,
            identity=self.identity,
            signatures=signatures,
            intake=Intake(store=self.store),
            offers=self.offers,
            negotiations=self.negotiations,
            transfers=self.transfers,
            heads=self.heads,
            reconcile=self.reconcile,
            sure=self._sure,
            probes=self.probes,
            throttle=_throttle(config, clock),
            notices=self.notices,
            ids=ids,
            metrics=self.metrics,
            reached=self.outbox.reached,
        )
        self.data_plane = DataPlane(self.gate, self.sources, base=f"{urlsplit(root).path.rstrip('/')}/data/")
        self.management = management.Management(
            Services(
                did=self.did,
                words=words.fingerprint(self.keys.thumbprints),
                public_url=root,
                version=version("allmende"),
                store=self.store,
                operators=self.operators,
                peers=self.peers,
                offers=self.offers,
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
            ),
            ids=ids,
            hosts=server.names_of(config.management.host),
        )
        self.public_listener, self.management_listener = self._listeners()

    def _channels(self) -> list[Channel]:
        """The ways to people that the settings name."""
        own, made = self.config.notify, list[Channel]()
        if own.mail_to:
            settings_of_mail = MailSettings(
                host=own.smtp_host,
                port=own.smtp_port,
                security=own.smtp_security,
                sender=own.mail_from,
                recipients=own.mail_to,
                user=own.smtp_user,
                password=Path(own.smtp_password_file) if own.smtp_password_file else None,
            )
            context, url = self.client.context, self.config.public_url
            made.append(Mail(settings_of_mail, public_url=url, language=own.language, context=context))
        if own.webhook_url:
            secret, private = Path(own.webhook_secret_file), own.webhook_private
            made.append(Webhook(own.webhook_url, secret, private=private, client=self.client, clock=self.clock))
        return made

    def _messenger(self, channel: Channel) -> Messenger:
        own = self.config.notify
        return Messenger(
            channel,
            node=self.did,
            happenings=self.happenings,
            store=self.store,
            clock=self.clock,
            least=Importance(own.least),
            gather=own.gather_seconds,
        )

    def _doctor(self) -> Doctor:
        around = Surroundings(
            config=self.config,
            peer=self.peer,
            clock=self.clock,
            road=self.road,
            kept=self.heads.kept_of_us,
            reflection=self.reflection,
        )
        return Doctor(
            config=self.config,
            own=self.keys,
            reads=self.store,
            around=around,
            clock=self.clock,
            credentials=_credentials(),
            running=True,
            check=self.sources.check,
            trouble=lambda: [wrong for _, wrong in self.health.report() if wrong is not None],
        )

    def _look_after(self) -> None:
        """What health and metrics show."""
        self.health.add(telemetry.Check("store", lambda: self.store.suspect, stops=True))
        self.health.add(telemetry.Check("restored", lambda: self.continuity.trouble()))
        self.health.add(telemetry.Check("disk", lambda: Reason("store.full") if self.store.full else None))
        self.health.add(telemetry.Check("clock", self._clock_behind))
        self.health.add(telemetry.Check("contracts", self.gate.damage))
        self.health.add(telemetry.Check("certificate", lambda: self.certificate.wrong() if self.certificate else None))
        self.health.add(telemetry.Check("outbox", self.outbox.trouble))
        self.health.add(telemetry.Check("source", self.sources.trouble))
        self.health.add(telemetry.Check("notify", self._untold))

    def _of_machine(self) -> Iterator[Figure]:
        """Figures that the store does not have."""
        yield Figure("disk_free_bytes", machine.free_bytes(self.config.directory))
        if (days := machine.certificate_days(self.config, self.clock.now())) is not None:
            yield Figure("certificate_days", days)
        if (ahead := self.offsets.middle()) is not None:
            yield Figure("clock_ahead_seconds", ahead)
        for check, wrong in self.health.report():
            yield Figure("check_failing", float(wrong is not None), {"check": check})

    def _untold(self) -> Reason | None:
        """The first channel whose messages do not get through."""
        return next((one.trouble for one in self.messengers if one.trouble is not None), None)

    def _clock_behind(self) -> Reason | None:
        """A clock that was set back: callers are refused until it shows again what it has shown before."""
        until = self.store.behind(self.clock.now())
        return None if until is None else Reason("clock.behind", {"until": instants.stamp(until)})

    def _listeners(self) -> tuple[server.Listener, server.Listener]:
        config, limits = self.config, _http_limits(self.config)
        host = urlsplit(config.public_url).hostname or ""
        public = server.Listener(
            "public",
            serve=self.dsp.handle,
            refuse=self.dsp.refuse,
            hosts=server.names_of(host),
            metrics=self.metrics,
            limits=limits,
            streams={
                f"{self.data_plane.base}probe": self.reflection.handler,
                self.data_plane.base: self.data_plane.handler,
            },
            certificate=self.certificate,
        )
        operators = server.Listener(
            "management",
            serve=self.management.handle,
            refuse=self.management.refuse,
            hosts=server.names_of(config.management.host),
            metrics=self.metrics,
            limits=limits,
        )
        return public, operators

    def _sign_head(self, size: int, root: bytes, at: int) -> str:
        origin = checkpoint.origin(self.did, self._generation)
        return checkpoint.signed(checkpoint.Checkpoint(origin, size, root), self.keys.head_public, self.keys.sign_head)

    async def _sure(self, peer: str) -> None:
        await self.continuity.sure(peer)

    async def _compare(self, peer: Participant) -> bool:
        """After a restore: compare with a peer, and use no key any more that it knows to be destroyed."""
        done = await self.reconcile.settle(peer)
        await self.keyring.settle()
        self.outbox.reached(peer.id)
        return done

    def _peers_changed(self, identity: PinnedIdentity, peer: str) -> None:
        identity.forget()
        self.outbox.forget()
        self.continuity.forget(peer)
        self.changes.publish(Change("participant", peer))

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, take up what was unfinished, and look after what has to be done now and then."""
        config = self.config
        await self._same_as_ever()
        await self.keyring.settle()
        await self.keep_document()
        await self._first_operator()
        await self.continuity.start()
        await self.outbox.start()
        await self.approvals.take_up()
        await self.approvals.look()
        if config.public.socket:
            await self.public_listener.start_unix(Path(config.public.socket))
        else:
            await self.public_listener.start(config.public.host, config.public.port)
        await self.management_listener.start(config.management.host, config.management.port)
        chores = (
            (self._sweep, SWEEP_SECONDS),
            (self._look_at_sources, SWEEP_SECONDS),
            (self.continuity.go_on, config.audit.exchange_seconds),
            (self._show_heads, config.audit.exchange_seconds),
            (self.approvals.look, APPROVAL_SECONDS),
        )
        for work, seconds in chores:
            self._tasks.append(asyncio.create_task(self._now_and_then(work, seconds)))
        for messenger in self.messengers:
            self._tasks.append(asyncio.create_task(self._now_and_then(messenger.work, TELL_SECONDS)))
        self._tasks.append(asyncio.create_task(self.endings.run()))

    async def close(self) -> None:
        """Take no more requests, finish those under way, stop sending, close the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.continuity.close()
        await self.gate.close()
        await self.public_listener.close()
        await self.management_listener.close()
        await self.data_plane.close()
        await self.outbox.close()
        await self.client.close()
        await self.store.close()

    async def _same_as_ever(self) -> None:
        """The identity is permanent: contracts name it, and the log is signed by it. Raises `InputError`."""
        head = await self.store.read(lambda view: view.head())
        if head is not None and checkpoint.generation(head.id, self.did) is None:
            raise InputError("node.identity", was=head.id, now=self.did)

    async def keep_document(self) -> None:
        """Our own DID document as it is served from now on, for those who read old messages later."""
        kept = SeenDocument(
            id=sha256(self._seen_document).hexdigest(), did=self.did, body=self._seen_document, at=self.clock.now()
        )
        if await self.store.read(lambda view: view.get(SeenDocument, kept.id)) is None:
            await self.store.write(lambda tx: tx.put(kept))

    async def _first_operator(self) -> None:
        """The credential that `initialise` made is the first operator's; later ones are made over the API."""
        token = self.config.directory / "token"
        if token.exists():
            await self.operators.found(FIRST_OPERATOR, token.read_text().strip())

    async def _now_and_then(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            await self.clock.sleep(seconds)
            try:
                await work()
            except NodeError as error:
                log.warning("node.chore_failed", chore=work.__name__, code=error.reason.code)
            except Exception:
                # A defect must not end the chore for good without anybody knowing.
                log.exception("node.chore_broken", chore=work.__name__)

    async def _look_at_sources(self) -> None:
        """Can what is shared be served? Asked before a peer does."""
        after, names = "", list[str]()
        while assets := await self.store.read(partial(_assets, after=after)):
            names += [one.name for one in assets]
            if self._threaded:  # a mount that hangs must not hold up the node
                await asyncio.to_thread(self.sources.look, assets)
            else:
                self.sources.look(assets)
            after = assets[-1].id
        self.sources.forget(names)

    async def _sweep(self) -> None:
        while await self.store.sweep(self.clock.now()):
            pass

    async def _show_heads(self) -> None:
        """Our head to every peer that does not have it yet."""
        after = ""
        while peers := await self.store.read(lambda view: view.select(Participant, after=after, limit=100)):  # noqa: B023
            told = await asyncio.gather(*(self.heads.push(peer) for peer in peers), return_exceptions=True)
            for peer, wrong in zip(peers, told, strict=True):
                if isinstance(wrong, Exception):
                    log.info("node.head_not_shown", peer=peer.id, error=type(wrong).__name__)
            after = peers[-1].id


def build(
    config: Config,
    *,
    decide: Decide | None = None,
    identity: Identity | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    peer: Peer | None = None,
    fault: Fault = no_fault,
    threaded: bool = True,
) -> Node:
    """A node that does not run yet. What is given replaces the product's own part; `threaded=False` commits inline.

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
            fault=fault,
            threaded=threaded,
        )
    except keys.KeyFileError as error:
        raise InputError(error.code, **error.params) from None


def run(config: Config, fault: Fault = no_fault) -> None:
    """Run a node until SIGTERM or SIGINT. Raises as `build`."""
    telemetry.configure_logs(sys.stderr, config.log.level, config.log.form)
    _enough_descriptors(config)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, fault))


async def _serve(config: Config, fault: Fault) -> None:
    node = build(config, fault=fault)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    try:
        await node.start()
        log.info("node.ready", did=node.did, public=config.public_url, management_port=node.management_listener.port)
        settle()
        await _first(stop, node.failed)
    finally:
        if node.failed.is_set():
            # As a kill would end it, after a moment for those who are being refused: nothing is written or tidied up.
            log.critical("node.disk_failed", do="look at the disk; the next start takes up what is there")
            await asyncio.sleep(LAST_SECONDS)
            raise StoreError("store.suspect", cause="store.io")
        await node.close()


async def _first(*events: asyncio.Event) -> None:
    """Until one of these is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()


def _enough_descriptors(config: Config) -> None:
    """Raise this process's soft limit, as far as it may, so that all connections and as many files fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * config.limits.connections + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))


def settle() -> None:
    """Tell Python's collector that a process is now a running node.

    What is there, some 65,000 objects, stays to the end: looking through it takes 20 ms and finds nothing.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is to be had; the standard loop is the fall-back."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


# --- a new node -------------------------------------------------------------------------------------------------------


class Made(Struct, frozen=True):
    """Who a new node is: its DID, and the fingerprint of its keys in words."""

    did: str
    words: str


def initialise(directory: Path, public_url: str, *, public_port: int, management_port: int, lab: bool) -> Made:
    """Make a node: settings, keys, and the credential of its first operator.

    Raises `InputError` where there is one already, or the address cannot be one of a node; a loopback one is permanent
    like any other and only for a laboratory.
    """
    if (directory / "allmende.toml").exists():
        raise InputError("node.exists", path=str(directory))
    text = settings.template(public_url, public_port=public_port, management_port=management_port)
    config = settings.read(directory, text, {})
    try:
        identity = did.of_url(config.public_url)
    except did.DidError as error:
        raise InputError("node.address", url=public_url, problem=error.code) from None
    if config.lab and not lab:
        raise InputError("node.loopback", url=public_url)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = keys.create(directory / "keys")
    _write_secret(directory / "token", secrets.token_urlsafe(32))
    (directory / "allmende.toml").write_text(text, "utf-8")
    return Made(identity, words.fingerprint(own.thumbprints))


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _credentials() -> Path | None:
    """Where systemd puts a service's credentials."""
    found = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(found) if found else None


def _outside(name: str) -> bool:
    """Does a key lie in the service manager's credentials?"""
    folder = _credentials()
    return folder is not None and (folder / name).exists()


def _certificate(config: Config) -> Certificate | None:
    public = config.public
    return Certificate(Path(public.tls_certificate), Path(public.tls_key)) if public.tls_certificate else None


def _approval_rules(config: Config) -> Rules:
    own = config.approval
    return Rules(requests=own.requests, accepting=own.accepting, days=own.days)


def _assets(view: Reading, after: str) -> list[Asset]:
    return view.select(Asset, after=after, limit=100)


def _throttle(config: Config, clock: Clock) -> Throttle:
    rate = config.limits.peer_requests_per_second
    return Throttle(rate, 2 * rate, clock.monotonic)


def _outbox_limits(config: Config) -> Limits:
    own = config.outbox
    return Limits(
        waiting=own.waiting,
        in_flight=own.in_flight,
        longest_wait=own.longest_wait,
        give_up=own.give_up_days * 86_400,
        deadline=config.network.deadline,
    )


def _http_limits(config: Config) -> connection.Limits:
    own = config.limits
    return connection.Limits(
        body_bytes=own.body_bytes,
        head_seconds=own.header_seconds,
        body_seconds=own.body_seconds,
        idle_seconds=own.idle_seconds,
        connections=own.connections,
    )
