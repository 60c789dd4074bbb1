"""Readings that devices deliver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "readings.size": (
        "Die Sendung ist zu groß: mehr als {most} Bytes oder zu viele Nachrichten oder Messungen auf einmal.",
        "The post is too large: more than {most} bytes, or too many messages or readings at once.",
    ),
    "readings.form": (
        "Die Nachricht {number} der Sendung ist nicht lesbar.",
        "Message {number} of the post cannot be read.",
    ),
    "readings.seal": (
        "Das Siegel der Nachricht {number} ist nicht das des Gerätes, das sie schickt.",
        "The seal on message {number} is not that of the device that sends it.",
    ),
    "readings.media_type": (
        "Die Sendung hat nicht die Form {expected}.",
        "The post is not of the form {expected}.",
    ),
    "readings.slow": ("Die Sendung kam nicht zu Ende.", "The post did not come to an end."),
    "readings.legend": (
        "Zu diesen Messungen fehlt die Legende; bekannt ist die mit der Nummer {known}.",
        "The legend that these readings need is missing; the newest one known has the number {known}.",
    ),
    "readings.legend_other": (
        "Die Legende {number} gibt einer Nummer eine andere Bedeutung als zuvor. Ein Gerät, das von vorn zählt, braucht"
        " einen neuen Namen.",
        "Legend {number} gives a number another meaning than before. A device that counts anew needs a new name.",
    ),
    "readings.legend_size": (
        "Das Gerät nennt zu viele Reihen oder Sensoren.",
        "The device names too many series or sensors.",
    ),
    "readings.name": (
        "Die Reihe {series} heißt so, oder hat ein Feld, das so heißt, wie es nicht heißen darf.",
        "The series {series} has a name, or a field with a name, that cannot be used.",
    ),
    "readings.scattered": (
        "In der Reihe {series} sind zu viele Lücken.",
        "There are too many gaps in the series {series}.",
    ),
    "readings.full": (
        "Für Messungen ist kein Platz mehr; das Gerät behält sie.",
        "There is no room for more readings; the device keeps them.",
    ),
    "readings.busy": (
        "Von diesem Gerät sind schon zu viele Sendungen unterwegs.",
        "Too many posts of this device are under way already.",
    ),
    "readings.missing": (
        "Eine Datei mit Messungen ist kürzer, als sie sein müsste.",
        "A file of readings is shorter than it has to be.",
    ),
    "readings.query": (
        "Was Geräte liefern, kommt ganz; ausgewählt wird daraus mit einem eigenen Silo: allmende source add NAME"
        " --kind readings.",
        "What devices deliver comes whole; to choose from it, share it as a silo of your own: allmende source add NAME"
        " --kind readings.",
    ),
    "readings.device": (
        "Dieses Gerät gehört nicht dem Anbieter, oder sein Ausweis ist nicht zu lesen.",
        "This device is not one of the provider's, or its document cannot be read.",
    ),
    "token.device": (
        "Das Token gehört einem anderen Gerät als dem, das die Anfrage nennt.",
        "The token belongs to another device than the one that the request names.",
    ),
    "event.readings_gone": (
        "{readings} Messungen der Reihe {series} von {device} werden nie kommen ({why}).",
        "{readings} readings of the series {series} of {device} will never come ({why}).",
    ),
}
