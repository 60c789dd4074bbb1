"""Sentences in German and English for the connector's own reason codes, beside those of the policies.

What lives here: the wording, one template a code, and `sentence`. What does not: filling in (`policies.explain`), the
policies' own codes. A field is `{name}`; a parameter that is missing is shown as "?". Each sentence says what happened
and, where somebody can do something about it, what helps. A test finds every code that the package raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from policies import explain
from policies.model import Reason

Language = Literal["de", "en"]
Both = tuple[str, str]

TEMPLATES: Final[Mapping[str, Both]] = {
    # who is calling
    "token.missing": (
        "Die Anfrage nennt keinen Absender: Es fehlt der Authorization-Header mit einem Bearer-Token.",
        "The request does not say who asks: an Authorization header with a bearer token is missing.",
    ),
    "token.unknown": (
        "Der Zugangsschlüssel ist hier nicht bekannt.",
        "The credential is not known here.",
    ),
    "token.replayed": (
        "Das Token wurde schon einmal verwendet; jede Nachricht braucht ein eigenes.",
        "The token was used before; every message needs one of its own.",
    ),
    "token.too_large": ("Das Token ist zu lang.", "The token is too long."),
    "token.malformed": ("Das Token ist nicht lesbar.", "The token cannot be read."),
    "token.header": ("Der Kopf des Tokens ist nicht lesbar.", "The token's header cannot be read."),
    "token.algorithm": (
        "Das Token ist mit einem Verfahren unterschrieben, das nicht angenommen wird.",
        "The token is signed with an algorithm that is not accepted.",
    ),
    "token.type": ("Das Token ist von einer anderen Art.", "The token is of another type."),
    "token.claims": ("Dem Token fehlen Angaben.", "The token lacks claims."),
    "token.subject": (
        "Das Token spricht für jemand anderen als seinen Aussteller.",
        "The token speaks for somebody else than its issuer.",
    ),
    "token.audience": ("Das Token ist für jemand anderen bestimmt.", "The token is meant for somebody else."),
    "token.expired": ("Das Token ist abgelaufen.", "The token has expired."),
    "token.early": (
        "Das Token gilt noch nicht; gehen die Uhren beider Seiten richtig?",
        "The token is not valid yet; are both sides' clocks right?",
    ),
    "token.life": ("Das Token gilt länger als erlaubt.", "The token lives longer than is allowed."),
    "token.issuer": (
        "Der Aussteller des Tokens ist hier nicht als Gegenstelle eingetragen.",
        "The token's issuer is not a peer of this node.",
    ),
    "token.key": (
        "Der Schlüssel des Tokens gehört nicht zu den eingetragenen.",
        "The token's key is none of those that are pinned.",
    ),
    "token.signature": ("Die Unterschrift des Tokens stimmt nicht.", "The token's signature does not verify."),
    "token.refused": (
        "Das Token beweist nicht, wer anfragt.",
        "The token does not prove who asks.",
    ),
    "role.missing": (
        "Das darf nur, wer die Rolle {needed} oder eine höhere hat; Ihre ist {role}.",
        "This takes the role {needed} or a higher one; yours is {role}.",
    ),
    # HTTP
    "http.malformed": ("Die Anfrage ist kein gültiges HTTP.", "The request is not valid HTTP."),
    "http.target": (
        "Die Adresse der Anfrage hat eine Form, die hier nicht angenommen wird.",
        "The request's target has a form that is not accepted here.",
    ),
    "http.framing": (
        "Die Länge der Anfrage ist nicht eindeutig angegeben (Transfer-Encoding darf nur „chunked“ sein).",
        'The request\'s length is not stated without doubt (Transfer-Encoding may only be "chunked").',
    ),
    "http.upgrade": ("Ein Wechsel des Protokolls wird nicht angeboten.", "A change of protocol is not offered."),
    "http.host": (
        "Unter diesem Namen ist der Knoten nicht zu erreichen; der Host-Header muss seine Adresse nennen.",
        "The node does not go by this name; the Host header must name its address.",
    ),
    "http.origin": (
        "Anfragen aus Web-Seiten anderer Herkunft werden nicht angenommen.",
        "Requests from web pages of another origin are not accepted.",
    ),
    "http.authorization": (
        "Die Anfrage trägt mehr als einen Authorization-Header.",
        "The request carries more than one Authorization header.",
    ),
    "http.headers": ("Die Kopfzeilen der Anfrage sind zu lang.", "The request's headers are too long."),
    "http.body": (
        "Die Anfrage ist zu groß; angenommen werden höchstens {limit} Bytes.",
        "The request is too large; at most {limit} bytes are accepted.",
    ),
    "http.coding": (
        "Diese Kompression wird nicht angenommen, nur {expected}.",
        "This content coding is not accepted, only {expected}.",
    ),
    "http.gzip": ("Die komprimierte Anfrage ist beschädigt.", "The compressed request is damaged."),
    "http.expect": ("Diese Erwartung kann nicht erfüllt werden.", "This expectation cannot be met."),
    "http.slow": ("Die Anfrage kam nicht in der erlaubten Zeit an.", "The request did not arrive in the time allowed."),
    "http.connections": ("Es bestehen zu viele Verbindungen.", "There are too many connections."),
    "http.path": ("Diese Adresse gibt es hier nicht.", "There is no such address here."),
    "http.method": (
        "Diese Methode gibt es hier nicht; möglich sind: {allowed}.",
        "There is no such method here; possible are: {allowed}.",
    ),
    "http.media_type": (
        "Der Inhalt muss JSON sein (Content-Type: application/json).",
        "The content must be JSON (Content-Type: application/json).",
    ),
    "request.path": ("Die Adresse enthält unlesbare Zeichen.", "The address contains characters that cannot be read."),
    "request.query": (
        "Die Angaben hinter dem Fragezeichen sind nicht lesbar oder doppelt.",
        "The query cannot be read, or names something twice.",
    ),
    "input.wrong": (
        "Die Angabe bei {place} ist falsch: {problem}.",
        "What is given at {place} is wrong: {problem}.",
    ),
    "input.json": ("Der Inhalt ist kein lesbares JSON.", "The content is not readable JSON."),
    "input.exclusive": (
        "Genau eine dieser Angaben wird gebraucht: {fields}.",
        "Exactly one of these is needed: {fields}.",
    ),
    "name.form": ("„{name}“ geht nicht als Name: {rule}.", '"{name}" does not do as a name: {rule}.'),
    "name.short": (
        "„{id}“ ist zu kurz; gebraucht werden mindestens {least} Zeichen vom Ende der Kennung.",
        '"{id}" is too short; at least {least} characters from the end of the id are needed.',
    ),
    "name.ambiguous": (
        "Mehrere Kennungen enden auf „{id}“; bitte mehr Zeichen angeben.",
        'Several ids end in "{id}"; give more characters.',
    ),
    # messages
    "message.encoding": ("Die Nachricht ist kein UTF-8.", "The message is not UTF-8."),
    "message.json": ("Die Nachricht ist kein gültiges JSON.", "The message is not valid JSON."),
    "message.duplicate": (
        "In der Nachricht kommt ein Schlüssel zweimal vor.",
        "A key occurs twice in the message.",
    ),
    "message.depth": (
        "Die Nachricht ist zu tief verschachtelt (höchstens {limit}).",
        "The message is nested too deeply (at most {limit}).",
    ),
    "message.values": (
        "Die Nachricht enthält zu viele Werte (höchstens {limit}).",
        "The message has too many values (at most {limit}).",
    ),
    "message.number": (
        "Die Nachricht enthält eine Zahl, die nicht eindeutig geschrieben werden kann.",
        "The message has a number that cannot be written without doubt.",
    ),
    "message.context": (
        "Der Kontext der Nachricht ist nicht der des Protokolls ({expected}).",
        "The message's context is not that of the protocol ({expected}).",
    ),
    "message.type": (
        "Die Nachricht ist von einer anderen Art als hier erwartet ({expected}).",
        "The message is of another type than expected here ({expected}).",
    ),
    "message.unexpected": ("Diese Nachricht gehört nicht hierher.", "This message does not belong here."),
    "message.shape": (
        "Die Nachricht hat bei {place} nicht die verlangte Form ({expected}).",
        "At {place} the message does not have the form that is asked for ({expected}).",
    ),
    "message.missing": ("In der Nachricht fehlt {place}.", "The message lacks {place}."),
    "message.exclusive": (
        "Von diesen Angaben muss genau eine in der Nachricht stehen: {fields}.",
        "Exactly one of these must be in the message: {fields}.",
    ),
    "message.pid": (
        "Die Kennung des Vorgangs bei {place} passt nicht zu dem Vorgang.",
        "The process id at {place} is not the one of this process.",
    ),
    "message.callback": (
        "Die Rückrufadresse ist keine brauchbare http(s)-Adresse.",
        "The callback address is not a usable http(s) address.",
    ),
    # catalogue and offers
    "catalog.filter": (
        "Filter versteht dieser Katalog nicht; fragen Sie ohne Filter.",
        "This catalogue understands no filters; ask without.",
    ),
    "catalog.cursor": (
        "Die Fortsetzung des Katalogs ist nicht lesbar; beginnen Sie bei der ersten Seite.",
        "The catalogue's continuation cannot be read; begin with the first page.",
    ),
    "catalog.link": (
        "Die nächste Seite des Katalogs von {peer} liegt woanders und wird nicht abgerufen.",
        "The next page of {peer}'s catalogue is elsewhere and is not fetched.",
    ),
    "dataset.unknown": (
        "Diesen Datensatz gibt es nicht, oder er wird Ihnen nicht angeboten.",
        "There is no such dataset, or it is not offered to you.",
    ),
    "offer.unknown": (
        "Dieses Angebot gibt es nicht oder nicht mehr.",
        "There is no such offer, or no longer.",
    ),
    "offer.target": (
        "Das Angebot gilt für einen anderen Datensatz als den genannten.",
        "The offer is about another dataset than the one named.",
    ),
    "asset.unknown": ("Ein Datenbestand „{name}“ ist nicht angelegt.", 'There is no asset "{name}".'),
    "asset.exists": ("Einen Datenbestand „{name}“ gibt es schon.", 'There is an asset "{name}" already.'),
    "asset.offered": (
        "„{name}“ wird noch angeboten; ziehen Sie zuerst die Angebote zurück.",
        '"{name}" is still offered; retire its offers first.',
    ),
    "asset.settings": (
        "„{name}“ kann so nicht bereitgestellt werden: {problem}.",
        '"{name}" cannot be served like this: {problem}.',
    ),
    "asset.withdrawn": ("Diese Daten werden nicht mehr geteilt.", "These data are not shared any more."),
    "asset.moved": ("Die Daten wurden gerade ausgetauscht.", "The data have just been replaced."),
    "source.unknown": (
        "Für Datenquellen der Art „{kind}“ gibt es hier keinen Anschluss.",
        'There is no adapter for sources of the kind "{kind}" here.',
    ),
    "source.ambiguous": (
        "Für Datenquellen der Art „{kind}“ gibt es mehr als einen Anschluss.",
        'There is more than one adapter for sources of the kind "{kind}".',
    ),
    "source.unreadable": ("Die Datenquelle kann gerade nicht gelesen werden.", "The source cannot be read just now."),
    "policy.unknown": ("Eine Nutzungsregel „{name}“ ist nicht angelegt.", 'There is no policy "{name}".'),
    "policy.refused": ("Die Bedingungen erlauben diesen Zugriff nicht.", "The terms do not permit this access."),
    "terms.outside": ("Die Anfrage liegt außerhalb der Bedingungen.", "What is asked lies outside the terms."),
    "terms.unclear": (
        "Ob die Anfrage innerhalb der Bedingungen liegt, lässt sich nicht zeigen; im Zweifel wird abgelehnt.",
        "It cannot be shown that what is asked lies within the terms; in doubt it is refused.",
    ),
    "fact.unknown": (
        "Über {operand} ist nichts bekannt; im Zweifel wird abgelehnt.",
        "Nothing is known about {operand}; in doubt it is refused.",
    ),
    # processes
    "process.unknown": (
        "Diesen Vorgang gibt es nicht, oder er ist nicht Ihrer.",
        "There is no such process, or it is not yours.",
    ),
    "process.exists": (
        "Unter dieser Kennung läuft schon ein anderer Vorgang.",
        "Another process goes by this id already.",
    ),
    "transition.illegal": (
        "„{move}“ ist im Zustand {state} nicht möglich.",
        '"{move}" is not possible in the state {state}.',
    ),
    "transition.pending": (
        "Erst muss die Gegenseite „{pending}“ bestätigt haben.",
        'The other side has to acknowledge "{pending}" first.',
    ),
    "transition.crossed": (
        "„{move}“ hat sich mit unserem „{pending}“ gekreuzt, und das gilt.",
        '"{move}" has crossed our "{pending}", which stands.',
    ),
    "transition.stale": (
        "Die Nachricht ist überholt; der Vorgang ist schon weiter ({state}).",
        "The message is out of date; the process has gone on ({state}).",
    ),
    "decision.endless": (
        "Die Entscheidung über den Vorgang kommt zu keinem Ende.",
        "The decision on the process comes to no end.",
    ),
    "negotiation.terminated": ("Die Verhandlung wurde beendet.", "The negotiation was terminated."),
    "operator.ended": ("Beendet von einem Menschen: {text}", "Ended by a person: {text}"),
    "peer.terminated": ("Die Gegenseite hat beendet ({code}).", "The other side has terminated ({code})."),
    "peer.terminate": ("Die Gegenseite hat beendet ({code}).", "The other side has terminated ({code})."),
    "peer.suspend": ("Die Gegenseite hat ausgesetzt ({code}).", "The other side has suspended ({code})."),
    "agreement.unknown": ("Diesen Vertrag gibt es nicht.", "There is no such contract."),
    "agreement.ended": ("Der Vertrag gilt nicht mehr.", "The contract is no longer in force."),
    "agreement.damaged": (
        "Der gespeicherte Vertrag passt nicht mehr zu seiner Prüfsumme und wird nicht benutzt.",
        "The contract as kept does not match its hash any more and is not used.",
    ),
    "agreement.differs": (
        "Der Vertrag weicht von dem ab, was ausgehandelt wurde ({parts}).",
        "The contract differs from what was negotiated ({parts}).",
    ),
    "agreement.changed": (
        "Unter dieser Kennung steht jetzt ein anderer Vertrag.",
        "Another contract stands under this id now.",
    ),
    "transfer.unknown": ("Diese Übertragung gibt es nicht.", "There is no such transfer."),
    "transfer.state": (
        "Die Übertragung läuft nicht (Zustand: {state}).",
        "The transfer is not under way (state: {state}).",
    ),
    "agreement.exists": (
        "Die Kennung dieser Vereinbarung gehört schon zu einem anderen Vertrag.",
        "The id of this agreement belongs to another contract already.",
    ),
    "process.moved": (
        "Seitdem hat sich etwas geändert (gesehen: {seen}, jetzt: {now}); bitte noch einmal ansehen.",
        "Something has changed since (seen: {seen}, now: {now}); please look again.",
    ),
    "decision.failed": (
        "Über diese Nachricht konnte nicht entschieden werden ({problem}).",
        "No decision could be made on this message ({problem}).",
    ),
    "transfer.suspended": (
        "Unter diesem Vertrag ist eine Übertragung angehalten; erst muss sie fortgesetzt oder beendet werden.",
        "A transfer under this contract is suspended; it has to be resumed or ended first.",
    ),
    "transfer.format": (
        "Die Übertragungsart „{format}“ wird nicht angeboten.",
        'The transfer format "{format}" is not offered.',
    ),
    "transfer.no_address": (
        "Die Gegenseite hat nicht gesagt, wo die Daten zu haben sind.",
        "The other side has not said where the data are to be had.",
    ),
    "agreement.provided": (
        "Unter diesem Vertrag stellt dieser Knoten selbst die Daten bereit.",
        "Under this contract it is this node that provides the data.",
    ),
    "transfer.waiting": (
        "Die Gegenseite hat die Übertragung noch nicht freigegeben; versuchen Sie es gleich wieder.",
        "The other side has not started the transfer yet; try again in a moment.",
    ),
    # data
    "data.unknown": ("Diese Daten gibt es nicht.", "There are no such data."),
    "data.changed": (
        "Die Daten haben sich während der Übertragung geändert.",
        "The data changed while they were being sent.",
    ),
    "data.members": (
        "Der Ordner hat mehr als {most} Einträge; bitte nennen Sie einen.",
        "The folder has more than {most} members; name one.",
    ),
    "data.range": ("Dieser Ausschnitt liegt außerhalb der Daten.", "That range lies outside the data."),
    "data.incomplete": (
        "Die Übertragung ist nach {received} Bytes abgebrochen und ließ sich nicht fortsetzen.",
        "The transfer broke off after {received} bytes and could not be continued.",
    ),
    "data.length": (
        "Angekündigt waren {announced} Bytes, angekommen sind {received}.",
        "{announced} bytes were announced, {received} have come.",
    ),
    "data.digest": (
        "Die Daten passen nicht zur angekündigten Prüfsumme; verwenden Sie sie nicht.",
        "The data do not match the announced hash; do not use them.",
    ),
    # audit
    "audit.no_entry": ("Einen Eintrag {index} gibt es nicht.", "There is no entry {index}."),
    "audit.leaf": (
        "Eintrag {index} ist nicht mehr, was geschrieben wurde.",
        "Entry {index} is no longer what was written.",
    ),
    "audit.tail_missing": (
        "Am Ende fehlen Einträge: {kept} wurden schon gezeigt, {found} sind da.",
        "Entries are missing at the end: {kept} were shown before, {found} are there.",
    ),
    "audit.root": (
        "Die Einträge ergeben nicht den unterschriebenen Stand ({size}).",
        "The entries do not give the signed head ({size}).",
    ),
    "audit.signature": (
        "Der gespeicherte Stand trägt nicht unsere Unterschrift ({cause}).",
        "The head as kept does not bear our signature ({cause}).",
    ),
    "audit.unsigned": (
        "Ab Eintrag {index} ist das Protokoll nicht unterschrieben.",
        "From entry {index} on the log is not signed.",
    ),
    "audit.nodes": (
        "Die gespeicherten Zwischenwerte passen nicht zum Stand ({size}).",
        "The inner hashes as kept do not lead to the head ({size}).",
    ),
    "audit.rebuilt": (
        "Das Protokoll ist ein anderes als das, dessen Stand {peer} aufbewahrt ({kept} Einträge).",
        "The log is another one than that whose head {peer} keeps ({kept} entries).",
    ),
    "audit.unreadable": ("Das Protokoll ist nicht lesbar.", "The log cannot be read."),
    "head.no_key": (
        "Von dieser Gegenstelle ist kein Schlüssel für Protokollstände eingetragen.",
        "No key for tree heads is pinned of this peer.",
    ),
    "head.unverified": (
        "Der Protokollstand ist nicht der dieser Gegenstelle, oder seine Unterschrift stimmt nicht ({cause}).",
        "The tree head is not this peer's, or its signature does not verify ({cause}).",
    ),
    "head.refused": (
        "Die Gegenstelle nimmt unseren Protokollstand nicht an.",
        "The peer does not take our tree head.",
    ),
    "head.answer": (
        "Die Gegenstelle hat auf unseren Protokollstand unerwartet geantwortet (HTTP {status}).",
        "The peer gave an unexpected answer to our tree head (HTTP {status}).",
    ),
    "head.unproved": (
        "Was die Gegenstelle als unseren Protokollstand ausgibt, trägt nicht unsere Unterschrift.",
        "What the peer calls our tree head does not bear our signature.",
    ),
    # peers
    "peer.unknown": ("Diese Gegenstelle ist nicht eingetragen.", "This peer has not been added."),
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
        "Die Schlüssel von {name} sind andere als die eingetragenen. Fragen Sie nach, bevor Sie sie neu eintragen.",
        "The keys of {name} are not those that were pinned. Ask before you pin them anew.",
    ),
    "peer.address_refused": (
        "Die Adresse führt in ein Netz, das für diese Gegenstelle nicht erlaubt ist.",
        "The address leads into a network that is not allowed for this peer.",
    ),
    "peer.unreachable": ("Die Gegenstelle ist nicht zu erreichen.", "The peer cannot be reached."),
    "peer.timeout": (
        "Die Gegenstelle hat nicht rechtzeitig geantwortet.",
        "The peer did not answer in time.",
    ),
    "peer.tls": (
        "Mit der Gegenstelle kommt keine gesicherte Verbindung zustande; stimmt ihr Zertifikat?",
        "No secure connection to the peer can be made; is its certificate right?",
    ),
    "peer.disconnected": (
        "Die Gegenstelle hat die Verbindung ohne Antwort beendet.",
        "The peer ended the connection without an answer.",
    ),
    "peer.answer_broken": ("Die Antwort der Gegenstelle ist beschädigt.", "The peer's answer is damaged."),
    "peer.closed": ("Die Gegenstelle hat die Verbindung geschlossen.", "The peer has closed the connection."),
    "peer.busy": (
        "Die Gegenstelle ist überlastet (HTTP {status}); es wird später wieder versucht.",
        "The peer is overloaded (HTTP {status}); it is tried again later.",
    ),
    "peer.refused": (
        "Die Gegenstelle hat abgelehnt (HTTP {status}).",
        "The peer has refused (HTTP {status}).",
    ),
    "peer.status": (
        "Die Gegenstelle hat unerwartet geantwortet (HTTP {status}).",
        "The peer gave an unexpected answer (HTTP {status}).",
    ),
    "peer.answer_unclear": (
        "Die Antwort der Gegenstelle ist nicht zu verstehen.",
        "The peer's answer cannot be understood.",
    ),
    "peer.answer_too_large": ("Die Antwort der Gegenstelle ist zu groß.", "The peer's answer is too large."),
    # operators
    "account.unknown": ("Eine Person „{name}“ ist nicht eingetragen.", 'There is no operator "{name}".'),
    "account.exists": ("„{name}“ ist schon eingetragen.", '"{name}" is an operator already.'),
    "account.last_admin": (
        "„{name}“ ist die letzte Person mit der Rolle admin und kann nicht entfernt werden.",
        '"{name}" is the last operator with the role admin and cannot be removed.',
    ),
    # this node
    "outbox.full": (
        "Für diese Gegenstelle warten schon {limit} Nachrichten; nichts wurde verändert.",
        "{limit} messages wait for this peer already; nothing was changed.",
    ),
    "outbox.waiting": (
        "Nachrichten warten auf Gegenstellen, die nicht antworten ({peers}).",
        "Messages wait for peers that do not answer ({peers}).",
    ),
    "store.busy": (
        "Der Speicher ist ausgelastet; nichts wurde verändert.",
        "The store is busy; nothing was changed.",
    ),
    "store.closed": ("Der Knoten wird gerade beendet.", "The node is shutting down."),
    "store.locked": (
        "Auf diesem Verzeichnis läuft schon ein anderer Knoten.",
        "Another node runs on this directory already.",
    ),
    "store.no_directory": ("Das Verzeichnis des Knotens ist nicht benutzbar.", "The node's directory cannot be used."),
    "store.damaged": (
        "Der Speicher ist beschädigt; stellen Sie ihn aus einer Sicherung wieder her.",
        "The store is damaged; restore it from a backup.",
    ),
    "store.newer": (
        "Der Speicher gehört zu einer neueren Fassung des Programms ({found}).",
        "The store belongs to a newer version of the program ({found}).",
    ),
    "store.suspect": (
        "Ein Schreibvorgang ist fehlgeschlagen ({cause}); bis zu einem Neustart wird nichts mehr angenommen.",
        "A write has failed ({cause}); nothing more is accepted until a restart.",
    ),
    "store.unreadable": ("Ein gespeicherter Eintrag ist nicht lesbar.", "A stored record cannot be read."),
    "store.log_gap": ("Im Protokoll fehlen Einträge.", "Entries are missing from the log."),
    "store.log_damaged": (
        "Das Protokoll passt nicht zu seinem unterschriebenen Stand.",
        "The log does not match its signed head.",
    ),
    "store.tokens_full": (
        "Es sind zu viele Nachrichten zugleich im Umlauf ({limit}); bitte später wieder.",
        "Too many messages are about at once ({limit}); try again later.",
    ),
    "node.closing": ("Der Knoten wird gerade beendet.", "The node is shutting down."),
    "unavailable": ("Gerade nicht verfügbar; bitte später wieder.", "Not available just now; try again later."),
    "internal": (
        "Unerwarteter Fehler. Im Log des Knotens steht er unter {correlation}.",
        "Unexpected failure. The node's log has it under {correlation}.",
    ),
    "internal.answer": (
        "Die eigene Antwort verletzt das Protokoll ({code}) und wird nicht gesendet.",
        "This node's own answer breaks the protocol ({code}) and is not sent.",
    ),
    "node.identity": (
        "Dieser Knoten war bisher {was}; mit dieser Adresse wäre er {now}. Die Adresse darf sich nie ändern.",
        "This node has been {was}; with this address it would be {now}. The address must never change.",
    ),
    "node.address": (
        "Aus {url} lässt sich keine Identität machen ({problem}); nötig ist ein Rechnername in ASCII.",
        "No identity can be made from {url} ({problem}); it needs a host name in ASCII letters.",
    ),
    "node.loopback": (
        "{url} ist nur auf diesem Rechner erreichbar, und die Identität daraus wäre dauerhaft; nur für ein Labor.",
        "{url} is reachable on this machine only, and the identity made from it would be permanent; for a lab only.",
    ),
    "node.exists": (
        "Unter {path} gibt es schon einen Knoten.",
        "There is a node at {path} already.",
    ),
    "key.missing": ("Die Schlüsseldatei {path} fehlt.", "The key file {path} is missing."),
    "key.unreadable": ("Die Schlüsseldatei {path} ist nicht lesbar.", "The key file {path} cannot be read."),
    "key.kind": ("{path} ist keine gewöhnliche Datei.", "{path} is no plain file."),
    "key.owner": ("Die Schlüsseldatei {path} gehört jemand anderem.", "The key file {path} belongs to somebody else."),
    "key.mode": (
        "Die Schlüsseldatei {path} ist für andere lesbar; nötig ist Modus 0600.",
        "The key file {path} can be read by others; mode 0600 is needed.",
    ),
    "key.content": (
        "Die Schlüsseldatei {path} enthält keinen brauchbaren Schlüssel.",
        "The key file {path} holds no usable key.",
    ),
    "listen.plain": (
        "Ohne TLS wird nur auf dem eigenen Rechner gelauscht, nicht auf {host}.",
        "Without TLS only this machine's loopback is listened on, not {host}.",
    ),
    "listen.address": (
        "Auf {host} Port {port} kann nicht gelauscht werden ({problem}).",
        "Cannot listen on {host} port {port} ({problem}).",
    ),
    "tls.unreadable": (
        "Zertifikat und Schlüssel sind nicht lesbar oder passen nicht zueinander.",
        "Certificate and key cannot be read, or do not fit together.",
    ),
    "config.missing": ("Es gibt keine Einstellungen unter {path}.", "There are no settings at {path}."),
    "config.unreadable": ("Die Einstellungen in {path} sind nicht lesbar.", "The settings in {path} cannot be read."),
    "config.wrong": ("Einstellungen sind falsch: {problems}", "Settings are wrong: {problems}"),
}

_speak: Final = explain.speaker(TEMPLATES)


def sentence(reason: Reason, language: Language) -> str:
    """The sentence for any reason of this node or its policies; a code that nobody knows is shown as it is."""
    said = _speak(reason, language)
    inner = reason.params.get("difference")
    if inner is None:
        return said
    return f"{said} {_speak(Reason(inner, reason.params), language)}"


def language_of(accepted: str) -> Language:
    """The language of a reader from Accept-Language: German where it is named before English, else English."""
    wishes = [wish.strip().lower()[:2] for wish in accepted.split(",")]
    return "de" if "de" in wishes and ("en" not in wishes or wishes.index("de") < wishes.index("en")) else "en"
