"""JSON by pointers: what people's own sensors and gateways send."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge_node.config import FieldSettings
from edge_node.errors import DecodeError, SettingsError
from edge_node.ports import Reading
from tests.edge_node.decode.series import made, numbers, read
from tests.standards import STANDARDS

NOISE = STANDARDS / "edge" / "opensensemap"
PAIRS = {"list": "/sensordatavalues", "name": "value_type", "value": "value"}


def test_the_usual_form_needs_no_settings() -> None:
    found = read("plain", b'{"thing": "a", "at": "2026-01-02T03:04:05Z", "temperature": 21.5, "open": true, "x": 1}')
    assert found.readings == [Reading("a", {"temperature": 21.5, "open": True}, 1_767_323_045_000_000)]
    assert not found.problems


def test_rows_below_a_pointer_take_what_stands_above_them() -> None:
    settings = {"rows": "/data", "thing": "/station/id", "at": "/t", "fields": {"temperature": "/v/0"}, "id": ["/n"]}
    body = b'{"station": {"id": 7}, "n": 12, "data": [{"t": 1767323045, "v": [1.5]}, {"t": 1767323105000, "v": [2]}]}'
    assert read("plain", body, settings).readings == [
        Reading("7", {"temperature": 1.5}, 1_767_323_045_000_000, "12 0"),
        Reading("7", {"temperature": 2}, 1_767_323_105_000_000, "12 1"),
    ]


def test_levels_of_a_topic_name_the_thing() -> None:
    found = read("plain", b'{"temperature": 3}', {"thing": "weather-{station}"}, levels={"station": "n1"})
    assert found.readings == [Reading("weather-n1", {"temperature": 3})]
    assert read("plain", b'{"temperature": 3}', {"thing": "weather-{station}"}).problems[0].code == "decode.thing"


@pytest.mark.parametrize("at", [1767323045, 1767323045000, 1767323045000000, "2026-01-02T04:04:05+01:00"])
def test_instants_are_told_apart_by_their_size(at: Any) -> None:
    body = msgspec.json.encode({"thing": "a", "at": at, "temperature": 1})
    assert read("plain", body).readings[0].at == 1_767_323_045_000_000


@pytest.mark.parametrize("at", ["2026-01-02T04:04:05", "yesterday", -5, 1e300, True, {}, 10**40])
def test_a_time_that_nobody_can_read_spoils_its_row_alone(at: Any) -> None:
    body = msgspec.json.encode([{"thing": "a", "at": at, "temperature": 1}, {"thing": "a", "temperature": 2}])
    found = read("plain", body)
    assert [one.values for one in found.readings] == [{"temperature": 2}]
    assert [one.code for one in found.problems] == ["decode.time"]


def test_a_value_that_does_not_fit_is_left_out_and_told() -> None:
    body = b'{"thing": "a", "temperature": "21.5", "humidity": "a lot", "open": "off", "state": 5}'
    found = read("plain", body)
    assert found.readings[0].values == {"temperature": 21.5, "open": False}
    assert [(one.code, one.params["field"]) for one in found.problems] == [
        ("decode.value", "humidity"),
        ("decode.value", "state"),
    ]


@pytest.mark.parametrize("value", ["NaN", "1e999", "0x10", "1_000", "٣", True, [], {"a": 1}])
def test_what_is_no_number_is_none(value: Any) -> None:
    found = read("plain", msgspec.json.encode({"thing": "a", "temperature": value, "humidity": 1}))
    assert found.readings[0].values == {"humidity": 1}
    assert found.problems[0].code == "decode.value"


def test_what_is_no_number_any_more_in_the_fields_unit_is_none() -> None:
    settings = {"fields": {"temperature": {"at": "/f", "scale": 1e300}}}
    found = read("plain", b'{"thing": "a", "f": 1e300, "humidity": 1}', settings)
    assert found.readings[0].values == {"humidity": 1}
    assert found.problems[0].code == "decode.value"


def test_units_are_converted_into_the_fields_own() -> None:
    settings = {"fields": {"temperature": {"at": "/f", "unit": "degF"}, "humidity": {"at": "/h", "scale": 0.1}}}
    values = read("plain", b'{"thing": "a", "f": 50, "h": 425}', settings).readings[0].values
    assert values == pytest.approx({"temperature": 10.0, "humidity": 42.5})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a":' * 2000, b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        read("plain", body)
    assert caught.value.code == "decode.json"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"5", "decode.row"), (b"null", "decode.row"), (b'{"thing": "a"}', "decode.nothing"), (b"[[]]", "decode.row")],
)
def test_rows_that_say_nothing_are_told(body: bytes, code: str) -> None:
    found = read("plain", body)
    assert not found.readings
    assert [one.code for one in found.problems] == [code]


def test_more_rows_than_a_message_may_have_are_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        read("plain", b"[" + b",".join([b"{}"] * 10_001) + b"]")
    assert caught.value.code == "decode.many"


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"fields": {"wind": "/w"}}, "wind"),
        ({"fields": {"temperature": "w"}}, "temperature"),
        ({"fields": {"temperature": {"at": "/w", "unit": "hPa"}}}, "hPa"),
        ({"rowz": ""}, "rowz"),
        ({"thing": ""}, "thing"),
    ],
)
def test_settings_that_cannot_be_followed_are_told_with_their_place(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        made("plain", settings)
    assert caught.value.params["place"] == "sources.test.with.decode"
    assert word in " ".join(caught.value.params.values())


def test_an_unknown_format_is_told_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        made("xml")
    assert caught.value.code == "settings.format"
    assert caught.value.params["place"] == "sources.test.with.decode.format"
    assert "senml" in caught.value.params["formats"]


@pytest.mark.skipif(not NOISE.is_dir(), reason=f"no traces at {NOISE} (ALLMENDE_STANDARDS)")
@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (
            "luftdaten_example_data.json",
            {"pairs": PAIRS, "fields": {"pm10": "/SDS_P1", "pm2": "/SDS_P2"}},
            {"pm10": 5.38, "pm2": 4.98},
        ),
        (
            "luftdaten_example_data_NRZ-2018-121.json",
            {"pairs": PAIRS, "fields": {"pm10": "/SDS_P1", "pm2": {"at": "/BMP_pressure", "scale": 0.01}}},
            {"pm10": 1.87, "pm2": 1006.59},
        ),
        (
            "hackair_example_data.json",
            {"fields": {"pm10": "/reading/PM10_AirPollutantValue", "pm2": "/reading/PM2.5_AirPollutantValue"}},
            {"pm10": 32.63, "pm2": 7.93},
        ),
    ],
)
def test_what_sensors_of_citizens_send(name: str, settings: dict[str, Any], expected: dict[str, float]) -> None:
    body = (NOISE / name).read_bytes()
    fields: dict[str, FieldSettings] = numbers("pm10", "pm2")
    found = read("plain", body, {**settings, "thing": "box-{box}"}, levels={"box": "4"}, fields=fields)
    assert found.readings == [Reading("box-4", pytest.approx(expected))]
    assert not found.problems
