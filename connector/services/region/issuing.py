"""The region's Issuer Service: who may have which credential, issuing it, bringing it to its holder.

What lives here: requests of holders and what becomes of them, offers to those whose credentials have had most of their
life. What does not: who is a member (`members`), lists of revocations (`revocation`), the form of credentials
(`certs.credentials`).
Source: DCP 1.0.1, Credential Issuance Protocol: Credential Request API, Storage API, Credential Offer API, Issuer
Metadata API, Credential Request Status API.

A request is kept, issued and delivered in three steps, each of them a transaction: a process that ends in between goes
on where it was. What is issued stands in the store without its signature, and is signed when it is delivered.
INVARIANT: nothing is issued but to a member that is active in the transaction that issues it.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from certs import credentials, vcdm
from connector.errors import DeliveryError, MessageError, NodeError, RefusedError, TooOftenError, UnknownError
from connector.pages import every
from connector.ports import Caller, Clock, Ids, Reading, Store, Transaction
from connector.protocol.dcp import (
    CredentialContainer,
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    CredentialRequestMessage,
    CredentialStatus,
    IssuerMetadata,
)
from connector.records import Entry, Issuance, Issued, Member
from connector.services.intake import admit, note_refusal
from connector.services.region.members import Members
from connector.services.region.revocation import Revocation
from connector.services.trust.calls import Calls
from connector.services.trust.errands import Errands
from connector.services.trust.passes import MEMBERSHIP
from connector.services.trust.presenting import Signer

SECOND, DAY = 1_000_000, 86_400_000_000
GIVE_UP = 7 * DAY
"""Microseconds after which what could not be delivered is taken back."""
GIVE_UP_REFUSED = 3_600 * SECOND
"""The same where the holder does not want it."""
MOST_OPEN = 8
"""Requests of one holder that are not delivered yet."""
DEVICE = "DeviceCredential"
_PROFILES: tuple[vcdm.Profile, ...] = (vcdm.VC20, vcdm.VC11)
_REFUSALS = (400, 403, 404, 410, 422)
_STATES = {"received": "RECEIVED", "issued": "ISSUED", "rejected": "REJECTED"}

Claims = Callable[[Member], Mapping[str, Any]]


class Kind(Struct, frozen=True, kw_only=True):
    """A type of credential that is issued to members with a role; `claims` is what it says of one."""

    type: str
    role: str
    claims: Claims


class _Offered(Struct, frozen=True):
    """One entry of the metadata: a kind in one profile."""

    id: str
    kind: Kind
    profile: vcdm.Profile


def kinds_of(region: str) -> tuple[Kind, ...]:
    """What a region (its DID) issues to its members."""

    def claims(member: Member) -> Mapping[str, Any]:
        own = {"name": member.title, "memberOf": region}
        return {**own, "municipalityKey": member.key} if member.key else own

    return (Kind(type=MEMBERSHIP, role="node", claims=claims), Kind(type=DEVICE, role="device", claims=claims))


class Issuing:
    """Issues credentials of the region `did`; `base` is the root of its Issuer Service, `days` how long they last.

    `kinds` are what is issued; `signer` gives the issuer's key that is used now. `start` before anything is delivered;
    `close` at the end.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        did: str,
        base: str,
        members: Members,
        revocation: Revocation,
        calls: Calls,
        signer: Callable[[], Signer],
        kinds: Sequence[Kind],
        days: float,
        jitter: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._store, self._clock, self._ids, self._did = store, clock, ids, did
        self._base, self._members, self._revocation = base.rstrip("/"), members, revocation
        self._calls, self._signer, self._life = calls, signer, int(days * DAY)
        self.kinds: Sequence[Kind] = kinds
        self._errands = Errands(clock=clock, step=self._step, name="issuance", jitter=jitter)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what is not delivered yet."""
        self._errands.start(await self._store.read(_undelivered))

    async def close(self) -> None:
        """Stop delivering; what is open stays in the store."""
        await self._errands.close()

    @property
    def _offered(self) -> Mapping[str, _Offered]:
        """Every kind in every profile, by its id."""
        every = (_Offered(_id(kind.type, profile), kind, profile) for kind in self.kinds for profile in _PROFILES)
        return {one.id: one for one in every}

    # --- what holders ask for -----------------------------------------------------------------------------------------

    def metadata(self) -> IssuerMetadata:
        """What can be had here; every optional member is there, as the specification asks."""
        return IssuerMetadata(
            issuer=self._did,
            credentialsSupported=tuple(self._object(one, "issuance") for one in self._offered.values()),
        )

    def schema(self, kind: str) -> Mapping[str, Any]:
        """The JSON schema of a type that is issued here. Raises `UnknownError` `schema.unknown`."""
        if not any(one.kind.type == kind for one in self._offered.values()):
            raise UnknownError("schema.unknown")
        text = {"type": "string"}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"{self._base}/schemas/{kind}",
            "title": kind,
            "type": "object",
            "properties": {
                "credentialSubject": {
                    "type": "object",
                    "required": ["id", "name", "memberOf"],
                    "properties": {"id": text, "name": text, "memberOf": text, "municipalityKey": text},
                }
            },
            "required": ["credentialSubject"],
        }

    async def request(self, caller: Caller, message: CredentialRequestMessage) -> Issuance:
        """Take a request of a member, or of somebody with a code that makes it one; a repeat is the same request
        until that is delivered.

        Raises `MessageError` `issuance.kinds` (not in the metadata, or not for one role), `RefusedError`: those of
        `Members.redeem`, `member.unknown`, `member.other_role`; `TooOftenError` `issuance.many`;
        `UnauthenticatedError` for a token used before.
        """
        wanted = tuple(dict.fromkeys(one.id for one in message.credentials))
        roles = {self._offered[id].kind.role for id in wanted if id in self._offered}
        if len(roles) != 1 or any(id not in self._offered for id in wanted):
            raise MessageError("issuance.kinds")
        (role,) = roles

        def act(tx: Transaction) -> Issuance | NodeError:
            admit(tx, caller)
            try:
                return self._taken(tx, caller, message.holderPid, wanted, role)
            except RefusedError as error:
                note_refusal(tx, caller, "issuance", error)
                return error

        taken = await self._store.write(act)
        if isinstance(taken, NodeError):
            raise taken
        return taken

    async def status(self, caller: Caller, id: str) -> CredentialStatus:
        """How far a request of the caller is. Raises `UnknownError` `issuance.unknown`, also for another's."""

        def act(tx: Transaction) -> Issuance | None:
            admit(tx, caller)
            return tx.get(Issuance, id)

        found = await self._store.write(act)
        if found is None or found.holder != caller.id:
            raise UnknownError("issuance.unknown")
        return CredentialStatus(issuerPid=found.id, holderPid=found.process, status=_STATES[found.state])  # type: ignore[arg-type]

    def location(self, issuance: Issuance) -> str:
        """Where the status of a request is."""
        return f"{self._base}/requests/{issuance.id}"

    async def list(self, *, holder: str | None = None, after: str = "", limit: int = 100) -> builtins.list[Issuance]:
        """Requests, of `holder` or of all, in their order."""
        where = {} if holder is None else {"holder": holder}
        return await self._store.read(lambda view: view.select(Issuance, after=after, limit=limit, **where))

    def _taken(self, tx: Transaction, caller: Caller, process: str, wanted: tuple[str, ...], role: str) -> Issuance:
        under_way = [one for one in tx.select(Issuance, holder=caller.id, delivered=None) if one.state != "rejected"]
        for known in under_way:
            if known.process == process and known.kinds == wanted:
                return known
        if len(under_way) >= MOST_OPEN:
            raise TooOftenError("issuance.many", seconds="60")
        member = self._member(tx, caller, role)
        issuance = Issuance(
            id=self._ids.pid(),
            holder=caller.id,
            process=process,
            kinds=wanted,
            state="received",
            created=self._clock.now(),
            token=caller.grant,
            private=member.private,
        )
        tx.put(issuance)
        params = {"peer": caller.id, "member": member.name, "kinds": self._named(wanted), "request": issuance.id}
        tx.record(Entry(event="issuance.requested", actor=caller.id, params=params))
        tx.after(lambda: self._errands.take(issuance.id))
        return issuance

    def _member(self, tx: Transaction, caller: Caller, role: str) -> Member:
        member = self._members.standing(tx, caller.id)
        if caller.code:
            member = self._members.redeem(tx, caller.code, caller.id, role=role)
        if member is None:
            raise RefusedError("member.unknown")
        if member.role != role:
            raise RefusedError("member.other_role", role=member.role)
        return member

    # --- issuing and delivering ---------------------------------------------------------------------------------------

    async def _step(self, id: str) -> float | None:
        issuance = await self._store.read(lambda view: view.get(Issuance, id))
        if issuance is None or not _is_open(issuance):
            return None
        if issuance.state == "received":
            issuance = await self._store.write(lambda tx: self._issued(tx, id))
        age = self._clock.now() - issuance.created
        status = await self._brought(issuance)
        if not 200 <= status < 300:
            if age <= (GIVE_UP_REFUSED if status in _REFUSALS else GIVE_UP):
                raise DeliveryError("peer.status", status=str(status))
            await self._store.write(lambda tx: self._given_up(tx, id, status))
            return None
        await self._store.write(lambda tx: self._delivered(tx, id))
        return None

    async def _brought(self, issuance: Issuance) -> int:
        """How the holder answers; 0 where it does not, and has had long enough. Raises `DeliveryError` before that."""
        message = await self._store.read(lambda view: self._message(view, issuance))
        holder, private, grant = issuance.holder, issuance.private, issuance.token
        try:
            reply = await self._calls.exchange(
                holder, "CredentialService", "/credentials", message, private=private, grant=grant
            )
        except DeliveryError:
            if self._clock.now() - issuance.created <= GIVE_UP:
                raise
            return 0
        return reply.status

    def _issued(self, tx: Transaction, id: str) -> Issuance:
        """Issue what was asked for, or refuse it where the holder has ceased to be a member in the meantime."""
        issuance = tx.get(Issuance, id)
        assert issuance is not None, id
        member, now = self._members.standing(tx, issuance.holder), self._clock.now() // SECOND * SECOND
        if member is None or any(one not in self._offered for one in issuance.kinds):
            return self._refused(tx, issuance, "member.unknown" if member is None else "issuance.kinds")
        made = []
        for wanted in issuance.kinds:
            one = self._offered[wanted]
            credential = Issued(
                id=self._ids.pid(),
                holder=issuance.holder,
                kind=one.kind.type,
                profile=one.profile,
                place=self._revocation.place(tx),
                issued=now,
                ends=now + self._life,
            )
            tx.put(credential)
            made.append(credential.id)
            params = {"credential": credential.id, "peer": credential.holder, "kind": credential.kind}
            tx.record(Entry(event="credential.issued", actor=self._did, params={**params, "profile": one.profile}))
        issued = replace(issuance, state="issued", credentials=tuple(made))
        tx.put(issued)
        return issued

    def _refused(self, tx: Transaction, issuance: Issuance, why: str) -> Issuance:
        refused = replace(issuance, state="rejected", rejected=why)
        tx.put(refused)
        params = {"peer": issuance.holder, "kinds": self._named(issuance.kinds), "why": why, "request": issuance.id}
        tx.record(Entry(event="issuance.rejected", actor=self._did, params=params))
        return refused

    def _delivered(self, tx: Transaction, id: str) -> None:
        issuance = tx.get(Issuance, id)
        if issuance is None or issuance.delivered is not None:
            return
        tx.put(replace(issuance, delivered=self._clock.now(), token=""))
        self._members.delivered(tx, issuance.holder)
        params = {"peer": issuance.holder, "kinds": self._named(issuance.kinds), "request": id}
        tx.record(Entry(event="issuance.delivered", actor=self._did, params=params))

    def _given_up(self, tx: Transaction, id: str, status: int) -> None:
        """What nobody has taken is taken back, so that nothing is good that nobody knows of."""
        issuance = tx.get(Issuance, id)
        if issuance is None or not _is_open(issuance):
            return
        for credential in issuance.credentials:
            self._revocation.withdraw(tx, credential, "issuance.undelivered")
        refused = self._refused(tx, issuance, f"status {status}")
        tx.put(replace(refused, delivered=self._clock.now(), token=""))

    def _message(self, view: Reading, issuance: Issuance) -> CredentialMessage:
        if issuance.state == "rejected":
            return CredentialMessage(
                issuerPid=issuance.id, holderPid=issuance.process, status="REJECTED", rejectionReason=issuance.rejected
            )
        member = view.get(Member, issuance.holder)
        issued = [view.get(Issued, id) for id in issuance.credentials]
        containers = [self._signed(one, member) for one in issued if one is not None and member is not None]
        return CredentialMessage(
            issuerPid=issuance.id, holderPid=issuance.process, status="ISSUED", credentials=tuple(containers)
        )

    def _signed(self, one: Issued, member: Member) -> CredentialContainer:
        kind = next(offered.kind for offered in self._offered.values() if offered.kind.type == one.kind)
        profile: vcdm.Profile = vcdm.VC20 if one.profile == vcdm.VC20 else vcdm.VC11
        signer = self._signer()
        token = credentials.issue(
            signer.key,
            signer.kid,
            issuer=self._did,
            subject=one.holder,
            id=one.id,
            kind=one.kind,
            claims=kind.claims(member),
            begins=one.issued,
            ends=one.ends,
            status=self._revocation.entries(one),
            profile=profile,
        )
        return CredentialContainer(credentialType=one.kind, payload=token, format=one.profile)

    # --- offers -------------------------------------------------------------------------------------------------------

    async def remind(self) -> None:
        """Offer the next credential to members whose present one is past three fifths of its life; a chore.

        Members ask by themselves at two thirds: this is for those that do not. One that cannot be reached is tried
        again when this is called again.
        """
        now = self._clock.now()
        due = await self._store.read(lambda view: _due(view, now))
        for holder, issued in due.items():
            member = await self._store.read(lambda view, holder=holder: self._members.standing(view, holder))  # type: ignore[misc]
            if member is not None:
                await self._offer(member, issued)

    async def _offer(self, member: Member, issued: Sequence[Issued]) -> None:
        objects = tuple(
            self._object(self._offered[id], "reissue")
            for id in dict.fromkeys(_id(one.kind, one.profile) for one in issued)
            if id in self._offered
        )
        if not objects:
            return
        message = CredentialOfferMessage(issuer=self._did, credentials=objects)
        try:
            await self._calls.call(member.id, "CredentialService", "/offers", message, private=member.private)
        except DeliveryError:
            return
        now = self._clock.now()

        def act(tx: Transaction) -> None:
            for one in issued:
                current = tx.get(Issued, one.id)
                if current is not None:
                    tx.put(replace(current, offered=now))
            tx.record(Entry(event="issuance.offered", actor=self._did, params={"peer": member.id}))

        await self._store.write(act)

    def _object(self, one: _Offered, reason: str) -> CredentialObject:
        return CredentialObject(
            id=one.id,
            credentialType=one.kind.type,
            credentialSchema=f"{self._base}/schemas/{one.kind.type}",
            offerReason=reason,
            bindingMethods=("did:web",),
            profile=one.profile,
            # Nothing has to be presented: who is a member needs no other credential.
            issuancePolicy={"id": one.id, "input_descriptors": []},
        )

    def _named(self, ids: Sequence[str]) -> str:
        known = (self._offered[id].kind.type for id in ids if id in self._offered)
        return " ".join(dict.fromkeys(known))


def _id(kind: str, profile: str) -> str:
    """The stable id of a kind in a profile, in the issuer's metadata."""
    return f"urn:allmende:credential:{kind}:{profile.partition('/')[0]}"


def _is_open(issuance: Issuance) -> bool:
    return issuance.delivered is None


def _undelivered(view: Reading) -> list[str]:
    return [one.id for one in every(view, Issuance, delivered=None)]


def _due(view: Reading, now: int) -> Mapping[str, list[Issued]]:
    """The latest credentials of each holder, where they are past three fifths of their life and nothing was offered."""
    latest: dict[tuple[str, str, str], Issued] = {}
    for one in every(view, Issued):
        known = latest.get((one.holder, one.kind, one.profile))
        if known is None or known.issued <= one.issued:
            latest[one.holder, one.kind, one.profile] = one
    due: dict[str, list[Issued]] = {}
    for one in latest.values():
        old = now >= one.issued + (one.ends - one.issued) * 3 // 5
        if old and now < one.ends and one.offered is None and one.revoked is None:
            due.setdefault(one.holder, []).append(one)
    return due
