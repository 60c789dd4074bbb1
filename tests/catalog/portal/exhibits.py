"""What is shown in the tests of the portal's view: a house, and datasets with offers."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.graph import Node
from catalog.portal.dcat_ap_de import Exhibit, Shelf, Terms
from catalog.portal.own import About, House, told

ROOT = "https://stadt.example"
HOUSE = House(
    id="did:web:stadt.example",
    name="Stadt Beispiel",
    homepage=ROOT,
    contributor="http://dcat-ap.de/def/contributors/openNRW",
    place="13003000",
)
SHELF = Shelf(id=f"{ROOT}/dcat/catalog", page=f"{ROOT}/dcat", endpoint=f"{ROOT}/dsp", changed=1_700_000_000_000_000)


def terms(name: str, number: int = 1, *, restricted: bool = True, licence: str = "") -> Terms:
    """An offer of a dataset."""
    id = f"urn:uuid:00000000-0000-7000-8000-{number:012d}"
    return Terms(id=id, page=f"{ROOT}/dcat/datasets/{name}/terms/{id}", restricted=restricted, licence=licence)


def exhibit(name: str, nodes: Iterable[Node] = (), *, id: str = "", offers: int = 1, media_type: str = "") -> Exhibit:
    """A dataset as the node shows it; `nodes` are its portrait."""
    about = About(id=id or f"{ROOT}/datasets/{name}", title=name.capitalize(), created=1_600_000_000_000_000)
    return Exhibit(
        id=about.id,
        graph=told(about, HOUSE, nodes),
        page=f"{ROOT}/dcat/datasets/{name}",
        terms=tuple(terms(name, number) for number in range(1, offers + 1)),
        changed=1_650_000_000_000_000,
        media_type=media_type,
    )
