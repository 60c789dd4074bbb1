"""What the node's own catalogue is made of, what is harvested into it, and what is looked for in others'.

What does not live here: what was seen of others' catalogues, which can be had again (`catalog.index`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from connector.protocol.messages import JsonObject


class Portrait(Struct, frozen=True, kw_only=True):
    """What is said of an asset (`id`, its IRI) beyond its title: the nodes of a graph (`catalog.graph`), of which the
    asset's own has that IRI. `source` is where it was imported or harvested from, "" where its owner says it."""

    id: str
    nodes: tuple[JsonObject, ...]
    changed: int
    changed_by: str
    source: str = ""


class Listing(Struct, frozen=True, kw_only=True):
    """A dataset as it stands in this node's catalogue for an audience: a DID, or "" for everybody to whom no other
    listing of the same asset is addressed. `id` is `asset audience`, `sequence` the change of the catalogue that made
    it so; `document` is the dataset in the protocol's form, empty where it is there no longer (`digest` too); `until`
    is the instant from which it has to be made anew, because an offer is over; `modified` is when its owner last did
    something that it shows.
    """

    id: str
    asset: str
    audience: str
    sequence: int
    document: bytes = b""
    digest: str = ""
    changed: int = 0
    until: int | None = None
    modified: int = 0


class CatalogMark(Struct, frozen=True, kw_only=True):
    """What all listings were made by when they were last all looked at: `digest` is over the settings and the form,
    `generation` that of the log (`Generation`). There is one; its `id` is the node's DID."""

    id: str
    digest: str
    generation: int = 0


class Harvest(Struct, frozen=True, kw_only=True):
    """A portal whose records become assets of this node: `id` is the name that its operator gave it, `kind` `dcat` or
    `ckan`. `mark` is from when on the portal is asked for changes, `etag` of its last whole answer."""

    id: str
    kind: str
    url: str
    created: int
    created_by: str
    settings: Mapping[str, Any] = {}
    every: float = 86_400.0
    asked: int | None = None
    whole: int | None = None
    """When it was last read whole."""
    mark: str = ""
    etag: str = ""
    datasets: int = 0
    reason: str = ""
    params: Mapping[str, str] = {}


class SavedSearch(Struct, frozen=True, kw_only=True):
    """A question that is asked again and again: `query` as in the management API, `known` the ids of what was found
    and told of. `id` is its name."""

    id: str
    query: Mapping[str, Any]
    created: int
    created_by: str
    asked: int | None = None
    known: tuple[str, ...] = ()


class CatalogPlace(Struct, frozen=True, kw_only=True):
    """A catalogue that an operator has named, beside those of peers: `id` is its name, `participant` whose it is."""

    id: str
    participant: str
    url: str
    added: int
    added_by: str
    broker: bool = False
    """Does it tell of others' datasets?"""
