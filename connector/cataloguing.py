"""What a node is made of as far as catalogues go: its own as portals see it, those of others, and searching them.

What lives here: which of these parts needs which other, and what is done now and then. What does not: anything that
decides. It is the part of the composition root (`node`) that has to do with catalogues: made by it, and known to no
other part.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Struct

from catalog.federation import manifest
from catalog.index.engine import Index
from catalog.index.file import IndexFileError
from catalog.portal.exhibiting import Site
from catalog.portal.own import House
from catalog.rdf.sparql import Sparql
from catalog.rdf.worker import Worker
from connector import federating
from connector.chores import Work
from connector.data.silos import offered
from connector.errors import StoreError
from connector.ground import Ground
from connector.http import portal, sparql
from connector.http.endpoints import CatalogServices
from connector.http.manifest import ROOT
from connector.ports import Documents, Identity, Peer
from connector.services.broken import Addresses
from connector.services.discovery import Discovery
from connector.services.harvesting import Harvesting
from connector.services.harvests import Harvests
from connector.services.hints import SECONDS, Hints
from connector.services.listings import Listings
from connector.services.offers import Offers
from connector.services.own_catalog import OwnCatalog
from connector.services.portal import Portal
from connector.services.portraits import Portraits
from connector.services.quality import Qualities
from connector.services.querying import Querying
from connector.services.saved import Saved
from connector.services.search import Search
from connector.services.showcase import Showcase

log = structlog.get_logger()
SPARQL_PACKAGE = "allmende[sparql]"
INDEX = "catalog.db"
"""What was seen of others' catalogues: it can be had again, so it is in no backup."""
SAVED_SECONDS = 20.0
"""How often saved searches are asked again, where a catalogue has changed."""
PROBE_SECONDS = 15.0
"""Between two rounds of looking at addresses of distributions, each of a few hosts."""
HARVEST_SECONDS = 60.0
"""How often it is looked whether a portal's time has come."""
LOOK_SECONDS = 30.0
"""Between two looks at what is over in the catalogue; whoever asks before is not shown it either."""


class Around(Struct, frozen=True, kw_only=True):
    """What catalogues need of the parts that were made before them. `peer` signs what it sends."""

    peer: Peer
    identity: Identity
    offers: Offers
    discovery: Discovery
    documents: Documents
    check: Callable[[str, Mapping[str, Any]], Sequence[str]]
    threaded: bool


class Cataloguing:
    """The parts of one node that have to do with catalogues; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        self._ground, self._around = ground, around
        self.house = _house(ground)
        self._showing()
        self.index = _index(ground)
        self._searching()
        self._reading()
        self._harvesting()

    def _showing(self) -> None:
        """What this node shows to other nodes, and who is told that it has changed."""
        own, around = self._ground, self._around
        names = {"did": own.did, "public_url": own.config.public_url, "base": own.base}
        root = f"{own.config.public_url}/dcat" if own.config.catalog.public else ""
        site = Site(house=self.house, root=root, endpoint=own.base)
        self.showcase = Showcase(site, offered.rows)
        self.listings = Listings(
            store=own.store,
            clock=own.clock,
            rows=offered.rows,
            told=self.showcase.told,
            settings=msgspec.json.encode(site).decode(),
            **names,
        )
        self.hints = Hints(store=own.store, clock=own.clock, peer=around.peer, identity=around.identity)
        self.listings.watching.append(self.hints.changed)
        self.own = OwnCatalog(
            store=own.store,
            clock=own.clock,
            listings=self.listings,
            sign=self._signed,
            asked=self.hints.asked,
            **names,
        )
        self.portal = Portal(
            store=own.store,
            clock=own.clock,
            listings=self.listings,
            house=self.house,
            public_url=own.config.public_url,
            base=own.base,
            edition=version("allmende"),
        )
        self.portraits = Portraits(store=own.store, clock=own.clock, house=self.house, public_url=own.config.public_url)
        if own.config.catalog.public:
            portal.publish(own.publications, self.portal, own.config.public_url)
        self.querying = self._asked() if own.config.catalog.public and own.config.catalog.sparql else None
        own.document.offer("catalog-manifest", manifest.SERVICE, own.config.public_url.rstrip("/") + ROOT)

    def _asked(self) -> Querying | None:
        """Answers in SPARQL, where the package for it is there."""
        publications = self._ground.publications
        if importlib.util.find_spec("pyoxigraph") is None:
            log.warning("sparql.package", package=SPARQL_PACKAGE)
            sparql.publish_lack(publications, SPARQL_PACKAGE)
            return None
        querying = Querying(self.portal, Sparql())
        sparql.publish(publications, querying)
        return querying

    def _signed(self, said: manifest.Manifest) -> str:
        key, name = self._ground.keys.signing()
        return manifest.sign(said, key, f"{self._ground.did}#{name}")

    def _searching(self) -> None:
        """Finding what others offer, and being told of what is new."""
        own = self._ground
        self.search = Search(
            store=own.store,
            clock=own.clock,
            index=self.index,
            did=own.did,
            place=own.config.catalog.municipality,
            threads=asyncio.to_thread if self._around.threaded else federating.at_once,
        )
        self.saved = Saved(store=own.store, clock=own.clock, search=self.search)
        self.quality = Qualities(
            store=own.store,
            clock=own.clock,
            told=self.showcase.told,
            shown=self._shown,
            addresses=Addresses(peer=own.peer, clock=own.clock),
            own=own.config.public_url,
            probing=own.config.catalog.probe,
        )

    async def _shown(self) -> set[str]:
        """The assets that portals see; none where they see nothing of this node."""
        if not self._ground.config.catalog.public:
            return set()
        return {one.id for one in (await self.portal.latest()).datasets}

    def _reading(self) -> None:
        """The catalogues of others, and this node's own, as they are found here."""
        around = self._around
        self.reading = federating.Federating(
            self._ground,
            federating.Around(
                peer=around.peer,
                identity=around.identity,
                documents=around.documents,
                index=self.index,
                apart=around.threaded,
            ),
        )
        self.federation = self.reading.federation
        self.hints.heard.append(self.federation.hint)

    def _harvesting(self) -> None:
        """Portals whose records become assets here."""
        own = self._ground
        self._worker = Worker.of_portals()
        harvesting = Harvesting(peer=own.peer, clock=own.clock, worker=lambda: self._worker)
        self.harvests = Harvests(
            store=own.store,
            clock=own.clock,
            offers=self._around.offers,
            harvesting=harvesting,
            public_url=own.config.public_url,
            check=self._around.check,
        )

    async def start(self) -> None:
        """Before anybody asks."""
        await self.listings.settle()
        await self.hints.begin()

    @property
    def services(self) -> CatalogServices:
        """What the management API stands on."""
        return CatalogServices(
            portraits=self.portraits,
            search=self.search,
            saved=self.saved,
            quality=self.quality,
            federation=self.federation,
            places=self.reading.places,
            portal=self.portal,
            harvests=self.harvests,
        )

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return [
            (self.hints.work, SECONDS),
            (self.listings.look, LOOK_SECONDS),
            (self.saved.look, SAVED_SECONDS),
            (self.quality.probe, PROBE_SECONDS),
            (self.harvests.look, HARVEST_SECONDS),
            *self.reading.rounds(),
        ]

    async def close(self) -> None:
        """Stop what is under way and let go of files."""
        await self.harvests.close()
        self._worker.close()
        await self.reading.close()
        if self.querying is not None:
            await self.querying.close()
        self.index.close()


def _index(ground: Ground) -> Index:
    """Raises `StoreError` where it can neither be opened nor made."""
    try:
        return Index.open(ground.config.directory / INDEX)
    except IndexFileError:
        raise StoreError("index.unusable") from None


def _house(ground: Ground) -> House:
    """Who shows datasets here."""
    config = ground.config
    return House(
        id=ground.did,
        name=config.catalog.publisher or urlsplit(config.public_url).hostname or ground.did,
        homepage=config.public_url,
        contributor=config.catalog.contributor,
        place=config.catalog.municipality,
    )
