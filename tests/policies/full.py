"""A short way to read ODRL in the tests of this package."""

from __future__ import annotations

from typing import Any

import pytest

from policies.compact import to_nodes
from policies.graph import from_nodes
from policies.model import Policy, PolicyError
from policies.vocabulary import MUNICIPAL

POLICY = "urn:example:policy"


def document(**more: Any) -> dict[str, Any]:
    """A policy in JSON-LD under our profile, with what a test adds; None takes something away."""
    plain = {"@id": POLICY, "@type": "Set", "profile": MUNICIPAL, "permission": [{"action": "use"}]}
    return {key: value for key, value in {**plain, **more}.items() if value is not None}


def several(written: Any, **how: Any) -> tuple[Policy, ...]:
    return from_nodes(to_nodes(written), **how)


def one(written: Any, **how: Any) -> Policy:
    (found,) = several(written, **how)
    return found


def refused(written: Any, **how: Any) -> tuple[str, str]:
    """Code and place of the refusal."""
    with pytest.raises(PolicyError) as error:
        several(written, **how)
    return error.value.reason.code, error.value.where
