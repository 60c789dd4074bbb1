"""The thirteen themes of data by what people call them, in German and English.

What lives here: names, and which theme a word means. What does not: the codes as an authority's list
(`profile.vocabularies`). Source: the EU authority table `data-theme`, labels shortened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "AGRI": ("Landwirtschaft, Fischerei, Ernährung", "agriculture, fisheries, food"),
    "ECON": ("Wirtschaft und Finanzen", "economy and finance"),
    "EDUC": ("Bildung, Kultur und Sport", "education, culture and sport"),
    "ENER": ("Energie", "energy"),
    "ENVI": ("Umwelt", "environment"),
    "GOVE": ("Regierung und Verwaltung", "government and public sector"),
    "HEAL": ("Gesundheit", "health"),
    "INTR": ("Internationales", "international issues"),
    "JUST": ("Justiz und Sicherheit", "justice and public safety"),
    "REGI": ("Regionen und Städte", "regions and cities"),
    "SOCI": ("Bevölkerung und Gesellschaft", "population and society"),
    "TECH": ("Wissenschaft und Technik", "science and technology"),
    "TRAN": ("Verkehr", "transport"),
}
"""Code -> German, English."""
_LEAST: Final = 4
"""Letters of a word that are enough to mean it."""


def meant(text: str) -> str | None:
    """The code of the one theme that is meant: by its code, or by the beginning of a word of its name."""
    said = " ".join(text.split()).casefold()
    if said.upper() in NAMES:
        return said.upper()
    found = [code for code, names in NAMES.items() if any(_begins(said, name) for name in names)]
    return found[0] if len(found) == 1 else None


def _begins(said: str, name: str) -> bool:
    name = name.casefold()
    words = name.replace(",", " ").split()
    return said == name or (len(said) >= _LEAST and any(word.startswith(said) for word in words))
