"""Messages of the Decentralized Claims Protocol: what is read, what is refused, and that the official schemas agree."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from msgspec import UNSET

from connector.errors import MessageError
from connector.protocol import dcp
from connector.protocol.dcp import (
    CONTEXT,
    CredentialContainer,
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    CredentialRequestMessage,
    CredentialStatus,
    IssuerMetadata,
    PresentationQueryMessage,
    PresentationResponseMessage,
    Scope,
    Wanted,
)
from tests.standards import STANDARDS, needs_standards

DCP = STANDARDS / "trust" / "dcp"
V08 = "https://w3id.org/dspace-dcp/v08/common/context-schema.json"
KINDS: tuple[type[dcp.DcpMessage], ...] = (
    *(PresentationQueryMessage, PresentationResponseMessage),
    *(CredentialRequestMessage, CredentialMessage, CredentialOfferMessage, IssuerMetadata, CredentialStatus),
)
STRICTER = {
    "both a scope and a definition": lambda kind, d: "scope" in d and "presentationDefinition" in d,
    "a definition of nothing": lambda kind, d: d.get("presentationDefinition") == {},
    "the type of a request or delivery is not the message's name": lambda kind, d: d.get("type") != kind.__name__,
    "an empty text": lambda kind, d: '""' in json.dumps(d),
    "nothing is asked for, or offered": lambda kind, d: d.get("credentials") == [] and kind is not CredentialMessage,
}
"""Where this node asks for more than the schemas: what the specification says in words, and what nobody means."""
LOOSER = {
    "a context or list without its brackets": lambda kind, d: any(
        isinstance(d.get(name), str | dict) for name in ("@context", "scope", "credentials", "presentation")
    ),
    "a sparse credential object, as the text has it": lambda kind, d: kind in (CredentialOfferMessage, IssuerMetadata),
    "a definition that nobody here looks into": lambda kind, d: "presentationDefinition" in d,
    "a submission that nobody here looks into": lambda kind, d: "presentationSubmission" in d,
    "a reason that is null, as the text has it": lambda kind, d: d.get("rejectionReason", "") is None,
}


@cache
def _validators() -> dict[str, Any]:
    own = {path: json.loads(path.read_bytes()) for path in DCP.glob("*/*-schema.json")}
    resources = {schema["$id"]: schema for schema in own.values()}
    # The context's `$id` is of an older version than the references to it.
    resources["https://w3id.org/dspace-dcp/v1.0/common/context-schema.json"] = resources.pop(V08)
    for path in DCP.glob("external/*/schemas/*.json"):
        resources[f"https://identity.foundation/{path.relative_to(DCP / 'external')}"] = json.loads(path.read_bytes())
    resources["http://json-schema.org/draft-07/schema"] = {}
    registry = jsonschema_rs.Registry(list(resources.items()))
    return {
        path.name.removesuffix("-schema.json"): jsonschema_rs.Draft201909Validator(schema, registry=registry)
        for path, schema in own.items()
    }


def _accepts(document: Any, kind: type[dcp.DcpMessage]) -> bool:
    name = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("-")
    return bool(_validators()[name].is_valid(document))


def _reads(document: Any, kind: type[dcp.DcpMessage]) -> bool:
    try:
        dcp.read(document, kind)
    except MessageError:
        return False
    return True


def _examples() -> list[tuple[type[dcp.DcpMessage], Any]]:
    named = {kind.__name__: kind for kind in KINDS}
    found = [json.loads(path.read_bytes()) for path in sorted(DCP.glob("*/example/*.json"))]
    return [(named[one["type"]], one) for one in found if one["type"] in named]


def _mutations(document: Any) -> Iterator[Any]:
    """Each member left out, and put in the place of each a value of every other form."""
    for name in document:
        yield {key: value for key, value in document.items() if key != name}
        for other in (None, "", "text", 7, True, [], {}, ["text"], [7], [{}], [{"id": "x"}]):
            yield {**copy.deepcopy(document), name: other}


@needs_standards
def test_the_official_examples_are_read() -> None:
    examples = _examples()
    assert len(examples) == 10
    for kind, document in examples:
        assert _accepts(document, kind)
        dcp.decode(json.dumps(document).encode(), kind)


@needs_standards
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_reading_agrees_with_the_official_schemas_but_for_what_is_listed(kind: type[dcp.DcpMessage]) -> None:
    documents = [one for found, one in _examples() if found is kind]
    seen = 0
    for mutated in (m for one in documents for m in _mutations(one)):
        official, ours = _accepts(mutated, kind), _reads(mutated, kind)
        if official != ours:
            listed = STRICTER if official else LOOSER
            assert any(rule(kind, mutated) for rule in listed.values()), (official, mutated)
        seen += official == ours
    assert seen > 20


@needs_standards
@pytest.mark.parametrize(
    "message",
    [
        PresentationQueryMessage(scope=(dcp.type_scope("MembershipCredential"),)),
        PresentationResponseMessage(presentation=("a.b.c",)),
        PresentationResponseMessage(presentation=()),
        CredentialRequestMessage(holderPid="urn:uuid:1", credentials=(Wanted(id="urn:x:1"),)),
        CredentialMessage(
            issuerPid="urn:uuid:2",
            holderPid="urn:uuid:1",
            status="ISSUED",
            credentials=(CredentialContainer(credentialType="T", payload="a.b.c", format=dcp.VC20),),
        ),
        CredentialMessage(issuerPid="urn:uuid:2", holderPid="urn:uuid:1", status="REJECTED", rejectionReason="no"),
        CredentialOfferMessage(issuer="did:web:a.example", credentials=(CredentialObject(id="urn:x:1"),)),
        CredentialStatus(issuerPid="a", holderPid="b", status="RECEIVED"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_written_is_what_the_official_schemas_want(message: dcp.DcpMessage) -> None:
    body = dcp.encode(message)
    assert _accepts(json.loads(body), type(message))
    assert dcp.decode(body, type(message)) == message


def _query(**members: Any) -> bytes:
    return json.dumps({"@context": [CONTEXT], "type": "PresentationQueryMessage", **members}).encode()


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"scope": ["a:b"], "presentationDefinition": {"id": "x"}}, "message.exclusive"),
        ({"presentationDefinition": {}}, "message.exclusive"),
        ({}, "message.exclusive"),
        ({"scope": []}, "message.shape"),
        ({"presentationDefinition": None}, "message.shape"),
        ({"scope": ["a:b"] * 65}, "message.shape"),
        ({"scope": [""]}, "message.shape"),
        ({"scope": ["a:b"], "@context": ["https://other.example"]}, "message.context"),
        ({"scope": ["a:b"], "type": "CredentialMessage"}, "message.type"),
        ({"scope": ["a:b"], "@type": "PresentationQueryMessage"}, "message.duplicate"),
    ],
)
def test_a_query_that_asks_for_nothing_or_in_two_ways_is_refused(members: dict[str, Any], code: str) -> None:
    with pytest.raises(MessageError) as caught:
        dcp.decode(_query(**members), PresentationQueryMessage)
    assert caught.value.reason.code == code


def test_a_text_of_the_sender_is_never_repeated() -> None:
    with pytest.raises(MessageError) as caught:
        dcp.decode(_query(scope=["a:b", {"secret": 1}]), PresentationQueryMessage)
    assert "secret" not in str(caught.value.reason)
    assert caught.value.reason.params["place"] == "/scope/1"


def test_other_spellings_of_peers_are_read() -> None:
    body = json.dumps({"@context": CONTEXT, "@type": "PresentationQueryMessage", "scope": "a:b"}).encode()
    assert dcp.decode(body, PresentationQueryMessage).scope == ("a:b",)


def test_credential_objects_may_be_sparse_and_their_profiles_misspelt() -> None:
    offered = {"@context": [CONTEXT], "type": "CredentialOfferMessage", "issuer": "did:web:a.example"}
    objects = [{"id": "1"}, {"id": "2", "profile": "vc10-sl2021/jwt"}, {"id": "3", "profile": "vc20-bssl/ldp"}]
    found = dcp.decode(json.dumps({**offered, "credentials": objects}).encode(), CredentialOfferMessage).credentials
    assert [one.known_profile() for one in found] == ["", dcp.VC11, ""]
    assert found[0].credentialType is UNSET


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("org.eclipse.dspace.dcp.vc.type:MembershipCredential", Scope("type", "MembershipCredential")),
        ("org.eclipse.dspace.dcp.vc.type:MembershipCredential:read", Scope("type", "MembershipCredential")),
        ("org.eclipse.dspace.dcp.vc.type:https://a.example/v#T", Scope("type", "https://a.example/v#T")),
        ("org.eclipse.dspace.dcp.vc.type:MembershipCredential:write", Scope("type", "MembershipCredential:write")),
        ("org.eclipse.dspace.dcp.vc.id:urn:uuid:1", Scope("id", "urn:uuid:1")),
        ("org.eclipse.dspace.dcp.vc.type:", None),
        ("org.eclipse.dspace.dcp.vc.type::read", None),
        ("org.eclipse.dspace.dcp.vc.id:", None),
        ("org.eclipse.dspace.dcp.vc.other:X", None),
        ("MembershipCredential", None),
        ("", None),
    ],
)
def test_scopes_name_a_type_or_an_id_and_nothing_else(text: str, scope: Scope | None) -> None:
    assert dcp.read_scope(text) == scope
