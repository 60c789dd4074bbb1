"""The messages of Data Plane Signaling: bytes <-> Structs, lenient towards what others write, strict in what is sent.

What lives here: one Struct a message, reading and writing them, what a transfer profile's name says. What does not: the
machine that they move (`dataflow`), endpoints and calls (`connector.http.signaling`, `connector.http.planes`).
Source: Eclipse Data Plane Signaling 1.0-RC3, `specifications/signaling.md` and its schemas; HTTP Transfer Profile.

Lenient inbound: ids that say nothing to us (`messageId`, a `dataFlowId` in an answer) may be missing, a data address
need not carry its `@type`, an agreement's `@context` may be a string; unknown keys are let pass, as the schemas do.
What Eclipse EDC still writes in the words of an earlier draft (`transferType` for `profile`) is read as that.
Strict outbound: `write` refuses a message without what its schema requires.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from connector.errors import MessageError
from connector.protocol import codec, plain
from connector.protocol.messages import CONTEXT, ContractAgreementMessage, DataAddress, JsonObject
from policies import instants

M = TypeVar("M", bound=Struct)

HTTP_PULL: Final = "https://w3id.org/dspace-sig/profile/http-pull"
HTTP_PUSH: Final = "https://w3id.org/dspace-sig/profile/http-push"
PROFILES: Final = (HTTP_PULL, HTTP_PUSH)
"""The transfer profiles of ours, each also the `endpointType` of its data addresses."""


class Direction(StrEnum):
    """Who brings the data: the consumer fetches, or the provider delivers."""

    PULL = "pull"
    PUSH = "push"


class FlowState(StrEnum):
    """Where a data flow stands."""

    INITIALIZED = "INITIALIZED"
    PREPARING = "PREPARING"
    PREPARED = "PREPARED"
    STARTING = "STARTING"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


class _Flow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What prepare and start share (DataFlowBaseMessage)."""

    participantId: str
    counterPartyId: str
    dataspaceContext: str
    processId: str
    agreementId: str
    datasetId: str
    profile: str
    messageId: str = ""
    claims: JsonObject | UnsetType = UNSET
    labels: tuple[str, ...] = ()
    metadata: JsonObject | UnsetType = UNSET


class DataFlowPrepareMessage(_Flow, frozen=True, kw_only=True):
    """Control plane of a consumer: be ready for a data flow."""


class DataFlowStartMessage(_Flow, frozen=True, kw_only=True):
    """Control plane of a provider: begin; `dataAddress` says where to push to, and is there for push alone."""

    dataAddress: DataAddress | UnsetType = UNSET


class DataFlowStartedNotificationMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Control plane of a consumer: the other side has begun; `dataAddress` says where to pull from."""

    messageId: str = ""
    dataAddress: DataAddress | UnsetType = UNSET


class DataFlowResumeMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Go on; `dataAddress` where it is another one now."""

    messageId: str = ""
    dataAddress: DataAddress | UnsetType = UNSET


class DataFlowSuspendMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Let nothing flow until it is resumed."""

    messageId: str = ""
    reason: str = ""


class DataFlowTerminateMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """End it for good."""

    messageId: str = ""
    reason: str = ""


class DataFlowStatusMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data plane: where a flow stands; the answer to prepare, start and resume, and the body of every callback."""

    state: FlowState
    messageId: str = ""
    dataFlowId: str = ""
    dataAddress: DataAddress | UnsetType | None = UNSET
    error: str = ""


class DataFlowStatusResponseMessage(Struct, frozen=True, kw_only=True):
    """The answer to a question where a flow stands."""

    dataFlowId: str
    state: FlowState


class DataPlaneRegistrationMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A data plane says where it is and what it can do."""

    dataplaneId: str
    endpoint: str
    profiles: tuple[str, ...]
    labels: tuple[str, ...] = ()
    authorization: JsonObject | UnsetType = UNSET


class ControlPlaneRegistrationMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A control plane says where it takes callbacks."""

    controlplaneId: str
    endpoint: str
    authorization: JsonObject | UnsetType = UNSET


_REQUIRED: Final[dict[type[Struct], tuple[str, ...]]] = {
    DataFlowPrepareMessage: ("messageId", "claims"),
    DataFlowStartMessage: ("messageId", "claims"),
    DataFlowStartedNotificationMessage: ("messageId",),
    DataFlowResumeMessage: ("messageId",),
    DataFlowSuspendMessage: ("messageId",),
    DataFlowTerminateMessage: ("messageId",),
    DataFlowStatusMessage: ("messageId", "dataFlowId"),
    DataPlaneRegistrationMessage: ("authorization",),
    ControlPlaneRegistrationMessage: ("authorization",),
}
"""What the schemas require beyond what is required to read a message."""


_FORMER: Final = {"transferType": "profile", "transferTypes": "profiles"}


def read(body: bytes, kind: type[M]) -> M:
    """The message in the bytes; where every field of it may be missing, nothing is an empty message.

    Raises `MessageError` as `plain.read`, and `message.shape` with the place; a text of a peer is never repeated in it.
    """
    document = plain.read(body) if body.strip() else {}
    if not isinstance(document, dict):
        raise MessageError("message.shape", place="/", expected="object")
    for former, now in _FORMER.items():
        if former in document and now not in document:
            document[now] = document[former]
    # What is null was left out.
    document = {name: value for name, value in document.items() if value is not None}
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise MessageError("message.shape", place=_place(str(error)), expected=kind.__name__) from None


def write(message: Struct) -> bytes:
    """A message as it is sent. Raises `MessageError` (`message.missing`) where its schema requires more."""
    for name in _REQUIRED.get(type(message), ()):
        if getattr(message, name) in ("", UNSET):
            raise MessageError("message.missing", place=f"/{name}")
    return msgspec.json.encode(message)


def read_agreement(body: bytes) -> JsonObject:
    """The agreement of an AgreementResponse in the one spelling, without its context. Raises `MessageError`."""
    document = plain.read(body)
    if not isinstance(document, dict):
        raise MessageError("message.shape", place="/", expected="object")
    agreement = _of_edc(document) if "policy" in document else document
    agreement = {name: value for name, value in agreement.items() if name != "@context"}
    carrying: JsonObject = {
        "@context": [CONTEXT],
        "@type": ContractAgreementMessage.__name__,
        "providerPid": "urn:allmende:unknown",
        "consumerPid": "urn:allmende:unknown",
        "callbackAddress": "https://allmende.invalid",
        "agreement": {"@type": "Agreement", **agreement},
    }
    found: JsonObject = codec.decode(msgspec.json.encode(carrying), ContractAgreementMessage).agreement
    return found


def _of_edc(document: JsonObject) -> JsonObject:
    """An agreement as the management API of Eclipse EDC has it (`ContractAgreement`): the parties beside the policy,
    the instant in seconds."""
    policy, signed = document["policy"], document.get("contractSigningDate")
    if not isinstance(policy, dict) or not isinstance(signed, int) or not 0 <= signed < 1 << 36:
        raise MessageError("message.shape", place="/policy", expected="object")
    rules = {name: value for name, value in policy.items() if name.rpartition(":")[2] in _RULES}
    return {
        **rules,
        "@id": document.get("@id"),
        "target": document.get("assetId"),
        "assigner": document.get("providerId"),
        "assignee": document.get("consumerId"),
        "timestamp": instants.stamp(signed * 1_000_000),
    }


_RULES: Final = ("permission", "prohibition", "obligation")


def write_agreement(agreement: JsonObject) -> bytes:
    """An AgreementResponse: the agreement as it was concluded, with the protocol's context."""
    return msgspec.json.encode({"@context": [CONTEXT], **agreement})


def direction_of(profile: str) -> Direction | None:
    """What a profile's name says: it ends in `-pull` or `-push` (Transfer Profile Requirements); None where it does
    not, which is nothing that can be served."""
    tail = profile.rpartition("-")[2].lower()
    return Direction(tail) if "-" in profile and tail in tuple(Direction) else None


_PATH = re.compile(r"\.|\[(\d+|\.{3})\]")


def _place(text: str) -> str:
    """The JSON pointer in a message of msgspec; names of members only, never what they hold."""
    _, separator, path = text.rpartition(" - at `$")
    return _PATH.sub(lambda found: "/" + (found[1] or ""), path.rstrip("`")) if separator else "/"


def properties_of(address: DataAddress) -> dict[str, str]:
    """The endpoint properties of a data address by name."""
    listed: Any = address.endpointProperties
    return {} if listed is UNSET else {one.name: one.value for one in listed}
