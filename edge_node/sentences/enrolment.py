"""Taking a place at a node: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "enrol.none": (
        "Das Gerät hat noch keinen Platz an einem Knoten: allmende edge enrol CODE@KNOTEN.",
        "The device has no place at a node yet: allmende edge enrol CODE@NODE.",
    ),
    "enrol.files": (
        "{path} ist nicht zu gebrauchen ({why}). Schlüssel gehören dem Nutzer, unter dem das Gerät läuft, und sonst "
        "darf sie niemand lesen (0600).",
        "{path} cannot be used ({why}). Keys belong to the user that the device runs as, and nobody else may read them "
        "(0600).",
    ),
    "enrol.place": (
        "Gebraucht wird CODE@KNOTEN, der Knoten mit seiner Adresse, wie sie in seinen Einstellungen steht "
        "(public_url); „{place}“ ist keine.",
        "What is needed is CODE@NODE, the node with its address as it stands in its settings (public_url); “{place}” "
        "is none.",
    ),
    "enrol.code": (
        "Das ist kein Code: Er hat 25 Zeichen in fünf Gruppen, und ein Zeichen ist falsch oder fehlt. Vergleichen Sie "
        "ihn mit dem, den der Knoten gezeigt hat.",
        "This is no code: it has 25 characters in five groups, and one is wrong or missing. Compare it with the one "
        "that the node has shown.",
    ),
    "enrol.exists": (
        "Das Gerät hat schon einen Platz: {device} bei {node}. Ein anderes bekommt ein eigenes Verzeichnis.",
        "The device has a place already: {device} at {node}. Another one gets a directory of its own.",
    ),
    "enrol.region": (
        "Der Knoten gehört zu einer anderen Region als der Code: Entweder ist die Adresse falsch, oder jemand gibt "
        "sich für den Knoten aus.",
        "The node belongs to another region than the code: either the address is wrong, or somebody pretends to be the "
        "node.",
    ),
    "enrol.keeper": (
        "Unter {url} führt niemand eine Region. Steht die Adresse so da, wie der Knoten sie mit dem Code gezeigt hat?",
        "Nobody keeps a region at {url}. Is the address as the node has shown it with the code?",
    ),
    "enrol.invitation": (
        "Der Knoten nimmt diesen Code nicht an: Er ist schon benutzt, abgelaufen, zurückgezogen oder für etwas anderes "
        "gedacht ({why}). Dort einen neuen machen: allmende edge invite TITEL",
        "The node does not take this code: it is used already, has expired, was withdrawn or is meant for something "
        "else ({why}). Make a new one there: allmende edge invite TITLE",
    ),
    "enrol.node": (
        "In diesem Verzeichnis ist ein Knoten. Ein Gerät bekommt ein eigenes.",
        "There is a node in this directory. A device gets one of its own.",
    ),
    "enrol.directory": (
        "Das Verzeichnis {path} lässt sich nicht anlegen oder beschreiben. Gibt es seinen Ort, und dürfen Sie dort "
        "schreiben?",
        "The directory {path} cannot be made or written to. Does its place exist, and may you write there?",
    ),
    "enrol.refused": (
        "Der Knoten sagt nein (HTTP {status}, {why}).",
        "The node says no (HTTP {status}, {why}).",
    ),
    "enrol.answer": (
        "Die Antwort ist kein Zertifikat. Ist das die Adresse eines Knotens, der eine Region führt?",
        "The answer is no certificate. Is this the address of a node that keeps a region?",
    ),
    "enrol.certificate": (
        "Das Zertifikat ist nicht das, was dem Gerät zusteht ({why}).",
        "The certificate is not what the device should have ({why}).",
    ),
    "enrol.welcome": (
        "Der Knoten hat sich nicht so vorgestellt, dass man ihm glauben kann ({why}).",
        "The node has not introduced itself in a way that can be believed ({why}).",
    ),
}
