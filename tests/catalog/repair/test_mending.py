"""Covers `catalog/repair/mending.py`, with what it stands on (`values`, `wholes`, `spellings`)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.graph import Graph, Value, ids, texts
from catalog.profile.checks import check
from catalog.profile.facts import FACTS
from catalog.repair.forms import Mended
from catalog.repair.mending import CLOSED, Told, mend
from tests.catalog.repair.records import FORM, ID, LAKE, REAL, distribution, graph, link, node, sound, text, with_form

EU = "http://publications.europa.eu/resource/authority/"


def left(mended: Mended) -> set[tuple[str, str]]:
    return {(one.rule, one.name) for one in mended.left}


def clean(graph: Graph) -> bool:
    return not any(one.severity == "violation" for one in check(graph))


def rules(mended: Mended) -> set[str]:
    return {one.rule for one in mended.repairs}


def test_nothing_is_done_to_a_record_that_is_sound() -> None:
    before = sound()
    after = mend(before)
    assert (after.graph, after.repairs, after.left) == (before, (), ())


@pytest.mark.parametrize("name", REAL)
def test_records_of_real_portals_become_clean(name: str) -> None:
    before = REAL[name]
    kept = copy.deepcopy(before)
    after = mend(before)
    assert not clean(before)
    faults = [one for one in check(after.graph) if one.severity == "violation" and one.about != "dcat:Catalog"]
    assert faults == []
    assert before == kept, "what was given stays as it was"
    assert mend(after.graph).repairs == (), "what is mended is not mended again"


FORMS: list[tuple[str, Value, list[Value]]] = [
    ("dct:format", text("csv"), [link(EU + "file-type/CSV")]),
    ("dct:format", text("text/csv"), [link(EU + "file-type/CSV")]),
    ("dct:format", text(".xlsx"), [link(EU + "file-type/XLSX")]),
    ("dct:format", text("ESRI Shapefile"), [link(EU + "file-type/SHP")]),
    ("dct:format", link(EU.replace("http:", "https:") + "file-type/csv"), [link(EU + "file-type/CSV")]),
    ("dct:format", link("https://www.iana.org/assignments/media-types/application/pdf"), [link(EU + "file-type/PDF")]),
    ("dct:format", text("Excel"), []),
    (
        "dcat:mediaType",
        text("text/csv; charset=utf-8"),
        [link("https://www.iana.org/assignments/media-types/text/csv")],
    ),
    ("dcat:mediaType", text("GeoJSON"), [link("https://www.iana.org/assignments/media-types/application/geo+json")]),
    ("dcat:mediaType", text("irgendwas"), []),
    (
        "dct:license",
        text("Datenlizenz Deutschland – Namensnennung – Version 2.0"),
        [link("http://dcat-ap.de/def/licenses/dl-by-de/2.0")],
    ),
    (
        "dct:license",
        link("https://creativecommons.org/licenses/by/4.0/deed.de"),
        [link("http://dcat-ap.de/def/licenses/cc-by/4.0")],
    ),
    (
        "dct:license",
        text("http://www.govdata.de/dl-de/zero-2-0"),
        [link("http://dcat-ap.de/def/licenses/dl-zero-de/2.0")],
    ),
    ("dct:license", link("https://example.org/eigene-lizenz"), [link("https://example.org/eigene-lizenz")]),
    ("dcat:byteSize", text("12345"), [text("12345", kind="xsd:nonNegativeInteger")]),
    ("dcat:byteSize", text("6776.0", kind="xsd:decimal"), [text("6776", kind="xsd:nonNegativeInteger")]),
    ("dcat:byteSize", text("1.5 MB"), []),
    ("dcat:byteSize", text("-3", kind="xsd:integer"), []),
    ("dcat:downloadURL", text(" https://x.example/a.csv "), [link("https://x.example/a.csv")]),
    ("dcat:downloadURL", link("https://x.example/a b|c.csv"), [link("https://x.example/a%20b%7Cc.csv")]),
    ("dcat:downloadURL", text("auf Anfrage"), []),
    ("dct:language", text("Deutsch"), [link(EU + "language/DEU")]),
    ("dct:language", text("de, en"), [link(EU + "language/DEU"), link(EU + "language/ENG")]),
    ("dct:language", link("http://id.loc.gov/vocabulary/iso639-1/de"), [link(EU + "language/DEU")]),
    ("dct:language", text("Klingonisch"), []),
    ("adms:status", link("http://purl.org/adms/status/UnderDevelopment"), [link(EU + "distribution-status/DEVELOP")]),
    ("dcat:spatialResolutionInMeters", text("10", kind="xsd:double"), [text("10", kind="xsd:decimal")]),
    ("dcat:spatialResolutionInMeters", text("0,5 m"), [text("0.5", kind="xsd:decimal")]),
    ("dcat:temporalResolution", text("PT15M"), [text("PT15M", kind="xsd:duration")]),
    ("dct:issued", text("28.01.2021"), [text("2021-01-28", kind="xsd:date")]),
    ("dct:issued", text("2021-02-30", kind="xsd:date"), [text("2021-02-30")]),
    ("dct:modified", text("2021-01-28T10:00"), [text("2021-01-28T10:00:00", kind="xsd:dateTime")]),
    ("dct:modified", text("03/04/2021"), [text("03/04/2021")]),
    ("foaf:page", text("www.x.example/hilfe"), [link("http://www.x.example/hilfe")]),
    (
        "foaf:page",
        text("https://x.example/a, https://x.example/b"),
        [link("https://x.example/a"), link("https://x.example/b")],
    ),
]


@pytest.mark.parametrize(("name", "before", "after"), FORMS)
def test_values_of_distributions(name: str, before: Value, after: list[Value]) -> None:
    mended = mend({**sound(), FORM: {**distribution(), name: [before]}})
    assert mended.graph[FORM].get(name, []) == after
    if before not in after or len(after) > 1:
        assert any(one.name == name for one in mended.repairs)
    if not after:
        assert any(one.name == name for one in mended.left), "a person is told of what is lost"
    assert clean(mended.graph)


DATASETS: list[tuple[str, Value, str, str]] = [
    ("dct:accessRights", text("öffentlich"), "@id", EU + "access-right/PUBLIC"),
    ("dct:accrualPeriodicity", text("vierteljährlich"), "@id", EU + "frequency/QUARTERLY"),
    ("dct:accrualPeriodicity", text("R/P1Y"), "@id", EU + "frequency/ANNUAL"),
    ("dct:accrualPeriodicity", link("http://purl.org/cld/freq/daily"), "@id", EU + "frequency/DAILY"),
    ("dcat:theme", text("Umwelt"), "@id", EU + "data-theme/ENVI"),
    ("dcat:theme", link(EU + "data-theme/envi"), "@id", EU + "data-theme/ENVI"),
    ("dct:identifier", link("https://x.example/1"), "@value", "https://x.example/1"),
    ("dcat:landingPage", text("https://x.example/1"), "@id", "https://x.example/1"),
    (
        "dcatde:contributorID",
        text("https://www.dcat-ap.de/def/contributors/openNRW"),
        "@id",
        "http://dcat-ap.de/def/contributors/openNRW",
    ),
    (
        "dcatde:politicalGeocodingLevelURI",
        text("Gemeinde"),
        "@id",
        "http://dcat-ap.de/def/politicalGeocoding/Level/municipality",
    ),
    ("http://data.europa.eu/r5r#availability", text("verfügbar"), "@id", ""),
]


@pytest.mark.parametrize(("name", "before", "key", "after"), DATASETS)
def test_values_of_datasets(name: str, before: Value, key: str, after: str) -> None:
    mended = mend(sound(**{name.replace(":", "__", 1) if not name.startswith("http") else name: [before]}))
    if after:
        assert mended.graph[ID][name] == [{key: after}]
    else:
        assert mended.graph[ID]["dcatap:availability"] == [link(EU + "planned-availability/AVAILABLE")]
    assert clean(mended.graph)


def graphs_with_faults() -> list[Graph]:
    """Each fault of a dataset in a record of its own, and each of a distribution."""
    forms = [{**sound(), FORM: {**distribution(), name: [before]}} for name, before, _ in FORMS]
    datasets = [sound() for _ in DATASETS]
    for one, (name, before, _, _) in zip(datasets, DATASETS, strict=True):
        one[ID][name] = [before]
    return [*forms, *datasets]


def test_a_theme_of_ones_own_goes_on_saying_what_it_is_about() -> None:
    mended = mend(
        sound(dcat__theme=[link("https://x.example/themen/7"), text("Ortsrecht")], dcat__keyword=[text("Bäume")])
    )
    dataset = mended.graph[ID]
    assert "dcat:theme" not in dataset
    assert ids(dataset, "dct:subject") == ["https://x.example/themen/7"]
    assert texts(dataset, "dcat:keyword") == ["Bäume", "Ortsrecht"]


def test_a_licence_in_words_is_kept_in_words() -> None:
    mended = mend(with_form(dct__license=[text("Nutzungsbedingungen der Stadt", "de")]))
    (id,) = ids(mended.graph[FORM], "dct:license")
    assert mended.graph[id]["@type"] == ["dct:LicenseDocument"]
    assert mended.graph[id]["rdfs:label"] == [text("Nutzungsbedingungen der Stadt", "de")]
    assert mended.left == ()


def test_no_licence_allows_nothing_and_a_person_is_asked() -> None:
    mended = mend(with_form(dct__license=[]))
    assert ids(mended.graph[FORM], "dct:license") == [CLOSED]
    assert rules(mended) == {"licence_closed"} and left(mended) == {("licence", "dct:license")}


def test_what_the_dataset_says_of_its_licence_is_true_of_its_distributions() -> None:
    licence = link("http://dcat-ap.de/def/licenses/cc-zero")
    mended = mend({**sound(dct__license=[licence]), FORM: distribution(dct__license=[])})
    assert mended.graph[FORM]["dct:license"] == [licence]
    assert rules(mended) == {"licence_of_dataset"} and not mended.left


def test_rights_that_are_a_licence() -> None:
    mended = mend(with_form(dct__license=[], dct__rights=[text("CC BY 4.0")]))
    assert ids(mended.graph[FORM], "dct:license") == ["http://dcat-ap.de/def/licenses/cc-by/4.0"]


@pytest.mark.parametrize(
    ("held", "access"),
    [
        ({"dcat__downloadURL": [link("https://x.example/d")]}, "https://x.example/d"),
        ({"foaf__page": [link("https://x.example/p")]}, "https://x.example/p"),
    ],
)
def test_access_is_where_it_is_told(held: dict[str, Any], access: str) -> None:
    mended = mend(with_form(dcat__accessURL=[], **held))
    assert ids(mended.graph[FORM], "dcat:accessURL") == [access]


def test_what_cannot_be_had_is_no_distribution() -> None:
    mended = mend(with_form(dcat__accessURL=[text("")], dct__title=[text("Bericht")]))
    assert FORM not in mended.graph and "dcat:distribution" not in mended.graph[ID]
    assert left(mended) == {("incomplete", "dcat:distribution")}
    assert clean(mended.graph)


def test_who_publishes_is_told_by_the_catalogue_or_by_whoever_mends() -> None:
    record = sound()
    del record[ID]["dct:publisher"]
    assert left(mend(record)) == {("missing", "dct:publisher")}
    catalog = node(
        "https://x.example/k",
        "dcat:Catalog",
        dcat__dataset=[link(ID)],
        dct__publisher=[link("https://musterstadt.example/")],
    )
    assert ids(mend({**record, catalog["@id"]: catalog}).graph[ID], "dct:publisher") == ["https://musterstadt.example/"]
    mended = mend(record, Told(publisher="Kreis Muster"))
    (id,) = ids(mended.graph[ID], "dct:publisher")
    assert texts(mended.graph[id], "foaf:name") == ["Kreis Muster"] and rules(mended) == {"told"}


def test_two_catalogues_of_two_publishers_tell_of_none() -> None:
    record = sound()
    del record[ID]["dct:publisher"]
    two = [
        node(f"https://x.example/{name}", "dcat:Catalog", dct__publisher=[link(f"https://{name}.example")])
        for name in "ab"
    ]
    assert "dct:publisher" not in mend({**record, **graph(*two)}).graph[ID]


def test_an_agent_of_whom_nothing_is_told_is_called_by_its_iri_and_that_is_said() -> None:
    mended = mend(sound(dct__creator=[link("https://amt.example/")]))
    assert texts(mended.graph["https://amt.example/"], "foaf:name") == ["https://amt.example/"]
    assert left(mended) == {("agent_name", "foaf:name")}


def test_one_text_is_one_agent() -> None:
    dataset = mend(LAKE).graph["https://offen.seestadt.example/rad"]
    assert ids(dataset, "dct:publisher") == ids(dataset, "dct:creator")


@pytest.mark.parametrize(
    ("contact", "reached"),
    [
        (text("Frau Muster, muster@stadt.example"), {"vcard:hasEmail": "mailto:muster@stadt.example"}),
        (text("mailto:mailto:muster@stadt.example"), {"vcard:hasEmail": "mailto:muster@stadt.example"}),
        (text("muster (at) stadt.example"), {"vcard:hasEmail": "mailto:muster@stadt.example"}),
        (text("https://stadt.example/kontakt"), {"vcard:hasURL": "https://stadt.example/kontakt"}),
        (text("+49 (0) 381 / 381-0"), {"vcard:hasTelephone": "tel:+49-381-381-0"}),
    ],
)
def test_contacts_of_text(contact: Value, reached: dict[str, str]) -> None:
    mended = mend(sound(dcat__contactPoint=[contact]))
    (id,) = ids(mended.graph[ID], "dcat:contactPoint")
    assert {name: ids(mended.graph[id], name)[0] for name in reached} == reached
    assert clean(mended.graph)


def test_a_contact_that_cannot_be_reached_goes_and_is_told() -> None:
    mended = mend(sound(dcat__contactPoint=[text("Amt 61")]))
    assert "dcat:contactPoint" not in mended.graph[ID]
    assert ("incomplete", "dcat:contactPoint") in left(mended)


def test_vcards_own_way_of_telephones() -> None:
    inner = node("_:v", "vcard:Voice", vcard__hasValue=[link("tel:+49381")])
    card = node("_:k", vcard__fn=[text("Amt")], vcard__hasTelephone=[link("_:v")])
    mended = mend({**sound(dcat__contactPoint=[link("_:k")]), "_:k": card, "_:v": inner})
    assert ids(mended.graph["_:k"], "vcard:hasTelephone") == ["tel:+49381"]
    assert "vcard:Kind" in mended.graph["_:k"]["@type"]


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ("2014-01-01/2014-12-31", "2014-01-01", "2014-12-31"),
        ("start=2010; end=2014;", "2010", "2014"),
        ("2010 - 2014", "2010", "2014"),
        ("01.01.2020 bis 31.12.2020", "2020-01-01", "2020-12-31"),
        ("2019", "2019", "2019"),
    ],
)
def test_periods(said: str, start: str, end: str) -> None:
    mended = mend(sound(dct__temporal=[text(said)]))
    (id,) = ids(mended.graph[ID], "dct:temporal")
    assert (texts(mended.graph[id], "dcat:startDate"), texts(mended.graph[id], "dcat:endDate")) == ([start], [end])


@pytest.mark.parametrize("said", ["seit 1990", "2014/2010", "laufend"])
def test_periods_that_nobody_can_be_sure_of(said: str) -> None:
    mended = mend(sound(dct__temporal=[text(said)]))
    assert "dct:temporal" not in mended.graph[ID] and left(mended) == {("period", "dct:temporal")}


def test_of_several_dates_the_last_change_and_the_first_issue() -> None:
    dates = [text("2020-01-01", kind="xsd:date"), text("2021-01-01", kind="xsd:date")]
    dataset = mend(sound(dct__issued=dates, dct__modified=dates)).graph[ID]
    assert texts(dataset, "dct:issued") == ["2020-01-01"] and texts(dataset, "dct:modified") == ["2021-01-01"]


def test_a_second_publisher_is_still_somebody_whom_it_is_owed_to() -> None:
    record = sound()
    record[ID]["dct:publisher"].append(link("_:z"))
    record["_:z"] = node("_:z", "foaf:Agent", foaf__name=[text("Zweckverband")])
    dataset = mend(record).graph[ID]
    assert ids(dataset, "dct:publisher") == ["https://musterstadt.example/"]
    assert ids(dataset, "prov:wasAttributedTo") == ["_:z"]


def test_what_a_document_names_and_does_not_tell_of() -> None:
    mended = mend(
        sound(dct__source=[link("https://x.example/quelle")], dcat__inSeries=[link("https://x.example/reihe")])
    )
    assert ids(mended.graph[ID], "dct:relation") == ["https://x.example/quelle"]
    assert ids(mended.graph[ID], "dct:isPartOf") == ["https://x.example/reihe"]
    assert clean(mended.graph)


def test_places_are_told_as_they_are_told_today() -> None:
    mended = mend(
        sound(
            dcatde__politicalGeocodingURI=[link("http://dcat-ap.de/def/politicalGeocoding/municipalityKey/13003000")],
            dcatde__geocodingDescription=[text("Musterstadt", "de")],
        )
    )
    places = [mended.graph[id] for id in ids(mended.graph[ID], "dct:spatial")]
    assert places[0]["locn:adminUnitL2"] == [link("http://dcat-ap.de/def/politicalGeocoding/municipalityKey/13003000")]
    assert places[1]["skos:prefLabel"] == [text("Musterstadt", "de")]
    assert check(mended.graph) == ()


def test_geometries_are_kept_in_one_node_with_the_box_around_them() -> None:
    mended = mend(REAL["harbour"]).graph
    (geometry,) = ids(mended["_:ort"], "locn:geometry")
    assert [one["@type"] for name in ("gsp:asGeoJSON", "gsp:asWKT") for one in mended[geometry][name]] == [
        "gsp:geoJSONLiteral",
        "gsp:wktLiteral",
    ]
    assert texts(mended["_:ort"], "dcat:bbox") == ["POLYGON((12.0 54.0,12.3 54.0,12.3 54.2,12.0 54.2,12.0 54.0))"]


def test_descriptions_lose_their_marks_and_nothing_else() -> None:
    dataset = mend(REAL["harbour"]).graph["https://daten.hafenstadt.example/dataset/kitas"]
    assert texts(dataset, "dct:description") == ["Standorte & Plätze.\n\n- städtisch\n- frei"]


def test_a_checksum_of_which_half_is_told_is_none() -> None:
    mended = mend(
        {
            **with_form(spdx__checksum=[link("_:c")]),
            "_:c": node("_:c", "spdx:Checksum", spdx__checksumValue=[text("00ff")]),
        }
    )
    assert "spdx:checksum" not in mended.graph[FORM] and clean(mended.graph)


# --- whatever it is given ---------------------------------------------------------------------------------------------

NAMES = sorted(
    {name for facts in FACTS.values() for name in facts} | {"schema:startDate", "vcard:email", "dct:subject"}
)
WORDS = [
    "",
    " ",
    "de",
    "CSV",
    "https://x.example/a",
    "a b",
    "12",
    "12.0",
    "2021-01-01",
    "amt@x.example",
    "POINT(1 2)",
    "Ⓐ\u202e",
]
IDS = ["_:a", "_:b", "https://x.example/1", "https://x.example/2", EU + "language/DEU", "http://x.example/a b"]
VALUES = st.one_of(
    st.sampled_from(IDS).map(link),
    st.sampled_from(WORDS).map(text),
    st.sampled_from(WORDS).map(lambda word: text(word, kind="xsd:dateTime")),
)
NODES = st.builds(
    lambda types, held: {"@type": types, **held},
    st.lists(st.sampled_from(sorted(FACTS)), max_size=2, unique=True),
    st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, min_size=1, max_size=3, unique_by=repr), max_size=6),
)
GRAPHS = st.dictionaries(st.sampled_from(IDS), NODES, max_size=5).map(
    lambda held: {id: {"@id": id, **one} for id, one in held.items()}
)


@settings(max_examples=300, deadline=None)
@given(GRAPHS)
def test_mending_is_total_and_done_once(graph: Graph) -> None:
    kept = copy.deepcopy(graph)
    once = mend(graph)
    assert graph == kept
    twice = mend(once.graph)
    assert twice.graph == once.graph, list(twice.repairs)


@settings(max_examples=300, deadline=None)
@given(GRAPHS)
def test_what_is_still_wrong_is_told_to_people(graph: Graph) -> None:
    mended = mend(graph)
    told = {(one.node, one.name) for one in mended.left}
    for one in check(mended.graph):
        if one.severity == "violation" and one.fault == "missing" and not one.part:
            assert (one.node, one.property) in told


def test_the_publisher_is_who_is_named_in_that_role() -> None:
    role = "http://inspire.ec.europa.eu/metadata-codelist/ResponsiblePartyRole/"
    of = {
        part: node(
            f"_:{part}", "prov:Attribution", dcat__hadRole=[link(role + part)], prov__agent=[link(f"_:{part}-a")]
        )
        for part in ("owner", "publisher")
    }
    agents = [node(f"_:{part}-a", "foaf:Agent", foaf__name=[text(part.upper())]) for part in of]
    said = sound()
    said[ID] = {name: held for name, held in said[ID].items() if name != "dct:publisher"} | {
        "prov:qualifiedAttribution": [link(f"_:{part}") for part in of]
    }
    after = mend(said | graph(*of.values(), *agents))
    assert after.graph[ID]["dct:publisher"] == [link("_:publisher-a")] and "publisher_by_role" in rules(after)
    alone = mend(said | graph(of["owner"], agents[0]))
    assert "dct:publisher" not in alone.graph[ID] and ("missing", "dct:publisher") in left(alone)


def test_a_dataset_that_nobody_described_says_what_it_is_called_and_people_are_told() -> None:
    said = sound()
    said[ID] = {name: held for name, held in said[ID].items() if name != "dct:description"}
    after = mend(said)
    assert after.graph[ID]["dct:description"][0] in (
        *after.graph[ID]["dct:title"],
        *(one for part in after.graph.values() for one in part.get("dct:description", ()) if part["@id"] != ID),
    )
    assert ("description", "dct:description") in left(after) and clean(after.graph)
    nothing = mend({ID: {name: held for name, held in said[ID].items() if name != "dct:title"}})
    assert "dct:description" not in nothing.graph[ID]


def test_access_in_words_of_ones_own_is_told_of_the_rights() -> None:
    said = sound()
    said[ID] = {**said[ID], "dct:accessRights": [text("Nur nach Anmeldung")]}
    after = mend(said)
    assert "dct:accessRights" not in after.graph[ID] and ("code", "dct:accessRights") in left(after)
    (rights,) = ids(after.graph[ID], "dct:rights")
    assert texts(after.graph[rights], "rdfs:label") == ["Nur nach Anmeldung"]


def test_a_service_without_a_title_is_called_by_its_address() -> None:
    said = sound() | graph(node("_:s", "dcat:DataService", dcat__endpointURL=[link("https://x.example/wms")]))
    form = next(one for one in said if "dcat:Distribution" in said[one]["@type"])
    said[form] = {**said[form], "dcat:accessService": [link("_:s")]}
    after = mend(said)
    assert texts(after.graph["_:s"], "dct:title") == ["https://x.example/wms"]
    assert after.graph["_:s"]["dct:publisher"] == after.graph[ID]["dct:publisher"]
    assert ("agent_name", "dct:title") in left(after) and clean(after.graph)


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("dct:accrualPeriodicity", "http://publications.europa.eu/mdr/authority/frequency/WEEKLY", "frequency/WEEKLY"),
        ("dct:accrualPeriodicity", "continual", "frequency/UPDATE_CONT"),
        ("dcatap:availability", "http://data.europa.eu/r5r/availability/stable", "planned-availability/STABLE"),
    ],
)
def test_codes_under_addresses_of_before(name: str, said: str, code: str) -> None:
    value = link(said) if "://" in said else text(said)
    assert mend({ID: {**sound()[ID], name: [value]}}).graph[ID][name] == [link(EU + code)]
