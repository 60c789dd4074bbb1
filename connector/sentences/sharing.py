"""What is shared, and access to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # said behind `terms.unreadable`, which the policies give
    **dict.fromkeys(
        ("terms.unreadable.term.until", "terms.unreadable.term.not_before", "terms.unreadable.term.at"),
        (
            "Ein Tag schreibt sich 2027-12-31, ein Zeitpunkt 2027-12-31T18:00:00+01:00.",
            "A day is written 2027-12-31, an instant 2027-12-31T18:00:00+01:00.",
        ),
    ),
    "terms.unreadable.term.notice": (
        "Eine Frist schreibt sich P30D (Tage), P4W (Wochen) oder P3M (Monate).",
        "A period is written P30D (days), P4W (weeks) or P3M (months).",
    ),
    "terms.unreadable.term.purposes": (
        "Welche Zwecke es gibt: allmende help policies",
        "Which purposes there are: allmende help policies",
    ),
    "terms.unreadable.term.spatial": (
        "Ein Ort sind die Ziffern eines Gemeindeschlüssels (AGS oder ARS), etwa 05515000.",
        "A place is the digits of a municipality's key (AGS or ARS), for example 05515000.",
    ),
    "terms.unreadable.near": ("Ähnlich: {near}.", "Close to it: {near}."),
    "terms.other": (
        "Die Datei nennt {named} als {part}; verhandelt wird mit {own}. Lassen Sie {part} in der Datei weg.",
        "The file names {named} as {part}; what is negotiated has {own}. Leave {part} out of the file.",
    ),
    # catalogue and offers
    "catalog.filter": (
        "Filter versteht dieser Katalog nicht; fragen Sie ohne Filter.",
        "This catalogue understands no filters; ask without.",
    ),
    "catalog.cursor": (
        "Die Fortsetzung des Katalogs ist nicht lesbar; beginnen Sie bei der ersten Seite.",
        "The catalogue's continuation cannot be read; begin with the first page.",
    ),
    "catalog.link": (
        "Die nächste Seite des Katalogs von {peer} liegt woanders und wird nicht abgerufen.",
        "The next page of {peer}'s catalogue is elsewhere and is not fetched.",
    ),
    "dataset.unknown": (
        "Diesen Datensatz gibt es nicht, oder er wird Ihnen nicht angeboten.",
        "There is no such dataset, or it is not offered to you.",
    ),
    "onward.contract": (
        "Einen Vertrag „{id}“, unter dem dieser Knoten Daten empfängt, gibt es nicht.",
        'There is no contract "{id}" under which this node receives data.',
    ),
    "onward.beyond": (
        "Diese Bedingungen halten nicht nachweislich ein, was der Vertrag {id} zur Weitergabe verlangt ({problem}).",
        "These terms are not shown to keep what the contract {id} demands of passing on ({problem}).",
    ),
    "offer.unknown": (
        "Dieses Angebot gibt es nicht oder nicht mehr.",
        "There is no such offer, or no longer.",
    ),
    "offer.target": (
        "Das Angebot gilt für einen anderen Datensatz als den genannten.",
        "The offer is about another dataset than the one named.",
    ),
    "asset.unknown": ("Ein Datenbestand „{name}“ ist nicht angelegt.", 'There is no asset "{name}".'),
    "asset.exists": ("Einen Datenbestand „{name}“ gibt es schon.", 'There is an asset "{name}" already.'),
    "asset.offered": (
        "„{name}“ wird noch angeboten; ziehen Sie zuerst die Angebote zurück.",
        '"{name}" is still offered; retire its offers first.',
    ),
    "asset.settings": (
        "„{name}“ kann so nicht bereitgestellt werden: {problem}.",
        '"{name}" cannot be served like this: {problem}.',
    ),
    "asset.withdrawn": ("Diese Daten werden nicht mehr geteilt.", "These data are not shared any more."),
    "asset.moved": ("Die Daten wurden gerade ausgetauscht.", "The data have just been replaced."),
    "source.unknown": (
        "Für Datenquellen der Art „{kind}“ gibt es hier keinen Anschluss.",
        'There is no adapter for sources of the kind "{kind}" here.',
    ),
    "source.ambiguous": (
        "Für Datenquellen der Art „{kind}“ gibt es mehr als einen Anschluss.",
        'There is more than one adapter for sources of the kind "{kind}".',
    ),
    "source.failing": (
        "„{asset}“ kann nicht ausgeliefert werden ({cause}); betroffen: {assets}.",
        '"{asset}" cannot be served ({cause}); assets concerned: {assets}.',
    ),
    "source.unreadable": ("Die Datenquelle kann gerade nicht gelesen werden.", "The source cannot be read just now."),
    "policy.failed": (
        "Die Bedingungen ließen sich wegen eines Fehlers dieses Knotens nicht prüfen; es wird nichts herausgegeben.",
        "The terms could not be judged because of a fault of this node; nothing is given.",
    ),
    "policy.refused": ("Die Bedingungen erlauben diesen Zugriff nicht.", "The terms do not permit this access."),
    "terms.outside": ("Die Anfrage liegt außerhalb der Bedingungen.", "What is asked lies outside the terms."),
    "terms.unclear": (
        "Ob die Anfrage innerhalb der Bedingungen liegt, lässt sich nicht zeigen; im Zweifel wird abgelehnt.",
        "It cannot be shown that what is asked lies within the terms; in doubt it is refused.",
    ),
    "transform.undone": (
        "Die Bedingungen verlangen, dass die Daten bearbeitet werden, bevor sie hinausgehen; das geschieht hier nicht.",
        "The terms demand that the data are worked on before they leave; here they were not.",
    ),
    "transform.noise_missing": (
        "Die Bedingungen verlangen Rauschen, und auf diesem Knoten fehlt, womit es gezogen wird: installieren Sie "
        "allmende[noise].",
        "The terms demand noise, and this node lacks what it is drawn with: install allmende[noise].",
    ),
    "release.busy": (
        "Über dieselben Daten wird gerade zu viel zugleich mitgeteilt; bitte noch einmal versuchen.",
        "Too much is being told of the same data at once; please try again.",
    ),
    "pseudonyms.secret": (
        "Das Geheimnis für Pseudonyme (keys/pseudonyms.key) ist ein anderes als das, mit dem dieser Vertrag begonnen "
        "hat; alle Pseudonyme würden sich ändern. Stellen Sie die Datei aus einer Sicherung wieder her.",
        "The secret for pseudonyms (keys/pseudonyms.key) is another than the one that this contract began with; every "
        "pseudonym would change. Bring the file back from a backup.",
    ),
    # data
    "data.unknown": ("Diese Daten gibt es nicht.", "There are no such data."),
    "data.changed": (
        "Die Daten haben sich während der Übertragung geändert.",
        "The data changed while they were being sent.",
    ),
    "data.members": (
        "Der Ordner hat mehr als {most} Einträge; bitte nennen Sie einen.",
        "The folder has more than {most} members; name one.",
    ),
    "data.range": ("Dieser Ausschnitt liegt außerhalb der Daten.", "That range lies outside the data."),
    "data.incomplete": (
        "Die Übertragung ist nach {received} Bytes abgebrochen und ließ sich nicht fortsetzen.",
        "The transfer broke off after {received} bytes and could not be continued.",
    ),
    "data.length": (
        "Angekündigt waren {announced} Bytes, angekommen sind {received}.",
        "{announced} bytes were announced, {received} have come.",
    ),
    "data.digest": (
        "Die Daten passen nicht zur angekündigten Prüfsumme; verwenden Sie sie nicht.",
        "The data do not match the announced hash; do not use them.",
    ),
}
