"""Messages of anybody: each is read, or refused with a code, and nothing else ever comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.decode.found import Decoder
from edge_node.errors import DecodeError
from tests.edge_node.decode.series import NOW, made
from tests.edge_node.decode.test_lorawan import TTN

CHIRPSTACK: dict[str, Any] = {
    "deduplicationId": "3ac7e3c4",
    "time": "2022-07-18T09:34:15.775023242+00:00",
    "deviceInfo": {"devEui": "0101010101010101"},
    "fPort": 2,
    "data": "gkHe",
    "rxInfo": [],
    "object": {"temperature": 3},
}
PLAIN = {"station": "a", "rows": [{"at": 1790000000, "temperature": 1, "list": [{"name": "humidity", "value": 2}]}]}
SENML = [{"bn": "a:", "bt": 1790000000, "n": "temperature", "u": "Cel", "v": 1}, {"n": "humidity", "bv": 3, "s": 2}]
MAP = {"payload": [{"ports": [2], "cayenne": True}, {"fields": [{"name": "humidity", "at": -2, "type": "f16"}]}]}
ROWS = {"rows": "/rows", "thing": "/station", "id": ["/at"], "fields": {"humidity": "/humidity"}}
DECODERS: dict[str, tuple[Decoder, Any]] = {
    "ttn": (made("ttn"), TTN),
    "ttn-map": (made("ttn", MAP), TTN),
    "chirpstack": (made("chirpstack"), CHIRPSTACK),
    "chirpstack-map": (made("chirpstack", MAP), CHIRPSTACK),
    "plain": (made("plain", ROWS), PLAIN),
    "plain-pairs": (made("plain", {**ROWS, "pairs": {"list": "/list"}}), PLAIN),
    "senml": (made("senml", {"units": {"Cel": "temperature"}, "thing": "x"}), SENML),
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "1e999", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "//", "%%%%", ""]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a document."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The document with something else in one place."""
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], odd)
    return copy


def survives(decoder: Decoder, body: bytes) -> None:
    try:
        found = decoder.read(body, {}, NOW)
    except DecodeError:
        return
    for one in found.readings:
        assert one.thing
        assert isinstance(one.id, str)
        assert one.at is None or isinstance(one.at, int)
        assert one.values
        assert all(value is None or isinstance(value, (int, float, str, bool)) for value in one.values.values())
        assert all(isfinite(value) for value in one.values.values() if isinstance(value, float))
    for problem in found.problems:
        assert len(problem.sample) <= 256


@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=300)
@given(st.data())
def test_documents_with_something_odd_in_them(name: str, data: st.DataObject) -> None:
    decoder, document = DECODERS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        document = changed(document, data.draw(st.sampled_from(list(places(document)))), data.draw(ODD))
    survives(decoder, json.dumps(document).encode())


@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=200)
@given(st.data())
def test_bytes_that_were_changed_on_the_way(name: str, data: st.DataObject) -> None:
    decoder, document = DECODERS[name]
    body = bytearray(json.dumps(document).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    survives(decoder, bytes(body[: data.draw(st.integers(0, len(body)))]))


@pytest.mark.parametrize("name", DECODERS)
def test_documents_that_are_very_deep(name: str) -> None:
    decoder, _ = DECODERS[name]
    for body in (b"[" * 50_000, b'{"a":' * 50_000, b"\x81" * 50_000, b"[" * 900 + b"]" * 900):
        survives(decoder, body)
