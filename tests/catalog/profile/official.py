"""Our findings in the words of the official shapes, to be compared with theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from catalog.profile import Fault, Finding
from catalog.rdf.shapes import Told


def told(findings: Iterable[Finding]) -> set[Told]:
    """What the shapes would say; without what other documents demand."""
    return {_told(one) for one in findings if not one.part}


def _told(one: Finding) -> Told:
    if one.fault is Fault.LIST:
        return Told(one.severity, one.value, "skos:inScheme", "HasValue", "")
    return Told(one.severity, one.node, one.property, constraint(one.fault), one.value)


def constraint(fault: Fault) -> str:
    """SHACL's component that finds this fault."""
    match fault:
        case Fault.MISSING | Fault.EITHER:
            return "MinCount"
        case Fault.SEVERAL | Fault.DEPRECATED:
            return "MaxCount"
        case Fault.LITERAL | Fault.NODE | Fault.IRI:
            return "NodeKind"
        case Fault.DATATYPE:
            return "Datatype"
        case Fault.CLASS:
            return "Class"
        case Fault.LIST:
            return "HasValue"
        case Fault.MEDIA:
            return "Pattern"
        case Fault.OLD_LIST:
            return "Not"
        case _ as never:
            assert_never(never)
