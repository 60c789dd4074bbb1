"""An attacker asks for what it likes, in whatever order, under several contracts, while the data change; then it adds
and subtracts what it was told. It never gets at a group smaller than the threshold.

What is judged is not the rule but its promise: `isolated` looks for a linear combination of all cells that were ever
told that is about fewer people than the threshold.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from connector.data.ledgers import About, Ledgers
from connector.system import SystemIds
from policies.model import Operator, PolicyError, Rule
from policies.transforms import Given, Schema, plan
from policies.transforms.ledger import Fresh, Terms, Told
from tests.connector.data.world import SetClock, open_store
from tests.policies.transforms.duties import NOW, at_least, duty, hourly, policy, summed

LEAST = 3
COLUMNS = ("id", "district", "quarter", "kind", "time", "kwh")
DISTRICTS, KINDS, DAYS = ("Nord", "Süd", "West"), ("flat", "house"), ("2026-09-01", "2026-09-02")
Group = frozenset[int]
Row = tuple[int, str, str, str, str, int]

DIVISIONS: tuple[tuple[tuple[Rule, ...], tuple[str, ...]], ...] = (
    ((summed("district"),), ("district",)),
    ((summed("district", "quarter"),), ("district", "quarter")),
    ((summed("district"), duty("filterRows", field="kind", fieldValue="flat")), ("district",)),
    ((summed("district"), duty("filterRows", ("fieldNumber", Operator.LT, "5"), field="kwh")), ("district",)),
    ((summed("district", "time"), hourly("time", "P1D")), ("district", "time")),
    ((summed("time"), hourly("time", "P1M")), ("time",)),
    ((), ("district",)),
    ((), ("district", "kind")),
)
"""How a contract may divide the rows; without an aggregate the rows leave one by one."""

SUBJECTS = (
    ("urn:one", "", "/data/people.csv"),
    ("urn:two", "", "/data/people.csv"),
    ("urn:folder", "all.csv", "/folder/all.csv"),
    ("urn:folder", "some.csv", "/folder/some.csv"),
)
"""Datasets with their members, and where these really lie: one file twice, and two files of which one is part of the
other in one folder."""

NAMES = (("a",), ("b",), ("a", "b"))
"""Contracts of two consumers, and one that has gone over from the first to the second."""
QUERIES = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(SUBJECTS),
    st.none() | st.none() | st.sampled_from(range(len(DIVISIONS))),
    st.sampled_from([LEAST, LEAST, LEAST + 2]),
)
KNOWS = {"a": {("a",), ("a", "b")}, "b": {("b",), ("a", "b")}}


class Attack(RuleBasedStateMachine):
    """Rows have a number that nobody is told; told cells are remembered by the numbers that are in them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock = SetClock()
        self.store = open_store(Path(self.folder.name), threaded=False)
        self.ledgers = Ledgers(store=self.store, clock=self.clock, ids=SystemIds(), secret=lambda: b"s" * 32)
        self.rows: dict[str, dict[int, Row]] = {"people": {}, "folder": {}}
        self.told: dict[str, list[tuple[tuple[str, str], Group]]] = {name: [] for name in KNOWS}
        self.values: dict[tuple[tuple[str, ...], str, Any], Any] = {}
        self.groups: dict[tuple[str, str], Group] = {}
        self.next = 0

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    @initialize(many=st.integers(6, 14), usual=st.sampled_from(range(len(DIVISIONS))))
    def begin(self, many: int, usual: int) -> None:
        self.usual = usual
        for pool in self.rows:
            for n in range(many):
                self._add(pool, DISTRICTS[n % 2], "1", KINDS[n % 3 % 2], DAYS[n % 2])

    @rule(
        pool=st.sampled_from(["people", "folder"]),
        district=st.sampled_from(DISTRICTS),
        quarter=st.sampled_from(["1", "2"]),
        kind=st.sampled_from(KINDS),
        day=st.sampled_from(DAYS),
    )
    def comes(self, pool: str, district: str, quarter: str, kind: str, day: str) -> None:
        self._add(pool, district, quarter, kind, day)

    @rule(pool=st.sampled_from(["people", "folder"]), which=st.integers(0, 50))
    def goes(self, pool: str, which: int) -> None:
        if rows := self.rows[pool]:
            del rows[sorted(rows)[which % len(rows)]]

    @rule(pool=st.sampled_from(["people", "folder"]), which=st.integers(0, 50), district=st.sampled_from(DISTRICTS))
    def moves(self, pool: str, which: int, district: str) -> None:
        if rows := self.rows[pool]:
            n = sorted(rows)[which % len(rows)]
            rows[n] = (n, district, *rows[n][2:])

    @rule(pool=st.sampled_from(["people", "folder"]), name=st.sampled_from(["Ost", "Nord"]))
    def is_renamed(self, pool: str, name: str) -> None:
        """All of one district are in another from now on."""
        self.rows[pool] = {n: (n, name if row[1] == "Süd" else row[1], *row[2:]) for n, row in self.rows[pool].items()}

    @rule(pool=st.sampled_from(["people", "folder"]), which=st.integers(0, 50), value=st.integers(0, 9))
    def is_corrected(self, pool: str, which: int, value: int) -> None:
        if rows := self.rows[pool]:
            n = sorted(rows)[which % len(rows)]
            rows[n] = (*rows[n][:5], value)

    @rule(queries=st.lists(QUERIES, min_size=1, max_size=4))
    def asks(self, queries: list[tuple[tuple[str, ...], tuple[str, str, str], int | None, int]]) -> None:
        for names, subject, division, least in queries:
            self._ask(names, subject, self.usual if division is None else division, least)

    def _ask(self, names: tuple[str, ...], subject: tuple[str, str, str], division: int, least: int) -> None:
        """One query. What is told of a cell for the first time is about the people who are in it now."""
        dataset, member, origin = subject
        pool = "people" if origin == "/data/people.csv" else "folder"
        rows = [row for n, row in sorted(self.rows[pool].items()) if not origin.endswith("some.csv") or n % 3]
        duties, groups = DIVISIONS[division]
        grouped = at_least(least) if duties else at_least(least, *groups)
        made = plan(policy(*duties, grouped), Schema(COLUMNS))
        about = About(names, dataset, origin)
        answers: list[Mapping[str, Told]] = []

        def settle(fresh: Mapping[str, Fresh], terms: Terms) -> Mapping[str, Told]:
            terms = msgspec.structs.replace(terms, part=member)
            answers.append(self.runner.run(self.ledgers.settle(about, fresh, terms, None)))
            return answers[-1]

        texts = [[str(one) for one in row] for row in rows]
        try:
            left = [tuple(row) for row in made.run(texts, Given(now=NOW, settle=settle))]
        except PolicyError as error:
            if error.reason.code not in ("release.division", "release.overlap"):
                raise
            return
        for key, group in cells(rows, division, [str(key) for key in answers[0]]):
            cell = answers[0][key]
            # What is told again is about the rows that it was told of first, to whomever that was.
            group = self.groups.setdefault((pool, cell.print), group)
            known = self.values.setdefault((names, dataset + member, key), (cell.values, group))
            assert known[0] == cell.values, "what was told of a cell was told otherwise before"
            assert known[0] != () or known[1] == group, "rows left again that are others by now"
            for who, hears in KNOWS.items():
                # The same rows once more are nothing new; a cell that is told as it was has the print that it had.
                if names in hears and (pool, cell.print) not in [text for text, _ in self.told[who]]:
                    self.told[who].append(((pool, cell.print), group))
        assert len(left) >= len(answers[0])
        for who, hears in KNOWS.items():
            if names in hears:
                for pool_told in self.rows:
                    found = isolated([group for text, group in self.told[who] if text[0] == pool_told])
                    assert found is None, f"{who} knows about {sorted(found or ())}"

    def _add(self, pool: str, district: str, quarter: str, kind: str, day: str) -> None:
        n = self.next = self.next + 1
        self.rows[pool][n] = (n, district, quarter, kind, f"{day}T08:00:00Z", n % 10)


def cells(rows: Iterable[Row], division: int, told: list[str]) -> Iterator[tuple[str, Group]]:
    """Of each cell that was told, who is in it: worked out here, not by what is tested."""
    found: dict[str, set[int]] = {key: set() for key in told}
    for n, district, quarter, kind, time, kwh in rows:
        if (division == 2 and kind != "flat") or (division == 3 and not kwh < 5):
            continue
        day, month = "2026-08-31T22:00:00Z" if time[8:10] == "01" else "2026-09-01T22:00:00Z", "2026-08-31T22:00:00Z"
        key = [
            *([district], [district, quarter], [district], [district], [district, day], [month]),
            *([district], [district, kind]),
        ][division]
        text = msgspec.json.encode(key).decode()
        if text in found:
            found[text].add(n)
    yield from ((key, frozenset(group)) for key, group in found.items())


def isolated(groups: list[Group]) -> Group | None:
    """Fewer people than the threshold whom some sum and difference of these groups is about; None for no such."""
    people = sorted(set().union(*groups))
    atoms: dict[tuple[bool, ...], set[int]] = {}
    for one in people:
        atoms.setdefault(tuple(one in group for group in groups), set()).add(one)
    named = list(atoms.values())
    basis = reduced([[Fraction(1 if atom <= group else 0) for atom in named] for group in map(set, groups)])
    few = [n for n, atom in enumerate(named) if len(atom) < LEAST]
    for size in range(1, LEAST):
        for chosen in combinations(few, size):
            together = frozenset().union(*(named[n] for n in chosen))
            wanted = [Fraction(1 if n in chosen else 0) for n in range(len(named))]
            if len(together) < LEAST and spans(basis, wanted):
                return together
    return None


def reduced(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The rows in echelon form."""
    basis: list[list[Fraction]] = []
    for row in rows:
        left = remainder(basis, row)
        if any(left):
            basis.append(left)
            basis.sort(key=lambda one: next(n for n, value in enumerate(one) if value))
    return basis


def remainder(basis: list[list[Fraction]], row: list[Fraction]) -> list[Fraction]:
    for one in basis:
        lead = next(n for n, value in enumerate(one) if value)
        if row[lead]:
            factor = row[lead] / one[lead]
            row = [value - factor * other for value, other in zip(row, one, strict=True)]
    return row


def spans(basis: list[list[Fraction]], wanted: list[Fraction]) -> bool:
    return not any(remainder(basis, wanted))


def test_the_search_finds_what_is_to_be_found() -> None:
    assert isolated([frozenset(range(5)), frozenset(range(6))]) == frozenset([5])
    assert isolated([frozenset({1, 2, 3}), frozenset({3, 4, 5}), frozenset({1, 2, 4, 5})]) == frozenset([1, 2])
    assert isolated([frozenset(range(5)), frozenset(range(5, 9))]) is None
    assert isolated([frozenset(range(6)), frozenset(range(3)), frozenset(range(3, 6))]) is None


def attack(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Attack,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_sequence_of_queries_gets_at_a_small_group() -> None:
    attack(25, 20)


@pytest.mark.long("differencing")
def test_no_long_sequence_of_queries_gets_at_a_small_group() -> None:
    attack(2_000, 40)
