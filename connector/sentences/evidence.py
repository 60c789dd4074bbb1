"""Signed messages, and what is proved by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "signature.missing": (
        "Die Nachricht ist nicht unterschrieben, obwohl diese Gegenstelle ihre Nachrichten unterschreibt. Hat sie das "
        "mit Absicht aufgegeben, hilft es, sie zu entfernen und neu einzutragen.",
        "The message is not signed, although this peer signs its messages. Where it has given that up on purpose, "
        "removing the peer and adding it again helps.",
    ),
    "signature.form": (
        "Die Unterschrift der Nachricht ist nicht lesbar oder deckt etwas anderes ab als verlangt.",
        "The message's signature cannot be read, or covers something else than is asked for.",
    ),
    "signature.digest": (
        "Die Nachricht hat einen anderen Inhalt als den unterschriebenen.",
        "The message has another body than the one that was signed.",
    ),
    "signature.key": (
        "Der Schlüssel der Unterschrift gehört nicht zu den eingetragenen dieser Gegenstelle.",
        "The signature's key is none of those that are pinned for this peer.",
    ),
    "signature.value": (
        "Die Nachricht enthält Angaben, die nicht unterschrieben werden können.",
        "The message holds values that cannot be signed.",
    ),
    "signature.wrong": (
        "Die Unterschrift der Nachricht stimmt nicht.",
        "The message's signature does not verify.",
    ),
    "signature.created": (
        "Die Nachricht wurde nicht zur Zeit ihres Tokens unterschrieben; gehen die Uhren beider Seiten richtig?",
        "The message was not signed at the time of its token; are both sides' clocks right?",
    ),
    "http.signature": (
        "Ein Feld der Unterschrift steht mehrmals in der Anfrage.",
        "A field of the signature stands in the request more than once.",
    ),
    "agreement.other_hash": (
        "Die Gegenstelle bestätigt einen anderen Vertragstext, als hier vorliegt.",
        "The peer confirms another text of the contract than the one that is here.",
    ),
}
