"""Media types -> file types of the European list, where that leaves no choice.

What lives here: that table. What does not: words that people write for forms (`catalog.repair`), which file types there
are (`profile.vocabularies`). Sources: IANA media types; the Publications Office's authority table of file types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TYPES: Final[Mapping[str, str]] = {
    "text/csv": "CSV",
    "text/tab-separated-values": "TSV",
    "text/plain": "TXT",
    "text/html": "HTML",
    "text/turtle": "RDF_TURTLE",
    "application/json": "JSON",
    "application/x-ndjson": "JSON",
    "application/geo+json": "GEOJSON",
    "application/vnd.geo+json": "GEOJSON",
    "application/ld+json": "JSON_LD",
    "application/xml": "XML",
    "text/xml": "XML",
    "application/rdf+xml": "RDF_XML",
    "application/gml+xml": "GML",
    "application/vnd.google-earth.kml+xml": "KML",
    "application/vnd.google-earth.kmz": "KMZ",
    "application/vnd.apache.parquet": "PARQUET",
    "application/x-netcdf": "NETCDF",
    "application/pdf": "PDF",
    "application/zip": "ZIP",
    "application/gzip": "GZIP",
    "application/x-tar": "TAR",
    "application/geopackage+sqlite3": "GPKG",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.ms-excel": "XLS",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
}


def file_type(media_type: str) -> str:
    """The code of the file type, "" where the media type says nothing certain."""
    return _TYPES.get(essence(media_type), "")


def essence(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()
