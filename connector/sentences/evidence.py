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
    "signed.both": ("Von beiden Seiten unterschrieben.", "Signed by both sides."),
    "signed.not_peer": (
        "Nicht unterschrieben von {peer}: Dass {peer} zugestimmt hat, ist hier nicht beweisbar.",
        "Not signed by {peer}: that {peer} has agreed cannot be proved from here.",
    ),
    "signed.not_us": (
        "Von {peer} unterschrieben; unsere eigene unterschriebene Nachricht ist hier nicht aufbewahrt.",
        "Signed by {peer}; our own signed message is not kept here.",
    ),
    "signed.neither": (
        "Nicht unterschrieben, weder von {peer} noch von uns.",
        "Not signed, neither by {peer} nor by us.",
    ),
    "agreement.other_hash": (
        "Die Gegenstelle bestätigt einen anderen Vertragstext, als hier vorliegt.",
        "The peer confirms another text of the contract than the one that is here.",
    ),
}

LABELS: Final[Mapping[str, Both]] = {
    "heading": ("Datenvertrag", "Data contract"),
    "provider": ("Anbieter", "Provider"),
    "consumer": ("Abnehmer", "Consumer"),
    "dataset": ("Daten", "Data"),
    "concluded": ("geschlossen am", "Concluded"),
    "agreement": ("Vertrag", "Contract"),
    "hash": ("SHA-256", "SHA-256"),
    "template": ("Vorlage", "Template"),
    "signatures": ("Unterschriften", "Signatures"),
    "words": ("Schlüssel", "keys"),
    "both": ("von beiden Seiten unterschrieben", "signed by both sides"),
    "unsigned": ("nicht unterschrieben von {}", "not signed by {}"),
    "neither": ("von keiner Seite unterschrieben", "signed by neither side"),
    "summer": ("(Sommerzeit)", "CEST"),
    "winter": ("(Normalzeit)", "CET"),
    "terms": ("Bedingungen", "Terms"),
    "continued": ("Fortsetzung in {}", "continued in {}"),
    "messages": ("Nachrichten", "Messages"),
    "signed": ("unterschrieben", "signed"),
    "not signed": ("nicht unterschrieben", "not signed"),
    "foot": (
        "Lesefassung, erstellt am {at} von {exporter}. Verbindlich ist der Vertrag in den Nachrichten; geprüft wird er "
        "ohne Netz mit verify.py, das beiliegt. Was nicht unterschrieben ist, beweist nicht, wer es gesagt hat.",
        "A reading, made on {at} by {exporter}. Binding is the agreement in the messages; it is checked offline with "
        "verify.py, which is enclosed. What is not signed does not prove who has said it.",
    ),
}
"""What stands on the page of a contract: German, English."""

KINDS: Final[Mapping[str, Both]] = {
    "ContractRequestMessage": ("Anfrage", "Request"),
    "ContractOfferMessage": ("Angebot", "Offer"),
    "ContractAgreementMessage": ("Vertragstext", "Agreement"),
    "ContractAgreementVerificationMessage": ("Bestätigung des Vertragstextes", "Verification of the agreement"),
    "ContractNegotiationEventMessage consumer": ("Annahme", "Acceptance"),
    "ContractNegotiationEventMessage provider": ("Abschluss", "Conclusion"),
    "ContractNegotiationTerminationMessage": ("Abbruch", "Termination"),
}
"""Messages as people call them."""

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

README: Final = """Nachweis über einen Datenvertrag / Evidence of a data contract
{agreement}

DEUTSCH
Prüfen, ohne Netz, mit Python ab 3.11 und dem Paket cryptography:
    python verify.py NACHWEIS.zip
Nehmen Sie verify.py aus einer Quelle, der Sie trauen: Jedes Exemplar derselben Version ist gleich.
Vergleichen Sie die ausgegebenen Schlüsselwörter mit denen, die jede der beiden Seiten selbst nennt (allmende peer
list).

contract.pdf, terms.*.txt  Lesefassungen, erstellt von {exporter}; verbindlich ist der Vertrag in den Nachrichten
contract.json              die Angaben, die geprüft werden
messages/                  jede Nachricht der Verhandlung: *.body genau so, wie sie übertragen wurde; *.json mit den
                           Feldern, die ihre Unterschrift abdeckt (RFC 9421); ohne Felder ist sie nicht unterschrieben
documents/                 die DID-Dokumente beider Seiten, wie sie damals zu sehen waren
audit/                     Einträge des Protokolls mit Einschlussbeweisen (RFC 9162) und unterschriebenem Stand; dazu
                           der Stand der Gegenstelle, soweit sie einen gezeigt hat. Einträge nennen Personen, die
                           entschieden haben.
manifest.txt               die Liste aller Teile, unterschrieben von {exporter}

Was nicht bewiesen wird: wer eine nicht unterschriebene Nachricht gesandt hat; dass ein DID-Dokument echt ist; dass
keine Nachricht fehlt; dass die Uhr einer Seite richtig ging; dass das Protokoll von {exporter} nie neu
geschrieben wurde (das bezeugen die Stände, die seine Gegenstellen aufbewahren); was nach dem Abschluss geschah.

ENGLISH
To check, offline, with Python 3.11 or newer and the package cryptography:
    python verify.py EVIDENCE.zip
Take verify.py from a source that you trust: every copy of the same release is the same.
Compare the key words that it prints with those that each of the two sides itself tells you (allmende peer list).

contract.pdf, terms.*.txt  readings made by {exporter}; binding is the agreement in the messages
contract.json              the facts that are checked
messages/                  every message of the negotiation: *.body exactly as it went over the wire; *.json with the
                           fields that its signature covers (RFC 9421); without fields it is not signed
documents/                 the DID documents of both sides as they were seen then
audit/                     entries of the log with inclusion proofs (RFC 9162) and the signed head; and the head of the
                           other side, where it has shown one. Entries name the people who decided.
manifest.txt               the list of all parts, signed by {exporter}

What is not proved: who has sent a message that is not signed; that a DID document is the true one; that no message is
missing; that a side's clock was right; that the log of {exporter} was never written anew (the heads that its peers
keep bear witness to that); what happened after the conclusion.
"""
