"""Backups, restores, roll-backs, and the comparison with peers that follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "backup.exists": (
        "{path} gibt es schon; eine Sicherung überschreibt nichts.",
        "{path} exists already; a backup writes over nothing.",
    ),
    "backup.short": (
        "Die Passphrase ist zu kurz; nötig sind mindestens {fewest} Zeichen.",
        "The passphrase is too short; it needs {fewest} characters at least.",
    ),
    "backup.write": (
        "Die Sicherung kann nicht nach {path} geschrieben werden ({problem}). Es ist nichts davon geblieben.",
        "The backup cannot be written to {path} ({problem}). Nothing of it is left.",
    ),
    "backup.read": ("{path} kann nicht gelesen werden ({problem}).", "{path} cannot be read ({problem})."),
    "backup.busy": (
        "{path} wird gerade von einer anderen Sicherung geschrieben ({problem}).",
        "Another backup is writing {path} just now ({problem}).",
    ),
    "backup.moved": (
        "Schlüssel oder Einstellungen wurden während der Sicherung geändert; bitte noch einmal.",
        "Keys or settings were changed during the backup; please try again.",
    ),
    "backup.format": (
        "Das ist keine Sicherung, oder eine von einer anderen Fassung des Programms.",
        "This is no backup, or one of another version of the program.",
    ),
    "backup.header": (
        "Der Anfang der Sicherung ist verändert worden; sie ist nicht mehr zu gebrauchen.",
        "The beginning of the backup has been changed; it cannot be used any more.",
    ),
    "backup.passphrase": ("Die Passphrase ist falsch.", "The passphrase is wrong."),
    "backup.changed": (
        "Die Sicherung ist beschädigt: ab Byte {place} verändert oder abgeschnitten. Nichts wurde wiederhergestellt.",
        "The backup is damaged: changed or cut short from byte {place} on. Nothing was restored.",
    ),
    "backup.contents": (
        "Der Inhalt der Sicherung ist nicht der eines Knotens ({what}).",
        "The contents of the backup are not those of a node ({what}).",
    ),
    "restore.occupied": (
        "{path} ist nicht leer; wiederhergestellt wird nur an einen leeren Ort.",
        "{path} is not empty; a node is restored into an empty place only.",
    ),
    "restore.busy": (
        "Nach {path} wird gerade schon wiederhergestellt.",
        "Another restore into {path} is under way.",
    ),
    "restore.write": (
        "Nach {path} kann nicht geschrieben werden ({problem}). Dort ist alles wie zuvor.",
        "Cannot write to {path} ({problem}). Everything there is as it was.",
    ),
    "contract.restored": (
        "Dieser Knoten wurde wiederhergestellt; der Vertrag ruht, bis er mit der Gegenstelle abgeglichen ist.",
        "This node was restored; the contract is held until it has been compared with the peer.",
    ),
    "contract.counter": (
        "Dieser Knoten wurde wiederhergestellt, und die Zahl der Nutzungen ({uses}) kann zurückgegangen sein; der"
        " Vertrag ruht, bis jemand ihn freigibt.",
        "This node was restored and the number of uses ({uses}) may have run back; the contract is held until a person"
        " releases it.",
    ),
    "contract.reinstated": (
        "Dieser Vertrag ging bei einer Wiederherstellung verloren und kam von der Gegenstelle zurück, mit der eigenen"
        " Unterschrift; er ruht, bis jemand ihn freigibt.",
        "This contract was lost in a restore and came back from the peer with our own signature; it is held until a"
        " person releases it.",
    ),
    "process.restored": (
        "Eine Seite wurde aus einer Sicherung wiederhergestellt; der Vorgang stand auf beiden Seiten verschieden.",
        "One side was restored from a backup, and the two sides stood differently.",
    ),
    "node.rolled_back": (
        "Die Datenbank ist auf einen älteren Stand zurückgefallen: {peer} hat ein Protokoll mit {kept} Einträgen"
        " gesehen. Nichts wird mehr geschrieben, gebunden oder herausgegeben. Stellen Sie die neueste Sicherung wieder"
        " her (allmende restore FILE DIR), oder gehen Sie von diesem Stand aus weiter (allmende restore --here DIR).",
        "The database has gone back to an older state: {peer} has seen a log of {kept} entries. Nothing is written,"
        " bound or given any more. Restore the newest backup (allmende restore FILE DIR), or go on from this state"
        " (allmende restore --here DIR).",
    ),
    "node.restored": (
        "Der Knoten wurde wiederhergestellt und ist mit {peers} Gegenstellen noch nicht abgeglichen; mit ihnen ruht"
        " alles.",
        "The node was restored and has not been compared with {peers} peers yet; everything with them waits.",
    ),
    "audit.generation": (
        "{peer} hat schon einen späteren Stand nach einer Wiederherstellung gesehen ({kept} Einträge).",
        "{peer} has seen a later state, after a restore, already ({kept} entries).",
    ),
    "statement.unproved": (
        "Die Erklärung ist nicht von {peer} unterschrieben.",
        "The statement is not signed by {peer}.",
    ),
    "statement.unreadable": ("Die Erklärung von {peer} ist nicht lesbar.", "The statement of {peer} cannot be read."),
    "reconcile.answer": (
        "{peer} gleicht nicht ab (HTTP {status}).",
        "{peer} does not reconcile (HTTP {status}).",
    ),
    "reconcile.unproved": (
        "Die Antwort von {peer} beim Abgleich ist nicht von dort unterschrieben oder nicht lesbar.",
        "The answer of {peer} is not signed by it, or cannot be read.",
    ),
    "reconcile.unknown_here": (
        "Vertrag {contract}: nur die Gegenstelle hat ihn.",
        "Contract {contract}: only the peer has it.",
    ),
    "reconcile.unknown_there": (
        "Vertrag {contract}: gilt hier, die Gegenstelle kennt ihn nicht.",
        "Contract {contract}: in force here, unknown to the peer.",
    ),
    "reconcile.other_terms": (
        "Vertrag {contract}: die Gegenstelle hat einen anderen Text ({theirs}) als hier steht ({ours}). Ihre"
        " unterschriebene Erklärung ist aufbewahrt.",
        "Contract {contract}: the peer has another text ({theirs}) than this side ({ours}). Its signed statement is"
        " kept.",
    ),
    "reconcile.ended_here": (
        "Vertrag {contract}: hier beendet, bei der Gegenstelle in Kraft.",
        "Contract {contract}: ended here, in force at the peer.",
    ),
    "reconcile.ended_there": (
        "Vertrag {contract}: bei der Gegenstelle beendet.",
        "Contract {contract}: ended at the peer.",
    ),
    "key.name": (
        "Einen Schlüssel {name} kann man hier nicht erneuern; möglich sind {names}.",
        "No key {name} can be renewed here; there are {names}.",
    ),
    "key.outside": (
        "Der Schlüssel {name} liegt bei den Zugangsdaten der Diensteverwaltung und wird dort erneuert.",
        "The key {name} lies in the service manager's credentials and is renewed there.",
    ),
    "key.destroyed": (
        "Der Schlüssel {name} wurde vernichtet und darf nicht wieder benutzt werden; legen Sie einen neuen ab.",
        "The key {name} was destroyed and must not be used again; put a new one in its place.",
    ),
    "notice.about": (
        "Diese Mitteilung betrifft nichts von dem, der sie schickt.",
        "This notice is about nothing of its sender's.",
    ),
    "keys.write": (
        "Der Schlüssel kann nicht nach {path} geschrieben werden ({error}).",
        "The key cannot be written to {path} ({error}).",
    ),
    "export.older": (
        "Die Datenbank ist von einer älteren Fassung ({found}); starten Sie den Knoten einmal, dann noch einmal.",
        "The database is of an older version ({found}); start the node once, then try again.",
    ),
    "import.manifest": (
        "{path} ist nicht das Verzeichnis eines Exports, oder von einer anderen Fassung.",
        "{path} is not the manifest of an export, or of another version.",
    ),
    "import.file": (
        "Die Datei {path} des Exports fehlt oder wurde verändert.",
        "The file {path} of the export is missing or was changed.",
    ),
    "import.line": (
        "Zeile {line} der Datei {path} ist nicht lesbar.",
        "Line {line} of the file {path} cannot be read.",
    ),
    "import.log": (
        "Das Protokoll des Exports ist nicht das unterschriebene (Eintrag {index}).",
        "The log of the export is not the signed one (entry {index}).",
    ),
    "import.agreement": (
        "Der Vertrag {id} hat nicht den Text, den sein Hash nennt.",
        "The contract {id} does not have the text that its hash names.",
    ),
}
