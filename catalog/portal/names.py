"""Codes and the lists that they are of: the last part of an authority's IRI, and that IRI again.

What lives here: the lists' addresses. What does not: which codes a list has (`profile.vocabularies`). Sources:
DCAT-AP 3.0 and DCAT-AP.de 3.0, controlled vocabularies; DCAT-AP HVD 3.0; ADMS; IANA media types.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from catalog.graph import Value

_EU: Final = "http://publications.europa.eu/resource/authority/"
THEME: Final = _EU + "data-theme/"
FORMAT: Final = _EU + "file-type/"
LANGUAGE: Final = _EU + "language/"
FREQUENCY: Final = _EU + "frequency/"
ACCESS: Final = _EU + "access-right/"
AVAILABILITY: Final = _EU + "planned-availability/"
COUNTRY: Final = _EU + "country/"
MEDIA_TYPE: Final = "https://www.iana.org/assignments/media-types/"
LICENCE: Final = "http://dcat-ap.de/def/licenses/"
LEVEL: Final = "http://dcat-ap.de/def/politicalGeocoding/Level/"
HVD: Final = "http://data.europa.eu/bna/"
PUBLISHER_TYPE: Final = "http://purl.org/adms/publishertype/"
MOBILITY_THEME: Final = "https://w3id.org/mobilitydcat-ap/mobility-theme/"
MOBILITY_STANDARD: Final = "https://w3id.org/mobilitydcat-ap/mobility-data-standard/"
MOBILITY_CONTRACT: Final = "https://w3id.org/mobilitydcat-ap/conditions-for-access-and-usage/contractual-arrangement"
HVD_LAW: Final = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
"""Commission Implementing Regulation (EU) 2023/138, as dcatap:applicableLegislation."""

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]+")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*", re.ASCII)


def is_iri(text: str) -> bool:
    """Is it an absolute IRI that can stand in every form of RDF (RFC 3987, with the ASCII rules alone)?"""
    return _IRI.fullmatch(text) is not None


@lru_cache(maxsize=4_096)
def code(iri: str, authority: str) -> str:
    """The code of an IRI of an authority's list, and any other IRI as it is. `https` is taken for `http`, and the other
    way round: portals write both."""
    bare = iri.removeprefix("https://").removeprefix("http://")
    start = authority.partition("://")[2]
    return bare[len(start) :] if bare.startswith(start) and len(bare) > len(start) else iri


def value(text: str, authority: str) -> Value:
    """A code or an IRI as the value of a property. What is neither is a literal, for rules to find."""
    if is_iri(text):
        return {"@id": text}
    return {"@id": authority + text} if _CODE.fullmatch(text) else {"@value": text}
