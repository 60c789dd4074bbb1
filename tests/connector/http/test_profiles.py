"""What an operator says of high-value, mobility and geographical datasets is harvested as their own profiles want it.

The judges are the official shapes of DCAT-AP HVD 3.0.0, mobilityDCAT-AP 1.0.0 and GeoDCAT-AP 2.0.0, besides the German
composition. Of what they find, classes of things that stand in other documents are left out (members of lists, laws):
no catalogue repeats those. The shapes of mobilityDCAT-AP have its namespace with http, its specification and those who
write it with https: they are asked about that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyshacl import validate
from rdflib import Graph, URIRef

from catalog.rdf.reading import read_graph
from catalog.rdf.shapes import Composition
from connector.http.exchange import Request
from connector.node import Node
from tests.catalog.dcat_samples import DCAT, needs_standards
from tests.connector.http.nodes import ROOT, a_node, manage, publish

pytestmark = needs_standards

SH = "http://www.w3.org/ns/shacl#"
HVD = DCAT / "dcat-ap-hvd-3.0.0" / "hvd-SHACL.ttl"
MOBILITY = DCAT / "mobilitydcat-ap-1.0.0" / "mobilitydcat-ap_shacl_shapes.ttl"
GEO = DCAT / "geodcat-ap-2.0.0" / "geodcat-ap.shacl.ttl"
CONTACT = [{"name": "Amt", "email": "amt@stadt.example"}]
SAID: dict[str, dict[str, Any]] = {
    "charging": {
        "hvd": ["c_b79e35eb"],
        "themes": ["ENER", "TRAN"],
        "licence": "cc-by/4.0",
        "contacts": CONTACT,
        "frequency": "DAILY",
    },
    "traffic": {
        "mobility_theme": "traffic-volume",
        "contacts": CONTACT,
        "frequency": "DAILY",
        "places": ["13003000"],
        "forms": [{"mobility_standard": "datex-II"}],
    },
    "map": {
        "box": {"west": 11.9, "south": 54.0, "east": 12.3, "north": 54.25},
        "reference_systems": ["http://www.opengis.net/def/crs/EPSG/0/25833"],
        "resolution_metres": 10,
        "custodians": [{"name": "Katasteramt"}],
        "originators": [{"name": "Vermessungsamt"}],
    },
}


async def harvested(city: Node) -> bytes:
    for name, fields in SAID.items():
        await publish(city, name, purposes=())
        answer = await manage(city, "POST", f"/v1/assets/{name}/portrait", {"fields": fields})
        assert answer.status == 200, answer.body
    answer = await city.dsp.handle(Request("GET", "/city/dcat/catalog.ttl", "", {}, b""))
    assert answer.status == 200
    return answer.body


def judged(body: bytes, shapes: Path) -> set[tuple[str, str]]:
    """What the official shapes find: the node, and the property."""
    data, rules = Graph(), Graph()
    data.parse(data=body, format="turtle")
    text = shapes.read_text().replace("<http://w3id.org/mobilitydcat-ap#>", "<https://w3id.org/mobilitydcat-ap#>")
    rules.parse(data=text, format="turtle")
    _, report, _ = validate(data, shacl_graph=rules)
    assert isinstance(report, Graph)
    found = set()
    for result in report.subjects(URIRef(SH + "resultSeverity"), URIRef(SH + "Violation")):
        component = str(report.value(result, URIRef(SH + "sourceConstraintComponent")))
        if not component.endswith("ClassConstraintComponent"):
            node, path = (report.value(result, URIRef(SH + name)) for name in ("focusNode", "resultPath"))
            found.add((str(node), str(path)))
    return found


def of(found: set[tuple[str, str]], name: str) -> set[tuple[str, str]]:
    """What is found of one dataset and of the forms that it is had in."""
    return {one for one in found if f"/datasets/{name}" in one[0]}


async def test_the_profiles_of_high_value_mobility_and_geographical_data_are_kept(tmp_path: Path) -> None:
    async with a_node(tmp_path) as city:
        body = await harvested(city)
    found = {shapes: judged(body, shapes) for shapes in (HVD, MOBILITY, GEO)}
    # A dataset that is none of high value lacks the law: the shapes do look at what is here.
    assert of(found[HVD], "map")
    assert of(found[MOBILITY], "map")
    assert of(found[HVD], "charging") == set()
    assert of(found[MOBILITY], "traffic") == set()
    assert found[GEO] == set()
    graph = read_graph(body, "text/turtle")
    assert [one for one in Composition(DCAT).judge(graph) if one.severity == "violation"] == []
    charging = graph[f"{ROOT}/datasets/charging"]
    assert {"dcatap:hvdCategory", "dcatap:applicableLegislation", "dcat:contactPoint"} <= charging.keys()
    geo = {"dct:conformsTo", "dcat:spatialResolutionInMeters", "geodcatap:custodian", "geodcatap:originator"}
    assert geo <= graph[f"{ROOT}/datasets/map"].keys()
    assert "mobilitydcatap:mobilityTheme" in graph[f"{ROOT}/datasets/traffic"]
