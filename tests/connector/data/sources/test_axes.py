"""Reference systems: which axis is first, and where a place is."""

from __future__ import annotations

import pytest

from connector.data.sources import axes

ULM_25832 = (571_000.0, 5_361_000.0)
ULM = (9.95916, 48.39816)


@pytest.mark.parametrize(
    ("name", "flipped"),
    [
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("urn:ogc:def:crs:EPSG:6.9:4326", True),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", True),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", False),
        ("EPSG:4326", False),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", False),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", False),
        ("urn:ogc:def:crs:EPSG::25832", False),
        ("urn:ogc:def:crs:EPSG::31467", True),
        ("EPSG:31467", False),
        ("urn:ogc:def:crs:EPSG::4258", True),
    ],
)
def test_which_axis_is_first(name: str, flipped: bool) -> None:
    assert axes.is_flipped(name) is flipped


def test_a_place_of_the_land_register() -> None:
    place = axes.inward("urn:ogc:def:crs:EPSG::25832", False)(ULM_25832)
    assert place == pytest.approx(ULM, abs=1e-4)
    assert axes.inward("urn:ogc:def:crs:EPSG::4326", True)((48.4, 9.9)) == (9.9, 48.4)
    assert axes.inward("EPSG:4326", False)((9.9, 48.4, 480.0)) == (9.9, 48.4, 480.0)


def test_a_box_is_around_all_of_its_places() -> None:
    box = (9.7, 48.2, 10.2, 48.6)
    west, south, east, north = axes.around(box, "urn:ogc:def:crs:EPSG::25832")
    back = axes.inward("urn:ogc:def:crs:EPSG::25832", False)
    for corner in ((west, south), (west, north), (east, south), (east, north)):
        lon, lat = back(corner)
        assert lon <= box[0] or lon >= box[2] or lat <= box[1] or lat >= box[3]
    assert axes.around(box, "urn:ogc:def:crs:EPSG::4326")[:2] == pytest.approx((48.2, 9.7), abs=1e-5)
    assert axes.around(box, "EPSG:4326")[:2] == pytest.approx((9.7, 48.2), abs=1e-5)


@pytest.mark.parametrize("name", ["", "urn:x", "EPSG:999999", "WGS 84"])
def test_nobody_guesses_a_system(name: str) -> None:
    with pytest.raises(axes.UnknownSystemError):
        axes.inward(name, False)


def test_what_is_no_place() -> None:
    with pytest.raises(ValueError, match="no place"):
        axes.inward("EPSG:4326", False)((9.9, 148.4))
