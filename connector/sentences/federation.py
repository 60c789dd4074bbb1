"""Reading the catalogues of others: what went wrong, and what was wrong with what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "catalog.off": (
        "Dieser Knoten liest keine Kataloge anderer (catalog.crawl ist aus).",
        "This node reads no catalogues of others (catalog.crawl is off).",
    ),
    "catalog.index": (
        "Der Suchindex lässt sich gerade nicht lesen oder schreiben. Ist noch Platz auf der Platte?",
        "The search index cannot be read or written now. Is there room left on the disk?",
    ),
    "catalog.broken": (
        "Beim Lesen des Katalogs ist hier etwas schiefgegangen; mehr steht im Protokoll des Knotens.",
        "Something went wrong here when the catalogue was read; the node's log says more.",
    ),
    "catalog.reader": (
        "Eine Antwort ließ sich nicht in der Zeit und dem Speicher lesen, die dafür da sind.",
        "An answer could not be read within the time and memory that there are for it.",
    ),
    "catalog.document": (
        "Das DID-Dokument des Anbieters ist nicht zu gebrauchen ({why}).",
        "The provider's DID document cannot be used ({why}).",
    ),
    "catalog.no_manifest": (
        "Der Anbieter nennt ein signiertes Verzeichnis, hat dort aber keines.",
        "The provider names a signed manifest, but has none there.",
    ),
    "catalog.manifest": (
        "Das signierte Verzeichnis des Anbieters beweist nichts ({why}). Was früher gelesen wurde, bleibt.",
        "The provider's signed manifest proves nothing ({why}). What was read before stays.",
    ),
    "catalog.contradicts": (
        "{peer} zeigt etwas anderes, als er signiert hat; seine Datensätze sind als zweifelhaft gekennzeichnet.",
        "{peer} shows something else than it has signed; its datasets are marked as doubtful.",
    ),
    "catalog.feed": (
        "Was der Anbieter an Änderungen zeigt, passt nicht zusammen ({why}). Was früher gelesen wurde, bleibt.",
        "The changes that the provider shows do not fit together ({why}). What was read before stays.",
    ),
    "catalog.unread": (
        "Der Katalog ist nicht zu lesen ({problem}). Was früher gelesen wurde, bleibt.",
        "The catalogue cannot be read ({problem}). What was read before stays.",
    ),
    "catalog.loop": (
        "Die Seiten des Katalogs nehmen kein Ende oder verweisen im Kreis. Was früher gelesen wurde, bleibt.",
        "The pages of the catalogue have no end or lead in a circle. What was read before stays.",
    ),
    "catalog.too_much": (
        "Der Katalog ist größer, als hier gelesen wird. Was früher gelesen wurde, bleibt.",
        "The catalogue is larger than what is read here. What was read before stays.",
    ),
    "catalog.too_long": (
        "Der Katalog war in {seconds} Sekunden nicht zu Ende gelesen. Was früher gelesen wurde, bleibt.",
        "The catalogue was not read to its end within {seconds} seconds. What was read before stays.",
    ),
    "catalog.left_out": (
        "{number} Einträge wurden weggelassen: ohne brauchbare Kennung, doppelt, oder von jemandem, für den der "
        "Anbieter nicht sprechen darf.",
        "{number} entries were left out: without a usable id, twice there, or of somebody for whom the provider may "
        "not speak.",
    ),
    "catalog.own": (
        "Der eigene Katalog ließ sich nicht in den Suchindex aufnehmen ({problem}).",
        "The node's own catalogue could not be taken into the search index ({problem}).",
    ),
    "catalog.silent": (
        "{number} Kataloge haben seit über einem Tag nicht geantwortet ({names}); was die Suche von ihnen zeigt, ist "
        "so alt: allmende catalog status.",
        "{number} catalogues have not answered for more than a day ({names}); what the search shows of them is that "
        "old: allmende catalog status.",
    ),
    "catalog.place_name": (
        "{name} ist kein Name für einen Katalog: Kleinbuchstaben, Ziffern, Bindestriche.",
        "{name} is no name for a catalogue: lower-case letters, digits, hyphens.",
    ),
    "catalog.place_url": (
        "{url} ist keine Adresse eines Katalogs.",
        "{url} is no address of a catalogue.",
    ),
    "catalog.place_taken": (
        "Für {peer} oder unter diesem Namen gibt es schon einen Katalog: {name}.",
        "For {peer} or under this name there is a catalogue already: {name}.",
    ),
    "catalog.places_many": (
        "Mehr als {most} Kataloge lassen sich nicht nennen.",
        "No more than {most} catalogues can be named.",
    ),
    "catalog.place_unknown": (
        "Ein Katalog {name} ist hier nicht genannt.",
        "No catalogue {name} is named here.",
    ),
    # what was wrong with an entry
    "text.markup": (
        "Im Text stand Auszeichnung (HTML); sie ist entfernt.",
        "There was markup (HTML) in the text; it is taken out.",
    ),
    "text.hidden": (
        "Im Text standen unsichtbare oder die Schreibrichtung umkehrende Zeichen; sie sind entfernt.",
        "There were invisible characters in the text, or such that turn its direction; they are taken out.",
    ),
    "text.lookalike": (
        "Im Text standen Buchstaben, die wie andere aussehen; hier stehen die, nach denen sie aussehen.",
        "There were letters in the text that look like others; here are those that they look like.",
    ),
    "text.long": ("Ein Text war sehr lang und ist gekürzt.", "A text was very long and is cut."),
    "text.address": (
        "Eine Adresse, die ein Browser ausführen würde, ist weggelassen.",
        "An address that a browser would run is left out.",
    ),
    "entry.large": (
        "Der Eintrag ist übergroß; ein Teil ist weggelassen.",
        "The entry is oversized; a part is left out.",
    ),
    "entry.number": (
        "Der Eintrag enthält eine Zahl, die zwei Programme verschieden läsen.",
        "The entry has a number that two programs would read differently.",
    ),
    "terms.unread": (
        "Bedingungen dieses Eintrags werden hier nicht verstanden, sind also nicht nutzbar.",
        "Terms of this entry are not understood here, so they are not usable.",
    ),
}
