"""Data that are delivered, and access tokens that are renewed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # access tokens
    "token.replaced": (
        "Das Zugangstoken ist durch ein neueres ersetzt, das schon benutzt wird.",
        "The access token was replaced by a newer one, which is in use.",
    ),
    "token.form": (
        "Die Anfrage nach einem neuen Token ist nicht lesbar.",
        "The request for a new token cannot be read.",
    ),
    "token.not_renewed": (
        "Die Gegenstelle erneuert das Zugangstoken nicht ({said}). Beenden Sie die Übertragung und beginnen Sie eine"
        " neue: allmende transfer terminate, dann allmende get.",
        "The peer does not renew the access token ({said}). End the transfer and begin another:"
        " allmende transfer terminate, then allmende get.",
    ),
    "transfer.locked_out": (
        "Das Zugangstoken dieser Übertragung gilt nicht mehr und ließ sich nicht erneuern; eine neue tritt an"
        " ihre Stelle.",
        "The access token of this transfer is good no more and was not renewed; another transfer takes its place.",
    ),
    # asking for a delivery
    "message.destination": (
        "Die Anfrage nennt kein Ziel, an das geliefert werden könnte: gebraucht wird eine http(s)-Adresse, und nichts,"
        " was hier nachzuschlagen wäre.",
        "The request names no place to deliver to: it takes an http(s) address, and nothing that would have to be"
        " looked up here.",
    ),
    "message.every": (
        "Wie oft geliefert werden soll, ist keine Dauer zwischen einer Sekunde und einem Jahr.",
        "How often to deliver is no duration between a second and a year.",
    ),
    "push.to": (
        "{url} ist keine http(s)-Adresse, an die geliefert werden könnte.",
        "{url} is no http(s) address that could be delivered to.",
    ),
    "push.every": (
        "{every} ist keine Dauer zwischen einer Sekunde und einem Jahr; gemeint ist etwa PT15M.",
        "{every} is no duration between a second and a year; such as PT15M.",
    ),
    "push.running": (
        "Unter diesem Vertrag wird schon geliefert (Übertragung {transfer}).",
        "There is a delivery under this contract already (transfer {transfer}).",
    ),
    "push.unoffered": (
        "Die Gegenstelle liefert diese Daten nicht; rufen Sie sie mit allmende get ab.",
        "The peer does not deliver these data; fetch them with allmende get.",
    ),
    "push.nothing": (
        "Unter diesem Vertrag ist noch keine Lieferung vollständig angekommen.",
        "No delivery under this contract has arrived whole yet.",
    ),
    # delivering
    "push.refused": (
        "Der Empfänger nimmt die Lieferung nicht an (Antwort {status}).",
        "The receiver does not take the delivery (answer {status}).",
    ),
    "push.unanswered": (
        "Der Empfänger ist nicht erreichbar oder kann gerade nichts annehmen (Antwort {status}); es wird weiter"
        " versucht.",
        "The receiver cannot be reached or can take nothing now (answer {status}); it is tried again.",
    ),
    # taking parts in
    "push.gap": (
        "Dieser Teil schließt nicht an das an, was hier ist; erwartet wird Teil {expected}.",
        "This part does not follow what is here; part {expected} is expected.",
    ),
    "push.digest": (
        "Was angekommen ist, hat nicht die angekündigte Prüfsumme; es wurde verworfen.",
        "What has arrived has not the hash that was announced; it was thrown away.",
    ),
    "push.length": (
        "Was angekommen ist, hat nicht die angekündigte Länge; es wurde verworfen.",
        "What has arrived has not the length that was announced; it was thrown away.",
    ),
    "push.damaged": (
        "Der Teil ist auf dem Weg beschädigt worden; bitte noch einmal.",
        "The part was damaged on its way; send it again.",
    ),
    "push.full": (
        "Im Eingang ist kein Platz mehr ([data] inbox_bytes).",
        "There is no room left in the inbox ([data] inbox_bytes).",
    ),
    "push.part": (
        "Der Teil ist zu groß; angenommen werden höchstens {most} Bytes.",
        "The part is too large; at most {most} bytes are taken.",
    ),
    "push.coding": (
        "Teile werden nur uncodiert angenommen.",
        "Parts are taken without a coding only.",
    ),
    "push.range": (
        "Die Angabe {place} ist nicht lesbar oder passt nicht zum Teil.",
        "The field {place} cannot be read or does not fit the part.",
    ),
    # what has happened
    "event.push_received": (
        "„{asset}“ von {peer} ist angekommen.",
        '"{asset}" from {peer} has arrived.',
    ),
    "event.push_ended": (
        "„{asset}“ konnte nicht an {peer} geliefert werden; die Übertragung ist beendet.",
        '"{asset}" could not be delivered to {peer}; the transfer has ended.',
    ),
}
