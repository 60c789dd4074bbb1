"""What this node shows of its assets: the same to other nodes, to its owner, and to portals where there are pages.

What lives here: bringing an asset, its portrait and its offers together, and when any of that has last changed. What
does not: what follows from them (`catalog.portal.exhibiting`), showing it: to other nodes (`listings`), to portals
(`portal`), to its owner (`quality`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from catalog.graph import Graph
from catalog.portal.dcat_ap_de import dataset
from catalog.portal.exhibiting import Matter, Site, exhibit, to_everybody
from catalog.portal.own import About
from connector.ports import Reading
from connector.protocol.messages import JsonObject
from connector.records import Asset, Portrait, PublishedOffer
from connector.services.decisions import Published
from policies import horizon
from policies.model import Policy
from policies.transforms import Chain, chain

Rows = Callable[[Asset, Sequence[Chain | None]], JsonObject | None]
"""What can be asked of an asset under offers that demand these chains; None where it has no rows that are known."""
_ALL: Final = 1_000_000


class Told(NamedTuple):
    """What is shown of an asset, and when its owner last did something about it: microseconds UTC."""

    graph: Graph
    changed: int


def unknown_rows(asset: Asset, chains: Sequence[Chain | None]) -> JsonObject | None:
    """Of nodes whose catalogue says nothing of rows."""
    return None


class Showcase:
    """What one node shows of its assets."""

    def __init__(self, site: Site, rows: Rows = unknown_rows) -> None:
        self._site, self._rows = site, rows
        self._published = Published()

    def told(self, view: Reading, asset: Asset, now: int) -> Told:
        """What is shown of an asset, whoever sees it."""
        portrait, offers = view.get(Portrait, asset.id), view.select(PublishedOffer, asset=asset.id, limit=_ALL)
        live = [one for one in offers if one.live and horizon.can_permit(self._published.policy(one), now)]
        policies = tuple(policy for one in live if to_everybody(policy := self._published.policy(one)))
        changed = max(asset.created, 0 if portrait is None else portrait.changed, *self._acts(offers, now))
        matter = Matter(
            about=About(id=asset.id, title=asset.title, created=asset.created, description=asset.description),
            name=asset.name,
            changed=changed,
            nodes=() if portrait is None else portrait.nodes,
            policies=policies,
            media_type=asset.media_type,
            rows=self._forms(asset, policies),
            offered=bool(live),
        )
        return Told(dataset(exhibit(matter, self._site)), changed)

    def _forms(self, asset: Asset, policies: Sequence[Policy]) -> tuple[str, ...]:
        """The names of forms in which rows of it may be asked for."""
        rows = self._rows(asset, [chain(one) for one in policies]) if policies else None
        return tuple(rows.get("formats", ())) if rows else ()

    def _acts(self, offers: Sequence[PublishedOffer], now: int) -> Iterator[int]:
        """When something was offered to everybody, and when no longer."""
        yield 0
        for one in offers:
            policy = self._published.policy(one)
            if to_everybody(policy):
                yield one.published
                yield one.retired or 0
                if one.live and (end := horizon.end(policy)) is not None and end <= now:
                    yield end
