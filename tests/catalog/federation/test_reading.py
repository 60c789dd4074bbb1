"""Datasets of ours and of others, read into what the index keeps."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import Any, cast

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from catalog import dcat
from catalog.dcat import FILES
from catalog.federation import harmless, reading
from catalog.federation.reading import LARGE, NUMBER, UNREAD, Told
from catalog.graph import Graph, texts
from catalog.portal import metadata
from tests.bench.catalog import corpus

ID = "urn:uuid:0192e4a0-0000-7000-8000-000000000001"
OFFER: dict[str, Any] = {
    "@id": "urn:uuid:offer-1",
    "@type": "Offer",
    "permission": [
        {"action": "use", "constraint": [{"leftOperand": "purpose", "operator": "eq", "rightOperand": "urn:p"}]}
    ],
}
TRANSFER = {"@type": "Distribution", "format": "HttpData-PULL", "accessService": "urn:service"}


def told(**more: Any) -> Told:
    raw = {"@id": ID, "@type": "Dataset", "hasPolicy": [OFFER], "distribution": [TRANSFER], **more}
    found = reading.read(msgspec.json.encode(raw), raw, raw)
    assert found is not None
    return found


def titles(graph: Graph) -> list[str]:
    return texts(graph[ID], "dct:title")


@pytest.mark.parametrize(
    "said",
    [
        {"title": "Trees"},
        {"name": "Trees"},
        {"edc:name": "Trees"},
        {"https://w3id.org/edc/v0.0.1/ns/name": "Trees"},
        {"dct:title": "Trees"},
        {"dcterms:title": {"@value": "Trees", "@language": "en"}},
        {"http://purl.org/dc/terms/title": [{"@value": "Trees", "@type": "xsd:string"}]},
        {"properties": {"name": "Trees"}},
        {"edc:properties": {"edc:name": "Trees"}},
    ],
)
def test_a_title_is_found_wherever_peers_put_it(said: Any) -> None:
    assert titles(told(**said).graph) == ["Trees"]


def test_terms_are_known_by_what_they_say_whoever_offers_them() -> None:
    first, second = told(), told(hasPolicy=[{**OFFER, "@id": "urn:other", "assigner": "did:web:x", "target": "urn:t"}])
    other = told(hasPolicy=[{**OFFER, "permission": [{"action": "use"}]}])
    assert first.terms[0].digest == second.terms[0].digest != other.terms[0].digest
    assert first.formats == ("HttpData-PULL",)
    assert not first.faults


def test_terms_that_are_not_understood_are_marked_and_kept() -> None:
    found = told(hasPolicy=[{"@id": "urn:o", "permission": [{"action": "frobnicate"}]}])
    assert found.faults == (UNREAD,)
    assert len(found.terms) == 1


def test_what_may_be_told_to_others() -> None:
    free = {"@id": "urn:o", "@type": "Offer", "permission": [{"action": "use"}, {"action": "odrl:distribute"}]}
    assert told().restricted
    assert told(hasPolicy=[{**free, "assignee": "did:web:us"}]).restricted


def test_the_digest_is_that_of_the_canonical_form() -> None:
    raw = {"@id": ID, "title": "Bäume \U0001f333", "a": 1, "hasPolicy": [], "distribution": []}
    found = reading.read(msgspec.json.encode(raw), raw, raw)
    assert found is not None
    assert found.digest == sha256(rfc8785.dumps(cast(Any, raw))).digest()


def test_a_number_without_a_canonical_form_is_marked() -> None:
    assert told(x=2**60).faults == (NUMBER,)


def test_nested_nodes_and_files() -> None:
    found = told(
        **{
            "dct:publisher": {"@id": "https://example.org/town", "@type": "foaf:Agent", "foaf:name": "Stadt"},
            "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:hasEmail": {"@id": "mailto:a@example.org"}},
            "distribution": [TRANSFER, {"dcat:downloadURL": {"@id": "https://example.org/x.csv"}}],
        }
    )
    node = found.graph[ID]
    assert node["dct:publisher"] == [{"@id": "https://example.org/town"}]
    assert texts(found.graph["https://example.org/town"], "foaf:name") == ["Stadt"]
    contact = found.graph[node["dcat:contactPoint"][0]["@id"]]
    assert contact["@type"] == ["vcard:Organization"]
    files = [found.graph[one["@id"]] for one in node["dcat:distribution"]]
    assert [one["dcat:downloadURL"] for one in files] == [[{"@id": "https://example.org/x.csv"}]]


def test_a_node_cannot_speak_for_another_that_is_there() -> None:
    found = told(**{"dct:publisher": {"@id": ID, "dct:title": "another title"}})
    assert titles(found.graph) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"title": "<script>x</script>Trees"}, harmless.MARKUP),
        ({"dct:description": "tree\u202e"}, harmless.HIDDEN),
        ({"dct:title": "Tr\u0435es"}, harmless.LOOKALIKE),
        ({"title": "x" * 1_000}, harmless.LONG),
        ({"dcat:landingPage": {"@id": "javascript:alert(1)"}}, harmless.ADDRESS),
        ({"dcat:landingPage": "data:text/html,x"}, harmless.ADDRESS),
        ({"dcat:keyword": [str(one) for one in range(1_000)]}, LARGE),
        ({"dct:spatial": [{"dct:title": str(one)} for one in range(200)]}, None),
        ({"x:a": "y" * 300_000}, LARGE),
    ],
)
def test_what_is_wrong_is_marked_and_rendered_harmless(said: Any, code: str | None) -> None:
    found = told(**said)
    assert found.faults == ((code,) if code else ())
    shown = msgspec.json.encode(found.graph).decode()
    assert not any(wrong in shown for wrong in ("<script", "\u202e", "javascript:", "data:text"))
    assert len(shown) < 20_000


def test_nodes_within_nodes_come_to_an_end() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"dct:relation": deep}
    assert told(**{"dct:relation": deep}).faults == (LARGE,)
    wide = {f"urn:p{one}": [{"urn:q": [{"urn:r": "x"}] * 10}] * 10 for one in range(10)}
    assert len(told(**wide).graph) <= reading.MAX_NODES + 1


@pytest.mark.parametrize("id", [None, "", 5, "x" * 3_000, "urn:\u202ex", "javascript:x"])
def test_without_an_id_there_is_nothing(id: Any) -> None:
    raw = {"@id": id, "title": "x"}
    assert reading.read(msgspec.json.encode(raw), raw, raw) is None


def test_a_context_is_never_looked_at() -> None:
    context = {"title": "https://example.org/not-a-title", "@import": "https://example.org/x"}
    assert titles(told(**{"@context": context, "title": "Trees"}).graph) == ["Trees"]


_NAMES = st.sampled_from(
    [
        "@id",
        "@value",
        "@type",
        "@list",
        "@language",
        "title",
        "dct:x",
        "distribution",
        "hasPolicy",
        "dcat:accessURL",
        "properties",
        "permission",
        "urn:x",
        "constraint",
        "",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(_NAMES, _JSON, max_size=8))
def test_whatever_comes_is_read(said: Any) -> None:
    raw = {**said, "@id": ID}
    found = reading.read(msgspec.json.encode(raw), raw, raw)
    assert found is not None
    for node in found.graph.values():
        for values in (held for name, held in node.items() if not name.startswith("@")):
            assert all(isinstance(one, dict) and one.keys() & {"@id", "@value"} for one in values)
            assert all(isinstance(text, str) for one in values for text in one.values())


def test_what_a_node_of_ours_says_is_understood_as_it_was_meant() -> None:
    for entry in islice(corpus.entries(400, 4), 50):
        offers = [{**msgspec.json.decode(terms.document), "@id": terms.offer} for terms in entry.terms]
        raw = dcat.dataset(
            id=entry.id,
            title="another title",
            offers=offers,
            formats=("HttpData-PULL",),
            service=dcat.service("https://x.example/dsp", "urn:s"),
            said=dcat.members(corpus.graph(entry), entry.id),
        )
        found = reading.read(msgspec.json.encode(raw), raw, raw)
        assert found is not None
        assert metadata.read(found.graph, found.id) == entry.metadata
        assert found.faults == ()
        assert len(found.terms) == len(entry.terms)


@pytest.mark.parametrize(
    "said",
    [
        {"edc:contenttype": "text/csv"},
        {"https://w3id.org/edc/v0.0.1/ns/contenttype": "text/csv"},
        {"properties": {"contenttype": "text/csv"}},
        {"dcat:mediaType": "text/csv"},
        {"http://www.w3.org/ns/dcat#mediaType": {"@id": "https://www.iana.org/assignments/media-types/text/csv"}},
    ],
)
def test_what_is_said_of_a_file_at_the_dataset_is_said_of_its_only_one(said: Any) -> None:
    graph = told(**said).graph
    (form,) = metadata.read(graph, ID).forms
    assert form.media_type == "text/csv"
    assert "dcat:mediaType" not in graph[ID]


def test_files_that_are_told_of_are_not_more_for_what_is_said_of_the_dataset() -> None:
    found = told(distribution=[TRANSFER, {"dcat:downloadURL": {"@id": "https://x.example/1"}}], mediaType="text/csv")
    (form,) = metadata.read(found.graph, ID).forms
    assert (form.download_url, form.media_type) == ("https://x.example/1", "")


def test_files_are_told_of_whatever_little_is_said_of_them_and_however_many() -> None:
    files = [{"@id": f"urn:f:{at}", "@type": "dcat:Distribution", "dcat:byteSize": at} for at in range(300)]
    found = told(**{FILES: [*files, {"@type": "dcat:Distribution"}]})
    forms = metadata.read(found.graph, ID).forms
    assert [form.bytes for form in forms] == [*range(300), None]
    assert not found.faults
    assert LARGE in told(**{FILES: files * 2}).faults
