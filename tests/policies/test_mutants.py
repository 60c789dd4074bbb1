"""The table of operators under mutation: is every change of what decides an operator noticed?

`scripts/test --long mutants` changes one thing at a time in each module that decides whether an operator holds, and
asks first the cases of the registry, then the tests of these modules. It prints the score: mutants that are noticed, of
all that are not equivalent; what judges, and what only chooses where to look for a witness, apart. A mutant that
changes no answer counts as equivalent only where `EQUIVALENT` names it, with the reason.
`ALLMENDE_MUTANTS=numbers,places`
chooses modules.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.policies.mutants import mutants

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = ("test_kinds",)
MODULES: Final = {
    "numbers": ("test_numbers",),
    "durations": ("test_durations",),
    "calendars": ("test_calendars",),
    "instants": ("test_instants",),
    "moments": ("test_moments",),
    "places": ("test_places",),
    "names": ("test_names",),
    "taxonomy": ("test_taxonomy",),
    "ordered": ("test_ordered",),
    "sampled": ("test_taxonomy", "test_names"),
    "levels": ("test_levels",),
    "rates": ("test_rates",),
    "grains": ("test_grains",),
}
"""Module -> the tests of its own."""

_ALONE: Final = "the only element of a tuple of one is also its last"
_YEARS: Final = "a year more or less on either side of a century brings no new length of months"
_BEYOND: Final = "any number beyond the edge will do"

EQUIVALENT: Final[dict[str, dict[str, str]]] = {
    "numbers": {
        "Decimals.holds: 0 is one less": _ALONE,
        "Decimals.samples: 1 is one more": _BEYOND,
        "Decimals.samples: 1 is one more #3": _BEYOND,
    },
    "taxonomy": {"Taxonomy.holds: 0 is one less": _ALONE, "Taxonomy.holds: 0 is one less #2": _ALONE},
    "names": {
        "Languages.holds: 0 is one less": _ALONE,
        "Languages.holds: 0 is one less #2": _ALONE,
        "Languages.holds: 0 is one less #3": _ALONE,
        "Languages.samples: 1 is one more #2": "the whole tag is named once more, which changes no set",
    },
    "calendars": {
        "Recurring.holds: Lt is LtE": "the beginning is looked at twice",
        "Recurring._ordered: 0 is one less": _ALONE,
        "Recurring._ordered: 0 is one less #2": _ALONE,
    },
    "places": {"Places.holds: 0 is one less": _ALONE, "Places.holds: 0 is one less #2": _ALONE},
    "durations": {
        "Durations.holds: 0 is one less": _ALONE,
        "bounds: Add is Sub": "every month of two times two dozen years, in whatever order",
        "bounds: 1888 is one more": _YEARS,
        "bounds: 1888 is one less": _YEARS,
        "bounds: 1988 is one more": _YEARS,
        "bounds: 1988 is one less": _YEARS,
        "bounds: 24 is one more": _YEARS,
        "bounds: 24 is one less": _YEARS,
        "differ: Lt is Gt": "the order of two is that of the two turned around, turned around",
        "differ: 0 is one less #3": "the order of two is that of the two turned around, turned around",
    },
    "moments": {
        "Moments.holds: 0 is one less": _ALONE,
        "Moments.holds: 0 is one less #2": _ALONE,
        "Moments.holds: Gt is GtE": "nothing lies between two neighbours",
        "Moments.holds: Sub is Add": "of a moment nothing lies between, whatever is asked",
        "Moments.holds: 1 is one more #2": "nothing lies between two neighbours",
        "Moments.holds: 1 is one less #2": "of a moment nothing lies between, whatever is asked",
        "Moments.holds: Lt is LtE": "the beginning is looked at twice",
    },
    "instants": {"instant: 1 is one more": "at 24:00 all that is left of the clock is noughts"},
    "levels": {"Levels.holds: 0 is one less": _ALONE},
    "rates": {
        "Rates.holds: 0 is one less": _ALONE,
        "Rates.samples: Add is Sub": "both neighbours are tried, in the one order or the other",
    },
    "grains": {"Grains.holds: 0 is one less": _ALONE},
    "ordered": {
        "Ordered.holds: 0 is one less": _ALONE,
        "Ordered.allowed: 0 is one less": _ALONE,
        "Ordered.allowed: 0 is one less #2": _ALONE,
        "Ordered.witness: 1 is one more": _BEYOND,
        "Ordered.witness: 0 is one more": "of the whole line any point will do",
        "Ordered._inside: Lt is LtE": "what is empty stays empty when it is cut with the rest",
    },
}
"""Module -> mutants that change no answer, with the reason."""

WORK: Final = ".effort:"
"""What estimates the work of an answer decides none, and is left out."""

LOOKING: Final = {
    "calendars": ("moments", "_within", "_class", "_at", "<module>: 28", "<module>: 366 is one more #2"),
    "durations": ("Durations.samples", "_edges"),
    "moments": ("Moments.samples", "_around"),
    "places": ("Places.samples", "_around", "_keys", "_municipalities", "_steps", "_codes", "_elsewhere"),
}
"""Module -> what only chooses where to look for a witness. A value more than is needed changes no answer there, which
makes most of these mutants equivalent; they are tried, and counted apart."""

LEAST: Final = 0.95


# --- the campaign's own tools -----------------------------------------------------------------------------------------


def names(source: str) -> list[str]:
    return [mutant.name for mutant in mutants(source)]


def test_each_change_is_one_that_tells_answers_apart() -> None:
    assert names("def f(a, b):\n    return a < b and not a") == [
        "f: And is Or",
        "f: Lt is LtE",
        "f: Lt is Gt",
        "f: Not twice",
    ]
    assert names("x = 1 - 2") == [
        "<module>: Sub is Add",
        *(f"<module>: {n} is one {way}" for n in (1, 2) for way in ("more", "less")),
    ]
    assert names("class A:\n    def f(self): return None") == ["A.f: None is False", "A.f: None is True"]
    assert names("def f(x):\n    return True if x in y else any(x)") == [
        "f: In is NotIn",
        "f: True is False",
        "f: any is all",
    ]
    assert names("match x:\n    case A.B | A.C: pass") == ["<module>: without A.B", "<module>: without A.C"]


def test_annotations_decorators_and_texts_stay() -> None:
    assert names("@cache(size=3)\ndef f(a: Literal[3]) -> None:\n    'text'") == []
    assert names("Path = tuple[str | None, ...]") == []


def test_two_alike_have_two_names() -> None:
    assert names("def f():\n    return a < b or c < d")[1:] == [
        "f: Lt is LtE",
        "f: Lt is Gt",
        "f: Lt is LtE #2",
        "f: Lt is Gt #2",
    ]


def test_a_mutant_changes_one_thing_and_leaves_the_source_alone() -> None:
    source = "def f(a):\n    return 1 <= a <= 3"
    texts = {ast.unparse(mutant.tree(source)).splitlines()[-1].strip() for mutant in mutants(source)}
    assert texts == {
        f"return {text}"
        for text in (
            "1 < a <= 3",
            "1 > a <= 3",
            "1 <= a < 3",
            "1 <= a > 3",
            "2 <= a <= 3",
            "0 <= a <= 3",
            "1 <= a <= 4",
            "1 <= a <= 2",
        )
    }


@pytest.mark.parametrize("module", MODULES)
def test_every_equivalent_mutant_that_is_named_exists(module: str) -> None:
    there = set(names(source_of(module).read_text(encoding="utf-8")))
    assert set(EQUIVALENT.get(module, {})) <= there
    assert all(EQUIVALENT.get(module, {}).values())


# --- the campaign -----------------------------------------------------------------------------------------------------


def source_of(module: str) -> Path:
    return ROOT / "policies" / f"{module}.py"


def survivors(module: str) -> set[str]:
    """The mutants of a module that nobody notices. Raises `CalledProcessError` where its tests fail without any."""
    tests = [str(ROOT / "tests" / "policies" / f"{one}.py") for one in (*MODULES[module], *SHARED)]
    command = [sys.executable, "-m", "tests.policies.mutants", f"policies.{module}", str(source_of(module)), *tests]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return set(done.stdout.splitlines())


@pytest.mark.long("mutants")
def test_nearly_every_mutant_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = os.environ.get("ALLMENDE_MUTANTS", ",".join(MODULES)).split(",")
    judging, looking = Score(), Score()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for module, left in zip(chosen, pool.map(survivors, chosen), strict=True):
            there = [one for one in names(source_of(module).read_text(encoding="utf-8")) if WORK not in one]
            equal = EQUIVALENT.get(module, {})
            with capsys.disabled():
                print(f"\n{module}: {len(there)} mutants, {len(equal)} of them equivalent; not noticed:")
            for one in (name for name in there if name not in equal):
                (looking if one.startswith(LOOKING.get(module, ())) else judging).count(one not in left)
                if one in left:
                    with capsys.disabled():
                        print(f"    {one}")
    with capsys.disabled():
        print(f"\nmutation score of the table of operators: {judging}; of what looks for witnesses: {looking}")
    assert judging.noticed / judging.tried >= LEAST


class Score:
    """How many mutants were noticed, of how many."""

    def __init__(self) -> None:
        self.noticed = self.tried = 0

    def count(self, noticed: bool) -> None:
        self.noticed, self.tried = self.noticed + noticed, self.tried + 1

    def __str__(self) -> str:
        return f"{self.noticed} of {self.tried}" + (f", {self.noticed / self.tried:.1%}" if self.tried else "")
