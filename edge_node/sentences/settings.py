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
