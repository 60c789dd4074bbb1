"""Where readings come from: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "source.unreachable": ("Die Quelle antwortet nicht.", "The source does not answer."),
    "source.refused": (
        "Die Quelle lässt das Gerät nicht hinein. Stimmen Benutzer und Kennwort?",
        "The source does not let the device in. Are user and password right?",
    ),
    "source.secret": (
        "Ein Kennwort, Token oder Zertifikat der Quelle lässt sich nicht lesen.",
        "A password, token or certificate of the source cannot be read.",
    ),
    "source.package": (
        "Dafür fehlt ein Paket: installieren Sie {package}.",
        "A package is missing for this: install {package}.",
    ),
    "source.directory": (
        "Im Verzeichnis des Geräts lässt sich nichts schreiben.",
        "Nothing can be written in the device's directory.",
    ),
    "http.address": (
        "Unter dieser Adresse kann das Gerät nicht auf Messungen warten. Ist sie frei?",
        "The device cannot wait for readings at this address. Is it free?",
    ),
    "http.token": ("Ohne das Token der Quelle wird nichts angenommen.", "Nothing is taken without the source's token."),
    "http.path": ("Messungen nimmt /readings an.", "Readings are taken at /readings."),
    "http.method": ("Messungen werden mit POST gebracht.", "Readings are brought with POST."),
    "http.busy": (
        "Zu viele bringen zugleich Messungen. In einer Sekunde noch einmal.",
        "Too many bring readings at once. Try again in a second.",
    ),
    "http.slow": ("Die Messungen kamen zu langsam.", "The readings came too slowly."),
    "http.large": ("Das ist zu groß für eine Sendung.", "This is too large to be brought at once."),
}
