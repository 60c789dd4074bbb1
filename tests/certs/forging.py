"""Credentials and presentations with anything in them, signed rightly by whatever key: what the tests take apart."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import credentials, jwk, jws, presentations, status
from certs.jwk import PublicKey
from certs.jws import PrivateKey
from certs.strict import from_base64url
from certs.vcdm import SECOND, VC11, VC20, Profile

REGION, CITY, UTILITY = "did:web:region.example", "did:web:city.example", "did:web:utility.example"
ISSUER_KEY, CITY_KEY = f"{REGION}#issuer", f"{CITY}#token"
ISSUER, HOLDER, OTHER = (generate_private_key(SECP256R1()) for _ in range(3))
EDWARDS = Ed25519PrivateKey.generate()
NOW = 1_800_000_000 * SECOND
DAY = 86_400 * SECOND
LIST = "https://region.example/status/1"
PROFILES: tuple[Profile, ...] = (VC20, VC11)
KEYS: dict[str, PublicKey] = {ISSUER_KEY: jwk.of(ISSUER.public_key())}
CITY_KEYS: dict[str, PublicKey] = {CITY_KEY: jwk.of(HOLDER.public_key())}
MEMBER = {"name": "Stadt", "memberOf": REGION, "municipalityKey": "14612000"}

Json = dict[str, Any]


class Drop:
    """Stands for a member that is not there."""


DROP = Drop()


def changed(value: Json, change: Json) -> Json:
    """An object with members set, or dropped."""
    return {name: item for name, item in (value | change).items() if item is not DROP}


def membership(profile: Profile = VC20, *, key: PrivateKey = ISSUER, **given: Any) -> str:
    """An honest credential of the region for the city."""
    fields: Json = {
        "issuer": REGION,
        "subject": CITY,
        "id": "urn:uuid:one",
        "kind": "MembershipCredential",
        "claims": MEMBER,
        "begins": NOW - DAY,
        "ends": NOW + 90 * DAY,
        "status": [status.entry(profile, "revocation", 7, LIST)],
        "profile": profile,
    }
    return credentials.issue(key, given.pop("kid", ISSUER_KEY), **fields | given)


def shown(*tokens: str, **given: Any) -> str:
    """An honest presentation of these credentials, by the city for the utility."""
    fields: Json = {"holder": CITY, "audience": UTILITY, "tokens": tokens, "now": NOW, "jti": "one"}
    (token,) = presentations.present(given.pop("key", HOLDER), given.pop("kid", CITY_KEY), **fields | given)
    return token


def parts(token: str) -> tuple[Json, Json]:
    """Header and payload."""
    head, body, _ = token.split(".")
    return json.loads(from_base64url(head.encode())), json.loads(from_base64url(body.encode()))


def resigned(
    token: str, *, key: PrivateKey, header: Json | None = None, claims: Json | None = None, document: Json | None = None
) -> str:
    """The same token with members of its header, claims or document changed, signed again."""
    head, payload = parts(token)
    payload = changed(payload, claims or {})
    inner = next((name for name in ("vc", "vp") if isinstance(payload.get(name), dict)), "")
    payload = payload | {inner: changed(payload[inner], document or {})} if inner else changed(payload, document or {})
    head = changed(head, {"alg": DROP} | (header or {}))
    return jws.sign(key, head, json.dumps(payload).encode())


def forged(token: str, key: PrivateKey = ISSUER, **changes: Json) -> str:
    """A credential with something changed, signed by the region."""
    return resigned(token, key=key, **changes)
