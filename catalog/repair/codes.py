"""A value as portals write it -> the code of the profile's vocabulary that it means, where it means one.

What lives here: which vocabulary has which words, under which other addresses its codes are known, and reading a text
or an IRI by them. What does not: the words (`words`), what happens to a value that has no code (`values`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from catalog.profile import vocabularies as lists
from catalog.profile.vocabularies import Vocabulary
from catalog.repair import words
from catalog.repair.words import folded

_PROTOCOL = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_SPLIT = re.compile(r"[,;|]")


class Reader(Struct, frozen=True):
    """How the codes of a vocabulary are found: by words, and below other addresses (without protocol and `www.`)."""

    said: Mapping[str, str]
    below: tuple[str, ...] = ()


def _itself(vocabulary: Vocabulary) -> Mapping[str, str]:
    return {folded(code): code for code in vocabulary.known}


_SPDX: Final = {folded(code.upper()): code for code in lists.CHECKSUMS.known} | {
    folded(name): code
    for code, names in {
        "md5": "md/5|md-5",
        "sha1": "sha/1|sha-1|sha",
        "sha224": "sha/224|sha-224|sha2-224",
        "sha256": "sha/256|sha-256|sha2-256",
        "sha384": "sha/384|sha-384|sha2-384",
        "sha512": "sha/512|sha-512|sha2-512",
    }.items()
    for name in names.split("|")
}

_READERS: Final[Mapping[str, Reader]] = {
    lists.LANGUAGES.name: Reader(
        words.LANGUAGES,
        (
            "id.loc.gov/vocabulary/iso639-1/",
            "id.loc.gov/vocabulary/iso639-2/",
            "lexvo.org/id/iso639-1/",
            "lexvo.org/id/iso639-3/",
            "lexvo.org/id/code/",
        ),
    ),
    lists.FREQUENCIES.name: Reader(
        words.FREQUENCIES,
        (
            "purl.org/cld/freq/",
            "inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/",
            "inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequencyCode/",
            "purl.org/linked-data/sdmx/2009/code#freq-",
        ),
    ),
    lists.FILE_TYPES.name: Reader(
        words.FORMATS,
        (
            "iana.org/assignments/media-types/",
            "purl.org/NET/mediatypes/",
            "purl.org/NET/mediatypes/application/",
            "inspire.ec.europa.eu/media-types/",
            "dcat-ap.de/def/formats/",
        ),
    ),
    lists.THEMES.name: Reader(words.THEMES, ("eurovoc.europa.eu/data-theme/", "ckan.govdata.de/group/", "govdata.de/")),
    lists.ACCESS.name: Reader(words.ACCESS, ("inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/",)),
    lists.AVAILABILITY.name: Reader(
        words.AVAILABILITY, ("dcat-ap.de/def/plannedAvailability/", "data.europa.eu/r5r/availability/")
    ),
    lists.STATUS.name: Reader(words.STATUS, ("purl.org/adms/status/",)),
    lists.PUBLISHERS.name: Reader(words.PUBLISHERS, ("purl.org/adms/publishertype/1.0/",)),
    lists.LICENCES.name: Reader(words.LICENCES),
    lists.LEVELS.name: Reader(words.LEVELS),
    lists.DATASET_TYPES.name: Reader(_itself(lists.DATASET_TYPES)),
    lists.HVD_CATEGORIES.name: Reader(_itself(lists.HVD_CATEGORIES)),
    lists.CHECKSUMS.name: Reader(_SPDX, ("dcat-ap.de/def/hashAlgorithms/", "spdx.org/rdf/terms/#checksumAlgorithm_")),
    lists.CONTRIBUTORS.name: Reader({}),
}


def code_of(vocabulary: Vocabulary, said: str) -> str:
    """The IRI of the one member that a text or an IRI means; "" where that is none, or not certain."""
    text = said.strip()
    reader = _READERS[vocabulary.name]
    if vocabulary.holds(text):
        return _known(vocabulary, reader, text)
    bare = _PROTOCOL.sub("", text).rstrip("/")
    if bare == text:
        return _by_word(vocabulary, reader, text)
    for stem in (_PROTOCOL.sub("", vocabulary.stem), *reader.below):
        if bare.startswith(stem):
            rest = bare[len(stem) :]
            iri = vocabulary.iri(rest)
            return _known(vocabulary, reader, iri) if vocabulary.holds(iri) else _by_word(vocabulary, reader, rest)
    return _by_word(vocabulary, reader, bare) if vocabulary is lists.LICENCES else ""


def _known(vocabulary: Vocabulary, reader: Reader, iri: str) -> str:
    """A member; one that nobody knows, and that is what people call another, is that one."""
    code = iri[len(vocabulary.stem) :]
    return vocabulary.iri(reader.said.get(folded(code), code)) if code not in vocabulary.known else iri


def codes_of(vocabulary: Vocabulary, said: str) -> list[str]:
    """The members that a text lists, with commas, semicolons or bars between them; none where one of them is none."""
    parts = [part for part in _SPLIT.split(said) if part.strip()]
    found = [code_of(vocabulary, part) for part in parts]
    return found if found and all(found) else []


def _by_word(vocabulary: Vocabulary, reader: Reader, word: str) -> str:
    code = reader.said.get(folded(word)) or reader.said.get(folded(word.removeprefix(".")))
    return vocabulary.iri(code) if code else ""


def media_type_of(said: str) -> str:
    """The IRI of IANA's registry for a media type; "" for what is none."""
    text = _PROTOCOL.sub("", said.strip())
    for stem in ("iana.org/assignments/media-types/", "purl.org/NET/mediatypes/", "inspire.ec.europa.eu/media-types/"):
        text = text.removeprefix(stem)
    media = words.MEDIA_TYPES.get(folded(text), text.partition(";")[0].strip().lower())
    return lists.MEDIA_TYPES + media if _is_media(media) else ""


def _is_media(text: str) -> bool:
    top, slash, sub = text.partition("/")
    return (
        bool(slash) and top in words.MEDIA_TREES and re.fullmatch(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", sub) is not None
    )
