"""Operands of the municipal profile: law, care, hours, crises, and what becomes of data afterwards.

What lives here: conditions. What does not: how data are changed on their way out (`parameters`), who somebody is
(`parties`). Source: our own profile, made as ODRL Information Model 2.2, section 5, provides.
"""

from __future__ import annotations

from typing import Final

from policies.model import Operator
from policies.operands.kinds import (
    AFTERWARDS,
    CLOCK,
    EVERYWHERE,
    HOUR,
    IN_DUTIES,
    NAME,
    NODE,
    PLACE,
    PROVIDED,
    RATE,
    SEASON,
    STATED,
    TEXT,
    WEEKDAY,
    Use,
    choices,
    duration,
    levels,
    make,
    terms,
    tree,
    whole,
)
from policies.operands.operand import IDENTITY, Assurance, Operand, Origin, Phase, Side
from policies.vocabulary import GDPR, OWN, law, own

LEGAL_BASIS: Final = OWN + "legalBasis"
DATA_CLASS: Final = OWN + "dataClass"
RETENTION_PERIOD: Final = OWN + "retentionPeriod"
REQUEST_RATE: Final = OWN + "requestRate"
HOUR_OF_DAY: Final = OWN + "hourOfDay"
DAY_OF_WEEK: Final = OWN + "dayOfWeek"
SEASON_OF_YEAR: Final = OWN + "season"
CRISIS_LEVEL: Final = OWN + "crisisLevel"
DUTY_TIMING: Final = OWN + "dutyTiming"

_BASES = {GDPR + name: tuple(GDPR + above for above in basis.broader) for name, basis in law.LEGAL_BASES.items()}
_CLASSES = own("dataClass")
_CLASS = OWN + "dataClass:"
_COUNTED = Use(Origin.COUNTER, Side.PROVIDER, Assurance.ENFORCED)
_SETTLED = Use(Origin.AGREEMENT, Side.BOTH, Assurance.ENFORCED)

OPERANDS: Final[tuple[Operand, ...]] = (
    make(
        LEGAL_BASIS,
        ("Rechtsgrundlage", "legal basis"),
        (
            "Auf welche Rechtsgrundlage der DSGVO sich die Nutzung stützt.",
            "Which legal basis of the GDPR the use rests on.",
        ),
        terms(
            _BASES,
            GDPR,
            tree(GDPR + "A6-1-e", GDPR + "A6-1-e-public-interest", GDPR + "A6-1-a"),
            prefix="eu-gdpr:",
        ),
        STATED,
    ),
    make(
        DATA_CLASS,
        ("Datenklasse", "data class"),
        ("Zu welcher Klasse die Daten gehören.", "Which class the data belong to."),
        terms(_CLASSES, _CLASS, tree(_CLASS + "personal", _CLASS + "special", _CLASS + "open")),
        PROVIDED,
    ),
    make(
        RETENTION_PERIOD,
        ("Aufbewahrung", "retention"),
        ("Wie lange die Daten aufbewahrt werden.", "How long the data are kept."),
        duration("P89D", "P90D", "P91D"),
        AFTERWARDS,
    ),
    make(
        REQUEST_RATE,
        ("Zugriffe je Zeitraum", "requests per period"),
        (
            "Wie viele Zugriffe es im Zeitraum bis jetzt gab, dieser mitgezählt.",
            "How many requests there were within the period up to now, this one included.",
        ),
        RATE,
        _COUNTED,
    ),
    make(
        HOUR_OF_DAY,
        ("Uhrzeit", "time of day"),
        ("Zu welcher Uhrzeit genutzt wird, in Europe/Berlin.", "At which time of day it is used, in Europe/Berlin."),
        HOUR,
        CLOCK,
    ),
    make(
        DAY_OF_WEEK,
        ("Wochentag", "day of the week"),
        (
            "An welchem Wochentag genutzt wird (1 ist Montag), in Europe/Berlin.",
            "On which day of the week it is used (1 is Monday), in Europe/Berlin.",
        ),
        WEEKDAY,
        CLOCK,
    ),
    make(
        SEASON_OF_YEAR,
        ("Jahreszeit", "season"),
        (
            "An welchem Tag des Jahres genutzt wird, in Europe/Berlin.",
            "On which day of the year it is used, in Europe/Berlin.",
        ),
        SEASON,
        CLOCK,
    ),
    make(
        CRISIS_LEVEL,
        ("Krisenstufe", "level of crisis"),
        (
            "Welche Krisenstufe gilt (0 ist keine), nach Angabe des Anbieters.",
            "Which level of crisis is in force (0 is none), as the provider states.",
        ),
        whole(0, 9, "1", "2", "3"),
        NODE,
    ),
    make(
        OWN + "processingLocation",
        ("Ort der Verarbeitung", "place of processing"),
        ("Wo die Daten verarbeitet werden.", "Where the data are processed."),
        PLACE,
        Use(Origin.REQUEST, Side.CONSUMER, Assurance.DECLARED, Phase.DURING),
    ),
    make(
        OWN + "onwardTransfer",
        ("Weitergabe", "onward transfer"),
        ("Wie weit die Daten weitergegeben werden.", "How far the data are passed on."),
        levels("onwardTransfer"),
        AFTERWARDS,
    ),
    make(
        DUTY_TIMING,
        ("Zeitpunkt der Pflicht", "timing of the duty"),
        ("Wann eine Pflicht zu erfüllen ist.", "When a duty is to be done."),
        choices("dutyTiming"),
        _SETTLED,
        where=IN_DUTIES,
        operators=frozenset({Operator.EQ}),
    ),
    make(
        OWN + "artifactState",
        ("Zustand der Daten", "state of the data"),
        ("In welchem Zustand die Daten hinausgehen.", "In which state the data leave."),
        choices("artifactState"),
        PROVIDED,
        manifold=True,
    ),
    make(
        OWN + "environmentState",
        ("Zustand der Umgebung", "state of the environment"),
        (
            "In welchem Zustand die Umgebung ist, nach Angabe des Anbieters.",
            "Which state the environment is in, as the provider states.",
        ),
        NAME,
        NODE,
        where=EVERYWHERE,
        operators=IDENTITY | {Operator.IS_ALL_OF},
        manifold=True,
    ),
    make(
        OWN + "consent",
        ("Einwilligung", "consent"),
        (
            "Welche Einwilligungen vorliegen, nach dem Verzeichnis des Anbieters.",
            "Which consents are given, by the provider's register.",
        ),
        TEXT,
        NODE,
        manifold=True,
    ),
    make(
        OWN + "logLevel",
        ("Umfang des Protokolls", "extent of the log"),
        ("Was protokolliert wird.", "What is logged."),
        choices("logLevel"),
        _SETTLED,
        where=IN_DUTIES,
        operators=frozenset({Operator.EQ}),
    ),
)
