"""Terms of the law and of handling: legal bases of the GDPR, classes of data, levels, states of an artefact.

What lives here: the tables with German and English names. What does not: whether a basis applies, which a lawyer has to
say; purposes (`purposes`). Sources: Regulation (EU) 2016/679, articles 6(1) and 9(2); their IRIs in the GDPR extension
of the Data Privacy Vocabulary 2.3. Terms below `urn:allmende:` are our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

GDPR: Final = "https://w3id.org/dpv/legal/eu/gdpr#"


class Term(Struct, frozen=True):
    """A term: those directly above it (local names) and what people call it."""

    broader: tuple[str, ...]
    de: str
    en: str


LEGAL_BASES: Final[Mapping[str, Term]] = {
    "A6-1-a": Term((), "Einwilligung (Art. 6 Abs. 1 lit. a DSGVO)", "consent (GDPR Art. 6(1)(a))"),
    "A6-1-a-explicit-consent": Term(
        ("A6-1-a",),
        "ausdrückliche Einwilligung (Art. 6 Abs. 1 lit. a DSGVO)",
        "explicit consent (GDPR Art. 6(1)(a))",
    ),
    "A6-1-a-non-explicit-consent": Term(
        ("A6-1-a",),
        "nicht ausdrückliche Einwilligung (Art. 6 Abs. 1 lit. a DSGVO)",
        "consent that is not explicit (GDPR Art. 6(1)(a))",
    ),
    "A6-1-b": Term((), "Vertrag (Art. 6 Abs. 1 lit. b DSGVO)", "contract (GDPR Art. 6(1)(b))"),
    "A6-1-b-contract-performance": Term(
        ("A6-1-b",),
        "Erfüllung eines Vertrags (Art. 6 Abs. 1 lit. b DSGVO)",
        "performance of a contract (GDPR Art. 6(1)(b))",
    ),
    "A6-1-b-enter-into-contract": Term(
        ("A6-1-b",),
        "vorvertragliche Maßnahmen (Art. 6 Abs. 1 lit. b DSGVO)",
        "steps before a contract (GDPR Art. 6(1)(b))",
    ),
    "A6-1-c": Term((), "rechtliche Verpflichtung (Art. 6 Abs. 1 lit. c DSGVO)", "legal obligation (GDPR Art. 6(1)(c))"),
    "A6-1-d": Term((), "lebenswichtige Interessen (Art. 6 Abs. 1 lit. d DSGVO)", "vital interests (GDPR Art. 6(1)(d))"),
    "A6-1-d-data-subject": Term(
        ("A6-1-d",),
        "lebenswichtige Interessen der betroffenen Person (Art. 6 Abs. 1 lit. d DSGVO)",
        "vital interests of the data subject (GDPR Art. 6(1)(d))",
    ),
    "A6-1-d-natural-person": Term(
        ("A6-1-d",),
        "lebenswichtige Interessen einer anderen Person (Art. 6 Abs. 1 lit. d DSGVO)",
        "vital interests of another person (GDPR Art. 6(1)(d))",
    ),
    "A6-1-e": Term(
        (),
        "öffentliches Interesse oder öffentliche Gewalt (Art. 6 Abs. 1 lit. e DSGVO)",
        "public interest or official authority (GDPR Art. 6(1)(e))",
    ),
    "A6-1-e-official-authority": Term(
        ("A6-1-e",),
        "Ausübung öffentlicher Gewalt (Art. 6 Abs. 1 lit. e DSGVO)",
        "official authority (GDPR Art. 6(1)(e))",
    ),
    "A6-1-e-public-interest": Term(
        ("A6-1-e",),
        "Aufgabe im öffentlichen Interesse (Art. 6 Abs. 1 lit. e DSGVO)",
        "task in the public interest (GDPR Art. 6(1)(e))",
    ),
    "A6-1-f": Term(
        (), "berechtigte Interessen (Art. 6 Abs. 1 lit. f DSGVO)", "legitimate interests (GDPR Art. 6(1)(f))"
    ),
    "A6-1-f-controller": Term(
        ("A6-1-f",),
        "berechtigte Interessen des Verantwortlichen (Art. 6 Abs. 1 lit. f DSGVO)",
        "legitimate interests of the controller (GDPR Art. 6(1)(f))",
    ),
    "A6-1-f-third-party": Term(
        ("A6-1-f",),
        "berechtigte Interessen eines Dritten (Art. 6 Abs. 1 lit. f DSGVO)",
        "legitimate interests of a third party (GDPR Art. 6(1)(f))",
    ),
    "A9-2-a": Term(
        (), "ausdrückliche Einwilligung (Art. 9 Abs. 2 lit. a DSGVO)", "explicit consent (GDPR Art. 9(2)(a))"
    ),
    "A9-2-b": Term(
        (),
        "Arbeitsrecht und soziale Sicherheit (Art. 9 Abs. 2 lit. b DSGVO)",
        "employment and social security law (GDPR Art. 9(2)(b))",
    ),
    "A9-2-c": Term((), "lebenswichtige Interessen (Art. 9 Abs. 2 lit. c DSGVO)", "vital interests (GDPR Art. 9(2)(c))"),
    "A9-2-d": Term(
        (),
        "Tätigkeiten gemeinnütziger Vereinigungen (Art. 9 Abs. 2 lit. d DSGVO)",
        "activities of non-profit bodies (GDPR Art. 9(2)(d))",
    ),
    "A9-2-e": Term(
        (),
        "selbst öffentlich gemachte Daten (Art. 9 Abs. 2 lit. e DSGVO)",
        "data made public by the person (GDPR Art. 9(2)(e))",
    ),
    "A9-2-f": Term(
        (), "Rechtsansprüche und Gerichte (Art. 9 Abs. 2 lit. f DSGVO)", "legal claims and courts (GDPR Art. 9(2)(f))"
    ),
    "A9-2-g": Term(
        (),
        "erhebliches öffentliches Interesse (Art. 9 Abs. 2 lit. g DSGVO)",
        "substantial public interest (GDPR Art. 9(2)(g))",
    ),
    "A9-2-h": Term((), "Gesundheitsversorgung (Art. 9 Abs. 2 lit. h DSGVO)", "health care (GDPR Art. 9(2)(h))"),
    "A9-2-i": Term((), "öffentliche Gesundheit (Art. 9 Abs. 2 lit. i DSGVO)", "public health (GDPR Art. 9(2)(i))"),
    "A9-2-j": Term(
        (),
        "Archiv, Forschung, Statistik (Art. 9 Abs. 2 lit. j DSGVO)",
        "archives, research, statistics (GDPR Art. 9(2)(j))",
    ),
}
"""Local name below `GDPR` -> legal basis."""

DATA_CLASSES: Final[Mapping[str, Term]] = {
    "open": Term((), "offene Daten", "open data"),
    "internal": Term((), "interne Daten", "internal data"),
    "personal": Term((), "personenbezogene Daten", "personal data"),
    "special": Term(
        ("personal",), "besondere Kategorien personenbezogener Daten", "special categories of personal data"
    ),
    "criticalInfrastructure": Term((), "Daten kritischer Infrastruktur", "data on critical infrastructure"),
}
"""Local name below `urn:allmende:dataClass:` -> class. `special` is personal; the others exclude each other."""

ARTIFACT_STATES: Final[Mapping[str, Term]] = {
    "raw": Term((), "unverändert", "as it is"),
    "encrypted": Term((), "verschlüsselt", "encrypted"),
    "pseudonymised": Term((), "pseudonymisiert", "pseudonymised"),
    "anonymised": Term((), "anonymisiert", "anonymised"),
    "aggregated": Term((), "zusammengefasst", "aggregated"),
    "coarsened": Term((), "vergröbert", "coarsened"),
    "combined": Term((), "mit anderem verbunden", "combined with other data"),
}
"""Local name below `urn:allmende:artifactState:` -> state; several may hold at once."""

SECURITY: Final[Mapping[str, Term]] = {
    "base": Term((), "Grundschutz des Verbunds", "base profile"),
    "trust": Term((), "erhöhter Schutz", "trust profile"),
    "trustPlus": Term((), "höchster Schutz", "trust plus profile"),
}
"""Security profiles, from the lowest to the highest; each includes those before it."""

ONWARD: Final[Mapping[str, Term]] = {
    "none": Term((), "keine Weitergabe", "no onward transfer"),
    "sameTerms": Term((), "Weitergabe nur zu denselben Bedingungen", "onward transfer on the same terms only"),
    "free": Term((), "freie Weitergabe", "free onward transfer"),
}
"""How data are passed on, from the least to the most."""

TIMINGS: Final[Mapping[str, Term]] = {
    "before": Term((), "vor der Nutzung", "before the use"),
    "during": Term((), "während der Nutzung", "during the use"),
    "after": Term((), "nach der Nutzung", "after the use"),
}
"""When a duty is to be done."""

LOG_LEVELS: Final[Mapping[str, Term]] = {
    "refused": Term((), "abgelehnte Zugriffe", "refused accesses"),
    "permitted": Term((), "erlaubte Zugriffe", "permitted accesses"),
    "every": Term((), "alle Zugriffe", "every access"),
}
"""What is logged."""

STATISTICS: Final[Mapping[str, Term]] = {
    "count": Term((), "Anzahl", "count"),
    "sum": Term((), "Summe", "sum"),
    "mean": Term((), "Mittelwert", "mean"),
    "median": Term((), "Median", "median"),
    "min": Term((), "kleinster Wert", "smallest value"),
    "max": Term((), "größter Wert", "largest value"),
}
"""What is computed of a group."""
