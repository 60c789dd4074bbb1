"""Units: the same, from one into another, and those that have nothing to do with each other."""

from __future__ import annotations

import pytest

from edge_node.decode.units import converting


@pytest.mark.parametrize(
    ("given", "wanted", "value", "expected"),
    [
        ("Cel", "Cel", 21.5, 21.5),
        ("degF", "Cel", 212.0, 100.0),
        ("K", "Cel", 273.15, 0.0),
        ("Cel", "K", 0.0, 273.15),
        ("Pa", "hPa", 101_325.0, 1013.25),
        ("kW.h", "Wh", 1.5, 1500.0),
        ("km/h", "m/s", 36.0, 10.0),
        ("/", "%", 0.42, 42.0),
        ("kg/m3", "ug/m3", 1.2e-8, 12.0),
        ("dBW", "dBm", -60.0, -30.0),
        ("own unit", "own unit", 7.0, 7.0),
    ],
)
def test_values_are_brought_into_another_unit(given: str, wanted: str, value: float, expected: float) -> None:
    factors = converting(given, wanted)
    assert factors is not None
    assert value * factors[0] + factors[1] == pytest.approx(expected)


@pytest.mark.parametrize(("given", "wanted"), [("Cel", "hPa"), ("%RH", "%"), ("own unit", "Cel"), ("Cel", "own unit")])
def test_what_is_measured_differently_is_not_converted(given: str, wanted: str) -> None:
    assert converting(given, wanted) is None
