"""Credentials, presentations and lists of revocations that prove nothing. Links of a chain of trust are in `trust`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

_TOKENS: Final[Mapping[str, Both]] = {
    "too_large": ("ist zu lang.", "is too long."),
    "malformed": ("ist nicht lesbar.", "cannot be read."),
    "header": ("hat einen Kopf mit unerlaubten Angaben.", "has a header with entries that are not allowed."),
    "algorithm": (
        "ist mit einem Verfahren unterschrieben, das nicht angenommen wird.",
        "is signed with an algorithm that is not accepted.",
    ),
    "kind": ("ist etwas anderes als angegeben.", "is something other than it says."),
    "wrapper": ("mischt zwei Fassungen des Datenmodells.", "mixes two generations of the data model."),
    "date": ("nennt einen Zeitpunkt, der keiner ist.", "names an instant that is none."),
    "key": (
        "nennt keinen Schlüssel seines Ausstellers, der dafür da ist ({kid}).",
        "names no key of its issuer that may be used for it ({kid}).",
    ),
    "signature": ("trägt eine falsche Unterschrift ({kid}).", "carries a wrong signature ({kid})."),
}
"""What can be wrong about any signed token."""

TEMPLATES: Final[Mapping[str, Both]] = {
    **{f"credential.{code}": (f"Der Nachweis {de}", f"The credential {en}") for code, (de, en) in _TOKENS.items()},
    "credential.context": (
        "Der Nachweis verwendet ein unbekanntes Vokabular ({context}); es wird nichts nachgeladen.",
        "The credential uses an unknown vocabulary ({context}); nothing is fetched.",
    ),
    "credential.type": ("Der Nachweis nennt keine lesbare Art.", "The credential names no type that can be read."),
    "credential.id": ("Der Nachweis hat keine Kennung.", "The credential has no id."),
    "credential.issuer": ("Der Nachweis nennt keinen Aussteller.", "The credential names no issuer."),
    "credential.subject": (
        "Der Nachweis handelt nicht von genau einem Gegenstand.",
        "The credential is not about exactly one subject.",
    ),
    "credential.claims": (
        "Der Nachweis widerspricht sich: Hülle und Inhalt nennen Verschiedenes ({claim}).",
        "The credential contradicts itself: envelope and content differ ({claim}).",
    ),
    "credential.status": (
        "Der Nachweis verweist auf eine Widerrufsliste, die hier nicht verstanden wird.",
        "The credential refers to a list of revocations that is not understood here.",
    ),
    "credential.index": (
        "Der Nachweis nennt keinen gültigen Platz in der Widerrufsliste ({index}).",
        "The credential names no valid place in the list of revocations ({index}).",
    ),
    "credential.schema": (
        "Der Nachweis folgt einem unbekannten Schema oder hält seines nicht ein ({schema}).",
        "The credential follows an unknown schema or breaks its own ({schema}).",
    ),
    "credential.early": (
        "Der Nachweis gilt erst ab {begins:time}.",
        "The credential is valid only from {begins:time}.",
    ),
    "credential.expired": ("Der Nachweis galt bis {ended:time}.", "The credential was valid until {ended:time}."),
    **{f"presentation.{code}": (f"Die Vorlage {de}", f"The presentation {en}") for code, (de, en) in _TOKENS.items()},
    "presentation.key": (
        "Die Vorlage nennt keinen Schlüssel ihres Inhabers, der dafür da ist ({kid}).",
        "The presentation names no key of its holder that may be used for it ({kid}).",
    ),
    "presentation.too_many": (
        "Die Vorlage enthält {count} Nachweise; das sind zu viele.",
        "The presentation holds {count} credentials, which is too many.",
    ),
    "presentation.empty": ("Die Vorlage enthält keinen Nachweis.", "The presentation holds no credential."),
    "presentation.mixed": (
        "Die Vorlage mischt Nachweise verschiedener Fassungen.",
        "The presentation mixes credentials of different generations.",
    ),
    "presentation.ids": (
        "Zwei Teile der Vorlage tragen dieselbe Kennung.",
        "Two parts of the presentation have the same id.",
    ),
    "presentation.holder": (
        "Die Vorlage stammt nicht von dem, der sie zeigt.",
        "The presentation is not by whoever shows it.",
    ),
    "presentation.audience": (
        "Die Vorlage ist für jemand anderen bestimmt.",
        "The presentation is meant for somebody else.",
    ),
    "presentation.early": ("Die Vorlage gilt noch nicht.", "The presentation is not valid yet."),
    "presentation.expired": ("Die Vorlage ist abgelaufen.", "The presentation has expired."),
    "presentation.life": ("Die Vorlage gilt länger als erlaubt.", "The presentation lives longer than is allowed."),
    "status.malformed": ("Die Widerrufsliste ist nicht lesbar.", "The list of revocations cannot be read."),
    "status.too_large": ("Die Widerrufsliste ist zu groß.", "The list of revocations is too large."),
    "status.too_short": (
        "Die Widerrufsliste hat nur {entries} Einträge; üblich sind mindestens 131 072, damit niemand erfährt, wessen "
        "Eintrag gelesen wird.",
        "The list of revocations has only {entries} entries; at least 131,072 are wanted, so that nobody learns whose "
        "entry is read.",
    ),
    "status.range": (
        "Die Widerrufsliste {list} hat keinen Platz {index}.",
        "The list of revocations {list} has no place {index}.",
    ),
    "status.url": (
        "Unter der Adresse der Widerrufsliste liegt eine andere ({url}).",
        "Another list is at the address of the list of revocations ({url}).",
    ),
    "status.issuer": (
        "Die Widerrufsliste ist nicht vom Aussteller des Nachweises, sondern von {issuer}.",
        "The list of revocations is not by the credential's issuer but by {issuer}.",
    ),
    "status.kind": ("Das ist keine Widerrufsliste.", "That is no list of revocations."),
    "status.purpose": (
        "Die Liste dient einem anderen Zweck ({purpose}).",
        "The list serves another purpose ({purpose}).",
    ),
}
