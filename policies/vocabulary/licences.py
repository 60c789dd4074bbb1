"""Licences of open and closed data: what each demands, as far as terms can contradict it.

What lives here: the licences that German administrations use most. What does not: their texts, which alone bind.
Source: the licences' own deeds; the IRIs of DCAT-AP.de 3.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Licence(Struct, frozen=True):
    """What a licence means. `open`: anybody may use it for anything, so that restrictive terms contradict it."""

    name: str
    open: bool
    attribution: bool


_DE = "http://dcat-ap.de/def/licenses/"
_BY = Licence("CC BY 4.0", True, True)
_ZERO = Licence("CC0 1.0", True, False)
_BY_SA = Licence("CC BY-SA 4.0", True, True)
_BY_NC = Licence("CC BY-NC 4.0", False, True)
_BY_ND = Licence("CC BY-ND 4.0", False, True)
_DL_BY = Licence("Datenlizenz Deutschland Namensnennung 2.0", True, True)
_DL_ZERO = Licence("Datenlizenz Deutschland Zero 2.0", True, False)
_ODBL = Licence("ODbL 1.0", True, True)

LICENCES: Final[Mapping[str, Licence]] = {
    _DE + "dl-by-de/2.0": _DL_BY,
    "https://www.govdata.de/dl-de/by-2-0": _DL_BY,
    _DE + "dl-zero-de/2.0": _DL_ZERO,
    "https://www.govdata.de/dl-de/zero-2-0": _DL_ZERO,
    _DE + "cc-by/4.0": _BY,
    "https://creativecommons.org/licenses/by/4.0/": _BY,
    _DE + "cc-zero": _ZERO,
    "https://creativecommons.org/publicdomain/zero/1.0/": _ZERO,
    _DE + "cc-by-sa/4.0": _BY_SA,
    "https://creativecommons.org/licenses/by-sa/4.0/": _BY_SA,
    _DE + "cc-by-nc/4.0": _BY_NC,
    "https://creativecommons.org/licenses/by-nc/4.0/": _BY_NC,
    _DE + "cc-by-nd/4.0": _BY_ND,
    "https://creativecommons.org/licenses/by-nd/4.0/": _BY_ND,
    _DE + "odbl": _ODBL,
    "https://opendatacommons.org/licenses/odbl/1-0/": _ODBL,
    _DE + "other-closed": Licence("andere geschlossene Lizenz", False, True),
}
"""IRI -> licence."""
