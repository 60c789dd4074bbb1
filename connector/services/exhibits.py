"""What a dataset that is shown to everybody is made of, and making it.

What lives here: telling one state of a dataset from the next by a digest of what it is made of, and making what portals
see of it. What does not: which are shown, and from when on (`portal`), the form (`catalog.portal.dcat_ap_de`).

Telling costs some microseconds, making a thousand times as much: so whoever shows ten thousand datasets holds a `Ref`
of each, and has made what somebody asks for.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from catalog.graph import Graph, Node
from catalog.portal.dcat_ap_de import Terms, dataset
from catalog.portal.exhibiting import Matter, Site, exhibit, to_everybody
from catalog.portal.own import About, House
from connector.ports import Reading
from connector.protocol.messages import JsonObject
from connector.records import Asset, Listing, Portrait
from policies import parse
from policies.model import Policy, PolicyKind

_ASSIGNEE: Final = b'"assignee"'
_DIGEST: Final = 16
_pack = msgspec.msgpack.Encoder().encode


class Ref(Struct, frozen=True, gc=False):
    """One state of a dataset: `changed` microseconds UTC, `version` a digest of all that it is made of; from `until` on
    it is another one, because an offer is over."""

    id: str
    name: str
    changed: int
    version: bytes
    until: int | None


class Shown(Struct, frozen=True, kw_only=True, gc=False):
    """A dataset as portals see it; `packed` its graph."""

    id: str
    name: str
    page: str
    changed: int
    terms: tuple[Terms, ...]
    packed: bytes

    @property
    def nodes(self) -> bytes:
        """The nodes of its graph as JSON."""
        return zlib.decompress(self.packed)

    @property
    def graph(self) -> Graph:
        """What is told of it."""
        nodes: list[Node] = msgspec.json.decode(self.nodes)
        return {node["@id"]: node for node in nodes}


class Source(Struct, frozen=True, array_like=True):
    """What a dataset is made of: its listing for everybody, which has the offers, its asset and its portrait."""

    digest: str
    changed: int
    modified: int
    id: str
    name: str
    title: str
    description: str
    created: int
    media_type: str
    nodes: tuple[JsonObject, ...]
    document: bytes

    @property
    def version(self) -> bytes:
        """INVARIANT: two sources with one version make one dataset. The document has a digest of its own."""
        all_but_document = msgspec.structs.astuple(self)[:-1]
        return hashlib.sha256(_pack(all_but_document)).digest()[:_DIGEST]


def source(view: Reading, id: str) -> tuple[Source, int | None] | None:
    """What the dataset of an asset is made of now, and until when; None where it is not shown to everybody."""
    listing, asset = view.get(Listing, f"{id} "), view.get(Asset, id)
    if listing is None or asset is None or not listing.digest or not _open(listing.document):
        return None
    portrait = view.get(Portrait, id)
    found = Source(
        digest=listing.digest,
        changed=max(listing.changed, 0 if portrait is None else portrait.changed),
        modified=listing.modified,
        id=id,
        name=asset.name,
        title=asset.title,
        description=asset.description,
        created=asset.created,
        media_type=asset.media_type,
        nodes=() if portrait is None else portrait.nodes,
        document=listing.document,
    )
    return found, listing.until


def ref(view: Reading, id: str) -> Ref | None:
    """The state of an asset's dataset; None where it is not shown."""
    found = source(view, id)
    if found is None:
        return None
    made_of, until = found
    return Ref(id, made_of.name, made_of.changed, made_of.version, until)


def make(of: Source, house: House, root: str) -> Shown:
    """The dataset as portals see it."""
    listed = _listed(of.document)
    matter = Matter(
        about=About(id=of.id, title=of.title, created=of.created, description=of.description),
        name=of.name,
        changed=of.modified or of.changed,
        nodes=of.nodes,
        policies=tuple(_policies(of.document)),
        media_type=of.media_type,
        rows=listed.rows.formats,
    )
    shown = exhibit(matter, Site(house=house, root=root, endpoint="", titled=True))
    encoded = msgspec.json.encode(list(dataset(shown).values()))
    packed = zlib.compress(encoded, 1)
    return Shown(id=of.id, name=of.name, page=shown.page, changed=of.changed, terms=shown.terms, packed=packed)


class _Rows(Struct, frozen=True):
    """What may be asked of rows: the names of their forms."""

    formats: tuple[str, ...] = ()


class _Listed(Struct, frozen=True):
    """The offers of a listing, and what can be asked under them."""

    offers: tuple[JsonObject, ...] = msgspec.field(name="hasPolicy", default=())
    rows: _Rows = _Rows()


_listed = msgspec.json.Decoder(_Listed).decode


def _policies(document: bytes) -> Iterator[Policy]:
    """The terms of the offers that are to everybody, each of their rules too."""
    for offer in _listed(document).offers:
        policy = parse.from_dsp(offer, PolicyKind.OFFER)
        if to_everybody(policy):
            yield policy


def _open(document: bytes) -> bool:
    """Is there an offer to everybody? Terms are read only where somebody may be named in them."""
    return _ASSIGNEE not in document or any(_policies(document))
