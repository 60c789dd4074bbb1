"""Geometries of GML as GeoJSON."""

from __future__ import annotations

import pytest

from connector.data.sources.gml import geometry
from connector.data.sources.markup import parsed

SYSTEM = "urn:ogc:def:crs:EPSG::4326"
RING = "<g:posList>48 9 48 10 49 10 48 9</g:posList>"
CLOSED = [(9, 48), (10, 48), (10, 49), (9, 48)]
SURFACE = f"<g:exterior><g:LinearRing>{RING}</g:LinearRing></g:exterior>"


def of(kind: str, inner: str, attributes: str = "", system: str = SYSTEM) -> dict[str, object]:
    text = f'<g:{kind} xmlns:g="http://www.opengis.net/gml/3.2" {attributes}>{inner}</g:{kind}>'
    return geometry(parsed(text.encode()), system)


CASES = {
    "point": (("Point", "<g:pos>48.4 9.9</g:pos>"), {"type": "Point", "coordinates": (9.9, 48.4)}),
    "old point": (
        ("Point", "<g:coordinates>9.9,48.4</g:coordinates>", 'srsName="EPSG:4326"'),
        {"type": "Point", "coordinates": (9.9, 48.4)},
    ),
    "high point": (
        ("Point", "<g:pos>48.4 9.9 480</g:pos>", 'srsDimension="3"'),
        {"type": "Point", "coordinates": (9.9, 48.4, 480.0)},
    ),
    "line": (
        ("LineString", "<g:posList>48 9 49 10</g:posList>"),
        {"type": "LineString", "coordinates": [(9, 48), (10, 49)]},
    ),
    "curve": (
        (
            "Curve",
            "<g:segments><g:LineStringSegment><g:posList>48 9 49 10</g:posList></g:LineStringSegment>"
            "<g:LineStringSegment><g:posList>49 10 50 11</g:posList></g:LineStringSegment></g:segments>",
        ),
        {"type": "LineString", "coordinates": [(9, 48), (10, 49), (11, 50)]},
    ),
    "polygon": (("Polygon", SURFACE), {"type": "Polygon", "coordinates": [CLOSED]}),
    "polygon, hole first": (
        ("Polygon", f"<g:interior><g:LinearRing>{RING}</g:LinearRing></g:interior>{SURFACE}"),
        {"type": "Polygon", "coordinates": [CLOSED, CLOSED]},
    ),
    "surface": (
        ("Surface", f"<g:patches><g:PolygonPatch>{SURFACE}</g:PolygonPatch></g:patches>"),
        {"type": "Polygon", "coordinates": [CLOSED]},
    ),
    "surfaces": (
        ("MultiSurface", f"<g:surfaceMember><g:Polygon>{SURFACE}</g:Polygon></g:surfaceMember>"),
        {"type": "MultiPolygon", "coordinates": [[CLOSED]]},
    ),
    "points": (
        ("MultiPoint", "<g:pointMembers><g:Point><g:pos>48 9</g:pos></g:Point></g:pointMembers>"),
        {"type": "MultiPoint", "coordinates": [(9, 48)]},
    ),
    "several": (
        ("MultiGeometry", "<g:geometryMember><g:Point><g:pos>48 9</g:pos></g:Point></g:geometryMember>"),
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": (9, 48)}]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_geometries(name: str) -> None:
    given, right = CASES[name]
    assert of(*given) == right


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("Point", "<g:pos>48.4</g:pos>"),
        ("Point", "<g:pos>48.4 x</g:pos>"),
        ("Point", "<g:pos>nan 9</g:pos>"),
        ("Point", "<g:pos>948.4 9.9</g:pos>"),
        ("Point", ""),
        ("LineString", "<g:posList>1 2 3</g:posList>"),
        ("Polygon", ""),
        ("Polygon", "<g:exterior><g:LinearRing><g:posList>1 2 3 4 5 6</g:posList></g:LinearRing></g:exterior>"),
        ("Arc", "<g:posList>1 2 3 4 5 6</g:posList>"),
        ("Curve", "<g:segments><g:Arc><g:posList>1 2 3 4 5 6</g:posList></g:Arc></g:segments>"),
    ],
)
def test_what_is_none_is_refused(kind: str, inner: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        of(kind, inner)


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        of("Point", "<g:pos>1 2</g:pos>", 'srsName="x"')


def test_the_land_register_has_east_first() -> None:
    found = of("Point", "<g:pos>571000 5361000</g:pos>", 'srsName="urn:ogc:def:crs:EPSG::25832"')
    assert found["coordinates"] == pytest.approx((9.95916, 48.39816), abs=1e-4)
