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
}
