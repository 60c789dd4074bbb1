"""Terms from outside that policies are written in: purposes, actions, profiles, as tables of our own.

What lives here: the municipal core of the purposes of DPV 2 with their broader terms, the actions of the first slice,
the profiles and contexts that are understood. What does not: operands (`operands`), what belonging to a term means
(`taxonomy`). Sources: Data Privacy Vocabulary 2, purposes; ODRL Vocabulary 2.2, actions; Dataspace Protocol 2025-1.

A trap worth knowing: `ScientificResearch` lies below `ResearchAndDevelopment` alone. It is *not* below
`NonCommercialPurpose`; `NonCommercialResearch` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from policies.model import ODRL

DPV: Final = "https://w3id.org/dpv#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

USE: Final = ODRL + "use"
READ: Final = ODRL + "read"

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {USE: (), READ: (USE,)}
"""Action -> the actions that include it."""

PROFILES: Final = frozenset({ODRL + "core", ODRL, "https://w3id.org/dspace/2025/1/odrl-profile.jsonld"})
"""Profiles whose terms are understood as far as `parse` accepts them; any other profile refuses the policy."""

CONTEXTS: Final = frozenset({"https://w3id.org/dspace/2025/1/context.jsonld", "http://www.w3.org/ns/odrl.jsonld"})
"""JSON-LD contexts under which the terms mean what they mean here."""


class Purpose(Struct, frozen=True):
    """A purpose: its broader terms (local names) and what people call it."""

    broader: tuple[str, ...]
    de: str
    en: str


PURPOSES: Final[Mapping[str, Purpose]] = {
    "Purpose": Purpose((), "irgendein Zweck", "any purpose"),
    "PublicBenefit": Purpose(("Purpose",), "Gemeinwohl", "public benefit"),
    "ImprovePublicServices": Purpose(("PublicBenefit",), "bessere öffentliche Dienste", "better public services"),
    "ImproveTransportMobility": Purpose(("PublicBenefit",), "Verkehr und Mobilität", "transport and mobility"),
    "CombatClimateChange": Purpose(("PublicBenefit",), "Klimaschutz", "climate protection"),
    "ProvideOfficialStatistics": Purpose(("PublicBenefit",), "amtliche Statistik", "official statistics"),
    "PublicPolicyMaking": Purpose(("PublicBenefit",), "Politik und Planung", "public policy making"),
    "ProtectionOfPublicSecurity": Purpose(("PublicBenefit",), "öffentliche Sicherheit", "public security"),
    "ImproveHealthcare": Purpose(("PublicBenefit",), "Gesundheitswesen", "healthcare"),
    "DataAltruism": Purpose(("PublicBenefit",), "Datenaltruismus", "data altruism"),
    "ResearchAndDevelopment": Purpose(("Purpose",), "Forschung und Entwicklung", "research and development"),
    "AcademicResearch": Purpose(("ResearchAndDevelopment",), "Hochschulforschung", "academic research"),
    "ScientificResearch": Purpose(("ResearchAndDevelopment",), "wissenschaftliche Forschung", "scientific research"),
    "CommercialResearch": Purpose(
        ("ResearchAndDevelopment", "CommercialPurpose"), "kommerzielle Forschung", "commercial research"
    ),
    "NonCommercialResearch": Purpose(
        ("ResearchAndDevelopment", "NonCommercialPurpose"), "nichtkommerzielle Forschung", "non-commercial research"
    ),
    "CommercialPurpose": Purpose(("Purpose",), "kommerzieller Zweck", "commercial purpose"),
    "NonCommercialPurpose": Purpose(("Purpose",), "nichtkommerzieller Zweck", "non-commercial purpose"),
    "FulfilmentOfObligation": Purpose(("Purpose",), "Erfüllung einer Pflicht", "fulfilment of an obligation"),
    "LegalCompliance": Purpose(("FulfilmentOfObligation",), "Erfüllung einer Rechtspflicht", "legal compliance"),
    "ServiceManagement": Purpose(("Purpose",), "Betrieb von Diensten", "service management"),
    "ServiceMonitoring": Purpose(("ServiceManagement",), "Überwachung von Diensten", "service monitoring"),
    "ServiceOptimisation": Purpose(("ServiceManagement",), "Verbesserung von Diensten", "service optimisation"),
}
"""Local name below `DPV` -> purpose. Terms of DPV that are not here are known by identity alone."""
