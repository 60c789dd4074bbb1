"""Lint: named rules that a policy file is looked through by, each with a severity, a place and a mend.

What lives here: findings, and running all rules over one file. What does not: reading (`forms`), the rules themselves
(the other modules of this package), comparing (`conflicts`, `prove`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from policies.forms import Form
from policies.model import Policy, PolicyError, Reason
from policies.nodes import GraphReader

Both = tuple[str, str]
"""German, English."""


class Severity(StrEnum):
    """How bad it is. Only an error makes a file invalid."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Finding(Struct, frozen=True):
    """What one rule found at one place. `line` counts from 1; None where the place is not in the text."""

    rule: str
    severity: Severity
    where: str
    line: int | None
    what: Both
    mend: Both
    reason: Reason | None = None


class Findings(Struct, frozen=True):
    """All that was found, errors first, then by line. `valid` is False where one of them is an error."""

    valid: bool
    findings: tuple[Finding, ...]


def lint(
    data: bytes, form: Form, found: Sequence[Policy] | PolicyError, *, graph: GraphReader | None = None
) -> Findings:
    """Look through a file. `found` is what the lenient reader made of it: its policies, or why there are none."""
    raise NotImplementedError
