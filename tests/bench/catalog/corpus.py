"""A hundred thousand datasets of a thousand nodes that are nobody's: German titles from lists of words of our own.

What lives here: making them, the same ones each time; words to ask for. What does not: measuring (`searching`, ...).

Words are compounds of 220 beginnings and 230 ends, about 50,000 forms, drawn as words are in real texts: the n-th most
frequent one about 1/n times as often as the first. Two of five records say `Daten`, the worst word there is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Final

import msgspec

from catalog.graph import Graph
from catalog.index.forms import Entry, Origin, Terms, Trust
from catalog.model import Agent, Box, Contact, Form, Metadata
from catalog.portal import metadata as portal

RECORDS, NODES = 100_000, 1_000
WORST: Final = "Daten"
THEME: Final = "http://publications.europa.eu/resource/authority/data-theme/"
NOW: Final = 1_800_000_000_000_000
DAY: Final = 86_400_000_000

_FIRST: Final = """
Abfall Abwasser Acker Adress Allee Alt Amts Anlieger Anwohner Arbeits Archiv Auen Ausbau Auto Bach Bad Bahn Bau Baum
Bauland Bebauungs Behinderten Behörden Berg Berufs Betreuungs Betriebs Bevölkerungs Bewohner Bibliotheks Biotop
Boden Brand Brücken Brunnen Buch Bürger Bus Denkmal Deponie Dienst Dorf Draht Dünger Durchgangs Ehren Eigentums
Einkommens Einsatz Einwohner Eis Elektro Eltern Energie Entsorgungs Erb Erdgas Ernte Fahr Fahrrad Familien Fassaden
Feinstaub Feld Fern Feuerwehr Finanz Fisch Flächen Fluss Flur Förder Forst Frei Freizeit Friedhofs Frost Frucht Fuß
Garten Gas Gast Gebäude Gebühren Gefahren Geh Geländer Gemeinde Geräte Gericht Geschichts Geschwindigkeits
Gesundheits Getränke Gewässer Gewerbe Glas Gras Grenz Grün Grund Güter Hafen Halb Halden Handels Handwerks Haupt
Haus Haushalts Heide Heim Heiz Hilfs Hitze Hochwasser Hof Höhen Holz Hort Hunde Impf Industrie Insel Jagd Jahres
Jugend Kanal Kataster Kies Kinder Kirchen Kita Klima Klinik Kohle Krankenhaus Kreis Küsten Kultur Kunst Lade Lager
Land Landschafts Lärm Laub Lebensmittel Leer Lehr Leitungs Licht Liegenschafts Luft Luftbild Markt Mess Miet Moor
Müll Museums Nacht Nah Natur Nebel Netz Notfall Nutzungs Obst Öko Orts Park Parkplatz Pegel Pendler Personal Pflege
Photovoltaik Platz Post Quell Rad Radweg Rand Rats Raum Regen Reise Rettungs Ring Rohr Ruhe Sachsen Sand Schiff
Schnee Schul Schutz See Senioren Siedlungs Solar Sozial Spiel Sport Stadt Stadtteil Standort Steuer Straßen Strom
Tal Tank Teich Tier Tourismus Trinkwasser Ufer Umwelt Unfall Verkehrs Vermögens Versorgungs Vogel Wärme Wahl Wald
Wander Wasser Weg Wein Werk Wetter Wiesen Wind Winter Wohn Zeit Zentral Zoll Zucht
"""
_LAST: Final = """
abgabe ablage abschnitt achse agentur amt analyse angebot anlage anschluss ansicht anteil antrag anzahl archiv areal
atlas aufgabe aufkommen aufnahme auftrag ausbau ausgabe auskunft ausstattung auswahl auswertung bahn bank bau
bebauung bedarf befragung begehung belastung belegung bereich bericht bescheid bestand besuch betrag betrieb bezirk
bild bilanz blatt block boden bogen börse brücke buch büro damm darstellung datei dauer decke denkmal depot dichte
dienst direktion ebene ecke eingang einheit einkommen einnahme einrichtung eintrag emission entgelt entwicklung
erfassung ergebnis erhebung ertrag fahrt fall farm feld fenster fest filiale fläche flur folge förderung form
fortschreibung frequenz frist führung fund garten gebäude gebiet gebühr gefahr gehalt gelände gemeinschaft
genehmigung gericht gesellschaft gewicht grad graben grenze größe grundlage gruppe gut hafen halle haltung hang haus
heim hilfe hof höhe index inhalt insel kammer kanal karte kartierung kasse kataster kennzahl kette klasse klima
konto kontrolle konzept kosten kreis lage lager land last leistung leiter leitung linie liste loch luft markt maß
mast menge meldung messung miete mittel modell museum nachweis name netz note nummer nutzung objekt ordnung ort park
parzelle pegel pfad pflege plan planung platz police preis profil prognose programm projekt prüfung punkt quelle
quote rand rat raum recht regel register reihe rest richtwert ring rohr rolle rückgang satz saum schacht schaden
schein schicht schild schule schutz schwelle sitz sohle speicher sperrung spiegel spur stadt stand standort station
statistik stelle steuer stoff strecke streifen strom struktur stufe system tabelle tafel tag teil termin test tor
träger trasse treffen trend turm übersicht umfrage umlage verbrauch verband verein verfahren vergleich verlauf
vermögen verteilung vertrag verwaltung verzeichnis vorgabe vorrat wache wald wand weg wehr weide weite werk wert
wiese zahl zählung zaun zeichen zeit ziel zone zufluss zugang zulassung zustand zuwachs
"""
_SMALL: Final = "der die das für in im am von und mit nach zur zum auf an bei aus über unter je"
_PLAIN: Final = """
Daten Stadt Karte Übersicht Standorte Liste Gemeinde Kreis Jahr Stand Zahl Statistik Bericht Straße Baum Bäume
Schule Verkehr Wasser Energie Haushalt Einwohner Wahl Luft Ladesäulen Radwege Spielplätze Bebauungsplan
"""
_TOWNS: Final = """
Adorf Auenheim Bachfeld Bergen Birkenau Brunnthal Buchholz Burgdorf Dornstadt Eichenau Erlbach Feldkirch Forstheim
Freudental Gartow Grünwald Hainburg Haselbach Heidenau Hohenstein Kaltenbrunn Kirchdorf Klosterau Lichtenau
Lindenberg Marktwald Mühlhausen Neudorf Neuhof Oberau Quellendorf Rosenheim Sandberg Schönfeld Seedorf Steinach
Talheim Tannenberg Unterau Waldheim Weidenbach Wiesenthal Winterberg Ziegelau
"""
_TOWN: Final = tuple(_TOWNS.split())
_JOINING: Final = tuple(_SMALL.split())
_THEMES: Final = (
    "AGRI",
    "ECON",
    "EDUC",
    "ENER",
    "ENVI",
    "GOVE",
    "HEAL",
    "INTR",
    "JUST",
    "REGI",
    "SOCI",
    "TECH",
    "TRAN",
)
_FORMATS: Final = ("CSV", "JSON", "XLSX", "PDF", "WMS_SRVC", "WFS_SRVC", "GEOJSON", "SHP", "XML", "HTML", "ZIP", "GML")
_LICENCES: Final = ("dl-by-de/2.0", "dl-zero-de/2.0", "cc-by/4.0", "cc-zero", "other-closed", "cc-by-sa/4.0")
_INTERVALS: Final = ("ANNUAL", "MONTHLY", "DAILY", "IRREG", "UNKNOWN", "CONT", "WEEKLY", "QUARTERLY", "")
_STATES: Final = ("01", "03", "05", "06", "07", "08", "09", "12", "13", "14", "15", "16")
_TERMS: Final = 240


class Words:
    """The vocabulary, and how often each of its words is said."""

    def __init__(self, draw: random.Random) -> None:
        compounds = [first + last for first in _FIRST.split() for last in _LAST.split()]
        draw.shuffle(compounds)
        self.forms: Sequence[str] = [*_PLAIN.split(), *compounds]
        self._sums = list(accumulate(1 / (rank + 8) for rank in range(len(self.forms))))

    def some(self, draw: random.Random, count: int) -> list[str]:
        """So many words, frequent ones more often."""
        return draw.choices(self.forms, cum_weights=self._sums, k=count)


def node(number: int) -> str:
    """The DID of a node."""
    return f"did:web:{_TOWN[number % len(_TOWN)].casefold().replace('ü', 'ue').replace('ö', 'oe')}-{number}.example"


def entries(count: int = RECORDS, nodes: int = NODES, seed: int = 1) -> Iterator[Entry]:
    """So many datasets, those of one node after the other. The same ones each time."""
    draw = random.Random(seed)
    words = Words(random.Random(2))
    for number in range(count):
        at = number * nodes // count
        yield _entry(draw, words, number, at)


def graph(entry: Entry) -> Graph:
    """What is said of a dataset, as the graph that a peer would send."""
    return portal.write(entry.metadata, entry.id)


def asked(count: int, seed: int = 3) -> list[str]:
    """Questions of one or two real words, as they stand in titles: each was said somewhere."""
    draw = random.Random(seed)
    words = Words(random.Random(2))
    return [" ".join(words.some(draw, 1 + number % 2)) for number in range(count)]


def _entry(draw: random.Random, words: Words, number: int, at: int) -> Entry:
    said = _metadata(draw, words, number, at)
    id = f"urn:uuid:{sha256(str(number).encode()).hexdigest()[:32]}"
    terms = min(int(draw.paretovariate(0.7)) - 1, _TERMS - 1)
    offer = _offer(terms)
    document = msgspec.json.encode(
        {
            "@id": id,
            "@type": "Dataset",
            "dct:title": [{"@value": text, "@language": "de"} for text in said.title.values()],
            "dct:description": [{"@value": text, "@language": "de"} for text in said.description.values()],
            "dcat:keyword": [{"@value": word, "@language": "de"} for word in said.keywords["de"]],
            "dcat:theme": [{"@id": THEME + code} for code in said.themes],
            "dcat:distribution": said.forms,
            "hasPolicy": [{"@id": f"urn:offer:{number}", **msgspec.json.decode(offer)}],
            "distribution": [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": "urn:service"}],
        }
    )
    return Entry(
        id=id,
        participant=node(at),
        document=document,
        digest=sha256(document).digest(),
        metadata=said,
        terms=(Terms(f"urn:offer:{number}", sha256(offer).hexdigest(), offer),),
        seen=NOW - draw.randrange(DAY),
        changed=NOW - draw.randrange(900 * DAY),
        origin=Origin.DIRECT,
        trust=draw.choice((Trust.SIGNED, Trust.SIGNED, Trust.TOLD, Trust.UNVOUCHED)),
        formats=("HttpData-PULL",),
        score=draw.randrange(20, 100),
    )


def _offer(number: int) -> bytes:
    """Terms of which many offers are equal: every third for the city's purposes alone, with a number of uses."""
    constraints = [{"leftOperand": "count", "operator": "lteq", "rightOperand": str(10 + number)}]
    if number % 3 == 0:
        constraints.append({"leftOperand": "purpose", "operator": "isA", "rightOperand": "dpv:PublicBenefit"})
    return msgspec.json.encode({"@type": "Offer", "permission": [{"action": "use", "constraint": constraints}]})


def _metadata(draw: random.Random, words: Words, number: int, at: int) -> Metadata:
    town = _TOWN[at % len(_TOWN)]
    state = _STATES[at % len(_STATES)]
    title = words.some(draw, draw.randrange(1, 5))
    title[1:1] = [draw.choice(_JOINING)]
    text = words.some(draw, draw.randrange(10, 26))
    if number % 100 < 38:
        text.append(WORST)
    email = f"daten@{town.casefold()}.example"
    modified = NOW - draw.randrange(1_500 * DAY)
    return Metadata(
        title={"de": " ".join([*title, "in", town])},
        description={"de": " ".join(f"{word} {draw.choice(_JOINING)}" for word in text)},
        keywords={"de": tuple(words.some(draw, draw.randrange(1, 5)))},
        themes=tuple(draw.sample(_THEMES, draw.randrange(1, 3))),
        publisher=Agent(name=f"Stadt {town}", id=f"https://{town.casefold()}.example"),
        contacts=(Contact(name="Geodatenstelle", email=email),),
        licence=draw.choice(_LICENCES),
        access="PUBLIC" if number % 5 else "RESTRICTED",
        frequency=draw.choice(_INTERVALS),
        issued=modified - 100 * DAY,
        modified=modified,
        places=(f"{state}{at % 7}{at % 70:02d}{at % 900 + 1:03d}",),
        place_names=(town,),
        box=_box(draw) if number % 4 else None,
        level="municipality",
        hvd=("c_b79e35eb",) if number % 20 == 0 else (),
        forms=tuple(
            Form(
                id=f"https://{town.casefold()}.example/d/{number}/{format}",
                access_url=f"https://{town.casefold()}.example/d/{number}/{format}",
                format=format,
                licence=draw.choice(_LICENCES),
                title={"de": f"{title[0]} als {format}"},
            )
            for format in draw.sample(_FORMATS, draw.randrange(1, 4))
        ),
    )


def _box(draw: random.Random) -> Box:
    west, south = draw.uniform(6.0, 14.8), draw.uniform(47.4, 54.8)
    return Box(west, south, west + draw.uniform(0.001, 0.3), south + draw.uniform(0.001, 0.2))
