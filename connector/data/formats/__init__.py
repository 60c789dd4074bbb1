"""Forms of answers with rows: CSV, lines of JSON, JSON, GeoJSON, Parquet.

What lives here: their names, and a writer for each that gives bytes while rows come. What does not: which rows
(`connector.data.queries`), reading foreign files (`connector.data.sources.tables`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.errors import MessageError
from policies.transforms import media

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
PARQUET: Final = "application/vnd.apache.parquet"
SHORT: Final[Mapping[str, str]] = {
    "csv": CSV,
    "ndjson": NDJSON,
    "json": JSON,
    "geojson": GEOJSON,
    "parquet": PARQUET,
}
_SAME: Final = {
    "application/csv": CSV,
    "text/comma-separated-values": CSV,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "application/x-jsonlines": NDJSON,
    "application/vnd.geo+json": GEOJSON,
    "application/x-parquet": PARQUET,
    **{one: one for one in (CSV, NDJSON, JSON, GEOJSON, PARQUET)},
}


def of(name: str) -> str:
    """The media type of a form, by its short name or by a media type. Raises `MessageError` `query.form`."""
    found = SHORT.get(name.strip().lower()) or _SAME.get(media.essence(name))
    if found is None:
        raise MessageError("query.form", parameter="f", value=name[:100], known=" ".join(SHORT))
    return found


def accepted(accept: str) -> str:
    """The form that an `Accept` header (RFC 9110, 12.5.1) prefers; "" where it leaves the choice, or names none of
    them: what has rows is then given as it is."""
    best, weight = "", 0.0
    for part in accept.split(","):
        found = _SAME.get(media.essence(part))
        given = _weight(part)
        if found is not None and given > weight:
            best, weight = found, given
        elif found is None and media.essence(part) == "*/*" and given >= weight and given:
            best, weight = "", given
    return best


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
