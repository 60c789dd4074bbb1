"""Verifying the descriptions of others as a third party, in ten steps with reasons.

What lives here: the steps in their order, for the set of credentials that a participant shows: form, names, document,
signature, certificates, period, status, meaning and rules, label, registration. What does not: fetching (`Fetch`, which
is guarded), the process that reads RDF (`worker`), who is believed (arguments), older descriptions (`older`).
Sources: Gaia-X ICAM 25.11, Compliance Document 2.5.0; RFC 5280, 6; VC-JOSE-COSE; Bitstring Status List 1.0.

INVARIANT: nothing is taken for good that was not looked at. A step that there was nothing to look at for is not passed
but says so (`None`); a step that could not be done is failed.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, Protocol

import msgspec
from cryptography import x509
from msgspec import Struct

from catalog.descriptions import older, rules
from catalog.descriptions.description import GX, OWN
from catalog.descriptions.older import Older, OlderError
from catalog.rdf import terms, worker
from catalog.rdf.worker import WorkerError
from certs import credentials, did, jwk, jws, revocation, status
from certs import x509 as paths
from certs.credentials import Credential
from certs.did import DidError, Fetch
from certs.jwk import ForeignKey, JwkError, PublicKey
from certs.jws import JwsError
from certs.revocation import RevocationList
from certs.strict import StrictError, read_object
from certs.vcdm import CredentialError
from certs.x509 import CertificateError, Purpose
from policies.model import Reason

MOST: Final = 64
"""Credentials in one set."""
STEPS: Final = (
    "form",
    "names",
    "document",
    "signature",
    "certificates",
    "period",
    "status",
    "rules",
    "label",
    "registration",
)
_REGISTRATION: Final = "gx:registrationNumber"
_NUMBERS: Final = frozenset({"gx:LocalRegistrationNumber", "gx:VatID", "gx:LeiCode", "gx:EORI", "gx:EUID", "gx:TaxID"})

Believe = Callable[[Sequence[x509.Certificate], int, Sequence[x509.Certificate]], None]
"""Returns if a chain, end certificate first, is good at an instant and nothing in it is revoked; the last argument are
roots that are believed beside those that it knows. Raises `CertificateError`."""
Prove = Callable[[Older, PublicKey | ForeignKey], Awaitable[Any]]
"""Verifies a credential of the older generation, elsewhere (`older.verify`). Raises `OlderError`, `WorkerError`."""
Read = Callable[[bytes], Awaitable[worker.Read]]
"""What a document says, read elsewhere (`worker`). Raises `WorkerError`."""


class Asks(Protocol):
    """Asks a service of a clearing house. Guarded like `Fetch`; every failure of its own raises its own error."""

    async def ask(self, url: str, body: bytes, media_type: str) -> tuple[int, bytes]:
        """The status and the body of the answer to a POST."""


class House(Struct, frozen=True, kw_only=True):
    """A clearing house: its services by their root URLs, "" for those that are not used. `notaries` and `labellers` are
    DIDs that are believed for registration numbers and for labels."""

    registry: str = ""
    notaries: frozenset[str] = frozenset()
    labellers: frozenset[str] = frozenset()


class Step(Struct, frozen=True):
    """One step: its number and name, the credential that it is about ("" for the whole set), whether it is passed (None
    where there was nothing to look at), and why not."""

    number: int
    name: str
    about: str
    passed: bool | None
    reason: Reason | None = None


class Verified(Struct, frozen=True):
    """What came of it. `regional`: the registration number rests on the word of a region, not on that of a notary."""

    steps: tuple[Step, ...]
    credentials: tuple[Credential, ...]
    regional: bool = False

    @property
    def holds(self) -> bool:
        """Is there something, and is nothing wrong with it?"""
        return bool(self.credentials) and all(step.passed is not False for step in self.steps)


class _Failed(Exception):
    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.reason = Reason(code, params)


def believing(roots: Sequence[x509.Certificate], lists: Mapping[str, RevocationList]) -> Believe:
    """Believes chains to these roots, with these lists of what was revoked: RFC 5280, 6.1 and 6.3."""

    def believe(chain: Sequence[x509.Certificate], now: int, also: Sequence[x509.Certificate]) -> None:
        found = paths.path(chain[0], chain[1:], roots=[*roots, *also], now=now, purpose=Purpose.SIGNING)
        revocation.check(found, lists=lists, now=now)

    return believe


class Verifier:
    """Verifies sets of descriptions. `regions` are those whose attestations of registration numbers are believed: DID
    to the thumbprints of the keys that were accepted, which take the place of a certificate."""

    def __init__(
        self,
        *,
        fetch: Fetch,
        read: Read,
        believe: Believe,
        regions: Callable[[], Mapping[str, frozenset[str]]] = dict,
        house: House | None = None,
        asks: Asks | None = None,
        url_of: Callable[[str], str] = did.to_url,
        private: bool = False,
    ) -> None:
        self._fetch, self._read, self._believe, self._regions = fetch, read, believe, regions
        self._house, self._asks, self._url_of, self._private = house or House(), asks, url_of, private

    async def verify(self, tokens: Sequence[str], now: int) -> Verified:
        """Go through the steps for these signed credentials, at the instant `now` (microseconds UTC). Never raises for
        what it was given."""
        steps: list[Step] = []
        if len(tokens) > MOST:
            return Verified((_step(1, "", Reason("verify.many", {"most": str(MOST)})),), ())
        good = [one for token in tokens if (one := await self._alone(token, now, steps)) is not None]
        regional = await self._together(good, steps)
        return Verified(tuple(steps), tuple(good), regional)

    async def older(self, body: bytes, prove: Prove) -> tuple[Step, ...]:
        """Steps 1, 3 and 4 for credentials of the older generation; nothing more can be said of them. Never raises."""
        steps: list[Step] = []
        try:
            found = older.read(body)
        except OlderError as error:
            return (_step(1, "", Reason(error.code)),)
        for one in found:
            steps.append(Step(1, STEPS[0], one.id, True))
            method = await self._tried(3, one.id, steps, self._method(one))
            if method is not None:
                await self._tried(4, one.id, steps, prove(one, method[1]))
        return tuple(steps)

    # --- one by one: steps 1 to 7 -------------------------------------------------------------------------------------

    async def _alone(self, token: str, now: int, steps: list[Step]) -> Credential | None:
        try:
            credential = credentials.read(token, foreign=True, contexts=terms.KNOWN)
        except CredentialError as error:
            steps.append(_step(1, "", Reason(error.code, error.params)))
            return None
        about = credential.id
        steps.append(Step(1, STEPS[0], about, True))
        if not credential.issuer.startswith("did:web:"):
            steps.append(_step(2, about, Reason("verify.method", {"issuer": credential.issuer[:256]})))
            return credential
        steps.append(Step(2, STEPS[1], about, True))
        found = await self._tried(3, about, steps, self._method(credential))
        if found is None:
            return credential
        method, key = found
        await self._tried(4, about, steps, _signed(credential, key))
        await self._tried(5, about, steps, self._vouched(credential.issuer, method, key, now))
        await self._tried(6, about, steps, _current(credential, now))
        if credential.status:
            await self._tried(7, about, steps, self._standing(credential, now))
        else:
            steps.append(Step(7, STEPS[6], about, None))
        return credential

    async def _tried(self, number: int, about: str, steps: list[Step], doing: Any) -> Any:
        """Do a step; its failure, of whatever kind, is a reason."""
        try:
            found = await doing
        except _Failed as failed:
            steps.append(_step(number, about, failed.reason))
            return None
        except (CredentialError, DidError, CertificateError) as error:
            steps.append(_step(number, about, Reason(error.code, error.params)))
            return None
        except OlderError as error:
            steps.append(_step(number, about, Reason(error.code)))
            return None
        except JwkError as error:
            steps.append(_step(number, about, Reason("did.key", {"why": error.code})))
            return None
        except Exception as error:  # a fetcher's own errors, which are not known here
            reason = getattr(error, "reason", None)
            steps.append(_step(number, about, reason if isinstance(reason, Reason) else Reason("verify.unreachable")))
            return None
        steps.append(Step(number, STEPS[number - 1], about, True if found is not None else None))
        return found

    async def _method(self, credential: Credential | Older) -> tuple[Mapping[str, Any], PublicKey | ForeignKey]:
        """The verification method that is said to have signed, with its key, where it may assert."""
        method = await self._method_of(credential.issuer, credential.kid)
        published = method.get("publicKeyJwk")
        if not isinstance(published, dict):
            raise _Failed("verify.assertion", kid=credential.kid[:256])
        return method, jwk.read_foreign(published)

    async def _method_of(self, issuer: str, kid: str) -> Mapping[str, Any]:
        url = did.document_url(self._url_of(issuer))
        try:
            document = read_object(await self._fetch.fetch(url, private=self._private, limit=did.MAX_DOCUMENT))
        except StrictError:
            raise _Failed("did.document", why="json") from None
        if document.get("id") != issuer:
            raise _Failed("did.other", id=str(document.get("id"))[:256])
        named = [_full(one, issuer) for one in _list(document, "assertionMethod")]
        methods = [one for one in _list(document, "verificationMethod") if isinstance(one, dict)]
        found = [one for one in methods if _full(one, issuer) == kid]
        if len(found) != 1 or kid not in named or found[0].get("controller") != issuer:
            raise _Failed("verify.assertion", kid=kid[:256])
        return found[0]

    async def _vouched(self, issuer: str, method: Mapping[str, Any], key: PublicKey | ForeignKey, now: int) -> bool:
        """Somebody beside the document stands for the key: an authority's certificate, or who accepted the region."""
        accepted = self._regions().get(issuer)
        if accepted is None:
            return await self._certified(method, key, now)
        if key.thumbprint not in accepted:
            raise _Failed("verify.region_key", issuer=issuer[:256])
        return True

    async def _certified(self, method: Mapping[str, Any], key: PublicKey | ForeignKey, now: int) -> bool:
        """The certificate chain of the key (`x5u`), good and not revoked, and of just this key."""
        published = method["publicKeyJwk"]
        url = published.get("x5u")
        if not isinstance(url, str):
            # A certificate inside the document proves no more than the document does.
            raise _Failed("verify.no_chain")
        chain = paths.read(await self._fetch.fetch(url, private=self._private, limit=paths.MAX_BYTES))
        if chain[0].public_key() != key.key:
            raise _Failed("verify.chain_key")
        also = chain[-1:] if self._asks is not None and await self._registered(self._asks, url) else ()
        self._believe(chain, now, also)
        return True

    async def _registered(self, asks: Asks, url: str) -> bool:
        """Does the registry of the clearing house know the root of this chain? False where there is none; raises where
        it says no. The path itself and what was revoked is looked at here all the same."""
        if not self._house.registry:
            return False
        body = msgspec.json.encode({"uri": url})
        answer, _ = await asks.ask(self._house.registry + "/api/trustAnchor/chain/file", body, "application/json")
        if answer == 409:
            raise _Failed("verify.root")
        if answer != 200:
            raise _Failed("verify.registry", status=str(answer))
        return True

    async def _standing(self, credential: Credential, now: int) -> bool:
        """Every list that it names, by its own issuer, with no bit set."""
        for entry in credential.status:
            body = await self._fetch.fetch(entry.list, private=self._private, limit=1 << 21)
            token = body.decode("ascii", "replace").strip()
            method = await self._method_of(credential.issuer, credentials.read(token, contexts=terms.KNOWN).kid)
            key = jwk.read(method["publicKeyJwk"])
            told = status.read_list(
                token,
                url=entry.list,
                purpose=entry.purpose,
                issuer_keys={_full(method, credential.issuer): key},
                now=now,
                allowed_issuers=(credential.issuer,),
            )
            if told.get(entry.index):
                raise _Failed("credential.revoked", purpose=entry.purpose)
        return True

    # --- together: steps 8 to 10 --------------------------------------------------------------------------------------

    async def _together(self, good: Sequence[Credential], steps: list[Step]) -> bool:
        if not good:
            return False
        await self._tried(8, "", steps, self._meant(good))
        await self._tried(9, "", steps, self._labelled(good))
        found = await self._tried(10, "", steps, self._numbered(good))
        return bool(found == "regional")

    async def _meant(self, good: Sequence[Credential]) -> bool:
        """What all of them say together keeps to the rules; read from the canonical form of each."""
        nodes: list[Mapping[str, Any]] = []
        for credential in good:
            try:
                nodes += (await self._read(msgspec.json.encode(credential.document))).nodes
            except WorkerError as error:
                raise _Failed(error.reason.code, **error.reason.params) from None
        if findings := rules.check(nodes):
            raise _Failed(findings[0].code, **findings[0].reason.params, count=str(len(findings)))
        return True

    async def _labelled(self, good: Sequence[Credential]) -> bool | None:
        """A label counts from those who may give one, for just the credentials that are shown."""
        labels = [one for one in good if "gx:LabelCredential" in one.types or _kind(one) == "gx:LabelCredential"]
        if not labels:
            return None
        shown = {one.id: _sri(one.token) for one in good}
        for label in labels:
            if label.issuer not in self._house.labellers:
                raise _Failed("verify.labeller", issuer=label.issuer[:256])
            listed = _some(label.claims, "gx:compliantCredentials", "compliantCredentials")
            for one in listed:
                id = one.get("id") if isinstance(one, dict) else None
                digest = one.get("digestSRI", one.get("cred:digestSRI")) if isinstance(one, dict) else None
                if shown.get(str(id)) != (digest.get("@value") if isinstance(digest, dict) else digest):
                    raise _Failed("verify.label_digest", id=str(id)[:256])
        return True

    async def _numbered(self, good: Sequence[Credential]) -> str | None:
        """The registration number of the participant, by a notary or by a region, which is then said."""
        people = [one for one in good if _kind(one) == "gx:LegalPerson"]
        if not people:
            return None
        wanted = {
            value.get("id")
            for one in people
            for value in _some(one.claims, _REGISTRATION, "registrationNumber")
            if isinstance(value, dict)
        }
        told = [one for one in good if one.subject in wanted and _kind(one) in _NUMBERS]
        if not told or len(told) < len(wanted):
            raise _Failed("verify.number")
        regional = False
        for one in told:
            if one.issuer in self._house.notaries:
                continue
            if one.issuer not in self._regions() or not _regional(one):
                raise _Failed("verify.notary", issuer=one.issuer[:256])
            regional = True
        return "regional" if regional else "notary"


def _step(number: int, about: str, reason: Reason) -> Step:
    return Step(number, STEPS[number - 1], about, False, reason)


async def _signed(credential: Credential, key: PublicKey | ForeignKey) -> bool:
    try:
        jws.verify(credential.envelope.jws, key)
    except JwsError as error:
        raise _Failed(f"credential.{error.code}", kid=credential.kid[:256]) from None
    return True


async def _current(credential: Credential, now: int) -> bool:
    credentials.check_period(credential, now)
    return True


def _list(document: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = document.get(name, [])
    return value[: did.MAX_METHODS] if isinstance(value, list) else []


def _full(method: Any, issuer: str) -> str:
    """The absolute id of a verification method, or of a reference to one."""
    id = method.get("id") if isinstance(method, dict) else method
    return "" if not isinstance(id, str) else issuer + id if id.startswith("#") else id


def _some(claims: Mapping[str, Any], *names: str) -> list[Any]:
    found: Any = next((claims[name] for name in names if name in claims), [])
    return found if isinstance(found, list) else [found]


def _kind(credential: Credential) -> str:
    """The class of the subject in short."""
    kind = credential.claims.get("type", credential.claims.get("@type"))
    kind = kind[0] if isinstance(kind, list) and kind else kind
    return f"gx:{kind.removeprefix(GX).removeprefix('gx:')}" if isinstance(kind, str) and kind else ""


def _regional(credential: Credential) -> bool:
    """Does it say openly that it is a region's attestation?"""
    grounds = credential.document.get("evidence", [])
    return any(
        isinstance(one, dict) and one.get("type") in (OWN + "RegionalAttestation", [OWN + "RegionalAttestation"])
        for one in (grounds if isinstance(grounds, list) else [grounds])
    )


def _sri(token: str) -> str:
    return "sha256-" + b64encode(sha256(token.encode()).digest()).decode()
