"""Covers catalog/descriptions/rules.py: compiled rules and official shapes find the same, but where that is said."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from catalog.descriptions.rules import CLASSES, MAX_NODES, PREFIXES, check
from catalog.rdf import contexts, terms
from catalog.rdf.contexts import Shapes
from tests.catalog import samples
from tests.catalog.descriptions import mutants
from tests.catalog.samples import needs_trust


def test_our_own_descriptions_are_without_fault() -> None:
    assert check(samples.subjects()) == ()


@pytest.mark.parametrize("register", samples.NUMBERS)
def test_every_register_is_known(register: Any) -> None:
    party = samples.Party(name="A", seat=samples.PLACE, register=register, number=samples.NUMBERS[register])
    assert check(samples.subjects(party)) == ()


def test_what_is_missing_is_named_with_its_place() -> None:
    found = check(samples.subjects(samples.Party(name="A")))
    assert {(one.code, one.place) for one in found} == {
        ("description.missing", "/0/gx:legalAddress/gx:countryCode"),
        ("description.missing", "/0/gx:headquartersAddress/gx:countryCode"),
        ("description.missing", "/1/gx:local"),
    }
    assert found[0].reason.params["term"] in ("gx:countryCode", "gx:local")


def test_a_reference_leads_into_the_set_or_nowhere() -> None:
    person = samples.subjects()[0]
    assert [one.code for one in check([person])] == ["description.value"]


def test_what_cannot_be_judged_is_refused() -> None:
    assert [one.code for one in check([{"id": "urn:a", "type": "gx:PhysicalResource"}])] == ["description.class"]
    assert [one.code for one in check([{"type": PREFIXES["gx"] + "LegalPerson"}])] == ["description.class"]
    twice = [{"id": "urn:a", "type": "gx:EUID", "gx:euid": "1"}, {"id": "urn:a", "gx:euid": "2"}]
    assert [one.code for one in check(twice)] == ["description.twice"]


def test_other_vocabularies_are_not_judged() -> None:
    assert check([{"id": "urn:a", "type": "urn:allmende:NodeDescription", "urn:allmende:x": "y"}]) == ()


def test_a_flood_of_nodes_is_refused_and_depth_is_no_danger() -> None:
    assert [one.code for one in check([{"x": [{}] * MAX_NODES}])] == ["description.large"]
    deep: dict[str, Any] = {"type": "gx:EUID", "gx:euid": "1"}
    for _ in range(5_000):
        deep = {"x": deep}
    assert check([deep]) == ()


@needs_trust
@pytest.mark.long("shapes")
def test_rules_and_full_shapes_find_the_same_in_every_mutant(shapes: Shapes) -> None:
    _compare(shapes, list(mutants.mutants()))


@needs_trust
def test_rules_and_full_shapes_find_the_same_in_every_tenth_mutant(shapes: Shapes) -> None:
    made = list(mutants.mutants())
    kept = [one for n, one in enumerate(made) if n % 10 == 0 or one[0] == "nothing" or one[0] in mutants.DEVIATIONS]
    _compare(shapes, kept)


def _compare(shapes: Shapes, found: list[tuple[str, dict[str, Any]]]) -> None:
    whole = list(mutants.whole().values())
    made = [(label, node | {"id": f"urn:mutant:{n}"}) for n, (label, node) in enumerate(found)]
    by_shapes = _by_shapes(shapes, whole, [node for _, node in made])
    differing: list[tuple[str, Any, Any]] = []
    for label, node in made:
        ours = {(one.term or "type") for one in check([node, *whole]) if one.node == node["id"]}
        theirs = by_shapes.get(node["id"], set())
        if ours != theirs:
            differing.append((label, node["type"], (ours ^ theirs)))
    print(f"{len(made)} mutants of {len(CLASSES)} classes: {len(made) - len(differing)} judged alike", differing)
    assert {one[0] for one in differing} <= set(mutants.DEVIATIONS)
    assert len(differing) <= 5
    assert len(made) > 400


def _by_shapes(shapes: Shapes, whole: list[dict[str, Any]], made: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Mutant -> properties that the shapes find fault with, of all mutants at once."""
    canonical, ids = "", list[str]()
    for start in range(0, len(made), 1_000):
        graph = made[start : start + 1_000] + (whole if not start else [])
        quads = contexts._quads({"@context": [terms.V2, terms.GX], "@graph": graph})
        canonical += quads
        ids += [node["id"] for node in graph]
    found: dict[str, set[str]] = {}
    for node, path, _ in shapes.check(canonical, ids):
        found.setdefault(node, set()).add(path)
    return found


def test_no_rdf_is_imported_for_rules_or_descriptions() -> None:
    code = (
        "import sys, catalog.descriptions.rules, catalog.descriptions.description;"
        "import catalog.rdf.worker, catalog.rdf.terms;"
        "print([m for m in sys.modules if m.split('.')[0] in ('rdflib', 'pyshacl', 'pyoxigraph', 'pyld')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
