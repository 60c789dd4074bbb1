"""Reading what a kit prints: a run counts only when every test ran, passed, and the kit came to its end."""

from __future__ import annotations

import pytest

from tests.conformance import dsp
from tests.conformance.kit import Kit, Result, pom, read
from tests.harness.scripted import Addresses

KIT = Kit("small", "1", ("group:artifact:1",), "Main", tests=2)
PRINTED = [
    "[2026-11-21T04:03:24.468783828] \x1b[1mRunning\x1b[0m",
    "[2026-11-21T04:03:24.46] SUCCESSFUL: CN:01-01",
    "[2026-11-21T04:03:24.46] FAILED: CN:01-02",
    "\x1b[31m[2026-11-21T04:03:24.468783828] Passed tests: 1",
    "[2026-11-21T04:03:24.468896926] Failed tests: 1",
    "[2026-11-21T04:03:24.469093608] Test run complete",
]


def test_counts_and_names_are_read() -> None:
    """Colours and time stamps do not matter."""
    assert read(PRINTED) == Result(passed=1, failed=1, failures=("CN:01-02",), complete=True)


@pytest.mark.parametrize(
    ("result", "holds"),
    [
        (Result(2, 0, (), complete=True), True),
        (Result(2, 0, (), complete=False), False),
        (Result(1, 0, (), complete=True), False),
        (Result(2, 1, ("x",), complete=True), False),
        (read([]), False),
    ],
)
def test_only_a_whole_run_holds(result: Result, holds: bool) -> None:
    """Tests that did not run are failures."""
    assert result.holds(KIT) is holds


def test_the_project_names_the_kit() -> None:
    """Its coordinates stand in the Maven project."""
    assert "<groupId>group</groupId><artifactId>artifact</artifactId><version>1</version>" in pom(KIT)


def test_the_project_leaves_out_what_is_not_to_be_had() -> None:
    """Dependencies that a kit names and no registry has."""
    without = pom(Kit("small", "1", ("group:artifact:1",), "Main", tests=2, excluded=("other:gone",)))
    assert "<exclusion><groupId>other</groupId><artifactId>gone</artifactId></exclusion>" in without
    assert "<exclusions>" not in pom(KIT)


def test_every_scenario_is_configured() -> None:
    """The kit's own method names, with the ids that the scripts know."""
    given = dsp.settings(Addresses("http://r", "http://b", "http://n", "http://t"), 1)
    assert given["CN_01_02_OFFERID"] == "CD123:ACN0102:456"
    assert given["CN_C_03_06_DATASETID"] == "ACNC0306"
    assert given["TP_C_02_05_AGREEMENTID"] == "ATPC0205"
    assert given["CAT_01_03_DATASETID"] == "CAT0103"
