"""The language of the command line: labels by a table, whole sentences in both languages where they stand.

What lives here: which language this call speaks, the German of labels, headings and titles, `either`. What does not:
the sentences of reasons, which the node makes (`connector.sentences`), help texts (English; topics are in both).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, Literal

Language = Literal["de", "en"]
_LANGUAGE: Final[ContextVar[Language]] = ContextVar("language", default="en")


def speak(language: Language) -> None:
    """From here on this call speaks that language."""
    _LANGUAGE.set(language)


def either(english: str, german: str) -> str:
    """The one of two sentences that is in the language of this call."""
    return german if _LANGUAGE.get() == "de" else english


def word(label: str) -> str:
    """A label in the language of this call; one that has no German stays as it is."""
    return GERMAN.get(label, label) if _LANGUAGE.get() == "de" else label


GERMAN: Final[Mapping[str, str]] = {
    # said of everything
    "yes": "ja",
    "no": "nein",
    "name": "Name",
    "kind": "Art",
    "title": "Titel",
    "description": "Beschreibung",
    "settings": "Einstellungen",
    "added": "angelegt",
    "by": "von",
    "when": "wann",
    "what": "was",
    "why": "warum",
    "since": "seit",
    "until": "bis",
    "state": "Zustand",
    "version": "Fassung",
    "last change": "zuletzt geändert",
    "peer": "Gegenstelle",
    "we are": "wir sind",
    "reason": "Grund",
    "file": "Datei",
    "files": "Dateien",
    "bytes": "Bytes",
    "lines": "Zeilen",
    "directory": "Verzeichnis",
    "role": "Rolle",
    "address": "Adresse",
    "identity": "Identität",
    "fingerprint": "Fingerabdruck",
    "Next": "Als Nächstes",
    # assets, policies, offers, catalogue
    "media type": "Medientyp",
    "dataset": "Datensatz",
    "formats": "Formate",
    "offer": "Angebot",
    "policy": "Nutzungsregel",
    "outside these terms": "außerhalb dieser Bedingungen",
    "counter": "Gegenangebot",
    "ask": "Menschen entscheiden",
    "refuse": "Ablehnung",
    "who agrees": "wer zustimmt",
    "published": "veröffentlicht",
    "Terms": "Bedingungen",
    "retired": "zurückgezogen",
    "consumer": "Nehmer",
    "provider": "Geber",
    "No assets yet. Add one with: allmende asset add NAME PATH": (
        "Noch keine Datenbestände. Anlegen mit: allmende asset add NAME PATH"
    ),
    "No offers yet. Publish one with: allmende offer publish ASSET POLICY": (
        "Noch keine Angebote. Veröffentlichen mit: allmende offer publish ASSET POLICY"
    ),
    # negotiations, contracts, transfers
    "negotiation": "Verhandlung",
    "under way": "unterwegs",
    "waits for": "wartet auf",
    "agreed": "zugestimmt",
    "who may": "wer darf",
    "decision": "Entscheidung",
    "drafted by": "entworfen von",
    "contract": "Vertrag",
    "concluded": "geschlossen",
    "in force": "in Kraft",
    "ends": "endet",
    "ended": "beendet",
    "held": "ruht",
    "released": "freigegeben",
    "signed": "unterschrieben",
    "both": "von beiden",
    "unsigned": "nicht von beiden",
    "signatures": "Unterschriften",
    "replaces": "ersetzt",
    "replaced by": "ersetzt durch",
    "replaces the contract": "ersetzt den Vertrag",
    "notice given now ends it": "Kündigung heute beendet ihn",
    "SHA-256": "SHA-256",
    "transfer": "Übertragung",
    "What lies between the two sides": "Was zwischen beiden Seiten liegt",
    "On the table": "Auf dem Tisch",
    "How it stands": "Wie er steht",
    "What was told": "Was mitgeteilt wurde",
    "No negotiations.": "Keine Verhandlungen.",
    "Nothing waits for anybody.": "Nichts wartet auf jemanden.",
    "No such contracts.": "Keine solchen Verträge.",
    "No contracts yet.": "Noch keine Verträge.",
    "No transfers.": "Keine Übertragungen.",
    "frame contract": "Rahmenvertrag",
    "file number": "Aktenzeichen",
    "covers": "gilt für",
    "anybody": "alle",
    "Signed by": "Unterschrieben von",
    "No frame contracts: every contract waits for a person.": (
        "Keine Rahmenverträge: jeder Vertrag wartet auf einen Menschen."
    ),
    # peers and operators
    "protocol": "Protokoll",
    "private network": "privates Netz",
    "facts": "Angaben",
    "No peers yet. Add one with: allmende peer add URL": (
        "Noch keine Gegenstellen. Eintragen mit: allmende peer add URL"
    ),
    "No operators.": "Niemand hat Zugang.",
    "known by": "bekannt durch",
    "compared words": "verglichene Wörter",
    "not trusted now": "zurzeit kein Vertrauen",
    # regions, credentials, trust
    "region": "Region",
    "root certificate": "Stammzertifikat",
    "root ends": "Wurzel endet",
    "nodes' authority ends": "Stelle für Knoten endet",
    "devices' authority ends": "Stelle für Geräte endet",
    "members": "Mitglieder",
    "suspended": "ruht",
    "open places": "offene Plätze",
    "credentials issued": "ausgestellte Nachweise",
    "Vouches for": "Bürgt für",
    "for": "für",
    "keys": "Schlüssel",
    "place": "Platz",
    "one-time code": "Einmalcode",
    "good until": "gilt bis",
    "key number": "amtlicher Schlüssel",
    "named to everybody": "für alle genannt",
    "node": "Knoten",
    "device": "Gerät",
    "active": "aktiv",
    "left": "ausgeschieden",
    "stolen": "gestohlen",
    "open": "offen",
    "late": "abgelaufen",
    "taken": "eingelöst",
    "done": "erledigt",
    "how": "wie",
    "members may": "Mitglieder dürfen",
    "keys changed": "Schlüssel geändert",
    "believed for": "geglaubt für",
    "also about other regions": "auch über andere Regionen",
    "this node is a member": "dieser Knoten ist Mitglied",
    "vouched for by": "verbürgt von",
    "Members that it names": "Mitglieder, die sie nennt",
    "Members": "Mitglieder",
    "and more": "und weitere",
    "The chain": "Die Kette",
    "judged": "geprüft",
    "judged again after": "wird wieder geprüft nach",
    "credential": "Nachweis",
    "issuer": "Aussteller",
    "from": "von",
    "to": "an",
    "form": "Form",
    "says": "besagt",
    "received": "erhalten",
    "good": "gültig",
    "early": "noch nicht gültig",
    "revoked": "widerrufen",
    "identifier": "Bezeichner",
    "Nothing issued yet.": "Noch nichts ausgestellt.",
    "It offers nothing that is understood here.": "Sie bietet nichts an, was hier verstanden wird.",
    "No regions yet. Join one with: allmende join URL CODE; or believe one: allmende trust add URL": (
        "Noch keine Regionen. Beitreten mit: allmende join URL CODE; oder einer glauben: allmende trust add URL"
    ),
    'No members yet. Invite one with: allmende region invite "Town of Nachbarsdorf"': (
        'Noch keine Mitglieder. Einladen mit: allmende region invite "Gemeinde Nachbarsdorf"'
    ),
    "No credentials yet. Join a region with: allmende join URL CODE": (
        "Noch keine Nachweise. Einer Region beitreten mit: allmende join URL CODE"
    ),
    # the log
    "entry": "Eintrag",
    "entries": "Einträge",
    "details": "Einzelheiten",
    "root": "Wurzel",
    "log is whole": "Protokoll ist ganz",
    "borne out by": "bestätigt von",
    "not to be asked": "nicht zu fragen",
    "can be compared with": "vergleichbar mit",
    "contracts of the peer": "Verträge der Gegenstelle",
    "reinstated, held": "wieder da, ruht",
    "Findings": "Befunde",
    "Differences": "Unterschiede",
    "No entries.": "Keine Einträge.",
    "importance": "Gewicht",
    "note": "Hinweis",
    "attention": "Beachten",
    "alarm": "Alarm",
    "Nothing has happened.": "Nichts ist geschehen.",
    # the node
    "health": "Gesundheit",
    "waiting": "warten",
    "oldest since": "älteste seit",
    "attempts": "Versuche",
    "node runs": "Knoten läuft",
    "Found": "Befunde",
    "To be looked after": "Darum muss sich jemand kümmern",
    "No message waits for a peer.": "Keine Nachricht wartet auf eine Gegenstelle.",
    "peers": "Gegenstellen",
    "assets": "Datenbestände",
    "offers": "Angebote",
    "negotiations": "Verhandlungen",
    "contracts": "Verträge",
    "transfers": "Übertragungen",
    "waiting for you": "warten auf Sie",
    "topic": "Thema",
    "about": "worüber",
    # descriptions
    "town": "Ort",
    "terms": "Nutzungsbedingungen",
    "street": "Straße",
    "country": "Land",
    "municipality": "Gemeindeschlüssel",
    "vat": "USt-IdNr.",
    "lei": "LEI",
    "eori": "EORI",
    "euid": "EUID",
    "tax": "Steuernummer",
    "Nothing is published yet. Publish with: allmende describe publish": (
        "Es ist noch nichts veröffentlicht. Veröffentlichen mit: allmende describe publish"
    ),
    # keys, backup, export
    "key": "Schlüssel",
    "thumbprint": "Daumenabdruck",
    "destroyed": "vernichtet",
    "No keys.": "Keine Schlüssel.",
    "signs from": "unterschreibt ab",
    "published until": "veröffentlicht bis",
    "who": "wer",
    "goes on as": "geht weiter als",
    "decided by": "entschieden von",
    "Nobody is kept out.": "Niemand wird draußen gehalten.",
    "removed": "entfernt",
    "Nobody goes on under another name.": "Niemand geht unter anderem Namen weiter.",
    "stands as of": "Stand",
    "log entries": "Protokolleinträge",
    "contracts held": "ruhende Verträge",
    "Not in the backup": "Nicht in der Sicherung",
    "Something is wrong with the log": "Mit dem Protokoll stimmt etwas nicht",
    "No records.": "Keine Datensätze.",
}
"""English -> German."""
