"""The rules find what pyshacl finds with the official composition: the same faults at the same nodes, and no others."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from catalog.graph import Graph
from catalog.profile import check
from catalog.rdf.shapes import Composition
from tests.catalog.dcat_samples import DCAT, needs_standards
from tests.catalog.profile.official import told
from tests.catalog.profile.records import everything, examples, mutants, record

pytestmark = needs_standards
BATCH = 40


@pytest.fixture(scope="module")
def composition() -> Composition:
    """The official shapes."""
    return Composition(DCAT)


def test_the_usual_record_is_right(composition: Composition) -> None:
    """The start of all mutants: neither finds anything."""
    assert check(record()) == ()
    assert composition.judge(record()) == ()


def test_every_example_is_judged_alike(composition: Composition) -> None:
    """Also those that are wrong by today's rules."""
    judged = {name: (told(check(graph)), set(composition.judge(graph))) for name, graph in examples().items()}

    assert len(judged) > 20
    assert {name for name, (ours, theirs) in judged.items() if ours != theirs} == set()
    assert not judged["v3.0-quicktest.ttl"][0]
    assert sum(len(theirs) for _, theirs in judged.values()) > 100


def test_a_node_of_every_class_is_judged_alike(composition: Composition) -> None:
    """Every property that anything is demanded of stands there."""
    graph = everything()

    assert told(check(graph)) == set(composition.judge(graph))


def test_mutants_are_judged_alike(composition: Composition) -> None:
    """Some hundred of them, always the same."""
    assert differences(composition, mutants(300, 1, sources())) == []


@pytest.mark.long("catalog")
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_thousand_mutants_are_judged_alike(composition: Composition, seed: int) -> None:
    """A thousand a seed."""
    assert differences(composition, mutants(1_000, seed, sources())) == []


def sources() -> list[Graph]:
    """What mutants are made of: our own record as often as all examples."""
    found = [everything(), *(graph for graph in examples().values() if len(graph) < 60)]
    return [*found, *(record() for _ in found)]


def differences(composition: Composition, made: Iterable[Graph]) -> list[str]:
    """What one of both says and the other does not."""
    found, batch = [], dict[str, dict[str, object]]()
    for number, graph in enumerate(made):
        batch |= graph
        if number % BATCH == BATCH - 1:
            found += _compared(composition, batch)
            batch = {}
    return found + _compared(composition, batch)


def _compared(composition: Composition, graph: Graph) -> list[str]:
    ours, theirs = told(check(graph)), set(composition.judge(graph))
    return [f"ours: {one}" for one in sorted(ours - theirs)] + [f"theirs: {one}" for one in sorted(theirs - ours)]
