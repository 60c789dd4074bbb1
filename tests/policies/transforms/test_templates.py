"""Every template whose terms demand something of data can be done: its duties make a chain."""

from __future__ import annotations

from policies import template
from policies.transforms import EGRESS, chain
from tests.policies.transforms.duties import OWN, at_least, duty, policy


def test_the_duties_of_every_template_make_a_chain() -> None:
    done = 0
    for name in template.names():
        policy = template.make(name, {}).policy
        duties = [duty for rule in policy.rules for duty in rule.duties if duty.action in EGRESS]
        made = chain(policy)
        assert (made is not None) == bool(duties), name
        done += bool(duties)
    assert done > 3


def test_what_the_user_has_to_anonymise_afterwards_is_no_step_here() -> None:
    later = duty("http://www.w3.org/ns/odrl/2/anonymize", minGroupSize="10", dutyTiming=OWN + "after")
    assert chain(policy(later)) is None
    made = chain(policy(later, at_least(5, "ort")))
    assert made is not None
    assert len(made.steps) == 1
