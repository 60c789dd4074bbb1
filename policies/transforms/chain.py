"""From a policy's duties to the steps that have to be done while data leaves, in their fixed order.

What lives here: which duties count, their parameters, what two duties of one kind mean together, the chain's digest and
text. What does not: the steps themselves (`steps`), columns (`rows`), any value of data.

All duties of all permissions and all obligations count, whichever rule permits an access in the end: more may be taken
away than had to be, never less. INVARIANT: a parameter that is not understood refuses the chain; none is skipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from policies.duties import DUTY_TIMING, Timing, parameters, timing
from policies.model import ODRL, Atomic, Constraint, Deed, Operator, Policy, PolicyError, Reason, Rule, RuleKind
from policies.operands import find
from policies.transforms import fields as texts
from policies.transforms import numbers, places, times
from policies.transforms.steps import (
    EGRESS,
    ORDER,
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
from policies.vocabulary import OWN

__all__ = ["EGRESS", "Chain", "beyond", "chain", "leaves_by", "provenance"]

STATISTICS: Final = ("count", "sum", "mean", "min", "max")
_STATISTIC: Final = OWN + "statistic:"
_OF_ONE: Final = frozenset({"min", "max"})
"""Statistics that are the value of one row."""
_EQUAL: Final = frozenset({Operator.EQ})
_NAMES: Final = frozenset({Operator.EQ, Operator.IS_ANY_OF})
_LEAST: Final = frozenset({Operator.EQ, Operator.GTEQ})
_MOST: Final = frozenset({Operator.EQ, Operator.LTEQ})
_VALUES: Final = frozenset({Operator.EQ, Operator.NEQ, Operator.IS_ANY_OF, Operator.IS_NONE_OF})
_COMPARING: Final = frozenset({Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ})
S = TypeVar("S", bound=Struct)


class Chain(Struct, frozen=True):
    """Steps in their order. `digest` is the SHA-256 (hex) of their canonical JSON, `text` a structured field (RFC 9651)
    that says the same."""

    steps: tuple[Step, ...]
    digest: str
    text: str

    @property
    def needs_rows(self) -> bool:
        """Is something done to rows? If not, data of any media type leave as they are, late or signed."""
        return not all(isinstance(one, Sign) or (isinstance(one, Delay) and not one.field) for one in self.steps)


def chain(*policies: Policy) -> Chain | None:
    """The steps of all duties and obligations of a policy, or of several together, that are done while data leaves;
    None where there is none.

    Raises `PolicyError` where one of them cannot be done for any data.
    """
    found = [step for policy in policies for rule in policy.rules for step in _of_rule(rule)]
    return of_steps(_together(found)) if found else None


def beyond(asked: Policy, *offered: Policy) -> tuple[Step, ...]:
    """The steps that are asked for and look at values before these are taken away or made coarser, in another way than
    any that is offered: by which values rows leave, what is measured in them, where windows and squares begin.

    INVARIANT: whoever gets the data does not choose these. A filter for one name over rows without names finds the rows
    of that person, and two grids that are not parts of each other tell more than either. Raises `PolicyError` as
    `chain`.
    """
    theirs = [step for policy in offered for step in _steps(policy)]
    return tuple(
        step for step in _steps(asked) if not _provided(step, [one for one in theirs if type(one) is type(step)])
    )


def _steps(policy: Policy) -> tuple[Step, ...]:
    found = chain(policy)
    return () if found is None else found.steps


def _provided(step: Step, offered: Sequence[Any]) -> bool:
    """Does a step ask nothing of the data that those of its kind that are offered do not?"""
    match step:
        case Keep():
            return step in offered
        case Delay(field=field):
            return not field or step in offered
        case Threshold(groups=groups, unit=unit):
            return not unit or any((one.groups, one.unit) == (groups, unit) for one in offered)
        case Noise(lower=lower, upper=upper):
            return not lower or any((one.lower, one.upper) == (lower, upper) for one in offered)
        case CoarsenTime():
            return step in offered or all(_times_nest(step, one) for one in offered)
        case CoarsenPlace():
            return step in offered or all(_places_nest(step, one) for one in offered)
        case _:
            return True


def _times_nest(one: CoarsenTime, other: CoarsenTime) -> bool:
    fine, coarse = sorted((times.grid(one.resolution), times.grid(other.resolution)), key=lambda grid: grid.length)
    return one.zone == other.zone and coarse.holds(fine)


def _places_nest(one: CoarsenPlace, other: CoarsenPlace) -> bool:
    """Levels of the keys are parts of each other; squares in metres are so only where they are the same."""
    mine, theirs = places.level(one.resolution), places.level(other.resolution)
    return mine == theirs or bool(mine.digits) or bool(theirs.digits)


def of_steps(steps: Sequence[Step]) -> Chain:
    """A chain of steps that are in order."""
    kept = tuple(steps)
    canonical = msgspec.json.encode(_plain(kept), order="deterministic")
    digest = hashlib.sha256(canonical)
    return Chain(kept, digest.hexdigest(), texts.structured([_said(step) for step in kept], digest.digest()))


def provenance(done: Chain) -> dict[str, Any]:
    """The steps with their parameters, as plain JSON."""
    return {"digest": f"sha-256={done.digest}", "steps": _plain(done.steps)}


def _plain(steps: Sequence[Step]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = msgspec.to_builtins(steps)
    return [{("step" if name == "type" else name): value for name, value in one.items()} for one in made]


def _said(step: Step) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """A step's name, what it is done to, and its parameters."""
    plain = msgspec.to_builtins(step)
    name = plain.pop("type")
    about = plain.pop("fields", None) or plain.pop("groups", ())
    flat = {key: " ".join(value) if isinstance(value, (list, tuple)) else str(value) for key, value in plain.items()}
    return name, tuple(about), {key: value for key, value in flat.items() if value}


def _of_rule(rule: Rule) -> Iterator[Step]:
    """The steps that one rule of a policy demands."""
    if rule.kind is RuleKind.OBLIGATION:
        yield from _of_duty(rule)
    for duty in rule.duties:
        yield from _of_duty(duty)
    for remedy in rule.remedies:
        _nothing_of(remedy)


def _of_duty(duty: Rule) -> Iterator[Step]:
    for consequence in duty.consequences:
        _nothing_of(consequence)
    if leaves_by(duty):
        yield from _MADE[duty.action](_Parameters(duty))


def leaves_by(duty: Rule) -> bool:
    """Is this a duty that is done while data leave? To anonymise after the use is for whoever has them then."""
    later = duty.action == ODRL + "anonymize" and timing(duty) is Timing.AFTER
    return duty.action in EGRESS and not later


def deeds(rules: Iterable[Rule]) -> Iterator[Deed]:
    """The duties that are done while data leave, as what has been done when they have left."""
    for rule in rules:
        for duty in (*rule.duties, *([rule] if rule.kind is RuleKind.OBLIGATION else ())):
            if leaves_by(duty):
                yield Deed(action=duty.action, duty=duty.id)


def _nothing_of(rule: Rule) -> None:
    """A remedy or consequence comes when the data is gone: nothing can be done on its way out any more."""
    if rule.action in EGRESS:
        _refuse("transform.place", action=rule.action)
    for below in rule.consequences:
        _nothing_of(below)


def _refuse(code: str, **params: str) -> NoReturn:
    raise PolicyError(Reason(code, params))


class _Parameters:
    """What a duty is to be done with. Each is asked for once; `done` refuses what nobody has asked for."""

    def __init__(self, duty: Rule) -> None:
        self.action = duty.action
        self._left: dict[str, Atomic] = {}
        for constraint in parameters(duty):
            self._take(constraint)
        self._timing()

    def _take(self, constraint: Constraint) -> None:
        if not isinstance(constraint, Atomic) or constraint.left in self._left or constraint.reference:
            _refuse("transform.parameters", action=self.action)
        self._left[constraint.left] = self._in_our_unit(constraint)

    def _in_our_unit(self, found: Atomic) -> Atomic:
        """A value that is told in another unit, in the one that is reckoned with here."""
        if not found.unit:
            return found
        operand = find(found.left)
        factor = operand.units.get(found.unit) if operand is not None else None
        try:
            if factor is None:
                self.unfit(found)
            values = tuple(numbers.write(numbers.plain(value) * numbers.plain(factor)) for value in found.right)
        except ValueError:
            self.unfit(found)
        return msgspec.structs.replace(found, right=values)

    def _timing(self) -> None:
        """What is done while data leaves cannot be done after it has left."""
        found = self._left.pop(DUTY_TIMING, None)
        if found is not None and (found.operator is not Operator.EQ or found.right == (Timing.AFTER,)):
            self.unfit(found)

    def unfit(self, found: Atomic) -> NoReturn:
        """Refuse one parameter by its name."""
        _refuse("transform.unfit", action=self.action, parameter=found.left, value=" ".join(found.right)[:200])

    def atom(self, name: str, operators: frozenset[Operator]) -> Atomic | None:
        """The parameter, or None; never one with another operator or without a value."""
        found = self._left.pop(name if ":" in name else OWN + name, None)
        if found is not None and (found.operator not in operators or not found.right):
            self.unfit(found)
        return found

    def names(self, name: str, *, needed: bool = True) -> tuple[str, ...]:
        """Field names, sorted; each is one that can be looked for."""
        found = self.atom(name, _NAMES)
        if found is None:
            return self._missing(name) if needed else ()
        if any(not texts.is_field(field) for field in found.right):
            self.unfit(found)
        return tuple(sorted(set(found.right)))

    def text(
        self,
        name: str,
        operators: frozenset[Operator] = _EQUAL,
        *,
        check: Callable[[str], object] = str,
        default: str | None = None,
    ) -> str:
        """One value that `check` accepts (it raises `ValueError` for others)."""
        found = self.atom(name, operators)
        if found is None:
            return self._missing(name) if default is None else default
        try:
            check(found.right[0])
        except ValueError:
            self.unfit(found)
        return found.right[0]

    def has(self, name: str) -> bool:
        """Is it there, and not asked for yet?"""
        return OWN + name in self._left

    def _missing(self, name: str) -> NoReturn:
        _refuse("transform.parameter", action=self.action, parameter=name if ":" in name else OWN + name)

    def done(self) -> None:
        """Refuses what has no meaning for this action, be it a condition or a parameter of another."""
        for found in self._left.values():
            self.unfit(found)


def _field(text: str) -> str:
    if not texts.is_field(text):
        raise ValueError("no field name")
    return text


def _filter(given: _Parameters) -> Iterator[Step]:
    field = given.text("field", check=_field)
    made = [
        Keep(field, found.operator, found.right)
        for name, operators in (("fieldValue", _VALUES), ("fieldNumber", _COMPARING))
        if (found := given.atom(name, operators)) is not None
    ]
    if not made:
        _refuse("transform.parameter", action=given.action, parameter=OWN + "fieldValue")
    for one in made:
        if one.operator in _COMPARING:
            numbers.plain(one.values[0])
    given.done()
    yield from made


def _suppress(given: _Parameters) -> Iterator[Step]:
    made = Suppress(given.names("field"))
    given.done()
    yield made


def _replace(given: _Parameters) -> Iterator[Step]:
    made = Replace(given.names("field"), given.text("replaceWith"))
    given.done()
    yield made


def _pseudonymise(given: _Parameters) -> Iterator[Step]:
    made = Pseudonymise(given.names("field"), given.text("pseudonymPeriod", _MOST, check=times.grid, default=""))
    given.done()
    yield made


def _zone(given: _Parameters) -> str:
    return given.text("timeZone", check=times.zone, default=times.ZONE)


def _coarsen(given: _Parameters) -> Iterator[Step]:
    """Time, place, or both."""
    made: list[Step] = []
    if given.has("temporalResolution"):
        resolution = given.text("temporalResolution", _LEAST, check=times.grid)
        made.append(CoarsenTime(given.names("timeField"), resolution, _zone(given)))
    if given.has("spatialResolution") or not made:
        level = given.text("spatialResolution", _LEAST, check=places.level)
        made.append(CoarsenPlace(given.names("placeField"), level))
    given.done()
    yield from made


def _aggregate(given: _Parameters) -> Iterator[Step]:
    groups = given.names("groupBy")
    found = given.atom("statistic", _NAMES)
    asked = ("count",) if found is None else tuple(one.removeprefix(_STATISTIC) for one in found.right)
    fields = given.names("field", needed=any(one != "count" for one in asked))
    for one in asked:
        if one not in STATISTICS:
            _refuse("transform.statistic", statistic=one[:200])
    given.done()
    yield Aggregate(groups, fields, tuple(one for one in STATISTICS if one in asked))


def _least(text: str) -> int:
    least = int(text)
    if not (text.isascii() and text.isdigit() and 1 <= least <= 1_000_000):
        raise ValueError("no group size")
    return least


def _anonymise(given: _Parameters) -> Iterator[Step]:
    least = int(given.text("minGroupSize", _LEAST, check=_least))
    made = Threshold(least, given.names("groupField", needed=False), given.text("unitField", check=_field, default=""))
    given.done()
    yield made


def _perturb(given: _Parameters) -> Iterator[Step]:
    epsilon = given.text("epsilon", _MOST, check=numbers.positive)
    budget = given.text("epsilonBudget", _MOST, check=numbers.positive, default=epsilon)
    lower = given.text("lowerBound", check=numbers.plain, default="")
    upper = given.text("upperBound", check=numbers.plain, default="")
    given.done()
    if bool(lower) != bool(upper) or (lower and numbers.plain(lower) >= numbers.plain(upper)):
        _refuse("transform.parameters", action=given.action)
    yield Noise(epsilon, budget, lower, upper)


def _delay(given: _Parameters) -> Iterator[Step]:
    period = given.text(ODRL + "delayPeriod", _LEAST, check=times.period)
    made = Delay(period, given.text("timeField", check=_field, default=""), _zone(given))
    given.done()
    yield made


def _sign(given: _Parameters) -> Iterator[Step]:
    given.done()
    yield Sign()


_MADE: Final[Mapping[str, Callable[[_Parameters], Iterator[Step]]]] = {
    OWN + "filterRows": _filter,
    OWN + "suppress": _suppress,
    OWN + "replace": _replace,
    OWN + "pseudonymise": _pseudonymise,
    OWN + "coarsen": _coarsen,
    OWN + "aggregate": _aggregate,
    ODRL + "anonymize": _anonymise,
    OWN + "perturb": _perturb,
    OWN + "delay": _delay,
    OWN + "sign": _sign,
}


def _together(found: Sequence[Step]) -> tuple[Step, ...]:
    """What steps of one kind mean together, in the fixed order. The stricter one counts where one is stricter.

    Raises `PolicyError` where two cannot both be done.
    """
    by_kind = {kind: [one for one in found if isinstance(one, kind)] for kind in ORDER}
    suppressed = tuple(sorted({field for one in found if isinstance(one, Suppress) for field in one.fields}))
    made: list[Step] = [*_kind(Keep, found), *_kind(Delay, found)]
    if suppressed:
        made.append(Suppress(suppressed))
    made += _distinct(by_kind[Replace], suppressed)
    made += _distinct(by_kind[Pseudonymise], suppressed)
    windows, areas = _kind(CoarsenTime, found), _kind(CoarsenPlace, found)
    windows.sort(key=lambda one: times.grid(one.resolution).length)
    areas.sort(key=lambda one: places.level(one.resolution).coarseness)
    made += [*windows, *areas]
    made += _only(_kind(Aggregate, found), OWN + "aggregate")
    made += _only(_thresholds(_kind(Threshold, found)), ODRL + "anonymize")
    made += _only(_kind(Noise, found), OWN + "perturb")
    made += _kind(Sign, found)[:1]
    _fitting(made)
    return tuple(made)


def _kind(kind: type[S], found: Sequence[Step]) -> list[S]:
    """Those of one kind, each once, in the order of the duties."""
    return list(dict.fromkeys(one for one in found if isinstance(one, kind)))


def _distinct(found: Sequence[Any], suppressed: tuple[str, ...]) -> list[Any]:
    """Steps that give a field a new value: no field twice, and none that does not leave anyway."""
    met: set[str] = set()
    made = []
    for one in dict.fromkeys(found):
        if met & set(one.fields):
            _refuse("transform.contradiction", fields=" ".join(sorted(met & set(one.fields))))
        met |= set(one.fields)
        if fields := tuple(field for field in one.fields if field not in suppressed):
            made.append(msgspec.structs.replace(one, fields=fields))
    return made


def _only(found: Sequence[Any], action: str) -> list[Any]:
    if len(found) > 1:
        _refuse("transform.twice", action=action)
    return list(found)


def _thresholds(found: Sequence[Threshold]) -> list[Threshold]:
    """Of several over the same groups the largest."""
    largest: dict[tuple[tuple[str, ...], str], Threshold] = {}
    for one in found:
        key = (one.groups, one.unit)
        if key not in largest or largest[key].least < one.least:
            largest[key] = one
    return list(largest.values())


def _fitting(steps: Sequence[Step]) -> None:
    """What follows an aggregate has to be about its groups, and what leaves nobody's value must not be somebody's."""
    aggregate = next((one for one in steps if isinstance(one, Aggregate)), None)
    threshold = next((one for one in steps if isinstance(one, Threshold)), None)
    noise = next((one for one in steps if isinstance(one, Noise)), None)
    if threshold is not None:
        if aggregate is None and not threshold.groups:
            _refuse("transform.parameter", action=ODRL + "anonymize", parameter=OWN + "groupField")
        if aggregate is not None and threshold.groups not in ((), aggregate.groups):
            _refuse("transform.contradiction", fields=" ".join(threshold.groups))
    guarded = noise or threshold
    for statistic in aggregate.statistics if aggregate is not None and guarded is not None else ():
        if statistic in _OF_ONE or (noise is not None and statistic == "mean"):
            _refuse("transform.statistic", statistic=statistic)
    if noise is not None:
        if aggregate is None:
            _refuse("transform.parameter", action=OWN + "perturb", parameter=OWN + "groupBy")
        if "sum" in aggregate.statistics and not noise.lower:
            _refuse("transform.parameter", action=OWN + "perturb", parameter=OWN + "lowerBound")
        if threshold is not None and threshold.unit:
            # One unit may stand in several rows and cells: nobody could say how much noise hides it.
            _refuse("transform.unit", unit=threshold.unit)
