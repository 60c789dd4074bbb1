"""Our Credential Service, holding: asking issuers for credentials, taking what they deliver, renewing it in time.

What lives here: requests of ours and their answers, deliveries, offers. What does not: showing credentials
(`presenting`), which regions this node believes (`regions`), what is right about a delivery (`deliveries`), whether
what is held still counts (`held`).
Source: DCP 1.0.1, Credential Issuance Protocol: Credential Request API, Storage API, Credential Offer API, Credential
Request Status API.

INVARIANT: a credential is kept only where this node has asked its issuer for it, and the issuer's own keys have signed
it. A delivery is taken as a whole or not at all; one that comes again takes the place of the one before.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from connector.errors import DeliveryError, InputError, MessageError, NodeError, RefusedError, UnknownError
from connector.pages import every
from connector.ports import Caller, Clock, Documents, Ids, Reading, Reply, Store, Transaction
from connector.protocol import dcp
from connector.protocol.dcp import (
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    CredentialRequestMessage,
    CredentialStatus,
    IssuerMetadata,
)
from connector.records import Entry, HeldCredential, Region, Wish
from connector.services.intake import admit
from connector.services.trust.calls import Calls
from connector.services.trust.deliveries import Deliveries
from connector.services.trust.errands import Errands
from connector.services.trust.held import Standing
from connector.services.trust.lists import StatusLists
from connector.services.trust.passes import Passes

SECOND, DAY = 1_000_000, 86_400_000_000
GIVE_UP = 7 * DAY
"""Microseconds after which a request that nobody has answered is over."""
FIRST_POLL, LONGEST_POLL = 5.0, 3_600.0
"""Seconds between two questions how far a request is: a quarter of its age, within these."""
RENEW_AGAIN = DAY
"""Microseconds after a refusal before a credential is asked for once more without anybody saying so."""
UNNAMED = "-"
"""Stands for the issuer's id of a request where it has named none: then nobody can be asked how far it is."""
REASONS = ("reissue", "proof-key-revocation")
"""Reasons of an offer that mean: what you hold has to be had anew."""
_FINAL = ("400", "403", "413", "422", "501")
"""Answers to a request that trying again does not change."""
_CODE = re.compile(r"[a-z]+(?:[._][a-z]+){1,5}", re.ASCII)
_PAGE = 200

Told = Callable[[Transaction, HeldCredential], None]
"""Told of a credential that has come, in the transaction that keeps it."""


class _Said(Struct, frozen=True):
    """What an answer says beside its status."""

    code: str = ""


class Wallet:
    """The credentials of `did`, and how they come. `start` before anything is asked for; `close` at the end."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        did: str,
        calls: Calls,
        documents: Documents,
        passes: Passes,
        lists: StatusLists,
        jitter: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._store, self._clock, self._ids, self._did = store, clock, ids, did
        self._calls, self._passes = calls, passes
        self._deliveries = Deliveries(documents=documents, clock=clock, did=did)
        self.look = Standing(store=store, clock=clock, documents=documents, lists=lists).look
        """What has been taken back is shown to nobody, and what is restored is shown again; a chore."""
        self._errands = Errands(clock=clock, step=self._step, name="wish", jitter=jitter)
        self.told: list[Told] = []
        """Who is told of every credential that comes."""

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up the requests that have no answer yet."""
        self._errands.start([wish.id for wish in await self._store.read(_open_wishes)])

    async def close(self) -> None:
        """Stop asking; what is open stays in the store."""
        await self._errands.close()

    # --- what operators and other rooms ask for -----------------------------------------------------------------------

    async def request(
        self, issuer: str, kinds: Sequence[str], code: str | None = None, *, operator: str = "", private: bool = False
    ) -> Wish:
        """Ask `issuer` (a DID) for credentials of these types, in every profile that it has and we understand.

        `code` is what it has given us beforehand, `private` allows it an address in a private network. What is open
        already is not asked for twice, but goes on at once, with the new code. Raises `InputError` `wish.kinds`.
        """
        if not kinds or any(not kind or len(kind) > 256 for kind in kinds):
            raise InputError("wish.kinds")

        def act(tx: Transaction) -> Wish:
            same = (one for one in tx.select(Wish, issuer=issuer, state="open") if set(one.kinds) == set(kinds))
            known = next(same, None)
            if known is not None:
                wish = replace(known, code=known.code if code is None else code, private=private)
            else:
                now = self._clock.now()
                wanted = tuple(dict.fromkeys(kinds))
                wish = Wish(id=self._ids.pid(), issuer=issuer, kinds=wanted, state="open", created=now)
                wish = replace(wish, code=code or "", private=private)
                params = {"peer": issuer, "kinds": " ".join(wanted), "request": wish.id}
                tx.record(Entry(event="credential.requested", actor=operator or self._did, params=params))
            tx.put(wish)
            tx.after(lambda: self._errands.take(wish.id))
            return wish

        return await self._store.write(act)

    async def list(self, *, after: str = "", limit: int = 100) -> list[HeldCredential]:
        """What this node holds, in the order of ids."""
        return await self._store.read(lambda view: view.select(HeldCredential, after=after, limit=limit))

    async def show(self, id: str) -> HeldCredential:
        """One of them. Raises `UnknownError` `credential.unknown`."""
        found = await self._store.read(lambda view: view.get(HeldCredential, id))
        if found is None:
            raise UnknownError("credential.unknown", id=id[:256])
        return found

    async def wishes(self, *, after: str = "", limit: int = 100) -> builtins.list[Wish]:
        """Requests of ours, open ones and past ones, in their order."""
        return await self._store.read(lambda view: view.select(Wish, after=after, limit=limit))

    async def wish(self, id: str) -> Wish:
        """One of them. Raises `UnknownError` `wish.unknown`."""
        found = await self._store.read(lambda view: view.get(Wish, id))
        if found is None:
            raise UnknownError("wish.unknown", id=id[:256])
        return found

    async def offered(self, issuer: str, *, private: bool = False) -> builtins.list[CredentialObject]:
        """What an issuer says that it issues, as it is now. Raises `DeliveryError`."""
        return await self._resolved(issuer, (), private=private, required=True)

    async def renew(self) -> None:
        """Ask for what has two thirds of its life behind it, once; a chore."""
        now = self._clock.now()
        for issuer, kinds, private in await self._store.read(lambda view: _due(view, now)):
            await self.request(issuer, kinds, private=private)

    # --- what issuers say ---------------------------------------------------------------------------------------------

    async def deliver(self, caller: Caller, message: CredentialMessage) -> None:
        """Take what an issuer delivers, or that it refuses.

        Raises `UnknownError` `wish.unknown`: nothing of the kind was asked for, or of another issuer;
        `UnauthenticatedError` for a token used before; `MessageError` `delivery.*` where anything in it is wrong:
        nothing of it is kept then.
        """
        wish = await self._store.read(lambda view: _wished(view, caller, message))
        if message.status == "REJECTED":
            await self._store.write(
                lambda tx: self._rejected(tx, caller, wish.id, message.rejectionReason or "delivery")
            )
            return
        held = await self._deliveries.verified(wish, message)

        def act(tx: Transaction) -> None:
            admit(tx, caller)
            current = _wished(tx, caller, message)
            for one in held:
                self._keep(tx, one)
            tx.put(replace(current, state="issued", process=message.issuerPid, code=""))
            tx.after(lambda: self._errands.take(current.id))

        await self._store.write(act)

    async def offer(self, caller: Caller, message: CredentialOfferMessage) -> None:
        """An issuer says what can be had of it. One that is believed, and of which this node is a member, is asked at
        once where it offers to replace what we hold; any other offer is shown to people.

        Raises `RefusedError`: `offer.issuer` (in the name of another), `offer.stranger` (neither believed nor ever
        asked); `UnauthenticatedError` for a token used before.
        """
        if message.issuer != caller.id:
            raise RefusedError("offer.issuer")
        region = await self._store.read(lambda view: _acquainted(view, caller.id))
        known = await self._resolved(caller.id, message.credentials, private=region is not None and region.private)
        kinds = sorted({one.credentialType for one in known if one.credentialType is not UNSET})
        reasons = sorted({one.offerReason for one in message.credentials if one.offerReason is not UNSET})

        def act(tx: Transaction) -> None:
            admit(tx, caller)
            shown = " ".join(kinds) or " ".join(one.id for one in message.credentials)
            params = {"peer": caller.id, "kinds": shown[:512], "reason": " ".join(reasons)[:256]}
            tx.record(Entry(event="credential.offered", actor=caller.id, params=params))

        await self._store.write(act)
        if region is not None and region.own and kinds and set(reasons) & set(REASONS):
            await self.request(caller.id, kinds, private=region.private)

    # --- requests of ours, step by step -------------------------------------------------------------------------------

    async def _step(self, id: str) -> float | None:
        """Ask the issuer, then how far it is, until it has delivered or refused, or too long has passed."""
        wish = await self._store.read(lambda view: view.get(Wish, id))
        if wish is None or wish.state != "open":
            return None
        if self._clock.now() - wish.created > GIVE_UP:
            await self._end(wish, "wish.unanswered")
            return None
        try:
            return await (self._ask(wish) if wish.asked is None else self._poll(wish))
        except _OverError as over:
            await self._end(wish, over.reason.code)
            return None

    async def _ask(self, wish: Wish) -> float | None:
        objects = await self._resolved(wish.issuer, (), private=wish.private, required=True)
        ids = _ids_of(objects, wish.kinds)
        message = CredentialRequestMessage(holderPid=wish.id, credentials=tuple(dcp.Wanted(id=id) for id in ids))
        grant = self._passes.issue(wish.issuer, self._clock.now(), self._ids.token())
        reply = await self._called(wish, "/credentials", message, grant=grant)

        def act(tx: Transaction) -> None:
            current = tx.get(Wish, wish.id)
            # The delivery may have come before the answer.
            if current is not None and current.state == "open":
                tx.put(replace(current, process=_named(reply), asked=self._clock.now()))

        await self._store.write(act)
        return FIRST_POLL

    async def _poll(self, wish: Wish) -> float | None:
        age = (self._clock.now() - wish.created) / SECOND
        wait = min(max(age / 4, FIRST_POLL), LONGEST_POLL)
        if wish.process == UNNAMED:
            return wait
        try:
            reply = await self._calls.call(
                wish.issuer, "IssuerService", f"/requests/{wish.process}", private=wish.private
            )
            status = dcp.decode(reply.body, CredentialStatus)
        except DeliveryError as error:
            if error.reason.params.get("status") == "404":
                await self._store.write(lambda tx: _ask_again(tx, wish.id))  # it has forgotten us
                return FIRST_POLL
            raise
        if status.status == "REJECTED":
            raise _OverError("wish.rejected")
        return wait

    async def _called(self, wish: Wish, path: str, message: CredentialRequestMessage, *, grant: str) -> Reply:
        """The issuer's answer. Raises `_OverError` where it will never be another one."""
        reply = await self._calls.exchange(
            wish.issuer, "IssuerService", path, message, private=wish.private, grant=grant, code=wish.code
        )
        if str(reply.status) in _FINAL:
            raise _OverError(_code_of(reply))
        if not 200 <= reply.status < 300:
            raise DeliveryError("peer.status", status=str(reply.status))
        return reply

    async def _end(self, wish: Wish, why: str) -> None:
        await self._store.write(lambda tx: self._over(tx, wish.id, why, actor=self._did))

    def _rejected(self, tx: Transaction, caller: Caller, id: str, why: str) -> None:
        """`why` is a text of the issuer: kept in the log, told to people only where it is a code."""
        admit(tx, caller)
        code = why if len(why) <= 64 and _CODE.fullmatch(why) else "wish.rejected"
        self._over(tx, id, code, actor=caller.id, said=why[:512])

    def _over(self, tx: Transaction, id: str, why: str, *, actor: str, said: str = "") -> None:
        """A request that got nothing; one that was answered stays answered."""
        wish = tx.get(Wish, id)
        if wish is None or wish.state != "open":
            return
        tx.put(replace(wish, state="rejected", rejected=why, code=""))
        params = {"peer": wish.issuer, "kinds": " ".join(wish.kinds), "why": why, "said": said, "request": wish.id}
        tx.record(Entry(event="credential.rejected", actor=actor, params=params))
        tx.after(lambda: self._errands.take(id))

    # --- what is looked up --------------------------------------------------------------------------------------------

    async def _resolved(
        self, issuer: str, objects: Sequence[CredentialObject], *, private: bool, required: bool = False
    ) -> builtins.list[CredentialObject]:
        """These objects, each that is only named by what the issuer's metadata say; all of the metadata with
        `required`, which raises `DeliveryError`. Otherwise what cannot be resolved is left as it is."""
        if not required and all(one.credentialType is not UNSET for one in objects):
            return list(objects)
        try:
            reply = await self._calls.call(issuer, "IssuerService", "/metadata", private=private)
            found = dcp.decode(reply.body, IssuerMetadata)
        except (DeliveryError, MessageError) as error:
            if required:
                raise DeliveryError("peer.metadata", peer=issuer[:256], why=error.reason.code) from error
            return list(objects)
        if found.issuer != issuer:
            raise DeliveryError("peer.metadata", peer=issuer[:256], why="issuer")
        supported = {one.id: one for one in found.credentialsSupported}
        return list(supported.values()) if required else [supported.get(one.id, one) for one in objects]

    def _keep(self, tx: Transaction, one: HeldCredential) -> None:
        """Keep a credential in the place of what it replaces."""
        same_id = tx.get(HeldCredential, one.id)
        if same_id is not None and same_id.issuer != one.issuer:
            raise MessageError("delivery.id")
        for old in tx.select(HeldCredential, kind=one.kind, issuer=one.issuer, limit=_PAGE):
            if old.profile == one.profile:
                tx.delete(HeldCredential, old.id)
        tx.put(one)
        params = {"peer": one.issuer, "kind": one.kind, "credential": one.id, "profile": one.profile}
        tx.record(Entry(event="credential.received", actor=one.issuer, params=params))
        for tell in self.told:
            tell(tx, one)


class _OverError(NodeError):
    """A request of ours that will not be granted, however often it is made."""


def _wished(view: Reading, caller: Caller, message: CredentialMessage) -> Wish:
    """The request of ours that a delivery answers. One that we have given up is nobody's to answer."""
    wish = None if message.holderPid is UNSET else view.get(Wish, message.holderPid)
    if wish is None or wish.issuer != caller.id or wish.state == "rejected":
        raise UnknownError("wish.unknown")
    return wish


def _acquainted(view: Reading, issuer: str) -> Region | None:
    """The region where it is believed; None for an issuer that was asked once. Raises `RefusedError` for others."""
    region = view.get(Region, issuer)
    if region is None and view.find(Wish, issuer=issuer) is None:
        raise RefusedError("offer.stranger")
    return region


def _ids_of(objects: Iterable[CredentialObject], kinds: Sequence[str]) -> list[str]:
    """Ids of everything that is supported of these types. Raises `_OverError` where there is nothing of one."""
    known = [one for one in objects if one.known_profile() and one.credentialType in kinds]
    if {one.credentialType for one in known} != set(kinds):
        raise _OverError("wish.not_offered")
    return [one.id for one in known]


def _named(reply: Reply) -> str:
    """The issuer's id of a request: the last segment of where its status is (Credential Request Message)."""
    segment = reply.headers.get("location", "").rstrip("/").rsplit("/", 1)[-1]
    return segment if re.fullmatch(r"[A-Za-z0-9._~:%-]{1,256}", segment) else UNNAMED


def _code_of(reply: Reply) -> str:
    """Why the issuer refuses, where it says so in one of our codes."""
    try:
        code = msgspec.json.decode(reply.body, type=_Said).code
    except msgspec.MsgspecError:
        code = ""
    return code if len(code) <= 64 and _CODE.fullmatch(code) else "wish.refused"


def _ask_again(tx: Transaction, id: str) -> None:
    wish = tx.get(Wish, id)
    if wish is not None and wish.state == "open":
        tx.put(replace(wish, process="", asked=None))


def _open_wishes(view: Reading) -> list[Wish]:
    return view.select(Wish, state="open", limit=10_000)


def _due(view: Reading, now: int) -> list[tuple[str, tuple[str, ...], bool]]:
    """Issuers and the types that have to be had anew from them; those not that are asked for, or were just refused."""
    due: dict[str, set[str]] = {}
    for one in every(view, HeldCredential):
        if now >= one.begins + (one.ends - one.begins) * 2 // 3:
            due.setdefault(one.issuer, set()).add(one.kind)
    found = []
    for issuer, kinds in due.items():
        wishes = [w for w in view.select(Wish, issuer=issuer, limit=10_000) if kinds & set(w.kinds)]
        busy = any(w.state == "open" or (w.state == "rejected" and now < w.created + RENEW_AGAIN) for w in wishes)
        if not busy:
            found.append((issuer, tuple(sorted(kinds)), any(w.private for w in wishes)))
    return found
