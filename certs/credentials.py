"""Verifiable credentials as signed tokens, in the two profiles of DCP (DCP 1.0.1, Profiles).

What lives here: `vc20-bssl/jwt` (Data Model 2.0, secured as in VC-JOSE-COSE 3.1) and `vc11-sl2021/jwt` (Data Model 1.1,
6.3.1: a JWT with a `vc` claim), written and read. What does not: the parts of a document (`vcdm`), the token around it
(`envelopes`), showing credentials (`presentations`), lists of revocations (`status`), which issuer is believed for what
(`trust`), where keys come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from certs import envelopes, vcdm
from certs.envelopes import LEEWAY, Envelope, Keys
from certs.jws import PrivateKey
from certs.vcdm import CONTEXTS, FOREVER, SECOND, VC11, VC20, Profile
from certs.vcdm import CredentialError as CredentialError
from certs.vcdm import Status as Status

MAX_CREDENTIAL: Final = 65_536
"""Characters of a credential."""


class Credential(Struct, frozen=True, kw_only=True):
    """What a credential says. `claims` are its subject's without the id; `begins` and `ends` are microseconds UTC, the
    narrower of what document and token say; `kid` is the key that it names."""

    id: str
    types: tuple[str, ...]
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    begins: int
    ends: int
    status: tuple[Status, ...]
    schemas: tuple[str, ...]
    profile: Profile
    kid: str
    token: str
    envelope: Envelope

    @property
    def document(self) -> Mapping[str, Any]:
        """The whole of it, as it was written."""
        return self.envelope.document


def issue(
    key: PrivateKey,
    kid: str,
    *,
    issuer: str,
    subject: str,
    id: str,
    kind: str,
    claims: Mapping[str, Any],
    begins: int,
    ends: int,
    status: Sequence[Status] = (),
    profile: Profile = VC20,
    schema: str | None = None,
    contexts: Sequence[str] = (),
    evidence: Sequence[Mapping[str, Any]] = (),
) -> str:
    """A credential of `issuer` about `subject`, signed by `key` whose DID URL is `kid`.

    Instants are microseconds UTC and written in whole seconds. `contexts` come after the one of the data model,
    `evidence` says on which grounds the issuer says it.
    """
    first, starts, stops = (
        (vcdm.V2, "validFrom", "validUntil") if profile == VC20 else (vcdm.V1, "issuanceDate", "expirationDate")
    )
    document: dict[str, Any] = {
        "@context": [first, *(contexts or _contexts(profile, status))],
        "id": id,
        "type": ["VerifiableCredential", kind],
        "issuer": issuer,
        starts: vcdm.write_date(begins),
        stops: vcdm.write_date(ends),
        "credentialSubject": {**claims, "id": subject},
    }
    if status:
        entries = [vcdm.write_status(entry) for entry in status]
        document["credentialStatus"] = entries if len(entries) > 1 else entries[0]
    if evidence:
        document["evidence"] = list(evidence)
    if schema is not None:
        document["credentialSchema"] = {"id": schema, "type": "JsonSchema"}
    beside = {} if profile == VC20 else {"iss": issuer, "sub": subject, "jti": id, "nbf": begins // SECOND}
    if profile == VC11 and ends < FOREVER:
        beside["exp"] = ends // SECOND
    return envelopes.seal(key, kid, "vc", beside, document, profile)


def _contexts(profile: Profile, status: Sequence[Status]) -> tuple[str, ...]:
    """What has to be named beside the data model: Data Model 2.0 leaves own terms undefined without saying so."""
    if profile == VC20:
        return (vcdm.UNDEFINED,)
    return (vcdm.STATUS_2021,) if status else ()


def read(token: str, *, foreign: bool = False, contexts: frozenset[str] = CONTEXTS) -> Credential:
    """A credential whose form is right. NOTHING IS PROVED: whoever has written it chose what it says.

    Raises `CredentialError`: `credential.too_large`, `.malformed`, `.header`, `.algorithm`, `.kind`, `.wrapper`,
    `.context`, `.type`, `.id`, `.issuer`, `.subject`, `.claims` (token and document contradict each other), `.date`,
    `.status`, `.index`, `.schema`, `.key`.
    """
    envelope = envelopes.open(token, "vc", MAX_CREDENTIAL, foreign)
    document = envelope.document
    vcdm.check_contexts(document, vcdm.V1 if envelope.wrapped else vcdm.V2, contexts)
    subject, claims = _subject(document)
    issuer = _issuer(envelope)
    if envelope.claims.get("sub", subject) != subject:
        raise CredentialError("credential.claims", claim="sub")
    begins, ends = _period(envelope)
    return Credential(
        id=_id(envelope),
        types=vcdm.read_types(document, "VerifiableCredential"),
        issuer=issuer,
        subject=subject,
        claims={name: value for name, value in claims.items() if name not in ("id", "@id")},
        begins=begins,
        ends=ends,
        status=vcdm.read_status(document),
        schemas=vcdm.read_schemas(document, claims),
        profile=envelope.profile,
        kid=envelopes.named_key(envelope, issuer),
        token=token,
        envelope=envelope,
    )


def _subject(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one subject: its id and what is said of it."""
    found = document.get("credentialSubject")
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise CredentialError("credential.subject")
    return vcdm.identified(found, "credential.subject"), found


def _issuer(envelope: Envelope) -> str:
    """The issuer: token, header and document name the same; in the older model the token has to."""
    said = (envelope.document.get("issuer"), envelope.claims.get("iss"), envelope.jws.header.get("iss"))
    named = {vcdm.identified(value, "credential.issuer") for value in said if value is not None}
    if said[1 if envelope.wrapped else 0] is None:
        raise CredentialError("credential.issuer")
    if len(named) != 1:
        raise CredentialError("credential.claims", claim="iss")
    issuer = named.pop()
    if not envelopes.is_did(issuer):
        raise CredentialError("credential.issuer", issuer=issuer[:256])
    return issuer


def _id(envelope: Envelope) -> str:
    """The credential's id. In the older model issuers in the field give token and credential ids of their own."""
    said = vcdm.aliased(envelope.document, "id", "credential.id")
    id = vcdm.text(envelope.claims.get("jti") if said is None else said, "credential.id")
    if not envelope.wrapped and envelope.claims.get("jti", id) != id:
        raise CredentialError("credential.claims", claim="jti")
    return id


def _period(envelope: Envelope) -> tuple[int, int]:
    """From when to when: the narrower of what document and token say, since either may be the one that was meant."""
    starts, stops = ("issuanceDate", "expirationDate") if envelope.wrapped else ("validFrom", "validUntil")
    document = envelope.document
    begins = [envelopes.numeric(envelope, "nbf") or 0, envelopes.numeric(envelope, "iat") or 0]
    ends = [envelopes.numeric(envelope, "exp") or FOREVER, envelopes.header_end(envelope)]
    if starts in document:
        begins.append(vcdm.read_date(document[starts], "credential.date"))
    if stops in document:
        ends.append(vcdm.read_date(document[stops], "credential.date"))
    if max(begins) >= min(ends):
        raise CredentialError("credential.date")
    return max(begins), min(ends)


def verify(
    token: str, keys: Keys, now: int, *, foreign: bool = False, contexts: frozenset[str] = CONTEXTS
) -> Credential:
    """The credential, which one of its issuer's `keys` that may assert has signed and which is valid at `now`.

    `keys` are those of the issuer that `read` gives. Raises `CredentialError` like `read` and `prove`.
    """
    credential = read(token, foreign=foreign, contexts=contexts)
    prove(credential, keys, now)
    return credential


def prove(credential: Credential, keys: Keys, now: int) -> None:
    """Return if a credential that was read is valid at `now` (microseconds UTC) and signed by one of these keys.

    Raises `CredentialError`: `credential.early`, `.expired`, `.key`, `.algorithm`, `.signature`.
    """
    check_period(credential, now)
    envelopes.check_signature(credential.envelope, keys)


def check_period(credential: Credential, now: int) -> None:
    """Return if a credential is valid at `now`; a clock that is ahead is excused at the beginning, none at the end."""
    if now >= credential.ends:
        raise CredentialError("credential.expired", id=credential.id[:256], ended=str(credential.ends))
    if credential.begins > now + LEEWAY:
        raise CredentialError("credential.early", id=credential.id[:256], begins=str(credential.begins))
