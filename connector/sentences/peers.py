"""Other nodes, and reaching them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "peer.unknown": ("Diese Gegenstelle ist nicht eingetragen.", "This peer has not been added."),
    "peer.unknown.peer": (
        "Gesucht wurde „{peer}“; wer eingetragen ist: allmende peer list",
        'Looked for was "{peer}"; who has been added: allmende peer list',
    ),
    "peer.exists": ("Die Gegenstelle ist schon eingetragen, als „{name}“.", 'The peer was added before, as "{name}".'),
    "peer.name": ("„{name}“ geht nicht als Name einer Gegenstelle.", '"{name}" does not do as a peer\'s name.'),
    "peer.name_taken": (
        "Der Name „{name}“ ist für eine andere Gegenstelle vergeben.",
        'The name "{name}" belongs to another peer.',
    ),
    "peer.self": ("Das ist dieser Knoten selbst.", "That is this node itself."),
    "peer.url": (
        "Das ist keine Adresse, die angesprochen werden darf; gebraucht wird https://.",
        "That is not an address that may be called; https:// is needed.",
    ),
    "peer.document": (
        "Unter {url} steht kein lesbares Identitätsdokument ({why}).",
        "There is no readable identity document at {url} ({why}).",
    ),
    "peer.version": (
        "{url} spricht keine gemeinsame Fassung des Protokolls; gebraucht wird {want}.",
        "{url} speaks no common version of the protocol; {want} is needed.",
    ),
    "peer.words": (
        "Die Wörter stimmen nicht überein: genannt wurde „{told}“, gefunden wurde „{found}“. Fragen Sie nach.",
        'The words do not match: told were "{told}", found were "{found}". Ask before you add it.',
    ),
    "peer.words_form": (
        "„{word}“ ist kein Wort eines Fingerabdrucks; bitte prüfen Sie die Schreibweise.",
        '"{word}" is not a word of a fingerprint; check the spelling.',
    ),
    "peer.keys_changed": (
        "Die Schlüssel von {name} sind andere als die eingetragenen, und niemand bürgt dafür. Bekannt sind die Wörter"
        " {pinned}; jetzt zeigt sie {found}. Rufen Sie dort an; stimmen die neuen, dann:"
        ' allmende peer accept-keys {name} --words "…"',
        "The keys of {name} are not those that are known, and nobody vouches for them. Known are the words {pinned};"
        " now it shows {found}. Call them; if the new ones are right, then:"
        ' allmende peer accept-keys {name} --words "…"',
    ),
    "peer.address_refused": (
        "Die Adresse führt in ein Netz, das für diese Gegenstelle nicht erlaubt ist.",
        "The address leads into a network that is not allowed for this peer.",
    ),
    "peer.unreachable": (
        "Die Gegenstelle ist nicht zu erreichen. Stimmt die Adresse, und läuft der Knoten dort?",
        "The peer cannot be reached. Is the address right, and does the node run there?",
    ),
    "peer.timeout": (
        "Die Gegenstelle hat nicht rechtzeitig geantwortet.",
        "The peer did not answer in time.",
    ),
    "peer.tls": (
        "Mit der Gegenstelle kommt keine gesicherte Verbindung zustande; stimmt ihr Zertifikat?",
        "No secure connection to the peer can be made; is its certificate right?",
    ),
    "proxy.unreachable": (
        "Der Proxy, über den dieser Knoten nach außen geht, ist nicht zu erreichen.",
        "The proxy through which this node goes out cannot be reached.",
    ),
    "proxy.refused": (
        "Der Proxy, über den dieser Knoten nach außen geht, lässt keine Verbindung zur Gegenstelle zu.",
        "The proxy through which this node goes out allows no connection to the peer.",
    ),
    "proxy.credentials": (
        "In {path} steht nicht in einer Zeile Benutzer:Kennwort für den Proxy.",
        "{path} does not hold user:password for the proxy in one line.",
    ),
    "peer.disconnected": (
        "Die Gegenstelle hat die Verbindung ohne Antwort beendet.",
        "The peer ended the connection without an answer.",
    ),
    "peer.answer_broken": ("Die Antwort der Gegenstelle ist beschädigt.", "The peer's answer is damaged."),
    "peer.closed": ("Die Gegenstelle hat die Verbindung geschlossen.", "The peer has closed the connection."),
    "peer.token_refused": (
        "Die Gegenstelle erkennt diesen Knoten nicht an; zu prüfen sind die Uhren, und ob sie ihn noch als "
        "Nachbarn hat.",
        "The peer does not accept that it is this node; check the clocks, and whether it still has this node "
        "as a peer.",
    ),
    "peer.busy": (
        "Die Gegenstelle ist überlastet (HTTP {status}); es wird später wieder versucht.",
        "The peer is overloaded (HTTP {status}); it is tried again later.",
    ),
    "peer.says_code": ("Sie nennt den Code „{code}“.", 'It gives the code "{code}".'),
    "peer.not_vouched": (
        "Keine Region, der dieser Knoten glaubt, bürgt für diese Gegenstelle; also sind Wörter zu vergleichen.",
        "No region that this node believes vouches for this peer; so words have to be compared.",
    ),
    "peer.refuses": (
        "Die Gegenstelle nimmt diesen Knoten nicht an (HTTP {status}).",
        "The peer does not accept this node (HTTP {status}).",
    ),
    "peer.says": ("Sie sagt: „{text}“", 'It says: "{text}"'),
    "peer.refused": (
        "Die Gegenstelle hat abgelehnt (HTTP {status}).",
        "The peer has refused (HTTP {status}).",
    ),
    "peer.refused.status.401": (
        "Vielleicht hat sie diesen Knoten noch nicht als Gegenstelle eingetragen (dort: allmende peer add).",
        "Perhaps it has not added this node as a peer yet (there: allmende peer add).",
    ),
    **{
        f"peer.{code}.status.{status}": (
            "So antwortet der Webserver vor einem Knoten, der nicht läuft oder nicht zu erreichen ist.",
            "That is the web server in front of a node that does not run or cannot be reached.",
        )
        for code in ("refused", "status")
        for status in ("502", "503", "504")
    },
    "peer.status": (
        "Die Gegenstelle hat unerwartet geantwortet (HTTP {status}).",
        "The peer gave an unexpected answer (HTTP {status}).",
    ),
    "peer.answer_unclear": (
        "Die Antwort der Gegenstelle ist nicht zu verstehen.",
        "The peer's answer cannot be understood.",
    ),
    "peer.answer_too_large": ("Die Antwort der Gegenstelle ist zu groß.", "The peer's answer is too large."),
}
