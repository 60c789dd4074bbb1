"""Verifiable credentials and presentations as signed tokens, in the two profiles of DCP (DCP 1.0.1, Profiles).

What lives here: `vc20-bssl/jwt` (Data Model 2.0, secured as in VC-JOSE-COSE 3.1) and `vc11-sl2021/jwt` (Data Model 1.1,
6.3.1: a JWT with a `vc` or `vp` claim), written and read. What does not: the parts of a document (`vcdm`), lists of
revocations (`status`), which issuer is believed for what (`trust`), where keys come from.

Written is the spelling of the W3C (`vc+jwt`, `vp+jwt`); read are the three that are in use. `foreign` says that a
self-description from elsewhere is read: further kinds of keys, and a few header parameters that are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from certs import jws, vcdm
from certs.jwk import ForeignKey, PublicKey
from certs.jws import Jws, JwsError, PrivateKey
from certs.strict import StrictError, read_object
from certs.vcdm import CONTEXTS, FOREVER, SECOND
from certs.vcdm import VC11 as VC11
from certs.vcdm import VC20 as VC20
from certs.vcdm import CredentialError as CredentialError
from certs.vcdm import Profile as Profile
from certs.vcdm import Status as Status

LEEWAY: Final = 60 * SECOND
"""Microseconds that another's clock may be ahead."""
MAX_CREDENTIAL: Final = 65_536
"""Characters of a credential."""
MAX_PRESENTATION: Final = 524_288
"""Characters of a presentation."""
MAX_CREDENTIALS: Final = 32
"""Credentials in a presentation."""
MAX_LIFE: Final = 3_600 * SECOND
"""How long a presentation to somebody may be valid."""

Keys = Mapping[str, PublicKey] | Mapping[str, PublicKey | ForeignKey]
"""A party's keys that may sign what is looked at, by key id."""

_HEADER = frozenset({"alg", "kid", "typ", "cty"})
_FOREIGN_HEADER = _HEADER | {"iss", "iat", "exp", "x5u"}
_SPELLINGS: Final = ("jwt", "ld+json+jwt", "ld+jwt")
_TYPES: Final = {kind: frozenset(f"{kind}+{spelling}" for spelling in _SPELLINGS) for kind in ("vc", "vp")}
_CONTENTS: Final = {kind: frozenset({kind, f"{kind}+ld+json", f"{kind}+ld"}) for kind in ("vc", "vp")}
_ENVELOPED = "EnvelopedVerifiableCredential"
_DATA = re.compile(r"data:application/vc\+(?:jwt|ld\+json\+jwt|ld\+jwt)[,;](.+)", re.ASCII)
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,1024}", re.ASCII)


class Credential(Struct, frozen=True, kw_only=True):
    """What a credential says. `claims` are its subject's without the id; `begins` and `ends` are microseconds UTC, the
    narrower of what document and token say; `kid` is the key that it names; `document` is the whole of it."""

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
    document: Mapping[str, Any]
    envelope: Jws


class Presentation(Struct, frozen=True, kw_only=True):
    """What a presentation shows. `credentials` are read, not proved; `tokens` are the same as they came."""

    holder: str
    profile: Profile
    credentials: tuple[Credential, ...]
    kid: str
    ends: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """The credentials as signed tokens."""
        return tuple(credential.token for credential in self.credentials)


# --- writing ----------------------------------------------------------------------------------------------------------


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
) -> str:
    """A credential of `issuer` about `subject`, signed by `key` whose DID URL is `kid`.

    Instants are microseconds UTC and written in whole seconds. `contexts` come after the one of the data model.
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
        "credentialSubject": {"id": subject, **claims},
    }
    if status:
        entries = [vcdm.write_status(entry) for entry in status]
        document["credentialStatus"] = entries if len(entries) > 1 else entries[0]
    if schema is not None:
        document["credentialSchema"] = {"id": schema, "type": "JsonSchema"}
    if profile == VC20:
        return _sign(key, {"kid": kid, "typ": "vc+jwt", "cty": "vc"}, document)
    return _sign(
        key,
        {"kid": kid, "typ": "JWT"},
        {"iss": issuer, "sub": subject, "jti": id, "nbf": begins // SECOND, "exp": ends // SECOND, "vc": document},
    )


def _contexts(profile: Profile, status: Sequence[Status]) -> tuple[str, ...]:
    """What has to be named beside the data model: Data Model 2.0 leaves own terms undefined without saying so."""
    if profile == VC20:
        return (vcdm.UNDEFINED,)
    return (vcdm.STATUS_2021,) if status else ()


def _sign(key: PrivateKey, header: Mapping[str, str], payload: Mapping[str, Any]) -> str:
    return jws.sign(key, header, msgspec.json.encode(payload))


def present(
    key: PrivateKey,
    kid: str,
    *,
    holder: str,
    audience: str,
    tokens: Sequence[str],
    now: int,
    jti: str,
    life: int = 300,
) -> list[str]:
    """Presentations of these credentials to `audience`: one for each profile among them (DCP 1.0.1, Profiles).

    `now` is in microseconds UTC, `life` in seconds. Raises `CredentialError` for a token that is no credential.
    """
    shown: dict[Profile, list[str]] = {}
    for token in tokens:
        shown.setdefault(read(token).profile, []).append(token)
    at = now // SECOND
    claims = {"iss": holder, "sub": holder, "aud": audience, "iat": at, "nbf": at, "exp": at + life}
    made = []
    for number, (profile, group) in enumerate(sorted(shown.items())):
        own = claims | {"jti": f"{jti}-{number}" if number else jti}
        if profile == VC20:
            made.append(_sign(key, {"kid": kid, "typ": "vp+jwt", "cty": "vp"}, own | _presentation(holder, group)))
        else:
            made.append(_sign(key, {"kid": kid, "typ": "JWT"}, own | {"vp": _presentation_11(holder, group)}))
    return made


def _presentation(holder: str, tokens: Sequence[str]) -> dict[str, Any]:
    """Data Model 2.0: credentials in envelopes (VC-JOSE-COSE, 3.1.2)."""
    return {
        "@context": [vcdm.V2],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": [
            {
                "@context": vcdm.V2,
                "id": f"data:application/vc+jwt,{token}",
                "type": "EnvelopedVerifiableCredential",
            }
            for token in tokens
        ],
    }


def _presentation_11(holder: str, tokens: Sequence[str]) -> dict[str, Any]:
    return {
        "@context": [vcdm.V1],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": list(tokens),
    }


# --- reading a credential ---------------------------------------------------------------------------------------------


def read(token: str, *, foreign: bool = False, contexts: frozenset[str] = CONTEXTS) -> Credential:
    """A credential whose form is right. NOTHING IS PROVED: whoever has written it chose what it says.

    Raises `CredentialError`: `credential.too_large`, `.malformed`, `.header`, `.algorithm`, `.kind` (no credential, or
    of another kind than it says), `.wrapper`, `.context`, `.type`, `.id`, `.issuer`, `.subject`, `.claims` (token and
    document contradict each other), `.date`, `.status`, `.index`, `.schema`, `.key`.
    """
    envelope, payload, wrapped = _open(token, "vc", MAX_CREDENTIAL, foreign)
    document, profile = (payload["vc"], VC11) if wrapped else (payload, VC20)
    if not isinstance(document, dict):
        raise CredentialError("credential.malformed")
    vcdm.check_contexts(document, vcdm.V1 if wrapped else vcdm.V2, contexts)
    issuer = vcdm.identified(document.get("issuer", payload.get("iss") if wrapped else None), "credential.issuer")
    subject, claims = _subject(document)
    _check_names(envelope, payload, wrapped, issuer, subject)
    begins, ends = _period(document, payload, wrapped)
    return Credential(
        id=_id(document, payload, wrapped),
        types=vcdm.read_types(document, "VerifiableCredential"),
        issuer=issuer,
        subject=subject,
        claims={name: value for name, value in claims.items() if name not in ("id", "@id")},
        begins=begins,
        ends=min(ends, _header_end(envelope)),
        status=vcdm.read_status(document),
        schemas=vcdm.read_schemas(document, claims),
        profile=profile,
        kid=_kid(envelope, issuer, "credential.key"),
        token=token,
        document=document,
        envelope=envelope,
    )


def _open(token: str, kind: str, limit: int, foreign: bool) -> tuple[Jws, dict[str, Any], bool]:
    """A token of `kind` `vc` or `vp`: its parts, its payload, and whether the document stands inside a claim."""
    what = "credential" if kind == "vc" else "presentation"
    try:
        envelope = jws.read(
            token,
            limit=limit,
            allowed=_FOREIGN_HEADER if foreign else _HEADER,
            algorithms=jws.FOREIGN if foreign else jws.OWN,
        )
        payload = read_object(envelope.payload)
    except JwsError as error:
        raise CredentialError(f"{what}.{error.code}") from error
    except StrictError as error:
        raise CredentialError(f"{what}.malformed") from error
    typ, cty = envelope.header.get("typ", ""), envelope.header.get("cty", kind)
    wrapped, bare = kind in payload, "@context" in payload
    if wrapped and (bare or typ not in ("", "JWT", "application/jwt")):
        # VC-JOSE-COSE, 1.1.2.1: a document of Data Model 2.0 stands at the top, never in a claim of the older model.
        raise CredentialError(f"{what}.wrapper")
    if not wrapped and (not bare or typ not in _spellings(kind) or "vc" in payload or "vp" in payload):
        raise CredentialError(f"{what}.kind")
    if cty not in _CONTENTS[kind] and not (wrapped and cty == "JWT"):
        raise CredentialError(f"{what}.kind")
    return envelope, payload, wrapped


def _spellings(kind: str) -> frozenset[str]:
    """Values of `typ` for this kind; a token that names none is known by its content."""
    return _TYPES[kind] | {f"application/{name}" for name in _TYPES[kind]} | {""}


def _subject(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one subject: its id and what is said of it."""
    found = document.get("credentialSubject")
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise CredentialError("credential.subject")
    return vcdm.text(found.get("id", found.get("@id")), "credential.subject"), found


def _check_names(envelope: Jws, payload: Mapping[str, Any], wrapped: bool, issuer: str, subject: str) -> None:
    """Token, header and document speak of the same parties; the older model has to name the issuer in the token."""
    if _DID.fullmatch(issuer) is None or (wrapped and "iss" not in payload):
        raise CredentialError("credential.issuer", issuer=issuer[:256])
    if payload.get("iss", issuer) != issuer or envelope.header.get("iss", issuer) != issuer:
        raise CredentialError("credential.claims", claim="iss")
    if payload.get("sub", subject) != subject:
        raise CredentialError("credential.claims", claim="sub")


def _id(document: Mapping[str, Any], payload: Mapping[str, Any], wrapped: bool) -> str:
    """The credential's id. In the older model issuers in the field give token and credential ids of their own."""
    id = vcdm.text(document.get("id", payload.get("jti")), "credential.id")
    if not wrapped and payload.get("jti", id) != id:
        raise CredentialError("credential.claims", claim="jti")
    return id


def _period(document: Mapping[str, Any], payload: Mapping[str, Any], wrapped: bool) -> tuple[int, int]:
    """From when to when: the narrower of what document and token say, since either may be the one that was meant."""
    starts, stops = ("issuanceDate", "expirationDate") if wrapped else ("validFrom", "validUntil")
    begins = [_numeric(payload, "nbf"), _numeric(payload, "iat")]
    ends = [_numeric(payload, "exp")]
    if starts in document:
        begins.append(vcdm.read_date(document[starts], "credential.date"))
    if stops in document:
        ends.append(vcdm.read_date(document[stops], "credential.date"))
    begin, end = max((at for at in begins if at is not None), default=0), min(filter(None, ends), default=FOREVER)
    if begin >= end:
        raise CredentialError("credential.date")
    return begin, end


def _numeric(payload: Mapping[str, Any], name: str) -> int | None:
    """The instant of a NumericDate (RFC 7519, 2) in microseconds UTC, None where it is absent."""
    value = payload.get(name)
    if value is None and name not in payload:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value * SECOND <= FOREVER:
        raise CredentialError("credential.date", claim=name)
    return int(value * SECOND)


def _header_end(envelope: Jws) -> int:
    """When the header says that it ends: some issuers of self-descriptions write that there, in milliseconds."""
    value = envelope.header.get("exp", FOREVER)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise CredentialError("credential.date", claim="exp")
    seconds = value if value < 100_000_000_000 else value // 1000
    return min(seconds * SECOND, FOREVER)


def _kid(envelope: Jws, party: str, code: str) -> str:
    """The key that the header names, which must be one of `party`."""
    kid = envelope.kid
    if kid is None or not kid.startswith(party + "#"):
        raise CredentialError(code, kid=str(kid)[:256])
    return kid


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
    _check_signature(credential.envelope, credential.kid, keys, "credential")


def check_period(credential: Credential, now: int) -> None:
    """Return if a credential is valid at `now`; a clock that is ahead is excused at the beginning, none at the end."""
    if now >= credential.ends:
        raise CredentialError("credential.expired", id=credential.id[:256], ended=vcdm.write_date(credential.ends))
    if credential.begins > now + LEEWAY:
        raise CredentialError("credential.early", id=credential.id[:256], begins=vcdm.write_date(credential.begins))


def _check_signature(envelope: Jws, kid: str, keys: Keys, what: str) -> None:
    key = keys.get(kid)
    if key is None:
        raise CredentialError(f"{what}.key", kid=kid[:256])
    try:
        jws.verify(envelope, key)
    except JwsError as error:
        raise CredentialError(f"{what}.{error.code}", kid=kid[:256]) from error


# --- reading a presentation -------------------------------------------------------------------------------------------


def read_presentation(token: str, *, foreign: bool = False, contexts: frozenset[str] = CONTEXTS) -> Presentation:
    """A presentation whose form is right. NOTHING IS PROVED.

    Raises `CredentialError` like `read`, with `presentation.` in front where the presentation itself is wrong, and
    `presentation.too_many`, `presentation.empty`, `presentation.mixed`, `presentation.ids`, `presentation.holder`.
    """
    return _read_presentation(token, foreign, contexts)[0]


def _read_presentation(
    token: str, foreign: bool, contexts: frozenset[str]
) -> tuple[Presentation, Jws, Mapping[str, Any]]:
    envelope, payload, wrapped = _open(token, "vp", MAX_PRESENTATION, foreign)
    document = payload["vp"] if wrapped else payload
    if not isinstance(document, dict):
        raise CredentialError("presentation.malformed")
    vcdm.check_contexts(document, vcdm.V1 if wrapped else vcdm.V2, contexts)
    vcdm.read_types(document, "VerifiablePresentation")
    profile = VC11 if wrapped else VC20
    shown = _shown(document, wrapped)
    credentials = tuple(read(shown_token, foreign=foreign, contexts=contexts) for shown_token in shown)
    if any(credential.profile != profile for credential in credentials):
        raise CredentialError("presentation.mixed")
    ids = {credential.id for credential in credentials}
    if len(ids) != len(credentials) or document.get("id") in ids:
        raise CredentialError("presentation.ids")
    holder = _holder(envelope, payload, document)
    ends = min(_numeric(payload, "exp") or FOREVER, _header_end(envelope))
    presentation = Presentation(
        holder=holder,
        profile=profile,
        credentials=credentials,
        kid=_kid(envelope, holder, "presentation.key"),
        ends=ends,
    )
    return presentation, envelope, payload


def _shown(document: Mapping[str, Any], wrapped: bool) -> list[str]:
    """The credentials as tokens; counted before any of them is looked at."""
    found = document.get("verifiableCredential", [])
    items = found if isinstance(found, list) else [found]
    if len(items) > MAX_CREDENTIALS:
        raise CredentialError("presentation.too_many", count=str(len(items)))
    if not items:
        raise CredentialError("presentation.empty")
    return [_bare(item) if wrapped else _unwrap(item) for item in items]


def _bare(item: object) -> str:
    if not isinstance(item, str):
        raise CredentialError("presentation.malformed")
    return item


def _unwrap(item: object) -> str:
    """The token in an EnvelopedVerifiableCredential (Data Model 2.0, 4.13.1)."""
    if not isinstance(item, dict) or item.get("type") not in (_ENVELOPED, [_ENVELOPED]):
        raise CredentialError("presentation.malformed")
    found = _DATA.fullmatch(item["id"]) if isinstance(item.get("id"), str) else None
    if found is None:
        raise CredentialError("presentation.malformed")
    return found[1]


def _holder(envelope: Jws, payload: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Who shows it: everything that names the holder names the same."""
    named = [
        vcdm.identified(value, "presentation.holder")
        for value in (payload.get("iss"), envelope.header.get("iss"), document.get("holder"))
        if value is not None
    ]
    if not named or len(set(named)) != 1 or _DID.fullmatch(named[0]) is None:
        raise CredentialError("presentation.holder")
    return named[0]


def verify_presentation(
    token: str,
    *,
    audience: str | None,
    holder: str,
    keys: Keys,
    now: int,
    foreign: bool = False,
    contexts: frozenset[str] = CONTEXTS,
) -> Presentation:
    """The presentation that `holder` has made for `audience`, signed by one of its `keys` for authentication.

    `audience` is None for one that is published to everybody, which needs no end. Its credentials are read, not proved:
    each has to be proved with its own issuer's keys. Raises `CredentialError` like `read_presentation`, and
    `presentation.audience`, `.early`, `.expired`, `.life`, `.key`, `.algorithm`, `.signature`.
    """
    presentation, envelope, payload = _read_presentation(token, foreign, contexts)
    if presentation.holder != holder:
        raise CredentialError("presentation.holder", holder=presentation.holder[:256])
    if audience is not None and payload.get("aud") not in (audience, [audience]):
        raise CredentialError("presentation.audience")
    _check_times(payload, presentation.ends, now, audience is not None)
    _check_signature(envelope, presentation.kid, keys, "presentation")
    return presentation


def _check_times(payload: Mapping[str, Any], ends: int, now: int, addressed: bool) -> None:
    """A presentation to somebody has an end that is not far away, so that it cannot be kept for another day."""
    begins = max(_numeric(payload, "nbf") or 0, _numeric(payload, "iat") or 0)
    if now >= ends + LEEWAY:
        raise CredentialError("presentation.expired")
    if begins > now + LEEWAY:
        raise CredentialError("presentation.early")
    if addressed and ends > now + MAX_LIFE:
        raise CredentialError("presentation.life")
