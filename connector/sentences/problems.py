"""What exactly is wrong with a source, in German: phrases that its readers say in English.

What lives here: the phrases, `told`. What does not: the sentences around them (`sources`, `flows`). `{}` stands for a
name or a number. A phrase that is not here stays as it is: nothing is lost by that, and a test finds those of settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

PHRASES: Final[Mapping[str, str]] = {
    # settings
    "kind: {} needs a package that is not installed: {}": "kind: {} braucht ein Paket, das nicht installiert ist: {}",
    "kind: {} is unknown": "die Art {} gibt es nicht (siehe: allmende source kinds)",
    "there is no setting {}": "die Angabe {} gibt es nicht",
    "{}: unknown setting": "die Angabe {} gibt es nicht",
    "{} is needed": "{} fehlt",
    "{}: is needed": "{} fehlt",
    "{}: is missing": "{} fehlt",
    "port is a number up to 65535": "port ist eine Zahl bis 65535",
    "port: is no port": "port ist eine Zahl bis 65535",
    "statement_seconds is a number of seconds up to {}": "statement_seconds ist eine Zahl von Sekunden bis {}",
    "sslmode is one of {}": "sslmode ist eines von {}",
    "sslmode: is none of {}": "sslmode ist eines von {}",
    "zone is the IANA name of a time zone": "zone ist der Name einer Zeitzone wie Europe/Berlin",
    "zone: no such zone": "zone ist der Name einer Zeitzone wie Europe/Berlin",
    "ca is no file": "ca nennt keine Datei",
    "{}: must be a whole number above 0": "{} ist eine ganze Zahl über 0",
    "{}: is no number from 100 on": "{} ist eine Zahl ab 100",
    "{}: a JSON pointer begins with /": "{}: ein JSON-Pointer beginnt mit /",
    "fields: {} is the name of something else": "fields: {} heißt schon etwas anderes",
    "fields: {} is not NAME=POINTER": "fields: {} schreibt sich NAME=POINTER",
    "fields: {} is neither NAME nor NAME:KIND, a kind being {}": "fields: {} ist weder NAME noch NAME:ART ({})",
    "fields: {} is not among them": "fields: {} fehlt darin",
    "fields: write name=/place, with commas between them": "fields schreibt sich name=/stelle, mit Kommas dazwischen",
    "time: {} is not among the fields": "time: {} ist keines der Felder",
    "collections: are named where the url has {}, and only there": (
        "collections stehen da, wo die url {} hat, und nur da"
    ),
    "{}: must be names with commas between them, each once": "{} sind Namen mit Kommas dazwischen, jeder einmal",
    "parameters: write field >= parameter, with semicolons between them": (
        "parameters schreibt sich feld >= parameter, mit Semikolons dazwischen"
    ),
    "zone: there is no {}": "zone: {} gibt es nicht",
    "{}: must be a number above 0": "{} ist eine Zahl über 0",
    "path is absolute": "path beginnt mit einem Schrägstrich",
    "path: an absolute path is needed": "path fehlt oder beginnt nicht mit einem Schrägstrich",
    "path: the path must be absolute": "path beginnt mit einem Schrägstrich",
    "path lies in a folder that is never shared": "path liegt in einem Ordner, der nie geteilt wird",
    "path: the node's own directory is never shared": "path ist der Ordner des Knotens, und der wird nie geteilt",
    "path: this folder is the node's own": "path ist der Ordner des Knotens",
    "path: is no folder": "path ist kein Ordner",
    "path: not there, or not readable for the node": "path gibt es nicht, oder der Knoten darf es nicht lesen",
    "texts: names with commas between them": "texts sind Namen mit Kommas dazwischen",
    "fields: name at least one; what an asset shares is frozen when it is added": "fields: mindestens eines ist nötig",
    "url: must be an http or https address without a login in it": (
        "url ist eine Adresse mit http:// oder https://, ohne Anmeldung darin"
    ),
    "url: an absolute http or https address is needed": "url ist eine Adresse mit http:// oder https://",
    "url: is no address over http or https": "url ist eine Adresse mit http:// oder https://",
    "url: is not USER@HOST/DATABASE, without a password": "url schreibt sich NUTZER@RECHNER/DATENBANK, ohne Passwort",
    "url: is not like mqtt://HOST:PORT/TOPIC, the topic without + and #": (
        "url schreibt sich mqtt://RECHNER:PORT/THEMA, das Thema ohne + und #"
    ),
    "url: no user and no password; name a file with token_file": (
        "in url stehen weder Nutzer noch Passwort; nennen Sie mit token_file eine Datei"
    ),
    "token_file, token_credential: one of the two": "token_file oder token_credential, nicht beide",
    "user: needs password_file or password_credential, and they need it": (
        "user und password_file (oder password_credential) gehören zusammen"
    ),
    "user: not together with a token": "user und token_file gehen nicht zusammen",
    "version: is neither 3.1.1 nor 5": "version ist 3.1.1 oder 5",
    "ca: the path must be absolute": "ca beginnt mit einem Schrägstrich",
    "topics: {} is no pattern of topics": "topics: {} ist kein Muster von Themen",
    "table: positions are kept there": "in dieser Tabelle werden die Stände geführt; nehmen Sie eine andere",
    "format: is neither ndjson nor csv": "format ist ndjson oder csv",
    "format: is neither ndjson nor json": "format ist ndjson oder json",
    "each: is neither day nor batch": "each ist day oder batch",
    "into: {} is not one of {}": "{} ist keines von {}",
    "{}: looks like a secret, and settings hold none. Put it into a file of mode 0600 and write {}_file=/path, or give "
    "it to the service by systemd and write {}_credential=NAME": (
        "{} sieht nach einem Geheimnis aus, und Angaben enthalten keines. Legen Sie es in eine Datei, die nur der "
        "Knoten lesen darf (chmod 600), und schreiben Sie {}_file=/PFAD, oder geben Sie es dem Dienst mit systemd und "
        "schreiben Sie {}_credential=NAME"
    ),
    # secrets
    "one of NAME_file and NAME_credential is needed": "nötig ist entweder die Angabe …_file oder …_credential",
    "systemd gives no such credential": "systemd gibt kein solches Credential",
    "the path is not absolute": "der Pfad beginnt nicht mit einem Schrägstrich",
    "there is no such file, or it cannot be opened": "die Datei gibt es nicht, oder sie lässt sich nicht öffnen",
    "it is no file": "es ist keine Datei",
    "others may read it; do: chmod 600": "andere dürfen sie lesen; Abhilfe: chmod 600",
    "it belongs to another user than the node's": "sie gehört einem anderen Nutzer als dem des Knotens",
    "it cannot be read": "sie lässt sich nicht lesen",
    "it is too long": "sie ist zu lang",
    "it is no text in UTF-8": "sie enthält keinen Text in UTF-8",
    "it is empty": "sie ist leer",
    # what a source does
    "there is no such database": "die Datenbank gibt es dort nicht",
    "there is no such file": "die Datei gibt es nicht",
    "nothing is there": "unter der Adresse ist nichts",
    "is not there": "ist nicht da",
    "is of another kind than it was": "ist von anderer Art als zuvor",
    "the silo is of another kind now": "die Quelle ist jetzt von anderer Art",
    "no collection {}": "eine Sammlung {} gibt es nicht",
    "there is no collection {}": "eine Sammlung {} gibt es nicht",
    "there is no such collection": "diese Sammlung gibt es nicht",
    "there is no type {}": "eine Sammlung {} gibt es nicht",
    "it asks for a pause": "sie bittet um eine Pause",
    "it cannot be watched": "ihr lässt sich nicht laufend zusehen",
    "files cannot be watched": "Dateien lässt sich nicht laufend zusehen",
    "no JSON where some should be": "statt JSON kam etwas anderes",
    "no collection of features": "es ist keine Sammlung von Objekten",
    "an answer of more than {} MiB": "eine Antwort von mehr als {} MiB",
    "{} of {} features": "{} von {} Objekten",
    "no rows at {}": "keine Zeilen unter {}",
    "status {}": "HTTP-Status {}",
    "its rows cannot be read": "seine Zeilen lassen sich nicht lesen",
    "a row cannot be read": "eine Zeile lässt sich nicht lesen",
    "a row is no object": "eine Zeile ist kein Objekt",
    "a row is too long": "eine Zeile ist zu lang",
    "another number of values than of columns": "eine Zeile hat mehr oder weniger Werte als die Überschrift",
    "{}: a value is not of its kind": "{}: ein Wert ist nicht von der Art seines Feldes",
    "{}: no {}": "{}: ein Wert ist nicht von der Art seines Feldes",
    "{}: times without an offset; say which zone they are in (zone=Europe/Berlin)": (
        "{}: Zeiten ohne Zeitzone; nennen Sie sie mit --set zone=Europe/Berlin"
    ),
    "places in {}, not in WGS 84": "Orte in {} statt in WGS 84",
    "no Parquet file": "keine Parquet-Datei",
}


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in phrase.split("{}")))


_PATTERNS: Final = tuple((_pattern(english), german) for english, german in PHRASES.items())


def told(problem: str) -> str:
    """What is wrong, in German as far as there are words for it; several things with semicolons between them."""
    return _one(problem) or "; ".join(_one(part) or part for part in problem.split("; "))


def _one(problem: str) -> str:
    for pattern, german in _PATTERNS:
        if found := pattern.fullmatch(problem):
            return german.format(*found.groups())
    return ""
