"""The official composition: what it is put together from, and what is put right in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog.graph import Graph
from catalog.profile.facts import HASH
from catalog.rdf.shapes import FILES, SEMIC, Composition, ShapesError, Told
from tests.catalog.dcat_samples import DCAT, needs_standards
from tests.catalog.profile.records import DATASET, iri, node, record, text

pytestmark = needs_standards


@pytest.fixture(scope="module")
def composition() -> Composition:
    """The official shapes."""
    return Composition(DCAT)


def found(composition: Composition, graph: Graph) -> set[tuple[str, str, str]]:
    """Node, path and constraint."""
    return {(one.node, one.path, one.constraint) for one in composition.judge(graph)}


@pytest.mark.parametrize("missing", [*FILES, SEMIC[0]])
def test_a_folder_that_lacks_a_file_is_none(tmp_path: Path, missing: str) -> None:
    for name in (*FILES, SEMIC[0]):
        if name != missing:
            shutil.copy(next(DCAT.rglob(name)), tmp_path / name)

    with pytest.raises(ShapesError) as raised:
        Composition(tmp_path)
    assert raised.value.missing == missing


def test_the_european_file_is_that_of_the_release_that_the_german_ones_are_made_for(tmp_path: Path) -> None:
    """Its successor has shapes of other names, of which nothing is deactivated."""
    for name in FILES:
        shutil.copy(next(DCAT.rglob(name)), tmp_path / name)
    shutil.copy(next(DCAT.rglob(SEMIC[1])), tmp_path / SEMIC[1])

    with pytest.raises(ShapesError):
        Composition(tmp_path)


def test_members_of_lists_and_narrower_classes_need_no_network(composition: Composition) -> None:
    assert composition.judge(record()) == ()


def test_results_are_told_in_a_few_words(composition: Composition) -> None:
    graph = record()
    graph[DATASET]["dct:language"] = [text("deutsch")]
    graph["_:contact"].pop("vcard:hasEmail")

    assert composition.judge(graph) == (
        Told("violation", "_:contact", "vcard:hasEmail|vcard:hasURL|vcard:hasTelephone", "MinCount", ""),
        Told("violation", "deutsch", "skos:inScheme", "HasValue", ""),
        Told("violation", DATASET, "dct:language", "NodeKind", "deutsch"),
    )


@pytest.mark.parametrize("name", [HASH, "dcatap:availability"])
def test_availability_is_asked_about_in_both_spellings(composition: Composition, name: str) -> None:
    graph = record()
    graph[DATASET][name] = [iri("urn:x"), iri("urn:y")]

    assert found(composition, graph) == {
        (DATASET, name, "MaxCount"),
        ("urn:x", "skos:inScheme", "HasValue"),
        ("urn:y", "skos:inScheme", "HasValue"),
    }


def test_the_shape_that_nobody_attached_stays_out(composition: Composition) -> None:
    """Of a series no publisher is demanded, as in the official files."""
    series = node("urn:series", "dcat:DatasetSeries", dct__title=text("Reihe"), dct__description=text("Eine Reihe."))

    assert composition.judge({"urn:series": series}) == ()


def test_values_that_are_none_of_their_datatype_are_found_and_not_told_of_elsewhere(
    composition: Composition, caplog: pytest.LogCaptureFixture
) -> None:
    graph = record()
    graph[f"{DATASET}/1"]["dcat:byteSize"] = [text("many", datatype="xsd:nonNegativeInteger")]

    assert found(composition, graph) == {(f"{DATASET}/1", "dcat:byteSize", "Datatype")}
    assert not caplog.records
