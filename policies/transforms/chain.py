"""From a policy's duties to the steps that have to be done while data leaves, in their fixed order."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from policies.model import Policy
from policies.transforms.steps import EGRESS, Step

__all__ = ["EGRESS", "Chain", "chain", "provenance"]


class Chain(Struct, frozen=True):
    """Steps in their order. `digest` is the SHA-256 (hex) of their canonical JSON, `text` a structured field (RFC 9651)
    that says the same."""

    steps: tuple[Step, ...]
    digest: str
    text: str


def chain(policy: Policy) -> Chain | None:
    """The steps of all duties and obligations of a policy that are done while data leaves; None where there is none.

    Raises `PolicyError` where one of them cannot be done for any data.
    """
    raise NotImplementedError


def provenance(done: Chain) -> dict[str, Any]:
    """The steps with their parameters, as plain JSON."""
    raise NotImplementedError
