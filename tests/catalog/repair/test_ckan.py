"""Covers `catalog/repair/ckan.py`, and `catalog/rdf/opening.py` and `records.py` on it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.graph import ids, texts
from catalog.rdf.opening import of_ckan, united
from catalog.repair import ckan
from catalog.repair.mending import mend
from catalog.repair.records import adopted, form, name, records

BASE = "https://daten.musterstadt.example"
PACKAGE: dict[str, Any] = {
    "id": "2f7e6c1a-0000-4000-8000-000000000001",
    "name": "baeume",
    "title": "Bäume",
    "notes": "Alle <b>Bäume</b>.",
    "license_id": "dl-de-zero-2.0",
    "author": "Gartenamt",
    "maintainer": "Frau Muster",
    "maintainer_email": "gruen@musterstadt.example",
    "metadata_created": "2020-01-02T03:04:05.000001",
    "metadata_modified": "2024-05-06T07:08:09",
    "organization": {"id": "o-1", "name": "stadt", "title": "Musterstadt"},
    "groups": [{"name": "envi", "title": "Umwelt"}],
    "tags": [{"name": "baum", "display_name": "Baum"}, {"name": "grün"}],
    "extras": [
        {"key": "language", "value": '["de"]'},
        {"key": "frequency", "value": "jährlich"},
        {"key": "temporal_start", "value": "2019-01-01"},
        {"key": "spatial", "value": '{"type":"Point","coordinates":[12.1,54.1]}'},
        {"key": "contributorID", "value": "http://dcat-ap.de/def/contributors/openNRW"},
    ],
    "resources": [
        {"id": "r-1", "name": "CSV", "url": f"{BASE}/baeume.csv", "format": "CSV", "mimetype": "text/csv", "size": 12},
        {"id": "r-2", "name": "Karte", "url": "", "format": "WMS"},
    ],
}
ID = f"{BASE}/dataset/baeume"


def test_a_package_becomes_a_clean_record() -> None:
    (record,) = records(ckan.read(PACKAGE, BASE))
    assert record.id == ID and record.clean, record.after
    said = record.metadata
    assert said.title == {"": "Bäume"} and said.description == {"": "Alle Bäume."}
    assert said.publisher is not None and said.publisher.name == "Musterstadt"
    assert (said.themes, said.languages, said.frequency, said.since) == (("ENVI",), ("DEU",), "ANNUAL", "2019-01-01")
    assert said.keywords == {"": ("Baum", "grün")}
    assert [one.email for one in said.contacts] == ["gruen@musterstadt.example"]
    (csv,) = said.forms
    assert (csv.format, csv.media_type, csv.licence, csv.bytes) == ("CSV", "text/csv", "dl-zero-de/2.0", 12)


@pytest.mark.parametrize("licence", ["notspecified", "", None])
def test_a_licence_that_nobody_chose_is_none(licence: str | None) -> None:
    graph = ckan.read({**PACKAGE, "license_id": licence}, BASE)
    assert all("dct:license" not in one for one in graph.values())
    assert ("licence", "dct:license") in {(one.rule, one.name) for one in mend(graph).left}


def test_without_a_portal_things_are_called_by_their_uuids() -> None:
    assert ckan.root(PACKAGE, "") == "urn:uuid:2f7e6c1a-0000-4000-8000-000000000001"


def test_answers_of_ckan_are_told_from_others() -> None:
    assert len(of_ckan(b'{"result": {"count": 1, "results": [{"name": "a", "resources": []}]}}')) == 1
    assert len(of_ckan(b'{"success": true, "result": {"id": "a", "resources": []}}')) == 1
    assert len(of_ckan(b'[{"name": "a", "resources": []}, {"x": 1}]')) == 1
    for other in (b'{"@context": {}, "@id": "x"}', b"[]", b"{", b"\xff", b"[" * 100_000):
        assert of_ckan(other) == []


def test_nodes_of_two_packages_are_not_one() -> None:
    graph = united([PACKAGE, {**PACKAGE, "name": "zwei", "maintainer": "Herr Anders"}], BASE)
    kept = [
        texts(graph[id], "foaf:name")
        for key in ("baeume", "zwei")
        for id in ids(graph[f"{BASE}/dataset/{key}"], "geodcatap:custodian")
    ]
    assert kept == [["Frau Muster"], ["Herr Anders"]]


def test_an_adopted_record_keeps_the_name_that_it_had() -> None:
    (record,) = records(ckan.read(PACKAGE, BASE))
    nodes = {one["@id"]: one for one in adopted(record, "https://knoten.example/datasets/b")}
    assert ID not in nodes
    assert ID in texts(nodes["https://knoten.example/datasets/b"], "dct:identifier")
    assert ID in record.graph, "the record stays as it was"


def test_names_are_short_and_each_its_own() -> None:
    one, other = (records(ckan.read({**PACKAGE, "name": key}, BASE))[0] for key in ("a", "b"))
    assert name(one, "land") != name(other, "land")
    assert name(one, "land").startswith("land-baeume-") and len(name(one, "x" * 99)) <= 64
    found = form(one)
    assert found is not None and found.access_url.endswith(".csv")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=8)
    | st.sampled_from(["https://x.example/", "de"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PACKAGE, "key", "value", "uri"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*PACKAGE, "spatial_coverage", "publisher", "contact"]), JSON))
def test_whatever_stands_in_a_package_is_no_failure(package: dict[str, Any]) -> None:
    mend(ckan.read(package, BASE))


def test_what_govdata_kept_before_there_was_dcat_ap_de() -> None:
    old = {
        "name": "beteiligungen",
        "title": "Beteiligungen",
        "notes": "Woran die Stadt beteiligt ist.",
        "extras": {
            "contacts": [
                {"role": "veroeffentlichende_stelle", "name": "Kämmerei", "email": "k@stadt.example"},
                {"role": "ansprechpartner", "name": "Frau Muster", "email": "m@stadt.example"},
            ],
            "dates": '[{"role": "veroeffentlicht", "date": "2013-02-15T00:00"}]',
            "terms_of_use": {"license_id": "dl-de-by-1.0", "is_free_to_use": True},
            "temporal_coverage_from": "2012-01-01",
        },
        "resources": [{"url": "https://stadt.example/b.json", "format": "application/json"}],
    }
    (record,) = records(ckan.read(old, BASE))
    said = record.metadata
    assert record.clean and said.publisher is not None and said.publisher.name == "Kämmerei"
    assert [one.email for one in said.contacts] == ["m@stadt.example"]
    assert texts(record.graph[record.id], "dct:issued")[0].startswith("2013-02-15")
    assert (said.since, said.forms[0].licence) == ("2012-01-01", "dl-by-de/1.0")


def test_what_swiss_portals_tell_in_four_languages() -> None:
    swiss = {
        "name": "wetter",
        "title": {"de": "Wetter", "fr": "Météo", "it": ""},
        "description": {"de": "Messwerte", "fr": "Mesures"},
        "keywords": {"de": ["wind"], "fr": [], "en": ["wind"]},
        "publisher": '{"name": "Wetteramt", "url": "https://wetter.example"}',
        "contact_points": [{"name": "Dienst", "email": "d@wetter.example"}],
        "temporals": [{"start_date": "2001-01-01", "end_date": "2010-12-31"}],
        "resources": [{"url": "https://wetter.example/a.csv", "format": "CSV"}],
    }
    (record,) = records(ckan.read(swiss, BASE))
    said = record.metadata
    assert record.clean and said.title == {"de": "Wetter", "fr": "Météo"} and said.until == "2010-12-31"
    assert said.publisher is not None and said.publisher.name == "Wetteramt"
    assert said.keywords == {"de": ("wind",), "en": ("wind",)}


def test_a_dump_has_a_package_in_each_line() -> None:
    dump = b"\n".join(b'{"name": "%s", "resources": []}' % name for name in (b"a", b"b"))
    assert [one["name"] for one in of_ckan(dump)] == ["a", "b"]
    assert len(of_ckan(b"\xef\xbb\xbf" + dump)) == 2
