"""The messages of the Decentralized Claims Protocol 1.0.1: frozen Structs, read strictly and written strictly.

What lives here: the shape of each message, bytes <-> message, scopes, the names of profiles. What does not: who may
send one (`connector.http.dcp`), credentials themselves (`certs.credentials`), what follows from a message (`services`).
Source: Verifiable Presentation Protocol (Resolution API, scopes), Credential Issuance Protocol (requests, Storage API,
offers, metadata, status), Profiles; and their JSON schemas.

Lenient where peers are known to differ: `@type` for `type`, a context or a list of one written without its brackets, a
credential object without its type, the misspelt alias `vc10-sl2021/jwt` of the specification's own examples. Unknown
names are let pass, as the schemas do; nothing is understood in two ways.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from connector.errors import MessageError
from connector.protocol import plain
from connector.protocol.messages import JsonObject

CONTEXT = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"
VC20, VC11 = "vc20-bssl/jwt", "vc11-sl2021/jwt"
PROFILES = (VC20, VC11)
"""Profiles that are understood here, the preferred one first."""
FORMATS = {
    VC20: VC20,
    VC11: VC11,
    "vc10-sl2021/jwt": VC11,
    "VC2_0_JOSE": VC20,
    "VC1_0_JWT": VC11,
    "jwt": "",
}
"""What a delivery may call the form of a credential -> its profile; "" where the name says nothing of the model. Beside
the aliases of the profiles these are the names in the specification's example and those of Eclipse IdentityHub."""
MOST = 64
"""Credentials, scopes or presentations in one message."""
TYPE_SCOPE, ID_SCOPE = "org.eclipse.dspace.dcp.vc.type:", "org.eclipse.dspace.dcp.vc.id:"
READ = ":read"
"""A third part of scopes that the specification does not have and peers write."""

_LISTS = {"@context", "scope", "credentials", "credentialsSupported", "bindingMethods", "presentation"}

Name = Annotated[str, Meta(min_length=1, max_length=2048)]
Text = Annotated[str, Meta(max_length=4096)]
Token = Annotated[str, Meta(min_length=1, max_length=262_144)]
M = TypeVar("M", bound="DcpMessage")


class Scope(Struct, frozen=True):
    """What a verifier may see: credentials of a type, or the one with an id."""

    alias: Literal["type", "id"]
    value: str


def read_scope(text: str) -> Scope | None:
    """The scope, or None where it is of no alias that is understood here: nobody is entitled to such a one."""
    if text.startswith(TYPE_SCOPE):
        value = text.removeprefix(TYPE_SCOPE).removesuffix(READ)
        return Scope("type", value) if value else None
    value = text.removeprefix(ID_SCOPE)
    return Scope("id", value) if value and value != text else None


def type_scope(kind: str) -> str:
    """The scope of all credentials of a type."""
    return TYPE_SCOPE + kind


class DcpMessage(Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Every message names its context and its type."""

    context: Annotated[tuple[Name, ...], Meta(max_length=MOST)] = field(name="@context", default=(CONTEXT,))


class CredentialObject(Struct, frozen=True, kw_only=True):
    """A credential that can be had; where only its `id` is given, the issuer's metadata say the rest."""

    id: Name
    type: Literal["CredentialObject"] = "CredentialObject"
    credentialType: Name | UnsetType = UNSET
    credentialSchema: Name | UnsetType = UNSET
    offerReason: Name | UnsetType = UNSET
    bindingMethods: Annotated[tuple[Name, ...], Meta(max_length=MOST)] | UnsetType = UNSET
    profile: Name | UnsetType = UNSET
    issuancePolicy: JsonObject | UnsetType = UNSET

    def known_profile(self) -> str:
        """The profile where it is one that is understood here, else ""."""
        return FORMATS.get(self.profile, "") if isinstance(self.profile, str) else ""


class Wanted(Struct, frozen=True, kw_only=True):
    """A credential object by its id alone."""

    id: Name


class CredentialContainer(Struct, frozen=True, kw_only=True):
    """A signed credential under way; `format` is its profile, or another name for it."""

    credentialType: Name
    payload: Token
    format: Name


class PresentationQueryMessage(DcpMessage, frozen=True, kw_only=True):
    """A verifier asks for credentials, by scopes or by a definition (Presentation Exchange) and never by both."""

    scope: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MOST)] | UnsetType = UNSET
    presentationDefinition: JsonObject | UnsetType = UNSET


class PresentationResponseMessage(DcpMessage, frozen=True, kw_only=True):
    """Presentations; fewer than asked for where the verifier is entitled to fewer."""

    presentation: Annotated[tuple[Token | JsonObject, ...], Meta(max_length=MOST)]
    presentationSubmission: Any = UNSET


class CredentialRequestMessage(DcpMessage, frozen=True, kw_only=True):
    """A holder asks an issuer for credentials from its metadata."""

    holderPid: Name
    credentials: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=MOST)]


class CredentialMessage(DcpMessage, frozen=True, kw_only=True):
    """An issuer delivers what was asked for, all of it or nothing."""

    issuerPid: Name
    status: Literal["ISSUED", "REJECTED"]
    holderPid: Name | UnsetType = UNSET
    credentials: Annotated[tuple[CredentialContainer, ...], Meta(max_length=MOST)] | UnsetType = UNSET
    rejectionReason: Text | UnsetType | None = UNSET


class CredentialOfferMessage(DcpMessage, frozen=True, kw_only=True):
    """An issuer says what a holder may ask it for."""

    issuer: Name
    credentials: Annotated[tuple[CredentialObject, ...], Meta(min_length=1, max_length=MOST)]


class IssuerMetadata(DcpMessage, frozen=True, kw_only=True):
    """What an issuer issues."""

    issuer: Name
    credentialsSupported: Annotated[tuple[CredentialObject, ...], Meta(max_length=1024)] = ()


class CredentialStatus(DcpMessage, frozen=True, kw_only=True):
    """How far a request for credentials is."""

    issuerPid: Name
    holderPid: Name
    status: Literal["RECEIVED", "REJECTED", "ISSUED"]


def decode(body: bytes, kind: type[M]) -> M:
    """The message in the bytes. Raises `MessageError`: those of `plain.read`, `message.shape`, `message.type`,
    `message.context`, `message.exclusive`; a text of a peer is never repeated in it."""
    return read(plain.read(body), kind)


def read(document: Any, kind: type[M]) -> M:
    """The message in a plain value. Raises as `decode`."""
    if not isinstance(document, dict):
        raise MessageError("message.shape", place="/", expected="object")
    found = _normalised(document)
    if found.get("type") != kind.__name__:
        raise MessageError("message.type", place="/type", expected=kind.__name__)
    try:
        message = msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise MessageError("message.shape", place=_place(str(error)), expected=kind.__name__) from None
    if "@context" not in found or CONTEXT not in message.context:
        raise MessageError("message.context", place="/@context", expected=CONTEXT)
    if isinstance(message, PresentationQueryMessage):
        _check_query(message)
    return message


def encode(message: DcpMessage) -> bytes:
    """A message as it is sent."""
    return msgspec.json.encode(message)


def _check_query(query: PresentationQueryMessage) -> None:
    """Exactly one of both, and a definition that defines something (Presentation Query Message)."""
    both = query.scope is not UNSET and query.presentationDefinition is not UNSET
    if both or (query.scope is UNSET and not query.presentationDefinition):
        raise MessageError("message.exclusive", fields="scope, presentationDefinition")


def _normalised(document: JsonObject) -> JsonObject:
    """The one spelling."""
    found = {"type" if name == "@type" else name: value for name, value in document.items()}
    if len(found) != len(document):
        raise MessageError("message.duplicate")
    return {name: [value] if _bare(name, value) else value for name, value in found.items()}


def _bare(name: str, value: Any) -> bool:
    """A list of one, written without its brackets (JSON-LD 1.1, 4.1: a set with one member)."""
    return name in _LISTS and isinstance(value, str | dict)


def _place(text: str) -> str:
    """The JSON pointer in a message of msgspec, "" where it has none; names of members only, never what they hold."""
    _, separator, path = text.rpartition(" - at `$")
    return re.sub(r"\.|\[(\d+|\.{3})\]", lambda found: "/" + (found[1] or ""), path.rstrip("`")) if separator else "/"
