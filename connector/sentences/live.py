"""Sentences about rows as they come, subscriptions to them, and where they are put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "live.watermark": (
        "Die Stelle, an der weitergelesen werden soll, ist keine, die dieser Knoten für diesen Vertrag genannt hat.",
        "The place from which to read on is none that this node has named for this contract.",
    ),
    "live.unwatchable": (
        "Diese Daten lassen sich nicht laufend beobachten; rufen Sie sie mit allmende get ab.",
        "These data cannot be watched as they come; fetch them with allmende get.",
    ),
    "live.done": (
        "Es kam alles, was verlangt war.",
        "All that was asked for has come.",
    ),
    "live.ended": (
        "Die Quelle hat aufgehört zu senden.",
        "The source has stopped sending.",
    ),
    "source.spool": (
        "Der Knoten kann nicht behalten, was die Quelle sendet. Sehen Sie nach, ob noch Platz auf der Platte ist.",
        "The node cannot keep what the silo sends. See whether there is room on the disk.",
    ),
}
