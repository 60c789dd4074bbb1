"""Covers policies/bounds.py: whatever is answered lies within the limits, as close to what was asked as can be."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from policies import explain, render
from policies.bounds import Bounds, Verdict, read, reply
from policies.compare import within
from policies.labels import bare
from policies.model import ODRL, Atomic, Operator, Policy, PolicyError, PolicyKind, Rule, RuleKind
from policies.operands import COUNT, PURPOSE
from policies.vocabulary import DPV, OWN, READ, USE
from tests.policies import pairs
from tests.policies.samples import ME, TARGET, atom, permission, policy

O = Operator  # noqa: E741
RETENTION, GROUP = OWN + "retentionPeriod", OWN + "minGroupSize"
LIMITS = b"""
[[permission]]
action = "use"
purpose.isA = "PublicBenefit"
retentionPeriod.lteq = "P90D"
[[permission.duty]]
action = "anonymize"
minGroupSize.gteq = 10
"""
BENEFIT, ALTRUISM = atom(PURPOSE, O.IS_A, DPV + "PublicBenefit"), atom(PURPOSE, O.EQ, DPV + "DataAltruism")
P90D = atom(RETENTION, O.LTEQ, "P90D")


def group(least: int) -> Rule:
    return Rule(RuleKind.DUTY, ODRL + "anonymize", (atom(GROUP, O.GTEQ, str(least)),))


def asked(*constraints: Atomic, duties: tuple[Rule, ...] = (), action: str = USE) -> Policy:
    return policy(Rule(RuleKind.PERMISSION, action, constraints, duties=duties), assignee=ME, target=TARGET)


@pytest.mark.parametrize(
    ("wanted", "verdict", "answered", "codes"),
    [
        (asked(ALTRUISM, atom(RETENTION, O.LTEQ, "P30D"), duties=(group(20),)), "accept", None, ()),
        (
            asked(ALTRUISM, atom(RETENTION, O.LTEQ, "P1Y"), duties=(group(10),)),
            "counter",
            asked(ALTRUISM, P90D, duties=(group(10),)),
            ("bounds.narrowed",),
        ),
        (
            asked(ALTRUISM, P90D, duties=(group(5),)),
            "counter",
            asked(ALTRUISM, P90D, duties=(group(10),)),
            ("bounds.duty",),
        ),
        (
            asked(atom(PURPOSE, O.EQ, DPV + "CommercialPurpose"), atom(COUNT, O.LTEQ, "3"), action=READ),
            "counter",
            asked(BENEFIT, atom(COUNT, O.LTEQ, "3"), P90D, duties=(group(10),), action=READ),
            ("bounds.narrowed", "bounds.added", "bounds.duty"),
        ),
        (
            asked(ALTRUISM, P90D, duties=(group(10),), action=ODRL + "sell"),
            "counter",
            asked(ALTRUISM, P90D, duties=(group(10),)),
            ("bounds.action",),
        ),
    ],
)
def test_what_is_within_is_kept_and_what_goes_beyond_is_narrowed(
    wanted: Policy, verdict: str, answered: Policy | None, codes: tuple[str, ...]
) -> None:
    found = reply(read(LIMITS), wanted)
    assert found.verdict is Verdict(verdict)
    assert found.terms is not None
    assert tuple(reason.code for reason in found.reasons) == codes
    if answered is None:
        assert found.terms == wanted
    else:
        assert (within(found.terms, answered).within, within(answered, found.terms).within) == (True, True)
    for lang in ("de", "en"):
        assert all(explain.sentence(reason, lang) for reason in found.reasons)


def test_somebody_else_gets_nothing() -> None:
    found = reply(read(LIMITS), asked(ALTRUISM))
    assert found.terms is not None
    mine = Bounds(replace(read(LIMITS).limit, assignee="did:web:only.example"))
    assert reply(mine, asked(ALTRUISM)).verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xff", "form.toml"),
        (b"[[permission", "form.toml"),
        (b"x" * 100_001, "bounds.large"),
        (b'target = "urn:x"\n[[permission]]\naction = "use"', "bounds.target"),
        (b'[[permission]]\naction = "use"\ncount.lt = 2\n[[prohibition]]\naction = "use"', "bounds.nothing"),
    ],
)
def test_limits_that_mean_nothing_are_refused(text: bytes, code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read(text)
    assert refused.value.reason.code == code


OPERANDS = (PURPOSE, COUNT, RETENTION, ODRL + "spatial", OWN + "dataClass", ODRL + "dateTime")


def drawn(draw: Random, kind: PolicyKind) -> Policy:
    """A policy of the sort that the protocol carries."""
    rules = []
    for _ in range(draw.choice((1, 1, 2))):
        told = tuple(pairs.constraint(draw, OPERANDS, 1) for _ in range(draw.randint(0, 3)))
        duties = (group(draw.choice((5, 10, 20))),) if draw.random() < 0.4 else ()
        rules.append(Rule(RuleKind.PERMISSION, draw.choice(pairs.ACTIONS), told, duties=duties))
    if draw.random() < 0.3:
        rules.append(Rule(RuleKind.PROHIBITION, draw.choice(pairs.ACTIONS), (pairs.atom(draw, OPERANDS),)))
    return Policy("urn:x:terms", kind, tuple(rules), notice=draw.choice((None, None, "P30D")))


def answered(seed: int) -> Verdict:
    """What random limits say to a random request: never beyond them, the same again, and settled after one round."""
    draw = Random(seed)
    limits = Bounds(bare(drawn(draw, PolicyKind.SET)))
    wanted = replace(drawn(draw, PolicyKind.OFFER), assignee=ME, target=TARGET)
    found = reply(limits, wanted)
    assert found == reply(limits, wanted), seed
    limit = replace(limits.limit, target=None, assigner=None)
    if within(wanted, limit).within:
        assert (found.verdict, found.terms) == (Verdict.ACCEPT, wanted), seed
    if found.terms is not None:
        assert within(found.terms, limit).within, seed
        assert (found.terms.target, found.terms.assignee) == (TARGET, ME), seed
        again = reply(limits, found.terms)
        assert (again.verdict, again.terms) == (Verdict.ACCEPT, found.terms), seed
        assert bool(found.reasons) is (found.verdict is Verdict.COUNTER), seed
    return found.verdict


def test_whatever_is_asked_no_limit_is_crossed() -> None:
    said = [answered(seed) for seed in range(50)]
    assert {Verdict.ACCEPT, Verdict.COUNTER} <= set(said)


@pytest.mark.long("solver")
def test_whatever_is_asked_no_limit_is_crossed_at_length() -> None:
    for seed in range(1000, 4000):
        answered(seed)


def test_a_request_of_enormous_size_is_answered_with_the_limits() -> None:
    many = policy(*(permission(atom(PURPOSE, O.EQ, f"urn:p:{n}"), atom(COUNT, O.LTEQ, "9")) for n in range(300)))
    found = reply(read(LIMITS), replace(many, assignee=ME))
    assert [reason.code for reason in found.reasons] == ["bounds.limits"]
    assert found.terms is not None
    assert within(found.terms, read(LIMITS).limit).within
    assert render.to_dsp(replace(found.terms, kind=PolicyKind.OFFER))["permission"]
