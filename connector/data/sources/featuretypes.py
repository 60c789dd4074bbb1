"""What a WFS 2.0 says about itself: feature types, forms, reference systems, and the fields of a type.

What lives here: pure functions over its documents. What does not: asking for them, rows (`wfs`). Sources: WFS 2.0
(OGC 09-025r2, 8 GetCapabilities, 9 DescribeFeatureType), OWS Common 1.1 (06-121r3), XML Schema (GML 3.2 application
schemas of simple features, 10-100r3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from connector.data.queries.model import Field, Kind, Shape
from connector.data.sources import axes
from connector.data.sources.markup import local

_WFS: Final = "{http://www.opengis.net/wfs/2.0}"
_OWS: Final = "{http://www.opengis.net/ows/1.1}"
_FES: Final = "{http://www.opengis.net/fes/2.0}"
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_GML: Final = "application/gml+xml; version=3.2"
_KINDS: Final[Mapping[str, Kind]] = {
    "date": Kind.DATE,
    "dateTime": Kind.INSTANT,
    "boolean": Kind.BOOLEAN,
    **dict.fromkeys(("string", "anyURI", "token", "normalizedString", "time", "NCName"), Kind.TEXT),
    **dict.fromkeys(("integer", "int", "long", "short", "byte", "decimal", "double", "float"), Kind.NUMBER),
    **dict.fromkeys(("nonNegativeInteger", "positiveInteger", "unsignedInt", "unsignedLong"), Kind.NUMBER),
    **dict.fromkeys(("unsignedShort", "unsignedByte"), Kind.NUMBER),
}
_KEYS: Final = ("id", "gid", "fid", "objectid", "ogc_fid", "oid", "uuid", "localid")
_OF_GML: Final = frozenset({"boundedBy", "description", "name", "identifier", "metaDataProperty", "location"})


class FeatureType(Struct, frozen=True, kw_only=True):
    """A type as the service tells it. `systems` are its reference systems, the default first; `box` where its features
    are, degrees of WGS 84, longitude first; `forms` in which it can be had."""

    name: str
    namespace: str = ""
    title: str = ""
    licence: str = ""
    systems: tuple[str, ...] = ()
    box: axes.Box | None = None
    forms: tuple[str, ...] = ()
    sorts: bool = False
    pages: bool = False

    @property
    def geojson(self) -> str:
        """The form in which it is GeoJSON, "" where there is none."""
        plain = [one for one in self.forms if "json" in one.lower() and "javascript" not in one.lower()]
        return next((one for one in plain if "geo" in one.lower()), next(iter(plain), ""))

    @property
    def gml(self) -> str:
        """The form in which it is GML 3.2."""
        return next((one for one in self.forms if "gml/3.2" in one or "version=3.2" in one), _GML)

    @property
    def system(self) -> str:
        """The reference system to ask for: WGS 84 where it has that, else its own."""
        for one in self.systems:
            if _is_wgs84(one):
                return axes.WGS84
        return next(iter(self.systems), axes.WGS84)


class Property(Struct, frozen=True):
    """A field, and what it is called in the service."""

    field: Field
    called: str


class Offer(Struct, frozen=True, kw_only=True):
    """A type of a service: what it says of it, and its fields by their names here."""

    type: FeatureType
    properties: dict[str, Property]
    shape: Shape
    until: float = 0.0


def _is_wgs84(system: str) -> bool:
    try:
        return axes.code(system) == 4326
    except axes.UnknownSystemError:
        return False


def capabilities(root: Any) -> dict[str, FeatureType]:
    """The types of a service by name. Raises `ValueError` for what are no capabilities of WFS 2.0."""
    if root.tag != _WFS + "WFS_Capabilities" or not str(root.get("version", "")).startswith("2.0"):
        raise ValueError("no capabilities of WFS 2.0")
    operation = next((one for one in root.iter(_OWS + "Operation") if one.get("name") == "GetFeature"), None)
    common = _values(operation, "outputFormat") if operation is not None else ()
    terms = root.findtext(f"{_OWS}ServiceIdentification/{_OWS}AccessConstraints") or ""
    said = {one.get("name"): (one.findtext(_OWS + "DefaultValue") or "").upper() for one in _constraints(root)}
    return {
        found.name: found
        for one in root.iter(_WFS + "FeatureType")
        if (found := _type(one, common, terms.strip()[:500], said)) is not None
    }


def _constraints(root: Any) -> Iterable[Any]:
    yield from root.iter(_OWS + "Constraint")
    yield from root.iter(_FES + "Constraint")


def _values(operation: Any, name: str) -> tuple[str, ...]:
    parameter = next((one for one in operation.iter(_OWS + "Parameter") if one.get("name") == name), None)
    return () if parameter is None else tuple((one.text or "").strip() for one in parameter.iter(_OWS + "Value"))


def _type(element: Any, common: tuple[str, ...], terms: str, said: Mapping[str, str]) -> FeatureType | None:
    name = (element.findtext(_WFS + "Name") or "").strip()
    if not name:
        return None
    prefix, colon, _ = name.partition(":")
    formats = tuple((one.text or "").strip() for one in element.iterfind(f"{_WFS}OutputFormats/{_WFS}Format"))
    systems = [element.findtext(_WFS + "DefaultCRS"), *(one.text for one in element.iterfind(_WFS + "OtherCRS"))]
    return FeatureType(
        name=name,
        namespace=element.nsmap.get(prefix, "") if colon else "",
        title=(element.findtext(_WFS + "Title") or "").strip()[:200],
        licence="" if terms.lower() in ("none", "") else terms,
        systems=tuple(one.strip() for one in systems if one),
        box=_box(element.find(_OWS + "WGS84BoundingBox")),
        forms=formats or common,
        sorts=said.get("ImplementsSorting") == "TRUE",
        pages=said.get("ImplementsResultPaging") == "TRUE",
    )


def _box(element: Any) -> axes.Box | None:
    if element is None:
        return None
    try:
        west, south = map(float, element.findtext(_OWS + "LowerCorner").split())
        east, north = map(float, element.findtext(_OWS + "UpperCorner").split())
    except (ValueError, AttributeError):
        return None
    return (west, south, east, north)


def properties(root: Any, name: str) -> dict[str, Property]:
    """The fields of a type by their names here, in the order of its schema; the first geometry is `geometry`. Raises
    `ValueError` where the schema does not tell them."""
    plain = name.rpartition(":")[2]
    element = next((one for one in root.iterfind(_XS + "element") if one.get("name") == plain), None)
    if root.tag != _XS + "schema" or element is None:
        raise ValueError("no schema of this type")
    kind = element.find(_XS + "complexType")
    if kind is None:
        called = str(element.get("type", "")).rpartition(":")[2]
        kind = next((one for one in root.iterfind(_XS + "complexType") if one.get("name") == called), None)
    if kind is None:
        raise ValueError("no schema of this type")
    found: dict[str, Property] = {}
    for one in kind.iter(_XS + "element"):
        _add(found, one)
    return found


def _add(found: dict[str, Property], element: Any) -> None:
    called = element.get("name") or str(element.get("ref", "")).rpartition(":")[2]
    geometric = _is_geometric(element)
    if not called or (called in _OF_GML and element.get("ref") is not None):
        return
    if geometric and "geometry" not in found:
        found["geometry"] = Property(Field("geometry", Kind.GEOMETRY), called)
    elif not geometric and called != "geometry" and element.get("maxOccurs", "1") == "1":
        kind = _kind(element)
        if kind is not None:
            found[called] = Property(
                Field(called, kind, element.get("nillable") == "true" or _optional(element)), called
            )


def _optional(element: Any) -> bool:
    return bool(element.get("minOccurs") == "0")


def _is_geometric(element: Any) -> bool:
    kind = str(element.get("type", ""))
    return kind.endswith("PropertyType") and any(
        word in kind for word in ("Geometry", "Point", "Curve", "Surface", "LineString", "Polygon", "Solid")
    )


def _kind(element: Any) -> Kind | None:
    """Of simple types, and of what GML has for times and measures; None of anything with an inside of its own."""
    kind = element.get("type")
    if kind is None:
        base = next((one.get("base", "") for one in element.iter(_XS + "restriction", _XS + "extension")), None)
        if base is None:
            return None
        kind = base
    plain = str(kind).rpartition(":")[2]
    if plain.startswith(("Measure", "Length", "Area")):
        return Kind.NUMBER
    # What some services call every date: what it is they do not tell, so it stays a text.
    return Kind.TEXT if plain.startswith(("TimeInstant", "TimePosition")) else _KINDS.get(plain)


def key(found: Mapping[str, Property], wanted: str) -> tuple[str, ...]:
    """The field that tells features apart: the one that the operator names, else one that is called so."""
    scalar = {name for name, one in found.items() if one.field.kind in (Kind.TEXT, Kind.NUMBER)}
    if wanted:
        return (wanted,) if wanted in scalar else ()
    by_name = {name.lower(): name for name in scalar}
    return next(((by_name[one],) for one in _KEYS if one in by_name), ())


def exception(root: Any) -> str:
    """The code of an exception report, "" for anything else."""
    if local(root) != "ExceptionReport":
        return ""
    return next((str(one.get("exceptionCode", "")) for one in root if local(one) == "Exception"), "unknown")[:60]
