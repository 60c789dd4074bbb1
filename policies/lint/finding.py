"""Findings of lint: what one rule says about one place of a file.

What lives here: the types, and putting parameters into texts. What does not: the texts (`texts`), the rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

Both = tuple[str, str]
"""German, English."""

_FIELD: Final = re.compile(r"\{([a-z]+)\}")
_LONGEST: Final = 120
_OURS: Final = frozenset({"why", "reason", "hilft", "help"})
"""Parameters that are sentences of ours, in which what a file says is cut already."""


class Severity(StrEnum):
    """How bad it is. Only an error makes a file invalid."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Rule(Struct, frozen=True):
    """A rule's severity, what it finds, and what mends it; texts in German and English with `{parameters}`."""

    severity: Severity
    what: Both
    mend: Both


class Hit(Struct, frozen=True):
    """A rule (by name) that found something at a place (a JSON pointer, or `line N`)."""

    rule: str
    where: str
    params: Mapping[str, str] = {}


class Finding(Struct, frozen=True):
    """What one rule found at one place. `line` counts from 1; None where the place is not in the text."""

    rule: str
    severity: Severity
    where: str
    line: int | None
    what: Both
    mend: Both


class Findings(Struct, frozen=True):
    """All that was found, errors first, then by line. `valid` is False where one of them is an error."""

    valid: bool
    findings: tuple[Finding, ...]


def filled(texts: Both, params: Mapping[str, str]) -> Both:
    """Both texts with their parameters. INVARIANT: a parameter is text from a file and is never read as a template."""

    def one(found: re.Match[str]) -> str:
        value = params.get(found[1], "?")
        return value if len(value) <= _LONGEST or found[1] in _OURS else value[:_LONGEST] + "…"

    return _FIELD.sub(one, texts[0]), _FIELD.sub(one, texts[1])
