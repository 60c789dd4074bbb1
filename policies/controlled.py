"""Controlled sentences: a policy as German or English lines that read back to the same policy.

What lives here: writing and reading the lines. What does not: marks and the reader's comfort (`explain`), the wording
of operands (`operands`). Source: ODRL Information Model 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable

from policies.model import Policy


def write(policy: Policy, lang: str) -> list[str]:
    """The policy, line by line; `read` makes the same policy of it."""
    raise NotImplementedError


def read(lines: Iterable[str], lang: str) -> Policy:
    """The policy that the lines state. Raises `PolicyError` with the line (`line 3`)."""
    raise NotImplementedError
