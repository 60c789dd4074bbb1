"""SenML: every example of RFC 8428 as it is resolved there, readings out of them, and packs that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import cbor
from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.decode import senml
from edge_node.errors import DecodeError, SettingsError
from edge_node.ports import Reading
from tests.edge_node.decode.series import NOW, made, numbers, read
from tests.standards import STANDARDS

EXAMPLES = STANDARDS / "edge" / "senml"
NAMES = sorted(path.name.removesuffix(".gen.resolved.json") for path in EXAMPLES.glob("*.gen.resolved.json"))
needs_examples = pytest.mark.skipif(not NAMES, reason=f"no examples at {EXAMPLES} (ALLMENDE_STANDARDS)")
PLACE: dict[str, FieldSettings] = numbers("humidity", "lon", "lat", "battery")
UNITS = {"units": {"%RH": "humidity", "lon": "lon", "lat": "lat", "%EL": "battery"}}


def told(record: senml.Record) -> dict[str, Any]:
    """A resolved record as the examples write it."""
    kinds = {str: "vs", bool: "vb", bytes: "vd", float: "v", int: "v"}
    made: dict[str, Any] = {"n": record.name, "t": record.at / 1e6, kinds[type(record.value)]: record.value}
    return made | ({"u": record.unit} if record.unit else {})


def expected(name: str) -> tuple[list[dict[str, Any]], int]:
    """What an example is resolved to, and when that was."""
    rows = json.loads((EXAMPLES / f"{name}.gen.resolved.json").read_bytes())
    for one in rows:
        one.pop("l", None)
    return rows, round(rows[0]["t"] * 1e6)


@needs_examples
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["json", "gen.json", "cbor"])
def test_examples_are_resolved_as_the_standard_does(name: str, form: str) -> None:
    rows, now = expected(name)
    if form == "cbor":
        body = (EXAMPLES / f"{name}.gen.json").read_bytes()
        body = cbor.dumps([_numbered(one) for one in json.loads(body)])
    else:
        body = (EXAMPLES / f"{name}.{form}").read_bytes()
    found = [told(one) for one in senml.resolved(senml.pack(body), now) if not isinstance(one.value, bytes)]
    assert found == [pytest.approx(one) for one in rows]


def _numbered(record: dict[str, Any]) -> dict[Any, Any]:
    """A record with the labels of CBOR."""
    numbers = {label: number for number, label in senml._LABELS.items()}
    return {numbers.get(label, label): value for label, value in record.items()}


@pytest.mark.skipif(not (EXAMPLES / "ex3.gen.cbor").exists(), reason=f"no examples at {EXAMPLES} (ALLMENDE_STANDARDS)")
@pytest.mark.parametrize("name", ["ex3", "ex5"])
def test_examples_in_cbor(name: str) -> None:
    rows, now = expected(name)
    found = senml.resolved(senml.pack((EXAMPLES / f"{name}.gen.cbor").read_bytes()), now)
    assert [told(one) for one in found] == [pytest.approx(one) for one in rows]


@needs_examples
def test_what_a_thing_says_at_one_time_is_one_reading() -> None:
    found = read("senml", (EXAMPLES / "ex5.json").read_bytes(), UNITS, fields=PLACE)
    thing = "urn:dev:ow:10e2073a01080063"
    assert [one.at for one in found.readings] == [1_320_067_464_000_000 + s * 1_000_000 for s in (0, 60, 120, 150, 180)]
    assert found.readings[0] == Reading(
        thing, {"humidity": 20.0, "lon": 24.30621, "lat": 60.07965}, 1_320_067_464_000_000
    )
    assert found.readings[3].values == {"battery": 98.0}


@needs_examples
def test_labels_behind_the_name_of_a_thing() -> None:
    found = read("senml", (EXAMPLES / "ex6.json").read_bytes())
    at = 1_320_078_429_000_000
    assert found.readings == [
        Reading("2001:db8::2", {"temperature": 25.2, "humidity": 30}, at),
        Reading("2001:db8::1", {"temperature": 12.3, "humidity": 67}, at),
    ]
    fields = {"open": FieldSettings(kind=Kind.FLAG), "room": FieldSettings(kind=Kind.TEXT), "warmth": FieldSettings()}
    found = read(
        "senml", (EXAMPLES / "ex7.json").read_bytes(), {"fields": {"room": "label", "warmth": "temp"}}, fields=fields
    )
    assert found.readings == [
        Reading("urn:dev:ow:10e2073a01080063", {"warmth": 23.1, "room": "Machine Room", "open": False}, NOW)
    ]


def test_units_are_the_fields_own_or_made_so_or_refused() -> None:
    found = read("senml", b'[{"n":"a:temperature","u":"K","v":283.15},{"n":"a:humidity","u":"hPa","v":1}]')
    assert found.readings == [Reading("a", {"temperature": pytest.approx(10.0)}, NOW)]
    assert [(one.code, one.params) for one in found.problems] == [
        ("decode.unit", {"field": "humidity", "unit": "hPa", "wanted": "%RH"})
    ]


def test_times_before_1978_are_relative_to_now() -> None:
    found = read("senml", b'[{"bn":"a:","bt":-10,"n":"temperature","v":1},{"n":"temperature","t":10,"v":2}]')
    assert [one.at for one in found.readings] == [NOW - 10_000_000, NOW]


def test_base_values_and_sums_are_added() -> None:
    records = senml.resolved(
        senml.pack(b'[{"bn":"m","bv":20,"bs":100,"v":1,"s":5},{"v":2.5},{"s":7,"t":1},{"bn":"k","vs":"x"}]'), NOW
    )
    assert [(one.name, one.value, one.sum) for one in records] == [
        ("m", 21, 105),
        ("m", 22.5, 100),
        ("m", 20, 107),
        ("k", "x", 100),
    ]


@pytest.mark.parametrize(
    ("pack", "what"),
    [
        (b"[]", "form"),
        (b"[5]", "form"),
        (b"[{}]", None),
        (b'[{"n":"a","v":1,"vs":"x"}]', "value"),
        (b'[{"n":"a"}]', "value"),
        (b'[{"v":1}]', "name"),
        (b'[{"n":"\xc3\xa4","v":1}]', "name"),
        (b'[{"n":":a","v":1}]', "name"),
        (b'[{"n":"a","v":true}]', "v"),
        (b'[{"n":"a","v":"1"}]', "v"),
        (b'[{"n":"a","vb":1}]', "vb"),
        (b'[{"n":5,"v":1}]', "n"),
        (b'[{"n":"a","v":1,"must_":1}]', "label"),
        (b'[{"bver":11,"n":"a","v":1}]', "bver"),
        (b'[{"bver":5,"n":"a","v":1},{"bver":6,"n":"a","v":1}]', "bver"),
        (b'[{"n":"a","v":1},{"bver":5,"n":"a","v":1}]', "bver"),
        (b'[{"n":"a","v":1,"t":1e300}]', "time"),
        (b'[{"n":"a","v":1,"t":-1e15}]', "time"),
        (b'[{"n":"a","vd":"\\u00e4"}]', "vd"),
    ],
)
def test_a_pack_that_breaks_the_standard_is_refused_whole(pack: bytes, what: str | None) -> None:
    with pytest.raises(DecodeError) as caught:
        read("senml", pack)
    if what is None:
        assert caught.value.code == "decode.nothing"
    else:
        assert (caught.value.code, caught.value.params["what"]) == ("decode.senml", what)


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"\x81\xa2\x00\x61a\x00\x61b", "decode.cbor"), (b"\x81\xa1\x02\xfb", "decode.cbor"), (b"[{]", "decode.json")],
)
def test_bytes_in_no_form_are_refused(body: bytes, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read("senml", body)
    assert caught.value.code == code


def test_settings_name_fields_that_there_are() -> None:
    for settings_ in ({"units": {"Cel": "wind"}}, {"fields": {"wind": "w"}}, {"label": {}}):
        with pytest.raises(SettingsError):
            made("senml", settings_)


SHORT = st.one_of(st.text(max_size=8), st.binary(max_size=8))
VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8), st.binary(max_size=8)
)
LABEL = st.one_of(st.sampled_from([*senml._LABELS, *senml._LABELS.values()]), st.text(max_size=4), st.integers(-9, 20))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.dictionaries(LABEL, VALUE, max_size=6), max_size=4))
def test_no_pack_brings_it_down(records: list[dict[Any, Any]]) -> None:
    try:
        body = cbor.dumps(records)
    except cbor.CborError:
        return
    try:
        found = read("senml", body)
    except DecodeError:
        return
    assert all(one.values for one in found.readings)
