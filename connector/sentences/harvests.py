"""Taking descriptions of datasets from files and portals: what was repaired, what is left, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # repairs: the same, in the profile's words
    "repair.namespace": (
        "Alte Schreibweise einer Eigenschaft: „{before}“ heißt heute {after}.",
        'Old spelling of a property: "{before}" is {after} today.',
    ),
    "repair.iri": (
        "{property}: die Adresse „{before}“ schreibt sich {after}.",
        '{property}: the address "{before}" is spelled {after}.',
    ),
    "repair.property": ("Statt {before} steht dort jetzt {after}.", "{after} stands there in place of {before}."),
    "repair.type": (
        "{node} ist ein {after}: das sagt die Eigenschaft, die darauf zeigt.",
        "{node} is a {after}: the property that names it says so.",
    ),
    "repair.code": ("{property}: „{before}“ ist {after}.", '{property}: "{before}" is {after}.'),
    "repair.media": ("{property}: „{before}“ ist {after}.", '{property}: "{before}" is {after}.'),
    "repair.theme": (
        "„{before}“ ist keines der 13 Themen der EU; es steht jetzt als {after}.",
        '"{before}" is none of the EU\'s 13 themes; it stands as {after}.',
    ),
    "repair.address": (
        "{property}: aus dem Text „{before}“ wurde die Adresse {after}.",
        '{property}: the text "{before}" became the address {after}.',
    ),
    "repair.statement": (
        "{property}: der Text „{before}“ steht jetzt in einem {after}.",
        '{property}: the text "{before}" stands in a {after} now.',
    ),
    "repair.weaker": (
        "{property}: von {before} sagt das Dokument nichts; es steht jetzt unter {after}, was auch stimmt.",
        "{property}: the document tells nothing of {before}; it stands under {after} now, which is true as well.",
    ),
    "repair.text": (
        "{property}: aus der Adresse {before} wurde der Text „{after}“.",
        '{property}: the address {before} became the text "{after}".',
    ),
    "repair.html": ("{property}: Auszeichnungen (HTML) entfernt: {after}", "{property}: marks (HTML) removed: {after}"),
    "repair.number": ("{property}: {before} ist jetzt {after}.", "{property}: {before} is {after} now."),
    "repair.date": ("{property}: {before} ist jetzt {after}.", "{property}: {before} is {after} now."),
    "repair.agent": (
        "{property}: aus dem Text „{before}“ wurde eine Stelle mit diesem Namen.",
        '{property}: the text "{before}" became an agent of this name.',
    ),
    "repair.agent_name": (
        "Eine Stelle ohne Namen heißt jetzt, wie man sie kennt: {after}.",
        "An agent without a name is called what it is known by: {after}.",
    ),
    "repair.contact": (
        "{property}: aus „{before}“ wurde eine Kontaktstelle {after}.",
        '{property}: "{before}" became a contact {after}.',
    ),
    "repair.place": (
        "{property}: „{before}“ steht jetzt als Ort ({after}).",
        '{property}: "{before}" stands as a place now ({after}).',
    ),
    "repair.geometry": (
        "{property}: die Geometrie steht jetzt so, wie alle sie lesen ({after}).",
        "{property}: the geometry stands as everybody reads it ({after}).",
    ),
    "repair.period": ("{property}: „{before}“ ist {after}.", '{property}: "{before}" is {after}.'),
    "repair.identifier": (
        "{property}: „{before}“ steht jetzt als {after}.",
        '{property}: "{before}" stands as {after} now.',
    ),
    "repair.single": (
        "{property} darf nur einmal stehen: statt „{before}“ gilt {after}.",
        '{property} may stand once only: {after} in place of "{before}".',
    ),
    "repair.access": (
        "Die Zugangsadresse ist die, die sonst genannt ist: {after}.",
        "The access address is the one that is told elsewhere: {after}.",
    ),
    "repair.publisher": (
        "Der Herausgeber ist der des Katalogs oder des Datensatzes, zu dem es gehört: {after}.",
        "The publisher is that of the catalogue or dataset that it belongs to: {after}.",
    ),
    "repair.publisher_by_role": (
        "Als Herausgeber gilt, wen der Datensatz in dieser Rolle nennt: {after}.",
        "The publisher is the one that the dataset names in this role: {after}.",
    ),
    "repair.service_name": (
        "Ein Dienst ohne Titel heißt jetzt, wie man ihn kennt: {after}.",
        "A service without a title is called what it is known by: {after}.",
    ),
    "repair.description": (
        "Eine Beschreibung fehlt; an ihrer Stelle steht, was der Datensatz sonst von sich sagt: {after}",
        "There is no description; what the dataset says of itself elsewhere stands in its place: {after}",
    ),
    "repair.licence_of_dataset": (
        "Die Lizenz ist die des Datensatzes: {after}.",
        "The licence is that of the dataset: {after}.",
    ),
    "repair.licence_of_rights": (
        "Die Lizenz stand unter den Rechten: „{before}“ ist {after}.",
        'The licence stood with the rights: "{before}" is {after}.',
    ),
    "repair.licence_closed": (
        "Niemand hat eine Lizenz genannt: gezeigt wird {after} (nichts ist erlaubt), wie es GovData hält.",
        "Nobody has named a licence: {after} (nothing is allowed) is shown, as GovData does it.",
    ),
    "repair.told": (
        "{property}: {after}, wie beim Übernehmen angegeben.",
        "{property}: {after}, as was said with the import.",
    ),
    "repair.dropped": (
        "{property}: „{before}“ sagt niemandem etwas und fällt weg.",
        '{property}: "{before}" says nothing to anybody and is left out.',
    ),
    # what nobody but a person can say
    "lack.missing": (
        "Es fehlt {property} ({node}); das kann nur sagen, wer die Daten kennt.",
        "{property} is missing ({node}); only somebody who knows the data can say it.",
    ),
    "lack.description": (
        "Niemand hat {node} beschrieben. Schreiben Sie, was die Daten zeigen, in ein bis drei Sätzen.",
        "Nobody has described {node}. Write what the data show, in one to three sentences.",
    ),
    "lack.licence": (
        "Niemand sagt, unter welcher Lizenz {node} steht. Fragen Sie die Stelle, der die Daten gehören.",
        "Nobody says under which licence {node} is. Ask the body that owns the data.",
    ),
    "lack.code": (
        "{property}: „{value}“ ist in keiner Liste und nicht sicher zu deuten.",
        '{property}: "{value}" is in no list, and cannot be read for certain.',
    ),
    "lack.address": ("{property}: „{value}“ ist keine Adresse.", '{property}: "{value}" is no address.'),
    "lack.number": (
        "{property}: „{value}“ ist keine genaue Zahl.",
        '{property}: "{value}" is no exact number.',
    ),
    "lack.date": (
        "{property}: „{value}“ ist kein Datum, oder es kann zwei Tage meinen.",
        '{property}: "{value}" is no date, or could be two days.',
    ),
    "lack.period": (
        "{property}: „{value}“ ist kein Zeitraum, den jeder gleich liest.",
        '{property}: "{value}" is no period that everybody reads in the same way.',
    ),
    "lack.geometry": ("{property}: „{value}“ ist keine Geometrie.", '{property}: "{value}" is no geometry.'),
    "lack.node": (
        "{property}: aus dem Text „{value}“ wird nichts, worauf man zeigen könnte.",
        '{property}: the text "{value}" becomes nothing that could be pointed at.',
    ),
    "lack.single": (
        "{property} darf nur einmal stehen; weggefallen ist „{value}“.",
        '{property} may stand once only; "{value}" was left out.',
    ),
    "lack.agent_name": (
        "Niemand sagt, wie {node} heißt.",
        "Nobody says what {node} is called.",
    ),
    "lack.incomplete": (
        "{property}: „{value}“ ist unvollständig (eine Adresse oder ein Teil davon fehlt) und fällt weg.",
        '{property}: "{value}" is incomplete (an address or a part of it is missing) and is left out.',
    ),
    "lack.empty": ("{property} ist leer.", "{property} is empty."),
    # portals that are harvested
    "harvest.exists": ("Einen Import „{name}“ gibt es schon.", 'There is a harvest "{name}" already.'),
    "harvest.unknown": (
        "Einen Import „{name}“ gibt es nicht. Welche es gibt: allmende catalog harvest list",
        'There is no harvest "{name}". Which there are: allmende catalog harvest list',
    ),
    "harvest.many": (
        "Mehr als {most} Portale werden nicht abgefragt.",
        "No more than {most} portals are harvested.",
    ),
    "harvest.url": ("„{url}“ ist keine Adresse eines Portals.", '"{url}" is no address of a portal.'),
    "harvest.kind": (
        "„{kind}“ ist keine Art von Portal: dcat oder ckan.",
        '"{kind}" is no kind of portal: dcat or ckan.',
    ),
    "harvest.busy": (
        "Der Import „{name}“ läuft gerade.",
        'The harvest "{name}" is under way.',
    ),
    "harvest.status": (
        "Das Portal hat mit {status} geantwortet. Was schon da ist, bleibt.",
        "The portal answered with {status}. What is there stays.",
    ),
    "harvest.unreachable": (
        "Das Portal war nicht zu erreichen. Was schon da ist, bleibt.",
        "The portal could not be reached. What is there stays.",
    ),
    "import.taken": (
        "Es gibt schon einen Datenbestand namens {name}, der nicht von dort stammt. Er bleibt, wie er ist.",
        "There is an asset called {name} already that did not come from there. It stays as it is.",
    ),
    "harvest.private": (
        "Das Portal liegt in einem Netz, in das dieser Knoten nicht darf; in ein privates darf er mit --private. Was "
        "schon da ist, bleibt.",
        "The portal lies in a network that this node may not enter; a private one it may with --private. What is there "
        "stays.",
    ),
    "harvest.large": (
        "Das Portal schickt mehr, als gelesen wird ({most}). Was schon da ist, bleibt.",
        "The portal sends more than is read ({most}). What is there stays.",
    ),
    "harvest.form": (
        "Die Antwort des Portals ist nicht zu lesen ({why}). Was schon da ist, bleibt.",
        "The portal's answer cannot be read ({why}). What is there stays.",
    ),
    "harvest.loop": (
        "Das Portal verweist im Kreis. Was schon da ist, bleibt.",
        "The portal leads in a circle. What is there stays.",
    ),
    "harvest.elsewhere": (
        "Das Portal verweist weiter auf {host}; dort wird nicht gefragt. Ist es umgezogen, legen Sie den Import mit "
        "dieser Adresse neu an. Was schon da ist, bleibt.",
        "The portal leads on to {host}, which is not asked. If it has moved, add the harvest anew with that address. "
        "What is there stays.",
    ),
    "harvest.empty": (
        "Das Portal hat keinen einzigen Datensatz gezeigt. Was schon da ist, bleibt.",
        "The portal showed not a single dataset. What is there stays.",
    ),
    "harvest.shrunk": (
        "{gone} von {known} Datensätzen sind aus dem Portal verschwunden. Zurückgezogen wurde nichts; wenn es stimmt: "
        "allmende catalog harvest run {name} --vanished",
        "{gone} of {known} datasets have vanished from the portal. Nothing was withdrawn; if that is right: allmende "
        "catalog harvest run {name} --vanished",
    ),
    "import.root": (
        "Der Datensatz {id} kommt in seiner eigenen Beschreibung nicht vor.",
        "The dataset {id} does not occur in its own description.",
    ),
    "import.address": (
        "Von {id} ist keine Datei im Netz: daraus wird kein Datenbestand.",
        "No file of {id} is on the web: no asset is made of it.",
    ),
    "import.source": (
        "Was dort liegt, kann dieser Knoten nicht ausliefern: {problem}",
        "This node cannot serve what lies there: {problem}",
    ),
    "import.form": (
        "Das sind keine Knoten eines Graphen.",
        "These are no nodes of a graph.",
    ),
    "import.one": ("Nur ein Datensatz beschreibt einen Datenbestand.", "One dataset describes one asset."),
}
