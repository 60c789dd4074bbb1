"""Settings of a device that cannot be followed: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "settings.missing": (
        "In diesem Verzeichnis steht kein {place}. Ein Gerät wird mit „allmende edge enrol CODE@KNOTEN“ angelegt.",
        "There is no {place} in this directory. A device is made with 'allmende edge enrol CODE@NODE'.",
    ),
    "settings.form": (
        "{place} kann nicht gelesen werden: {why}",
        "{place} cannot be read: {why}",
    ),
    "settings.toml": (
        "{place}: In Zeile {line}, Spalte {column} ist das kein TOML mehr. Fehlt dort oder davor ein „=“, eine Klammer "
        "oder ein Anführungszeichen?",
        "{place}: in line {line}, column {column} this is no TOML any more. Is an '=', a bracket or a quotation mark "
        "missing there or before?",
    ),
    "settings.ended": (
        "{place}: Die Datei ist zu Ende, und eine Klammer oder ein Anführungszeichen ist noch offen.",
        "{place}: the file ends while a bracket or a quotation mark is still open.",
    ),
    "settings.unknown": (
        "{place}: Eine Einstellung „{field}“ gibt es hier nicht. Ist sie richtig geschrieben und im richtigen "
        "Abschnitt?",
        "{place}: there is no setting '{field}' here. Is it spelt right, and in the right section?",
    ),
    "settings.needed": (
        "{place}: Die Einstellung „{field}“ fehlt.",
        "{place}: the setting '{field}' is missing.",
    ),
    "settings.bound": (
        "{place}: Dieser Wert ist nicht erlaubt; er muss so sein: {bound}",
        "{place}: this value is not allowed; it has to be so: {bound}",
    ),
    "settings.choice": (
        "{place}: {found} gibt es hier nicht. Welche es gibt, steht in edge_node/README.md.",
        "{place}: there is no {found} here. Which there are is in edge_node/README.md.",
    ),
    "settings.whole": (
        "{place}: Hier steht eine ganze Zahl, ohne Anführungszeichen.",
        "{place}: this is a whole number, without quotation marks.",
    ),
    "settings.number": (
        "{place}: Hier steht eine Zahl, ohne Anführungszeichen und mit Punkt statt Komma.",
        "{place}: this is a number, without quotation marks.",
    ),
    "settings.text": (
        "{place}: Hier steht ein Text in Anführungszeichen.",
        "{place}: this is a text in quotation marks.",
    ),
    "settings.flag": (
        "{place}: Hier steht true oder false, ohne Anführungszeichen.",
        "{place}: this is true or false, without quotation marks.",
    ),
    "settings.list": (
        "{place}: Hier steht eine Liste in eckigen Klammern.",
        "{place}: this is a list in square brackets.",
    ),
    "settings.table": (
        "{place}: Hier steht ein Abschnitt, oder Werte in geschweiften Klammern.",
        "{place}: this is a section, or values in curly brackets.",
    ),
    "settings.range": (
        "{place}: min ist größer als max; so würde jeder Wert beiseitegelegt.",
        "{place}: min is greater than max; every value would be put aside.",
    ),
    "settings.name": (
        "{place}: So darf es nicht heißen. Namen bestehen aus Kleinbuchstaben, Ziffern, „-“ und „_“; Felder beginnen "
        "mit einem Buchstaben und heißen nicht „thing“, „at“, „n“, „device“ oder „unsure“.",
        "{place}: this is no name. Names are of small letters, digits, '-' and '_'; fields begin with a letter and are "
        "not called 'thing', 'at', 'n', 'device' or 'unsure'.",
    ),
    "settings.series": (
        "{place}: Eine Reihe „{series}“ gibt es nicht. Sie braucht einen Abschnitt [series.{series}].",
        "{place}: there is no series '{series}'. It needs a section [series.{series}].",
    ),
    "settings.kind": (
        "{place}: Quellen der Art „{kind}“ gibt es nicht, nur diese: {kinds}.",
        "{place}: there are no sources of kind '{kind}', only of these: {kinds}.",
    ),
    "settings.format": (
        "{place}: Das Format „{format}“ gibt es nicht, nur „readings“ und diese: {formats}.",
        "{place}: there is no format '{format}', only 'readings' and these: {formats}.",
    ),
    "settings.extra_ca": (
        "{place}: Darin stehen keine Zertifikate von Stellen, denen zu trauen wäre ({why}).",
        "{place}: there are no certificates of authorities in it that could be trusted ({why}).",
    ),
    "settings.proxy": (
        "{place}: Ein Proxy heißt http://NAME:PORT.",
        "{place}: a proxy is called http://NAME:PORT.",
    ),
    "settings.source": (
        "{place}: {why}",
        "{place}: {why}",
    ),
    "control.off": (
        "In diesem Verzeichnis läuft kein Dienst. Start: „allmende edge run VERZEICHNIS“ oder „systemctl start "
        "allmende-edge“.",
        "No agent runs in this directory. Start it with 'allmende edge run DIR' or 'systemctl start allmende-edge'.",
    ),
    "control.busy": (
        "Zu viele fragen den Dienst zugleich. In einigen Sekunden noch einmal.",
        "Too many ask the agent at once. Try again in a few seconds.",
    ),
    "control.unknown": (
        "Danach kann der laufende Dienst nicht gefragt werden; vielleicht ist er älter als dieses Programm.",
        "The running agent does not know this question; perhaps it is older than this program.",
    ),
    "agent.running": (
        "In diesem Verzeichnis läuft schon ein Dienst.",
        "An agent runs in this directory already.",
    ),
}
