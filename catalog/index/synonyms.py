"""Words of equal meaning in the trade of municipalities, German and English: a small table, kept by hand.

What lives here: the groups, and looking one up. What does not: spellings and endings (`words`), words within words
(`vocabulary`).

A group stands for one thing that people call by several names; broader and narrower words are in it only where somebody
who asks for one is content with the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalog.index.words import fold, stem

_GROUPS: Final = """
Ladesäule Ladepunkt Ladestation Ladeinfrastruktur E-Tankstelle Stromtankstelle Wallbox chargepoint charging
E-Auto Elektroauto Elektrofahrzeug E-Mobilität Elektromobilität electromobility
Parkplatz Parkhaus Stellplatz Parkraum Tiefgarage parking
Straße Weg Allee street road
Verkehr Mobilität traffic transport mobility
Verkehrszählung Verkehrsmenge Verkehrsstärke Verkehrsaufkommen
Baustelle Straßensperrung Sperrung roadworks
Fahrrad Rad Bike bicycle
Radweg Fahrradweg Radverkehrsanlage Radroute cycleway
Leihfahrrad Fahrradverleih Mietrad Bikesharing
Haltestelle Bushaltestelle Haltepunkt stop
ÖPNV Nahverkehr GTFS Fahrplan timetable transit
Bus Omnibus
Straßenbahn Tram Stadtbahn
Auto Kfz Pkw Kraftfahrzeug Fahrzeug car vehicle
Unfall Verkehrsunfall accident
Baum Straßenbaum Stadtbaum tree
Grünfläche Grünanlage Park Parkanlage
Wald Forst forest
Spielplatz playground
Kita Kindertagesstätte Kindergarten Krippe kindergarten nursery
Schule Grundschule Gymnasium Schulstandort school
Hochschule Universität university
Krankenhaus Klinik Klinikum hospital
Arzt Arztpraxis doctor
Apotheke pharmacy
Pflegeheim Seniorenheim Altenheim
Feuerwehr Brandschutz
Polizei police
Müll Abfall Entsorgung waste garbage
Wertstoffhof Recyclinghof Recycling
Müllabfuhr Abfuhrkalender Abfuhrtermin Abfallkalender
Wasser Trinkwasser water
Abwasser Kanalisation Kanal sewage
Pegel Wasserstand Hochwasser flood
Gewässer Fluss Bach river
Luftqualität Luftgüte Feinstaub Stickstoffdioxid airquality
Lärm Lärmkartierung Schall noise
Wetter Witterung Niederschlag weather
Klima Stadtklima climate
Temperatur temperature
Energie Strom Stromverbrauch Energieverbrauch energy electricity
Fernwärme Wärmenetz Wärmeplanung heat
Solar Photovoltaik PV Solaranlage Solarkataster
Windkraft Windenergie Windrad wind
Gas Erdgas
Beleuchtung Straßenbeleuchtung Laterne Straßenlaterne lighting
Einwohner Bevölkerung Bevölkerungszahl Einwohnerzahl population inhabitants
Geburt Geburtenzahl birth
Alter Altersstruktur age
Wahl Wahlergebnis Landtagswahl Bundestagswahl Kommunalwahl election
Wahllokal Wahlbezirk Stimmbezirk
Haushalt Haushaltsplan Etat Budget budget
Steuer Gewerbesteuer Grundsteuer Hebesatz tax
Zuwendung Förderung Fördermittel subsidy
Vergabe Ausschreibung Auftragsvergabe procurement tender
Stadtrat Gemeinderat Ratsinformation council
Bebauungsplan B-Plan Bauleitplan Bauleitplanung
Flächennutzungsplan F-Plan landuse
Bodenrichtwert Grundstückswert
Grundstück Flurstück Parzelle parcel
Liegenschaft Immobilie Gebäude building
Adresse Hausnummer Anschrift Hauskoordinate address
Karte Stadtplan Landkarte map
Luftbild Orthophoto Orthofoto DOP aerial
Geländemodell Höhenmodell DGM elevation
Stadtgrenze Gemeindegrenze Verwaltungsgrenze boundary
Stadtteil Stadtbezirk Ortsteil district
Denkmal Kulturdenkmal Baudenkmal monument
Museum Ausstellung
Bibliothek Bücherei library
Veranstaltung Event Termin
Sportanlage Sportplatz Sportstätte Turnhalle
Schwimmbad Freibad Hallenbad Badestelle
Toilette WC restroom
Barrierefreiheit barrierefrei Rollstuhl accessibility wheelchair
Hund Hundesteuer dog
Friedhof Bestattung cemetery
Markt Wochenmarkt market
Gewerbe Unternehmen Betrieb business
Arbeitslosigkeit Arbeitslose Arbeitsmarkt unemployment
Wohnung Wohnraum Wohnen housing
Miete Mietspiegel rent
Flüchtling Geflüchtete Asyl refugee
Tourismus Übernachtung Gäste tourism
Sensor Messstelle Messstation Messwert
Kataster Register Verzeichnis register
"""


def _groups() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _GROUPS.strip().splitlines():
        group = line.split()
        for word in group:
            key = stem_of(word)
            found[key] = (*found.get(key, ()), *(other for other in group if stem_of(other) != key))
    return found


def stem_of(word: str) -> str:
    """The stem by which one written word is looked for."""
    return stem(fold(word.replace("-", "")))


_BY_STEM: Final[Mapping[str, tuple[str, ...]]] = _groups()


def of(stem: str) -> tuple[str, ...]:
    """The words of equal meaning, as they are written; none where none is known."""
    return _BY_STEM.get(stem, ())
