"""Searching catalogues: what may be asked, whether what was found could be used, what saved searches find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # could this node use it? These are counted, so they speak of one and of many alike.
    "usable.unclear": (
        "Bedingungen, die dieser Knoten nicht versteht und deshalb nie für nutzbar hält",
        "terms that this node does not understand and so never takes for usable",
    ),
    "usable.other_party": ("für jemand anderen bestimmt", "meant for somebody else"),
    "usable.over": ("Nutzungszeit vorbei", "the time of use is over"),
    "usable.nothing": ("erlaubt niemandem etwas", "permits nothing to anybody"),
    "usable.purpose": ("nur für einen anderen Zweck", "for another purpose only"),
    "usable.place": ("nur an einem anderen Ort zu nutzen", "to be used at another place only"),
    "usable.proof": (
        "verlangt einen Nachweis, den dieser Knoten nicht hat",
        "asks for a proof that this node does not hold",
    ),
    "usable.world": (
        "nur in einer Lage, die der Anbieter feststellt",
        "only in a situation that its provider states",
    ),
    "usable.time": ("nur zu einer anderen Zeit", "at another time only"),
    "usable.count": ("Zahl der Nutzungen reicht nicht", "the number of uses is not enough"),
    "usable.duty": ("Pflicht, die nicht mehr zu erfüllen ist", "a duty that cannot be done any more"),
    "usable.prohibited": ("für diese Nutzung verboten", "prohibited for this use"),
    "usable.action": ("erlaubt das Lesen der Daten nicht", "does not permit reading the data"),
    "usable.other": ("andere Bedingung nicht erfüllt", "another condition is not met"),
    "usable.no_offer": ("ohne Angebot im Katalog", "without an offer in the catalogue"),
    "usable.ended": ("Die Nutzung endete am {ends}.", "Use ended on {ends}."),
    "usable.provider_states": (
        "Auch der Anbieter muss es feststellen: {operand:operand}.",
        "The provider has to state it as well: {operand:operand}.",
    ),
}
"""Code -> German, English."""
