"""Writing policies in full ODRL 2.2: the model -> JSON-LD and Turtle."""

from __future__ import annotations

from typing import Any

from policies.model import Policy


def to_jsonld(policy: Policy) -> dict[str, Any]:
    """The policy as JSON-LD under ODRL's own context."""
    raise NotImplementedError


def to_turtle(policy: Policy) -> str:
    """The policy as Turtle."""
    raise NotImplementedError
