"""Uplinks of The Things Stack and ChirpStack: their documents, copies, payload maps, events that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge_node.decode import decoder
from edge_node.errors import DecodeError, SettingsError
from edge_node.ports import Reading
from tests.edge_node.decode.series import NOW, made, numbers, read
from tests.standards import STANDARDS

LORAWAN = STANDARDS / "edge" / "lorawan"
EVENTS = sorted(LORAWAN.rglob("*.json"))
needs_examples = pytest.mark.skipif(not EVENTS, reason=f"no examples at {LORAWAN} (ALLMENDE_STANDARDS)")

TTN: dict[str, Any] = {
    "end_device_ids": {"device_id": "dev1", "dev_eui": "0004A30B001C0530"},
    "received_at": "2026-02-12T15:15:46.014773143Z",
    "uplink_message": {
        "session_key_id": "AXA50tHUGUucuzS/bCGMNw==",
        "f_cnt": 1,
        "f_port": 2,
        "frm_payload": "gkHe",
        "decoded_payload": {"temperature": 1.5, "humidity": 64},
        "received_at": "2026-02-12T15:15:45.789585559Z",
    },
}
MAP = {"payload": [{"ports": [1], "fields": [{"name": "level", "at": 0, "scale": 0.5}]}], "fields": {"fill": "/level"}}


def ttn(**more: Any) -> bytes:
    """An uplink with some things of its message in another way; None takes one out."""
    message = {**TTN["uplink_message"], **more}
    return json.dumps({**TTN, "uplink_message": {k: v for k, v in message.items() if v is not None}}).encode()


def test_an_uplink_that_its_network_has_decoded() -> None:
    assert read("ttn", ttn()).readings == [
        Reading("dev1", {"temperature": 1.5, "humidity": 64}, 1_770_909_345_789_586, "AXA50tHUGUucuzS/bCGMNw== 1")
    ]
    assert read("ttn", ttn(), {"thing": "dev_eui"}).readings[0].thing == "0004A30B001C0530"


def test_fields_that_are_left_out_are_zero() -> None:
    assert read("ttn", ttn(f_cnt=None)).readings[0].id == "AXA50tHUGUucuzS/bCGMNw== 0"
    payload = {"payload": [{"ports": [0], "fields": [{"name": "temperature", "at": 0}]}]}
    assert read("ttn", ttn(f_port=None), payload).readings[0].values == {"temperature": 0x82}


def test_a_payload_map_counts_more_than_what_the_network_made_of_it() -> None:
    payload = {"payload": [{"ports": [2], "size": 3, "fields": [{"name": "t", "at": 1, "type": "u16", "scale": 0.01}]}]}
    found = read("ttn", ttn(), {**payload, "fields": {"temperature": "/t"}})
    assert found.readings[0].values == {"temperature": pytest.approx(168.62)}
    with pytest.raises(DecodeError) as caught:
        read("ttn", ttn(f_port=3), payload)
    assert caught.value.code == "decode.layout"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ttn(decoded_payload=None), "decode.undecoded"),
        (ttn(decoded_payload={"wind": 3}), "decode.nothing"),
        (ttn(received_at="now"), "decode.time"),
        (json.dumps({**TTN, "simulated": True}).encode(), "decode.simulated"),
        (json.dumps({**TTN, "end_device_ids": {}}).encode(), "decode.thing"),
        (json.dumps({**TTN, "uplink_message": 5}).encode(), "decode.thing"),
        (b"[]", "decode.row"),
    ],
)
def test_uplinks_that_cannot_be_read(body: bytes, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read("ttn", body)
    assert caught.value.code == code


def test_a_payload_that_is_no_base64_is_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        read("ttn", ttn(frm_payload="%%"), {"payload": [{"cayenne": True}]})
    assert caught.value.code == "decode.base64"


def test_simulated_uplinks_where_they_are_wanted() -> None:
    assert read("ttn", json.dumps({**TTN, "simulated": True}).encode(), {"simulated": True}).readings


def test_an_uplink_without_payload_says_nothing() -> None:
    assert read("ttn", ttn(frm_payload=None, decoded_payload=None)) == made("ttn").read(b"{}", {}, NOW)


@needs_examples
@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_events_that_are_no_uplinks_have_no_readings(path: Path) -> None:
    form = path.parent.name.split("-")[0]
    one = decoder(form, MAP, numbers("fill"), "here")
    found = one.read(path.read_bytes(), {}, NOW)
    if path.stem == "up-uplink-event":
        assert found.readings == [
            Reading("0101010101010101", {"fill": 85.0}, 1_658_136_855_775_023, "3ac7e3c4-4401-4b8d-9386-a5c902f9202d")
        ]
    else:
        assert not found.readings
    assert not found.problems


@needs_examples
def test_chirpstack_objects_and_names() -> None:
    body = json.loads((LORAWAN / "chirpstack-v4" / "up-uplink-event.json").read_bytes())
    body["object"] = {"climate": {"t": 4}}
    settings = {"thing": "deviceName", "fields": {"temperature": "/climate/t"}}
    found = read("chirpstack", json.dumps(body).encode(), settings)
    assert (found.readings[0].thing, found.readings[0].values) == ("Test device", {"temperature": 4})
    with pytest.raises(DecodeError) as caught:
        read("chirpstack", json.dumps({**body, "deviceInfo": {}}).encode(), settings)
    assert caught.value.code == "decode.thing"


@pytest.mark.parametrize(
    ("form", "settings"),
    [
        ("ttn", {"thing": "name"}),
        ("chirpstack", {"thing": "device_id"}),
        ("ttn", {"payload": [{"ports": [1]}]}),
        ("ttn", {"code": "return 1"}),
    ],
)
def test_settings_that_cannot_be_followed(form: str, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        made(form, settings)
    assert caught.value.params["place"].startswith("sources.test.with.decode")
