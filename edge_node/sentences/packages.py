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
}
