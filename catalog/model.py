"""What people want to know of a dataset: one typed view of its graph, for searching, showing, and saying it.

What lives here: the Structs. What does not: reading them from a graph and writing them into one (`portal.metadata`),
rules (`profile`). Sources: DCAT 3, DCAT-AP.de 3.0, DCAT-AP HVD 3.0, GeoDCAT-AP, mobilityDCAT-AP.

Codes are the last part of an authority's IRI: `ENER` of data-theme, `CSV` of file-type, `DEU` of language, `DAILY` of
frequency, `dl-by-de/2.0` of the German licences; whatever is in no such list is the full IRI. Texts are by language tag
("" where it has none). Days are `YYYY-MM-DD`, other instants microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

Texts = Mapping[str, str]


class Box(Struct, frozen=True):
    """Degrees of WGS 84: west, south, east, north. West is greater than east across the antimeridian."""

    west: float
    south: float
    east: float
    north: float


class Agent(Struct, frozen=True, kw_only=True):
    """Who publishes or made something. `id` is an IRI, "" for none; `kind` of ADMS' publisher types."""

    name: str = ""
    id: str = ""
    kind: str = ""
    email: str = ""
    homepage: str = ""


class Contact(Struct, frozen=True, kw_only=True):
    """Whom to ask: addresses are plain, without `mailto:` or `tel:`."""

    name: str = ""
    email: str = ""
    telephone: str = ""
    url: str = ""
    organisation: bool = True


class Form(Struct, frozen=True, kw_only=True):
    """A distribution: where the data are to be had, in which form, under which licence. `bytes` its size."""

    id: str = ""
    title: Texts = {}
    access_url: str = ""
    download_url: str = ""
    format: str = ""
    media_type: str = ""
    licence: str = ""
    attribution: str = ""
    availability: str = ""
    modified: int | None = None
    bytes: int | None = None
    rights: str = ""
    mobility_standard: str = ""


class Metadata(Struct, frozen=True, kw_only=True):
    """What is said of one dataset."""

    title: Texts = {}
    description: Texts = {}
    keywords: Mapping[str, tuple[str, ...]] = {}
    themes: tuple[str, ...] = ()
    publisher: Agent | None = None
    creators: tuple[Agent, ...] = ()
    originators: tuple[Agent, ...] = ()
    custodians: tuple[Agent, ...] = ()
    contacts: tuple[Contact, ...] = ()
    licence: str = ""
    attribution: str = ""
    access: str = ""
    """PUBLIC, RESTRICTED or NON_PUBLIC."""
    availability: str = ""
    frequency: str = ""
    issued: int | None = None
    modified: int | None = None
    languages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Keys: 2 (state), 3, 5 (district), 8 (AGS), 9 or 12 (ARS) digits, or a NUTS code."""
    place_names: tuple[str, ...] = ()
    box: Box | None = None
    level: str = ""
    """Of the administration: `municipality`, `state`, ..."""
    since: str = ""
    until: str = ""
    identifiers: tuple[str, ...] = ()
    contributor: str = ""
    """dcatde:contributorID, by which a state's portal knows who delivers."""
    landing_page: str = ""
    documentation: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    provenance: Texts = {}
    hvd: tuple[str, ...] = ()
    """Categories of high-value datasets (Regulation 2023/138): the last part of their IRIs."""
    legislation: tuple[str, ...] = ()
    reference_systems: tuple[str, ...] = ()
    resolution_metres: float | None = None
    mobility_theme: str = ""
    forms: tuple[Form, ...] = ()
