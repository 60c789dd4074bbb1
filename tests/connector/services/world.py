"""Two neighbours at the level of services: real store, outbox and decisions, joined by calls instead of HTTP.

A test runs its coroutine with `tests.harness.virtual.run`; the store commits inline, so that nothing waits in a thread.
`Neighbour.broken` says what happens to a message on its way: an exception is raised, a status answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from catalog.federation.manifest import sign as sign_manifest
from certs import checkpoint, keys
from connector.data.address import Addresses
from connector.data.tokens import Tokens
from connector.errors import DeliveryError, NodeError
from connector.ports import Caller, Reply, no_fault
from connector.protocol import codec
from connector.protocol.messages import (
    Catalog,
    CatalogRequestMessage,
    Dataset,
    JsonObject,
    NegotiationMessage,
    TransferMessage,
)
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Approval, Logged, Outgoing, Outside, Participant, PublishedOffer, Right
from connector.services.approval import approvals, awaited
from connector.services.approval.frames import Frames
from connector.services.approval.questions import Questions, Rules
from connector.services.changes import Changes
from connector.services.decisions import Decisions
from connector.services.life.endings import Endings
from connector.services.listings import Listings
from connector.services.negotiations import Negotiations
from connector.services.notices import Notices
from connector.services.notices import read as read_notice
from connector.services.offers import Offers
from connector.services.operators import Operators
from connector.services.outbox import Limits, Outbox
from connector.services.own_catalog import OwnCatalog
from connector.services.policies.versions import Policies
from connector.services.processes import Processes
from connector.services.transfers import Transfers
from connector.store.sqlite import SqliteStore
from policies import parse, render
from policies.terms import Terms, restate, to_policy
from tests.harness.frames import at_once
from tests.harness.virtual import SeededIds, VirtualClock

KEYS = keys.generate()
FOREVER = 10**18
FINAL = ("FINALIZED", "TERMINATED")


P = TypeVar("P", Negotiation, Transfer)


class Token:
    """An Identity that says nothing; the call itself says who it is."""

    async def token(self, audience: str, *, owed: bool = False) -> str:
        return f"Bearer {audience}"


class Neighbour:
    """One node's services and its way to the other ones in `world`."""

    def __init__(
        self,
        name: str,
        folder: Path,
        world: dict[str, Neighbour],
        limits: Limits | None = None,
        rules: Rules | None = None,
        sanctions: int = 0,
        seed: str = "",
    ) -> None:
        self.seed = seed or name
        self.name, self.did, self.url = name, f"did:web:{name}", f"http://{name}"
        self.world, self.calls, self.sent = world, 0, list[tuple[str, bytes]]()
        self.broken: Callable[[str, str], Reply | None] = lambda method, url: None
        self.lost: Callable[[str, str], bool] = lambda method, url: False
        self.clock, self.ids, self.changes = VirtualClock(), SeededIds(seed or name), Changes()
        folder.mkdir(parents=True, exist_ok=True)
        self.store = SqliteStore.open(folder / "state.db", clock=self.clock, sign_head=self._head, threaded=False)
        self.tokens = Tokens(b"g" * 32, self.clock)
        addresses = Addresses(self.url, self.tokens)
        self.outbox = Outbox(
            store=self.store,
            peer=self,  # type: ignore[arg-type]  # only `send` is used
            identity=Token(),  # type: ignore[arg-type]
            clock=self.clock,
            fault=no_fault,
            jitter=lambda: 1.0,
            fill=addresses.fill,
            limits=limits,
        )
        self.notices = Notices(store=self.store, clock=self.clock, ids=self.ids, mail=self.outbox, changes=self.changes)
        self.questions = Questions(clock=self.clock, rules=rules or Rules(), tell=awaited.notice_to_peer(self.notices))
        self.decisions = Decisions(
            did=self.did, clock=self.clock, ids=self.ids, address=addresses.address, questions=self.questions
        )
        ports: dict[str, Any] = {
            "store": self.store,
            "clock": self.clock,
            "ids": self.ids,
            "mail": self.outbox,
            "changes": self.changes,
            "decide": lambda tx, process: self.decisions(tx, process),
            "address": self.url,
            "fault": no_fault,
        }
        self.negotiations = Negotiations(questions=self.questions, **ports)
        self.approvals = approvals.Approvals(
            store=self.store, clock=self.clock, negotiations=self.negotiations, questions=self.questions
        )
        self.notices.handlers[awaited.KIND] = awaited.heard
        self.operators = Operators(store=self.store, clock=self.clock, ids=self.ids)
        self.frames = Frames(store=self.store, clock=self.clock)
        self.transfers = Transfers(seal=KEYS.sealer().seal, at=addresses.address, **ports)
        self.endings = Endings(
            store=self.store,
            clock=self.clock,
            notices=self.notices,
            transfers=self.transfers,
            changes=self.changes,
        )
        self.outbox.services = {
            "negotiation": self.negotiations,
            "transfer": self.transfers,
            "notice": self.notices,
        }
        self.offers = Offers(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            public_url=self.url,
            check=lambda kind, settings: [] if kind == "file" else ["no such kind"],
        )
        self._showing()
        self.policies = Policies(
            store=self.store, clock=self.clock, offers=self.offers, approvals=sanctions, seal=str, opened=lambda _: None
        )
        world[name] = self

    def _showing(self) -> None:
        """What others are shown."""
        own: dict[str, Any] = {
            "store": self.store,
            "clock": self.clock,
            "did": self.did,
            "public_url": self.url,
            "base": self.url,
        }
        self.listings = Listings(**own)
        self.readers: list[str] = []
        self.catalog = OwnCatalog(
            **own,
            listings=self.listings,
            sign=lambda said: sign_manifest(said, KEYS.token, f"{self.did}#key"),
            asked=self.readers.append,
        )

    async def shown(self, caller: Caller) -> Catalog:
        """What a caller is shown, as it reads it."""
        return codec.decode((await self.catalog.catalog(caller, CatalogRequestMessage())).body, Catalog)

    async def shown_dataset(self, caller: Caller, id: str) -> Dataset:
        """One dataset, as a caller reads it."""
        return codec.decode(await self.catalog.dataset(caller, id), Dataset)

    def _head(self, size: int, root: bytes, at: int) -> str:
        return checkpoint.signed(checkpoint.Checkpoint(self.did, size, root), KEYS.head_public, KEYS.sign_head)

    async def knows(self, other: Neighbour, *, notices: bool = True) -> None:
        """Pin the other one; `notices`: it takes them."""
        participant = Participant(
            id=other.did,
            name=other.name,
            url=other.url,
            base=other.url,
            keys={},
            words="",
            added=0,
            added_by="test",
            notices=f"{other.url}/notices" if notices else "",
        )
        await self.store.write(lambda tx: tx.put(participant))

    async def publish(
        self,
        terms: Terms,
        outside: Outside = Outside.COUNTER,
        name: str = "traffic",
        approval: Approval | None = None,
        limits: str = "",
    ) -> PublishedOffer:
        """An asset under a policy of its own; without a rule a frame contract with anybody lets it bind at once."""
        approval = approval or await at_once(self.frames)
        await self.offers.add_asset("mayor", name=name, title=name, kind="file", settings={})
        await self.policies.add("mayor", name, render.to_dsp(to_policy("urn:x:policy", terms)))
        return await self.offers.publish("mayor", name, name, outside, approval, limits)

    async def people(self, *names: str, role: Right = Right.APPROVER) -> None:
        """Operators of these names."""
        for name in names:
            await self.operators.add("admin", name, role)

    def caller(self) -> Caller:
        """This node as a caller, with a fresh token."""
        self.calls += 1
        return Caller(self.did, f"{self.seed}-{self.calls}", FOREVER)

    async def send(self, method: str, url: str, *, body: bytes | None = None, **_: object) -> Reply:
        """The Peer port: deliver a message, unless `broken` answers first; `lost` loses the answer."""
        await asyncio.sleep(0.001)
        reply = self.broken(method, url)
        if reply is not None:
            return reply
        assert body is not None
        self.sent.append((url, body))
        reply = await self.world[str(urlsplit(url).hostname)].take(self.caller(), urlsplit(url).path, body)
        if self.lost(method, url):
            raise DeliveryError("peer.timeout")
        return reply

    async def take(self, caller: Caller, path: str, body: bytes) -> Reply:
        """A message has come in."""
        parts = [unquote(part) for part in path.split("/")[1:]]
        if parts == ["notices"]:
            return await self._noticed(caller, body)
        pid = None if parts[1:] in (["request"], ["offers"]) else parts[1]
        service: Processes = self.negotiations if parts[0] == "negotiations" else self.transfers  # type: ignore[type-arg]
        kind = NegotiationMessage if parts[0] == "negotiations" else TransferMessage
        try:
            handled = await service.receive(caller, codec.decode(body, kind), body, pid)
        except NodeError as error:
            return Reply(400, b'{"code":"%s"}' % error.reason.code.encode())
        asyncio.get_running_loop().call_soon(handled.after)
        return Reply(handled.status, handled.body)

    async def _noticed(self, caller: Caller, body: bytes) -> Reply:
        try:
            return Reply(200, await self.notices.receive(caller, read_notice(body)))
        except NodeError as error:
            return Reply(400, b'{"code":"%s"}' % error.reason.code.encode())

    async def terms_of(self, other: Neighbour, offer: PublishedOffer, terms: Terms | None = None) -> JsonObject:
        """What this node asks under another's offer."""
        shown = await other.shown(self.caller())
        published = next(d for d in shown.dataset if d.id == offer.asset).hasPolicy[0]  # type: ignore[union-attr]
        policy = parse.from_dsp(published)
        return {**render.to_dsp(restate(policy, terms) if terms else policy), "target": offer.asset}

    async def audit(self) -> list[Logged]:
        """Every audit entry."""
        return await self.store.read(lambda view: view.log(limit=10_000))

    async def outgoing(self) -> list[Outgoing]:
        """What the store still has to send."""
        return await self.store.read(lambda view: view.select(Outgoing))


async def neighbours(
    folder: Path, limits: Limits | None = None, rules: Rules | None = None
) -> tuple[Neighbour, Neighbour]:
    """A city and a utility that know each other, both running. Both have `anna` and `jo`, who may approve."""
    world: dict[str, Neighbour] = {}
    city = Neighbour("city", folder / "city", world, limits, rules)
    utility = Neighbour("utility", folder / "u", world, limits, rules)
    for one in (city, utility):
        await one.people("anna", "jo")
    await city.knows(utility)
    await utility.knows(city)
    for one in (city, utility):
        await one.outbox.start()
    return city, utility


async def settled(service: Processes[P], pid: str, states: tuple[str, ...], seconds: float = 3600.0) -> P:
    """The record as soon as it stands in one of `states` with nothing pending."""
    async with asyncio.timeout(seconds):
        process = await service.get(pid)
        while process.state not in states or process.pending is not None:
            process = await service.get(pid, newer_than=process.version, wait=seconds)
        return process
