"""connector/protocol/signaling.py: lenient in, strict out; against the official schemas where they are at hand."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Struct

from connector.errors import MessageError
from connector.protocol import signaling
from connector.protocol.messages import CONTEXT, DataAddress, EndpointProperty
from connector.protocol.signaling import (
    ControlPlaneRegistrationMessage,
    DataFlowPrepareMessage,
    DataFlowResumeMessage,
    DataFlowStartedNotificationMessage,
    DataFlowStartMessage,
    DataFlowStatusMessage,
    DataFlowStatusResponseMessage,
    DataFlowSuspendMessage,
    DataFlowTerminateMessage,
    DataPlaneRegistrationMessage,
    Direction,
    FlowState,
)
from tests.standards import STANDARDS, load

SCHEMAS = STANDARDS / "dps"
"""The schemas of Data Plane Signaling 1.0-RC3, `specifications/schemas` of its repository."""
needs_schemas = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"no schemas of Data Plane Signaling at {SCHEMAS}")

ADDRESS = DataAddress(
    endpointType=signaling.HTTP_PULL,
    endpoint="https://p.example/d",
    endpointProperties=(EndpointProperty(name="authorization", value="x"),),
)
FLOW: dict[str, Any] = {
    "messageId": "m",
    "participantId": "did:web:a",
    "counterPartyId": "did:web:b",
    "dataspaceContext": "c",
    "processId": "p",
    "agreementId": "g",
    "datasetId": "d",
    "profile": signaling.HTTP_PULL,
    "claims": {"urn:allmende:role": ["city"]},
}
SENT: list[Struct] = [
    DataFlowPrepareMessage(**FLOW),
    DataFlowStartMessage(**FLOW, dataAddress=ADDRESS),
    DataFlowStartMessage(**{**FLOW, "claims": {}}),
    DataFlowStartedNotificationMessage(messageId="m", dataAddress=ADDRESS),
    DataFlowResumeMessage(messageId="m"),
    DataFlowSuspendMessage(messageId="m", reason="r"),
    DataFlowTerminateMessage(messageId="m"),
    *(DataFlowStatusMessage(messageId="m", dataFlowId="f", state=state, dataAddress=ADDRESS) for state in FlowState),
    DataFlowStatusResponseMessage(dataFlowId="f", state=FlowState.STARTED),
    DataPlaneRegistrationMessage(
        dataplaneId="p", endpoint="https://p", profiles=(signaling.HTTP_PULL,), authorization={"type": "bearer"}
    ),
    ControlPlaneRegistrationMessage(controlplaneId="c", endpoint="https://c", authorization={"type": "bearer"}),
]


@pytest.mark.parametrize("message", SENT, ids=lambda one: type(one).__name__)
def test_what_is_written_is_read_again(message: Struct) -> None:
    assert signaling.read(signaling.write(message), type(message)) == message


@needs_schemas
@pytest.mark.parametrize("message", SENT, ids=lambda one: type(one).__name__)
def test_what_is_written_is_what_the_schemas_accept(message: Struct) -> None:
    import jsonschema_rs

    known = {f"https://w3id.org/dspace-sig/v1.0/{path.name}": load(path) for path in SCHEMAS.glob("*.json")}
    address = load(STANDARDS / "dsp" / "transfer" / "data-address-schema.json")
    known["https://w3id.org/dspace/2025/1/transfer/data-address-schema.json"] = address
    for one in known.values():
        one.pop("$id", None)
    schema = known[f"https://w3id.org/dspace-sig/v1.0/{type(message).__name__}.schema.json"]
    judge = jsonschema_rs.validator_for(schema, retriever=known.__getitem__)
    judge.validate(msgspec.json.decode(signaling.write(message)))


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (DataFlowResumeMessage(), "/messageId"),
        (DataFlowStatusMessage(state=FlowState.STARTED, messageId="m"), "/dataFlowId"),
        (DataFlowPrepareMessage(**{**FLOW, "claims": UNSET}), "/claims"),
        (ControlPlaneRegistrationMessage(controlplaneId="c", endpoint="https://c"), "/authorization"),
    ],
)
def test_nothing_incomplete_is_written(message: Struct, place: str) -> None:
    with pytest.raises(MessageError) as refused:
        signaling.write(message)
    assert refused.value.reason.params["place"] == place


def test_what_others_leave_out_is_let_pass() -> None:
    assert signaling.read(b"", DataFlowResumeMessage) == DataFlowResumeMessage()
    bare = b'{"state":"STARTED","dataAddress":{"endpointType":"x","endpoint":"http://e"},"more":1}'
    found = signaling.read(bare, DataFlowStatusMessage)
    assert isinstance(found.dataAddress, DataAddress)
    assert found.dataAddress.endpoint == "http://e"
    assert signaling.read(b'{"state":"STARTED","dataAddress":null}', DataFlowStatusMessage).dataAddress is UNSET
    said = msgspec.json.encode({**{name: FLOW[name] for name in FLOW if name != "profile"}, "transferType": "x-pull"})
    assert signaling.read(said, DataFlowStartMessage).profile == "x-pull"


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"state":"LOST"}', b"\xff", b'{"dataFlowId":1,"state":"STARTED"}'])
def test_what_cannot_be_read_is_refused_without_its_words(body: bytes) -> None:
    with pytest.raises(MessageError) as refused:
        signaling.read(body, DataFlowStatusMessage)
    assert "LOST" not in str(refused.value)


def test_an_agreement_is_read_in_one_spelling() -> None:
    said: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "odrl:Agreement",
        "@id": "urn:a",
        "odrl:target": {"@id": "urn:t"},
        "assigner": "did:web:a",
        "assignee": "did:web:b",
        "timestamp": "2025-01-01T00:00:00Z",
        "permission": {"action": "odrl:use"},
    }
    found = signaling.read_agreement(msgspec.json.encode(said))
    assert found["target"] == "urn:t"
    assert found["permission"] == [{"action": "use"}]
    assert "@context" not in found
    written = msgspec.json.decode(signaling.write_agreement(found))
    assert written["@context"] == [CONTEXT]
    assert signaling.read_agreement(signaling.write_agreement(found)) == found


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"@id":"x"}'])
def test_what_is_no_agreement_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        signaling.read_agreement(body)


@pytest.mark.parametrize(
    ("profile", "direction"),
    [
        (signaling.HTTP_PULL, Direction.PULL),
        (signaling.HTTP_PUSH, Direction.PUSH),
        ("HttpData-PULL", Direction.PULL),
        ("http-push", Direction.PUSH),
        ("pull", None),
        ("mqtt", None),
        ("", None),
    ],
)
def test_the_direction_stands_in_the_name(profile: str, direction: Direction | None) -> None:
    assert signaling.direction_of(profile) is direction


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_is_read_or_refused(value: Any) -> None:
    for kind in (DataFlowStartMessage, DataFlowStatusMessage, DataPlaneRegistrationMessage):
        with contextlib.suppress(MessageError):
            signaling.read(msgspec.json.encode(value), kind)
