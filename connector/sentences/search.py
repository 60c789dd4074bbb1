"""Searching catalogues: what may be asked, whether what was found could be used, what saved searches find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # could this node use it? These are counted, so they speak of one and of many alike.
    "usable.unclear": (
        "Bedingungen, die dieser Knoten nicht versteht und deshalb nie für nutzbar hält",
        "terms that this node does not understand and so never takes for usable",
    ),
    "usable.other_party": ("für jemand anderen bestimmt", "meant for somebody else"),
    "usable.over": ("Nutzungszeit vorbei", "the time of use is over"),
    "usable.nothing": ("erlaubt niemandem etwas", "permits nothing to anybody"),
    "usable.purpose": ("nur für einen anderen Zweck", "for another purpose only"),
    "usable.place": ("nur an einem anderen Ort zu nutzen", "to be used at another place only"),
    "usable.proof": (
        "verlangt einen Nachweis, den dieser Knoten nicht hat",
        "asks for a proof that this node does not hold",
    ),
    "usable.world": (
        "nur in einer Lage, die der Anbieter feststellt",
        "only in a situation that its provider states",
    ),
    "usable.time": ("nur zu einer anderen Zeit", "at another time only"),
    "usable.count": ("Zahl der Nutzungen reicht nicht", "the number of uses is not enough"),
    "usable.duty": ("Pflicht, die nicht mehr zu erfüllen ist", "a duty that cannot be done any more"),
    "usable.prohibited": ("für diese Nutzung verboten", "prohibited for this use"),
    "usable.action": ("erlaubt das Lesen der Daten nicht", "does not permit reading the data"),
    "usable.other": ("andere Bedingung nicht erfüllt", "another condition is not met"),
    "usable.no_offer": ("ohne Angebot im Katalog", "without an offer in the catalogue"),
    "usable.ended": ("Die Nutzung endete am {ends:time}.", "Use ended on {ends:time}."),
    "usable.provider_states": (
        "Auch der Anbieter muss es feststellen: {operand:operand}.",
        "The provider has to state it as well: {operand:operand}.",
    ),
    # what may be asked
    "search.near": (
        "„{near}“ ist kein Punkt: Breite und Länge in Grad, durch Komma getrennt, etwa 51.05,13.74.",
        '"{near}" is no point: latitude and longitude in degrees, divided by a comma, for example 51.05,13.74.',
    ),
    "search.distance": (
        "„{within}“ ist keine Entfernung mit Einheit; sagen Sie etwa 20km oder 500m.",
        '"{within}" is no distance with its unit; say for example 20km or 500m.',
    ),
    "search.within": (
        "Eine Entfernung gilt von einem Punkt aus; nennen Sie ihn mit near.",
        "A distance is from a point; name it with near.",
    ),
    "search.nearest": (
        "Nach Nähe lässt sich nur von einem Punkt aus ordnen; nennen Sie ihn mit near.",
        "What is nearest can only be said from a point; name it with near.",
    ),
    "search.box": (
        "„{box}“ ist kein Ausschnitt: West, Süd, Ost, Nord in Grad, durch Kommas getrennt.",
        '"{box}" is no box: west, south, east, north in degrees, divided by commas.',
    ),
    "search.place": (
        "Einen Ort „{place}“ kennt dieser Knoten nicht; nennen Sie seinen amtlichen Schlüssel (AGS, 8 Ziffern).",
        'This node knows no place "{place}"; say its official key (AGS, 8 digits).',
    ),
    "search.theme": (
        "„{theme}“ ist kein Thema, oder mehrere; möglich sind: {known}.",
        '"{theme}" is no theme, or several; there are: {known}.',
    ),
    "search.since": (
        "„{since}“ ist kein Zeitpunkt; sagen Sie einen Tag (2027-01-31) oder wie lange her (7d).",
        '"{since}" is no point in time; say a day (2027-01-31) or how long ago (7d).',
    ),
    "search.purpose": (
        "„{purpose}“ ist kein Zweck des Data Privacy Vocabulary; gemeint sein könnte: {near}.",
        '"{purpose}" is no purpose of the Data Privacy Vocabulary; you may have meant: {near}.',
    ),
    "search.no_purpose": (
        "„{purpose}“ ist kein Zweck des Data Privacy Vocabulary; welche es gibt: allmende help policies",
        '"{purpose}" is no purpose of the Data Privacy Vocabulary; which there are: allmende help policies',
    ),
    "search.busy": (
        "Es warten schon zu viele Suchen; versuchen Sie es gleich noch einmal.",
        "Too many searches are waiting already; try again in a moment.",
    ),
    "search.unseen": (
        "Ein Datensatz {id} wurde in keinem Katalog gesehen. Suchen: allmende search WÖRTER",
        "No dataset {id} was seen in any catalogue. Search: allmende search WORDS",
    ),
    "search.several": (
        "Mehrere Anbieter haben einen Datensatz {id}: {peers}. Nennen Sie einen.",
        "Several have a dataset {id}: {peers}. Name one of them.",
    ),
    "search.unclear": (
        "Auf {id} enden mehrere Datensätze: {ids}. Nennen Sie einen ganz.",
        "Several datasets end in {id}: {ids}. Name one of them in full.",
    ),
    "search.after": (
        "Diese Seite gehört nicht zu dieser Suche; beginnen Sie von vorn.",
        "That page is not of this search; begin anew.",
    ),
    "index.unusable": (
        "Das Verzeichnis der Kataloge lässt sich gerade nicht lesen oder schreiben; prüfen Sie den Platz auf dem "
        "Datenträger.",
        "The index of catalogues cannot be read or written now; look at the room on the disk.",
    ),
    # addresses of distributions
    "distribution.forbidden": (
        "Der Server möchte nicht, dass Programme diese Adresse ansehen (robots.txt).",
        "The server does not want programs to look at this address (robots.txt).",
    ),
    "distribution.gone": (
        "Unter dieser Adresse gibt es nichts (mehr) (Status {status}).",
        "There is nothing at this address (any more) (status {status}).",
    ),
    "distribution.status": (
        "Der Server liefert die Daten nicht (Status {status}).",
        "The server does not give the data (status {status}).",
    ),
    "distribution.loop": (
        "Diese Adresse leitet immer weiter.",
        "This address leads on and on.",
    ),
    # saved searches
    "search.unknown": (
        "Eine Suche „{name}“ ist nicht gespeichert.",
        'There is no saved search "{name}".',
    ),
    "search.taken": (
        "Eine Suche „{name}“ ist schon gespeichert; löschen Sie sie zuerst oder nennen Sie diese anders.",
        'A search "{name}" is saved already; remove it first, or call this one otherwise.',
    ),
    "search.many": (
        "Es sind schon {most} Suchen gespeichert; löschen Sie eine, die niemand mehr braucht.",
        "There are {most} saved searches already; remove one that nobody needs any more.",
    ),
    "event.catalog_found": (
        "Die gespeicherte Suche „{search}“ hat Neues gefunden ({found}), zuerst: {title}. Ansehen: allmende catalog "
        "saved run {search}",
        'The saved search "{search}" has found something new ({found}), first: {title}. Look: allmende catalog saved '
        "run {search}",
    ),
}
"""Code -> German, English."""
