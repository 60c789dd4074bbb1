"""Devices of this node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "edge.unknown": ("Ein Gerät {name} gibt es hier nicht.", "There is no device {name} here."),
    "edge.retired": ("Das Gerät {name} ist außer Dienst.", "The device {name} is retired."),
    "edge.inactive": (
        "Der Platz des Geräts {name} gilt gerade nicht ({state}).",
        "The place of the device {name} does not count now ({state}).",
    ),
    "edge.keys": (
        "Ein Gerät hat höchstens {most} Schlüssel gehabt; laden Sie es unter einem neuen Namen ein.",
        "A device has had {most} keys at most; invite it under a new name.",
    ),
    "edge.number": (
        "Das Gerät nennt Anweisungen mit der Nummer {after}, die es nie gab; die neueste ist {number}.",
        "The device names orders with the number {after}, which there never were; the newest is {number}.",
    ),
    "edge.asked": (
        "Die Anfrage des Geräts ist nicht zu lesen, oder es sagt mehr als {most} Byte von sich.",
        "What the device asks cannot be read, or it says more than {most} bytes of itself.",
    ),
    "edge.collects_nothing": (
        "Die Policy {policy} verlangt nichts, was an Daten getan wird.",
        "The policy {policy} demands nothing that is done to data.",
    ),
    "token.cwt": (
        "Das Token des Geräts beweist nichts ({why}); gehen Uhr und Schlüssel des Geräts richtig?",
        "The token of the device proves nothing ({why}); are its clock and key right?",
    ),
    "source.delivered": (
        "{asset} wird von seinem Gerät geliefert und ist hier nicht abzurufen.",
        "{asset} is delivered by its device and cannot be fetched here.",
    ),
    "doctor.device_silent": (
        "Das Gerät {name} hat sich seit {hours} Stunden nicht gemeldet; was es gesammelt hat, liegt dort. Ist es ohne "
        "Strom oder Netz?",
        "The device {name} has not been heard of for {hours} hours; what it has collected lies there. Is it without "
        "power or network?",
    ),
    "doctor.device_lost": (
        "Dem Gerät {name} fehlen {lost} Messwerte, vergessen oder beschädigt: allmende edge fleet show {name}.",
        "The device {name} misses {lost} readings, forgotten or damaged: allmende edge fleet show {name}.",
    ),
    "doctor.device_room": (
        "Der Puffer des Geräts {name} ist beim jetzigen Zufluss in {hours} Stunden voll. Erreicht es seine Abnehmer?",
        "The buffer of the device {name} is full in {hours} hours at the present rate. Does it reach its consumers?",
    ),
    "doctor.device_unwell": (
        "Das Gerät {name} meldet, dass etwas nicht stimmt ({troubles}): allmende edge fleet show {name}.",
        "The device {name} says that something is wrong ({troubles}): allmende edge fleet show {name}.",
    ),
    "event.device_joined": ("Ein Gerät gehört jetzt dazu: {device}.", "A device belongs here now: {device}."),
    "event.device_delivering": (
        "Ein Gerät liefert {series} an {peer}.",
        "A device delivers {series} to {peer}.",
    ),
    "event.device_retired": ("Ein Gerät ist außer Dienst: {device}.", "A device is retired: {device}."),
    "event.device_updated": (
        "Das Gerät {device} soll die Fassung {version} ausführen.",
        "The device {device} is to run version {version}.",
    ),
    "event.device_collecting": (
        "Was bei {device} an {series} bei der Erhebung getan wird, ist jetzt: {policy}.",
        "What is done at {device} to {series} at collection is now: {policy}.",
    ),
}
