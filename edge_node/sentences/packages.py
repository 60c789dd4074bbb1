"""Installing and updating: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "install.root": ("Das darf nur root: mit sudo aufrufen.", "Only root may do that: call it with sudo."),
    "install.failed": ("Die Installation ging nicht: {what}", "The installation did not work: {what}"),
    "image.none": (
        "Unter {path} liegt kein Debian 12 mit Python 3.11. Das Abbild muss dort eingehängt sein.",
        "There is no Debian 12 with Python 3.11 below {path}. The image has to be mounted there.",
    ),
    "image.taken": (
        "In diesem Abbild ist das Paket schon. Auf dem Gerät bringt es allmende edge update auf den neuen Stand.",
        "This image has the package already. On the device, allmende edge update brings it up to date.",
    ),
    "image.architecture": (
        "Das Paket ist für {package}, das Abbild für {image}.",
        "The package is for {package}, the image for {image}.",
    ),
    "image.invitation": (
        "Das ist keine Einladung der Form CODE@KNOTEN.",
        "This is no invitation of the form CODE@NODE.",
    ),
    "update.keys": (
        "Auf diesem Gerät steht nicht, wer Pakete unterschreiben darf: {path} braucht einen öffentlichen Schlüssel.",
        "This device does not know who may sign packages: {path} needs a public key.",
    ),
    "update.missing": ("{path} lässt sich nicht lesen.", "{path} cannot be read."),
    "update.signature": (
        "{path} ist von niemandem unterschrieben, dem dieses Gerät glaubt. Es wurde nichts installiert.",
        "{path} is signed by nobody whom this device believes. Nothing was installed.",
    ),
    "update.unknown": (
        "{path} ist unterschrieben, wird aber hier nicht verstanden. Es wurde nichts installiert.",
        "{path} is signed but not understood here. Nothing was installed.",
    ),
    "update.content": (
        "{path} ist nicht das Paket, das unterschrieben wurde. Es wurde nichts installiert.",
        "{path} is not the package that was signed. Nothing was installed.",
    ),
    "update.absent": (
        "Das Paket {package} ist hier nicht installiert; erneuert wird nur, was da ist.",
        "The package {package} is not installed here; an update is for what is there.",
    ),
    "update.older": (
        "Installiert ist {installed}; {version} ist nicht neuer. Wenn es so sein soll: --older.",
        "Installed is {installed}; {version} is not newer. If that is what you want: --older.",
    ),
    "update.failed": (
        "Version {version} läuft hier nicht; es läuft die vorige. allmende-edge-releases status sagt, welche.",
        "Version {version} does not run here; the one before does. allmende-edge-releases status says which.",
    ),
    "update.unanswered": (
        "Wo das bestellte Paket liegen soll, wird mit {status} geantwortet.",
        "Where the ordered package should be, the answer is {status}.",
    ),
    "update.other": (
        "Unter der Adresse ist ein anderes Paket als Version {version} angekündigt. Es wurde nichts geholt.",
        "What is announced at the address is another package than version {version}. Nothing was fetched.",
    ),
    "update.large": (
        "Das Paket hat {size} Byte, höchstens {most} werden geholt.",
        "The package has {size} bytes, {most} at most are fetched.",
    ),
    "update.room": (
        "Für das Paket müssen {size} Byte frei sein.",
        "For the package, {size} bytes have to be free.",
    ),
    "update.disk": (
        "Das Paket ließ sich nicht auf den Datenträger schreiben.",
        "The package could not be written to the medium.",
    ),
    "update.refused": (
        "Version {version} wurde geholt und läuft doch nicht; es läuft die vorige. Warum, sagt auf dem Gerät "
        "journalctl -u allmende-edge-update.",
        "Version {version} was fetched and does not run all the same; the one before does. On the device, "
        "journalctl -u allmende-edge-update says why.",
    ),
}
