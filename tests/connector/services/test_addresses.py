"""Callback addresses and data addresses that peers give us."""

from __future__ import annotations

import pytest
from msgspec import UNSET, UnsetType

from connector.errors import MessageError
from connector.protocol.messages import DataAddress, EndpointProperty
from connector.services.addresses import EDC, callback, data_address


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://utility.example/dsp/2025-1", "https://utility.example/dsp/2025-1"),
        ("https://utility.example:8443/dsp/", "https://utility.example:8443/dsp"),
        ("http://127.0.0.1:8180", "http://127.0.0.1:8180"),
    ],
)
def test_read(given: str, read: str) -> None:
    assert callback(given) == read


@pytest.mark.parametrize(
    "given",
    [
        "",
        "utility.example/dsp",
        "ftp://utility.example",
        "https://",
        "https://user@utility.example",
        "https://user:secret@utility.example",
        "https://utility.example?x=1",
        "https://utility.example#x",
        "https://utility.example:port",
        "https://utility.example/" + "x" * 2048,
        "https://[::1",
    ],
)
def test_refused(given: str) -> None:
    with pytest.raises(MessageError) as wrong:
        callback(given)
    assert wrong.value.reason.params == {"place": "/callbackAddress"}


def address(endpoint: str | UnsetType, **properties: str) -> DataAddress:
    listed = tuple(EndpointProperty(name=name, value=value) for name, value in properties.items())
    return DataAddress(endpointType="HTTP", endpoint=endpoint, endpointProperties=listed or UNSET)


def test_a_data_address_of_the_protocol() -> None:
    said = data_address(address("https://u.example/d", authorization="token", authType="bearer"))
    assert said == ("https://u.example/d", {"authorization": "token", "authType": "bearer"})
    assert data_address(address("https://u.example/d")) == ("https://u.example/d", {})


def test_a_data_address_of_eclipse_edc() -> None:
    """Its own names, the endpoint among them, and a token that is taken as it stands."""
    names = {"endpoint": "https://e.example/public", "authorization": "token", "authType": "bearer"}
    said = data_address(address(UNSET, **{EDC + name: value for name, value in names.items()}))
    assert said == ("https://e.example/public", {**names, "authType": "bare"})


def test_both_at_once() -> None:
    """The protocol's own names count, and with them what it says about the token."""
    names = {"endpoint": "https://e.example/other", "authorization": "other", "authType": "bearer"}
    both = {"authorization": "token", "authType": "bearer", **{EDC + name: value for name, value in names.items()}}
    said = data_address(address("https://u.example/d", **both))
    assert said == ("https://u.example/d", {"authorization": "token", "authType": "bearer"})


def test_no_place() -> None:
    assert data_address(address(UNSET, authorization="token")) is None
