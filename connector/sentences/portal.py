"""What portals and people without a login are told, and what is told of assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "portal.gone": (
        "Diesen Stand des Katalogs gibt es nicht mehr. Beginnen Sie das Einsammeln bei der ersten Seite.",
        "This state of the catalogue is no longer there. Begin the harvest with the first page.",
    ),
    "portal.crowded": (
        "Es fragen gerade zu viele. Versuchen Sie es gleich noch einmal.",
        "Too many are asking at the moment. Try again shortly.",
    ),
    "portal.busy": (
        "Der Katalog ändert sich gerade schneller, als er gelesen werden kann. Versuchen Sie es gleich noch einmal.",
        "The catalogue is changing faster than it can be read. Try again in a moment.",
    ),
    "portrait.unknown": (
        "Über {name} ist nur der Titel gesagt.",
        "Of {name} nothing but the title is told.",
    ),
    "portrait.field": (
        "Ein Feld „{field}“ gibt es nicht; es gibt: {known}.",
        'There is no field "{field}"; there are: {known}.',
    ),
    "portrait.value": (
        "Was für {field} gesagt ist, hat nicht dessen Form und ginge verloren. Ein Tag ist etwa 2027-12-31; andere "
        "Felder als Beispiel: allmende asset portrait NAME --json",
        "What is said for {field} is not of its form and would be lost. A day is written 2027-12-31; other fields to "
        "look at: allmende asset portrait NAME --json",
    ),
    "portrait.code": (
        "„{value}“ ist für {field} nicht bekannt; bekannt sind: {known}. Anderes wird als IRI genannt.",
        '"{value}" is not known for {field}; known are: {known}. Anything else is named by its IRI.',
    ),
    "portrait.address": (
        "„{value}“ ist für {field} keine Adresse im Netz (https://...).",
        '"{value}" is no address on the web for {field} (https://...).',
    ),
    "portrait.large": (
        "Was über {name} gesagt wird, ist zu lang (höchstens {limit} Byte).",
        "What is told of {name} is too long ({limit} bytes at most).",
    ),
    "portrait.wrong": (
        "Ein Portal würde {name} so nicht annehmen ({count} Fehler); --anyway behält es trotzdem.",
        "A portal would not take {name} like this ({count} mistakes); --anyway keeps it nevertheless.",
    ),
    "portal.page": ("Eine solche Seite gibt es nicht.", "There is no such page."),
    "portal.number": (
        "{name} ist eine Zahl ab 1.",
        "{name} is a number from 1 up.",
    ),
    "portal.since": (
        "modified_since ist ein Tag (2027-12-31) oder ein Zeitpunkt (2027-12-31T18:00:00Z).",
        "modified_since is a day (2027-12-31) or an instant (2027-12-31T18:00:00Z).",
    ),
}
