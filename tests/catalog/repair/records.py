"""Records with the faults of real portals, of towns that do not exist."""

from __future__ import annotations

from typing import Any

from catalog.graph import Graph, Node, Value

ID = "https://offen.musterstadt.example/daten/baeume"
FORM = f"{ID}/csv"


def text(said: str, language: str = "", kind: str = "") -> Value:
    """A literal."""
    return {"@value": said} | ({"@language": language} if language else {}) | ({"@type": kind} if kind else {})


def link(iri: str) -> Value:
    """An IRI or a node."""
    return {"@id": iri}


def node(id: str, *types: str, **held: Any) -> Node:
    """A node; names of properties have `__` for their colon."""
    return {"@id": id, "@type": list(types), **{name.replace("__", ":"): values for name, values in held.items()}}


def graph(*nodes: Node) -> Graph:
    """Nodes by id."""
    return {one["@id"]: one for one in nodes}


def sound(**held: Any) -> Graph:
    """A record in which nothing is wrong; `held` are more properties of the dataset."""
    return graph(
        node(
            ID,
            "dcat:Dataset",
            dct__title=[text("Bäume", "de")],
            dct__description=[text("Alle Bäume der Stadt.", "de")],
            dct__publisher=[link("https://musterstadt.example/")],
            dcat__distribution=[link(FORM)],
            **held,
        ),
        node("https://musterstadt.example/", "foaf:Agent", foaf__name=[text("Musterstadt")]),
        distribution(),
    )


def distribution(**held: Any) -> Node:
    """One of which nothing is wrong; a property without values is taken away."""
    told = {
        "dcat__accessURL": [link("https://offen.musterstadt.example/baeume.csv")],
        "dct__license": [link("http://dcat-ap.de/def/licenses/dl-by-de/2.0")],
        **held,
    }
    return node(FORM, "dcat:Distribution", **{name: values for name, values in told.items() if values})


def with_form(**held: Any) -> Graph:
    """The sound record with other properties of its distribution."""
    return {**sound(), FORM: distribution(**held)}


HARBOUR = graph(
    node(
        "https://daten.hafenstadt.example/dataset/kitas",
        "dcat:Dataset",
        dct__title=[text("Kindertagesstätten")],
        dct__description=[text("<p>Standorte &amp; Plätze.</p><ul><li>städtisch</li><li>frei</li></ul>")],
        dct__language=[text("http://publications.europa.eu/resource/authority/language/DEU")],
        dct__accessRights=[text("public")],
        dct__publisher=[link("https://daten.hafenstadt.example/organization/jugendamt")],
        dct__spatial=[link("_:ort")],
        dcat__theme=[link("http://publications.europa.eu/resource/authority/data-theme/SOCI")],
        dcat__contactPoint=[link("_:kontakt")],
        dcat__distribution=[link("https://daten.hafenstadt.example/dataset/kitas/wms")],
        **{
            "https://www.dcat-ap.de/def/dcatde/1.1/contributorID": [
                link("https://www.dcat-ap.de/def/contributors/openNRW")
            ],
            "https://www.dcat-ap.de/def/dcatde/1.1/politicalGeocodingURI": [
                link("https://www.dcat-ap.de/def/politicalGeocoding/regionalKey/130030000000")
            ],
            "https://www.dcat-ap.de/def/dcatde/1.1/maintainer": [link("_:pflege")],
        },
    ),
    node(
        "https://daten.hafenstadt.example/organization/jugendamt", "foaf:Organization", foaf__name=[text("Jugendamt")]
    ),
    node(
        "_:pflege",
        "foaf:Organization",
        foaf__name=[text("Vermessungsamt")],
        foaf__mbox=[text("amt@hafenstadt.example")],
    ),
    node(
        "_:kontakt",
        "vcard:Organization",
        vcard__fn=[text("Jugendamt")],
        vcard__hasEmail=[text("kita@hafenstadt.example")],
    ),
    node(
        "_:ort",
        "dct:Location",
        locn__geometry=[
            text('{"type":"Polygon","coordinates":[[[12.0,54.0],[12.0,54.2],[12.3,54.2],[12.3,54.0],[12.0,54.0]]]}'),
            text("POLYGON ((12.0 54.0, 12.0 54.2, 12.3 54.2, 12.3 54.0, 12.0 54.0))", kind="gsp:wktLiteral"),
        ],
    ),
    node(
        "https://daten.hafenstadt.example/dataset/kitas/wms",
        "dcat:Distribution",
        dcat__accessURL=[link("https://geo.hafenstadt.example/kitas?service=WMS")],
        dct__license=[link("https://www.dcat-ap.de/def/licenses/cc-zero")],
        dct__format=[link("http://publications.europa.eu/resource/authority/file-type/WMS")],
        dcat__byteSize=[text("6776.0", kind="xsd:decimal")],
        adms__status=[link("http://purl.org/adms/status/Completed")],
        spdx__checksum=[link("_:summe")],
        **{
            "https://www.dcat-ap.de/def/dcatde/1.1/plannedAvailability": [
                link("https://www.dcat-ap.de/def/plannedAvailability/stable")
            ]
        },
    ),
    node(
        "_:summe",
        "spdx:Checksum",
        spdx__algorithm=[link("https://www.dcat-ap.de/def/hashAlgorithms/sha/256")],
        spdx__checksumValue=[text("00ff")],
    ),
)
"""As the feed of a city writes: one vocabulary behind, addresses as texts, two geometries."""

HANSE = graph(
    node(
        "https://transparenz.hanse.example/satz/54797",
        "dcat:Dataset",
        dct__title=[text("Gesetze")],
        dct__description=[text("Alle Gesetze.")],
        dct__language=[link("http://publications.europa.eu/resource/authority/language/GER")],
        dct__temporal=[link("_:zeit")],
        dct__modified=[text("2021-01-28 GMT 01:51:03.34919300", kind="xsd:dateTime")],
        dct__publisher=[link("https://www.hanse.example")],
        dcat__distribution=[link("https://transparenz.hanse.example/satz/54797#1")],
        **{"http://dcat-ap.de/def/dcatde/1.0/originator": [link("_:quelle")]},
    ),
    node("https://www.hanse.example", "foaf:Agent", foaf__name=[text("Hanse")]),
    node("_:zeit", "dct:PeriodOfTime", schema__startDate=[text("2014-01-01")], schema__endDate=[text("2014-12-31")]),
    node("_:quelle", "foaf:Person", foaf__name=[text("Senatskanzlei")]),
    node(
        "https://transparenz.hanse.example/satz/54797#1",
        "dcat:Distribution",
        dcat__accessURL=[text("https://transparenz.hanse.example/media.php/13/Gesetze 2014.xlsx")],
        dct__license=[link("http://dcat-ap.de/def/licenses/cc-by")],
    ),
)
"""As a land's feed writes: addresses as texts, another vocabulary's dates, codes of yesterday."""

LAKE = graph(
    node(
        "https://offen.seestadt.example/katalog",
        "dcat:Catalog",
        dcat__dataset=[link("https://offen.seestadt.example/rad")],
    ),
    node(
        "https://offen.seestadt.example/rad",
        "dcat:Dataset",
        dct__title=[text("Radwege")],
        dct__description=[text("Radwege der Stadt.")],
        dct__identifier=[link("https://offen.seestadt.example/rad")],
        adms__identifier=[link("https://alt.seestadt.example/rad")],
        dct__publisher=[text("Amt für Verkehr")],
        dct__creator=[text("Amt für Verkehr")],
        dcat__theme=[link("https://offen.seestadt.example/themen/verkehr")],
        dct__accrualPeriodicity=[text("jährlich")],
        dcat__distribution=[
            link("https://offen.seestadt.example/rad/geojson"),
            link("https://offen.seestadt.example/rad/zip"),
        ],
    ),
    node(
        "https://offen.seestadt.example/rad/geojson",
        "dcat:Distribution",
        dct__license=[text("Nutzungsbedingungen der Seestadt")],
        dct__format=[text("geojson")],
        dcat__mediaType=[text("application/json")],
        dcat__accessURL=[link("https://offen.seestadt.example/rad/exports/geojson")],
    ),
    node(
        "https://offen.seestadt.example/rad/zip",
        "dcat:Distribution",
        dct__license=[text("CC BY 4.0")],
        dcat__mediaType=[text("application/zip")],
        dcat__downloadURL=[text("https://offen.seestadt.example/rad.zip")],
    ),
)
"""As a portal's product writes: everything is text."""

REAL = {"harbour": HARBOUR, "hanse": HANSE, "lake": LAKE}
