"""What is found wrong with a graph: findings, and how grave they are.

What lives here: the forms. What does not: finding (`checks`), sentences (the connector's).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from policies.model import Reason

LONGEST: Final = 200
"""Characters of a value that a finding shows."""


class Severity(StrEnum):
    """A portal refuses what has violations; warnings are wishes."""

    VIOLATION = "violation"
    WARNING = "warning"


class Fault(StrEnum):
    """In which way something is wrong: it is missing, or all of several that could stand there are; it stands there
    more than once; it should be text, or no text, or an IRI; it has another datatype, or is none of it; it names what
    is of another class, or nowhere told; it is not of its list, or no media type; it should not be used any more, or is
    of a list that should not."""

    MISSING = "missing"
    EITHER = "either"
    SEVERAL = "several"
    LITERAL = "literal"
    NODE = "node"
    IRI = "iri"
    DATATYPE = "datatype"
    CLASS = "class"
    LIST = "list"
    MEDIA = "media"
    DEPRECATED = "deprecated"
    OLD_LIST = "old-list"


class Finding(Struct, frozen=True, gc=False):
    """One thing that is wrong: at which property of which node, that is one of class `about` ("" where any node may not
    have it); `value` is the one that is wrong, "" where none is or there are too many.

    `part` is the document that demands it: "" for DCAT-AP.de, `hvd`, `mobility`.
    """

    fault: Fault
    severity: Severity
    node: str
    about: str
    property: str
    value: str = ""
    part: str = ""

    @builtins.property
    def rule(self) -> str:
        """The rule's stable id: `dcat:Dataset/dct:publisher/missing`, `hvd/dcat:Dataset/dcatap:hvdCategory/missing`."""
        return "/".join(filter(None, (self.part, self.about, self.property, self.fault)))

    @builtins.property
    def mend(self) -> Reason:
        """What is wrong and what helps, as a reason, for sentences."""
        params = {"about": self.about, "property": self.property, "value": self.value[:LONGEST], "node": self.node}
        return Reason(f"dcat.{self.fault}", {**params, "part": self.part} if self.part else params)


def clean(findings: Iterable[Finding]) -> bool:
    """Would a portal take it: is there no violation among these?"""
    return not any(one.severity is Severity.VIOLATION for one in findings)
