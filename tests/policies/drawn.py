"""Policies at large, drawn at random: every part of the model, every operator of every operand of the registry."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import strategies as st

from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    Scope,
    Strategy,
)
from policies.operands import OPERANDS, SET_OPERATORS
from policies.vocabulary import ACTIONS
from tests.policies.samples import NOW, VALUES

NAMES = (
    "did:web:town.example",
    "https://city.example/a,b",
    "urn:x:y.",
    "",
    "zwei Worte",
    "„Zitat“ und “quote” \\ (Klammer) [durchgesetzt]:",
    "Zeile\n- genau: x\u202e",
    "a – Einheit: b",
)
"""Names as they are, and as somebody would write them who wants to be read as something else."""

names = st.sampled_from(NAMES)


@lru_cache(maxsize=256)
def known(left: str) -> tuple[str, ...]:
    """Canonical values of an operand that its registry entry shows, and those that the samples have."""
    operand, found = OPERANDS[left], list(VALUES.get(left, ()))
    for vector in operand.vectors:
        for text in vector.right:
            try:
                found.append(operand.read(text))
            except ValueError:
                continue
    return tuple(sorted(set(found)))


@st.composite
def atoms(draw: st.DrawFn) -> Atomic:
    left = draw(st.sampled_from(sorted(left for left in OPERANDS if known(left))))
    operator = draw(st.sampled_from(sorted(OPERANDS[left].operators)))
    most = 3 if operator in SET_OPERATORS else 1
    right = tuple(sorted(draw(st.sets(st.sampled_from(known(left)), min_size=1, max_size=most))))
    extra = draw(st.sampled_from(("", "", "unit", "status", "reference")))
    if extra == "reference":
        return Atomic(left, operator, (), reference=draw(names.filter(bool)))
    return Atomic(left, operator, right, **({extra: draw(names)} if extra else {}))


@st.composite
def foreign(draw: st.DrawFn) -> Atomic:
    """A constraint on what no registry knows."""
    operator = draw(st.sampled_from(list(Operator)))
    most = 3 if operator in SET_OPERATORS else 1
    right = tuple(sorted(draw(st.sets(names, min_size=1, max_size=most))))
    return Atomic(draw(names), operator, right, datatype=draw(names))


def _logical(members: st.SearchStrategy[Constraint]) -> st.SearchStrategy[Constraint]:
    return st.builds(Logical, st.sampled_from(list(Connective)), st.lists(members, min_size=1, max_size=3).map(tuple))


constraints: st.SearchStrategy[Constraint] = st.recursive(
    st.one_of(atoms(), atoms(), foreign()), _logical, max_leaves=4
)
several = st.lists(constraints, max_size=2).map(tuple)
scopes = st.builds(
    Scope, names, collection=st.booleans(), refinements=several, source=st.sampled_from(("", "", *NAMES))
)
maybe = st.one_of(st.none(), st.none(), scopes)
parties = st.lists(
    st.tuples(st.sampled_from((ODRL + "informedParty", ODRL + "consentedParty", "urn:x:party")), scopes), max_size=1
).map(tuple)
remarks = st.lists(st.tuples(st.just("http://purl.org/dc/terms/title@de"), names), max_size=1).map(tuple)
actions = st.sampled_from((*sorted(ACTIONS), "urn:x:act", "urn:x,dabei gilt"))


def _rules(
    kind: RuleKind, *, nested: dict[str, st.SearchStrategy[tuple[Rule, ...]]] | None = None
) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        st.just(kind),
        actions,
        several,
        refinements=several,
        target=maybe,
        output=maybe,
        assigner=maybe,
        assignee=maybe,
        parties=parties,
        remarks=remarks,
        **(nested or {}),
    )


def _few(one: st.SearchStrategy[Rule]) -> st.SearchStrategy[tuple[Rule, ...]]:
    return st.lists(one, max_size=1).map(tuple)


_last = _rules(RuleKind.DUTY)
_duty = _rules(RuleKind.DUTY, nested={"consequences": _few(_last)})
permissions = _rules(RuleKind.PERMISSION, nested={"duties": st.lists(_duty, max_size=2).map(tuple)})
prohibitions = _rules(RuleKind.PROHIBITION, nested={"remedies": _few(_last)})
obligations = _rules(RuleKind.OBLIGATION, nested={"consequences": _few(_last)})


@st.composite
def whole(draw: st.DrawFn) -> Policy:
    """A policy of any kind, with any parts."""
    rules = (*draw(_few(permissions)), *draw(_few(prohibitions)), *draw(_few(obligations)))
    return Policy(
        draw(names),
        draw(st.sampled_from(list(PolicyKind))),
        rules,
        target=draw(st.one_of(st.none(), names)),
        assigner=draw(st.one_of(st.none(), names)),
        assignee=draw(st.one_of(st.none(), names)),
        profile=draw(st.sampled_from(((), (ODRL + "core",), ("urn:a", "urn:b")))),
        timestamp=draw(st.sampled_from((None, NOW, NOW + 1))),
        notice=draw(st.sampled_from((None, "P1M", "P30D"))),
        conflict=draw(st.sampled_from((None, *Strategy))),
        inherits=draw(st.sampled_from(((), ("urn:a",)))),
        remarks=draw(remarks),
    )
