"""A chain for the columns of one dataset, and running it: rows in, rows out.

What lives here: every step applied to a table or to JSON objects, and the run. What does not: bytes (`delimited`,
`documents`), what a step means for a value (`times`, `places`, `pseudonyms`, `numbers`), what may be told (`ledger`).

A run keeps in memory the cells of a group and nothing else. Where rows leave only if enough stand behind their group,
they are gone through twice; then `rows` has to be a collection that can be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from policies.model import Operator, Policy, PolicyError, Reason
from policies.transforms import inside, numbers, places, pseudonyms, times
from policies.transforms.cells import Cells, Key, names, statistics
from policies.transforms.cells import text as key_text
from policies.transforms.chain import Chain, chain, of_steps
from policies.transforms.ledger import Fresh, Terms, Told
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Noise,
    Pseudonymise,
    Replace,
    Sign,
    Step,
    Suppress,
    Threshold,
)
from policies.transforms.table import Holds, Table
from policies.transforms.tree import Tree

Settle = Callable[[Mapping[str, Fresh], Terms], Mapping[str, Told]]
"""Says what may be told of these cells, and keeps that it was: `ledger.settle` with a memory."""


class Schema(Struct, frozen=True):
    """What is known of rows beforehand: their columns in order, or that they are JSON objects (`tree`). `decimals` are
    the decimal signs of the columns ("": only whole numbers are clear), `comma` the one that is written; the cells of
    the columns `documents` are JSON, into which steps reach. `declared` are fields that objects are known to have,
    though not each of them."""

    columns: tuple[str, ...] = ()
    tree: bool = False
    decimals: tuple[str, ...] = ()
    comma: bool = False
    documents: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    def read(self, field: str) -> numbers.Read:
        """Reads the numbers of a field."""
        signs = {sign for name, sign in zip(self.columns, self.decimals, strict=False) if name.strip() == field}
        if not signs:
            return numbers.plain
        return _READERS[signs.pop()] if len(signs) == 1 else numbers.whole


_CHANGING = (Suppress, Replace, Pseudonymise, CoarsenTime, CoarsenPlace)

_UNREADABLE = (ValueError, ArithmeticError, RecursionError)
"""What a value that nobody can treat raises: one that is too large, too deep, or before all time is one of them."""

_READERS = {",": numbers.comma, ".": numbers.plain, "": numbers.whole}


class Given(Struct, frozen=True):
    """What a run needs from outside: the time and the content's last change (microseconds UTC; None: unknown), the
    agreement's pseudonym key, and the memory of what was told. What is not given cannot be used, and refuses."""

    now: int
    key: bytes | None = None
    modified: int | None = None
    settle: Settle | None = None


class Plan:
    """A chain that can be run over the rows of a schema, any number of times."""

    def __init__(self, done: Chain, schema: Schema) -> None:
        self.chain, self._schema = done, schema
        self._aggregate = _first(Aggregate, done.steps)
        self._threshold = _first(Threshold, done.steps)
        self._noise = _first(Noise, done.steps)
        self.needs_key = _first(Pseudonymise, done.steps) is not None
        self.signs = _first(Sign, done.steps) is not None
        self.remembers = self._threshold is not None or self._noise is not None
        """Is what may leave a question of what was told before?"""
        self.summarises = self._aggregate is not None
        # Headings and roles are looked up once with keys of no use, so that a plan that exists can be run.
        made = self._rows(Given(0, key=b""))
        self.columns: tuple[str, ...] = tuple(self._names()) if self.summarises else made.columns
        self._grouping(made)

    def run(self, rows: Iterable[Any], given: Given) -> Iterator[Any]:
        """The rows that may leave. Raises `PolicyError` at the first that cannot be treated; none follows it."""
        self._ready(rows, given)
        if self.summarises:
            return self._statistics(rows, given)
        return self._rows_in_groups(rows, given) if self.remembers else self._one_by_one(rows, given)

    def _ready(self, rows: Iterable[Any], given: Given) -> None:
        """Raises `PolicyError` where something is not there that the steps need."""
        if self.needs_key and not given.key:
            raise PolicyError(Reason("transform.key"))
        if self.remembers and given.settle is None:
            raise PolicyError(Reason("release.unreadable"))
        if self.remembers and not self.summarises and isinstance(rows, Iterator):
            raise PolicyError(Reason("transform.endless"))
        for step in self.chain.steps:
            if isinstance(step, Delay) and not step.field:
                bound = times.before(given.now, step.period, step.zone)
                if given.modified is None or given.modified > bound:
                    raise PolicyError(Reason("transform.young", {"period": step.period}))

    def _one_by_one(self, rows: Iterable[Any], given: Given) -> Iterator[Any]:
        made = self._rows(given)
        treat, show = made.treatment(), made.shown()
        n = 0
        try:
            for n, row in enumerate(rows, 1):  # noqa: B007 - it is said of a row that cannot be treated
                if (treated := treat(row)) is not None:
                    yield show(treated)
        except _UNREADABLE:
            raise _unreadable(n) from None
        made.unmet()

    def _statistics(self, rows: Iterable[Any], given: Given) -> Iterator[Any]:
        """The told cells in the order of their keys."""
        assert self._aggregate is not None
        found = self._measured(rows, given)
        told = self._told(found, given) if self.remembers else None
        made, width = self._rows(given), len(self._aggregate.groups)
        summary, asked = made.summary(self._names()), self._aggregate.statistics
        for key in sorted(found.by_key, key=key_text):
            if told is None:
                values = statistics(found.by_key[key], asked)
            elif (cell := told.get(key_text(key))) is not None:
                values = [Decimal(value) for value in cell.values]
            else:
                continue
            yield summary([*key[:width], *map(self._written, values)])

    def _rows_in_groups(self, rows: Iterable[Any], given: Given) -> Iterator[Any]:
        """Once to count, once to let go."""
        told = self._told(self._measured(rows, given), given)
        made = self._rows(given)
        treat, show, key_of = made.treatment(), made.shown(), self._grouping(made)
        n = 0
        try:
            for n, row in enumerate(rows, 1):  # noqa: B007 - it is said of a row that cannot be treated
                if (treated := treat(row)) is not None and key_text(key_of(treated)) in told:
                    yield show(treated)
        except _UNREADABLE:
            raise _unreadable(n) from None

    def _measured(self, rows: Iterable[Any], given: Given) -> Cells:
        """All cells of the rows."""
        made = self._rows(given)
        treat, key_of = made.treatment(), self._grouping(made)
        unit_of = made.pick(self._threshold.unit) if self._threshold and self._threshold.unit else None
        values_of = self._values(made)
        fields = len(self._aggregate.fields) if self._aggregate else 0
        found = Cells(fields=fields, least=self._least(), by_unit=unit_of is not None)
        n = 0
        try:
            for n, row in enumerate(rows, 1):  # noqa: B007 - it is said of a row that cannot be treated
                # Before the row is changed: a unit may be what is suppressed or replaced.
                unit = unit_of(row) if unit_of else None
                raw = msgspec.json.encode(row, order="deterministic") if self.remembers else b""
                if (treated := treat(row)) is not None:
                    found.add(key_of(treated), unit, [value(treated) for value in values_of], raw)
        except _UNREADABLE:
            raise _unreadable(n) from None
        made.unmet()
        return found

    def _told(self, found: Cells, given: Given) -> Mapping[str, Told]:
        """What may be told of the cells, as the memory of what was told says."""
        assert given.settle is not None  # INVARIANT: `_ready`
        windows = self._windows()
        bound = self._bound(given)
        fresh = {}
        for key, cell in found.by_key.items():
            values: tuple[str, ...] = ()
            if self._aggregate is not None:
                made = statistics(cell, self._aggregate.statistics)
                values = tuple("" if one is None else numbers.write(one) for one in made)
            fresh[key_text(key)] = Fresh(
                found.units(cell),
                values,
                print=f"{cell.print:032x}",
                window=key_text(tuple(key[n] for n, _ in windows)) if windows else "",
                ended=all(_is_over(coarse, key[n], bound) for n, coarse in windows),
            )
        return given.settle(fresh, self._terms())

    def _terms(self) -> Terms:
        noise = self._noise
        sensitivities: tuple[str, ...] = ()
        if noise is not None and self._aggregate is not None:
            sums = [numbers.plain(noise.lower or "0"), numbers.plain(noise.upper or "0")]
            largest = numbers.write(max(map(abs, sums)))
            asked = self._names()[len(self._aggregate.groups) :]
            sensitivities = tuple("1" if name == "count" else largest for name in asked)
        return Terms(
            division=_division(self.chain.steps),
            least=self._least(),
            repeats=self.summarises,
            epsilon=noise.epsilon if noise else "",
            budget=noise.budget if noise else "",
            sensitivities=sensitivities,
        )

    def _bound(self, given: Given) -> int:
        """What a window has to be over by."""
        delays = [step for step in self.chain.steps if isinstance(step, Delay)]
        return min([given.now, *(times.before(given.now, step.period, step.zone) for step in delays)])

    def _windows(self) -> list[tuple[int, times.Coarse]]:
        """Which parts of a group's key are windows of time."""
        return [
            (n, times.Coarse(step.resolution, step.zone))
            for n, field in enumerate(self._group_fields())
            for step in self.chain.steps
            if isinstance(step, CoarsenTime) and field in step.fields
        ]

    def _least(self) -> int:
        least: int = self._threshold.least if self._threshold else 1
        return least

    def _group_fields(self) -> tuple[str, ...]:
        groups: tuple[str, ...] = self._threshold.groups if self._threshold else ()
        return self._aggregate.groups if self._aggregate is not None else groups

    def _grouping(self, made: Table | Tree) -> Callable[[Any], Key]:
        """The key of a treated row. Raises `PolicyError` where a group's field does not leave, or as a pseudonym."""
        fields = self._group_fields()
        masked = {field for step in self.chain.steps if isinstance(step, Pseudonymise) for field in step.fields}
        for field in fields:
            if not made.leaves(field) or (self.remembers and field in masked):
                raise PolicyError(Reason("transform.contradiction", {"fields": field}))
        picks = [made.pick(field) for field in fields]
        if not self._schema.tree:
            return lambda row: tuple(pick(row) for pick in picks)
        # Of JSON, true is another group than 1, which it equals.
        return lambda row: tuple(_plain(one) if isinstance(one := pick(row), bool) else one for pick in picks)

    def _values(self, made: Table | Tree) -> list[Callable[[Any], Decimal | None]]:
        """The measured fields of a treated row."""
        fields: tuple[str, ...] = self._aggregate.fields if self._aggregate else ()
        for field in fields:
            if not made.leaves(field):
                raise PolicyError(Reason("transform.contradiction", {"fields": field}))
        return [_measure(made.pick(field), self._schema.read(field), self._noise) for field in fields]

    def _names(self) -> list[str]:
        assert self._aggregate is not None
        return [*self._aggregate.groups, *names(self._aggregate.fields, self._aggregate.statistics)]

    def _written(self, value: Decimal | None) -> Any:
        """A statistic as it leaves."""
        if self._schema.tree:
            return value
        return "" if value is None else numbers.write(value, with_comma=self._schema.comma)

    def _rows(self, given: Given) -> Table | Tree:
        """Everything that is to be done to one row, in the fixed order."""
        made: Table | Tree = Tree(self._schema.declared) if self._schema.tree else Table(self._schema.columns)
        for step in self.chain.steps:
            self._do(step, made, given)
        if isinstance(made, Table):
            self._reach_into(made, given)
        if self._threshold is not None and self._threshold.unit:
            made.pick(self._threshold.unit)
        self._values(made)
        return made

    def _reach_into(self, made: Table, given: Given) -> None:
        """INVARIANT: what does not leave as a column does not leave within a document that stands in another one."""
        changing = [one for one in self.chain.steps if isinstance(one, _CHANGING)]
        for column in self._schema.documents if changing else ():
            tree = Tree()
            for step in changing:
                self._do(step, tree, given)
            made.look_into(column, inside.document(tree))

    def _do(self, step: Step, made: Table | Tree, given: Given) -> None:
        match step:
            case Keep():
                made.keep_if(step.field, predicate(step, self._schema.read(step.field)))
            case Delay():
                if step.field:
                    made.keep_if(step.field, _old_enough(step, given.now))
            case Suppress():
                for field in step.fields:
                    made.drop(field)
            case Replace():
                for field in step.fields:
                    made.replace(field, step.by)
            case Pseudonymise():
                maker = pseudonyms.maker(pseudonyms.of_period(given.key or b"", given.now, step.period))
                for field in step.fields:
                    made.change(field, maker)
            case CoarsenTime():
                for field in step.fields:
                    made.change(field, times.Coarse(step.resolution, step.zone))
            case CoarsenPlace():
                self._place(step, made)
            case Aggregate() | Threshold() | Noise() | Sign():
                pass
            case _:
                assert_never(step)

    def _place(self, step: CoarsenPlace, made: Table | Tree) -> None:
        level = places.level(step.resolution)
        if level.digits:
            for field in step.fields:
                made.change(field, places.key(level.digits))
        elif len(step.fields) == 1:
            made.change(step.fields[0], places.point(level.metres))
        else:
            axes = places.axes(*step.fields) if len(step.fields) == 2 else None
            if axes is None:
                raise PolicyError(Reason("transform.axes", {"fields": " ".join(step.fields)}))
            reads = self._schema.read(axes[0]), self._schema.read(axes[1])
            made.change_pair(*axes, places.pair(level.metres, *reads, self._schema.comma))


def plan(policy: Policy | Chain, schema: Schema) -> Plan:
    """How rows of this schema leave. Raises `PolicyError` where a duty cannot be done for them."""
    done = policy if isinstance(policy, Chain) else (chain(policy) or of_steps(()))
    return Plan(done, schema)


def _first(kind: type[Any], steps: Sequence[Step]) -> Any:
    return next((one for one in steps if isinstance(one, kind)), None)


def _unreadable(row: int) -> PolicyError:
    """Before the first row it is the text that is none of its type."""
    return PolicyError(Reason("transform.row", {"row": str(row)}) if row else Reason("transform.shape"))


def _is_over(coarse: times.Coarse, beginning: Any, bound: int) -> bool:
    """Has a window ended by then? One without a beginning never does."""
    try:
        return coarse.ends(beginning) <= bound
    except ValueError:
        return False


def _division(steps: Sequence[Step]) -> str:
    """The digest of how rows are divided and what is told of each part: all that does not merely hold back."""
    kept: list[Step] = []
    for step in steps:
        match step:
            case Delay() | Sign():
                continue
            case Pseudonymise():
                kept.append(msgspec.structs.replace(step, period=""))
            case Threshold():
                kept.append(msgspec.structs.replace(step, least=0))
            case Noise():
                kept.append(msgspec.structs.replace(step, budget="0"))
            case _:
                kept.append(step)
    return hashlib.sha256(msgspec.json.encode(kept)).hexdigest()


def _measure(pick: Callable[[Any], Any], read: numbers.Read, noise: Noise | None) -> Callable[[Any], Decimal | None]:
    """A field's number, within the bounds that noise is drawn for; None where there is nothing."""
    lower = numbers.plain(noise.lower) if noise and noise.lower else None
    upper = numbers.plain(noise.upper) if noise and noise.upper else None

    def value(row: Any) -> Decimal | None:
        found = pick(row)
        if found is None or (isinstance(found, str) and not found.strip()):
            return None
        number = read(found)
        if lower is not None and upper is not None:
            number = min(max(number, lower), upper)
        return number

    return value


def _old_enough(step: Delay, now: int) -> Holds:
    bound = times.before(now, step.period, step.zone)
    return lambda value: times.latest(value, step.zone) <= bound


def predicate(step: Keep, read: numbers.Read) -> Holds:
    """Does a value fulfil the filter? It raises `ValueError` where that cannot be said."""
    rights = frozenset(step.values)
    match step.operator:
        case Operator.EQ | Operator.IS_ANY_OF:
            return lambda value: _plain(value) in rights
        case Operator.NEQ | Operator.IS_NONE_OF:
            return lambda value: _plain(value) not in rights
        case Operator.IS_PART_OF:
            return lambda value: _plain(value).startswith(step.values[0])
        case _:
            return _compared(step.operator, numbers.ordered(step.values[0]), read)


def _compared(operator: Operator, right: numbers.Ordered, read: numbers.Read) -> Holds:
    def holds(value: Any) -> bool:
        found = numbers.ordered(value, read)
        if found[0] != right[0]:
            raise ValueError("values that cannot be compared")
        match operator:
            case Operator.LT:
                return found < right
            case Operator.LTEQ:
                return found <= right
            case Operator.GT:
                return found > right
            case _:
                return found >= right

    return holds


def _plain(value: Any) -> str:
    """A value as text that a policy can name."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
