"""What can be shown afterwards: messages as they were signed, documents as they were seen, keys that are gone.

What does not live here: the log (`log`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from policies.model import Reason


class Signed(Struct, frozen=True, kw_only=True):
    """A message of a negotiation as it went over the wire, with the fields that its signature covers (RFC 9421).

    `id` is `pid#n`, `process` our pid. `headers` are the covered fields, Signature-Input and Signature; empty where the
    message was not signed. `document` is the SHA-256 of the signer's DID document as then seen (`SeenDocument`).
    """

    id: str
    process: str
    sender: str
    kind: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    document: str
    at: int


class SeenDocument(Struct, frozen=True, kw_only=True):
    """A DID document as it was seen: `id` is the SHA-256 of its exact bytes, in hex."""

    id: str
    did: str
    body: bytes
    at: int


class Reconciliation(Struct, frozen=True, kw_only=True):
    """How far a comparison with a peer has come; `id` is the peer's DID.

    `state` is `open` (after a restore: nothing is done with this peer before), `done`, or `unsupported` (the peer
    cannot be asked). `differences` are what was found the last time, at the instant `at`.
    """

    id: str
    state: str
    at: int
    differences: tuple[Reason, ...] = ()


class Tombstone(Struct, frozen=True, kw_only=True):
    """A key that has been destroyed and must never be used again; `owner` is whose it was. `id` is its thumbprint, of a
    peer's key behind the peer's DID and a space."""

    id: str
    owner: str
    name: str
    at: int
