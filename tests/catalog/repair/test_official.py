"""What is mended passes the official shapes as GovData composes them: judged by pyshacl, not by our own rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.rdf.worker import Worker
from catalog.repair import ckan
from catalog.repair.mending import mend
from tests.catalog.dcat_samples import DCAT, needs_standards
from tests.catalog.repair.records import REAL
from tests.catalog.repair.test_ckan import BASE, PACKAGE
from tests.catalog.repair.test_mending import graphs_with_faults

pytestmark = needs_standards


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker.of_portals()
    yield made
    made.close()


GRAPHS = {**REAL, "ckan": ckan.read(PACKAGE, BASE)}


@pytest.mark.parametrize("name", GRAPHS)
def test_records_of_portals(worker: Worker, name: str) -> None:
    def refused(graph: object) -> list[object]:
        found = worker.judge(graph, str(Path(DCAT)))  # type: ignore[arg-type]
        return [one for one in found if one.severity == "violation" and "katalog" not in one.node]

    assert refused(GRAPHS[name]) != []
    assert refused(mend(GRAPHS[name]).graph) == []


def test_each_fault_of_a_distribution_or_a_dataset(worker: Worker) -> None:
    """All of the faults whose mending is told elsewhere, in one graph each."""
    for graph in graphs_with_faults():
        found = worker.judge(mend(graph).graph, str(Path(DCAT)))
        assert [one for one in found if one.severity == "violation"] == []
