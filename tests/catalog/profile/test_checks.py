"""Which nodes are judged by what, findings in words, and what other documents demand."""

from __future__ import annotations

import copy

import pytest

from catalog.graph import Graph
from catalog.profile import Fault, Finding, Severity, check, clean
from catalog.profile import vocabularies as lists
from catalog.profile.checks import MAX_FINDINGS
from catalog.profile.facts import CLASSES, DEPRECATED, FACTS, HASH, HVD_FACTS, MOBILITY_FACTS
from connector.sentences import TEMPLATES, sentence
from tests.catalog.profile.records import DATASET, iri, node, record, text

FORM = f"{DATASET}/1"


def rules(graph: Graph) -> set[str]:
    """What is found, by id."""
    return {one.rule for one in check(graph)}


def changed(id: str, name: str, *values: dict[str, str]) -> Graph:
    """The usual record with another value somewhere, or none."""
    graph = record()
    graph[id][name] = list(values)
    return graph


@pytest.mark.parametrize(
    ("id", "name", "values", "rule"),
    [
        (DATASET, "dct:title", [], "dcat:Dataset/dct:title/missing"),
        (DATASET, "dct:publisher", [], "dcat:Dataset/dct:publisher/missing"),
        (DATASET, "dct:publisher", [text("Stadt")], "dcat:Dataset/dct:publisher/node"),
        (DATASET, "dct:publisher", [iri("urn:nobody")], "dcat:Dataset/dct:publisher/class"),
        (DATASET, "dct:language", [iri(lists.LANGUAGES.iri("GER"))], "dcat:Dataset/dct:language/list"),
        (DATASET, "dct:identifier", [iri("urn:x")], "dcat:Dataset/dct:identifier/literal"),
        (DATASET, "dct:issued", [text("2024"), text("2025")], "dcat:Dataset/dct:issued/several"),
        (DATASET, "dcatde:contributorID", [iri("_:x")], "dcat:Dataset/dcatde:contributorID/iri"),
        (DATASET, "owl:versionInfo", [text("1")], "dcat:Dataset/owl:versionInfo/deprecated"),
        (DATASET, "dcatde:legalBasis", [text("1")], "dcatde:legalBasis/deprecated"),
        (FORM, "dct:license", [], "dcat:Distribution/dct:license/missing"),
        (FORM, "dcat:byteSize", [text("12", datatype="xsd:integer")], "dcat:Distribution/dcat:byteSize/datatype"),
        (FORM, "dcat:mediaType", [iri("urn:text/csv")], "dcat:Distribution/dcat:mediaType/media"),
        (FORM, "adms:status", [iri("http://purl.org/adms/status/Completed")], "adms:status/old-list"),
        ("_:contact", "vcard:hasEmail", [text("amt@stadt.example")], "vcard:Kind/vcard:hasEmail/iri"),
        (
            "_:time",
            "dcat:startDate",
            [],
            "dct:PeriodOfTime/dcat:startDate|dcat:endDate|time:hasBeginning|time:hasEnd/either",
        ),
    ],
)
def test_what_is_wrong_is_found_by_its_rule(id: str, name: str, values: list[dict[str, str]], rule: str) -> None:
    graph = changed(id, name, *values)

    assert rule in rules(graph)
    assert rule not in rules(record())
    assert {one.node for one in check(graph)} == {id}


@pytest.mark.parametrize("name", ["dcatap:availability", HASH])
def test_availability_is_judged_in_both_spellings(name: str) -> None:
    values = [iri(lists.AVAILABILITY.iri("STABLE")), iri("urn:elsewhere")]

    assert {f"dcat:Dataset/{name}/several", f"dcat:Dataset/{name}/list"} <= rules(changed(DATASET, name, *values))


def test_a_subclass_is_judged_as_its_class_and_once() -> None:
    graph = record()
    graph["_:publisher"]["@type"] = ["foaf:Agent", "org:FormalOrganization", "foaf:Organization"]
    del graph["_:publisher"]["foaf:name"]

    assert [one.rule for one in check(graph)] == ["foaf:Agent/foaf:name/missing"]


def test_a_theme_of_ones_own_that_says_to_be_of_the_list_is_believed() -> None:
    """As the official shapes do."""
    graph = changed(DATASET, "dcat:theme", iri("urn:own"))
    assert "dcat:Dataset/dcat:theme/list" in rules(graph)
    graph["urn:own"] = node("urn:own", "skos:Concept", skos__inScheme=iri(lists.THEMES.scheme))

    assert check(graph) == ()


@pytest.mark.parametrize("value", ["0", "12", "007", "+5"])
def test_sizes_that_are_numbers(value: str) -> None:
    assert check(changed(FORM, "dcat:byteSize", text(value, datatype="xsd:nonNegativeInteger"))) == ()


def test_warnings_keep_nobody_out() -> None:
    warned = changed(FORM, "dct:license", iri("https://elsewhere.example/licence"))
    refused = changed(FORM, "dct:license")

    assert {one.severity for one in check(warned)} == {Severity.WARNING}
    assert clean(check(warned)) and not clean(check(refused))


def test_findings_are_bounded() -> None:
    many = {f"urn:{number}": node(f"urn:{number}", "dcat:Dataset") for number in range(MAX_FINDINGS)}

    assert len(check(many)) == MAX_FINDINGS


def test_what_many_name_is_gone_into_once() -> None:
    """A graph that would take thirty million steps where each way through it were gone."""
    many = range(300)
    graph = {f"urn:service:{number}": node(f"urn:service:{number}", "dcat:DataService") for number in many}
    services = [iri(id) for id in graph]
    for number in many:
        id = f"urn:form:{number}"
        graph[id] = node(id, "dcat:Distribution", dcat__accessService=services)
    forms = [iri(f"urn:form:{number}") for number in many]
    for number in many:
        id = f"urn:dataset:{number}"
        graph[id] = node(id, "dcat:Dataset", dcat__distribution=forms, dcatap__applicableLegislation=iri(lists.HVD))
    found = [one for one in check(graph) if one.part]

    assert len(found) == len(many) * (1 + 1 + len(HVD_FACTS["dcat:DataService"]))


def test_nothing_is_found_in_nothing_or_in_what_nobody_knows() -> None:
    assert check({}) == ()
    assert check({"urn:x": node("urn:x", "http://example.org/Thing", dct__title=iri("urn:y"))}) == ()
    assert check({"urn:x": {"@id": "urn:x"}}) == ()


# --- what other documents demand --------------------------------------------------------------------------------------


def valuable() -> Graph:
    """A high-value dataset with nothing wrong."""
    graph = record()
    graph[DATASET] |= {
        "dcatap:applicableLegislation": [iri(lists.HVD)],
        "dcatap:hvdCategory": [iri(lists.HVD_CATEGORIES.iri("c_b79e35eb"))],
    }
    for number in (1, 2):
        graph[f"{DATASET}/{number}"]["dcatap:applicableLegislation"] = [iri(lists.HVD)]
    return graph


def test_high_value_datasets_are_asked_for_more() -> None:
    assert check(valuable()) == ()
    graph = valuable()
    del graph[DATASET]["dcatap:hvdCategory"]
    del graph[FORM]["dcatap:applicableLegislation"]

    assert [(one.rule, one.node) for one in check(graph)] == [
        ("hvd/dcat:Dataset/dcatap:hvdCategory/missing", DATASET),
        ("hvd/dcat:Distribution/dcatap:applicableLegislation/missing", FORM),
    ]
    assert not clean(check(graph))


def test_their_services_too() -> None:
    graph = valuable()
    graph[FORM]["dcat:accessService"] = [iri("urn:service")]
    graph["urn:service"] = node(
        "urn:service",
        "dcat:DataService",
        dct__title=text("Dienst"),
        dcat__endpointURL=iri("https://daten.example/api"),
        dct__publisher=iri("_:publisher"),
    )

    assert {one.rule for one in check(graph)} == {
        f"hvd/dcat:DataService/{name}/missing" for name in HVD_FACTS["dcat:DataService"]
    }


@pytest.mark.parametrize("code", sorted(lists.LICENCES.known))
def test_high_value_data_are_free(code: str) -> None:
    """Regulation 2023/138, article 4 (3)."""
    graph = valuable()
    graph[FORM]["dct:license"] = [iri(lists.LICENCES.iri(code))]

    assert (rules(graph) == set()) == (code in lists.FREE)
    graph[FORM]["dct:license"] = [iri("http://creativecommons.org/licenses/by/4.0/")]
    assert "hvd/dcat:Distribution/dct:license/list" not in rules(graph)


def test_what_says_of_itself_that_it_is_valuable_is_asked_once() -> None:
    """A service that a dataset names and that says so itself, and one of a series."""
    graph = valuable()
    graph[FORM]["dcat:accessService"] = graph[f"{DATASET}/2"]["dcat:accessService"] = [iri("urn:service")]
    law = iri(lists.HVD)
    graph["urn:service"] = node("urn:service", "dcat:DataService", dcatap__applicableLegislation=law)
    graph["urn:series"] = node("urn:series", "dcat:DatasetSeries", dcatap__applicableLegislation=law)
    asked = [(one.node, one.property) for one in check(graph) if one.part]

    assert sorted(asked) == [
        ("urn:series", "dcatap:hvdCategory"),
        ("urn:service", "dcat:contactPoint"),
        ("urn:service", "dcatap:hvdCategory"),
        ("urn:service", "foaf:page"),
    ]


def test_a_contact_of_a_narrower_class_is_asked_for_mobility_too() -> None:
    graph = changed(DATASET, "mobilitydcatap:mobilityTheme", iri("urn:theme"))
    del graph["_:contact"]["vcard:fn"]

    assert "mobility/vcard:Kind/vcard:fn/missing" in rules(graph)


def test_a_graph_may_bring_its_classes_along() -> None:
    """Portals deliver ontologies beside their data: what those say counts, as for the official shapes."""
    graph = record()
    graph["_:publisher"]["@type"] = ["https://ontology.example/Office"]
    assert "dcat:Dataset/dct:publisher/class" in rules(graph)
    office = node("https://ontology.example/Office", "rdfs:Class")
    office["rdfs:subClassOf"] = [iri("http://www.w3.org/ns/org#Organization"), iri("https://ontology.example/Office")]
    graph[office["@id"]] = office

    assert check(graph) == ()
    del graph["_:publisher"]["foaf:name"]
    assert rules(graph) == {"foaf:Agent/foaf:name/missing"}


def test_a_category_alone_makes_nothing_valuable() -> None:
    assert check(changed(DATASET, "dcatap:applicableLegislation", iri("http://data.europa.eu/eli/other"))) == ()


def test_what_speaks_of_mobility_is_wished_more_of() -> None:
    graph = changed(DATASET, "mobilitydcatap:transportMode", iri("urn:bus"))
    found = [one for one in check(graph) if one.part == "mobility"]

    assert {one.severity for one in found} == {Severity.WARNING}
    assert {one.property for one in found} == {
        "mobilitydcatap:mobilityTheme",
        "mobilitydcatap:mobilityDataStandard",
        "dct:rights",
    }
    assert MOBILITY_FACTS["dcat:Dataset"].keys() > {"mobilitydcatap:mobilityTheme"}


# --- in words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_a_sentence(fault: Fault) -> None:
    assert f"dcat.{fault}" in TEMPLATES


@pytest.mark.parametrize(
    "name",
    sorted(
        {name for facts in FACTS.values() for name, must in facts.items() if must.least}
        | {name for facts in FACTS.values() for name, must in facts.items() if must.listed and name != HASH}
    ),
)
def test_what_must_stand_there_is_explained(name: str) -> None:
    reason = Finding(Fault.MISSING, Severity.VIOLATION, DATASET, "dcat:Dataset", name).mend

    assert f"dcat.missing.property.{name}" in TEMPLATES, name
    assert len(sentence(reason, "de")) > len(f"{name} fehlt (dcat:Dataset).")
    assert name in sentence(reason, "en")


@pytest.mark.parametrize("name", sorted(DEPRECATED))
def test_what_takes_the_place_of_what_is_deprecated_is_told(name: str) -> None:
    reason = Finding(Fault.DEPRECATED, Severity.WARNING, DATASET, "", name).mend

    assert DEPRECATED[name] in sentence(reason, "de")
    assert DEPRECATED[name] in sentence(reason, "en")


def test_who_demands_it_is_told_where_it_is_not_the_profile() -> None:
    graph = valuable()
    del graph[DATASET]["dcatap:hvdCategory"]
    graph[DATASET]["mobilitydcatap:transportMode"] = [iri("urn:bus")]
    said = {one.part: sentence(one.mend, "de") for one in check(graph)}

    assert "2023/138" in said["hvd"]
    assert said["mobility"].endswith("Das wünscht mobilityDCAT-AP.")


def test_a_long_value_is_shown_in_part() -> None:
    found = check(changed(DATASET, "dct:language", text("x" * 5_000)))

    assert found[0].value == "x" * 5_000
    assert len(found[0].mend.params["value"]) == 200


def test_judging_changes_nothing() -> None:
    graph = valuable()
    before = copy.deepcopy(graph)
    check(graph)

    assert graph == before


def test_classes_below_others_are_of_them() -> None:
    assert all(about in below for about, below in CLASSES.items())
