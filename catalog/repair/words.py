"""The words by which portals name what has a code: languages, update intervals, file types, licences, themes and the
rest of the profile's vocabularies.

What lives here: tables, from a word as it is compared (`folded`) to a code. What does not: reading a value
(`codes`), the vocabularies themselves (`catalog.profile.vocabularies`). A word stands here only where it means one code
and no other: `Excel` is two file types, `CC` six licences, so neither is here. Sources: the authority tables of the
Publications Office of the EU, ISO 639, ISO 19115 (MD_MaintenanceFrequencyCode), Dublin Core's collection
frequencies, the licences of DCAT-AP.de, the ids that CKAN and GovData give, the IANA media types.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final


def folded(text: str) -> str:
    """A word as it is compared: without case, accents of typography, and what people put between words."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ß", "ss")
    return "".join(one for one in plain if one.isalnum() or one in "+/")


def _table(said: Mapping[str, str]) -> Mapping[str, str]:
    """Code -> words between bars, turned round; each code means itself."""
    return {folded(word): code for code, words in said.items() for word in (code, *words.split("|")) if folded(word)}


LANGUAGES: Final = _table(
    {
        "DEU": "de|de-de|de_DE|de-at|de-ch|deu|ger|german|deutsch|deutschland german|Deutsch (de)",
        "ENG": "en|en-gb|en-us|eng|english|englisch|en_GB|en_US",
        "FRA": "fr|fr-fr|fra|fre|french|französisch|français",
        "NLD": "nl|nld|dut|dutch|niederländisch",
        "DAN": "da|dan|danish|dänisch",
        "POL": "pl|pol|polish|polnisch",
        "CES": "cs|ces|cze|czech|tschechisch",
        "ITA": "it|ita|italian|italienisch",
        "SPA": "es|spa|spanish|spanisch",
        "POR": "pt|por|portuguese|portugiesisch",
        "SWE": "sv|swe|swedish|schwedisch",
        "NOR": "no|nor|norwegian|norwegisch",
        "FIN": "fi|fin|finnish|finnisch",
        "RUS": "ru|rus|russian|russisch",
        "UKR": "uk|ukr|ukrainian|ukrainisch",
        "TUR": "tr|tur|turkish|türkisch",
        "ARA": "ar|ara|arabic|arabisch",
        "HUN": "hu|hun|hungarian|ungarisch",
        "RON": "ro|ron|rum|romanian|rumänisch",
        "BUL": "bg|bul|bulgarian|bulgarisch",
        "ELL": "el|ell|gre|greek|griechisch",
        "HRV": "hr|hrv|croatian|kroatisch",
        "SLK": "sk|slk|slo|slovak|slowakisch",
        "SLV": "sl|slv|slovenian|slowenisch",
        "EST": "et|est|estonian|estnisch",
        "LAV": "lv|lav|latvian|lettisch",
        "LIT": "lt|lit|lithuanian|litauisch",
        "MLT": "mt|mlt|maltese|maltesisch",
        "GLE": "ga|gle|irish|irisch",
        "LTZ": "lb|ltz|luxembourgish|luxemburgisch",
        "NDS": "nds|low german|niederdeutsch|plattdeutsch",
        "HSB": "hsb|upper sorbian|obersorbisch",
        "DSB": "dsb|lower sorbian|niedersorbisch",
        "FRR": "frr|northern frisian|nordfriesisch",
        "CAT": "ca|cat|catalan|katalanisch",
        "EUS": "eu|eus|baq|basque|baskisch",
        "GLG": "gl|glg|galician|galicisch",
        "SQI": "sq|sqi|alb|albanian|albanisch",
        "SRP": "sr|srp|serbian|serbisch",
        "BOS": "bs|bos|bosnian|bosnisch",
        "MKD": "mk|mkd|mac|macedonian|mazedonisch",
        "ISL": "is|isl|ice|icelandic|isländisch",
        "ZHO": "zh|zho|chi|chinese|chinesisch",
        "JPN": "ja|jpn|japanese|japanisch",
        "VIE": "vi|vie|vietnamese|vietnamesisch",
        "FAS": "fa|fas|per|persian|persisch",
        "KUR": "ku|kur|kurdish|kurdisch",
        "FRY": "fy|fry|west frisian|westfriesisch",
        "LAT": "la|lat|latin|latein",
        "MUL": "mul",
        "UND": "und",
        "ZXX": "zxx",
    }
)

FREQUENCIES: Final = _table(
    {
        "UPDATE_CONT": "continuous|continual|continuously|kontinuierlich|fortlaufend|laufend|ständig|CONT",
        "CONT": "",
        "1MIN": "PT1M|R/PT1M|jede Minute|minütlich",
        "5MIN": "PT5M|R/PT5M|alle 5 Minuten",
        "10MIN": "PT10M|R/PT10M|alle 10 Minuten|zehnminütlich",
        "15MIN": "PT15M|R/PT15M|alle 15 Minuten|viertelstündlich",
        "30MIN": "PT30M|R/PT30M|alle 30 Minuten|halbstündlich",
        "HOURLY": "PT1H|R/PT1H|stündlich|every hour",
        "BIHOURLY": "PT2H|R/PT2H|zweistündlich|alle zwei Stunden",
        "TRIHOURLY": "PT3H|R/PT3H|dreistündlich|alle drei Stunden",
        "12HRS": "PT12H|R/PT12H|alle 12 Stunden",
        "CONT_DAY": "",
        "DAILY": "P1D|R/P1D|täglich|every day|einmal täglich",
        "DAILY_2": "zweimal täglich|twice a day",
        "WEEKLY": "P1W|P7D|R/P1W|R/P7D|wöchentlich|every week|einmal pro Woche",
        "WEEKLY_2": "semiweekly|zweimal pro Woche|zweimal wöchentlich|twice a week|R/P3.5D",
        "WEEKLY_3": "threeTimesAWeek|dreimal pro Woche|dreimal wöchentlich|three times a week",
        "BIWEEKLY": "P2W|P14D|R/P2W|R/P14D|fortnightly|zweiwöchentlich|vierzehntägig|14-tägig|alle zwei Wochen",
        "MONTHLY": "P1M|R/P1M|monatlich|every month|einmal im Monat",
        "MONTHLY_2": "semimonthly|zweimal im Monat|zweimal monatlich|twice a month|R/P0.5M",
        "MONTHLY_3": "threeTimesAMonth|dreimal im Monat|dreimal monatlich|three times a month",
        "BIMONTHLY": "P2M|R/P2M|zweimonatlich|alle zwei Monate",
        "QUARTERLY": "P3M|R/P3M|vierteljährlich|quartalsweise|quartalsmäßig|pro Quartal|dreimonatlich",
        "ANNUAL_3": "threeTimesAYear|dreimal im Jahr|dreimal jährlich|three times a year|R/P4M|P4M",
        "ANNUAL_2": "semiannual|biannually|halbjährlich|zweimal im Jahr|zweimal jährlich|P6M|R/P6M|twice a year",
        "ANNUAL": "P1Y|R/P1Y|P12M|P365D|R/P365D|annually|yearly|jährlich|einmal im Jahr|every year|einmal jährlich",
        "BIENNIAL": "P2Y|R/P2Y|biennially|zweijährlich|alle zwei Jahre|alle 2 Jahre",
        "TRIENNIAL": "P3Y|R/P3Y|triennially|dreijährlich|alle drei Jahre|alle 3 Jahre",
        "QUADRENNIAL": "P4Y|R/P4Y|vierjährlich|alle vier Jahre|alle 4 Jahre",
        "QUINQUENNIAL": "P5Y|R/P5Y|fünfjährlich|alle fünf Jahre|alle 5 Jahre",
        "DECENNIAL": "P10Y|R/P10Y|zehnjährlich|alle zehn Jahre|alle 10 Jahre",
        "IRREG": "irregular|irregularly|unregelmäßig|unregelmässig|in unregelmäßigen Abständen",
        "AS_NEEDED": "asNeeded|as needed|bei Bedarf|nach Bedarf|on demand",
        "NOT_PLANNED": "notPlanned|not planned|nicht geplant|keine Aktualisierung geplant",
        "NEVER": "nie|niemals|einmalig|wird nicht aktualisiert",
        "UNKNOWN": "unknown|unbekannt",
        "OTHER": "other|sonstige|andere",
    }
)

FORMATS: Final = _table(
    {
        "CSV": "text/csv|csv-datei|csv datei|csv file|comma separated values|application/csv|text/x-csv|csv (utf-8)",
        "TSV": "text/tab-separated-values|tab separated values",
        "JSON": "application/json|json-datei|json datei|text/json",
        "GEOJSON": "application/geo+json|application/vnd.geo+json|geo json|geojson-datei|GeoJSON (EPSG:4326)",
        "JSON_LD": "application/ld+json|json-ld|jsonld",
        "XML": "application/xml|text/xml|xml-datei",
        "RDF_XML": "application/rdf+xml|rdf/xml|rdfxml",
        "RDF_TURTLE": "text/turtle|turtle|ttl|application/x-turtle",
        "RDF_N_TRIPLES": "application/n-triples|n-triples|ntriples|nt",
        "RDF_N_QUADS": "application/n-quads|n-quads|nquads",
        "RDF_TRIG": "application/trig|trig",
        "N3": "text/n3|notation3",
        "RDF": "",
        "OWL": "",
        "KML": "application/vnd.google-earth.kml+xml|kml-datei|google kml",
        "KMZ": "application/vnd.google-earth.kmz",
        "GML": "application/gml+xml|gml-datei|application/gml|geography markup language",
        "GPKG": "geopackage|application/geopackage+sqlite3|geopackage+sqlite3|application/x-ogc-gpkg",
        "SHP": "shape|shapefile|esri shape|esri shapefile|shape-datei|shapefiles|shp (zip)|esri-shape|application/x-shp"
        "|application/x-shapefile|esri shape file|shape file|application/x-esri-shape",
        "GEOTIFF": "geo tiff|geotif",
        "TIFF": "tif|image/tiff",
        "WMS_SRVC": "wms|web map service|ogc wms|ogc:wms|wms-dienst|application/vnd.ogc.wms_xml|wms service|wms 1.3.0|"
        "wms 1.1.1",
        "WFS_SRVC": "wfs|web feature service|ogc wfs|ogc:wfs|wfs-dienst|wfs service|application/vnd.ogc.wfs_xml|wfs"
        " 2.0.0|wfs 1.1.0|wfs 2.0",
        "WCS_SRVC": "wcs|web coverage service|ogc wcs|ogc:wcs|wcs-dienst",
        "WMTS_SRVC": "wmts|web map tile service|ogc wmts|ogc:wmts|wmts-dienst",
        "MAP_SRVC": "",
        "MAP_PRVW": "",
        "REST": "rest api|rest-api|restful api|rest-schnittstelle",
        "ATOM": "application/atom+xml|atom feed|atom-feed|inspire atom",
        "RSS": "application/rss+xml|rss feed|rss-feed",
        "HTML": "text/html|html-seite|html5|webseite|website|web page|webpage|internetseite|homepage",
        "XHTML": "application/xhtml+xml",
        "PDF": "application/pdf|pdf-datei|adobe pdf|pdf datei",
        "TXT": "text/plain|text|ascii|textdatei|text-datei|plain text",
        "RTF": "application/rtf|text/rtf",
        "DOC": "application/msword",
        "DOCX": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "XLS": "application/vnd.ms-excel|application/msexcel",
        "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet|excel xlsx|excel (.xlsx)|ms excel"
        " (xlsx)|openxml spreadsheet",
        "PPT": "application/vnd.ms-powerpoint",
        "PPTX": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "ODS": "application/vnd.oasis.opendocument.spreadsheet|opendocument spreadsheet",
        "ODT": "application/vnd.oasis.opendocument.text|opendocument text",
        "ODB": "",
        "ODC": "",
        "ODF": "",
        "ODG": "application/vnd.oasis.opendocument.graphics",
        "ZIP": "application/zip|application/x-zip-compressed|zip-archiv|zip-datei|application/x-zip|zip archiv",
        "GZIP": "application/gzip|application/x-gzip|gz",
        "TAR": "application/x-tar",
        "TAR_GZ": "tar.gz|tgz",
        "TAR_XZ": "tar.xz",
        "RAR": "application/vnd.rar|application/x-rar-compressed",
        "PNG": "image/png",
        "JPEG": "jpg|image/jpeg|jpeg-datei|image/jpg",
        "JPEG2000": "jp2|image/jp2|jpeg 2000",
        "GIF": "image/gif",
        "BMP": "image/bmp",
        "SVG": "image/svg+xml",
        "EPS": "",
        "EPUB": "application/epub+zip",
        "PSD": "",
        "DXF": "image/vnd.dxf|application/dxf|autocad dxf",
        "DWG": "image/vnd.dwg|application/acad|autocad dwg",
        "LAS": "application/vnd.las",
        "LAZ": "application/vnd.laszip",
        "XYZ": "",
        "E00": "",
        "ECW": "",
        "GRID_ASCII": "esri ascii grid|ascii grid|asciigrid|arc ascii grid",
        "GRID": "",
        "GDB": "file geodatabase|esri geodatabase|filegdb|esri file geodatabase",
        "MXD": "",
        "QGS": "",
        "NETCDF": "application/netcdf|application/x-netcdf|net cdf",
        "HDF": "application/x-hdf",
        "DBF": "dbase|application/dbase",
        "MDB": "ms access|microsoft access|application/msaccess|application/vnd.ms-access",
        "SQL": "application/sql",
        "SPARQLQ": "application/sparql-query|sparql",
        "SPARQLQRES": "application/sparql-results+xml",
        "ICS": "text/calendar|ical|icalendar",
        "PARQUET": "application/vnd.apache.parquet|apache parquet",
        "SDMX": "",
        "SKOS_XML": "",
        "SCHEMA_XML": "xsd|xml schema",
        "DTD_XML": "",
        "XSLT": "application/xslt+xml",
        "XSLFO": "",
        "JS": "text/javascript|application/javascript|javascript",
        "CSS": "text/css",
        "GTFS": "general transit feed specification|gtfs-zip|gtfs (zip)",
        "GTFS_RT": "gtfs-rt|gtfs realtime|gtfs-realtime",
        "TMX": "",
        "MPEG4": "video/mp4|mp4",
        "BIN": "",
        "OCTET": "",
        "TAB": "mapinfo tab",
    }
)

MEDIA_TYPES: Final[Mapping[str, str]] = {
    folded(word): media
    for media, words in {
        "text/csv": "csv",
        "text/tab-separated-values": "tsv",
        "application/json": "json",
        "application/geo+json": "geojson|application/vnd.geo+json",
        "application/ld+json": "json-ld|jsonld",
        "application/xml": "xml",
        "application/rdf+xml": "rdf/xml",
        "text/turtle": "turtle|ttl",
        "application/vnd.google-earth.kml+xml": "kml",
        "application/vnd.google-earth.kmz": "kmz",
        "application/gml+xml": "gml",
        "application/geopackage+sqlite3": "gpkg|geopackage",
        "text/html": "html",
        "application/pdf": "pdf",
        "text/plain": "txt",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.ms-excel": "xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.oasis.opendocument.spreadsheet": "ods",
        "application/vnd.oasis.opendocument.text": "odt",
        "application/zip": "zip|application/x-zip-compressed|application/x-zip",
        "application/gzip": "gzip|gz|application/x-gzip",
        "image/png": "png",
        "image/jpeg": "jpg|jpeg|image/jpg",
        "image/tiff": "tiff|tif",
        "image/gif": "gif",
        "image/svg+xml": "svg",
        "application/atom+xml": "atom",
        "application/rss+xml": "rss",
        "text/calendar": "ics|ical",
    }.items()
    for word in words.split("|")
}
"""Media types by the short names that stand in their place."""

MEDIA_TREES: Final = frozenset(
    {"application", "audio", "font", "haptics", "image", "message", "model", "multipart", "text", "video"}
)
"""The top-level types of IANA's registry."""

LICENCES: Final = _table(
    {
        "dl-by-de/2.0": "dl-de-by-2.0|dl-de/by-2-0|dl-by-de-2.0|Datenlizenz Deutschland Namensnennung 2.0|"
        "Datenlizenz Deutschland – Namensnennung – Version 2.0|Datenlizenz Deutschland Version 2.0 Namensnennung|"
        "Data licence Germany – attribution – version 2.0|govdata.de/dl-de/by-2-0|dl-de-by-2-0|"
        "dcat-ap.de/def/licenses/dl-by-de-2.0|Deutschland-Lizenz Namensnennung 2.0|DL-DE-BY 2.0",
        "dl-by-de/1.0": "dl-de-by-1.0|dl-de/by-1-0|govdata.de/dl-de/by-1-0|dl-de-by-1-0|"
        "Datenlizenz Deutschland Namensnennung 1.0|Datenlizenz Deutschland – Namensnennung – Version 1.0",
        "dl-zero-de/2.0": "dl-de-zero-2.0|dl-de/zero-2-0|dl-zero-de-2.0|govdata.de/dl-de/zero-2-0|dl-de-zero-2-0|"
        "Datenlizenz Deutschland Zero 2.0|Datenlizenz Deutschland – Zero – Version 2.0|DL-DE-Zero 2.0|"
        "Data licence Germany – Zero – version 2.0",
        "dl-by-nc-de/1.0": "dl-de-by-nc-1.0|dl-de/by-nc-1-0|govdata.de/dl-de/by-nc-1-0|dl-de-by-nc-1-0|"
        "Datenlizenz Deutschland – Namensnennung – nicht kommerziell – Version 1.0",
        "cc-by/4.0": "cc by 4.0|cc-by-4.0|creativecommons.org/licenses/by/4.0|Creative Commons Namensnennung 4.0|"
        "creativecommons.org/licenses/by/4.0/deed.de|creativecommons.org/licenses/by/4.0/legalcode|"
        "Creative Commons Attribution 4.0 International|Creative Commons Namensnennung 4.0 International|"
        "Creative Commons Namensnennung 4.0 International (CC BY 4.0)|CC BY 4.0 International|"
        "Creative Commons Attribution 4.0|creativecommons.org/licenses/by/4.0/deed.en|"
        "publications.europa.eu/resource/authority/licence/CC_BY_4_0|spdx.org/licenses/CC-BY-4.0",
        "cc-by-sa/4.0": "cc by-sa 4.0|cc-by-sa-4.0|creativecommons.org/licenses/by-sa/4.0|"
        "creativecommons.org/licenses/by-sa/4.0/deed.de|CC BY-SA 4.0 International|"
        "Creative Commons Attribution Share-Alike 4.0|Creative Commons Attribution-ShareAlike 4.0 International|"
        "Creative Commons Namensnennung – Weitergabe unter gleichen Bedingungen 4.0 International|"
        "publications.europa.eu/resource/authority/licence/CC_BYSA_4_0|spdx.org/licenses/CC-BY-SA-4.0",
        "cc-by-nc/4.0": "cc by-nc 4.0|cc-by-nc-4.0|creativecommons.org/licenses/by-nc/4.0|"
        "creativecommons.org/licenses/by-nc/4.0/deed.de|Creative Commons Attribution-NonCommercial 4.0 International|"
        "publications.europa.eu/resource/authority/licence/CC_BYNC_4_0|spdx.org/licenses/CC-BY-NC-4.0",
        "cc-by-nd/4.0": "cc by-nd 4.0|cc-by-nd-4.0|creativecommons.org/licenses/by-nd/4.0|"
        "creativecommons.org/licenses/by-nd/4.0/deed.de|spdx.org/licenses/CC-BY-ND-4.0|"
        "publications.europa.eu/resource/authority/licence/CC_BYND_4_0",
        "cc-by-nd/3.0": "cc by-nd 3.0|cc-by-nd-3.0|creativecommons.org/licenses/by-nd/3.0",
        "cc-by-de/3.0": "cc by 3.0 de|cc-by-3.0-de|creativecommons.org/licenses/by/3.0/de|cc-by-de-3.0",
        "cc-by-sa-de/3.0": "cc by-sa 3.0 de|creativecommons.org/licenses/by-sa/3.0/de|cc-by-sa-de-3.0",
        "cc-by-nc-de/3.0": "cc by-nc 3.0 de|creativecommons.org/licenses/by-nc/3.0/de|cc-by-nc-de-3.0",
        "cc-by": "cc by|creative commons attribution|creative commons namensnennung|opendefinition.org/licenses/cc-by",
        "cc-by-sa": "cc by-sa|creative commons attribution share-alike|opendefinition.org/licenses/cc-by-sa",
        "cc-by-nc": "cc by-nc|cc-nc|creativecommons.org/licenses/by-nc|creative commons non-commercial (any)",
        "cc-by-nd": "cc by-nd",
        "cc-zero": "cc0|cc 0|cc0 1.0|cc-0|cc0-1.0|creativecommons.org/publicdomain/zero/1.0|creative commons zero|"
        "creativecommons.org/publicdomain/zero/1.0/deed.de|creativecommons.org/publicdomain/zero/1.0/legalcode|"
        "creative commons cczero|Creative Commons CC Zero License (cc-zero)|CC0 1.0 Universal|cc-zero 1.0|"
        "opendefinition.org/licenses/cc-zero|publications.europa.eu/resource/authority/licence/CC0|"
        "spdx.org/licenses/CC0-1.0|Creative Commons Zero 1.0 Universal|Creative Commons CC0 1.0",
        "ccpdm/1.0": "creativecommons.org/publicdomain/mark/1.0|public domain mark|public domain mark 1.0|cc-pdm",
        "odbl": "odc-odbl|Open Data Commons Open Database License|opendatacommons.org/licenses/odbl|odbl 1.0|"
        "opendatacommons.org/licenses/odbl/1.0|opendefinition.org/licenses/odc-odbl|odbl-1.0|"
        "Open Database License|Open Data Commons Open Database License (ODbL)|spdx.org/licenses/ODbL-1.0|"
        "opendatacommons.org/licenses/odbl/1-0|publications.europa.eu/resource/authority/licence/ODC_BL",
        "odby": "odc-by|Open Data Commons Attribution License|opendatacommons.org/licenses/by|"
        "opendatacommons.org/licenses/by/1.0|opendefinition.org/licenses/odc-by|opendatacommons.org/licenses/by/1-0|"
        "publications.europa.eu/resource/authority/licence/ODC_BY",
        "odcpddl": "odc-pddl|Open Data Commons Public Domain Dedication and License|"
        "opendatacommons.org/licenses/pddl|opendatacommons.org/licenses/pddl/1.0|opendefinition.org/licenses/odc-pddl|"
        "opendatacommons.org/licenses/pddl/1-0|publications.europa.eu/resource/authority/licence/ODC_PDDL",
        "geonutz/20130319": "geonutzv|GeoNutzV|Geodatennutzungsverordnung|geonutz|geonutzv-de-2013-03-19|"
        "gesetze-im-internet.de/geonutzv|gesetze-im-internet.de/geonutzv/index.html|"
        "Nutzungsbestimmungen für die Bereitstellung von Geodaten des Bundes",
        "geoNutz/20131001": "geonutz berlin|geoNutz-20131001",
        "gfdl": "gnu free documentation license|opendefinition.org/licenses/gfdl|gnu-fdl",
        "gpl/3.0": "gpl-3.0|gpl 3.0|gpl v3|gnu.org/licenses/gpl-3.0|opensource.org/licenses/gpl-3.0.html",
        "mozilla": "mpl|mozilla public license|mozilla.org/mpl",
        "apache": "apache license|apache.org/licenses|apache 2.0|apache-2.0|apache.org/licenses/license-2.0",
        "bsd": "bsd license|bsd-license|opensource.org/licenses/bsd-license.php",
        "officialWork": "official work|amtliches werk|Amtliches Werk, lizenzfrei nach § 5 Abs. 1 UrhG|"
        "§ 5 UrhG|official-work|gesetze-im-internet.de/urhg/__5.html",
        "other-closed": "andere geschlossene lizenz|other closed|other (not open)|andere eingeschränkte lizenz",
        "other-commercial": "andere kommerzielle lizenz|other commercial|other (commercial)",
        "other-freeware": "andere freeware lizenz|other freeware",
        "other-open": "andere offene lizenz|other open|other (open)|andere freie lizenz",
        "other-opensource": "andere open source lizenz|other opensource",
    }
)

THEMES: Final = _table(
    {
        "AGRI": "Landwirtschaft, Fischerei, Forstwirtschaft und Nahrungsmittel|"
        "Agriculture, fisheries, forestry and food|Landwirtschaft, Fischerei, Forstwirtschaft, Nahrungsmittel",
        "ECON": "Wirtschaft und Finanzen|Economy and finance|wirtschaft_arbeit",
        "EDUC": "Bildung, Kultur und Sport|Education, culture and sport",
        "ENER": "Energie|Energy",
        "ENVI": "Umwelt|Environment|umwelt_klima|Umwelt und Klima",
        "GOVE": "Regierung und öffentlicher Sektor|Government and public sector",
        "HEAL": "Gesundheit|Health",
        "INTR": "Internationale Themen|International issues",
        "JUST": "Justiz, Rechtssystem und öffentliche Sicherheit|Justice, legal system and public safety|"
        "gesetze_justiz",
        "REGI": "Regionen und Städte|Regions and cities",
        "SOCI": "Bevölkerung und Gesellschaft|Population and society|bevoelkerung",
        "TECH": "Wissenschaft und Technologie|Science and technology",
        "TRAN": "Verkehr|Transport|transport_verkehr|Transport und Verkehr|Verkehr und Transport",
        "OP_DATPRO": "Vorläufige Daten|Provisional data",
    }
)

ACCESS: Final = _table(
    {
        "PUBLIC": "public|noLimitations|öffentlich|open|offen|frei zugänglich|open access|frei|publik"
        "|öffentlich zugänglich",
        "RESTRICTED": "restricted|eingeschränkt|beschränkt|zugangsbeschränkt",
        "NON_PUBLIC": "non-public|non public|nicht öffentlich|nicht-öffentlich|private",
        "SENSITIVE": "sensitive",
        "CONFIDENTIAL": "confidential|vertraulich",
        "OP_DATPRO": "",
    }
)

AVAILABILITY: Final = _table(
    {
        "AVAILABLE": "verfügbar",
        "EXPERIMENTAL": "experimental|experimentell",
        "STABLE": "stabil",
        "TEMPORARY": "temporär|vorübergehend",
        "OP_DATPRO": "",
    }
)

STATUS: Final = _table(
    {
        "COMPLETED": "completed|abgeschlossen|fertig",
        "DEPRECATED": "deprecated|veraltet",
        "DEVELOP": "underDevelopment|under development|in entwicklung|in arbeit",
        "WITHDRAWN": "withdrawn|zurückgezogen",
        "DISCONT": "discontinued|eingestellt",
        "OP_DATPRO": "",
    }
)

PUBLISHERS: Final = {
    folded(word): code
    for code, words in {
        "Academia-ScientificOrganisation": "academia|wissenschaftliche organisation",
        "Company": "unternehmen|firma",
        "IndustryConsortium": "industriekonsortium",
        "LocalAuthority": "local authority|kommune|gemeinde|kommunalbehörde|kommunalverwaltung",
        "NationalAuthority": "national authority|bundesbehörde",
        "NonGovernmentalOrganisation": "ngo",
        "NonProfitOrganisation": "non-profit organisation|gemeinnützige organisation|nonprofit",
        "PrivateIndividual(s)": "private individual|privatperson|PrivateIndividuals",
        "RegionalAuthority": "regional authority|landesbehörde",
        "StandardisationBody": "standardisation body|standards body",
        "SupraNationalAuthority": "supranational authority",
    }.items()
    for word in (code, *words.split("|"))
}

LEVELS: Final = {
    folded(word): code
    for code, words in {
        "international": "",
        "european": "eu|europäisch",
        "federal": "bund|bundesweit|bundesebene",
        "state": "land|bundesland|landesebene",
        "governmentDistrict": "regierungsbezirk",
        "administrativeDistrict": "kreis|landkreis|kreisfreie stadt",
        "municipality": "gemeinde|kommune|stadt",
        "municipalityAssociation": "gemeindeverband|verbandsgemeinde|samtgemeinde",
    }.items()
    for word in (code, *words.split("|"))
    if word
}
