"""Questions about data with rows, and forms of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "query.unreadable": (
        "Die Abfrage hinter dem Fragezeichen ist nicht lesbar; sie schreibt sich name=wert&name=wert in UTF-8.",
        "The query behind the question mark cannot be read; it is written name=value&name=value in UTF-8.",
    ),
    "query.long": (
        "Die Abfrage ist zu lang; höchstens {most} Zeichen gehen.",
        "The query is too long; at most {most} characters will do.",
    ),
    "query.parameter": (
        "{parameter} ist kein Parameter einer Abfrage. Es gibt: {known}.",
        "{parameter} is no parameter of a query. There are: {known}.",
    ),
    "query.twice": (
        "{parameter} steht zweimal in der Abfrage; einmal ist gemeint.",
        "{parameter} stands in the query twice; give it once.",
    ),
    "query.alone": (
        "{parameter} sagt nur etwas neben {needs}.",
        "{parameter} says something only beside {needs}.",
    ),
    "query.value": (
        "{parameter}: {value} ist nicht zu verstehen.",
        "{parameter}: {value} cannot be understood.",
    ),
    "query.value.parameter.datetime": (
        "Ein Zeitpunkt schreibt sich 2026-07-01T14:00:00Z, ein Tag 2026-07-01, eine Spanne 2026-07-01/2026-07-31, ein "
        "offenes Ende zwei Punkte.",
        "An instant is written 2026-07-01T14:00:00Z, a day 2026-07-01, a span 2026-07-01/2026-07-31, an open end two "
        "dots.",
    ),
    "query.value.parameter.bbox": (
        "Ein Rechteck sind vier Zahlen: Westen, Süden, Osten, Norden in Grad.",
        "A box is four numbers: west, south, east, north in degrees.",
    ),
    "query.value.parameter.resolution": (
        "Eine Auflösung ist eine Zeitspanne (PT1H, P1D), eine Länge in Metern (100) oder eine Ebene der Schlüssel "
        "(municipality, district, state).",
        "A resolution is a span of time (PT1H, P1D), a length in metres (100) or a level of the keys (municipality, "
        "district, state).",
    ),
    "query.span": (
        "{parameter}: In {value} liegt das Ende vor dem Anfang.",
        "{parameter}: in {value} the end lies before the beginning.",
    ),
    "query.quotes": (
        "Der Filter vergleicht mit {value}, als wäre es ein Feld. Ein Text steht in einfachen Anführungszeichen: "
        "'{value}'; zwei Felder werden nicht miteinander verglichen.",
        "The filter compares with {value} as if it were a field. A text stands in single quotes: '{value}'; two fields "
        "are not compared with each other.",
    ),
    "query.language": (
        "Filter in {value} versteht dieser Knoten nicht; er liest cql2-text.",
        "This node does not understand filters in {value}; it reads cql2-text.",
    ),
    "query.crs": (
        "{parameter}: {value} kennt dieser Knoten nicht; Rechtecke stehen in CRS84 oder EPSG:4326.",
        "{parameter}: this node does not know {value}; boxes are in CRS84 or EPSG:4326.",
    ),
    "query.box": (
        "{parameter}: {value} ist kein Rechteck auf der Erde (Westen, Süden, Osten, Norden in Grad).",
        "{parameter}: {value} is no box on the earth (west, south, east, north in degrees).",
    ),
    "query.filter": (
        "Der Filter ist ab Zeichen {place} nicht lesbar ({near}).",
        "The filter cannot be read from character {place} on ({near}).",
    ),
    "query.complex": (
        "Der Filter hat zu viele Teile oder zu viele Klammern ineinander; teilen Sie die Frage.",
        "The filter has too many parts or too many brackets within each other; divide the question.",
    ),
    "query.number": (
        "{value} (Zeichen {place} des Filters) hat mehr Stellen, als verglichen werden; kürzen Sie die Zahl.",
        "{value} (character {place} of the filter) has more digits than are compared; shorten the number.",
    ),
    "query.operator": (
        "Der Filter verlangt {operator}; verstanden werden = <> < <= > >=, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL "
        "und S_INTERSECTS mit BBOX, je ein Feld und ein Wert.",
        "The filter asks for {operator}; what is understood is = <> < <= > >=, AND, OR, NOT, IN, BETWEEN, LIKE, IS "
        "NULL and S_INTERSECTS with BBOX, a field and a value each.",
    ),
    "query.field": (
        "{parameter}: Diese Daten haben kein Feld {field}.",
        "{parameter}: these data have no field {field}.",
    ),
    "query.field.near": ("Ähnlich: {near}.", "Close to it: {near}."),
    "query.kind": (
        "{field} ist {kind}; mit {value} ist es so nicht zu vergleichen.",
        "{field} is {kind}; it cannot be compared with {value} this way.",
    ),
    "query.time": (
        "{parameter}: Diese Daten haben keine Zeit, nach der gefragt werden kann.",
        "{parameter}: these data have no time that could be asked for.",
    ),
    "query.place": (
        "{parameter}: Diese Daten haben keinen Ort, nach dem gefragt werden kann.",
        "{parameter}: these data have no place that could be asked for.",
    ),
    "query.finer": (
        "{value} ist feiner, als der Vertrag die Daten herausgibt, oder passt nicht in dessen Raster.",
        "{value} is finer than the contract lets the data out, or does not fit its grid.",
    ),
    "query.rowless": (
        "Daten der Art {media_type} haben keine Zeilen, nach denen sich fragen lässt; ohne Abfrage kommen sie ganz.",
        "Data of the type {media_type} have no rows that can be asked for; without a query they come as a whole.",
    ),
    "query.form": (
        "Die Form {value} gibt es nicht. Es gibt: {known}.",
        "There is no form {value}. There are: {known}.",
    ),
    "query.form.places": (
        "GeoJSON braucht einen Ort, und diese Daten haben keinen; csv, json, ndjson und parquet gehen.",
        "GeoJSON needs a place, and these data have none; csv, json, ndjson and parquet will do.",
    ),
}
