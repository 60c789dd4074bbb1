"""A second opinion on comparisons: policies put into Z3, by another way than the comparator's own.

What lives here: the world as Z3 variables, policies as Z3 formulas, the verdicts that follow. What does not: the
comparator that nodes use, which needs no solver (`witness`, `difference`, `prove`). Nothing imports this module but the
command line where somebody asks for it, and the tests, which hold the comparator against it. It needs the extra
`solver`. Shared with the comparator is only what defines the meaning: what an operand's values say of one fact
(`holds`), which duties are the same or stricter (`strictness`), whether a policy is void.

Numbers, decimals and instants are Z3's own arithmetic. Where an operand's values are no numbers (terms, places, names,
durations, what comes back every day) Z3 does not fit: then all facts of a wide, fixed domain are tried one by one, and
those that come out alike for every constraint are one value of the variable.

The fragment that is compared without *unknown*:
- rules of all kinds with actions of ODRL 2.2 or ours, parties and assets by name or as members of a collection, the
  strategies `perm`, `prohibit` and `invalid`;
- constraints and refinements on any operand of the registry with the operators that it has, and any nesting of `and`,
  `or`, `xone`, `andSequence`;
- duties under permissions with any timing, conditions, parameters and deadlines, one action for each kind of deed, each
  with an IRI where two of one action differ;
- up to twelve names of one attested operand.
Outside of it: values that would have to be fetched, operands that nobody knows (beside those with a datatype that is
compared), duties of one action that nobody can tell apart, and what is too large.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import chain, combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

import z3  # type: ignore[import-untyped]

from policies import duties
from policies.calendars import Recurring
from policies.collections import named
from policies.difference import Relation
from policies.durations import DAY, Durations, length
from policies.facts import REQUEST_RATE, operand_of, read, window
from policies.grains import Grains
from policies.levels import Levels
from policies.model import (
    Atomic,
    Connective,
    Constraint,
    Operator,
    Policy,
    Rule,
    RuleKind,
    Scope,
    Semantics,
    Strategy,
    atoms,
)
from policies.names import Languages
from policies.numbers import Decimals
from policies.operands import COUNT, OPERANDS, Operand, Origin
from policies.ordered import Ordered
from policies.places import GEOCODING, KINDS, Places, from_digits
from policies.rates import Rates
from policies.strategy import strategy
from policies.strictness import at_least, deed_key
from policies.taxonomy import Taxonomy
from policies.truth import Truth, compare
from policies.vocabulary import ACTIONS, LOC, geography
from policies.voiding import void

BERLIN: Final = ZoneInfo("Europe/Berlin")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY: Final = "urn:nobody:names:this"

Both = tuple[z3.BoolRef, z3.BoolRef]
"""Definitely so, definitely not so."""


def relation(a: Policy, b: Policy, semantics: Semantics = Semantics.STRICT) -> Relation:
    """How what A permits lies to what B permits, in Z3's opinion. Raises `FragmentError`."""
    world = World((a, b), semantics)
    one, two = world.permits(a), world.permits(b)
    only_a, only_b = world.possible(one, z3.Not(two)), world.possible(two, z3.Not(one))
    if not only_a:
        return Relation.A_IN_B if only_b else Relation.EQUAL
    if not only_b:
        return Relation.B_IN_A
    return Relation.OVERLAP if world.possible(one, two) else Relation.DISJOINT


def exceeds(a: Policy, b: Policy, semantics: Semantics = Semantics.STRICT) -> bool:
    """Does A permit what B refuses? Raises `FragmentError`."""
    world = World((a, b), semantics)
    return world.possible(world.permits(a), z3.Not(world.permits(b)))


def both(policies: Sequence[Policy], semantics: Semantics = Semantics.STRICT) -> bool:
    """Is there anything that all of them permit? Raises `FragmentError`."""
    world = World(policies, semantics)
    return world.possible(*map(world.permits, policies))


def meet(policy: Policy, one: Rule, other: Rule) -> bool:
    """Is there a request that both rules of the policy apply to? Raises `FragmentError`."""
    world = World((policy,), Semantics.STRICT)
    return world.possible(world.applies(one, policy)[0], world.applies(other, policy)[0])


class FragmentError(Exception):
    """A policy says something that is compared by neither numbers nor a domain (see the module)."""


class World:
    """The variables that some policies speak of, and formulas over them."""

    def __init__(self, policies: Sequence[Policy], semantics: Semantics) -> None:
        self._semantics = semantics
        self._facts: list[z3.BoolRef] = []
        rules = list(chain.from_iterable(map(_every_rule, (r for policy in policies for r in policy.rules))))
        scopes = [scope for rule in rules for scope in (rule.target, rule.assignee) if scope is not None]
        self._collections = {name for scope in scopes if scope.collection for name in scope.names}
        self._names: dict[str, list[str]] = {"assignee": [], "target": []}
        for policy in policies:
            self._add(policy.assignee, policy.target)
        for rule in rules:
            self._add(*(None if scope is None else scope.iri for scope in (rule.assignee, rule.target)))
        self._vars = {what: self._choice(what, len(names) + 1) for what, names in self._names.items()}
        self._actions = list(dict.fromkeys((*ACTIONS, *(rule.action for rule in rules))))
        self._action = self._choice("action", len(self._actions))
        self._now, self._count = z3.Int("now"), z3.Int("count")
        self._facts.append(self._count >= 1)
        self._tables = self._enumerated([atom for rule in rules for atom in atoms(_told(rule))])
        self._deeds = self._done([rule for rule in rules if rule.kind is RuleKind.DUTY])

    def possible(self, *formulas: z3.BoolRef) -> bool:
        """Is there a world in which all of them hold?"""
        solver = z3.Solver()
        solver.add(*self._facts, *formulas)
        found = solver.check()
        if found == z3.unknown:
            raise FragmentError
        return bool(found == z3.sat)

    # --- policies -----------------------------------------------------------------------------------------------------

    def permits(self, policy: Policy) -> z3.BoolRef:
        """That the policy permits."""
        if void(policy) is not None:
            return z3.BoolVal(False)
        permissions = [r for r in policy.rules if r.kind is RuleKind.PERMISSION]
        permitted = z3.Or([z3.And(self.applies(r, policy)[0], *map(self._free, r.duties)) for r in permissions])
        if strategy(policy) is Strategy.PERM:
            return permitted
        prohibitions = [r for r in policy.rules if r.kind is RuleKind.PROHIBITION]
        return z3.And(permitted, *(self.applies(r, policy)[1] for r in prohibitions))

    def applies(self, rule: Rule, policy: Policy) -> Both:
        """That the rule applies, and that it does not."""
        parts = [
            self._named("assignee", rule.assignee, policy.assignee),
            self._named("target", rule.target, policy.target),
            self._acts(rule.action),
            *(self.truth(one) for one in (*rule.refinements, *rule.constraints)),
        ]
        return _all(parts)

    def _named(self, what: str, scope: Scope | None, default: str | None) -> Both:
        meant = named(scope, default)
        if meant is None:
            return z3.BoolVal(True), z3.BoolVal(False)
        member = z3.Or([self._meant(what, name) for name in meant])
        return _all([(member, z3.Not(member)), *map(self.truth, () if scope is None else scope.refinements)])

    def _meant(self, what: str, name: str) -> z3.BoolRef:
        if name in self._collections:
            return z3.Bool(f"{what} in {name}")
        return self._vars[what] == self._names[what].index(name)

    def _acts(self, wider: str) -> Both:
        table = [_belongs(action, wider) for action in self._actions]
        return self._chosen(self._action, table)

    def truth(self, constraint: Constraint) -> Both:
        """That a constraint holds, and that it does not."""
        if isinstance(constraint, Atomic):
            return self._atomic(constraint, self._now)
        members = [self.truth(member) for member in constraint.members]
        match constraint.connective:
            case Connective.OR:
                return z3.Or([yes for yes, _ in members]), z3.And([no for _, no in members])
            case Connective.XONE:
                held = z3.Sum([z3.If(yes, 1, 0) for yes, _ in members])
                known = z3.And([z3.Or(yes, no) for yes, no in members])
                return z3.And(held == 1, known), z3.Or(held > 1, z3.And(held == 0, known))
            case _:
                return _all(members)

    def _atomic(self, atom: Atomic, now: Any) -> Both:
        operand = operand_of(atom)
        if operand is None or atom.reference or atom.operator not in operand.operators:
            raise FragmentError
        key = _key(atom)
        if key in self._tables:
            variable, tables = self._tables[key]
            return self._chosen(variable, tables[_plain(atom)])
        known = z3.BoolVal(True) if operand.origin is Origin.CLOCK or atom.left == COUNT else z3.Bool(f"known {key}")
        value = now if operand.origin is Origin.CLOCK else self._number(operand, key)
        holds = _arithmetic(operand, atom, value)
        if operand.origin is Origin.COUNTER and atom.left != COUNT and atom.status:
            reached = compare(operand, atom, read(operand, (atom.status,)))
            return (
                z3.If(known, holds, z3.BoolVal(reached is True)),
                z3.If(known, z3.Not(holds), z3.BoolVal(reached is False)),
            )
        return z3.And(known, holds), z3.And(known, z3.Not(holds))

    def _number(self, operand: Operand, key: str) -> Any:
        if operand.iri == COUNT:
            return self._count
        value = z3.Int(key) if isinstance(operand.values, Ordered) else z3.Real(key)
        low, high = _limits(operand.iri)
        self._facts += [*(value >= z3.Q(*Fraction(least).as_integer_ratio()) for least in low)]
        self._facts += [*(value <= z3.Q(*Fraction(most).as_integer_ratio()) for most in high)]
        return value

    # --- duties -------------------------------------------------------------------------------------------------------

    def _free(self, duty: Rule) -> z3.BoolRef:
        """That the duty does not stand against its permission."""
        idle = [self.truth(one)[1] for one in duties.conditions(duty)]
        fine = [*idle, self._fulfilled(duty)]
        if not duties.comes_first(duty, self._semantics):
            _, failed, _ = self._deeds[deed_key(duty)]
            fine.append(z3.Not(z3.Or(failed, self._over(duty))))
        return z3.Or(fine)

    def _fulfilled(self, duty: Rule) -> z3.BoolRef:
        done, failed, at = self._deeds[deed_key(duty)]
        done = z3.And(done, *(self.truth(one)[0] for one in duties.described(duty)))
        timely = z3.And(done, *(self._at(one, at)[0] for one in duties.deadlines(duty)))
        regular = z3.And(z3.Not(failed), timely)
        if not duty.consequences:
            return regular
        missed = z3.Or(failed, self._over(duty))
        return z3.Or(regular, z3.And(missed, done, *map(self._fulfilled, duty.consequences)))

    def _over(self, duty: Rule) -> z3.BoolRef:
        return z3.Or([self._atomic(one, self._now)[1] for one in duties.ends(duty)])

    def _at(self, constraint: Constraint, at: Any) -> Both:
        if "clock" in self._tables:
            raise FragmentError
        if isinstance(constraint, Atomic):
            return self._atomic(constraint, at)
        members = [self._at(one, at) for one in constraint.members]
        if constraint.connective not in (Connective.AND, Connective.AND_SEQUENCE):
            raise FragmentError
        return _all(members)

    def _done(self, listed: Sequence[Rule]) -> dict[Any, tuple[z3.BoolRef, z3.BoolRef, Any]]:
        rules = {deed_key(rule): rule for rule in listed}
        found = {
            key: (z3.Bool(f"done {place}"), z3.Bool(f"failed {place}"), z3.Int(f"at {place}"))
            for place, key in enumerate(rules)
        }
        for key, (done, failed, at) in found.items():
            self._facts.append(at <= self._now)
            for other, (also, lost, then) in found.items():
                if key != other and at_least(rules[key], rules[other]):
                    self._facts += [z3.Implies(done, z3.And(also, then <= at)), z3.Implies(lost, failed)]
        return found

    # --- variables ----------------------------------------------------------------------------------------------------

    def _add(self, assignee: str | None, target: str | None) -> None:
        for what, name in (("assignee", assignee), ("target", target)):
            if name is not None and name not in self._collections and name not in self._names[what]:
                self._names[what].append(name)

    def _choice(self, name: str, size: int) -> Any:
        variable = z3.Int(name)
        self._facts += [variable >= 0, variable < size]
        return variable

    def _chosen(self, variable: Any, table: Sequence[Truth]) -> Both:
        yes, no = ([place for place, one in enumerate(table) if one is wanted] for wanted in (True, False))
        return z3.Or([variable == place for place in yes]), z3.Or([variable == place for place in no])

    def _enumerated(self, listed: Sequence[Atomic]) -> dict[str, tuple[Any, dict[Atomic, list[Truth]]]]:
        """Operands whose facts are tried one by one: the variable, and for each constraint a truth for each value."""
        by_key: dict[str, list[Atomic]] = {}
        for atom in dict.fromkeys(_plain(one) for one in listed if operand_of(one) is not None and not one.reference):
            by_key.setdefault(_key(atom), []).append(atom)
        found = {}
        for key, alike in by_key.items():
            if all(_is_arithmetic(atom) for atom in alike):
                continue
            rows = dict.fromkeys(
                tuple(compare(operand, atom, known) for atom, operand, known in world) for world in _worlds(alike)
            )
            variable = self._choice(key, len(rows))
            found[key] = variable, {atom: [row[place] for row in rows] for place, atom in enumerate(alike)}
        return found


# --- arithmetic -------------------------------------------------------------------------------------------------------


_NUMBERS: Final = ("-1", "0", "0.000001", *map(str, range(1, 1001)), "1000000")


@cache
def _limits(left: str) -> tuple[list[str], list[str]]:
    """The least and the greatest number that the operand reads, where there is one."""

    def reads(number: str) -> bool:
        try:
            OPERANDS[left].fact(number)
        except ValueError:
            return False
        return True

    numbers = [number for number in _NUMBERS if reads(number)]
    return [] if reads(_NUMBERS[0]) else numbers[:1], [] if reads(_NUMBERS[-1]) else numbers[-1:]


def _is_arithmetic(atom: Atomic) -> bool:
    operand = operand_of(atom)
    return operand is not None and isinstance(operand.values, Ordered | Decimals)


def _arithmetic(operand: Operand, atom: Atomic, value: Any) -> z3.BoolRef:
    [text] = atom.right
    if isinstance(operand.values, Decimals):
        start: Any = z3.Q(*Fraction(text).as_integer_ratio())
        inside, before, after = value == start, value < start, value > start
    else:
        first, last = _span(text)
        inside, before, after = z3.And(value >= first, value < last), value < first, value >= last
    return {
        Operator.EQ: inside,
        Operator.NEQ: z3.Not(inside),
        Operator.LT: before,
        Operator.GTEQ: z3.Not(before),
        Operator.GT: after,
        Operator.LTEQ: z3.Not(after),
    }[atom.operator]


def _span(text: str) -> tuple[int, int]:
    if text.lstrip("-").isdigit():
        return int(text), int(text) + 1
    day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=BERLIN)
    return _micros(day), _micros(day + timedelta(days=1))


def _micros(at: datetime) -> int:
    return (at.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


# --- domains ----------------------------------------------------------------------------------------------------------

_MOST_MONTHS: Final = 60

Row = list[tuple[Atomic, Operand, tuple[Any, ...]]]


def _worlds(atoms: Sequence[Atomic]) -> Iterator[Row]:
    operands = [operand_of(atom) for atom in atoms]
    known = [(atom, operand) for atom, operand in zip(atoms, operands, strict=True) if operand is not None]
    if known[0][1].origin is Origin.CLOCK:
        yield from ([(atom, operand, (now,)) for atom, operand in known] for now in _moments(atoms))
        return
    domain = list(dict.fromkeys(chain.from_iterable(_domain(operand.values, atoms) for _, operand in known)))
    several: Iterable[tuple[str, ...]] = ()
    if known[0][1].manifold or any(atom.operator is Operator.IS_ALL_OF for atom in atoms):
        named = list(dict.fromkeys(text for atom in atoms for text in atom.right))
        several = chain.from_iterable(combinations([*named, NOBODY], size) for size in range(2, len(named) + 2))
    for values in chain(((text,) for text in domain), several, [()]):
        yield [(atom, operand, _reached(atom, operand, read(operand, values))) for atom, operand in known]


def _reached(atom: Atomic, operand: Operand, known: tuple[Any, ...]) -> tuple[Any, ...]:
    counted = operand.origin is Origin.COUNTER and atom.status
    return known or (read(operand, (atom.status,)) if counted else ())


def _domain(values: Any, atoms: Sequence[Atomic]) -> Iterator[str]:
    named = [text for atom in atoms for text in atom.right]
    yield from named
    match values:
        case Taxonomy():
            yield from values.terms()
            yield NOBODY
        case Places():
            yield from _places(named)
        case Languages():
            yield from ("fr", "de", "en", *(f"{tag}-zz" for tag in named), *(tag.split("-")[0] for tag in named))
        case Levels():
            yield from values.samples(())
        case Durations():
            yield from _durations(named)
        case Rates():
            most = max(int(text.partition("/")[0]) for text in named)
            yield from (f"{number}/{window(named[0])}" for number in range(most + 2))
        case Grains():
            yield from ("0", "1", "100000", "municipality", "association", "district", "governmentDistrict", "state")
            yield from ("country", *(f"h3:{level}" for level in range(16)))
            metres = [text for text in named if text.replace(".", "").isdigit()]
            yield from (str(Fraction(text) + step) for text in metres for step in (-1, 1) if Fraction(text) + step >= 0)
        case _:
            yield NOBODY


def _places(named: Sequence[str]) -> Iterator[str]:
    yield from (LOC + code for code in ("DE", "FR", "CH", "NO", "US", "EU", "EEA"))
    yield from (NOBODY, "http://www.geonames.org/1")
    digits = {text.rpartition("/")[2] for text in named if text.startswith(GEOCODING)}
    leads = {text[:size] for text in digits for size in (0, 2, 3, 5, 8, 9, 12) if size <= len(text)}
    for lead in {*leads, *(text[:5] + text[9:] for text in digits if len(text) == 12)}:
        for sign in "019":
            yield from (from_digits(lead + sign * (size - len(lead))) for size in KINDS.values() if size > len(lead))
        if len(lead) in KINDS.values():
            yield from_digits(lead)
    for ags in (text for text in digits if len(text) == 8):
        for association in ("0000", "0001", "9999"):
            yield from (from_digits(ags[:5] + association), from_digits(ags[:5] + association + ags[5:]))
    yield from (from_digits(land) for land in geography.STATES)


def _durations(named: Sequence[str]) -> Iterator[str]:
    lengths = [length(text) for text in named]
    months = max(m + t // (27 * DAY) for m, t in lengths) + 3
    if months > _MOST_MONTHS:
        raise FragmentError
    steps = sorted({m * 31 for m in range(months + 1)} | {m * 28 for m in range(months + 1)} | set(range(70)))
    days = sorted({d + e for d in steps for e in (-1, 0, 1, 2, 3) if d + e >= 0})
    times = {t for _, t in lengths} | {0}
    for m in range(min(months, 16)):
        for time in times:
            for day in days:
                for more in (time + day * DAY, time - day * DAY):
                    for micro in (more - 1, more, more + 1):
                        if micro >= 0:
                            yield _written(m, micro)


def _written(months: int, micros: int) -> str:
    if not months and not micros:
        return "PT0S"
    seconds, fraction = divmod(micros, 1_000_000)
    clock = f"T{seconds}.{fraction:06d}S" if fraction else f"T{seconds}S" if seconds else ""
    return f"P{f'{months}M' if months else ''}{clock}"


def _moments(atoms: Sequence[Atomic]) -> Iterator[int]:
    """Instants on every day of many years, at every time of day where an hour of the constraints begins or ends."""
    dated = [atom for atom in atoms if _is_arithmetic(atom)]
    edges = [edge for atom in dated for edge in _span(atom.right[0])]
    yield from (edge + step for edge in edges for step in (-1, 0, 1))
    cycles = [(operand_of(atom), text) for atom in atoms if atom not in dated for text in atom.right]
    times = {0}
    for operand, text in cycles:
        assert operand is not None
        assert isinstance(operand.values, Recurring)
        if operand.name == "hourOfDay":
            times |= operand.values.edges((text,))
    kinds = {operand.name for operand, _ in cycles if operand is not None}
    years = 29 if {"dayOfWeek", "season"} <= kinds else 5
    middle = (EPOCH + timedelta(microseconds=edges[0])).year if edges else 2027
    for day in range(-years * 366, years * 366):
        local = datetime(middle, 1, 1, tzinfo=BERLIN) + timedelta(days=day)
        for time in sorted(times):
            yield _micros(local + timedelta(microseconds=time))


# --- small things -----------------------------------------------------------------------------------------------------


def _all(parts: Sequence[Both]) -> Both:
    return z3.And([yes for yes, _ in parts]), z3.Or([no for _, no in parts])


def _key(atom: Atomic) -> str:
    operand = operand_of(atom)
    if operand is not None and operand.origin is Origin.CLOCK:
        return "clock"
    return f"{atom.left} {window(atom.right[0])}" if atom.left == REQUEST_RATE else atom.left


def _plain(atom: Atomic) -> Atomic:
    return Atomic(atom.left, atom.operator, tuple(sorted(set(atom.right))), datatype=atom.datatype, status=atom.status)


def _belongs(action: str, wider: str) -> Truth:
    if action == wider:
        return True
    if action not in ACTIONS or wider not in ACTIONS:
        return None
    if wider in _above(action):
        return True
    return None if action in _above(wider) else False


@cache
def _above(action: str) -> frozenset[str]:
    """The action and everything that includes it; actions that match each other include each other."""
    found, ahead = {action}, [action]
    while ahead:
        for wider in ACTIONS[ahead.pop()]:
            if wider not in found:
                found.add(wider)
                ahead.append(wider)
    return frozenset(found)


def _every_rule(rule: Rule) -> Iterator[Rule]:
    yield rule
    for below in rule.below:
        yield from _every_rule(below)


def _told(rule: Rule) -> tuple[Constraint, ...]:
    scopes = [scope for scope in (rule.target, rule.assignee) if scope is not None]
    return (*rule.refinements, *rule.constraints, *(one for scope in scopes for one in scope.refinements))
