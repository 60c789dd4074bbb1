"""Sentences for what is done to data while they leave: why it cannot be done, or why nothing more is told.

What lives here: the wording for the codes of `policies.transforms`; it is part of `policies.sentences`. What does not:
the steps themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.operands import Both

REASONS: Final[Mapping[str, Both]] = {
    # duties that make no step
    "transform.parameter": (
        "Der Pflicht „{action:term}“ fehlt eine Angabe: {parameter:operand}.",
        "The duty “{action:term}” lacks a parameter: {parameter:operand}.",
    ),
    "transform.parameters": (
        "Die Angaben der Pflicht {action:term} sind nicht eindeutig: jede nur einmal, keine Wahl zwischen mehreren.",
        "The parameters of the duty {action:term} are not clear: each of them once, and no choice between several.",
    ),
    "transform.unfit": (
        "Mit dieser Angabe lässt sich die Pflicht {action:term} nicht erfüllen: {parameter:term} {value}.",
        "The duty {action:term} cannot be done with this parameter: {parameter:term} {value}.",
    ),
    "transform.statistic": (
        "Diese Kennzahl darf oder kann hier nicht gebildet werden: {statistic}. Kleinste und größte Werte gehören "
        "einem Einzelnen, und mit Rauschen gibt es nur Anzahl und Summe.",
        "This statistic cannot or may not be made here: {statistic}. Least and largest values are somebody's own, and "
        "with noise there are only counts and sums.",
    ),
    "transform.place": (
        "Die Pflicht {action:term} steht als Folge eines Verstoßes: dann sind die Daten schon hinausgegangen.",
        "The duty {action:term} stands as the consequence of a violation: by then the data have left.",
    ),
    "transform.twice": (
        "Die Bedingungen verlangen {action:term} mehrmals auf verschiedene Weise; beides zugleich geht nicht.",
        "The terms demand {action:term} several times in different ways; both at once cannot be done.",
    ),
    "transform.contradiction": (
        "Die Bedingungen widersprechen sich bei diesen Feldern: {fields}. Was nicht hinausgeht oder ersetzt wird, kann "
        "keine Gruppe bilden und nicht zweimal verändert werden.",
        "The terms contradict each other about these fields: {fields}. What does not leave or is replaced can neither "
        "make groups nor be changed twice.",
    ),
    "transform.unit": (
        "Rauschen und eine Mindestgröße nach verschiedenen Werten von „{unit}“ passen nicht zusammen: niemand könnte "
        "sagen, wie viel Rauschen genügt.",
        'Noise and a least size by different values of "{unit}" do not go together: nobody could say how much noise is '
        "enough.",
    ),
    # data to which the steps cannot be done
    "transform.media": (
        "Daten der Art {media_type} kann dieser Knoten nicht so bearbeiten, wie die Bedingungen es verlangen; er kann "
        "es bei CSV, JSON, JSON-Zeilen und GeoJSON.",
        "This node cannot work on data of the type {media_type} as the terms demand; it can do so with CSV, JSON, JSON "
        "lines and GeoJSON.",
    ),
    "transform.endless": (
        "Die Bedingungen verlangen etwas, das nur an einem abgeschlossenen Bestand geschehen kann; diese Daten haben "
        "kein Ende.",
        "The terms demand what can only be done to something that is complete; these data have no end.",
    ),
    "transform.encoding": (
        "Die Zeichen dieser Daten lassen sich mit {encoding} nicht lesen oder schreiben.",
        "The letters of these data cannot be read or written with {encoding}.",
    ),
    "transform.shape": (
        "Die Daten haben nicht die Form, die ihre Art verspricht: eine Tabelle mit Überschriften, eine Liste von "
        "Objekten oder eine FeatureCollection.",
        "The data are not in the form that their type promises: a table with headings, an array of objects or a "
        "feature collection.",
    ),
    "transform.column": (
        "Das Feld „{field}“, mit dem die Bedingungen etwas verlangen, gibt es in diesen Daten nicht.",
        'The field "{field}", which the terms speak of, is not in these data.',
    ),
    "transform.ambiguous": (
        "Das Feld „{field}“ gibt es in diesen Daten mehrmals; welches gemeint ist, ist nicht klar.",
        'There is more than one field "{field}" in these data; which of them is meant is not clear.',
    ),
    "transform.axes": (
        "Welches dieser Felder die Länge und welches die Breite ist, sagen ihre Namen nicht: {fields}.",
        "The names of these fields do not say which is the longitude and which the latitude: {fields}.",
    ),
    "transform.row": (
        "Ein Eintrag der Daten lässt sich nicht so bearbeiten, wie die Bedingungen es verlangen; deshalb geht nichts "
        "hinaus.",
        "An entry of the data cannot be worked on as the terms demand; so nothing leaves.",
    ),
    "transform.many": (
        "Es wären mehr als {limit} Gruppen oder Einheiten zugleich zu zählen.",
        "More than {limit} groups or units would have to be counted at once.",
    ),
    "transform.young": (
        "Diese Daten dürfen erst nach {period:period} hinausgehen.",
        "These data may leave only after {period:period}.",
    ),
    "transform.key": (
        "Der Schlüssel, mit dem Pseudonyme gebildet werden, ist nicht da.",
        "The key that pseudonyms are made with is not there.",
    ),
    "transform.noise": (
        "Rauschen kann hier nicht gezogen werden.",
        "Noise cannot be drawn here.",
    ),
    # what was told before
    "release.unreadable": (
        "Was früher schon mitgeteilt wurde, lässt sich nicht nachsehen; deshalb geht nichts hinaus.",
        "What was told before cannot be looked up; so nothing leaves.",
    ),
    "release.division": (
        "Diese Daten wurden demselben Empfänger schon in anderen Gruppen mitgeteilt. Aus dem Unterschied ließen sich "
        "kleinere Gruppen errechnen.",
        "These data have been told to the same recipient in other groups already. Smaller groups could be computed "
        "from the difference.",
    ),
    "release.overlap": (
        "Über diese Daten wurde demselben Empfänger schon auf zwei getrennten Wegen etwas mitgeteilt. Aus dem "
        "Unterschied ließen sich kleinere Gruppen errechnen.",
        "The same recipient has been told of these data in two separate ways already. Smaller groups could be computed "
        "from the difference.",
    ),
    "release.budget": (
        "Vom Genauigkeitsbudget {budget} sind {spent} verbraucht; für eine weitere Auskunft reicht es nicht.",
        "Of the budget of {budget}, {spent} has been spent; it is not enough for another answer.",
    ),
    "release.many": (
        "Demselben Empfänger wären über diese Daten mehr als {limit} Gruppen mitgeteilt.",
        "The same recipient would have been told more than {limit} groups of these data.",
    ),
}
"""Code -> sentence, in German and English."""
