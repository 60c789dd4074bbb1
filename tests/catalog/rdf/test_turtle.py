"""Covers catalog/rdf/turtle.py: what stands in a text, in its order, with its lines."""

from __future__ import annotations

import pytest

from catalog.rdf.turtle import read_graph
from policies.model import PolicyError
from policies.vocabulary import XSD


def values(written: str) -> list[object]:
    """What a text says under one property."""
    (node,) = read_graph(f"@prefix x: <urn:x:> .\nx:a x:b {written} .".encode())
    found: list[object] = node["urn:x:b"]
    return found


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("x:c", {"@id": "urn:x:c"}),
        ("<urn:c>", {"@id": "urn:c"}),
        ('"c"', {"@value": "c", "@type": XSD + "string"}),
        ('"c"@de', {"@value": "c", "@language": "de"}),
        (f'"P1D"^^<{XSD}duration>', {"@value": "P1D", "@type": XSD + "duration"}),
        ("007", {"@value": "7", "@type": XSD + "integer"}),
        ("1.50", {"@value": "1.50", "@type": XSD + "decimal"}),
        ("1e3", {"@value": "1e3", "@type": XSD + "double"}),
        ("-1.5E-2", {"@value": "-1.5E-2", "@type": XSD + "double"}),
        ("true", {"@value": "true", "@type": XSD + "boolean"}),
        ("()", {"@list": []}),
        ("( x:c 1 )", {"@list": [{"@id": "urn:x:c"}, {"@value": "1", "@type": XSD + "integer"}]}),
    ],
)
def test_a_value_is_what_it_is_written_as(written: str, value: object) -> None:
    assert values(written) == [value]


def test_the_order_of_the_text_is_kept_and_every_node_has_its_line() -> None:
    found = read_graph(b"<urn:b> <urn:p> 2, 1 .\n\n<urn:a>\n  <urn:q> [ <urn:r> <urn:s> ] ;\n  a <urn:t> .")
    assert [node["@id"] for node in found] == ["urn:b", "_:n1", "urn:a"]
    assert [value["@value"] for value in found[0]["urn:p"]] == ["2", "1"]
    assert [node["@at"][""] for node in found] == ["line 1", "line 4", "line 4"]
    assert found[2]["@type"] == ["urn:t"]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        (b"<urn:a> <urn:b> .", "turtle.unreadable", "line 1"),
        (b"\n\n<urn:a> <urn:b> nothing:known .", "turtle.unreadable", "line 3"),
        (b'\n"literal" <urn:b> 1 .', "turtle.unreadable", "line 2"),
        (b"\xff", "turtle.unreadable", "line 1"),
        (b"\n<a> <urn:b> 1 .", "iri.relative", "line 2"),
        (b"\n<urn:a> <urn:b> <urn:" + b"c" * 3000 + b"> .", "iri.unfit", "line 2"),
        (b"#" * (1 << 20) + b"\n", "turtle.large", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: bytes, code: str, where: str) -> None:
    with pytest.raises(PolicyError) as error:
        read_graph(text)
    assert (error.value.reason.code, error.value.where) == (code, where)


def test_only_turtle_and_what_is_turtle_as_well() -> None:
    assert read_graph(b"<urn:a> <urn:b> <urn:c> .", "application/n-triples")
    with pytest.raises(PolicyError) as error:
        read_graph(b"", "application/rdf+xml")
    assert error.value.reason.code == "form.unknown"
