"""Verifiable presentations: credentials shown by their holder to somebody (DCP 1.0.1, Verifiable Presentations).

What lives here: presentations in both profiles of DCP, written and read: Data Model 2.0 with credentials in envelopes
(VC-JOSE-COSE, 3.1.2), Data Model 1.1 with a `vp` claim. What does not: what the credentials in it say and whether they
are genuine (`credentials`), asking for one, whether what is shown was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from certs import credentials, envelopes, vcdm
from certs.credentials import Credential
from certs.envelopes import LEEWAY, Envelope, Keys
from certs.jws import PrivateKey
from certs.vcdm import CONTEXTS, FOREVER, SECOND, VC20, CredentialError, Profile

MAX_PRESENTATION: Final = 524_288
"""Characters of a presentation."""
MAX_CREDENTIALS: Final = 32
"""Credentials in a presentation."""
LIFE: Final = 300
"""Seconds that a presentation of ours lives."""
MAX_LIFE: Final = 3_600 * SECOND
"""How long a presentation to somebody may be valid."""

_ENVELOPED = "EnvelopedVerifiableCredential"
_DATA = re.compile(r"data:application/vc\+(?:jwt|ld\+json\+jwt|ld\+jwt)[,;](.+)", re.ASCII)


class Presentation(Struct, frozen=True, kw_only=True):
    """What a presentation shows. `credentials` are read, not proved; `kid` is the key that it names, `ends` is in
    microseconds UTC."""

    holder: str
    profile: Profile
    credentials: tuple[Credential, ...]
    kid: str
    ends: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """The credentials as signed tokens."""
        return tuple(credential.token for credential in self.credentials)


def present(
    key: PrivateKey,
    kid: str,
    *,
    holder: str,
    audience: str,
    tokens: Sequence[str],
    now: int,
    jti: str,
    life: int = LIFE,
) -> list[str]:
    """Presentations of these credentials to `audience`: one for each profile among them (DCP 1.0.1, Profiles).

    `now` is in microseconds UTC, `life` in seconds. Raises `CredentialError` for a token that is no credential.
    """
    shown: dict[Profile, list[str]] = {}
    for token in tokens:
        shown.setdefault(credentials.read(token).profile, []).append(token)
    at = now // SECOND
    claims = {"iss": holder, "sub": holder, "aud": audience, "iat": at, "nbf": at, "exp": at + life}
    return [
        envelopes.seal(
            key,
            kid,
            "vp",
            claims | {"jti": f"{jti}-{number}" if number else jti},
            _document(profile, holder, group),
            profile,
        )
        for number, (profile, group) in enumerate(sorted(shown.items()))
    ]


def _document(profile: Profile, holder: str, tokens: Sequence[str]) -> dict[str, Any]:
    """The presentation itself: credentials in envelopes, or as they are."""
    context, shown = (vcdm.V2, [_enveloped(token) for token in tokens]) if profile == VC20 else (vcdm.V1, list(tokens))
    return {
        "@context": [context],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": shown,
    }


def _enveloped(token: str) -> dict[str, str]:
    return {"@context": vcdm.V2, "id": f"data:application/vc+jwt,{token}", "type": _ENVELOPED}


def read(token: str, *, foreign: bool = False, contexts: frozenset[str] = CONTEXTS) -> Presentation:
    """A presentation whose form is right. NOTHING IS PROVED.

    Raises `CredentialError` like `credentials.read`; with `presentation.` in front where the presentation itself is
    wrong: `.too_large`, `.malformed`, `.header`, `.algorithm`, `.kind`, `.wrapper`, `.date`, `.too_many`, `.empty`,
    `.mixed` (both generations), `.ids` (an id twice), `.holder`, `.key`.
    """
    return _read(token, foreign, contexts)[0]


def _read(token: str, foreign: bool, contexts: frozenset[str]) -> tuple[Presentation, Envelope]:
    envelope = envelopes.open(token, "vp", MAX_PRESENTATION, foreign)
    vcdm.check_contexts(envelope.document, vcdm.V1 if envelope.wrapped else vcdm.V2, contexts)
    vcdm.read_types(envelope.document, "VerifiablePresentation")
    # INVARIANT: counted before any of them is looked at.
    shown = [credentials.read(one, foreign=foreign, contexts=contexts) for one in _shown(envelope)]
    _check_set(envelope, shown)
    holder = _holder(envelope)
    ends = min(envelopes.numeric(envelope, "exp") or FOREVER, envelopes.header_end(envelope))
    presentation = Presentation(
        holder=holder,
        profile=envelope.profile,
        credentials=tuple(shown),
        kid=envelopes.named_key(envelope, holder),
        ends=ends,
    )
    return presentation, envelope


def _shown(envelope: Envelope) -> list[str]:
    """The credentials as tokens."""
    found = envelope.document.get("verifiableCredential", [])
    items = found if isinstance(found, list) else [found]
    if len(items) > MAX_CREDENTIALS:
        raise CredentialError("presentation.too_many", count=str(len(items)))
    if not items:
        raise CredentialError("presentation.empty")
    return [_bare(item) if envelope.wrapped else _unwrapped(item) for item in items]


def _bare(item: object) -> str:
    if not isinstance(item, str):
        raise CredentialError("presentation.malformed")
    return item


def _unwrapped(item: object) -> str:
    """The token in an EnvelopedVerifiableCredential (Data Model 2.0, 4.13.1)."""
    if not isinstance(item, dict) or item.get("type") not in (_ENVELOPED, [_ENVELOPED]):
        raise CredentialError("presentation.malformed")
    found = _DATA.fullmatch(item["id"]) if isinstance(item.get("id"), str) else None
    if found is None:
        raise CredentialError("presentation.malformed")
    return found[1]


def _check_set(envelope: Envelope, shown: Sequence[Credential]) -> None:
    """One generation (DCP 1.0.1, Profiles), and nothing under the id of something else."""
    if any(credential.profile != envelope.profile for credential in shown):
        raise CredentialError("presentation.mixed")
    ids = {credential.id for credential in shown}
    if len(ids) != len(shown) or vcdm.aliased(envelope.document, "id", "presentation.ids") in tuple(ids):
        raise CredentialError("presentation.ids")


def _holder(envelope: Envelope) -> str:
    """Who shows it: everything that names the holder names the same."""
    said = (envelope.claims.get("iss"), envelope.jws.header.get("iss"), envelope.document.get("holder"))
    named = {vcdm.identified(value, "presentation.holder") for value in said if value is not None}
    if len(named) != 1 or not envelopes.is_did(holder := named.pop()):
        raise CredentialError("presentation.holder")
    return holder


def verify(
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
    each has to be proved with its own issuer's keys. Raises `CredentialError` like `read`, and `presentation.audience`,
    `.early`, `.expired`, `.life`, `.signature`.
    """
    presentation, envelope = _read(token, foreign, contexts)
    if presentation.holder != holder:
        raise CredentialError("presentation.holder", holder=presentation.holder[:256])
    if audience is not None and envelope.claims.get("aud") not in (audience, [audience]):
        raise CredentialError("presentation.audience")
    _check_times(envelope, presentation.ends, now, audience is not None)
    envelopes.check_signature(envelope, keys)
    return presentation


def _check_times(envelope: Envelope, ends: int, now: int, addressed: bool) -> None:
    """A presentation to somebody has an end that is not far away, so that it cannot be kept for another day."""
    begins = max(envelopes.numeric(envelope, "nbf") or 0, envelopes.numeric(envelope, "iat") or 0)
    if now >= ends + LEEWAY:
        raise CredentialError("presentation.expired")
    if begins > now + LEEWAY:
        raise CredentialError("presentation.early")
    if addressed and ends > now + MAX_LIFE + LEEWAY:
        raise CredentialError("presentation.life")
