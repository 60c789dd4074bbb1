"""Bringing readings where they belong: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "sync.answer": (
        "Die Antwort auf die Messungen ist nicht zu verstehen. Sie bleiben, bis sie jemand nimmt.",
        "The answer to the readings cannot be understood. They stay until somebody takes them.",
    ),
    "sync.legend": (
        "Die Gegenseite versteht nicht, wofür die Nummern stehen.",
        "The other side does not understand what the numbers stand for.",
    ),
    "sync.token": (
        "Die Gegenseite erkennt dieses Gerät nicht an.",
        "The other side does not accept who this device is.",
    ),
    "sync.unwelcome": (
        "Die Gegenseite nimmt jetzt keine Messungen von diesem Gerät ({status}).",
        "The other side takes no readings of this device now ({status}).",
    ),
    "sync.busy": ("Die Gegenseite hat gerade keinen Platz.", "The other side has no room at the moment."),
    "sync.nothing_taken": (
        "Die Gegenseite hat nichts von dem genommen, was geschickt wurde.",
        "The other side took nothing of what was sent.",
    ),
    "sync.refused": (
        "Die Gegenseite nimmt die Messungen der Reihe {series} ab Nummer {first} nicht ({code}). Sie bleiben hier.",
        "The other side does not take the readings of series {series} from number {first} on ({code}). They stay here.",
    ),
    "sync.numbers": (
        "{readings} Messungen der Reihe {series} haben Nummern, die schon einmal vergeben waren; sie bleiben hier.",
        "{readings} readings of series {series} have numbers that the device gave out before; they stay here.",
    ),
    "sync.orders": (
        "Der Knoten hat diesem Gerät noch nicht gesagt, was es liefern soll.",
        "The node has not told this device yet what to deliver.",
    ),
    "sync.failed": (
        "Beim Senden ist etwas schiefgegangen ({error}); es wird weiter versucht.",
        "Something went wrong in sending ({error}); it is tried again.",
    ),
}
