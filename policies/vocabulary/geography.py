"""Geography beyond keys: the states of Germany, states of Europe, and the NUTS codes that name the same places.

What lives here: the tables. What does not: how places lie to each other (`places`). Sources: ISO 3166-1 and 3166-2:DE;
the first two digits of the official municipality key; Regulation (EC) No 1059/2003 (NUTS, 2021 edition); members of the
European Union and the European Economic Area in 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "01": ("SH", "Schleswig-Holstein"),
    "02": ("HH", "Hamburg"),
    "03": ("NI", "Niedersachsen"),
    "04": ("HB", "Bremen"),
    "05": ("NW", "Nordrhein-Westfalen"),
    "06": ("HE", "Hessen"),
    "07": ("RP", "Rheinland-Pfalz"),
    "08": ("BW", "Baden-Württemberg"),
    "09": ("BY", "Bayern"),
    "10": ("SL", "Saarland"),
    "11": ("BE", "Berlin"),
    "12": ("BB", "Brandenburg"),
    "13": ("MV", "Mecklenburg-Vorpommern"),
    "14": ("SN", "Sachsen"),
    "15": ("ST", "Sachsen-Anhalt"),
    "16": ("TH", "Thüringen"),
}
"""State key -> code of ISO 3166-2:DE and name."""

_NUTS: Final = """
    DEF:01 DEF0:01 DE6:02 DE60:02 DE600:02 DE9:03 DE5:04 DE50:04 DEA:05 DE7:06
    DEB:07 DE1:08 DE2:09 DEC:10 DEC0:10 DE3:11 DE30:11 DE300:11 DE4:12 DE40:12
    DE8:13 DE80:13 DED:14 DEE:15 DEE0:15 DEG:16 DEG0:16 DE91:031 DE92:032 DE93:033
    DE94:034 DEA1:051 DEA2:053 DEA3:055 DEA4:057 DEA5:059 DE71:064 DE72:065 DE73:066 DEB1:071
    DEB2:072 DEB3:073 DE11:081 DE12:082 DE13:083 DE14:084 DE21:091 DE22:092 DE23:093 DE24:094
    DE25:095 DE26:096 DE27:097 DED2:146 DED4:145 DED5:147
"""

NUTS: Final[Mapping[str, str]] = dict(pair.split(":") for pair in _NUTS.split())
"""NUTS code in Germany -> key of the state or government district that is the same place."""

UNION: Final[Mapping[str, tuple[str, str]]] = {
    "AT": ("Österreich", "Austria"),
    "BE": ("Belgien", "Belgium"),
    "BG": ("Bulgarien", "Bulgaria"),
    "CY": ("Zypern", "Cyprus"),
    "CZ": ("Tschechien", "Czechia"),
    "DE": ("Deutschland", "Germany"),
    "DK": ("Dänemark", "Denmark"),
    "EE": ("Estland", "Estonia"),
    "ES": ("Spanien", "Spain"),
    "FI": ("Finnland", "Finland"),
    "FR": ("Frankreich", "France"),
    "GR": ("Griechenland", "Greece"),
    "HR": ("Kroatien", "Croatia"),
    "HU": ("Ungarn", "Hungary"),
    "IE": ("Irland", "Ireland"),
    "IT": ("Italien", "Italy"),
    "LT": ("Litauen", "Lithuania"),
    "LU": ("Luxemburg", "Luxembourg"),
    "LV": ("Lettland", "Latvia"),
    "MT": ("Malta", "Malta"),
    "NL": ("Niederlande", "Netherlands"),
    "PL": ("Polen", "Poland"),
    "PT": ("Portugal", "Portugal"),
    "RO": ("Rumänien", "Romania"),
    "SE": ("Schweden", "Sweden"),
    "SI": ("Slowenien", "Slovenia"),
    "SK": ("Slowakei", "Slovakia"),
}
"""Members of the European Union by code of ISO 3166-1, with what people call them."""

EEA_ONLY: Final[Mapping[str, tuple[str, str]]] = {
    "IS": ("Island", "Iceland"),
    "LI": ("Liechtenstein", "Liechtenstein"),
    "NO": ("Norwegen", "Norway"),
}
"""Members of the European Economic Area outside the Union."""

ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "CA": ("Kanada", "Canada"),
    "CH": ("Schweiz", "Switzerland"),
    "CN": ("China", "China"),
    "GB": ("Vereinigtes Königreich", "United Kingdom"),
    "IL": ("Israel", "Israel"),
    "IN": ("Indien", "India"),
    "JP": ("Japan", "Japan"),
    "KR": ("Südkorea", "South Korea"),
    "NZ": ("Neuseeland", "New Zealand"),
    "RU": ("Russland", "Russia"),
    "TR": ("Türkei", "Türkiye"),
    "UA": ("Ukraine", "Ukraine"),
    "US": ("Vereinigte Staaten", "United States"),
}
"""Other states that policies name; one that is not here is known by its code alone."""
