"""What a region attests about a member's descriptions: that its number is the one that the region knows, and that the
descriptions keep to the rules, with the list of criteria that were met.

What lives here: getting a member's descriptions, judging them, issuing, publishing and renewing what is attested. What
does not: the rules (`catalog.descriptions.rules`), lists of revocations (`revocation`), how a member uses it
(`connector.services.trust.descriptions`).

It is the region's word and no label of Gaia-X: a municipality without a VAT number cannot get one of those (Compliance
Document 2.5.0). The credential says so: its type is our own, and its evidence names the register that was looked at.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta, Struct

from catalog.descriptions import rules
from catalog.descriptions.description import (
    GX,
    NODE,
    OWN,
    PARTICIPANT,
    REGISTRATION,
    Describing,
    Party,
    Register,
    number,
)
from catalog.rdf import terms
from certs import credentials, vcdm
from certs.credentials import Credential
from certs.did import DidError, Fetch
from certs.vcdm import CredentialError
from connector.errors import InputError, NodeError
from connector.ports import Clock, Documents, Ids, Reading, Store, Transaction
from connector.records import Description, Entry, Issued, Member
from connector.services.region.members import Members
from connector.services.region.revocation import Revocation
from connector.services.trust.deliveries import asserting
from connector.services.trust.descriptions import COMPLIANCE, DAY, SECOND
from connector.services.trust.places import allowed_inside, root_of
from connector.services.trust.presenting import Signer
from policies.model import Reason

log = structlog.get_logger()
ENGINE = "allmende-rules-1"
MOST = 200
"""Descriptions of one member that are looked at."""
_LIMIT = 65_536
_PAGE = 1_000

_Url = Annotated[str, Meta(max_length=2_048)]


class Listed(Struct, frozen=True):
    """One line of a member's index."""

    url: _Url


class Index(Struct, frozen=True):
    """What a member publishes."""

    descriptions: Annotated[tuple[Listed, ...], Meta(max_length=MOST)] = ()


class Report(Struct, frozen=True):
    """What was found: the criteria that are met, what is in the way of the others, and the credentials looked at."""

    member: Member
    met: tuple[str, ...]
    unmet: tuple[Reason, ...]
    credentials: tuple[Credential, ...] = ()

    @property
    def complies(self) -> bool:
        """Is every criterion met?"""
        return not self.unmet


class Compliance:
    """Checks the members of the region `did` and attests; `days` is how long an attestation lasts."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        did: str,
        fetch: Fetch,
        documents: Documents,
        members: Members,
        revocation: Revocation,
        signer: Callable[[], Signer],
        days: float,
        lab: bool = False,
    ) -> None:
        self._lab = lab
        self._store, self._clock, self._ids, self._did = store, clock, ids, did
        self._fetch, self._documents, self._members = fetch, documents, members
        self._revocation, self._signer, self._life = revocation, signer, int(days * DAY)

    # --- checking -----------------------------------------------------------------------------------------------------

    async def check(self, name: str) -> Report:
        """Look at a member's descriptions as they are published now.

        Raises `InputError` for an unknown member, `compliance.device` for a device, and `DeliveryError` where the
        member's node cannot be reached.
        """
        member = await self._members.get(name)
        if member.role != "node":
            raise InputError("compliance.device", member=member.name)
        try:
            found = await self._published(member)
        except (CredentialError, DidError) as error:
            return Report(member, (), (Reason("compliance.credential", {"why": error.code}),))
        return _judged(member, self._did, Describing(root_of(member.id), member.id), found)

    async def _published(self, member: Member) -> list[Credential]:
        """A member's descriptions, each proved. Raises `CredentialError`, `DidError`, `DeliveryError`."""
        root = root_of(member.id) + "/descriptions"
        private = allowed_inside(root, member.private, self._lab)
        body = await self._fetch.fetch(root, private=private, limit=_LIMIT)
        try:
            index = msgspec.json.decode(body, type=Index)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise CredentialError("credential.malformed") from None
        found = []
        for one in index.descriptions:
            if not one.url.startswith(root + "/"):
                raise CredentialError("credential.id", id=one.url[:256])
            token = await self._fetch.fetch(one.url, private=private, limit=_LIMIT)
            found.append(await self._proved(member, token, private))
        return found

    async def _proved(self, member: Member, body: bytes, private: bool) -> Credential:
        """One description, by the member itself or attested by this region."""
        read = credentials.read(body.decode("ascii", "replace"), contexts=terms.KNOWN)
        if read.issuer not in (member.id, self._did):
            raise CredentialError("credential.issuer", issuer=read.issuer[:256])
        inside = private or read.issuer == self._did
        document = await self._documents.document(read.issuer, private=inside, lacking=read.kid)
        credentials.prove(read, asserting(document), self._clock.now())
        return read

    # --- attesting ----------------------------------------------------------------------------------------------------

    async def comply(self, operator: str, name: str) -> Report:
        """Check, and attest what was found. Raises as `check`, and `InputError` `compliance.unmet`: nothing is
        attested then, not even the number."""
        report = await self.check(name)
        if not report.complies:
            first = report.unmet[0]
            raise InputError("compliance.unmet", member=report.member.name, said=first.code, **first.params)
        await self._store.write(lambda tx: self._attest(tx, operator, report))
        return report

    def _attest(self, tx: Transaction, operator: str, report: Report) -> None:
        member = self._members.standing(tx, report.member.id)
        if member is None:
            raise InputError("member.unknown", member=report.member.name)
        who, about = Describing(root_of(member.id), member.id), _about(member.id)
        for old in tx.select(Description, about=about, limit=_PAGE):
            self._revocation.withdraw(tx, old.id, "compliance.renewed")
            tx.delete(Description, old.id)
        subject = who.registration(_registered(member, self._did)).subject
        kind = str(subject["type"])
        grounds = {"type": OWN + "RegionalAttestation", OWN + "register": subject["gx:local"].split()[0]}
        self._issue(tx, member, kind, subject, contexts=(GX,), evidence=(grounds,))
        self._issue(tx, member, COMPLIANCE, {"id": member.id, **_said(report, self._did)})
        params = {"peer": member.id, "criteria": ", ".join(report.met)}
        tx.record(Entry(event="compliance.attested", actor=operator, params=params))

    def _issue(
        self,
        tx: Transaction,
        member: Member,
        kind: str,
        subject: Mapping[str, Any],
        contexts: Sequence[str] = (),
        evidence: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        begins = self._clock.now() // SECOND * SECOND
        issued = Issued(
            id=self._ids.pid(),
            holder=member.id,
            kind=kind,
            profile=vcdm.VC20,
            place=self._revocation.place(tx),
            issued=begins,
            ends=begins + self._life,
            # Members ask for these themselves; nobody has to be reminded.
            offered=begins,
        )
        key, kid = self._signer()
        token = credentials.issue(
            key,
            kid,
            issuer=self._did,
            subject=subject["id"],
            id=issued.id,
            kind=kind,
            claims=subject,
            begins=issued.issued,
            ends=issued.ends,
            status=self._revocation.entries(issued),
            contexts=contexts,
            evidence=evidence,
        )
        tx.put(issued)
        tx.put(
            Description(
                id=issued.id,
                kind=kind,
                about=_about(member.id),
                token=token,
                issued=issued.issued,
                ends=issued.ends,
                issuer=self._did,
            )
        )
        params = {"credential": issued.id, "peer": member.id, "kind": kind, "profile": issued.profile}
        tx.record(Entry(event="credential.issued", actor=self._did, params=params))

    async def renew(self) -> None:
        """Check and attest anew where two thirds of the time are over; a chore. Who does not comply any more is not
        attested anew, and what is attested ends."""
        now = self._clock.now()
        for holder in await self._store.read(lambda view: _due(view, now)):
            try:
                await self.comply("node", holder)
            except NodeError as error:
                log.info("compliance.not_renewed", member=holder, code=error.reason.code)

    async def attested(self, about: str) -> list[str]:
        """What everybody may read about the member whose DID has this SHA-256."""
        now = self._clock.now()
        kept = await self._store.read(lambda view: view.select(Description, about=about, limit=_PAGE))
        return [one.token for one in kept if one.ends > now]


# --- criteria ---------------------------------------------------------------------------------------------------------


def _judged(member: Member, region: str, who: Describing, found: Sequence[Credential]) -> Report:
    """The criteria of this region, by name."""
    by_id = {credential.document["credentialSubject"].get("id", ""): credential for credential in found}
    subjects = [credential.document["credentialSubject"] for credential in found]
    kinds = {kind for subject in subjects for kind in (subject.get("type"),) if isinstance(kind, str)}
    told = by_id.get(who.subject(REGISTRATION))
    wanted = number(_registered(member, region))
    unmet = [*(finding.reason for finding in rules.check(subjects))]
    checks = {
        "participant-described": who.subject(PARTICIPANT) in by_id,
        "number-is-registered": told is not None and told.claims.get("gx:local") == wanted,
        "terms-agreed": "gx:Issuer" in kinds,
        "node-described": who.subject(NODE) in by_id,
        "descriptions-signed-and-current": bool(found),
        "descriptions-keep-to-the-rules": bool(found) and not unmet,
    }
    unmet += [
        Reason("compliance.criterion", {"criterion": name, "number": wanted})
        for name, met in checks.items()
        if not met and name != "descriptions-keep-to-the-rules"
    ]
    return Report(member, tuple(name for name, met in checks.items() if met), tuple(unmet), tuple(found))


def _registered(member: Member, region: str) -> Party:
    """How a member is registered as its region knows it."""
    if member.key:
        return Party(register=Register.MUNICIPALITY, number=member.key)
    return Party(register=Register.REGION, number=f"{member.id} of {region}")


def _said(report: Report, region: str) -> dict[str, Any]:
    """What the compliance credential says: rules, criteria met, and which credentials were looked at."""
    looked = [{"id": one.id, "digestSRI": sri(one.token)} for one in report.credentials]
    return {
        "region": region,
        "rulesVersion": rules.VERSION,
        "engineVersion": ENGINE,
        "criteria": list(report.met),
        "compliantCredentials": looked,
    }


def sri(token: str) -> str:
    """The SHA-256 of a signed credential as Subresource Integrity writes it."""
    return "sha256-" + b64encode(sha256(token.encode()).digest()).decode()


def _about(did: str) -> str:
    return sha256(did.encode()).hexdigest()


def _due(view: Reading, now: int) -> list[str]:
    """Members whose compliance has had two thirds of its life."""
    kept = view.select(Description, kind=COMPLIANCE, limit=_PAGE)
    late = {one.id for one in kept if now >= one.issued + (one.ends - one.issued) * 2 // 3}
    issued = (view.get(Issued, id) for id in sorted(late))
    return [one.holder for one in issued if one is not None]
