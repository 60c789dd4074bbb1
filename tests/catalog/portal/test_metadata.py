"""What is said of a dataset: read from a graph, written as one, changed in one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from catalog.graph import Graph
from catalog.model import Agent, Box, Contact, Form, Metadata
from catalog.portal.metadata import change, read, write

ROOT = "https://rostock.example/dataset/1"
KEY = "http://dcat-ap.de/def/politicalGeocoding/"
EU = "http://publications.europa.eu/resource/authority/"

FULL = Metadata(
    title={"de": "Ladesäulen", "en": "Charging points"},
    description={"de": "Wo geladen werden kann."},
    keywords={"de": ("Ladesäule", "Verkehr"), "": ("EV",)},
    themes=("ENER", "TRAN"),
    publisher=Agent(name="Stadt", id="https://rostock.example/", kind="LocalAuthority", email="stadt@rostock.example"),
    creators=(Agent(name="Werke"),),
    originators=(Agent(name="Amt", homepage="https://amt.example/"),),
    custodians=(Agent(name="Pflege"),),
    contacts=(Contact(name="Auskunft", email="a@b.example", telephone="+49-381-1", url="https://b.example/"),),
    licence="dl-by-de/2.0",
    attribution="Stadt",
    access="PUBLIC",
    availability="AVAILABLE",
    frequency="DAILY",
    issued=1_600_000_000_000_000,
    modified=1_700_000_000_500_000,
    languages=("DEU",),
    places=("13003000", "130030000000", "DE80K", "13"),
    place_names=("Rostock",),
    box=Box(west=11.9, south=54.0, east=12.3, north=54.25),
    level="municipality",
    since="2020-01-01",
    until="2024-12-31",
    identifiers=("a-1",),
    contributor="http://dcat-ap.de/def/contributors/openDataHRO",
    landing_page="https://rostock.example/1",
    documentation=("https://rostock.example/doc",),
    conforms_to=("https://ocpi.example/", "OCPI"),
    provenance={"de": "Gezählt"},
    hvd=("c_b7f6a4f3",),
    legislation=("http://data.europa.eu/eli/reg_impl/2023/138/oj",),
    reference_systems=("http://www.opengis.net/def/crs/EPSG/0/25833",),
    resolution_metres=0.00001,
    mobility_theme="charging",
    forms=(
        Form(
            id=ROOT + "#csv",
            title={"de": "CSV"},
            access_url="https://rostock.example/1.csv",
            download_url="https://rostock.example/1.csv",
            format="CSV",
            media_type="text/csv",
            licence="dl-by-de/2.0",
            attribution="Stadt",
            availability="AVAILABLE",
            modified=1_700_000_000_000_000,
            bytes=12_345,
            rights="Nur mit Nennung",
            mobility_standard="datex-ii",
        ),
    ),
)


def test_what_was_written_is_read_again() -> None:
    assert read(write(FULL, ROOT), ROOT) == FULL


def test_each_field_is_written_and_read() -> None:
    for name in Metadata.__struct_fields__:
        one = Metadata(**{name: getattr(FULL, name)})
        assert getattr(read(write(one, ROOT), ROOT), name) == getattr(FULL, name), name


def test_nothing_is_said_of_nothing() -> None:
    assert write(Metadata(), ROOT) == {ROOT: {"@id": ROOT, "@type": ["dcat:Dataset"]}}
    assert read({}, ROOT) == Metadata()


def test_keys_become_places_as_feeds_of_municipalities_write_them() -> None:
    graph = write(Metadata(places=("130030000000",)), ROOT)
    (place,) = graph[ROOT]["dct:spatial"]
    assert graph[place["@id"]]["@type"] == ["dct:Location"]
    assert graph[place["@id"]]["locn:adminUnitL2"] == [{"@id": KEY + "regionalKey/130030000000"}]


def test_a_code_that_is_none_is_a_literal_that_rules_find() -> None:
    graph = write(Metadata(licence="Nutzungsbedingungen der LHP", themes=("ENER",)), ROOT)
    assert graph[ROOT]["dct:license"] == [{"@value": "Nutzungsbedingungen der LHP"}]
    assert graph[ROOT]["dcat:theme"] == [{"@id": EU + "data-theme/ENER"}]


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ({"dct:language": [{"@value": "de"}]}, "languages", ("de",)),
        ({"dct:issued": [{"@value": "2020-06-01"}]}, "issued", 1_590_962_400_000_000),
        ({"dct:issued": [{"@value": "2020-06-01T00:00:00"}]}, "issued", 1_590_962_400_000_000),
        ({"dct:issued": [{"@value": "2020"}]}, "issued", 1_577_833_200_000_000),
        ({"dct:issued": [{"@value": "2020-13-45"}]}, "issued", None),
        ({"dct:issued": [{"@value": "gestern"}, {"@value": "2020"}]}, "issued", 1_577_833_200_000_000),
        ({"dct:publisher": [{"@value": "Stadt"}]}, "publisher", Agent(name="Stadt")),
        ({"dct:publisher": [{"@id": "https://a.example/"}]}, "publisher", Agent(id="https://a.example/")),
        ({"dcatde:politicalGeocodingURI": [{"@id": KEY + "districtKey/13003"}]}, "places", ("13003",)),
        ({"dct:spatial": [{"@id": KEY + "districtKey/130"}]}, "places", ()),
        ({"dct:spatial": [{"@id": EU + "country/DEU"}]}, "places", ("DE",)),
        ({"dct:spatial": [{"@value": "Rostock"}]}, "place_names", ("Rostock",)),
        ({"dcat:theme": [{"@id": EU.replace("http:", "https:") + "data-theme/ENER"}]}, "themes", ("ENER",)),
        (
            {"dcat:theme": [{"@id": "https://potsdam.example/themen/1"}]},
            "themes",
            ("https://potsdam.example/themen/1",),
        ),
        ({"dcat:spatialResolutionInMeters": [{"@value": "NaN"}]}, "resolution_metres", None),
    ],
)
def test_looser_and_older_forms_are_understood(value: dict[str, Any], field: str, expected: Any) -> None:
    graph: Graph = {ROOT: {"@id": ROOT, "@type": ["dcat:Dataset"], **value}}
    assert getattr(read(graph, ROOT), field) == expected


def test_periods_of_other_vocabularies_are_understood() -> None:
    graph: Graph = {
        ROOT: {"@id": ROOT, "dct:temporal": [{"@id": "_:a"}]},
        "_:a": {"@id": "_:a", "schema:startDate": [{"@value": "2019-02-03T10:00:00"}], "time:hasEnd": [{"@id": "_:b"}]},
        "_:b": {"@id": "_:b", "time:inXSDDate": [{"@value": "2020-04-05"}]},
    }
    found = read(graph, ROOT)
    assert (found.since, found.until) == ("2019-02-03", "2020-04-05")


def test_what_is_endless_is_cut() -> None:
    graph: Graph = {
        ROOT: {
            "@id": ROOT,
            "dct:title": [{"@value": "x" * 10**6}],
            "dcat:keyword": [{"@value": f"{n}"} for n in range(10_000)],
        }
    }
    found = read(graph, ROOT)
    assert len(found.title[""]) == 1_000
    assert len(found.keywords[""]) == 200


def test_a_change_leaves_the_rest_alone() -> None:
    graph = write(FULL, ROOT)
    form = ROOT + "#csv"
    graph[form] = {**graph[form], "spdx:checksum": [{"@id": "_:sum"}]}
    graph["_:sum"] = {"@id": "_:sum", "@type": ["spdx:Checksum"]}
    graph[ROOT]["https://other.example/p"] = [{"@value": "q"}]
    before = copy.deepcopy(graph)
    changed = change(graph, ROOT, {"themes": ("ENVI",), "frequency": "WEEKLY"})
    assert graph == before
    assert read(changed, ROOT) == replace(FULL, themes=("ENVI",), frequency="WEEKLY")
    names = ("dcat:theme", "dct:accrualPeriodicity")
    assert {n: v for n, v in changed[ROOT].items() if n not in names} == {
        n: v for n, v in before[ROOT].items() if n not in names
    }
    assert {id: node for id, node in changed.items() if id != ROOT} == {
        id: node for id, node in before.items() if id != ROOT
    }


def test_a_form_is_changed_where_it_differs() -> None:
    graph = write(FULL, ROOT)
    form = ROOT + "#csv"
    graph[form] = {**graph[form], "adms:status": [{"@id": EU + "distribution-status/COMPLETED"}]}
    changed = change(graph, ROOT, {"forms": (replace(FULL.forms[0], bytes=7), Form(access_url="https://b.example/"))})
    assert changed[form]["adms:status"] == graph[form]["adms:status"]
    assert [one.bytes for one in read(changed, ROOT).forms] == [7, None]


def test_a_new_licence_is_that_of_the_forms_that_had_the_old_one() -> None:
    other = Form(id=ROOT + "#pdf", licence="cc-by/4.0")
    graph = write(replace(FULL, forms=(*FULL.forms, other)), ROOT)
    found = read(change(graph, ROOT, {"licence": "cc-zero"}), ROOT)
    assert (found.licence, [form.licence for form in found.forms]) == ("cc-zero", ["cc-zero", "cc-by/4.0"])


def test_what_is_no_longer_named_is_gone() -> None:
    changed = change(write(FULL, ROOT), ROOT, {"contacts": (), "since": "", "until": ""})
    assert not [node for node in changed.values() if {"vcard:Kind", "dct:PeriodOfTime"} & set(node["@type"])]


def test_a_field_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(TypeError):
        change({}, ROOT, {"theme": "ENER"})


_word = st.text(max_size=8)
_value = st.one_of(
    st.fixed_dictionaries({"@value": _word}),
    st.fixed_dictionaries({"@value": _word, "@language": st.sampled_from(["de", "en"])}),
    st.fixed_dictionaries({"@id": st.sampled_from([ROOT, "_:a", "_:b", "https://x.example/", KEY + "stateKey/13"])}),
    st.fixed_dictionaries({"@value": st.sampled_from(["2020", "1e999", "POINT(1 2)", '{"coordinates":[1,2]}', "-1"])}),
)
_properties = sorted({name for node in write(FULL, ROOT).values() for name in node if not name.startswith("@")})
_node = st.dictionaries(st.sampled_from(_properties), st.lists(_value, max_size=3), max_size=12)


@given(st.fixed_dictionaries({ROOT: _node, "_:a": _node, "_:b": _node}))
def test_no_graph_is_too_odd_and_what_was_read_says_the_same_again(nodes: dict[str, dict[str, Any]]) -> None:
    graph: Graph = {id: {"@id": id, "@type": [], **node} for id, node in nodes.items()}
    said = read(graph, ROOT)
    written = read(write(said, ROOT), ROOT)
    assert read(write(written, ROOT), ROOT) == written
    assert change(graph, ROOT, {"title": {"de": "Neu"}})[ROOT]["dct:title"] == [{"@value": "Neu", "@language": "de"}]
