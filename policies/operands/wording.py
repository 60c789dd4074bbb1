"""Phrases of operands that say it better than their label and the operator would.

What lives here: for each such operand its phrases, German and English, with one `{}` for the values. What does not: the
patterns that all others share (`phrases`), values in words (`saying`, `measures`). German values stand in the
nominative or accusative, so no phrase asks for another case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.model import ODRL, Operator
from policies.operands.operand import Both
from policies.vocabulary import OWN

Phrases = Mapping[Operator, Both]


def _one(de: str, en: str) -> Phrases:
    return {Operator.EQ: (de, en)}


def _fields(one: Both, several: Both) -> Phrases:
    return {Operator.EQ: one, Operator.IS_ANY_OF: several}


def _ordered(what: Both) -> Phrases:
    """Of something that has its place in a cycle: before, until, after, from."""
    de, en = what
    return {
        Operator.LT: (f"{de}: vor {{}}", f"{en}: before {{}}"),
        Operator.LTEQ: (f"{de}: bis einschließlich {{}}", f"{en}: up to and including {{}}"),
        Operator.GT: (f"{de}: nach {{}}", f"{en}: after {{}}"),
        Operator.GTEQ: (f"{de}: ab {{}}", f"{en}: from {{}} on"),
    }


def _cyclic(what: Both) -> Phrases:
    de, en = what
    return {
        Operator.EQ: (f"{de}: genau {{}}", f"{en}: exactly {{}}"),
        Operator.NEQ: (f"{de}: nicht {{}}", f"{en}: not {{}}"),
        Operator.IS_PART_OF: (f"{de}: im Zeitraum {{}}", f"{en}: within {{}}"),
        Operator.IS_ANY_OF: (f"{de}: in einem der Zeiträume {{}}", f"{en}: in one of the periods {{}}"),
        Operator.IS_NONE_OF: (f"{de}: in keinem der Zeiträume {{}}", f"{en}: in none of the periods {{}}"),
    }


WORDING: Final[Mapping[str, Phrases]] = {
    ODRL + "elapsedTime": {
        Operator.EQ: ("genau {} nach Vertragsschluss", "exactly {} after the agreement"),
        Operator.NEQ: ("nicht genau {} nach Vertragsschluss", "not exactly {} after the agreement"),
        Operator.LT: ("weniger als {} nach Vertragsschluss", "less than {} after the agreement"),
        Operator.LTEQ: ("höchstens {} nach Vertragsschluss", "at most {} after the agreement"),
        Operator.GT: ("mehr als {} nach Vertragsschluss", "more than {} after the agreement"),
        Operator.GTEQ: ("frühestens {} nach Vertragsschluss", "at least {} after the agreement"),
    },
    OWN + "requestRate": {
        Operator.LT: ("Abrufe: weniger als {}", "requests: fewer than {}"),
        Operator.LTEQ: ("Abrufe: höchstens {}", "requests: at most {}"),
    },
    OWN + "hourOfDay": {**_cyclic(("Uhrzeit", "time of day")), **_ordered(("Uhrzeit", "time of day"))},
    OWN + "dayOfWeek": {**_cyclic(("Wochentag", "day of the week")), **_ordered(("Wochentag", "day of the week"))},
    OWN + "season": _cyclic(("Zeit im Jahr", "time of the year")),
    OWN + "dutyTiming": _one("zu erfüllen {}", "to be done {}"),
    OWN + "logLevel": _one("protokolliert werden {}", "what is logged: {}"),
    OWN + "field": _fields(("Feld: {}", "field: {}"), ("Felder: {}", "fields: {}")),
    OWN + "groupBy": _fields(
        ("gruppiert nach dem Feld {}", "grouped by the field {}"),
        ("gruppiert nach den Feldern {}", "grouped by the fields {}"),
    ),
    OWN + "timeField": _fields(
        ("Feld mit der Zeit: {}", "field that holds the time: {}"),
        ("Felder mit Zeiten: {}", "fields that hold times: {}"),
    ),
    OWN + "placeField": _fields(
        ("Feld mit dem Ort: {}", "field that holds the place: {}"),
        ("Felder mit Orten: {}", "fields that hold places: {}"),
    ),
    OWN + "groupField": _fields(
        ("eine Gruppe ist, was im Feld {} gleich ist", "a group is what is the same in the field {}"),
        ("eine Gruppe ist, was in den Feldern {} gleich ist", "a group is what is the same in the fields {}"),
    ),
    OWN + "unitField": _one("gezählt werden verschiedene Werte von {}", "counted are different values of {}"),
    OWN + "timeZone": _one("Uhrzeiten nach {}", "clock of {}"),
    OWN + "lowerBound": _one("Werte zählen mindestens als {}", "values count as at least {}"),
    OWN + "upperBound": _one("Werte zählen höchstens als {}", "values count as at most {}"),
    OWN + "fieldValue": {
        Operator.EQ: ("nur Zeilen mit dem Wert {}", "only rows with the value {}"),
        Operator.NEQ: ("nur Zeilen ohne den Wert {}", "only rows without the value {}"),
        Operator.IS_ANY_OF: ("nur Zeilen mit einem der Werte {}", "only rows with one of the values {}"),
        Operator.IS_NONE_OF: ("nur Zeilen mit keinem der Werte {}", "only rows with none of the values {}"),
    },
    OWN + "fieldNumber": {
        Operator.LT: ("nur Zeilen mit weniger als {}", "only rows with less than {}"),
        Operator.LTEQ: ("nur Zeilen mit höchstens {}", "only rows with at most {}"),
        Operator.GT: ("nur Zeilen mit mehr als {}", "only rows with more than {}"),
        Operator.GTEQ: ("nur Zeilen mit mindestens {}", "only rows with at least {}"),
    },
    OWN + "replaceWith": _one("ersetzt durch {}", "replaced with {}"),
    OWN + "statistic": _fields(("Kennzahl: {}", "statistic: {}"), ("Kennzahlen: {}", "statistics: {}")),
    OWN + "pseudonymPeriod": _one("Gültigkeit eines Pseudonyms: {}", "a pseudonym lasts: {}"),
}
"""Operand -> operator -> phrase. An operator that is not here is said as with all other operands."""
