"""Spellings of literals, and what passes for a member of a class or of a list."""

from __future__ import annotations

import pytest

from catalog.graph import Graph, Node, Value
from catalog.profile import check
from catalog.profile import vocabularies as lists
from tests.catalog.profile.records import DATASET, iri, node, record, text

FORM = f"{DATASET}/1"


def is_right(id: str, name: str, value: Value, *more: Node) -> bool:
    """Is nothing found at a property with this value?"""
    graph: Graph = record()
    graph[id][name] = [value]
    graph |= {one["@id"]: one for one in more}
    return not [one for one in check(graph) if one.property == name]


@pytest.mark.parametrize(
    ("datatype", "name", "right", "wrong"),
    [
        (
            "xsd:nonNegativeInteger",
            "dcat:byteSize",
            ["0", "12", "+12", "-0", "0012", " 12 "],
            ["", "-1", "1.0", "1e3", "many", "1_000", "0x1", "١٢"],
        ),
        (
            "xsd:decimal",
            "dcat:spatialResolutionInMeters",
            ["0", "10", "-1.5", "+.5", "3.", "010.0"],
            ["", ".", "1e3", "NaN", "INF", "1,5", "ten"],
        ),
        (
            "xsd:duration",
            "dcat:temporalResolution",
            ["P1D", "PT15M", "P1Y2M3DT4H5M6.7S", "-P1M", "PT0.5S"],
            ["", "P", "PT", "P1DT", "15M", "P1S", "PT1D", "P1.5D", "p1d"],
        ),
    ],
)
def test_literals_are_spelt_as_their_datatype_says(
    datatype: str, name: str, right: list[str], wrong: list[str]
) -> None:
    """XML Schema 1.1 part 2, 3.3."""
    assert [one for one in right if not is_right(FORM, name, text(one, datatype=datatype))] == []
    assert [one for one in wrong if is_right(FORM, name, text(one, datatype=datatype))] == []
    assert not is_right(FORM, name, text(right[0]))
    assert not is_right(FORM, name, text(right[0], datatype="xsd:integer"))
    assert not is_right(FORM, name, iri("urn:x"))


@pytest.mark.parametrize(
    ("spelt", "right"), [("", True), ("0aFF", True), ("0aF", False), ("xy", False), ("0a ff", False)]
)
def test_checksums_are_hexadecimal(spelt: str, right: bool) -> None:
    checksum = node(
        "urn:checksum",
        "spdx:Checksum",
        spdx__algorithm=iri(lists.CHECKSUMS.iri("sha256")),
        spdx__checksumValue=text(spelt, datatype="xsd:hexBinary"),
    )
    found = [one.property for one in check({"urn:checksum": checksum})]

    assert found == ([] if right else ["spdx:checksumValue"])


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (iri("https://www.iana.org/assignments/media-types/text/csv"), True),
        (iri("http://www.iana.org/assignments/media-types/text/csv"), True),
        (iri("HTTP://WWW.iana.org/assignments/media-types/text/csv"), True),
        (iri("https://www.iana.org/assignments/text/csv"), False),
        (iri("_:csv"), False),
        (text("text/csv"), False),
    ],
)
def test_media_types_are_those_of_iana(value: Value, right: bool) -> None:
    assert is_right(FORM, "dcat:mediaType", value) == right


@pytest.mark.parametrize(
    ("kinds", "right"),
    [(["vcard:Kind"], True), (["vcard:Group", "schema:Thing"], True), (["foaf:Agent"], False), ([], False)],
)
def test_what_a_property_names_is_of_its_class(kinds: list[str], right: bool) -> None:
    contact = {"@id": "urn:contact", "@type": kinds, "vcard:hasEmail": [iri("mailto:amt@stadt.example")]}

    assert is_right(DATASET, "dcat:contactPoint", iri("urn:contact"), contact) == right
    assert not is_right(DATASET, "dcat:contactPoint", iri("urn:nobody"), contact)


def test_one_value_too_many_is_told_once_beside_what_is_wrong_with_each() -> None:
    graph = record()
    graph[FORM]["dct:format"] = [iri(lists.FILE_TYPES.iri("CSV")), text("csv"), iri("urn:x")]

    assert [(one.fault.value, one.value) for one in check(graph)] == [
        ("several", ""),
        ("node", "csv"),
        ("list", "csv"),
        ("list", "urn:x"),
    ]


def test_no_values_are_none() -> None:
    """A property that a repair has emptied."""
    graph = record()
    graph[DATASET]["dct:accessRights"] = []
    graph["_:contact"]["vcard:hasEmail"] = []

    assert [one.fault.value for one in check(graph)] == ["either"]
