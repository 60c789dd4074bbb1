"""What a node says of a dataset of its own: the asset's portrait, and where that is silent, what the node knows anyway.

What lives here: that filling in, pure. What does not: offers and their terms (`dcat_ap_de`), records. Nothing is made
up: title, description and day come from the asset, publisher, contributor and place from the node's settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from catalog.graph import Graph, Node
from catalog.model import Agent, Metadata
from catalog.portal.metadata import change, read


class House(Struct, frozen=True, kw_only=True):
    """Who shows datasets: `id` (its DID), what it is called, its page; `contributor` and `place` (an official key) of
    datasets that do not say their own."""

    id: str
    name: str
    homepage: str = ""
    contributor: str = ""
    place: str = ""


class About(Struct, frozen=True, kw_only=True):
    """What an asset says of itself: `id` is the dataset's IRI, `created` microseconds UTC."""

    id: str
    title: str
    created: int
    description: str = ""


def told(about: About, house: House, nodes: Iterable[Node] = ()) -> Graph:
    """The graph of a dataset; `nodes` are those of its portrait, none where there is none."""
    graph = {node["@id"]: node for node in nodes}
    said = read(graph, about.id)
    return change(graph, about.id, _lacking(said, about, house), said)


def _lacking(said: Metadata, about: About, house: House) -> dict[str, Any]:
    """What everybody who harvests must find, where the portrait does not say it."""
    known = {
        "title": {"": about.title},
        "description": {"": about.description or about.title},
        "publisher": Agent(id=house.id, name=house.name, homepage=house.homepage),
        "issued": about.created,
        "contributor": house.contributor,
        "places": (house.place,) if house.place else (),
    }
    if said.place_names or said.box:
        known.pop("places")
    return {name: value for name, value in known.items() if not getattr(said, name)}
