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
    "modbus.silent": (
        "Wenigstens eine Einheit antwortet nicht. Stimmen Adresse, Geschwindigkeit und Parität der Leitung?",
        "One unit at least does not answer. Are address, speed and parity of the line right?",
    ),
    "modbus.refused": (
        "Wenigstens eine Einheit hat die Register nicht, nach denen sie gefragt wird.",
        "One unit at least does not have the registers that it is asked for.",
    ),
    "sml.quiet": (
        "Der Zähler sagt seit einer Minute nichts. Sitzt der Lesekopf?",
        "The meter has said nothing for a minute. Is the reading head in its place?",
    ),
    "sml.sum": (
        "Ein Telegramm des Zählers kam verstümmelt an.",
        "A telegram of the meter came garbled.",
    ),
    "sml.form": ("Was der Zähler sagt, ist kein Telegramm.", "What the meter says is no telegram."),
    "sml.nothing": (
        "Der Zähler sagt nichts von dem, was gefragt ist. Manche brauchen dafür ihre PIN.",
        "The meter says nothing of what is wanted. Some need their PIN for that.",
    ),
    "sml.incomplete": (
        "Der Zähler sagt nicht alles, was gefragt ist, oder in einer anderen Einheit.",
        "The meter does not say all that is wanted, or in another unit.",
    ),
    "pins.file": (
        "Wenigstens eine Datei des Kerns lässt sich nicht lesen. Ist der Treiber geladen?",
        "One file of the kernel at least cannot be read. Is the driver loaded?",
    ),
    "host.nothing": (
        "Der Rechner sagt nichts von dem, was gefragt ist.",
        "The machine tells nothing of what is asked.",
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
    "http.body": (
        "Die Sendung lässt sich nicht auspacken oder bricht ab.",
        "What was brought cannot be unpacked or breaks off.",
    ),
    "http.large": ("Das ist zu groß für eine Sendung.", "This is too large to be brought at once."),
}
