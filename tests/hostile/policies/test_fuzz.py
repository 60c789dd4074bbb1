"""Mangled policies and requests: no crash, no hang, and no permit out of what is denied.

The policy of these tests denies the access of these tests, once by a prohibition and once for want of a permission.
What is mangled is taken away from, added to or garbled, never weakened with understanding: so either it is refused when
it is read, or it denies.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec
import pytest

from policies import parse, requests
from policies.compile import compiled
from policies.evaluate import evaluate
from policies.model import ODRL, Policy, PolicyError, PolicyKind
from policies.operands import PURPOSE
from policies.operands.timing import ELAPSED_TIME
from policies.report import report
from policies.vocabulary import DPV
from tests.policies.cases import case
from tests.policies.samples import ME, NOW, TARGET, access

MUENSTER = "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/05515000"
FEW, MANY = 1_500, 60_000
ASKED = access(purpose=DPV + "CommercialPurpose", spatial=MUENSTER)
GARBAGE: tuple[Any, ...] = (
    "",
    "\x00",
    "{{7*7}}",
    "odrl:",
    "http://",
    "urn:x:" + "y" * 300,
    7,
    None,
    True,
    [],
    {},
    [[]],
    {"@value": None},
)


def _denying() -> Iterator[dict[str, Any]]:
    purpose = {"leftOperand": "purpose", "operator": "isA", "rightOperand": DPV + "PublicBenefit"}
    commerce = {"leftOperand": "purpose", "operator": "isA", "rightOperand": DPV + "CommercialPurpose"}
    place = {"leftOperand": "spatial", "operator": "eq", "rightOperand": {"@id": MUENSTER}}
    either = {"and": [purpose, {"xone": [place, commerce]}]}
    parts = {"@id": "urn:uuid:0", "@type": "Offer", "target": TARGET, "assignee": ME}
    yield {**parts, "permission": [{"action": "use", "constraint": [purpose, place]}]}
    yield {**parts, "permission": [{"action": "use", "constraint": [either]}]}
    yield {**parts, "permission": [{"action": "use"}], "prohibition": [{"action": "use", "constraint": [commerce]}]}


DENYING = list(_denying())


def _constraints(part: Any) -> Iterator[dict[str, Any]]:
    """Every constraint at any depth."""
    if isinstance(part, dict):
        if "leftOperand" in part:
            yield part
        for inner in part.values():
            yield from _constraints(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _constraints(inner)


def _garble(random: Random, found: dict[str, Any]) -> None:
    part = random.choice(list(_constraints(found)))
    key = random.choice(list(part))
    # Another operator or operand that is known would be another policy, not a mangled one.
    part[key] = random.choice(GARBAGE)


def _take_away(random: Random, found: dict[str, Any]) -> None:
    part = random.choice(list(_constraints(found)))
    del part[random.choice(list(part))]


def _add(random: Random, found: dict[str, Any]) -> None:
    part = random.choice([found, *_constraints(found), found["permission"][0]])
    part[random.choice(("x", "@graph", "odrl:unit", "andSequence", "@context", "profile"))] = random.choice(GARBAGE)


def _wrap(random: Random, found: dict[str, Any]) -> None:
    part = random.choice(list(_constraints(found)))
    inner = dict(part)
    part.clear()
    part[random.choice(("and", "or", "xone", "not", "andSequence"))] = [inner] * random.randint(0, 2)


MANGLES: tuple[Callable[[Random, dict[str, Any]], None], ...] = (_garble, _take_away, _add, _wrap)


def _read(found: Any) -> Policy | None:
    try:
        return parse.from_dsp(found, PolicyKind.OFFER)
    except PolicyError:
        return None


def _permitted(random: Random) -> bool:
    """Does a mangled policy permit what it denied?"""
    found = copy.deepcopy(random.choice(DENYING))
    mangle = random.choice(MANGLES)
    if mangle is _wrap and "prohibition" in found:
        mangle = _garble  # "none of" what is prohibited would be another policy
    mangle(random, found)
    terms = _read(found)
    if terms is None:
        return False
    decision = evaluate(terms, ASKED, NOW)
    assert compiled(terms).permits(ASKED, NOW) is decision.permit
    return decision.permit


def test_the_policies_deny_before_they_are_mangled() -> None:
    for found in DENYING:
        terms = _read(found)
        assert terms is not None
        assert not evaluate(terms, ASKED, NOW).permit
        assert evaluate(terms, access(purpose=DPV + "DataAltruism", spatial=MUENSTER), NOW).permit


def test_no_permit_out_of_what_is_denied() -> None:
    random = Random(5)
    assert not any(_permitted(random) for _ in range(FEW))


@pytest.mark.long("policies")
def test_no_permit_out_of_what_is_denied_in_a_campaign() -> None:
    random = Random(6)
    assert not any(_permitted(random) for _ in range(MANY))


def test_mangled_bytes_of_a_request_are_read_or_refused() -> None:
    random = Random(9)
    whole = msgspec.json.encode(
        {
            "action": ODRL + "read",
            "assignee": ME,
            "now": "2027-01-15T08:00:00Z",
            "values": {PURPOSE: [DPV + "DataAltruism"]},
            "members": {ME: ["urn:cities"]},
            "performed": [{"duty": "urn:duty", "at": "2027-01-15T08:00:00Z"}],
        }
    )
    for _ in range(FEW):
        data = bytearray(whole)
        for _ in range(random.randint(1, 3)):
            data[random.randrange(len(data))] = random.randrange(256)
        del data[random.randrange(len(data)) :][: random.choice((0, 0, 5))]
        try:
            found = requests.read(bytes(data), NOW)
        except PolicyError:
            continue
        assert not report(DENIED, found.access, found.now, count=found.count).permit


_read_denied = _read(DENYING[2])
assert _read_denied is not None
DENIED = msgspec.structs.replace(_read_denied, assignee="did:web:nobody.example")


def test_an_unknown_value_never_permits_more_than_every_known_one() -> None:
    """Taking away what is known of an access makes a refusal of it, or leaves it as it was."""
    random = Random(12)
    compared = 0
    for _ in range(FEW):
        asked = case(random)
        decision = evaluate(asked.policy, asked.access, asked.now, count=asked.count, semantics=asked.semantics)
        if decision.permit or asked.policy.conflict == "perm":
            continue
        for left in asked.access.values:
            if left == ELAPSED_TIME and asked.policy.timestamp is not None:
                continue  # What nobody states is then counted from when the agreement was concluded.
            less = msgspec.structs.replace(
                asked.access, values={key: value for key, value in asked.access.values.items() if key != left}
            )
            compared += 1
            assert not evaluate(asked.policy, less, asked.now, count=asked.count, semantics=asked.semantics).permit, (
                asked,
                left,
            )
    assert compared > FEW // 2
