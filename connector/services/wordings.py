"""What people say of an asset -> what its portrait holds: words become the codes that they mean, names of places keys.

What lives here: which fields are codes of which list, which lead to a web page, which are places. What does not: the
lists (`catalog.profile.vocabularies`), the words (`catalog.repair`), whether a portal takes the whole (`portraits`).
Sources: DCAT-AP.de 3.0, controlled vocabularies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from catalog import geo
from catalog.portal import names
from catalog.profile import vocabularies as lists
from catalog.profile.vocabularies import Vocabulary
from catalog.repair.codes import code_of
from connector.errors import InputError
from policies.vocabulary import geography

_CODED: Final[Mapping[str, Vocabulary]] = {
    "themes": lists.THEMES,
    "licence": lists.LICENCES,
    "access": lists.ACCESS,
    "availability": lists.AVAILABILITY,
    "frequency": lists.FREQUENCIES,
    "languages": lists.LANGUAGES,
    "level": lists.LEVELS,
    "hvd": lists.HVD_CATEGORIES,
}
_LED: Final = ("landing_page", "documentation")
_OPEN: Final = ("licence", "level")
"""Fields whose lists the rules of the profile do not ask for, so that nobody else would notice a slip."""


def meant(field: str, value: Any) -> Any:
    """What is meant by the value of a field of `Metadata`, which has the field's type. A word that nobody knows stays,
    for the rules to find.

    Raises `InputError`: `portrait.code` (no licence, no level of administration), `portrait.address`, `search.place`.
    """
    if isinstance(value, tuple):
        found = [meant(field, one) for one in value]
        return tuple(one for at, one in enumerate(found) if one not in found[:at])
    if not value:
        return value
    if field in _CODED:
        return _code(field, value)
    if field == "places":
        return _place(value)
    if field in _LED and not _leads(value):
        raise InputError("portrait.address", field=field, value=value[:200])
    return value


def _code(field: str, value: str) -> str:
    of = _CODED[field]
    iri = code_of(of, value)
    if iri:
        return names.code(iri, of.stem)
    if field in _OPEN and not names.is_iri(value):
        raise InputError("portrait.code", field=field, value=value[:80], known=", ".join(sorted(of.known)))
    return value


def _place(value: str) -> str:
    """A key as it is written: an ARS names more than the AGS that it is looked up by."""
    known = geo.key(value)
    if known is None:
        known = value = geo.named(value) or ""
    if not known or (known[:2].isdigit() and known[:2] not in geography.STATES):
        raise InputError("search.place", place=value[:80])
    return value


def _leads(value: str) -> bool:
    try:
        return urlsplit(value).scheme in ("http", "https") and names.is_iri(value)
    except ValueError:
        return False
