"""This node's descriptions of itself: made, judged, signed, kept up to date, and what everybody may read of them.

What lives here: what an operator says of the participant, what is missing, publishing, renewal, the attestations of
regions among the descriptions. What does not: their form (`catalog.descriptions.description`), the rules
(`catalog.descriptions.rules`), where their facts come from (`particulars`), HTTP. Sources: Gaia-X ICAM 25.11;
VC-JOSE-COSE, 3.1; DIF Linked Verifiable Presentation.

A description is issued by the participant itself; what the region of a member attests (that it is registered where it
says, that its descriptions keep to the rules) is the region's credential, had from there and published beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from catalog.descriptions import description, rules
from catalog.descriptions.description import OWN_TERMS, REGISTRATION, Draft, Party, Register
from catalog.descriptions.rules import Finding
from catalog.rdf import terms
from certs import credentials, envelopes, vcdm
from certs.credentials import Credential
from certs.did import DidError, Fetch
from certs.vcdm import CredentialError
from connector.errors import InputError, NodeError, UnknownError
from connector.ports import Clock, Documents, Reading, Store, Transaction
from connector.records import Description, Entry, HeldCredential, Particulars, Region
from connector.services.trust.deliveries import asserting
from connector.services.trust.particulars import OWN, TERMS, Document, Facts
from connector.services.trust.places import allowed_inside
from connector.services.trust.presenting import Signer
from policies.model import Reason

log = structlog.get_logger()
DAY = 86_400_000_000
SECOND = 1_000_000
COMPLIANCE = "RegionalComplianceCredential"
"""Type of the credential with which a region says that a member's descriptions keep to the rules."""
VC, VP = "application/vc+jwt", "application/vp+jwt"
PRESENTATION, LABEL = "presentation", "label"
MAX_ATTESTED = 65_536
_PAGE = 1_000
_NAMES = frozenset({"id", "type"})


class Attested(Struct, frozen=True):
    """What a region publishes about one member: signed credentials."""

    tokens: tuple[str, ...] = ()


class Checked(Struct, frozen=True):
    """What the rules say about the descriptions as they would be published now."""

    own: Particulars
    party: Party
    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]


def attested_at(region: str, did: str) -> str:
    """Where the region with this root URL publishes what it attests about a member."""
    return f"{region}/attested/{sha256(did.encode()).hexdigest()}"


class Descriptions:
    """The descriptions of the node `did`; `days` is how long each lasts, `signer` gives the key that is used now."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        fetch: Fetch,
        documents: Documents,
        did: str,
        url: str,
        base: str,
        days: float,
        signer: Callable[[], Signer],
        lab: bool = False,
    ) -> None:
        self._lab = lab
        self._store, self._clock, self._fetch, self._documents = store, clock, fetch, documents
        self._did, self._life, self._signer = did, int(days * DAY), signer
        self._facts = Facts(did=did, url=url, base=base, now=clock.now)

    # --- what is said of the participant ------------------------------------------------------------------------------

    async def check(self) -> Checked:
        """Judge what would be published now."""
        gathered = await self._store.read(self._facts.gather)
        subjects = [draft.subject for draft in gathered.drafts]
        return Checked(gathered.own, gathered.party, gathered.drafts, rules.check(subjects))

    async def say(self, operator: str, said: Mapping[str, str]) -> Particulars:
        """Keep what an operator says of the participant. Raises `InputError` `description.register` (no such register),
        `description.terms` (a place without a hash)."""

        def act(tx: Transaction) -> Particulars:
            known = tx.get(Particulars, OWN) or Particulars(id=OWN)
            new = replace(known, **said, changed=self._clock.now(), changed_by=operator)
            if new.register and new.register not in tuple(Register):
                raise InputError("description.register", register=new.register[:64], known=", ".join(Register))
            if bool(new.terms) != bool(new.terms_hash):
                raise InputError("description.terms")
            tx.put(new)
            tx.record(Entry(event="description.said", actor=operator, params={"fields": ", ".join(sorted(said))}))
            return new

        return await self._store.write(act)

    # --- publishing ---------------------------------------------------------------------------------------------------

    async def published(self) -> bool:
        """Are there descriptions that everybody may read?"""
        own = await self._store.read(lambda view: view.get(Particulars, OWN))
        return own is not None and own.published

    async def publish(self, operator: str = "node") -> None:
        """Publish what there is to say, from now on kept up to date.

        Raises `InputError` `description.incomplete`: the rules find fault with it; `check` says with what.
        """
        if found := (await self.check()).findings:
            raise InputError("description.incomplete", count=str(len(found)), first=found[0].term or found[0].about)

        def act(tx: Transaction) -> None:
            own = tx.get(Particulars, OWN) or Particulars(id=OWN)
            if not own.published:
                tx.put(replace(own, published=True, changed=self._clock.now(), changed_by=operator))
                tx.record(Entry(event="description.published", actor=operator, params={}))

        await self._store.write(act)
        await self.look()
        await self.ask_regions()

    async def withdraw(self, operator: str) -> None:
        """Publish nothing any more. Raises `InputError` `description.not_published`."""

        def act(tx: Transaction) -> None:
            own = tx.get(Particulars, OWN)
            if own is None or not own.published:
                raise InputError("description.not_published")
            tx.put(replace(own, published=False, changed=self._clock.now(), changed_by=operator))
            for one in self._kept(tx):
                tx.delete(Description, one.id)
            tx.record(Entry(event="description.withdrawn", actor=operator, params={}))

        await self._store.write(act)

    async def every(self) -> list[Description]:
        """What is published, in the order of the URLs."""
        return await self._store.read(self._kept)

    async def look(self) -> None:
        """Sign what is new, changed, due or signed with a key that is not used any more; a chore."""
        if not await self.published():
            return
        gathered, kept = await self._store.read(lambda view: (self._facts.gather(view), self._kept(view)))
        if rules.check([draft.subject for draft in gathered.drafts]):
            log.warning("description.incomplete")
            return
        old = {one.id: one for one in kept}
        made = {self._facts.who.url(draft.name): draft for draft in gathered.drafts}
        new = [self._signed(url, draft) for url, draft in made.items() if not self._stands(old.get(url), draft)]
        gone = [url for url in old if url not in made and not self._lasts(old[url])]
        if new or gone:
            await self._store.write(lambda tx: self._keep(tx, new, gone))

    def _keep(self, tx: Transaction, new: Sequence[Description], gone: Sequence[str]) -> None:
        own = tx.get(Particulars, OWN)
        if own is None or not own.published:
            return
        for one in new:
            tx.put(one)
        for url in gone:
            tx.delete(Description, url)
        params = {"signed": ", ".join(one.id for one in new)[:2_048], "gone": ", ".join(gone)[:2_048]}
        tx.record(Entry(event="description.signed", actor=self._did, params=params))

    def _lasts(self, one: Description) -> bool:
        """Is it a label, which is kept until it ends?"""
        return one.id == self._facts.who.url(LABEL) and self._clock.now() < one.ends

    def _stands(self, old: Description | None, draft: Draft) -> bool:
        """Does what is published say this, for long enough, under a key that is in use?"""
        now = self._clock.now()
        if old is None or now >= old.issued + (old.ends - old.issued) * 2 // 3:
            return False
        found = credentials.read(old.token, foreign=True, contexts=terms.KNOWN)
        if old.issuer != self._did:
            # Who attests may say more than was asked, and has to say what we say.
            return all(found.claims.get(name) == said for name, said in draft.subject.items() if name not in _NAMES)
        return found.document["credentialSubject"] == draft.subject and found.kid == self._signer().kid

    def _signed(self, url: str, draft: Draft) -> Description:
        key, kid = self._signer()
        begins = self._clock.now() // SECOND * SECOND
        ends = begins + self._life
        token = credentials.issue(
            key,
            kid,
            issuer=self._did,
            subject=draft.subject["id"],
            id=url,
            kind=draft.kind,
            claims=draft.subject,
            begins=begins,
            ends=ends,
            # What stands under names of our own has them in full, and the context of the ontology has no part in it.
            contexts=() if draft.name == OWN_TERMS else (description.GX,),
        )
        return Description(
            id=url, kind=draft.kind, about=draft.subject["id"], token=token, issued=begins, ends=ends, issuer=self._did
        )

    # --- what others attest -------------------------------------------------------------------------------------------

    def names(self, name: str) -> tuple[str, str]:
        """The URL of a description, and the id of what it is about."""
        return self._facts.who.url(name), self._facts.who.subject(name)

    async def attach(self, operator: str, name: str, found: Credential) -> None:
        """Publish a credential of somebody else among the descriptions.

        Raises `InputError` `description.not_published`, `description.other` (it says another number than we do).
        """
        url = self._facts.who.url(name)

        def act(tx: Transaction) -> None:
            own = tx.get(Particulars, OWN)
            if own is None or not own.published:
                raise InputError("description.not_published")
            kind = next((one for one in found.types if one != "VerifiableCredential"), found.types[0])
            one = Description(
                id=url,
                kind=kind,
                about=found.subject,
                token=found.token,
                issued=found.begins,
                ends=found.ends,
                issuer=found.issuer,
            )
            draft = next((draft for draft in self._facts.gather(tx).drafts if draft.name == name), None)
            if draft is not None and not self._stands(one, draft):
                raise InputError("description.other")
            tx.put(one)
            params = {"peer": found.issuer, "credential": found.id}
            tx.record(Entry(event="description.attested", actor=operator, params=params))

        await self._store.write(act)

    # --- what regions attest ------------------------------------------------------------------------------------------

    async def ask_regions(self) -> None:
        """Have what the regions that this node belongs to attest about it; a chore. One that is silent is asked again
        the next time."""
        if not await self.published():
            return
        for region in await self._store.read(_own_regions):
            try:
                await self._ask(region)
            except (NodeError, DidError) as error:
                log.info("description.region_silent", region=region.id, error=str(error)[:200])

    async def _ask(self, region: Region) -> None:
        private = allowed_inside(region.url, region.private, self._lab)
        body = await self._fetch.fetch(attested_at(region.url, self._did), private=private, limit=MAX_ATTESTED)
        try:
            told = msgspec.json.decode(body, type=Attested)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        keys: Mapping[str, Any] = {}
        for token in told.tokens[:8]:
            try:
                lacking = credentials.read(token, contexts=terms.KNOWN).kid
                if lacking not in keys:
                    document = await self._documents.document(region.id, private=private, lacking=lacking)
                    keys = asserting(document)
                found = credentials.verify(token, keys, self._clock.now(), contexts=terms.KNOWN)
            except CredentialError as error:
                log.info("description.attestation_refused", region=region.id, code=error.code)
                continue
            if found.issuer == region.id:
                await self._store.write(lambda tx, found=found: self._take(tx, found))  # type: ignore[misc]

    def _take(self, tx: Transaction, found: Credential) -> None:
        """Keep an attestation: the number among the descriptions, the compliance among what is shown to others."""
        if COMPLIANCE in found.types and found.subject == self._did:
            self._hold(tx, found)
            return
        url = self._facts.who.url(REGISTRATION)
        old = tx.get(Description, url)
        if old is None or found.subject != old.about or old.token == found.token:
            return
        draft = next(one for one in self._facts.gather(tx).drafts if one.name == REGISTRATION)
        if found.document["credentialSubject"] == draft.subject:
            tx.put(replace(old, token=found.token, issued=found.begins, ends=found.ends, issuer=found.issuer))
            params = {"peer": found.issuer, "credential": found.id}
            tx.record(Entry(event="description.attested", actor=found.issuer, params=params))

    def _hold(self, tx: Transaction, found: Credential) -> None:
        if tx.get(HeldCredential, found.id) is not None:
            return
        for old in tx.select(HeldCredential, kind=COMPLIANCE, issuer=found.issuer, limit=_PAGE):
            tx.delete(HeldCredential, old.id)
        tx.put(
            HeldCredential(
                id=found.id,
                kind=COMPLIANCE,
                issuer=found.issuer,
                profile=found.profile,
                token=found.token,
                received=self._clock.now(),
                begins=found.begins,
                ends=found.ends,
            )
        )
        params = {"peer": found.issuer, "kind": COMPLIANCE, "credential": found.id, "profile": found.profile}
        tx.record(Entry(event="credential.received", actor=found.issuer, params=params))

    # --- what everybody may read --------------------------------------------------------------------------------------

    async def served(self, name: str) -> Document:
        """What is published under a name. Raises `UnknownError` `description.unknown_name`."""
        if name == PRESENTATION:
            return await self.presented()

        found = await self._store.read(lambda view: view.get(Description, self._facts.who.url(name)))
        if found is not None:
            return Document(VC, found.token.encode())
        if name.partition("-")[0] != TERMS or not await self.published():
            raise UnknownError("description.unknown_name")
        gathered = await self._store.read(self._facts.gather)
        if name not in gathered.documents:
            raise UnknownError("description.unknown_name")
        return gathered.documents[name]

    async def presented(self) -> Document:
        """What is about the participant and its node, as a presentation to nobody in particular. Raises as `served`."""
        tokens = await self._store.read(self._about_us)
        if not tokens:
            raise UnknownError("description.unknown_name")
        key, kid = self._signer()
        document = {
            "@context": [vcdm.V2],
            "id": self._facts.who.url(PRESENTATION),
            "type": ["VerifiablePresentation"],
            "holder": self._did,
            "verifiableCredential": [
                {"@context": vcdm.V2, "id": f"data:{VC},{token}", "type": "EnvelopedVerifiableCredential"}
                for token in tokens
            ],
        }
        return Document(VP, envelopes.seal(key, kid, "vp", {}, document, vcdm.VC20).encode())

    def _about_us(self, view: Reading) -> list[str]:
        now = self._clock.now()
        found = [one.token for one in self._kept(view) if not one.kind.startswith("gx:DataProduct")]
        held = view.select(HeldCredential, kind=COMPLIANCE, limit=_PAGE)
        return found + [one.token for one in held if one.revoked is None and one.ends > now and found]

    def _kept(self, view: Reading) -> list[Description]:
        """What is published of ours; a region keeps what it attests about others beside it."""
        start = self._facts.who.url("")
        return [one for one in view.select(Description, after=start, limit=_PAGE) if one.id.startswith(start)]


def reasons(findings: Sequence[Finding]) -> list[Reason]:
    """What is to be mended, each once however often it was found."""
    unique = {(one.code, one.about, one.term): one.reason for one in findings}
    return list(unique.values())


def _own_regions(view: Reading) -> list[Region]:
    return [one for one in view.select(Region, limit=_PAGE) if one.own]
