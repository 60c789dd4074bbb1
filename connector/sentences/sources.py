"""Sentences about silos: what they do not do, and what is wrong with how they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "source.unreachable": (
        "Das Quellsystem antwortet nicht.",
        "The source does not answer.",
    ),
    "source.refused": (
        "Das Quellsystem lässt uns nicht hinein.",
        "The source does not let us in.",
    ),
    "source.slow": (
        "Das Quellsystem hat zu lange nichts gesagt.",
        "The source has said nothing for too long.",
    ),
    "source.broken": (
        "Das Quellsystem hat etwas geantwortet, das sich nicht lesen lässt.",
        "The source has answered something that cannot be read.",
    ),
    "source.drift": (
        "Im Quellsystem ist nicht mehr, was geteilt wurde ({field}).",
        "The source does not have any more what was shared ({field}).",
    ),
    "source.budget": (
        "Der Zugriff hätte dem Quellsystem mehr abverlangt, als er darf ({of}).",
        "The access would have taken more of the source than it may ({of}).",
    ),
    "source.secret": (
        "Ein Geheimnis (Passwort oder Token) lässt sich nicht lesen.",
        "A secret (password or token) cannot be read.",
    ),
    "source.secret.problem": ("Es geht um „{setting}“: {problem}.", 'It is "{setting}": {problem}.'),
    "source.package": (
        "Dafür fehlt ein Paket: installieren Sie {package}.",
        "A package is missing for this: install {package}.",
    ),
    "source.resting": (
        "Das Quellsystem hat mehrmals nicht geantwortet und wird für {seconds} Sekunden in Ruhe gelassen.",
        "The source has not answered several times and is left alone for {seconds} seconds.",
    ),
    "source.busy": (
        "Zu viele fragen gerade zugleich nach diesem Quellsystem; bitte noch einmal versuchen.",
        "Too many are asking for this source at once; please try again.",
    ),
    "source.paced": (
        "Die Daten wurden so langsam abgenommen, dass andere an die Reihe kamen; es geht weiter, wo es abbrach.",
        "The data were taken so slowly that others had their turn; it goes on where it broke off.",
    ),
    "source.gone": (
        "Das Quellsystem „{silo}“ ist hier nicht mehr angelegt.",
        'The source "{silo}" is not kept here any more.',
    ),
    "source.address": (
        "Diese Adresse wird nicht angefragt: erlaubt sind https, und http nur im eigenen Netz.",
        "This address is not asked: allowed are https, and http within one's own network only.",
    ),
    "source.collection": (
        "Eine Sammlung „{collection}“ gibt es in dieser Quelle nicht. Es gibt: {there}.",
        'There is no collection "{collection}" in this source. There are: {there}.',
    ),
    "source.choose": (
        "Diese Quelle hat mehrere Sammlungen; nennen Sie eine mit --select: {there}.",
        "This source has several collections; name one with --select: {there}.",
    ),
    "source.whole": (
        "Eine Sammlung „{collection}“ gibt es hier nicht: Diese Quelle ist leer, oder sie ist ein Ganzes; dann lassen "
        "Sie --select weg.",
        'There is no collection "{collection}" here: this source is empty, or it is a whole; then leave --select out.',
    ),
    "source.nothing": (
        "Unter dieser Adresse ist nichts, was „{silo}“ lesen könnte; sehen Sie nach, ob sie stimmt: "
        "allmende source show {silo}",
        'There is nothing at this address that "{silo}" could read; see whether it is right: '
        "allmende source show {silo}",
    ),
    "source.unreachable.silo": (
        "Läuft es, und stimmen Adresse und Port? Angelegt ist es so: allmende source show {silo}",
        "Does it run, and are address and port right? It is kept as: allmende source show {silo}",
    ),
    "source.refused.silo": (
        "Stimmen Nutzer und Passwort, und darf dieses Konto lesen? Angelegt ist es so: allmende source show {silo}",
        "Are user and password right, and may this account read? It is kept as: allmende source show {silo}",
    ),
    "source.unreachable.problem": ("Näheres: {problem}.", "More exactly: {problem}."),
    "source.refused.problem": ("Näheres: {problem}.", "More exactly: {problem}."),
    "source.broken.problem": ("Näheres: {problem}.", "More exactly: {problem}."),
    "source.drift.problem": ("Näheres: {problem}.", "More exactly: {problem}."),
    "source.slow.problem": ("Näheres: {problem}.", "More exactly: {problem}."),
    "silo.failing": (
        "Das Quellsystem „{silo}“ antwortet nicht, wie es soll ({cause}); betroffene Quellsysteme: {silos}.",
        'The source "{silo}" does not answer as it should ({cause}); sources concerned: {silos}.',
    ),
    "mend.silo.failing": (
        "Sehen Sie nach, was es antwortet: allmende source check {silo}",
        "See what it answers: allmende source check {silo}",
    ),
    "silo.unknown": ("Ein Quellsystem „{name}“ ist nicht angelegt.", 'There is no source "{name}".'),
    "silo.exists": ("Ein Quellsystem „{name}“ gibt es schon.", 'There is a source "{name}" already.'),
    "silo.settings": (
        "„{name}“ kann so nicht gelesen werden: {problem}.",
        '"{name}" cannot be read like this: {problem}.',
    ),
    "silo.url": (
        "Die Angabe url von „{name}“ ist so nicht zu lesen. Sie schreibt sich postgresql://NUTZER@RECHNER/DATENBANK "
        "(ebenso mariadb://) oder sqlite:///PFAD; das Passwort steht nicht darin, sondern in einer Datei: "
        "--set password_file=/PFAD",
        'The setting url of "{name}" cannot be read. It is written postgresql://USER@HOST/DATABASE (mariadb:// '
        "likewise) or sqlite:///PATH; the password does not stand in it but in a file: --set password_file=/PATH",
    ),
    "silo.url.scheme": (
        "„{name}“: Datenbanken der Art {scheme} kann dieser Knoten nicht lesen. Er liest: {known}.",
        '"{name}": this node cannot read databases of the kind {scheme}. It reads: {known}.',
    ),
    "silo.url.twice": (
        "„{name}“: {settings} steht in der url und daneben noch einmal anders; sagen Sie es nur an einer Stelle.",
        '"{name}": {settings} stands in the url, and differently beside it; say it in one place only.',
    ),
    "silo.url.parameter": (
        "„{name}“: {parameter} hinter dem Fragezeichen der url kennt dieser Knoten nicht; lassen Sie es weg. Weitere "
        "Angaben gehen mit --set; welche, zeigt: allmende source kinds",
        '"{name}": this node does not know {parameter} behind the question mark of the url; leave it out. Further '
        "settings go with --set; which there are, shows: allmende source kinds",
    ),
    "silo.changed": (
        "„{name}“ wurde gerade von jemand anderem geändert; sehen Sie nach und versuchen Sie es noch einmal.",
        '"{name}" has just been changed by somebody else; look at it and try again.',
    ),
    "offer.snapshot": (
        "Die Bedingungen verlangen eine Mindestzahl je Gruppe für einzelne Zeilen; dafür müsste „{asset}“ zweimal "
        "dasselbe geben, und das kann sein Quellsystem nicht. Verlangen Sie dazu eine Zusammenfassung.",
        'The terms demand a least number per group for single rows; for that "{asset}" would have to give the same '
        "twice, which its source cannot. Demand statistics as well.",
    ),
    "asset.fields": (
        "Diese Felder hat das Quellsystem dort nicht: {fields}. Es hat: {there}.",
        "The source has no such fields there: {fields}. It has: {there}.",
    ),
    "asset.where": (
        "--where fragt nach „{field}“, und das wird nicht geteilt; nehmen Sie das Feld in --select auf.",
        '--where asks for "{field}", which is not shared; take the field into --select.',
    ),
    "asset.rows": (
        "„{name}“ kommt aus keinem Quellsystem mit Zeilen; eine Vorschau gibt es davon nicht.",
        '"{name}" does not come from a source with rows; there is no preview of it.',
    ),
    "shape.key": (
        "Kein Schlüssel: Zeilen haben keine feste Reihenfolge, und doppelte lassen sich nicht erkennen.",
        "No key: rows have no fixed order, and duplicates cannot be told.",
    ),
    "shape.time": (
        "Kein Zeitfeld: nach --since und --until kann nicht gefragt werden.",
        "No field of time: --since and --until cannot be asked for.",
    ),
    "shape.geometry": (
        "Kein Ortsfeld: nach --bbox kann nicht gefragt werden.",
        "No field of place: --bbox cannot be asked for.",
    ),
    "shape.snapshot": (
        "Kein fester Stand: eine Mindestzahl je Gruppe geht hier nur für Zusammenfassungen, nicht für einzelne Zeilen.",
        "No fixed state: a least number per group can be kept for statistics here, not for single rows.",
    ),
    "source.may_write": (
        "Das Konto darf dort mehr als lesen; geben Sie dem Knoten eines, das nur lesen darf.",
        "The account may do more there than read; give the node one that may only read.",
    ),
    "offer.fields": (
        "Die Bedingungen verlangen etwas von Feldern, die „{asset}“ nicht hat: {fields}. Nehmen Sie andere "
        "Bedingungen, oder legen Sie den Datenbestand mit diesen Feldern an (allmende asset show {asset}).",
        'The terms demand something of fields that "{asset}" does not have: {fields}. Take other terms, or add the '
        "asset with these fields (allmende asset show {asset}).",
    ),
    "silo.used": (
        "„{name}“ wird noch gebraucht, zum Beispiel von „{asset}“; entfernen Sie zuerst die Datenbestände.",
        '"{name}" is still used, by "{asset}" for one; remove its assets first.',
    ),
}
