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
        "Das ist kein Code ({why}): 25 Zeichen in fünf Gruppen, ein vertippter fällt auf.",
        "This is no code ({why}): 25 characters in five groups; a mistyped one is found.",
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
