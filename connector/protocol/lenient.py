"""The lenient half of reading: plain JSON as peers write it -> the one spelling that the schemas know.

What lives here: the differences that are met in practice and change nothing in meaning under the context of the
protocol. What does not: refusing (`shapes`), the meaning of policies (`policies.parse`).

- `@context`: a string for an array; inline objects and further strings beside the protocol's URL are left out.
- A single value where an array is due, `{"@set": [..]}`, `{"@list": [..]}`; an empty array of a field that need not be
  there is taken as absent.
- Keys, types, states, events, operators and the action: `odrl:use`, `http://www.w3.org/ns/odrl/2/use`, `use` are one.
  Only terms of the protocol's context are shortened (`TERMS`); a left operand and a right operand stay as they are.
- `{"@id": x}` and `{"@value": x}` where a string is due.
- A dataset without any distribution is left out of a catalogue (Eclipse EDC without a data plane), so that it does not
  hide the others.
- A missing `@type` of a nested object whose place says what it is; a missing `binding` of a protocol version.

An unknown key is kept where it is: `policies.parse` refuses it by name. Source: Dataspace Protocol 2025-1, JSON-LD
contexts `context.jsonld` and `odrl-profile.jsonld`; JSON-LD 1.1 compaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connector.errors import MessageError
from connector.protocol.messages import CONTEXT, JsonObject

Reader = Callable[[Any], Any]
Shape = Mapping[str, Reader]
"""Key in its one spelling -> how its value is read."""

PREFIXES: Final[Mapping[str, str]] = {
    "dspace": "https://w3id.org/dspace/2025/1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
}

TERMS: Final[Mapping[str, str]] = {
    "dspace": """
        agreement agreementId callbackAddress code consumerPid dataAddress dataset endpoint endpointProperties
        endpointType eventType filter name offer participantId providerPid reason state timestamp value
        REQUESTED OFFERED ACCEPTED AGREED VERIFIED FINALIZED TERMINATED STARTED SUSPENDED COMPLETED
        DatasetRequestMessage CatalogRequestMessage CatalogError ContractRequestMessage ContractOfferMessage
        ContractAgreementMessage ContractAgreementVerificationMessage ContractNegotiationEventMessage
        ContractNegotiationTerminationMessage ContractNegotiation ContractNegotiationError TransferRequestMessage
        TransferStartMessage TransferCompletionMessage TransferTerminationMessage TransferSuspensionMessage
        TransferError TransferProcess DataAddress EndpointProperty
        """,
    "dcat": """
        accessService catalog dataset distribution endpointURL servesDataset service
        Catalog Dataset DataService Distribution
        """,
    "dct": "format title description",
    "odrl": """
        profile hasPolicy target assignee assigner action permission prohibition obligation duty constraint operator
        rightOperand leftOperand eq gt gteq lt lteq neq isA hasPart isPartOf isAllOf isAnyOf isNoneOf or xone and
        andSequence use Offer Agreement
        """,
}
"""Prefix -> the terms, parted by white space, that stand for `prefix:term` on the wire."""

_SHORT: Final[Mapping[str, str]] = {
    spelling: term
    for prefix, terms in TERMS.items()
    for term in terms.split()
    for spelling in (f"{prefix}:{term}", PREFIXES[prefix] + term)
}


class _Absent:
    """What an empty array is read as."""


_ABSENT: Final = _Absent()


def normalised(document: JsonObject, name: str) -> JsonObject:
    """The document in the one spelling. Its `@type` says what it is; `name` does where that is missing or unknown.

    Raises `MessageError` (`message.duplicate`) where two spellings of one key meet in an object.
    """
    type_ = _term(document.get("@type"))
    shape = _ROOTS.get(type_) if isinstance(type_, str) else None
    return _read(shape or _ROOTS[name], document)


def _read(shape: Shape, value: JsonObject) -> JsonObject:
    out: JsonObject = {}
    for key, item in value.items():
        read = shape.get(key)
        if read is None:
            key = _SHORT.get(key, key)
            read = shape.get(key, _as_it_is)
        found = item if read is _text and item.__class__ is str else read(item)  # by far the most frequent case
        if found is _ABSENT:
            continue
        if key in out:
            raise MessageError("message.duplicate", key=key)
        out[key] = found
    return out


# --- readers of values ------------------------------------------------------------------------------------------------


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    """`{"@id": x}` and `{"@value": x}` (with or without a datatype) are x."""
    if value.__class__ is dict:
        if len(value) == 1 and "@id" in value:
            return value["@id"]
        if "@value" in value and value.keys() <= {"@value", "@type"}:
            return value["@value"]
    return value


def _term(value: Any) -> Any:
    """A term of the context in its short spelling; an array of one is its member."""
    if value.__class__ is str:
        return _SHORT.get(value, value)
    if value.__class__ is list and len(value) == 1:
        value = value[0]
    found = _text(value)
    return _SHORT.get(found, found) if found.__class__ is str else found


def _context(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and CONTEXT in value:
        return [CONTEXT]
    return value


def _ornament(value: Any) -> Any:
    """Text for people beside the schemas: one that is not plain text must not make a catalogue unreadable. Of several
    it is the one without a language, else the first."""
    found = [_plain(one) for one in sorted(_members(value), key=_in_a_language)]
    return next((one for one in found if isinstance(one, str)), _ABSENT)


def _in_a_language(value: Any) -> bool:
    return value.__class__ is dict and "@language" in value


def _plain(value: Any) -> Any:
    return value.get("@value") if _in_a_language(value) else _text(value)


def _object(shape: Shape, type_: str = "") -> Reader:
    """An object of this shape; `type_` is its `@type` where that is missing."""

    def read(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        found = _read(shape, value)
        return {"@type": type_, **found} if type_ and "@type" not in found else found

    return read


def _members(value: Any) -> list[Any]:
    if value.__class__ is dict and len(value) == 1:
        value = value.get("@set", value.get("@list", value))
    return value if value.__class__ is list else [value]


def _several(item: Reader) -> Reader:
    """An array whose members are read by `item`; a single one is an array of one, an empty array is absent."""

    def read(value: Any) -> Any:
        return [item(member) for member in _members(value)] or _ABSENT

    return read


def _to_be_had(datasets: Reader) -> Reader:
    """The datasets of a catalogue without those whose list of distributions is empty: they can be had in no way."""

    def read(value: Any) -> Any:
        return datasets([one for one in _members(value) if one.__class__ is not dict or one.get("distribution") != []])

    return read


def _profile(value: Any) -> Any:
    return [_text(item) for item in value] if value.__class__ is list else _text(value)


def _service(value: Any) -> Any:
    found = _text(value)
    return _inline_service(found)


# --- shapes -----------------------------------------------------------------------------------------------------------

_CONSTRAINT: dict[str, Reader] = {"leftOperand": _text, "operator": _term, "rightOperand": _as_it_is}
_CONSTRAINT |= dict.fromkeys(("and", "andSequence", "or", "xone"), _several(_object(_CONSTRAINT)))
_RULE: Shape = {"@type": _term, "action": _term, "constraint": _several(_object(_CONSTRAINT))}
_RULES = _several(_object(_RULE))
_PERMISSIONS = _several(_object({**_RULE, "duty": _RULES}))
_POLICY: Shape = {
    "@id": _text,
    "@type": _term,
    "profile": _profile,
    "target": _text,
    "assigner": _text,
    "assignee": _text,
    "timestamp": _text,
    "permission": _PERMISSIONS,
    "prohibition": _RULES,
    "obligation": _RULES,
}
_POLICIES = _several(_object(_POLICY))
_RESOURCE: Shape = {"@context": _context, "@id": _text, "@type": _term}
_DATASET: dict[str, Reader] = {**_RESOURCE, "hasPolicy": _POLICIES, "title": _ornament, "description": _ornament}
_SERVICE: Shape = {**_RESOURCE, "endpointURL": _text, "servesDataset": _several(_object(_DATASET))}
_inline_service = _object(_SERVICE, "DataService")
_DISTRIBUTION: Shape = {"@type": _term, "accessService": _service, "format": _text, "hasPolicy": _POLICIES}
_DATASET["distribution"] = _several(_object(_DISTRIBUTION))
_CATALOG: dict[str, Reader] = {
    **_RESOURCE,
    "participantId": _text,
    "dataset": _to_be_had(_several(_object(_DATASET))),
    "service": _several(_inline_service),
    "distribution": _several(_object(_DISTRIBUTION)),
}
_CATALOG["catalog"] = _several(_object(_CATALOG, "Catalog"))
_PROPERTY: Shape = {"@type": _term, "name": _text, "value": _text}
_ADDRESS: Shape = {
    "@type": _term,
    "endpointType": _text,
    "endpoint": _text,
    "endpointProperties": _several(_object(_PROPERTY, "EndpointProperty")),
}
_MESSAGE: Shape = {
    **_RESOURCE,
    **dict.fromkeys(("providerPid", "consumerPid", "callbackAddress", "agreementId", "format", "code"), _text),
    "state": _term,
    "eventType": _term,
    "offer": _object(_POLICY),
    "agreement": _object(_POLICY),
    "dataAddress": _object(_ADDRESS, "DataAddress"),
    "reason": _several(_as_it_is),
}


def _versions(value: Any) -> Any:
    """Versions over another binding than HTTPS are none that this node could use."""
    found = [{"binding": "HTTPS", **item} if isinstance(item, dict) else item for item in _members(value)]
    return [item for item in found if not isinstance(item, dict) or item["binding"] == "HTTPS"]


_ROOTS: Final[Mapping[str, Shape]] = {
    **{term: _MESSAGE for term in TERMS["dspace"].split() if term.startswith(("Contract", "Transfer"))},
    "CatalogError": _MESSAGE,
    "CatalogRequestMessage": {**_RESOURCE, "filter": _members},
    "DatasetRequestMessage": {**_RESOURCE, "dataset": _text},
    "Catalog": _CATALOG,
    "Dataset": _DATASET,
    "ProtocolVersions": {"protocolVersions": _versions},
}
