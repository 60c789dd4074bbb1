"""Tests of certs.did."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from certs import did, keys
from certs.did import DidError
from tests.standards import needs_standards, schemas

KEYS = keys.generate()
URL, DID = "https://city.example", "did:web:city.example"
NODE = did.document(URL, URL + "/dsp/2025-1", KEYS.published())
TOKEN, AUDIT = DID + "#token", DID + "#audit"

PAIRS = [
    ("https://city.example", DID, "https://city.example/.well-known/did.json"),
    ("https://city.example:8443", DID + "%3A8443", "https://city.example:8443/.well-known/did.json"),
    ("https://city.example/data/node", DID + ":data:node", "https://city.example/data/node/did.json"),
    ("https://city.example:1/a", DID + "%3A1:a", "https://city.example:1/a/did.json"),
    ("https://xn--mnchen-3ya.example", "did:web:xn--mnchen-3ya.example", None),
    ("https://127.0.0.1:8181", "did:web:127.0.0.1%3A8181", "https://127.0.0.1:8181/.well-known/did.json"),
    ("https://localhost:8181", "did:web:localhost%3A8181", None),
]


@pytest.mark.parametrize(("url", "name", "document"), PAIRS)
def test_identifier_and_url_name_each_other(url: str, name: str, document: str | None) -> None:
    assert did.of_url(url) == name
    assert did.to_url(name) == url
    assert did.document_url(url) == (document or url + "/.well-known/did.json")


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://City.Example/", URL),
        ("https://city.example:443/", URL),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://city.example/Data/", URL + "/Data"),
    ],
)
def test_a_root_has_one_spelling(url: str, root: str) -> None:
    assert did.root(url) == root


def test_the_scheme_is_no_part_of_the_identifier() -> None:
    assert did.of_url("http://127.0.0.1:8181") == "did:web:127.0.0.1%3A8181"
    assert did.to_url("did:web:127.0.0.1%3A8181", "http") == "http://127.0.0.1:8181"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "did:web:",
        "did:key:z6Mk",
        "did:jwk:e30",
        "DID:web:city.example",
        " did:web:city.example",
        "did:web:city.example ",
        "did:web:city.example:",
        "did:web:city.example::a",
        "did:web:City.example",
        "did:web:good.example%40evil.example",
        "did:web:city.example%2F..",
        "did:web:city.example%3Fx",
        "did:web:city.example%23x",
        "did:web:city.example%3a80",
        "did:web:city.example%3A",
        "did:web:city.example%3A0",
        "did:web:city.example%3A65536",
        "did:web:city.example%3A80%3A80",
        "did:web:city.example:..:secret",
        "did:web:city.example:.",
        "did:web:city.example:a%2Fb",
        "did:web:city.example:%2e%2e",
        "did:web:city.example/path",
        "did:web:city.example#token",
        "did:web:city.example?x",
        "did:web:10.0.0.1",
        "did:web:169.254.169.254",
        "did:web:8.8.8.8",
        "did:web:2130706433",
        "did:web:0x7f000001",
        "did:web:0x7f.1",
        "did:web:127.1",
        "did:web:127.0.0.01",
        "did:web:127.0.0.256",
        "did:web:[::1]",
        "did:web:-city.example",
        "did:web:city..example",
        "did:web:сity.example",
        "did:web:city.example\n",
        "did:web:" + "a" * 64,
        "did:web:" + "a." * 127 + "a",
    ],
)
def test_other_identifiers_are_refused(name: str) -> None:
    with pytest.raises(DidError) as caught:
        did.to_url(name)
    assert caught.value.code == "did.form"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "city.example",
        "ftp://city.example",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user@city.example",
        "https://@city.example",
        "https://city.example:",
        "https://city.example:0",
        "https://city.example:99999",
        "https://city.example:x",
        "https://city.example?x=1",
        "https://city.example#x",
        "https://city.example/a//b",
        "https://city.example/../b",
        "https://city.example/a%2fb",
        "https://city.example/ü",
        "https://[::1]",
        "https://10.0.0.1",
        "https://0x7f.1",
        "https://münchen.example",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(DidError) as caught:
        did.root(url)
    assert caught.value.code == "url.form"


def test_a_nodes_document_reads_back() -> None:
    found = did.read(json.dumps(NODE).encode(), DID)
    assert found.id == DID
    assert dict(found.keys) == {TOKEN: KEYS.token_jwk, AUDIT: KEYS.audit_jwk}
    assert found.tokens == (TOKEN,), "tree heads are signed by another key than messages"
    assert "d" not in json.dumps([method["publicKeyJwk"] for method in NODE["verificationMethod"]]).split('"')


@needs_standards
def test_service_entries_are_as_the_protocol_wants_them() -> None:
    """The official schema demands `/catalog` of both kinds, against the text and its own example of a DataService."""
    found = schemas()
    registry = jsonschema_rs.Registry(list(found.items()))
    schema = next(schema for id, schema in found.items() if id.endswith("did-service-schema.json"))
    validator = jsonschema_rs.Draft201909Validator(schema, registry=registry)
    catalog, data, *_ = NODE["service"]
    assert validator.is_valid(catalog)
    assert (data["type"], data["serviceEndpoint"]) == ("DataService", URL + "/.well-known/dspace-version")
    assert validator.is_valid(data | {"serviceEndpoint": catalog["serviceEndpoint"]})


def test_embedded_methods_and_relative_ids_are_read() -> None:
    document = {
        "id": DID,
        "capabilityInvocation": [
            {"id": "#token", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": KEYS.token_jwk | {"kid": "x"}}
        ],
    }
    found = did.read(json.dumps(document).encode(), DID)
    assert dict(found.keys) == {TOKEN: KEYS.token_jwk}
    assert found.tokens == (TOKEN,)


def test_keys_that_are_not_understood_are_left_out() -> None:
    more = [
        {"id": DID + "#rsa", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": {"kty": "RSA"}},
        {"id": DID + "#multi", "type": "Multikey", "controller": DID, "publicKeyMultibase": "z6Mk"},
        {
            "id": DID + "#login",
            "type": "JsonWebKey2020",
            "controller": DID,
            "publicKeyJwk": keys.generate().token_jwk,
        },
    ]
    document = NODE | {
        "verificationMethod": NODE["verificationMethod"] + more,
        "authentication": [DID + "#login"],
        "capabilityInvocation": [DID + "#rsa", DID + "#multi", TOKEN, "did:web:other.example#token"],
    }
    found = did.read(json.dumps(document).encode(), DID)
    assert set(found.keys) == {TOKEN, AUDIT, DID + "#login"}
    assert set(found.pinned()) == {TOKEN, AUDIT}, "who may show credentials may not send messages for that"
    assert (found.tokens, found.assertions, found.presenters) == ((TOKEN,), (TOKEN, AUDIT), (DID + "#login",))
    assert found.methods == 5


def method(**change: Any) -> list[dict[str, Any]]:
    """The node's methods with the first one changed."""
    first, second = NODE["verificationMethod"]
    return [first | change, second]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "did:web:other.example"}, "did.other"),
        ({"id": None}, "did.other"),
        ({"id": [DID]}, "did.other"),
        ({"verificationMethod": method() * 2}, "did.method"),
        ({"verificationMethod": method(controller="did:web:other.example")}, "did.method"),
        ({"verificationMethod": method(controller=None)}, "did.method"),
        ({"verificationMethod": method(id="did:web:other.example#token")}, "did.method"),
        ({"verificationMethod": method(id=DID)}, "did.method"),
        ({"verificationMethod": method(id=7)}, "did.method"),
        ({"verificationMethod": [*method(), "text"]}, "did.method"),
        ({"verificationMethod": method(id="#audit")}, "did.method"),
        ({"verificationMethod": {}}, "did.document"),
        ({"verificationMethod": method() * 40}, "did.document"),
        ({"capabilityInvocation": TOKEN}, "did.document"),
        ({"verificationMethod": method(publicKeyJwk=KEYS.token_jwk | {"d": "AAAA"})}, "did.key"),
        ({"verificationMethod": method(publicKeyJwk=KEYS.token_jwk | {"use": "enc"})}, "did.key"),
        ({"verificationMethod": method(publicKeyJwk=KEYS.token_jwk | {"y": KEYS.token_jwk["x"]})}, "did.key"),
        ({"verificationMethod": method(publicKeyJwk="text")}, "did.no_key"),
        ({"verificationMethod": method(type="Ed25519VerificationKey2018")}, "did.no_key"),
        ({"capabilityInvocation": []}, "did.no_key"),
        ({"capabilityInvocation": [DID + "#gone"]}, "did.no_key"),
        ({"capabilityInvocation": [7, None, {"id": 7}]}, "did.no_key"),
        ({"verificationMethod": []}, "did.no_key"),
    ],
)
def test_documents_that_prove_nothing_are_refused(change: dict[str, Any], code: str) -> None:
    if any(isinstance(item, dict) for item in change.get("capabilityInvocation", [])):
        code = "did.method"
    with pytest.raises(DidError) as caught:
        did.read(json.dumps(NODE | change).encode(), DID)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"\xff\xfe",
        json.dumps(NODE)[:-1].encode() + b', "id": "did:web:city.example"}',
        b'{"id":' + b"[" * 30_000,
        json.dumps(NODE | {"x": "x" * did.MAX_DOCUMENT}).encode(),
    ],
)
def test_bodies_that_are_no_document_are_refused(body: bytes) -> None:
    with pytest.raises(DidError) as caught:
        did.read(body, DID)
    assert caught.value.code == "did.document"


class Pages:
    """A Fetch from memory."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.asked: list[tuple[str, bool, int]] = []

    async def fetch(self, url: str, *, private: bool = False, limit: int = did.MAX_DOCUMENT) -> bytes:
        self.asked.append((url, private, limit))
        return self.pages[url]


async def test_a_document_is_fetched_where_the_method_says() -> None:
    pages = Pages({URL + "/.well-known/did.json": json.dumps(NODE).encode()})
    assert (await did.resolve(pages, "https://City.example/", private=True)).id == DID
    assert pages.asked == [(URL + "/.well-known/did.json", True, did.MAX_DOCUMENT)]


async def test_a_document_about_another_url_is_refused() -> None:
    pages = Pages({"https://evil.example/.well-known/did.json": json.dumps(NODE).encode()})
    with pytest.raises(DidError) as caught:
        await did.resolve(pages, "https://evil.example")
    assert caught.value.code == "did.other"


class Fetched:
    """A Fetch that has one document."""

    def __init__(self, document: Any) -> None:
        self._body = json.dumps(document).encode()

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        return self._body


async def test_where_notices_are_taken_is_read_back() -> None:
    assert (await did.resolve(Fetched(NODE), URL)).notices == URL + "/notices"


@pytest.mark.parametrize(
    "service",
    [
        [],
        "https://city.example/notices",
        [{"type": "AllmendeNotices"}],
        [{"type": "AllmendeNotices", "serviceEndpoint": {"uri": URL + "/notices"}}],
        [{"type": "Other", "serviceEndpoint": URL + "/notices"}],
        [{"type": "AllmendeNotices", "serviceEndpoint": "https://evil.example/notices"}],
        [{"type": "AllmendeNotices", "serviceEndpoint": "http://city.example/notices"}],
        [{"type": "AllmendeNotices", "serviceEndpoint": "https://city.example.evil.example/notices"}],
    ],
)
async def test_notices_go_nowhere_but_to_the_node_itself(service: Any) -> None:
    assert (await did.resolve(Fetched({**NODE, "service": service}), URL)).notices == ""


def test_services_are_read_by_type_and_the_first_of_each_counts() -> None:
    service = [
        {"id": DID + "#a", "type": "CredentialService", "serviceEndpoint": "https://city.example/dcp"},
        {"id": DID + "#b", "type": ["CredentialService", "IssuerService"], "serviceEndpoint": "https://x.example"},
        {"id": DID + "#c", "type": "DataService", "serviceEndpoint": {"uri": "https://x.example"}},
        {"id": DID + "#d", "type": "DataService", "serviceEndpoint": "https://" + "x" * 2_048},
        {"id": DID + "#e", "type": 7, "serviceEndpoint": "https://x.example"},
        "text",
    ]
    found = did.read(json.dumps(NODE | {"service": service}).encode(), DID)
    assert found.services == {"CredentialService": "https://city.example/dcp", "IssuerService": "https://x.example"}


def test_who_only_says_something_needs_no_key_for_messages() -> None:
    body = json.dumps(NODE | {"capabilityInvocation": []}).encode()
    assert did.read(body, DID, speaks=False).assertions == (TOKEN, AUDIT)
    with pytest.raises(DidError, match=r"did\.no_key"):
        did.read(json.dumps(NODE | {"verificationMethod": []}).encode(), DID, speaks=False)
