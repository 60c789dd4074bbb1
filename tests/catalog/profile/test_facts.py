"""The tables say what the official files say: every demand of every class, and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog.graph import short
from catalog.profile import vocabularies as lists
from catalog.profile.facts import DEPRECATED_OF, EITHER, FACTS, HVD_FACTS, MOBILITY_FACTS, Must
from catalog.rdf.shapes import Composition
from tests.catalog.dcat_samples import DCAT, needs_standards

Demand = tuple[str, str, str, str, str]
FORMS = {"literal": "sh:Literal", "node": "sh:BlankNodeOrIRI", "iri": "sh:IRI"}


def demands() -> Iterator[Demand]:
    """Our tables in the words of shapes."""
    for about, facts in FACTS.items():
        for name, must in facts.items():
            yield from ((about, name, *rest) for rest in _demands(must))
    for about, names in EITHER.items():
        yield about, "|".join(names), "minCount", "1", "violation"
    for about, old in DEPRECATED_OF.items():
        yield from ((about, name, "maxCount", "0", "warning") for name in old)


def _demands(must: Must) -> Iterator[tuple[str, str, str]]:
    if must.least:
        yield "minCount", str(must.least), "violation"
    if must.single:
        yield "maxCount", "1", "violation"
    if must.form:
        yield "nodeKind", FORMS[must.form].removeprefix("sh:"), "violation"
    if must.datatype:
        yield "datatype", must.datatype, "violation"
    if must.kind:
        yield "class", must.kind, "warning" if "kind" in must.weak else "violation"
    if must.listed is not None:
        yield "hasValue", must.listed.scheme, "warning" if "listed" in must.weak else "violation"
    if must.media:
        yield "pattern", "^https?://www.iana.org/assignments/media-types/", "violation"


@needs_standards
def test_the_tables_are_those_of_the_official_composition() -> None:
    """With availability spelt both ways, as the composition is mended."""
    official = set(Composition(DCAT).demands())
    ours = set(demands())

    assert sorted(official - ours) == []
    assert sorted(ours - official) == []
    assert len(official) > 250


@pytest.mark.parametrize("must", [must for facts in FACTS.values() for must in facts.values()])
def test_what_is_weak_is_something_that_is_demanded(must: Must) -> None:
    """Nothing is weakened that is not there."""
    assert {"kind", "listed"} >= set(must.weak)
    assert "kind" not in must.weak or must.kind
    assert "listed" not in must.weak or must.listed in lists.VOCABULARIES


HVD_SHAPES = DCAT / "dcat-ap-hvd-3.0.0" / "hvd-SHACL.ttl"


@needs_standards
def test_what_is_demanded_of_high_value_datasets_is_what_the_official_file_demands() -> None:
    """Whatever must stand there by DCAT-AP HVD and not by DCAT-AP.de is in our table, and a record is not judged."""
    from rdflib import Graph, Namespace

    shacl, shapes = Namespace("http://www.w3.org/ns/shacl#"), Graph().parse(HVD_SHAPES)
    official = {
        (short(str(kind)), short(str(shapes.value(held, shacl.path))))
        for shape, kind in shapes.subject_objects(shacl.targetClass)
        for held in shapes.objects(shape, shacl.property)
        if shapes.value(held, shacl.minCount)
    }
    least = {(about, name) for about, facts in FACTS.items() for name, must in facts.items() if must.least}
    # A dataset is known to be one by this.
    known = {(about, "dcatap:applicableLegislation") for about in ("dcat:Dataset", "dcat:DatasetSeries")}
    ours = {(about, name) for about, facts in HVD_FACTS.items() for name, must in facts.items() if must.least}

    assert official - least - known == ours


@needs_standards
def test_what_is_wished_of_mobility_is_what_its_file_demands() -> None:
    """Less what it demands of records, and more: that there is a contact, and rights, of which it demands something."""
    from rdflib import Graph, Namespace

    path = DCAT / "mobilitydcat-ap-1.0.0" / "mobilitydcat-ap_shacl_shapes.ttl"
    shacl, shapes = Namespace("http://www.w3.org/ns/shacl#"), Graph().parse(path)
    official = {
        (short(str(kind)), short(str(shapes.value(held, shacl.path))).replace(WITHOUT, "mobilitydcatap:"))
        for shape, kind in shapes.subject_objects(shacl.targetClass)
        for held in shapes.objects(shape, shacl.property)
        if shapes.value(held, shacl.minCount)
    }
    ours = {(about, name) for about, facts in MOBILITY_FACTS.items() for name in facts}

    assert official - ours == {("dcat:CatalogRecord", "dct:created")}
    assert ours - official == {("dcat:Dataset", "dcat:contactPoint"), ("dcat:Distribution", "dct:rights")}


WITHOUT = "http://w3id.org/mobilitydcat-ap#"
"""The namespace as that file writes it."""
