"""Covers `connector.protocol.lenient`: peers' spellings read as the one spelling, and nothing else does."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from connector.errors import MessageError
from connector.protocol import codec, messages
from connector.protocol.messages import CONTEXT
from tests.connector.protocol.parties import OFFER

ODRL = "http://www.w3.org/ns/odrl/2/"
DSPACE = "https://w3id.org/dspace/2025/1/"
DCAT = "http://www.w3.org/ns/dcat#"
ATOMIC = {"leftOperand": "odrl:dateTime", "operator": "lteq", "rightOperand": "2026-12-31T00:00:00Z"}
REQUEST = {
    "@context": [CONTEXT],
    "@type": "ContractRequestMessage",
    "consumerPid": "urn:x:1",
    "callbackAddress": "https://c.example",
    "offer": {**OFFER, "permission": [{"action": "use", "constraint": [ATOMIC]}]},
}
ACK = {"@context": [CONTEXT], "@type": "TransferProcess", "providerPid": "p", "consumerPid": "c", "state": "STARTED"}
START = {
    "@context": [CONTEXT],
    "@type": "TransferStartMessage",
    "providerPid": "p",
    "consumerPid": "c",
    "dataAddress": {
        "@type": "DataAddress",
        "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
        "endpointProperties": [{"@type": "EndpointProperty", "name": "authType", "value": "bearer"}],
    },
}
UNTYPED = {key: value for key, value in START["dataAddress"].items() if key != "@type"}
CATALOG = {
    "@context": [CONTEXT],
    "@type": "Catalog",
    "@id": "urn:x:catalog",
    "participantId": "did:web:a.example",
    "service": [{"@id": "urn:x:s", "@type": "DataService", "endpointURL": "https://a.example/dsp"}],
    "dataset": [
        {
            "@id": "urn:x:d",
            "@type": "Dataset",
            "hasPolicy": [{"@id": "urn:x:o", "@type": "Offer", "permission": [{"action": "use"}]}],
            "distribution": [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": "urn:x:s"}],
        }
    ],
}
TERMINATION = {
    "@context": [CONTEXT],
    "@type": "ContractNegotiationTerminationMessage",
    "providerPid": "p",
    "consumerPid": "c",
    "reason": ["why"],
}


def changed(document: dict[str, Any], place: str, value: Any, key: str | None = None) -> dict[str, Any]:
    """The document with another value at a place (`offer/permission/0/action`), under another key if one is given."""
    out = copy.deepcopy(document)
    *way, last = [int(step) if step.isdigit() else step for step in place.split("/")]
    holder: Any = out
    for step in way:
        holder = holder[step]
    if key is not None:
        del holder[last]
    holder[last if key is None else key] = value
    return out


def added(document: dict[str, Any], place: str, key: str, value: Any) -> dict[str, Any]:
    out = copy.deepcopy(document)
    holder: Any = out
    for step in place.split("/") if place else []:
        holder = holder[int(step) if step.isdigit() else step]
    holder[key] = value
    return out


def prefixed(value: Any, names: dict[str, str]) -> Any:
    """The document with every key in `names` spelled with its prefix."""
    if isinstance(value, dict):
        return {names.get(key, "") + key: prefixed(item, names) for key, item in value.items()}
    return [prefixed(item, names) for item in value] if isinstance(value, list) else value


POLICY_KEYS = ("permission", "action", "constraint", "leftOperand", "operator", "rightOperand", "target")
MESSAGE_KEYS = ("consumerPid", "callbackAddress", "offer")
PERMISSION, CONSTRAINT = "offer/permission/0", "offer/permission/0/constraint/0"
SAME = {
    "context as a string": (REQUEST, changed(REQUEST, "@context", CONTEXT)),
    "context with a stranger": (REQUEST, changed(REQUEST, "@context", ["https://e.example/edc", CONTEXT])),
    "context with an object": (REQUEST, changed(REQUEST, "@context", [CONTEXT, {"edc": "https://e.example/"}])),
    "type with a prefix": (REQUEST, changed(REQUEST, "@type", "dspace:ContractRequestMessage")),
    "type as an IRI": (REQUEST, changed(REQUEST, "@type", DSPACE + "ContractRequestMessage")),
    "type as an array": (REQUEST, changed(REQUEST, "@type", ["ContractRequestMessage"])),
    "prefixed keys": (
        REQUEST,
        prefixed(REQUEST, {**dict.fromkeys(POLICY_KEYS, "odrl:"), **dict.fromkeys(MESSAGE_KEYS, "dspace:")}),
    ),
    "keys as IRIs": (
        REQUEST,
        prefixed(REQUEST, {**dict.fromkeys(POLICY_KEYS, ODRL), **dict.fromkeys(MESSAGE_KEYS, DSPACE)}),
    ),
    "pid as a reference": (REQUEST, changed(REQUEST, "consumerPid", {"@id": "urn:x:1"})),
    "callback as a value": (REQUEST, changed(REQUEST, "callbackAddress", {"@value": "https://c.example"})),
    "target as a reference": (REQUEST, changed(REQUEST, "offer/target", {"@id": OFFER["target"]})),
    "offer type with a prefix": (REQUEST, changed(REQUEST, "offer/@type", "odrl:Offer")),
    "single permission": (REQUEST, changed(REQUEST, "offer/permission", REQUEST["offer"]["permission"][0])),
    "single constraint": (REQUEST, changed(REQUEST, f"{PERMISSION}/constraint", ATOMIC)),
    "set": (REQUEST, changed(REQUEST, f"{PERMISSION}/constraint", {"@set": [ATOMIC]})),
    "list": (REQUEST, changed(REQUEST, f"{PERMISSION}/constraint", {"@list": [ATOMIC]})),
    "empty prohibition": (REQUEST, added(REQUEST, "offer", "prohibition", [])),
    "empty obligation": (REQUEST, added(REQUEST, "offer", "odrl:obligation", [])),
    "action with a prefix": (REQUEST, changed(REQUEST, f"{PERMISSION}/action", "odrl:use")),
    "action as an IRI": (REQUEST, changed(REQUEST, f"{PERMISSION}/action", ODRL + "use")),
    "action as a reference": (REQUEST, changed(REQUEST, f"{PERMISSION}/action", {"@id": "odrl:use"})),
    "operator with a prefix": (REQUEST, changed(REQUEST, f"{CONSTRAINT}/operator", "odrl:lteq")),
    "operator as a reference": (REQUEST, changed(REQUEST, f"{CONSTRAINT}/operator", {"@id": ODRL + "lteq"})),
    "left operand as a reference": (REQUEST, changed(REQUEST, f"{CONSTRAINT}/leftOperand", {"@id": "odrl:dateTime"})),
    "state with a prefix": (ACK, changed(ACK, "state", "dspace:STARTED")),
    "state as a reference": (ACK, changed(ACK, "state", {"@id": DSPACE + "STARTED"})),
    "reason as a string": (TERMINATION, changed(TERMINATION, "reason", "why")),
    "address without a type": (START, changed(START, "dataAddress", UNTYPED)),
    "single property without a type": (
        START,
        changed(START, "dataAddress/endpointProperties", {"name": "authType", "value": {"@value": "bearer"}}),
    ),
    "single dataset": (CATALOG, changed(CATALOG, "dataset", CATALOG["dataset"][0], "dcat:dataset")),
    "single service": (CATALOG, changed(CATALOG, "service", CATALOG["service"][0])),
    "single policy": (
        CATALOG,
        changed(CATALOG, "dataset/0/hasPolicy", CATALOG["dataset"][0]["hasPolicy"][0], "odrl:hasPolicy"),
    ),
    "single distribution": (
        CATALOG,
        changed(CATALOG, "dataset/0/distribution", CATALOG["dataset"][0]["distribution"][0], DCAT + "distribution"),
    ),
    "format with a prefixed key": (
        CATALOG,
        changed(CATALOG, "dataset/0/distribution/0/format", {"@id": "HttpData-PULL"}, "dct:format"),
    ),
    "service as a reference": (CATALOG, changed(CATALOG, "dataset/0/distribution/0/accessService", {"@id": "urn:x:s"})),
    "empty list of catalogues": (CATALOG, added(CATALOG, "", "catalog", [])),
    "title in two languages": (
        added(CATALOG, "dataset/0", "title", "a"),
        added(CATALOG, "dataset/0", "dct:title", [{"@value": "b", "@language": "de"}, {"@value": "a"}]),
    ),
    "title in one language": (
        added(CATALOG, "dataset/0", "title", "b"),
        added(CATALOG, "dataset/0", "dct:title", {"@value": "b", "@language": "de"}),
    ),
    "a title that is no text": (CATALOG, added(CATALOG, "dataset/0", "title", [{"a": 1}, 2])),
    "properties of an asset": (CATALOG, added(CATALOG, "dataset/0", "edc:size", 5)),
}  # fmt: skip
"""What is meant -> another spelling of it that is met."""


@pytest.mark.parametrize("case", SAME.values(), ids=SAME.keys())
def test_spellings_mean_the_same(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    plain, spelled = case
    assert plain != spelled
    kind = getattr(messages, plain["@type"])
    assert codec.decode(json.dumps(spelled).encode(), kind) == codec.decode(json.dumps(plain).encode(), kind)


KEPT = {
    "left operand with a prefix": (f"{CONSTRAINT}/leftOperand", "odrl:dateTime"),
    "left operand as an IRI": (f"{CONSTRAINT}/leftOperand", ODRL + "dateTime"),
    "right operand with a prefix": (f"{CONSTRAINT}/rightOperand", "odrl:use"),
    "right operand as a typed value": (f"{CONSTRAINT}/rightOperand", {"@value": "5", "@type": "xsd:integer"}),
    "right operand as a list": (f"{CONSTRAINT}/rightOperand", ["a"]),
    "action outside the context": (f"{PERMISSION}/action", "odrl:display"),
    "profile": ("offer/profile", ["https://p.example"]),
}


@pytest.mark.parametrize("case", KEPT.values(), ids=KEPT.keys())
def test_kept_as_it_is(case: tuple[str, Any]) -> None:
    place, value = case
    spelled = changed(REQUEST, place, value)
    message = codec.decode(json.dumps(spelled).encode(), messages.ContractRequestMessage)
    assert message.offer == spelled["offer"]


REFUSED = {
    "no context": (changed(REQUEST, "@context", []), "message.context"),
    "another version": (changed(REQUEST, "@context", "https://w3id.org/dspace/2024/1/context.json"), "message.context"),
    "context as an object": (changed(REQUEST, "@context", {"x": "y"}), "message.context"),
    "another message": (changed(REQUEST, "@type", "CatalogRequestMessage"), "message.type"),
    "type of another namespace": (changed(REQUEST, "@type", "odrl:ContractRequestMessage"), "message.type"),
    "two types": (changed(REQUEST, "@type", ["ContractRequestMessage", "x"]), "message.type"),
    "key in two spellings": (added(REQUEST, "offer", "odrl:permission", [{"action": "use"}]), "message.duplicate"),
    "key of another namespace": (
        changed(REQUEST, "offer/permission", [{"action": "use"}], "dcat:permission"),
        "message.missing",
    ),
    "callback and pid": (added(REQUEST, "", "providerPid", "p"), "message.exclusive"),
    "null": (changed(REQUEST, "consumerPid", None), "message.shape"),
    "number for a string": (changed(REQUEST, "consumerPid", 5), "message.shape"),
    "number as a right operand": (changed(REQUEST, f"{CONSTRAINT}/rightOperand", 5), "message.shape"),
    "unknown operator": (changed(REQUEST, f"{CONSTRAINT}/operator", "odrl:near"), "message.shape"),
    "action with a refinement": (
        changed(REQUEST, f"{PERMISSION}/action", {"@id": "odrl:use", "refinement": [ATOMIC]}),
        "message.shape",
    ),
    "permissions all gone": (changed(REQUEST, "offer/permission", []), "message.missing"),
    "dataset without an offer": (changed(CATALOG, "dataset/0/hasPolicy", []), "message.missing"),
    "offer with a target in a catalogue": (
        added(CATALOG, "dataset/0/hasPolicy/0", "target", "urn:x:d"),
        "message.shape",
    ),
    "catalogue with a policy": (added(CATALOG, "", "odrl:hasPolicy", [OFFER]), None),
    "state without meaning": (changed(ACK, "state", "odrl:STARTED"), "message.shape"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refused(case: tuple[dict[str, Any], str | None]) -> None:
    document, code = case
    kind: Any = messages.ContractRequestMessage
    if "dataset" in document:
        kind = messages.Catalog
    elif "state" in document:
        kind = messages.TransferProcess
    with pytest.raises(MessageError) as caught:
        codec.decode(json.dumps(document).encode(), kind)
    assert code is None or caught.value.reason.code == code


def test_versions_over_other_bindings_are_left_out() -> None:
    body = b'{"protocolVersions":[{"version":"2025-1","path":"/a"},{"version":"2025-1","path":"/b","binding":"GRPC"}]}'
    found = codec.decode(body, messages.ProtocolVersions)
    assert [(version.path, version.binding) for version in found.protocolVersions] == [("/a", "HTTPS")]
