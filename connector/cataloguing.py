"""What a node is made of as far as catalogues go: its own as portals see it, those of others, and searching them.

What lives here: which of these parts needs which other, and what is done now and then. What does not: anything that
decides. It is the part of the composition root (`node`) that has to do with catalogues: made by it, and known to no
other part.
"""

from __future__ import annotations

from msgspec import Struct

from catalog.index.engine import Index
from catalog.index.file import IndexFileError
from connector.chores import Work
from connector.errors import StoreError
from connector.ground import Ground
from connector.http.endpoints import CatalogServices
from connector.ports import Identity, Peer
from connector.services.discovery import Discovery
from connector.services.offers import Offers
from connector.services.saved import Saved
from connector.services.search import Search

INDEX = "catalog.db"
"""What was seen of others' catalogues: it can be had again, so it is in no backup."""
SAVED_SECONDS = 20.0
"""How often saved searches are asked again, where a catalogue has changed."""


class Around(Struct, frozen=True, kw_only=True):
    """What catalogues need of the parts that were made before them. `peer` signs what it sends."""

    peer: Peer
    identity: Identity
    offers: Offers
    discovery: Discovery


class Cataloguing:
    """The parts of one node that have to do with catalogues; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        self._ground, self._around = ground, around
        self.index = _index(ground)
        self._searching()

    def _searching(self) -> None:
        """Finding what others offer, and being told of what is new."""
        own = self._ground
        self.search = Search(
            store=own.store, clock=own.clock, index=self.index, did=own.did, place=own.config.catalog.municipality
        )
        self.saved = Saved(store=own.store, clock=own.clock, search=self.search)

    @property
    def services(self) -> CatalogServices:
        """What the management API stands on."""
        return CatalogServices(search=self.search, saved=self.saved)

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return [(self.saved.look, SAVED_SECONDS)]

    async def close(self) -> None:
        """Stop what is under way and let go of files."""
        self.index.close()


def _index(ground: Ground) -> Index:
    """Raises `StoreError` where it can neither be opened nor made."""
    try:
        return Index.open(ground.config.directory / INDEX)
    except IndexFileError:
        raise StoreError("index.unusable") from None
