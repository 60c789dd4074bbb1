"""The messages of the Dataspace Protocol 2025-1: frozen Structs, one per message, field names as on the wire.

What lives here: the shape of each message and the rules that one field can state. What does not: reading lenient input
and writing strict output (`codec`), what a message does to a process (`negotiation`, `transfer`), the content of
policies (`policies.parse`). Source: Dataspace Protocol 2025-1 and its JSON schemas; policies are kept as plain
normalised JSON here, their shape is checked by `shapes`.

Optional fields are `UNSET` when absent, so that writing leaves them out. A field whose only type is `UnsetType` is
forbidden.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, NewType

from msgspec import UNSET, Meta, Struct, UnsetType, field

CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
VERSION = "2025-1"

Pid = NewType("Pid", str)
"""Id of one side's view of a process: ours are `urn:uuid:` version 7, a peer's is any non-empty string."""

JsonObject = dict[str, Any]
Some = Annotated[tuple[Any, ...], Meta(min_length=1)]


class NegotiationState(StrEnum):
    """States of a contract negotiation (Contract Negotiation Protocol, states)."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class TransferState(StrEnum):
    """States of a transfer process (Transfer Process Protocol, states)."""

    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


class EventType(StrEnum):
    """Events of a ContractNegotiationEventMessage."""

    ACCEPTED = "ACCEPTED"
    FINALIZED = "FINALIZED"


class Nested(Struct, frozen=True, kw_only=True):
    """An object inside a message; without a context of its own."""


class Message(Struct, frozen=True, kw_only=True, tag_field="@type", tag=True):
    """Every message names its context and type; `@id` is optional and makes a repeat recognisable."""

    context: tuple[str, ...] = field(name="@context", default=(CONTEXT,))
    id: str | UnsetType = field(name="@id", default=UNSET)


# --- Catalog Protocol -------------------------------------------------------------------------------------------------


class CatalogRequestMessage(Message, frozen=True, kw_only=True):
    """Ask for the catalogue; this node knows no filters and refuses any (Catalog Protocol, 1)."""

    filter: tuple[Any, ...] | UnsetType = UNSET


class DatasetRequestMessage(Message, frozen=True, kw_only=True):
    """Ask for one dataset; on HTTPS the GET stands for it."""

    dataset: str


class DataService(Nested, frozen=True, kw_only=True, tag_field="@type", tag="DataService"):
    """The DSP endpoint that a distribution is negotiated at; not the endpoint of the data."""

    id: str = field(name="@id")
    endpointURL: str
    servesDataset: Annotated[tuple[Dataset, ...], Meta(min_length=1)] | UnsetType = UNSET


class Distribution(Nested, frozen=True, kw_only=True):
    """A form in which a dataset is transferred; `format` is the transfer kind."""

    accessService: str | DataService
    format: str
    type: str | UnsetType = field(name="@type", default=UNSET)
    hasPolicy: Annotated[tuple[JsonObject, ...], Meta(min_length=1)] | UnsetType = UNSET


class Dataset(Nested, frozen=True, kw_only=True):
    """One dataset with its offers. `@context` is present only where the dataset is the whole answer.

    `describedBy`, an extension of ours that no schema forbids, is where its signed self-description is; `rows`, another
    one, says which fields leave and what can be asked of them.
    """

    id: str = field(name="@id")
    type: str | UnsetType = field(name="@type", default=UNSET)
    context: tuple[str, ...] | UnsetType = field(name="@context", default=UNSET)
    hasPolicy: Annotated[tuple[JsonObject, ...], Meta(min_length=1)]
    distribution: Annotated[tuple[Distribution, ...], Meta(min_length=1)]
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    describedBy: str | UnsetType = UNSET
    rows: Any = UNSET


class SubCatalog(Nested, frozen=True, kw_only=True, tag_field="@type", tag="Catalog"):
    """A catalogue inside a catalogue; its participant is that of the outer one."""

    id: str = field(name="@id")
    dataset: Annotated[tuple[Dataset, ...], Meta(min_length=1)] | UnsetType = UNSET
    service: Annotated[tuple[DataService, ...], Meta(min_length=1)] | UnsetType = UNSET
    catalog: Annotated[tuple[SubCatalog, ...], Meta(min_length=1)] | UnsetType = UNSET
    distribution: Annotated[tuple[Distribution, ...], Meta(min_length=1)] | UnsetType = UNSET
    hasPolicy: UnsetType = UNSET


class Catalog(Message, frozen=True, kw_only=True):
    """A participant's catalogue, or one page of it; `describedBy` as in a dataset, for the node that offers it."""

    id: str = field(name="@id")
    participantId: str
    dataset: Annotated[tuple[Dataset, ...], Meta(min_length=1)] | UnsetType = UNSET
    service: Annotated[tuple[DataService, ...], Meta(min_length=1)] | UnsetType = UNSET
    catalog: Annotated[tuple[SubCatalog, ...], Meta(min_length=1)] | UnsetType = UNSET
    distribution: Annotated[tuple[Distribution, ...], Meta(min_length=1)] | UnsetType = UNSET
    hasPolicy: UnsetType = UNSET
    describedBy: str | UnsetType = UNSET


class CatalogError(Message, frozen=True, kw_only=True):
    """A catalogue request that failed."""

    code: str | UnsetType = UNSET
    reason: tuple[Any, ...] | UnsetType = UNSET


# --- Contract Negotiation Protocol ------------------------------------------------------------------------------------


class ContractRequestMessage(Message, frozen=True, kw_only=True):
    """Consumer asks; initial with `callbackAddress`, counter-request with `providerPid`, never both.

    `replaces`, in an initial one, is the agreement that this one would take the place of: an extension of ours, like
    `agreementHash`.
    """

    consumerPid: str
    offer: JsonObject
    providerPid: str | UnsetType = UNSET
    callbackAddress: str | UnsetType = UNSET
    replaces: str | UnsetType = UNSET


class ContractOfferMessage(Message, frozen=True, kw_only=True):
    """Provider offers; initial with `callbackAddress`, counter-offer with `consumerPid`, never both. `replaces` as in
    a request."""

    providerPid: str
    offer: JsonObject
    consumerPid: str | UnsetType = UNSET
    callbackAddress: str | UnsetType = UNSET
    replaces: str | UnsetType = UNSET


class ContractAgreementMessage(Message, frozen=True, kw_only=True):
    """Provider sends the agreement that both sides keep."""

    providerPid: str
    consumerPid: str
    agreement: JsonObject


class ContractAgreementVerificationMessage(Message, frozen=True, kw_only=True):
    """Consumer has checked the agreement. `agreementHash`, an extension of ours that no schema forbids, is SHA-256 over
    RFC 8785 of the agreement object, in hex: with it the message says which agreement was checked."""

    providerPid: str
    consumerPid: str
    agreementHash: str | UnsetType = UNSET


class ContractNegotiationEventMessage(Message, frozen=True, kw_only=True):
    """Consumer ACCEPTED the current offer, or provider FINALIZED the agreement."""

    providerPid: str
    consumerPid: str
    eventType: EventType


class ContractNegotiationTerminationMessage(Message, frozen=True, kw_only=True):
    """Either side ends the negotiation."""

    providerPid: str
    consumerPid: str
    code: str | UnsetType = UNSET
    reason: Some | UnsetType = UNSET


class ContractNegotiation(Message, frozen=True, kw_only=True):
    """The acknowledgement: where the negotiation stands. Only an answer of a peer may lack its `state`."""

    providerPid: str
    consumerPid: str
    state: NegotiationState | UnsetType = UNSET


class ContractNegotiationError(Message, frozen=True, kw_only=True):
    """A negotiation request that failed; never changes a state."""

    providerPid: str
    consumerPid: str
    code: str | UnsetType = UNSET
    reason: Some | UnsetType = UNSET


# --- Transfer Process Protocol ----------------------------------------------------------------------------------------


class EndpointProperty(Nested, frozen=True, kw_only=True, tag_field="@type", tag="EndpointProperty"):
    """A name and a value, for example `authorization`."""

    name: str
    value: str


class DataAddress(Nested, frozen=True, kw_only=True, tag_field="@type", tag="DataAddress"):
    """Where the data is to be had, or is to be delivered."""

    endpointType: str
    endpoint: str | UnsetType = UNSET
    endpointProperties: Annotated[tuple[EndpointProperty, ...], Meta(min_length=1)] | UnsetType = UNSET


class TransferRequestMessage(Message, frozen=True, kw_only=True):
    """Consumer asks for a transfer under an agreement."""

    consumerPid: str
    agreementId: str
    format: str
    callbackAddress: str
    dataAddress: DataAddress | UnsetType = UNSET


class TransferStartMessage(Message, frozen=True, kw_only=True):
    """Provider starts, or either side resumes after a suspension."""

    providerPid: str
    consumerPid: str
    dataAddress: DataAddress | UnsetType = UNSET


class TransferCompletionMessage(Message, frozen=True, kw_only=True):
    """Either side declares the transfer complete."""

    providerPid: str
    consumerPid: str


class TransferSuspensionMessage(Message, frozen=True, kw_only=True):
    """Either side suspends."""

    providerPid: str
    consumerPid: str
    code: str | UnsetType = UNSET
    reason: Some | UnsetType = UNSET


class TransferTerminationMessage(Message, frozen=True, kw_only=True):
    """Either side ends the transfer."""

    providerPid: str
    consumerPid: str
    code: str | UnsetType = UNSET
    reason: Some | UnsetType = UNSET


class TransferProcess(Message, frozen=True, kw_only=True):
    """The acknowledgement: where the transfer stands. Only an answer of a peer may lack its `state`."""

    providerPid: str
    consumerPid: str
    state: TransferState | UnsetType = UNSET


class TransferError(Message, frozen=True, kw_only=True):
    """A transfer request that failed; never changes a state."""

    providerPid: str
    consumerPid: str
    code: str | UnsetType = UNSET
    reason: Some | UnsetType = UNSET


# --- Version metadata -------------------------------------------------------------------------------------------------


class Auth(Nested, frozen=True, kw_only=True):
    """How callers of a version are told apart."""

    protocol: str
    version: str
    profile: tuple[str, ...] | UnsetType = UNSET


class Version(Nested, frozen=True, kw_only=True):
    """One protocol version: `path` is appended to the root URL."""

    version: str
    path: str
    binding: Literal["HTTPS"]
    serviceId: str | UnsetType = UNSET
    identifierType: str | UnsetType = UNSET
    auth: Auth | UnsetType = UNSET


class ProtocolVersions(Nested, frozen=True, kw_only=True):
    """`GET <root>/.well-known/dspace-version`: unauthenticated, without a context."""

    protocolVersions: Annotated[tuple[Version, ...], Meta(min_length=1)]


NegotiationMessage = (
    ContractRequestMessage
    | ContractOfferMessage
    | ContractAgreementMessage
    | ContractAgreementVerificationMessage
    | ContractNegotiationEventMessage
    | ContractNegotiationTerminationMessage
)
TransferMessage = (
    TransferRequestMessage
    | TransferStartMessage
    | TransferCompletionMessage
    | TransferSuspensionMessage
    | TransferTerminationMessage
)
