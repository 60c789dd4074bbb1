"""What this node's descriptions are made of: what an operator has said, what membership says, what is offered.

What lives here: gathering these facts from the store, and the documents that descriptions refer to. What does not: the
form of descriptions (`catalog.descriptions.description`), signing and publishing them (`descriptions`).

Only what anybody may see is described: an offer to somebody in particular is nobody else's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct

from catalog import visibility
from catalog.descriptions.description import Describing, Draft, Party, Place, Product, Register, Text
from certs import credentials, vcdm
from certs.trust import MEMBERSHIP
from connector.ports import Reading
from connector.records import Asset, HeldCredential, Particulars, PublishedOffer, Region
from connector.services.decisions import Published
from connector.services.formats import HTTP_PULL

OWN = "own"
TERMS = "terms"
"""Name of the document with this node's terms of service; with `-` and an asset's name, the terms of its use."""
GENERAL = """Nutzungsbedingungen dieses Datenraum-Knotens

Daten werden nur unter einem Vertrag bereitgestellt, der über das Dataspace Protocol geschlossen wird. Was der Vertrag
erlaubt und zur Pflicht macht, steht in ihm. Weitere Zusagen bestehen nicht.

Terms of use of this data space node

Data is provided only under a contract that is concluded over the Dataspace Protocol. What the contract permits and
makes a duty stands in it. No other promises are made.
"""
_PAGE = 200


class Document(Struct, frozen=True):
    """Something that descriptions refer to by the hash of its bytes."""

    media_type: str
    body: bytes

    @property
    def hash(self) -> str:
        """SHA-256 in hex."""
        return sha256(self.body).hexdigest()


class Gathered(Struct, frozen=True):
    """The facts, as drafts and as documents by name."""

    own: Particulars
    party: Party
    drafts: tuple[Draft, ...]
    documents: Mapping[str, Document]


class Facts:
    """Gathers what the node `did` at root `url` describes; `base` is its DSP endpoint."""

    def __init__(self, *, did: str, url: str, base: str, now: Callable[[], int]) -> None:
        self.who, self._base, self._now = Describing(url, did), base, now
        self._published = Published()

    def gather(self, view: Reading) -> Gathered:
        """Everything that there is to say now."""
        own = view.get(Particulars, OWN) or Particulars(id=OWN)
        regions = [one.id for one in view.select(Region, limit=_PAGE) if one.own]
        party = self._party(own, self._membership(view, regions), regions)
        general = Document("text/plain; charset=utf-8", GENERAL.encode())
        documents = {} if own.terms else {TERMS: general}
        terms = Text(own.terms, own.terms_hash) if own.terms else Text(self.who.url(TERMS), general.hash)
        drafts = [
            self.who.participant(party),
            self.who.registration(party),
            self.who.issuer(),
            self.who.node(party, self._base, terms),
            self.who.own(party, regions),
        ]
        for asset, offers in self._open(view):
            name = f"{TERMS}-{asset.name}"
            documents[name] = usage = _usage(offers)
            since = min(offer.published for offer in offers)
            drafts.append(self.who.product(_product(asset, since, terms, Text(self.who.url(name), usage.hash))))
        return Gathered(own, party, tuple(drafts), documents)

    def _membership(self, view: Reading, regions: Sequence[str]) -> Mapping[str, str]:
        """What a membership credential that counts says of this node."""
        now = self._now()
        for held in view.select(HeldCredential, kind=MEMBERSHIP, limit=_PAGE):
            if held.issuer in regions and held.begins <= now < held.ends and held.revoked is None:
                claims = credentials.read(held.token).claims
                return {key: value for key, value in claims.items() if isinstance(value, str)}
        return {}

    def _party(self, own: Particulars, said: Mapping[str, str], regions: Sequence[str]) -> Party:
        register, number = Register(own.register or Register.MUNICIPALITY), own.number
        if not number:
            number = said.get("municipalityKey", "")
        if not number and regions:
            register, number = Register.REGION, f"{self.who.did} of {regions[0]}"
        seat = Place(
            country=own.country,
            region=own.region,
            locality=own.locality,
            postcode=own.postcode,
            street=own.street,
        )
        name = own.name or said.get("name", "")
        return Party(name=name, description=own.description, seat=seat, register=register, number=number)

    def _open(self, view: Reading) -> Iterator[tuple[Asset, list[PublishedOffer]]]:
        """Assets with the offers of them that are for anybody."""
        after, now = "", self._now()
        while assets := view.select(Asset, after=after, limit=_PAGE):
            for asset in assets:
                live = view.select(PublishedOffer, asset=asset.id, live=True)
                if offers := [one for one in live if visibility.visible(self._published.policy(one), "", now)]:
                    yield asset, offers
            after = assets[-1].id


def _usage(offers: Sequence[PublishedOffer]) -> Document:
    """The terms under which an asset is offered, as they stand in the catalogue."""
    found = [offer.document for offer in sorted(offers, key=lambda one: one.id)]
    return Document("application/json", msgspec.json.encode(found, order="sorted"))


def _product(asset: Asset, since: int, terms: Text, usage: Text) -> Product:
    return Product(
        id=asset.id,
        name=asset.name,
        title=asset.title,
        description=asset.description,
        since=vcdm.write_date(since),
        media_type=asset.media_type,
        formats=(HTTP_PULL,),
        terms=terms,
        usage=usage,
    )
