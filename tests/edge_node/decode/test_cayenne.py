"""Cayenne LPP: the examples of its makers, and payloads that are none."""

from __future__ import annotations

import pytest

from edge_node.decode import cayenne
from edge_node.errors import DecodeError


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("03670110056700ff", {"temperature_3": 27.2, "temperature_5": 25.5}),
        ("0167ffd7067104d2fb2e0000", {"temperature_1": -4.1, "accelerometer_6": {"x": 1.234, "y": -1.234, "z": 0.0}}),
        ("018806765ff2960a0003e8", {"gps_1": {"latitude": 42.3519, "longitude": -87.9094, "altitude": 10.0}}),
        (
            "00000101016402026fff0302ff9c",
            {"digital_in_0": 1, "digital_out_1": 100, "analog_in_2": 286.71, "analog_in_3": -1.0},
        ),
        (
            "04683205734f21066600076503e8",
            {
                "relative_humidity_4": 25.0,
                "barometric_pressure_5": 2025.7,
                "presence_6": 0,
                "luminosity_7": 1000,
            },
        ),
        ("", {}),
    ],
)
def test_values_have_a_channel_and_a_name(payload: str, expected: dict[str, object]) -> None:
    assert cayenne.read(bytes.fromhex(payload)) == expected


@pytest.mark.parametrize(
    ("payload", "code"),
    [("03", "decode.item"), ("03ff00", "decode.item"), ("0367", "decode.short"), ("036701", "decode.short")],
)
def test_what_is_none_is_refused(payload: str, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        cayenne.read(bytes.fromhex(payload))
    assert caught.value.code == code
