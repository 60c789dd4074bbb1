"""Descriptions of the older generation (Gaia-X Tagus, 22.10), read for import: never written, read only where asked.

What lives here: the proof of a credential of Data Model 1.1 with JsonWebSignature2020, as that generation made it, and
what the credential says. What does not: RDF (`worker`), fetching a key.

The signature is over the SHA-256, in hexadecimal digits, of the canonical form of the credential without its proof,
detached: header `{"alg": "PS256", "b64": false, "crit": ["b64"]}` (RFC 7797). That header is taken in just this form
and nowhere else in this program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from catalog.rdf.worker import Read, Worker
from certs import jws
from certs.jwk import ForeignKey, PublicKey
from certs.jws import Jws, JwsError
from certs.strict import StrictError, from_base64url, read_object

_DETACHED = re.compile(r"([A-Za-z0-9_-]{1,2048})\.\.([A-Za-z0-9_-]{1,2048})", re.ASCII)
_HEADER = {"b64": False, "crit": ["b64"]}


class OlderError(Exception):
    """A credential that proves nothing: `older.form`, `older.proof`, `older.header`, `older.signature`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Older(Struct, frozen=True):
    """A credential taken apart; nothing of it is proved. `kid` is the key that its proof names."""

    id: str
    issuer: str
    kid: str
    document: Mapping[str, Any]
    proof: Mapping[str, Any]


def read(body: bytes) -> tuple[Older, ...]:
    """The credentials in a presentation, or the one that this is. Raises `OlderError`."""
    try:
        found = read_object(body)
    except StrictError as error:
        raise OlderError("older.form") from error
    inner = found.get("verifiableCredential", [found])
    if not isinstance(inner, list) or not 0 < len(inner) <= 32:
        raise OlderError("older.form")
    return tuple(_read(one) for one in inner)


def _read(document: Any) -> Older:
    if not isinstance(document, dict):
        raise OlderError("older.form")
    proof, issuer, id = document.get("proof"), document.get("issuer"), document.get("id", "")
    if not isinstance(issuer, str) or not isinstance(id, str):
        raise OlderError("older.form")
    if not isinstance(proof, dict) or proof.get("type") != "JsonWebSignature2020":
        raise OlderError("older.proof")
    kid = proof.get("verificationMethod")
    if not isinstance(kid, str) or not kid.startswith(issuer + "#") or proof.get("proofPurpose") != "assertionMethod":
        raise OlderError("older.proof")
    unproved = {name: value for name, value in document.items() if name != "proof"}
    return Older(id, issuer, kid, unproved, proof)


def verify(older: Older, key: PublicKey | ForeignKey, worker: Worker) -> Read:
    """What the credential says, if this key of its issuer has signed just that. Raises `OlderError`, and `WorkerError`
    as reading does. Blocks."""
    meaning = worker.read(msgspec.json.encode(older.document))
    text = older.proof.get("jws")
    found = _DETACHED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise OlderError("older.proof")
    head, signature = (part.encode() for part in found.groups())
    payload = sha256(meaning.canonical.encode()).hexdigest().encode()
    try:
        header = read_object(from_base64url(head))
        if {**_HEADER, "alg": header.get("alg")} != header or header["alg"] not in jws.FOREIGN:
            raise OlderError("older.header")
        jws.verify(Jws(header, payload, head + b"." + payload, from_base64url(signature)), key)
    except (StrictError, JwsError) as error:
        raise OlderError("older.signature") from error
    return meaning
