"""A peer and a contract with it, for tests of copies of them."""

from __future__ import annotations

from connector.protocol import codec
from connector.records import Agreement, Participant


def participant() -> Participant:
    """A peer without keys."""
    return Participant(
        id="did:web:peer.example",
        name="peer",
        url="https://peer.example",
        base="https://peer.example/dsp",
        keys={},
        words="",
        added=1,
        added_by="ada",
    )


def agreement(did: str) -> Agreement:
    """A contract that `did` provides under, with the bytes of its message."""
    document = {
        "@type": "Agreement",
        "@id": "urn:agreement",
        "target": "urn:data",
        "assigner": did,
        "assignee": "did:web:peer.example",
        "timestamp": "2026-01-01T00:00:00Z",
        "permission": [{"action": "use"}],
    }
    body = (
        b'{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"ContractAgreementMessage",'
        b'"providerPid":"urn:p","consumerPid":"urn:c","agreement":' + codec_json(document) + b"}"
    )
    return Agreement(
        id="urn:agreement",
        negotiation="urn:n",
        role="provider",
        peer="did:web:peer.example",
        dataset="urn:data",
        document=document,
        message=body,
        hash=codec.digest(codec.agreement_of(body)),
        concluded=1,
    )


def codec_json(document: dict[str, object]) -> bytes:
    """A document as JSON."""
    import msgspec

    return msgspec.json.encode(document)
