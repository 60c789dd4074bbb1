"""The lists that the German profile takes values from: which IRIs are of which list, and what their codes mean.

What lives here: the lists by the stem of their IRIs, the codes that are known, and what programs need of them (is a
licence open, how many seconds is DAILY). What does not: which property takes which list (`facts`).

A list of an authority grows. Where it is closed in practice its codes are told here and others are no members; where it
grows, everything of the right spelling under the stem is one. Sources: the authority tables of the EU's Publications
Office, DCAT-AP.de 3.0 (controlled vocabularies), ADMS, SPDX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

AUTHORITY: Final = "http://publications.europa.eu/resource/authority/"
GERMAN: Final = "http://dcat-ap.de/def/"
HVD: Final = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
"""Regulation (EU) 2023/138, as the legislation of a dataset."""
MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"

_UPPER = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)*", re.ASCII)
_MIXED = re.compile(r"[A-Za-z0-9]+(?:[._/-][A-Za-z0-9]+)*", re.ASCII)


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Vocabulary(Struct, frozen=True):
    """A list: members are the stem and a code. `scheme` is its own IRI, by which others may say that they are of it;
    `known` are its codes, all of them where it is `closed`."""

    name: str
    scheme: str
    stem: str
    known: frozenset[str]
    closed: bool = False
    spelling: re.Pattern[str] = _UPPER
    never: frozenset[str] = frozenset()
    """Codes of the right spelling that people write and that are none."""

    def holds(self, iri: str) -> bool:
        """Is this IRI of the list?"""
        if not iri.startswith(self.stem):
            return False
        code = iri[len(self.stem) :]
        if code in self.known:
            return True
        return not self.closed and code not in self.never and self.spelling.fullmatch(code) is not None

    def code(self, iri: str) -> str:
        """The code of a member; "" for what is none."""
        return iri[len(self.stem) :] if self.holds(iri) else ""

    def iri(self, code: str) -> str:
        """The IRI of a code."""
        return self.stem + code


def _european(name: str, known: str, *, closed: bool = False, never: str = "") -> Vocabulary:
    scheme = AUTHORITY + name
    return Vocabulary(name, scheme, scheme + "/", _codes(known), closed, never=_codes(never))


THEMES: Final = _european(
    "data-theme", "AGRI ECON EDUC ENER ENVI GOVE HEAL INTR JUST OP_DATPRO REGI SOCI TECH TRAN", closed=True
)
ACCESS: Final = _european("access-right", "PUBLIC RESTRICTED NON_PUBLIC CONFIDENTIAL SENSITIVE NORMAL OP_DATPRO")
AVAILABILITY: Final = _european("planned-availability", "AVAILABLE EXPERIMENTAL STABLE TEMPORARY OP_DATPRO")
STATUS: Final = _european("distribution-status", "COMPLETED DEPRECATED DEVELOP DISCONT WITHDRAWN OP_DATPRO")
DATASET_TYPES: Final = _european(
    "dataset-type",
    "ASCII_XML CODE_LIST CORE_COMP DICTIONARY DOMAIN_MODEL GEOSPATIAL GLOSSARY HVD IEPD MAPPING NAL ONTOLOGY SCHEMA "
    "STATISTICAL SYNTAX_ENCODING SYNTHETIC_DATA TAXONOMY TEST_DATA THESAURUS OP_DATPRO",
)
LANGUAGES: Final = _european(
    "language",
    "BUL CES DAN DEU DSB ELL ENG EST FIN FRA FRR FRY GLE HRV HSB HUN ITA LAT LAV LIT LTZ MLT MUL NDS NLD NOR POL POR "
    "RON RUS SLK SLV SPA SWE TUR UKR ZXX UND",
    # The bibliographic codes of ISO 639-2, where the list has the terminological ones.
    never="ALB ARM BAQ BUR CHI CZE DUT FRE GEO GER GRE ICE MAC MAO MAY PER RUM SLO TIB WEL DE EN FR",
)
FILE_TYPES: Final = _european(
    "file-type",
    "7Z ARC ARC_GZ ATOM AZW BIN BITS BMP BWF CSS CSV DBF DCR DMP DOC DOCX DTD_SGML DTD_XML DWG DXF E00 ECW EPS EPUB "
    "EXE FMX2 FMX3 FMX4 GDB GEOJSON GEOTIFF GIF GML GMZ GPKG GRID GRID_ASCII GTFS GTFS_RT GZIP HDF HTML HTML5 "
    "HTML_SIMPL ICS INDD ISO ISO_ZIP JATS JPEG JPEG2000 JS JSON JSON_LD KML KMZ LAS LAZ MAP_PRVW MAP_SRVC MBOX MDB "
    "METS METS_ZIP MHTML MOBI MOP MPEG2 MPEG4 MPEG4_AVC MRSID MSG_HTTP MXD N3 NETCDF OCTET ODB ODC ODF ODG ODS ODT "
    "OP_DATPRO OVF OWL PARQUET PDF PDF1X PDFA1A PDFA1B PDFA2A PDFA2B PDFA3 PDFX PDFX1A PDFX2A PDFX4 PL PNG PPS PPSX "
    "PPT PPTX PS PSD PWP QGS RAR RDF RDFA RDF_N_QUADS RDF_N_TRIPLES RDF_TRIG RDF_TURTLE RDF_XML REST RSS RTF "
    "SCHEMA_XML SDMX SGML SHP SKOS_XML SPARQLQ SPARQLQRES SQL SVG TAB TAB_RSTR TAR TAR_GZ TAR_XZ TIFF TIFF_FX TMX "
    "TSV TXT WARC WARC_GZ WCS_SRVC WFS_SRVC WMS_SRVC WMTS_SRVC WORLD XHTML XHTML_SIMPL XLIFF XLS XLSX XML XSLFO "
    "XSLT XYZ ZIP",
)
OPEN_FORMATS: Final = _codes(
    "7Z ATOM BMP CSS CSV DXF EPUB GEOJSON GIF GML GPKG GTFS GTFS_RT GZIP HDF HTML HTML5 HTML_SIMPL ICS JPEG "
    "JPEG2000 JS JSON JSON_LD KML LAS MHTML N3 NETCDF ODB ODC ODF ODG ODS ODT OVF OWL PARQUET PDF PDFA1A PDFA1B "
    "PDFA2A PDFA2B PDFA3 PNG RDF RDFA RDF_N_QUADS RDF_N_TRIPLES RDF_TRIG RDF_TURTLE RDF_XML REST RSS RTF "
    "SCHEMA_XML SDMX SGML SKOS_XML SPARQLQ SPARQLQRES SVG TAR TAR_GZ TAR_XZ TIFF TMX TSV TXT WARC WARC_GZ "
    "WCS_SRVC WFS_SRVC WMS_SRVC WMTS_SRVC XHTML XLIFF XML XSLT ZIP"
)
"""Formats that nobody owns."""
MACHINE_READABLE: Final = _codes(
    "ATOM CSV DBF DXF GDB GEOJSON GEOTIFF GML GPKG GTFS GTFS_RT HDF ICS JSON JSON_LD KML KMZ LAS LAZ MDB N3 "
    "NETCDF ODS OWL PARQUET RDF RDFA RDF_N_QUADS RDF_N_TRIPLES RDF_TRIG RDF_TURTLE RDF_XML REST RSS SCHEMA_XML "
    "SDMX SHP SKOS_XML SPARQLQRES SQL TMX TSV WCS_SRVC WFS_SRVC XLIFF XLS XLSX XML"
)
"""Formats that programs read without guessing."""

_MINUTE: Final = 60
_DAY: Final = 86_400
SECONDS: Final[Mapping[str, int]] = {
    "UPDATE_CONT": 3_600,
    "CONT": 3_600,
    "1MIN": _MINUTE,
    "5MIN": 5 * _MINUTE,
    "10MIN": 10 * _MINUTE,
    "15MIN": 15 * _MINUTE,
    "30MIN": 30 * _MINUTE,
    "HOURLY": 3_600,
    "BIHOURLY": 7_200,
    "TRIHOURLY": 10_800,
    "12HRS": 43_200,
    "DAILY_2": 43_200,
    "DAILY": _DAY,
    "WEEKLY_5": 3 * _DAY,
    "WEEKLY_3": 3 * _DAY,
    "WEEKLY_2": 4 * _DAY,
    "WEEKLY": 7 * _DAY,
    "BIWEEKLY": 14 * _DAY,
    "MONTHLY_3": 11 * _DAY,
    "MONTHLY_2": 16 * _DAY,
    "MONTHLY": 31 * _DAY,
    "BIMONTHLY": 62 * _DAY,
    "QUARTERLY": 92 * _DAY,
    "ANNUAL_3": 122 * _DAY,
    "ANNUAL_2": 184 * _DAY,
    "ANNUAL": 366 * _DAY,
    "BIENNIAL": 731 * _DAY,
    "TRIENNIAL": 1_096 * _DAY,
    "QUADRENNIAL": 1_461 * _DAY,
    "QUINQUENNIAL": 1_827 * _DAY,
    "DECENNIAL": 3_653 * _DAY,
    "BIDECENNIAL": 7_305 * _DAY,
    "TRIDECENNIAL": 10_958 * _DAY,
}
"""How long data may be as they are, by the frequency that is promised: the longest such span of the calendar. What is
continuous is asked about by the hour."""
FREQUENCIES: Final = _european(
    "frequency", " ".join([*SECONDS, "AS_NEEDED IRREG NEVER NOT_PLANNED OTHER UNKNOWN OP_DATPRO"])
)

_OPEN: Final = (
    "apache bsd cc-by cc-by-de/3.0 cc-by-sa cc-by-sa-de/3.0 cc-by-sa/4.0 cc-by/4.0 cc-zero ccpdm/1.0 dl-by-de/1.0 "
    "dl-by-de/2.0 dl-zero-de/2.0 geoNutz/20131001 geonutz/20130319 gfdl gpl/3.0 mozilla odbl odby odcpddl officialWork "
    "other-freeware other-open other-opensource"
)
_CLOSED: Final = (
    "cc-by-nc cc-by-nc-de/3.0 cc-by-nc/4.0 cc-by-nd cc-by-nd/3.0 cc-by-nd/4.0 dl-by-nc-de/1.0 other-closed "
    "other-commercial"
)
OPEN: Final = _codes(_OPEN)
"""Codes of licences under which everybody may use data for every purpose."""
_SHARED_ALIKE: Final = _codes("cc-by-sa cc-by-sa-de/3.0 cc-by-sa/4.0 gfdl gpl/3.0 mozilla odbl")
FREE: Final = OPEN - _SHARED_ALIKE
"""Of these, those that ask for no more than a name: what Regulation 2023/138, article 4 (3), wants of high-value
datasets."""
ATTRIBUTED: Final = frozenset(code for code in OPEN | _codes(_CLOSED) if code.startswith(("cc-by", "dl-by", "odby")))
"""Codes of licences that want to know whom to name."""
LICENCES: Final = Vocabulary(
    "licenses",
    GERMAN + "licenses",
    GERMAN + "licenses/",
    OPEN | _codes(_CLOSED),
    closed=True,
)
HVD_LICENCES: Final = Vocabulary(
    "hvd-licence",
    "",
    "",
    frozenset(),
    spelling=re.compile(r".+"),
    never=frozenset(LICENCES.iri(code) for code in LICENCES.known - FREE),
)
"""What may be the licence of a high-value dataset: whatever is not known to ask for more than a name."""
CONTRIBUTORS: Final = Vocabulary(
    "contributors", GERMAN + "contributors", GERMAN + "contributors/", frozenset(), spelling=_MIXED
)
LEVELS: Final = Vocabulary(
    "politicalGeocoding/Level",
    GERMAN + "politicalGeocoding/Level",
    GERMAN + "politicalGeocoding/Level/",
    _codes("administrativeDistrict european federal international municipality state"),
    spelling=_MIXED,
)
PUBLISHERS: Final = Vocabulary(
    "publishertype",
    "http://purl.org/adms/publishertype/1.0",
    "http://purl.org/adms/publishertype/",
    _codes(
        "Academia-ScientificOrganisation Company IndustryConsortium LocalAuthority NationalAuthority "
        "NonGovernmentalOrganisation NonProfitOrganisation PrivateIndividual(s) RegionalAuthority "
        "StandardisationBody SupraNationalAuthority"
    ),
    closed=True,
)
HVD_CATEGORIES: Final = Vocabulary(
    "high-value-dataset-category",
    "http://data.europa.eu/bna/asd487ae75",
    "http://data.europa.eu/bna/",
    _codes("c_164e0bf5 c_a9135398 c_ac64a52d c_b79e35eb c_dd313021 c_e1da4e07"),
    spelling=re.compile(r"c_[0-9a-f]{8}", re.ASCII),
)
CHECKSUMS: Final = Vocabulary(
    "checksumAlgorithm",
    "http://spdx.org/rdf/terms#ChecksumAlgorithm",
    "http://spdx.org/rdf/terms#checksumAlgorithm_",
    _codes("md5 sha1 sha224 sha256 sha384 sha512 sha3_256 sha3_384 sha3_512 blake2b256 blake2b512 blake3"),
    spelling=re.compile(r"[a-z0-9_]+", re.ASCII),
)

VOCABULARIES: Final = (
    THEMES,
    ACCESS,
    AVAILABILITY,
    STATUS,
    DATASET_TYPES,
    LANGUAGES,
    FILE_TYPES,
    FREQUENCIES,
    LICENCES,
    CONTRIBUTORS,
    LEVELS,
    PUBLISHERS,
    HVD_CATEGORIES,
    CHECKSUMS,
)
