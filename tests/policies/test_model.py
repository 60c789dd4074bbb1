"""Covers policies/model.py."""

from __future__ import annotations

import msgspec
import pytest

from policies.model import Decision, Operator, Policy, PolicyError, Reason
from policies.operands import COUNT
from tests.policies.samples import atom, permission, policy


def test_an_error_names_place_and_code_and_no_parameter() -> None:
    error = PolicyError(Reason("term.unknown", {"term": "<secret>"}), "/permission/0/duty")
    assert str(error) == "/permission/0/duty: term.unknown"
    assert str(PolicyError(Reason("rules.missing"))) == "/: rules.missing"


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Decision(True).permit = False  # type: ignore[misc]


def test_a_policy_is_kept_and_read_back_as_it_is() -> None:
    found = policy(permission(atom(COUNT, Operator.LTEQ, "3")))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Policy) == found
