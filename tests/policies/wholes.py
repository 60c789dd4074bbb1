"""Policies with everything that ODRL 2.2 has, for the tests of reading and writing."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    Scope,
    Strategy,
)
from policies.operands import OPERANDS, SET_OPERATORS
from policies.vocabulary import MUNICIPAL, USE

IRIS = ("urn:example:a", "https://stadt.example/b", "did:web:c.example")
RULES = ("urn:example:rule:1", "https://stadt.example/rule#2", "urn:uuid:0190c2f4-0000-7000-8000-000000000000")
TOLD = (("http://purl.org/dc/terms/title@de", 'Größe\n"x"'),)
ACTIONS = (USE, ODRL + "read", ODRL + "distribute", ODRL + "print", "urn:allmende:coarsen")


def vectors() -> list[Atomic]:
    """One constraint for each value that the registry tries an operator with."""
    found = {}
    for operand in OPERANDS.values():
        for vector in operand.vectors:
            right = [operand.read(text) for text in vector.right]
            values = tuple(sorted(set(right))) if vector.operator in SET_OPERATORS else tuple(right)
            found[(operand.iri, vector.operator, values)] = Atomic(operand.iri, vector.operator, values)
    return list(found.values())


VECTORS = vectors()
atoms = st.integers(0, len(VECTORS) - 1).map(VECTORS.__getitem__)
UNITS = ("http://dbpedia.org/resource/Euro", "http://qudt.org/vocab/unit/M")
measured = st.builds(
    lambda atom, unit, status: replace(atom, unit=unit, status=status),
    atoms,
    st.sampled_from(("", *UNITS)),
    st.sampled_from(("", "2", "urn:example:reached")),
)
referring = st.builds(lambda atom: replace(atom, right=(), reference="urn:example:elsewhere"), atoms)
whole_atoms = st.one_of(atoms, atoms, measured, referring)
"""Constraints with all that ODRL has for them; the wire carries none of it but operand, operator and value."""


def _logical(leaves: st.SearchStrategy[Atomic], connectives: tuple[Connective, ...]) -> st.SearchStrategy[Constraint]:
    def build(members: st.SearchStrategy[Constraint]) -> st.SearchStrategy[Constraint]:
        return st.builds(Logical, st.sampled_from(connectives), st.lists(members, min_size=1, max_size=3).map(tuple))

    return st.recursive(leaves, build, max_leaves=3)


WIRE = (Connective.AND, Connective.OR, Connective.XONE)
constraints = _logical(whole_atoms, (*WIRE, Connective.AND_SEQUENCE))
wire_constraints = _logical(atoms, WIRE)


def _some(one: st.SearchStrategy[Constraint]) -> st.SearchStrategy[tuple[Constraint, ...]]:
    return st.lists(one, max_size=2).map(tuple)


scopes = st.one_of(
    st.builds(Scope, st.sampled_from(IRIS)),
    st.builds(Scope, st.sampled_from(IRIS), st.just(True), _some(constraints)),
)
last = st.builds(
    Rule, st.just(RuleKind.DUTY), st.sampled_from(ACTIONS), _some(constraints), refinements=_some(constraints)
)
"""Remedies and consequences: duties without a consequence of their own."""
duties = st.builds(lambda rule, below: replace(rule, consequences=tuple(below)), last, st.lists(last, max_size=1))


@st.composite
def rules(draw: st.DrawFn, kind: RuleKind) -> Rule:
    below = {
        RuleKind.PERMISSION: "duties",
        RuleKind.PROHIBITION: "remedies",
        RuleKind.OBLIGATION: "consequences",
    }[kind]
    function = ODRL + "informedParty"
    return Rule(
        kind,
        draw(st.sampled_from(ACTIONS)),
        draw(_some(constraints)),
        refinements=draw(_some(constraints)),
        target=draw(st.none() | scopes),
        output=draw(st.none() | scopes),
        assigner=draw(st.none() | scopes),
        assignee=draw(st.none() | scopes),
        parties=draw(st.just(()) | st.tuples(st.tuples(st.just(function), scopes))),
        remarks=draw(st.just(()) | st.just(TOLD)),
        **{below: draw(st.lists(duties if kind is RuleKind.PERMISSION else last, max_size=2).map(tuple))},
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy whose rules name their assets and parties themselves."""
    found = [draw(rules(kind)) for kind in (RuleKind.PERMISSION, RuleKind.PROHIBITION, RuleKind.OBLIGATION)]
    found = [replace(rule, id=id) for rule, id in zip(found, draw(st.permutations(("", "", *RULES)))[:3], strict=True)]
    permits = draw(st.booleans())
    return Policy(
        "urn:example:policy",
        draw(st.sampled_from(PolicyKind)),
        tuple(found) if permits else tuple(found[1:]),
        profile=draw(st.sampled_from(((MUNICIPAL,), (ODRL,), (ODRL, MUNICIPAL)))),
        timestamp=draw(st.none() | st.just(1_800_000_000_000_000)),
        notice=draw(st.none() | st.just("P30D")) if permits else None,
        conflict=draw(st.sampled_from(Strategy)),
        inherits=draw(st.sampled_from(((), IRIS[:1]))),
        remarks=draw(
            st.sampled_from(
                (
                    (),
                    (
                        ("http://purl.org/dc/terms/title", "Zählung"),
                        ("http://www.w3.org/2000/01/rdf-schema#seeAlso@id", "urn:x:y"),
                    ),
                )
            )
        ),
    )


@st.composite
def wire_policies(draw: st.DrawFn) -> Policy:
    """A policy that the protocol carries."""
    wire = _some(wire_constraints)
    names = iter((IRIS[0], IRIS[1], IRIS[2]))
    duty = st.builds(Rule, st.just(RuleKind.DUTY), st.sampled_from(ACTIONS), wire)
    permission = st.builds(
        Rule,
        st.just(RuleKind.PERMISSION),
        st.sampled_from(ACTIONS),
        wire,
        duties=st.lists(duty, max_size=2).map(tuple),
    )
    obligation = st.builds(Rule, st.just(RuleKind.OBLIGATION), st.sampled_from(ACTIONS), wire)
    permissions = [replace(one, id=next(names)) for one in draw(st.lists(permission, min_size=1, max_size=2))]
    return Policy(
        "urn:example:policy",
        PolicyKind.OFFER,
        (*permissions, *draw(st.lists(obligation, max_size=1))),
        profile=(MUNICIPAL,),
        notice=draw(st.none() | st.just("P30D")),
    )
