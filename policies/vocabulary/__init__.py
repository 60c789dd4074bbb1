"""Terms from outside that policies are written in: purposes, actions, legal bases, places, licences, profiles.

What lives here: the namespaces, the profiles and contexts that are understood, and what people call a term. What does
not: the tables (the other modules of this package), operands (`operands`), what belonging to a term means (`taxonomy`).
Sources: ODRL Vocabulary 2.2; Data Privacy Vocabulary 2.3; Dataspace Protocol 2025-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from policies.model import ODRL
from policies.vocabulary import geography, law
from policies.vocabulary.actions import ACTIONS, CC, EGRESS, KNOWN, OWN, READ, SAME_AS, TRANSFER, USE
from policies.vocabulary.law import GDPR
from policies.vocabulary.licences import LICENCES
from policies.vocabulary.purposes import DPV, PURPOSES

__all__ = [
    "ACTIONS",
    "CC",
    "CONTEXTS",
    "CORE",
    "DPV",
    "EGRESS",
    "GDPR",
    "LICENCES",
    "LOC",
    "MUNICIPAL",
    "OWN",
    "PROFILES",
    "PURPOSES",
    "READ",
    "SAME_AS",
    "TRANSFER",
    "USE",
    "XSD",
    "called",
    "lead",
    "names",
]

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
LOC: Final = "https://w3id.org/dpv/loc#"
"""Namespace of states and unions of states."""

CORE: Final = ODRL + "core"
MUNICIPAL: Final = OWN + "profile:municipal:1"
"""Our own profile; under it the conflict strategy is `prohibit` where a policy states none."""

PROFILES: Final = frozenset({CORE, ODRL, "https://w3id.org/dspace/2025/1/odrl-profile.jsonld", MUNICIPAL})
"""Profiles whose terms are understood as far as `parse` accepts them; any other profile refuses the policy."""

CONTEXTS: Final = frozenset({"https://w3id.org/dspace/2025/1/context.jsonld", "http://www.w3.org/ns/odrl.jsonld"})
"""JSON-LD contexts under which the terms mean what they mean here."""

_OWN_TERMS: Final[Mapping[str, Mapping[str, law.Term]]] = {
    "dataClass": law.DATA_CLASSES,
    "artifactState": law.ARTIFACT_STATES,
    "securityProfile": law.SECURITY,
    "onwardTransfer": law.ONWARD,
    "dutyTiming": law.TIMINGS,
    "logLevel": law.LOG_LEVELS,
    "statistic": law.STATISTICS,
}
"""Operand -> its values, which are `urn:allmende:OPERAND:NAME`; but see `lead`."""


def lead(kind: str) -> str:
    """What stands before the names of the values of one of our operands. The times of a duty are `urn:allmende:before`
    and so on, as duties know them."""
    return OWN if kind == "dutyTiming" else f"{OWN}{kind}:"


def own(kind: str) -> Mapping[str, tuple[str, ...]]:
    """The values of one of our operands with those directly above each, as full IRIs, in their order."""
    before = lead(kind)
    return {before + name: tuple(before + above for above in term.broader) for name, term in _OWN_TERMS[kind].items()}


def called(iri: str) -> tuple[str, str] | None:
    """What people call a term, in German and English; None where it is in none of the tables."""
    return names().get(iri)


@cache
def names() -> Mapping[str, tuple[str, str]]:
    """Every term of the tables with what people call it, in German and English."""
    return {
        **{iri: (action.de, action.en) for iri, action in KNOWN.items()},
        **{DPV + name: (purpose.de, purpose.en) for name, purpose in PURPOSES.items()},
        **{GDPR + name: (basis.de, basis.en) for name, basis in law.LEGAL_BASES.items()},
        **{lead(kind) + name: (t.de, t.en) for kind, terms in _OWN_TERMS.items() for name, t in terms.items()},
        **{
            LOC + code: both
            for code, both in ({**geography.UNION, **geography.EEA_ONLY, **geography.ELSEWHERE}).items()
        },
        LOC + "EU": ("Europäische Union", "European Union"),
        LOC + "EEA": ("Europäischer Wirtschaftsraum", "European Economic Area"),
    }
