"""What is wrong with the description of a dataset by the rules of portals, and what would make it more complete.

A sentence says what is wrong (`dcat.FAULT`), then what the property is and what helps, in plain words
(`dcat.FAULT.property.NAME`), and who demands it where that is not DCAT-AP.de (`dcat.FAULT.part.NAME`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

_PROPERTIES: Final[Mapping[str, Both]] = {
    "dct:title": ("Der Titel, als Text mit Sprache.", "The title, as text with its language."),
    "dct:description": (
        "Ein paar Sätze darüber, was in den Daten steht.",
        "A few sentences about what is in the data.",
    ),
    "dct:publisher": (
        "Der Herausgeber: die Stelle, die für die Daten geradesteht, mit ihrem Namen (foaf:Agent, foaf:name).",
        "The publisher: the body that answers for the data, with its name (foaf:Agent, foaf:name).",
    ),
    "dct:creator": (
        "Wer die Daten erstellt hat, mit Namen (foaf:Agent).",
        "Who made the data, with a name (foaf:Agent).",
    ),
    "dct:license": (
        "Die Lizenz, zum Beispiel http://dcat-ap.de/def/licenses/dl-by-de/2.0 oder .../cc-zero; ist sie unklar, fragen "
        "Sie die Stelle, der die Daten gehören: erfunden werden darf sie nicht.",
        "The licence, such as http://dcat-ap.de/def/licenses/dl-by-de/2.0 or .../cc-zero; where it is unclear, ask the "
        "body that owns the data: it may not be made up.",
    ),
    "dcat:accessURL": (
        "Die Adresse, unter der man an die Daten kommt, als IRI (https://...).",
        "The address under which the data are to be had, as an IRI (https://...).",
    ),
    "dcat:downloadURL": (
        "Die Adresse der Datei selbst, als IRI (https://...).",
        "The address of the file itself, as an IRI (https://...).",
    ),
    "dcat:landingPage": ("Die Adresse einer Seite für Menschen, als IRI.", "The address of a page for people."),
    "dcat:endpointURL": ("Die Adresse des Dienstes, als IRI.", "The address of the service, as an IRI."),
    "dcat:theme": (
        "Eines der 13 Themen der EU, zum Beispiel http://publications.europa.eu/resource/authority/data-theme/ENER "
        "(Energie), .../TRAN (Verkehr), .../ENVI (Umwelt), .../GOVE (Verwaltung).",
        "One of the EU's 13 themes, such as http://publications.europa.eu/resource/authority/data-theme/ENER (energy), "
        ".../TRAN (transport), .../ENVI (environment), .../GOVE (government).",
    ),
    "dct:language": (
        "Die Sprache als IRI der EU, zum Beispiel http://publications.europa.eu/resource/authority/language/DEU "
        "(nicht GER, nicht „deutsch“).",
        "The language as an IRI of the EU, such as http://publications.europa.eu/resource/authority/language/DEU (not "
        'GER, not "German").',
    ),
    "dct:accrualPeriodicity": (
        "Wie oft die Daten neu werden, zum Beispiel http://publications.europa.eu/resource/authority/frequency/DAILY.",
        "How often the data are updated, such as http://publications.europa.eu/resource/authority/frequency/DAILY.",
    ),
    "dct:accessRights": (
        "Wer die Daten haben darf: http://publications.europa.eu/resource/authority/access-right/PUBLIC, "
        ".../RESTRICTED oder .../NON_PUBLIC.",
        "Who may have the data: http://publications.europa.eu/resource/authority/access-right/PUBLIC, "
        ".../RESTRICTED or .../NON_PUBLIC.",
    ),
    "dct:format": (
        "Das Dateiformat, zum Beispiel http://publications.europa.eu/resource/authority/file-type/CSV.",
        "The format of the file, such as http://publications.europa.eu/resource/authority/file-type/CSV.",
    ),
    "dcat:mediaType": (
        "Der Medientyp, zum Beispiel https://www.iana.org/assignments/media-types/text/csv.",
        "The media type, such as https://www.iana.org/assignments/media-types/text/csv.",
    ),
    "dcatap:availability": (
        "Wie lange die Daten zu haben sein werden, zum Beispiel "
        "http://publications.europa.eu/resource/authority/planned-availability/STABLE.",
        "For how long the data will be there, such as "
        "http://publications.europa.eu/resource/authority/planned-availability/STABLE.",
    ),
    "dcat:contactPoint": (
        "Wen man fragen kann, als vcard:Kind (zum Beispiel vcard:Organization) mit Namen und Adresse.",
        "Whom one may ask, as a vcard:Kind (such as vcard:Organization) with name and address.",
    ),
    "vcard:hasEmail": ("Die E-Mail-Adresse, als mailto:amt@stadt.example.", "The e-mail address, as mailto:..."),
    "vcard:hasTelephone": ("Die Telefonnummer, als tel:+49...", "The telephone number, as tel:+49..."),
    "vcard:hasURL": ("Die Adresse der Seite, als IRI (https://...).", "The address of the page (https://...)."),
    "vcard:hasEmail|vcard:hasURL|vcard:hasTelephone": (
        "Ein Ansprechpartner braucht eine E-Mail-Adresse, eine Telefonnummer oder eine Seite.",
        "A contact needs an e-mail address, a telephone number or a page.",
    ),
    "dcat:startDate|dcat:endDate|time:hasBeginning|time:hasEnd": (
        "Ein Zeitraum braucht einen Anfang oder ein Ende: dcat:startDate, dcat:endDate (nicht schema:startDate).",
        "A period needs a beginning or an end: dcat:startDate, dcat:endDate (not schema:startDate).",
    ),
    "dct:issued": ("Der Tag der ersten Veröffentlichung, einmal.", "The day of the first publication, once."),
    "dct:modified": ("Der Tag der letzten Änderung, einmal.", "The day of the last change, once."),
    "dct:identifier": ("Eine Kennung, als Text.", "An identifier, as text."),
    "dcat:keyword": ("Schlagwörter, als Text mit Sprache.", "Keywords, as text with their language."),
    "dcat:byteSize": (
        "Die Größe in Byte, als ganze Zahl vom Typ xsd:nonNegativeInteger.",
        "The size in bytes, as a whole number of type xsd:nonNegativeInteger.",
    ),
    "dcat:spatialResolutionInMeters": (
        "Die Auflösung in Metern, als xsd:decimal.",
        "The resolution in metres, as xsd:decimal.",
    ),
    "dcat:temporalResolution": (
        "Der zeitliche Abstand der Daten, als xsd:duration (PT15M sind 15 Minuten).",
        "The distance of the data in time, as xsd:duration (PT15M are 15 minutes).",
    ),
    "dct:spatial": (
        "Der Ort, als dct:Location oder aus einer amtlichen Liste, zum Beispiel "
        "http://dcat-ap.de/def/politicalGeocoding/regionalKey/130030000000. Verweist er auf eine solche Liste, kann "
        "der Hinweis so stehen bleiben.",
        "The place, as a dct:Location or of an official list, such as "
        "http://dcat-ap.de/def/politicalGeocoding/regionalKey/130030000000. Where it is of such a list, this may "
        "stay as it is.",
    ),
    "dct:temporal": (
        "Der Zeitraum, als dct:PeriodOfTime mit dcat:startDate und dcat:endDate.",
        "The period, as a dct:PeriodOfTime with dcat:startDate and dcat:endDate.",
    ),
    "locn:geometry": (
        "Die Geometrie ist ein eigener Knoten (locn:Geometry); Text (WKT, GeoJSON) gehört nach dcat:bbox oder in "
        "diesen Knoten.",
        "The geometry is a node of its own (locn:Geometry); text (WKT, GeoJSON) belongs into dcat:bbox or that node.",
    ),
    "dcatde:contributorID": (
        "Die Kennung, unter der Ihr Land liefert, zum Beispiel http://dcat-ap.de/def/contributors/openNRW; eine "
        "einzelne Stadt hat meist keine eigene.",
        "The name under which your state delivers, such as http://dcat-ap.de/def/contributors/openNRW; a single town "
        "usually has none of its own.",
    ),
    "dcatde:politicalGeocodingLevelURI": (
        "Die Ebene der Verwaltung, zum Beispiel http://dcat-ap.de/def/politicalGeocoding/Level/municipality.",
        "The level of administration, such as http://dcat-ap.de/def/politicalGeocoding/Level/municipality.",
    ),
    "foaf:name": ("Der Name der Stelle.", "The name of the body."),
    "foaf:page": ("Die Adresse einer Seite, die mehr sagt, als IRI.", "The address of a page that says more."),
    "foaf:primaryTopic": (
        "Wovon der Katalogeintrag handelt; der Datensatz braucht dafür auch die Klasse dcat:Resource.",
        "What the record is about; the dataset needs the class dcat:Resource for it as well.",
    ),
    "dct:relation": ("Worauf sich die Beziehung bezieht, als IRI.", "What the relationship is with, as an IRI."),
    "adms:status": (
        "Der Stand, zum Beispiel http://publications.europa.eu/resource/authority/distribution-status/COMPLETED.",
        "The status, such as http://publications.europa.eu/resource/authority/distribution-status/COMPLETED.",
    ),
    "skos:notation": ("Die Kennung selbst, als Text.", "The identifier itself, as text."),
    "spdx:algorithm": (
        "Das Verfahren der Prüfsumme, zum Beispiel http://spdx.org/rdf/terms#checksumAlgorithm_sha256.",
        "The algorithm of the checksum, such as http://spdx.org/rdf/terms#checksumAlgorithm_sha256.",
    ),
    "spdx:checksumValue": (
        "Die Prüfsumme, als xsd:hexBinary (je zwei Zeichen 0 bis 9, a bis f).",
        "The checksum, as xsd:hexBinary (two characters 0 to 9, a to f for each byte).",
    ),
    "dct:type": ("Ein Wert aus der Liste, als IRI.", "A value of the list, as an IRI."),
    "prov:agent": ("Um wen es geht, als IRI.", "Who it is about, as an IRI."),
    "dcat:hadRole": ("Die Rolle, als IRI.", "The role, as an IRI."),
    "dcatap:hvdCategory": (
        "Die Kategorie des hochwertigen Datensatzes nach der Verordnung (EU) 2023/138, zum Beispiel "
        "http://data.europa.eu/bna/c_b79e35eb (Mobilität).",
        "The category of the high-value dataset by Regulation (EU) 2023/138, such as "
        "http://data.europa.eu/bna/c_b79e35eb (mobility).",
    ),
    "dcatap:applicableLegislation": (
        "Die Rechtsgrundlage, bei hochwertigen Datensätzen auch an jeder Distribution: "
        "http://data.europa.eu/eli/reg_impl/2023/138/oj.",
        "The legislation, with high-value datasets also of each distribution: "
        "http://data.europa.eu/eli/reg_impl/2023/138/oj.",
    ),
    "mobilitydcatap:mobilityTheme": (
        "Das Thema der Mobilität, aus https://w3id.org/mobilitydcat-ap/mobility-theme/.",
        "The theme of mobility, of https://w3id.org/mobilitydcat-ap/mobility-theme/.",
    ),
    "mobilitydcatap:mobilityDataStandard": (
        "Der Standard der Daten, aus https://w3id.org/mobilitydcat-ap/mobility-data-standard/ (DATEX II, GTFS ...).",
        "The standard of the data, of https://w3id.org/mobilitydcat-ap/mobility-data-standard/ (DATEX II, GTFS ...).",
    ),
}

_BETTER: Final[Mapping[str, Both]] = {
    "dcatde:politicalGeocodingURI": ("Besser: dct:spatial.", "Better: dct:spatial."),
    "dcatde:geocodingDescription": ("Besser: dct:spatial.", "Better: dct:spatial."),
    "dcatde:legalBasis": ("Besser: dcatap:applicableLegislation.", "Better: dcatap:applicableLegislation."),
    "dcatde:qualityProcessURI": ("Besser: foaf:page.", "Better: foaf:page."),
    "dcatde:originator": ("Besser: geodcatap:originator.", "Better: geodcatap:originator."),
    "dcatde:maintainer": ("Besser: geodcatap:custodian.", "Better: geodcatap:custodian."),
    "dct:hasVersion": ("Besser: dcat:hasVersion.", "Better: dcat:hasVersion."),
    "dct:isVersionOf": ("Besser: dcat:isVersionOf.", "Better: dcat:isVersionOf."),
    "owl:versionInfo": ("Besser: dcat:version.", "Better: dcat:version."),
}

_FAULTS: Final[Mapping[str, Both]] = {
    "missing": ("{property} fehlt ({about}).", "{property} is missing ({about})."),
    "either": (
        "Keines davon steht da: {property} ({about}).",
        "None of these stands there: {property} ({about}).",
    ),
    "several": (
        "{property} steht mehrmals da ({about}); erlaubt ist ein Wert.",
        "{property} stands there several times ({about}); one value is allowed.",
    ),
    "literal": (
        "{property} ({about}) soll Text sein und verweist stattdessen auf {value}.",
        "{property} ({about}) should be text and refers to {value} instead.",
    ),
    "node": (
        "{property} ({about}) ist Text („{value}“) und soll auf etwas verweisen: eine IRI.",
        '{property} ({about}) is text ("{value}") and should refer to something: an IRI.',
    ),
    "iri": (
        "{property} ({about}) soll eine IRI sein; da steht „{value}“.",
        '{property} ({about}) should be an IRI; it says "{value}".',
    ),
    "datatype": (
        "{property} ({about}) hat den falschen Datentyp oder ist keiner davon: „{value}“.",
        '{property} ({about}) has the wrong datatype, or is none of it: "{value}".',
    ),
    "class": (
        "{property} ({about}) verweist auf {value}; das ist nichts von der richtigen Art oder nirgends beschrieben.",
        "{property} ({about}) refers to {value}, which is not of the right kind or nowhere described.",
    ),
    "list": (
        "„{value}“ steht nicht in der Liste, aus der {property} ({about}) zu nehmen ist.",
        '"{value}" is not of the list that {property} ({about}) is taken from.',
    ),
    "media": (
        "{property} ({about}) nennt keinen Medientyp der IANA: „{value}“.",
        '{property} ({about}) names no media type of IANA: "{value}".',
    ),
    "deprecated": (
        "{property} soll nicht mehr verwendet werden.",
        "{property} should not be used any more.",
    ),
    "old-list": (
        "{property} nimmt seinen Wert aus einer Liste, die nicht mehr verwendet werden soll: {value}.",
        "{property} takes its value from a list that should not be used any more: {value}.",
    ),
}

_EXPLAINED: Final = tuple(fault for fault in _FAULTS if fault not in ("deprecated", "old-list"))

_PARTS: Final[Mapping[str, Both]] = {
    "hvd": (
        "Das verlangt die Verordnung (EU) 2023/138 von hochwertigen Datensätzen; ihre Lizenz darf höchstens verlangen, "
        "dass ein Name genannt wird (CC BY 4.0).",
        "Regulation (EU) 2023/138 demands that of high-value datasets; their licence may ask for a name to be given at "
        "most (CC BY 4.0).",
    ),
    "mobility": ("Das wünscht mobilityDCAT-AP.", "mobilityDCAT-AP wishes for that."),
}

_SCORE: Final[Mapping[str, Both]] = {
    "keywords": ("Schlagwörter nennen", "Name keywords"),
    "themes": ("Ein Thema nennen, zum Beispiel ENER oder TRAN", "Name a theme, such as ENER or TRAN"),
    "place": ("Sagen, für welchen Ort die Daten gelten (AGS)", "Say for which place the data are (AGS)"),
    "time": ("Sagen, für welchen Zeitraum die Daten gelten", "Say for which period the data are"),
    "access_url": (
        "Bei jeder Distribution die Adresse nennen, unter der man an die Daten kommt",
        "Name the address of each distribution under which the data are to be had",
    ),
    "download": ("Die Adresse der Datei selbst nennen", "Name the address of the file itself"),
    "reachable": (
        "Adressen richten, die nicht antworten, oder tote Distributionen entfernen",
        "Mend addresses that do not answer, or remove dead distributions",
    ),
    "format": ("Das Dateiformat nennen", "Name the format of the file"),
    "media_type": ("Den Medientyp nennen (text/csv)", "Name the media type (text/csv)"),
    "known_format": ("Das Dateiformat aus der Liste der EU nehmen", "Take the format from the EU's list"),
    "open_format": (
        "Ein Format anbieten, das niemandem gehört (CSV, GeoJSON)",
        "Offer a format that nobody owns (CSV, GeoJSON)",
    ),
    "machine_readable": (
        "Ein Format anbieten, das Programme lesen (CSV statt PDF)",
        "Offer a format that programs read (CSV, not PDF)",
    ),
    "licence": ("Die Lizenz nennen", "Name the licence"),
    "known_licence": ("Die Lizenz aus der deutschen Liste nehmen", "Take the licence from the German list"),
    "attribution": (
        "Sagen, wer beim Weiterverwenden zu nennen ist: die Lizenz verlangt es",
        "Say who is to be named in re-use: the licence demands it",
    ),
    "access": (
        "Sagen, wer die Daten haben darf (PUBLIC, RESTRICTED, NON_PUBLIC)",
        "Say who may have the data (PUBLIC, RESTRICTED, NON_PUBLIC)",
    ),
    "contact": ("Einen Ansprechpartner nennen", "Name a contact"),
    "publisher": ("Den Herausgeber mit Namen nennen", "Name the publisher"),
    "rights": ("Bei jeder Distribution sagen, was man darf", "Say with each distribution what is allowed"),
    "bytes": ("Die Größe der Datei nennen", "Name the size of the file"),
    "issued": ("Den Tag der ersten Veröffentlichung nennen", "Name the day of the first publication"),
    "modified": ("Den Tag der letzten Änderung nennen", "Name the day of the last change"),
    "description": (
        "Ausführlicher beschreiben, was in den Daten steht",
        "Describe in more words what is in the data",
    ),
    "frequency": ("Sagen, wie oft die Daten neu werden", "Say how often the data are updated"),
    "fresh": (
        "Die Daten aktualisieren: sie sind älter, als versprochen ist, oder niemand weiß, wie alt",
        "Update the data: they are older than promised, or nobody knows how old",
    ),
}

TEMPLATES: Final[Mapping[str, Both]] = {
    **{f"dcat.{fault}": both for fault, both in _FAULTS.items()},
    **{f"dcat.{fault}.property.{name}": both for fault in _EXPLAINED for name, both in _PROPERTIES.items()},
    **{f"dcat.{fault}.part.{name}": both for fault in _EXPLAINED for name, both in _PARTS.items()},
    **{f"dcat.deprecated.property.{name}": both for name, both in _BETTER.items()},
    **{
        f"score.{name}": (f"{german} (+{{gain}} von 100 Punkten).", f"{english} (+{{gain}} of 100 points).")
        for name, (german, english) in _SCORE.items()
    },
}
