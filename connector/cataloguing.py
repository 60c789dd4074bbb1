"""What a node is made of as far as catalogues go: its own as portals see it, those of others, and searching them.

What lives here: which of these parts needs which other, and what is done now and then. What does not: anything that
decides. It is the part of the composition root (`node`) that has to do with catalogues: made by it, and known to no
other part.
"""

from __future__ import annotations

from msgspec import Struct

from connector.chores import Work
from connector.ground import Ground
from connector.http.endpoints import CatalogServices
from connector.ports import Identity, Peer
from connector.services.discovery import Discovery
from connector.services.offers import Offers


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

    @property
    def services(self) -> CatalogServices:
        """What the management API stands on."""
        return CatalogServices()

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return []

    async def close(self) -> None:
        """Stop what is under way and let go of files."""
