"""Callback addresses and data addresses that peers give us."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from connector.errors import MessageError
from connector.protocol.messages import DataAddress, EndpointProperty
from connector.records import Participant
from connector.services.addresses import EDC, EVERY, callback, callback_of, data_address, destination, no_destination
from connector.services.formats import HTTP_PUSH, PUSH_PROFILE


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


class Known:
    """A view that holds one participant, or none."""

    def __init__(self, known: Participant | None) -> None:
        self._known = known

    def get(self, kind: type[Participant], id: str) -> Participant | None:
        return self._known


TOWN = Participant(
    id="did:web:town.example",
    name="town",
    url="https://town.example",
    base="https://dsp.town.example:8443/dsp/2025-1",
    keys={},
    tokens=(),
    words="",
    added=0,
    added_by="",
    pinned=False,
)


@pytest.mark.parametrize(
    ("given", "good"),
    [
        ("https://town.example/dsp", True),
        ("https://TOWN.example/other/path", True),
        ("https://dsp.town.example:8443/dsp/2025-1", True),
        ("https://dsp.town.example/dsp/2025-1", False),
        ("http://town.example/dsp", False),
        ("https://town.example.evil.example/dsp", False),
        ("https://victim.example/dsp", False),
        ("https://127.0.0.1/dsp", False),
    ],
)
def test_a_participant_that_nobody_has_looked_at_is_answered_at_home(given: str, good: bool) -> None:
    view: Any = Known(TOWN)
    if good:
        assert callback_of(view, TOWN.id, given) == given
        return
    with pytest.raises(MessageError) as wrong:
        callback_of(view, TOWN.id, given)
    assert wrong.value.reason.code == "message.callback_elsewhere"
    for known in (None, replace(TOWN, pinned=True)):
        trusted: Any = Known(known)
        assert callback_of(trusted, TOWN.id, given) == given, "an operator has compared its keys"


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


def test_a_request_names_no_place_for_data() -> None:
    """Data is fetched; of an address no more than its type is taken, as Eclipse EDC writes it."""
    no_destination(UNSET)
    no_destination(address(UNSET))
    no_destination(address(UNSET, **{EDC + "type": "HttpProxy"}))
    for wrong in (address("file:///etc/passwd"), address(UNSET, secretName="grant"), address("https://a.example")):
        with pytest.raises(MessageError, match=r"message\.data_address"):
            no_destination(wrong)


def test_a_request_to_deliver_names_a_place_and_a_token() -> None:
    given = address("https://u.example/in?key=1", authorization="token", authType="bearer", **{EVERY: "PT15M"})
    for format in (HTTP_PUSH, PUSH_PROFILE):
        said = destination(given, format)
        assert said.url == "https://u.example/in?key=1"
        assert said.properties == {"authorization": "token", "authType": "bearer"}
        assert said.every == 900_000_000
    names = {"endpoint": "https://e.example/in", "authorization": "token", "authType": "bearer", "type": "HttpData"}
    edc = destination(address(UNSET, **{EDC + name: value for name, value in names.items()}), HTTP_PUSH)
    assert (edc.url, edc.every) == ("https://e.example/in", 0)


@pytest.mark.parametrize("format", [HTTP_PUSH, PUSH_PROFILE])
@pytest.mark.parametrize(
    "place",
    ["file:///etc/passwd", "https://", "https://me@host/x", "https://host:0x/x", "vault:grant", "https://h/#part",
     "https://h/" + "x" * 3000],
)  # fmt: skip
def test_what_is_no_place_is_refused(place: str, format: str) -> None:
    with pytest.raises(MessageError, match=r"message\.destination"):
        destination(address(place), format)
    with pytest.raises(MessageError, match=r"message\.destination"):
        destination(UNSET, format)


def test_a_secret_by_name_is_never_looked_up() -> None:
    """The profile wants what it does not know ignored; the older format has names that would be believed to count."""
    for name in ("secretName", "keyAlias", EDC + "secretName", "oauth2:clientSecretKey"):
        given = address("https://u.example/in", authorization="token", authType="bearer", **{name: "grant"})
        assert "grant" not in destination(given, PUSH_PROFILE).properties.values()
        with pytest.raises(MessageError, match=r"message\.destination"):
            destination(given, HTTP_PUSH)


@pytest.mark.parametrize("every", ["soon", "P1M", "PT0S", "P9999D", "-PT1H"])
def test_how_often_is_a_duration_within_reason(every: str) -> None:
    with pytest.raises(MessageError, match=r"message\.every"):
        destination(address("https://u.example/in", **{EVERY: every}), PUSH_PROFILE)
