"""Parameters of the duties that the provider does while data leave: which fields, how coarsely, how many.

What lives here: how finely data are told, which may be a condition too, and which columns play which part. What does
not: doing it (`transforms`). Source: our own profile.
"""

from __future__ import annotations

from typing import Final

from policies.model import Operator
from policies.operands.kinds import (
    EVERYWHERE,
    GRAIN,
    IN_DUTIES,
    PROVIDED,
    TEXT,
    Use,
    choices,
    decimal,
    duration,
    make,
    whole,
)
from policies.operands.operand import IDENTITY, ORDER, Assurance, Both, Operand, Origin, Side
from policies.vocabulary import OWN

MIN_GROUP_SIZE: Final = OWN + "minGroupSize"
TEMPORAL_RESOLUTION: Final = OWN + "temporalResolution"
SPATIAL_RESOLUTION: Final = OWN + "spatialResolution"
FIELD: Final = OWN + "field"
REPLACE_WITH: Final = OWN + "replaceWith"
GROUP_BY: Final = OWN + "groupBy"
STATISTIC: Final = OWN + "statistic"
PSEUDONYM_PERIOD: Final = OWN + "pseudonymPeriod"
EPSILON: Final = OWN + "epsilon"
TIME_FIELD: Final = OWN + "timeField"
PLACE_FIELD: Final = OWN + "placeField"
GROUP_FIELD: Final = OWN + "groupField"
FIELD_VALUE: Final = OWN + "fieldValue"
FIELD_NUMBER: Final = OWN + "fieldNumber"
UNIT_FIELD: Final = OWN + "unitField"
TIME_ZONE: Final = OWN + "timeZone"
EPSILON_BUDGET: Final = OWN + "epsilonBudget"
LOWER_BOUND: Final = OWN + "lowerBound"
UPPER_BOUND: Final = OWN + "upperBound"

_WRITTEN = Use(Origin.AGREEMENT, Side.PROVIDER, Assurance.ENFORCED)
"""It stands in the agreement, and the provider does accordingly."""

_ONE = frozenset({Operator.EQ})
_SOME = frozenset({Operator.EQ, Operator.IS_ANY_OF})
_MOST = frozenset({Operator.EQ, Operator.LTEQ})

_FIELDS: tuple[tuple[str, Both, Both], ...] = (
    (
        FIELD,
        ("Felder", "fields"),
        ("Welche Spalten oder JSON-Pfade betroffen sind.", "Which columns or JSON paths are meant."),
    ),
    (GROUP_BY, ("gruppiert nach", "grouped by"), ("Wonach gruppiert wird.", "What is grouped by.")),
    (TIME_FIELD, ("Zeitfelder", "time fields"), ("In welchen Feldern Zeiten stehen.", "Which fields hold times.")),
    (PLACE_FIELD, ("Ortsfelder", "place fields"), ("In welchen Feldern Orte stehen.", "Which fields hold places.")),
    (
        GROUP_FIELD,
        ("Gruppenfelder", "group fields"),
        (
            "Welche Felder zusammen verraten könnten, um wen es geht.",
            "Which fields together could tell whom it is about.",
        ),
    ),
)

_BOUNDS: tuple[tuple[str, Both, Both], ...] = (
    (
        LOWER_BOUND,
        ("kleinster gezählter Wert", "least value that counts"),
        ("Kleinere Werte zählen beim Verrauschen als dieser.", "Smaller values count as this one in noisy sums."),
    ),
    (
        UPPER_BOUND,
        ("größter gezählter Wert", "largest value that counts"),
        ("Größere Werte zählen beim Verrauschen als dieser.", "Larger values count as this one in noisy sums."),
    ),
)

OPERANDS: Final[tuple[Operand, ...]] = (
    make(
        MIN_GROUP_SIZE,
        ("Mindestgröße der Gruppen", "smallest group"),
        (
            "Aus wie vielen Fällen jede herausgegebene Gruppe mindestens besteht.",
            "How many cases each group that leaves is made of at least.",
        ),
        whole(1, 1_000_000, "9", "10", "11"),
        PROVIDED,
        where=EVERYWHERE,
    ),
    make(
        TEMPORAL_RESOLUTION,
        ("zeitliche Auflösung", "temporal resolution"),
        ("Wie grob Zeiten angegeben werden.", "How coarsely times are told."),
        duration("PT15M", "PT1H", "P1D"),
        PROVIDED,
    ),
    make(
        SPATIAL_RESOLUTION,
        ("räumliche Auflösung", "spatial resolution"),
        (
            "Wie grob Orte angegeben werden: in Metern, als Stufe von H3 oder als Art des Gebiets.",
            "How coarsely places are told: in metres, as a level of H3 or as a kind of area.",
        ),
        GRAIN,
        PROVIDED,
        units={"http://qudt.org/vocab/unit/M": "1", "http://qudt.org/vocab/unit/KiloM": "1000"},
    ),
    *(make(iri, label, meaning, TEXT, _WRITTEN, where=IN_DUTIES, operators=_SOME) for iri, label, meaning in _FIELDS),
    make(
        REPLACE_WITH,
        ("ersetzt durch", "replaced with"),
        ("Was an die Stelle der Werte tritt.", "What takes the place of the values."),
        TEXT,
        _WRITTEN,
        where=IN_DUTIES,
        operators=_ONE,
    ),
    make(
        STATISTIC,
        ("Kennzahlen", "statistics"),
        ("Was von jeder Gruppe berechnet wird.", "What is computed of each group."),
        choices("statistic"),
        _WRITTEN,
        where=IN_DUTIES,
        operators=_SOME,
    ),
    make(
        PSEUDONYM_PERIOD,
        ("Wechsel der Pseudonyme", "change of pseudonyms"),
        ("Nach welcher Zeit Pseudonyme wechseln.", "After which time pseudonyms change."),
        duration("P6D", "P7D", "P8D"),
        _WRITTEN,
        where=IN_DUTIES,
        operators=_ONE,
    ),
    make(
        EPSILON,
        ("Genauigkeit ε einer Auskunft", "privacy ε of an answer"),
        ("Wie viel eine verrauschte Auskunft verraten darf.", "How much one noisy answer may tell."),
        decimal("0.000001", "100", "0.5", "1", "1.5"),
        _WRITTEN,
        where=IN_DUTIES,
        operators=_MOST,
    ),
    make(
        EPSILON_BUDGET,
        ("Genauigkeitsbudget ε", "privacy budget ε"),
        (
            "Wie viel alle verrauschten Auskünfte zusammen verraten dürfen; ohne Angabe so viel wie eine.",
            "How much all noisy answers together may tell; as much as one where it is not said.",
        ),
        decimal("0.000001", "1000", "0.5", "1", "1.5"),
        _WRITTEN,
        where=IN_DUTIES,
        operators=_MOST,
    ),
    *(
        make(iri, label, meaning, decimal(None, None, "0", "10", "20"), _WRITTEN, where=IN_DUTIES, operators=_ONE)
        for iri, label, meaning in _BOUNDS
    ),
    make(
        FIELD_VALUE,
        ("Wert des Feldes", "value of the field"),
        ("Was in dem Feld stehen muss, damit eine Zeile hinausgeht.", "What the field must hold for a row to leave."),
        TEXT,
        _WRITTEN,
        where=IN_DUTIES,
        operators=IDENTITY,
    ),
    make(
        FIELD_NUMBER,
        ("Zahl in dem Feld", "number in the field"),
        (
            "Wie groß die Zahl in dem Feld sein muss, damit eine Zeile hinausgeht.",
            "How large the number in the field must be for a row to leave.",
        ),
        decimal(None, None, "0", "10", "20"),
        _WRITTEN,
        where=IN_DUTIES,
        operators=ORDER,
    ),
    make(
        UNIT_FIELD,
        ("Feld der Einheit", "field of the unit"),
        (
            "Wessen verschiedene Werte gezählt werden (etwa ein Fahrzeug), statt der Zeilen.",
            "Which field's different values (a vehicle, say) are counted instead of rows.",
        ),
        TEXT,
        _WRITTEN,
        where=IN_DUTIES,
        operators=_ONE,
    ),
    make(
        TIME_ZONE,
        ("Zeitzone", "time zone"),
        (
            "Auf welcher Uhr Tage und Stunden beginnen; ohne Angabe Europe/Berlin.",
            "On which clock days and hours begin; Europe/Berlin where it is not said.",
        ),
        TEXT,
        _WRITTEN,
        where=IN_DUTIES,
        operators=_ONE,
    ),
)
