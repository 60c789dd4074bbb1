"""How good is what this node shows of its data: completeness with what would help most, freshness, broken addresses.

What lives here: bringing together for an asset what the rules find, what it scores, and what looking at its addresses
has found. What does not: rules and score (`catalog.profile`), looking (`broken`), what is shown of an asset
(`showcase`).

An asset is judged as it is shown, to portals and to whoever searches at other nodes, so that all find the same score;
one that is offered to nobody by what is told of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct

from catalog.graph import Graph
from catalog.model import Metadata
from catalog.portal.metadata import read
from catalog.profile.checks import check
from catalog.profile.completeness import Score, freshness, score
from catalog.profile.findings import Severity
from connector.errors import UnknownError
from connector.ports import Clock, Reading, Store
from connector.records import Asset, Portrait
from connector.services.broken import Addresses, Look
from connector.services.showcase import Told

_PAGE: Final = 100
_LATER: Final = 600
"""Rounds after which the addresses are gathered anew, where nothing was due before."""


class Quality(Struct, frozen=True, kw_only=True):
    """How good the description of one asset is, and what it speaks of. `score` with the most useful mends; `violations`
    are reasons for which portals refuse it, `warnings` wishes; `due` is when a new version was promised, `late` by how
    many microseconds that is over; `shown`: portals see it; `broken`: addresses that do not answer; `looked` how many
    of its `addresses` were looked at."""

    asset: Asset
    score: Score
    violations: int
    warnings: int
    frequency: str
    modified: int | None
    due: int | None
    late: int
    shown: bool
    addresses: int
    looked: int
    broken: tuple[tuple[str, Look], ...]


class Qualities:
    """Judges this node's own assets. `told` is what is shown of one, `shown` are the ids of those that portals see;
    `own` is where this node's own pages are, which are not looked at; `probing`: addresses are looked at."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        told: Callable[[Reading, Asset, int], Told],
        shown: Callable[[], Awaitable[Collection[str]]],
        addresses: Addresses,
        own: str,
        probing: bool,
    ) -> None:
        self._store, self._clock = store, clock
        self._told, self._shown = told, shown
        self._addresses, self._own = addresses, own
        self.probing = probing
        self._wanted: tuple[str, ...] = ()
        self._rounds = 0

    async def select(self, *, after: str = "", limit: int = 100) -> list[Quality]:
        """Of the assets in the order of their ids."""
        found = await self._store.read(lambda view: self._graphs(view, view.select(Asset, after=after, limit=limit)))
        shown = await self._shown()
        return [self._judged(asset, graph, asset.id in shown) for asset, graph in found]

    async def of(self, name: str) -> Quality:
        """Of one asset, by its name or id. Raises `UnknownError`."""

        def find(view: Reading) -> tuple[Asset, Graph]:
            asset = view.find(Asset, name=name) or view.get(Asset, name)
            if asset is None:
                raise UnknownError("asset.unknown", name=name[:256])
            return self._graphs(view, [asset])[0]

        asset, graph = await self._store.read(find)
        return self._judged(asset, graph, asset.id in await self._shown())

    def _graphs(self, view: Reading, assets: Iterable[Asset]) -> list[tuple[Asset, Graph]]:
        now = self._clock.now()
        return [(one, self._told(view, one, now).graph) for one in assets]

    async def probe(self) -> None:
        """One round of looking at addresses."""
        if not self.probing:
            return
        if self._rounds % _LATER == 0:
            self._wanted = await self._gathered()
        self._rounds += 1
        await self._addresses.look(self._wanted)

    async def _gathered(self) -> tuple[str, ...]:
        """The addresses of all assets."""
        found: dict[str, None] = {}
        after = ""
        while page := await self._store.read(partial(self._portrayed, after=after)):
            for asset, graph in page:
                found |= dict.fromkeys(self._looked_at(read(graph, asset.id)))
            after = page[-1][0].id
        return tuple(found)

    def _portrayed(self, view: Reading, *, after: str) -> list[tuple[Asset, Graph]]:
        """Some of the assets of which more is told than their titles."""
        portraits = view.select(Portrait, after=after, limit=_PAGE)
        return self._graphs(view, [asset for one in portraits if (asset := view.get(Asset, one.id)) is not None])

    def _looked_at(self, metadata: Metadata) -> Iterator[str]:
        """The addresses of a dataset that are not pages of this node."""
        for form in metadata.forms:
            for address in (form.access_url, form.download_url):
                if address and not address.startswith(self._own):
                    yield address

    def _judged(self, asset: Asset, graph: Graph, shown: bool) -> Quality:
        metadata, findings, now = read(graph, asset.id), check(graph), self._clock.now()
        addresses = dict.fromkeys(self._looked_at(metadata))
        looks = {one: look for one in addresses if (look := self._addresses.of(one)) is not None}
        broken = {one: look for one, look in looks.items() if look.good is False}
        due, late = freshness(metadata, now)
        return Quality(
            asset=asset,
            score=score(metadata, now, findings, frozenset(broken)),
            violations=sum(one.severity is Severity.VIOLATION for one in findings),
            warnings=sum(one.severity is Severity.WARNING for one in findings),
            frequency=metadata.frequency,
            modified=metadata.modified or metadata.issued,
            due=due,
            late=late,
            shown=shown,
            addresses=len(addresses),
            looked=len(looks),
            broken=tuple(broken.items()),
        )
