"""Contracts from their conclusion to their end, and notices about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "notice.unreadable": ("Die Mitteilung ist nicht lesbar.", "The notice cannot be read."),
    "notice.exists": (
        "Die Kennung {id} gehört schon zu einer anderen Mitteilung.",
        "The id {id} belongs to another notice already.",
    ),
    "notice.many": (
        "Dazu wurden schon {limit} Mitteilungen gemacht; mehr werden nicht angenommen.",
        "There have been {limit} notices about this already; no more are taken.",
    ),
}
