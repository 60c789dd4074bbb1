"""What portals and people without a login are told, and what is told of assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "portal.gone": (
        "Diesen Stand des Katalogs gibt es nicht mehr. Beginnen Sie das Einsammeln bei der ersten Seite.",
        "This state of the catalogue is no longer there. Begin the harvest with the first page.",
    ),
    "portal.page": ("Eine solche Seite gibt es nicht.", "There is no such page."),
    "portal.number": (
        "{name} ist eine Zahl ab 1.",
        "{name} is a number from 1 up.",
    ),
    "portal.since": (
        "modified_since ist ein Tag (2027-12-31) oder ein Zeitpunkt (2027-12-31T18:00:00Z).",
        "modified_since is a day (2027-12-31) or an instant (2027-12-31T18:00:00Z).",
    ),
}
