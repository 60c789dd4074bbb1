"""Portals whose records become assets of this node, and records that are taken from a file.

What lives here: which portals, when each is asked, what follows from an answer that was read whole and from one that
was not. What does not: asking and reading (`harvesting`), repairs (`catalog.repair`), what is shown of an asset
(`listings`, `portal`).

A record is known by its portal's id of it, kept in its portrait's `source`. INVARIANT: nothing that is there goes
because of an answer that was broken, empty, or not read to its end; offers of records that have gone are retired, and
their assets stay while anybody may still have a contract about them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from catalog.graph import Graph, reached
from catalog.portal.metadata import read
from catalog.profile.checks import check
from catalog.repair.mending import Told
from catalog.repair.records import Record, adopted, digest, form, name, records, title
from connector.errors import InputError, NodeError, UnknownError
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Asset, Entry, Harvest, Outside, Portrait, PublishedOffer
from connector.services.approval.naming import named
from connector.services.harvesting import Harvesting, Yield
from connector.services.offers import Offers
from policies.model import Reason

log = structlog.get_logger()
MOST: Final = 100
"""Portals of one node."""
AT_ONCE: Final = 4
"""Portals that are asked at a time, where some of them take long."""
PATIENT: Final = 20.0
"""Seconds after which the next one is asked."""
BATCH: Final = 50
"""Records that are written in one transaction."""
FEW: Final = 4
"""Records that may vanish at once whatever share of all they are."""
SHARE: Final = 0.5
"""Which share of a portal's records may vanish without a person confirming it."""
WHOLE: Final = 7 * 86_400_000_000
"""How long a portal is asked for changes alone before it is read whole again."""
SECOND: Final = 1_000_000
KINDS: Final = ("dcat", "ckan")


class Kept(Struct, frozen=True):
    """What became of one record: `did` is `added`, `changed`, `same` or `refused`, with the reason."""

    id: str
    name: str
    did: str
    reason: Reason | None = None


class Done(Struct, frozen=True):
    """What a harvest did. `reason` is why it was not whole."""

    kept: tuple[Kept, ...]
    retired: int = 0
    unchanged: bool = False
    reason: Reason | None = None


class Harvests:
    """The portals of this node. `check` says what is wrong with an asset's settings."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        offers: Offers,
        harvesting: Harvesting,
        public_url: str,
        check: Callable[[str, Mapping[str, Any]], Sequence[str]],
    ) -> None:
        self._store, self._clock, self._offers, self._harvesting = store, clock, offers, harvesting
        self._root, self._check = public_url.rstrip("/"), check
        self._under_way: set[str] = set()
        self._going: set[asyncio.Task[None]] = set()

    # --- which there are ----------------------------------------------------------------------------------------------

    async def add(self, operator: str, harvest: Harvest) -> Harvest:
        """Keep a portal; it is asked with the next round. Raises `InputError`."""
        named(harvest.id)
        if harvest.kind not in KINDS:
            raise InputError("harvest.kind", kind=harvest.kind)
        if not _is_portal(harvest.url):
            raise InputError("harvest.url", url=harvest.url)
        made = replace(harvest, created=self._clock.now(), created_by=operator)

        def act(tx: Transaction) -> None:
            if tx.get(Harvest, made.id) is not None:
                raise InputError("harvest.exists", name=made.id)
            if tx.count(Harvest) >= MOST:
                raise InputError("harvest.many", most=str(MOST))
            tx.put(made)
            tx.record(Entry(event="harvest.added", actor=operator, params={"harvest": made.id, "url": made.url}))

        await self._store.write(act)
        return made

    async def select(self, *, after: str = "", limit: int = MOST) -> list[Harvest]:
        """In the order of their names."""
        return await self._store.read(lambda view: view.select(Harvest, after=after, limit=limit))

    async def remove(self, operator: str, name: str) -> None:
        """Ask it no more; what was taken from it stays. Raises `UnknownError`."""

        def act(tx: Transaction) -> None:
            if not tx.delete(Harvest, name):
                raise UnknownError("harvest.unknown", name=name)
            tx.record(Entry(event="harvest.removed", actor=operator, params={"harvest": name}))

        await self._store.write(act)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Ask portals whose time has come, and wait a while for them: who takes longer goes on, and holds up nobody."""
        now = self._clock.now()
        for one in await self.select():
            due = one.asked is None or one.asked + one.every * SECOND <= now
            if due and one.id not in self._under_way and len(self._going) < AT_ONCE:
                going = asyncio.get_running_loop().create_task(self._go(one.id))
                self._going.add(going)
                going.add_done_callback(self._going.discard)
                await asyncio.wait([going], timeout=PATIENT)

    async def _go(self, name: str) -> None:
        try:
            await self.run("node", name)
        except NodeError:
            return  # the record says why
        except Exception:
            log.exception("harvest.broken", harvest=name)

    async def close(self) -> None:
        """Stop where each one is."""
        going = list(self._going)
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    async def run(self, operator: str, name: str, *, vanished: bool = False) -> Done:
        """Ask a portal now. `vanished`: a person confirms that records have gone, however many.

        Raises `UnknownError`, `InputError` `harvest.busy`, `StoreError`; what went wrong at the portal is in the
        answer, and kept.
        """
        one = await self._store.read(lambda view: view.get(Harvest, name))
        if one is None:
            raise UnknownError("harvest.unknown", name=name)
        if name in self._under_way:
            raise InputError("harvest.busy", name=name)
        self._under_way.add(name)
        try:
            return await self._run(operator, one, vanished)
        finally:
            self._under_way.discard(name)

    async def _run(self, operator: str, one: Harvest, vanished: bool) -> Done:
        now = self._clock.now()
        whole = vanished or not one.settings.get("incremental") or one.whole is None or one.whole + WHOLE <= now
        got = await self._harvesting.ask(one, whole=whole)
        if got.unchanged:
            await self._note(replace(one, asked=now, reason="", params={}))
            return Done((), unchanged=True)
        told = Told(str(one.settings.get("publisher", "")), str(one.settings.get("licence", "")))
        found = await asyncio.to_thread(records, got.graph, told)
        kept = await self._take(operator, found, one.id, one.url)
        await self._publish(operator, one, kept)
        retired, reason = 0, got.reason
        if reason is None and not found and whole:
            reason = Reason("harvest.empty")
        if reason is None and whole:
            retired, reason = await self._vanish(operator, one, {each.id for each in found}, vanished)
        await self._note(self._after(one, got, now, whole, reason, found))
        return Done(tuple(kept), retired, reason=reason)

    def _after(
        self, one: Harvest, got: Yield, now: int, whole: bool, reason: Reason | None, found: Sequence[Record]
    ) -> Harvest:
        if reason is not None:
            # The same question is asked again: nothing was got that may be built upon.
            return replace(one, asked=now, reason=reason.code, params=dict(reason.params), etag="")
        return replace(
            one,
            asked=now,
            mark=got.mark or one.mark,
            etag=got.etag if whole else "",
            whole=now if whole else one.whole,
            datasets=len(found) if whole else one.datasets,
            reason="",
            params={},
        )

    async def _note(self, after: Harvest) -> None:
        """Keep how it went; that it began to go wrong is told to people once."""

        def act(tx: Transaction) -> None:
            before = tx.get(Harvest, after.id)
            if before is None:
                return
            tx.put(after)
            if after.reason and after.reason != before.reason:
                params = {"harvest": after.id, "reason": after.reason}
                tx.record(Entry(event="harvest.failed", actor="node", params=params))

        await self._store.write(act)

    # --- taking -------------------------------------------------------------------------------------------------------

    async def describe(self, operator: str, asset: str, root: str, graph: Graph, source: str) -> Kept:
        """Keep a record as what is said of an asset that is there. Raises `InputError`, and where a portal would refuse
        it `catalog.refused` is the caller's to ask before."""
        found = await self._offers.asset(asset)
        nodes = adopted(_record(root, graph), found.id)
        portrait = self._portrait(operator, found.id, nodes, source)

        def act(tx: Transaction) -> None:
            tx.put(portrait)
            tx.record(Entry(event="portrait.imported", actor=operator, params={"asset": found.id, "source": source}))

        await self._store.write(act)
        return Kept(root, found.name, "changed")

    async def take(self, operator: str, graphs: Sequence[tuple[str, Graph]], source: str) -> list[Kept]:
        """Make an asset of each record, or change the one that was made of it before."""
        return await self._take(operator, [_record(root, graph) for root, graph in graphs], "", source)

    async def _take(self, operator: str, found: Sequence[Record], prefix: str, source: str) -> list[Kept]:
        there = await self._store.read(lambda view: {one.source: one for one in self._portraits(view, prefix)})
        kept: list[Kept] = []
        for at in range(0, len(found), BATCH):
            batch = found[at : at + BATCH]

            def act(tx: Transaction, batch: Sequence[Record] = batch) -> list[Kept]:
                return [self._keep(tx, operator, one, prefix, there.get(_source(prefix, one.id))) for one in batch]

            kept += await self._store.write(act)
        return kept

    def _keep(self, tx: Transaction, operator: str, one: Record, prefix: str, before: Portrait | None) -> Kept:
        """One record, in the transaction. What cannot be served is refused, and nothing of it kept."""
        what = form(one)
        if what is None:
            return Kept(one.id, "", "refused", Reason("import.address", {"id": one.id}))
        asset = tx.get(Asset, before.id) if before is not None else None
        called = asset.name if asset is not None else name(one, prefix)
        settings = {"url": what.download_url or what.access_url}
        if problems := self._check("proxy", settings):
            return Kept(one.id, called, "refused", Reason("import.source", {"problem": "; ".join(problems)}))
        id = asset.id if asset is not None else f"{self._root}/datasets/{called}"
        if asset is None and _is_taken(tx, id):
            return Kept(one.id, called, "refused", Reason("import.taken", {"name": called}))
        nodes = adopted(one, id)
        descriptions = one.metadata.description
        made = Asset(
            id=id,
            name=called,
            title=title(one)[:1000],
            description=(descriptions.get("de") or descriptions.get("") or next(iter(descriptions.values()), ""))[
                :4000
            ],
            kind="proxy",
            settings=settings,
            media_type=what.media_type if "/" in what.media_type else "application/octet-stream",
            created=asset.created if asset is not None else self._clock.now(),
            created_by=asset.created_by if asset is not None else operator,
        )
        if asset == made and before is not None and digest(before.nodes) == digest(nodes):
            return Kept(one.id, called, "same")
        tx.put(made)
        tx.put(self._portrait(operator, id, nodes, _source(prefix, one.id)))
        did = "changed" if asset is not None else "added"
        params = {"asset": id, "source": one.id[:1000]}
        if asset is not None:
            tx.record(Entry(event="asset.harvest_changed", actor=operator, params=params))
        else:
            tx.record(Entry(event="asset.harvest_added", actor=operator, params=params))
        return Kept(one.id, called, did)

    def _portrait(self, operator: str, id: str, nodes: Sequence[Any], source: str) -> Portrait:
        return Portrait(id=id, nodes=tuple(nodes), changed=self._clock.now(), changed_by=operator, source=source[:2000])

    def _portraits(self, view: Reading, prefix: str) -> Iterator[Portrait]:
        """Those that came from a portal, "" for files."""
        after = ""
        while page := view.select(Portrait, after=after, limit=500):
            yield from (one for one in page if one.source.startswith(f"{prefix} "))
            after = page[-1].id

    # --- offering and going -------------------------------------------------------------------------------------------

    async def _publish(self, operator: str, one: Harvest, kept: Sequence[Kept]) -> None:
        """New assets under the terms that the portal's are to be under, where there are such."""
        policy = str(one.settings.get("policy", ""))
        for each in kept if policy else ():
            if each.did == "added":
                await self._offers.publish(operator, each.name, policy, Outside.REFUSE)

    async def _vanish(self, operator: str, one: Harvest, seen: set[str], confirmed: bool) -> tuple[int, Reason | None]:
        """What the portal has no more is offered no more, unless that is so much that a person has to say so."""
        known = await self._store.read(lambda view: list(self._portraits(view, one.id)))
        gone = [each for each in known if each.source.removeprefix(f"{one.id} ") not in seen]
        if len(gone) > max(FEW, SHARE * len(known)) and not confirmed:
            params = {"gone": str(len(gone)), "known": str(len(known)), "name": one.id}
            return 0, Reason("harvest.shrunk", params)

        def act(tx: Transaction) -> int:
            return sum(self._retire(tx, operator, each) for each in gone)

        return (await self._store.write(act) if gone else 0), None

    def _retire(self, tx: Transaction, operator: str, portrait: Portrait) -> bool:
        """True where something of it was still offered, or nothing had ever been."""
        offers = tx.select(PublishedOffer, asset=portrait.id, limit=1000)
        live = [one for one in offers if one.live]
        for one in live:
            self._offers.retire_in(tx, operator, one)
        if not offers:
            tx.delete(Asset, portrait.id)
            tx.delete(Portrait, portrait.id)
            tx.record(Entry(event="asset.removed", actor=operator, params={"asset": portrait.id}))
        return bool(live) or not offers


def _is_taken(tx: Transaction, id: str) -> bool:
    """Does an asset of this id come from elsewhere? INVARIANT: no portal changes what it has not told of, whatever ids
    and titles it gives its records."""
    there = tx.get(Asset, id)
    return there is not None and (there.kind != "proxy" or tx.get(Portrait, id) is not None)


def _is_portal(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username


def _source(prefix: str, id: str) -> str:
    return f"{prefix} {id}"[:2000]


def _record(root: str, graph: Graph) -> Record:
    """A record that was mended elsewhere. Raises `InputError` where the graph does not tell of it."""
    part = reached(graph, root)
    if root not in part:
        raise InputError("import.root", id=root[:300])
    findings = check(part)
    return Record(root, part, read(part, root), (), (), findings, findings)


def graph_of(nodes: Sequence[Mapping[str, Any]]) -> Graph:
    """A graph of nodes from outside. Raises `msgspec.ValidationError` for what is none."""
    graph: Graph = {}
    for node in nodes:
        id = msgspec.convert(node.get("@id"), str)
        held: dict[str, Any] = {"@id": id, "@type": msgspec.convert(node.get("@type", []), list[str])}
        for key, values in node.items():
            if not key.startswith("@"):
                held[key] = [_value(one) for one in msgspec.convert(values, list[dict[str, str]])]
        graph[id] = held
    return graph


def _value(value: dict[str, str]) -> dict[str, str]:
    if set(value) in ({"@id"}, {"@value"}, {"@value", "@language"}, {"@value", "@type"}):
        return value
    raise msgspec.ValidationError("no value of a graph")
