"""Operands of ODRL about time that passes and about what happens: periods, pauses, events.

What lives here: `elapsedTime`, `delayPeriod`, `meteredTime`, `timeInterval`, `event`. What does not: points in time and
counts (`access`), hours and seasons (`municipal`). Source: ODRL Vocabulary 2.2, left operands.
"""

from __future__ import annotations

from typing import Final

from policies.model import ODRL, Operator
from policies.operands.kinds import NAME, NODE, PROVIDED, Use, duration, make
from policies.operands.operand import IDENTITY, Assurance, Operand, Origin, Phase, Side

ELAPSED_TIME: Final = ODRL + "elapsedTime"
DELAY_PERIOD: Final = ODRL + "delayPeriod"
EVENT: Final = ODRL + "event"

_SINCE_AGREEMENT = Use(Origin.AGREEMENT, Side.BOTH, Assurance.ENFORCED, Phase.DURING)
# How long the consumer has really used something is known to it alone.
_METERED = Use(Origin.REQUEST, Side.CONSUMER, Assurance.DECLARED, Phase.DURING)

OPERANDS: Final[tuple[Operand, ...]] = (
    make(
        ELAPSED_TIME,
        ("Dauer seit Vertragsschluss", "time since the agreement"),
        (
            "Wie lange der Vertrag schon besteht; Monate zählen nach dem Kalender.",
            "How long ago the agreement was concluded; months go by the calendar.",
        ),
        duration("P29D", "P30D", "P31D"),
        _SINCE_AGREEMENT,
    ),
    make(
        DELAY_PERIOD,
        ("Verzögerung", "delay"),
        (
            "Wie alt Daten mindestens sind, bevor sie hinausgehen.",
            "How old data are at least before they leave.",
        ),
        duration("PT59M", "PT1H", "PT61M"),
        PROVIDED,
    ),
    make(
        ODRL + "meteredTime",
        ("gemessene Nutzungsdauer", "metered time of use"),
        ("Wie lange insgesamt genutzt wurde.", "How long it was used in all."),
        duration("PT1H", "PT2H", "PT3H"),
        _METERED,
    ),
    make(
        ODRL + "timeInterval",
        ("Abstand zwischen Nutzungen", "time between uses"),
        ("Wie viel Zeit seit der vorigen Nutzung vergangen ist.", "How much time has passed since the use before."),
        duration("P6D", "P7D", "P8D"),
        _METERED,
    ),
    make(
        EVENT,
        ("Ereignis", "event"),
        (
            "Welche Ereignisse gerade andauern, nach Angabe des Anbieters.",
            "Which events are going on, as the provider states.",
        ),
        NAME,
        NODE,
        operators=IDENTITY | {Operator.IS_ALL_OF},
        manifold=True,
    ),
)
