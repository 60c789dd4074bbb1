"""The gate: every access to data is judged here, in one transaction with its counter and its audit entry.

What lives here: the credential of a transfer, the decision on one access, the outcome of a stream. What does not: what
a policy means (`policies.evaluate`), the answer's form (`data.stream`), cutting a running stream (`data.running`),
moving a transfer (`services.transfers`). Source: Dataspace Protocol 2025-1, Transfer Process Protocol (access is legal
only while STARTED); ODRL 2.2 `count`.

An access costs, in one transaction: three look-ups by key (transfer, agreement, asset), one audit entry, and where the
policy counts uses one look-up and one upsert of the counter and one upsert of the resume marker. Facts about the party,
the dataset and the world are looked up only where the policy names an operand that the access itself cannot answer.

Duties that are done while data leave (`policies.transforms`) count as done only for an access that was planned with
the very chain that the agreement demands; otherwise nothing leaves.

One use is one request that does not resume: a GET with `Range` from an offset above zero and `If-Range` with the ETag
of a use that was drawn under the same transfer draws nothing. HEAD, 304 and 416 are judged and audited, and draw
nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

import msgspec
import structlog
from msgspec import Struct

from connector.data.agreed import PURPOSE, SPATIAL, Agreed, Agreements
from connector.data.egress import Leaving
from connector.data.known import Known
from connector.data.rates import Rates
from connector.data.running import Running, Watch
from connector.data.tokens import LIFE, Generation, Tokens, check, note
from connector.errors import OurError, RefusedError, UnauthenticatedError, UnknownError
from connector.ports import Clock, Facts, Fault, Reading, Store, Sure, Transaction, at_once, no_fault
from connector.protocol.machine import Role
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Move, Transfer
from connector.records import Agreement, Asset, Entry, Participant
from connector.services.changes import Changes
from connector.services.life.contracts import ended
from policies import stating
from policies.facts import REQUEST_RATE
from policies.model import Access, Policy, Reason
from policies.vocabulary import READ

log = structlog.get_logger()

_KEPT = 4096
T = TypeVar("T")


Seen = Callable[[str, Policy, Access, int, int], None]
"""Told of every access that is judged: the agreement, its policy, the access, when it was, uses before it."""


def _unseen(agreement: str, policy: Policy, access: Access, now: int, count: int) -> None:
    """Nobody wants to know."""


class AccessRefusedError(RefusedError):
    """An access that may not be: every reason, the first one being the error's own."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__(reasons[0].code, **reasons[0].params)
        self.reasons = reasons


class MovedError(OurError):
    """The asset was replaced between opening it and the decision; open it again."""


class Ask(Struct, frozen=True, kw_only=True):
    """One access as asked, with what would be sent.

    `asset` as it was opened (None: gone). `draws` is False for what is no use (HEAD, 304, 416, a failed open),
    `resumes` is True where the request continues the entity `etag` or asks what it was like; `streamed` where the
    decision has to be taken again while bytes flow. `failed` says why nothing can be sent although it may. `planned`
    goes into the audit as it is. `chain` is the digest of the transforms that will be done to what is sent. `stated` is
    what else the request says of itself, by operand.
    """

    asset: Asset | None
    member: str = ""
    purpose: str | None = None
    spatial: str | None = None
    stated: Mapping[str, tuple[str, ...]] = {}
    chain: str = ""
    etag: str = ""
    draws: bool = True
    resumes: bool = False
    streamed: bool = False
    failed: Reason | None = None
    planned: Mapping[str, str] = {}


class Admission(Struct, frozen=True):
    """A permitted access: who, under which version of what, and the number of the use (None: none drawn)."""

    transfer: str
    agreement: str
    hash: str
    peer: str
    ask: Ask
    use: int | None
    watch: Judged | None = None
    number: int = 0
    """By which a data process and the control process name the stream."""


class Standing(Struct, frozen=True):
    """What a transfer is about, to be opened before the decision, and what has to be done to the data: None where it is
    not shared any more, or nothing has. Both may be out of date: the decision compares."""

    asset: Asset | None
    leaving: Leaving | None


class Allowed(Struct, frozen=True):
    """An access that would be permitted: what has to be done to the data while they leave, None where nothing has."""

    leaving: Leaving | None


class Judged(Protocol):
    """A stream that is judged while it runs; see `running.Watch`. `reasons` is why it was cut; empty until then."""

    reasons: tuple[Reason, ...]

    def on_cut(self, cut: Callable[[], None]) -> None: ...

    def end(self) -> None: ...


class Judge(Protocol):
    """What whoever sends data asks of the gate; in a data process the gate is asked over a line."""

    async def standing(self, credential: str, pid: str) -> Standing: ...

    async def allows(self, credential: str, pid: str, ask: Ask) -> Allowed | None: ...

    async def admit(self, credential: str, pid: str, ask: Ask) -> Admission: ...

    async def outcome(self, admission: Admission, event: str, **params: str) -> None: ...


class Grounds(Struct, frozen=True):
    """What a decision stands on, as loaded."""

    transfer: Transfer
    agreed: Agreed
    access: Access


class Gate:
    """The one way to the data. `key` is the grant key: whoever has it can make credentials.

    `sure` is waited for before a peer's access is judged, `stopped` says why nothing may be given to anybody. `tokens`
    makes everything that opens data; `life` is how many seconds access tokens that are renewed live.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        facts: Facts,
        key: bytes,
        changes: Changes,
        life: float = LIFE,
        fault: Fault = no_fault,
        sure: Sure = at_once,
        stopped: Callable[[], Reason | None] = lambda: None,
        judged: Callable[[str], None] = lambda outcome: None,
        seen: Seen = _unseen,
    ) -> None:
        self._sure, self._stopped, self._judged, self._seen = sure, stopped, judged, seen
        self._store, self._clock, self._fault = store, clock, fault
        self.tokens = Tokens(key, clock, life)
        self._known, self._rates = Known(facts), Rates()
        self._agreements = Agreements()
        self._assets: dict[str, Asset] = {}
        self._leaving: dict[str, Leaving | None] = {}
        self._proved: dict[str, bytes] = {}
        self._peers: dict[str, str] = {}
        self._damaged: dict[str, Reason] = {}
        self._running = Running(clock, changes, self._judge_again)

    async def close(self) -> None:
        """Stop judging running streams; each of them is cut."""
        await self._running.close()

    def damage(self) -> Reason | None:
        """A contract that was found altered on disk and is used no more, for health; the first of them."""
        return next(iter(self._damaged.values()), None)

    def rekey(self, key: bytes) -> None:
        """Make and take credentials with another key from now on; those that are out prove nothing any more."""
        self.tokens.rekey(key)
        self._proved.clear()

    def credential(self, pid: str) -> str:
        """The lasting credential of a transfer of ours: made from the pid and the grant key, stored nowhere."""
        return self.tokens.lasting(pid)

    def prove(self, credential: str, pid: str) -> Generation | None:
        """The generation of an access token, None for the lasting credential. Whether a generation still counts is
        looked at with the decision.

        Raises `UnauthenticatedError` where the credential is not the transfer's (`token.unknown`) or has ended
        (`token.expired`); compared in constant time. An access that began with a good token is finished.
        """
        if "." in credential:
            return self.tokens.read(credential, pid)
        proved = self._proved.get(pid)
        expected = proved or self.credential(pid).encode()
        if not hmac.compare_digest(credential.encode(errors="replace"), expected):
            raise UnauthenticatedError("token.unknown")
        # Only what was proved once is remembered, so that guesses cannot push it out.
        if proved is None:
            _keep(self._proved, pid, expected)
        return None

    async def standing(self, credential: str, pid: str) -> Standing:
        """What a transfer is about and under what its data leave, for whoever has its credential. Raises as `prove`,
        and `UnknownError` where there is no such transfer."""
        self.prove(credential, pid)
        known = self._assets.get(pid)
        if known is not None and pid in self._leaving:
            return Standing(known, self._leaving[pid])
        return Standing(await self.asset(pid), await self.leaving(pid))

    async def asset(self, pid: str) -> Asset | None:
        """What a transfer is about, to be opened before the decision; None where it is not shared any more.

        Only after `prove`. It may be out of date: `admit` compares and raises `MovedError`. Raises `UnknownError` where
        there is no such transfer.
        """
        if known := self._assets.get(pid):
            return known
        found = await self._store.read(lambda view: _asset_of(view, pid))
        if found is not None:
            _keep(self._assets, pid, found)
        return found

    async def leaving(self, pid: str) -> Leaving | None:
        """What has to be done to the data of a transfer while they leave; None where nothing has.

        Only after `prove`. It may be out of date: an access with another chain than the agreement's is refused. Raises
        `UnknownError` where there is no such transfer or agreement.
        """
        if pid not in self._leaving:
            _keep(self._leaving, pid, await self._store.read(lambda view: self._leaving_of(view, pid)))
        return self._leaving[pid]

    def _leaving_of(self, view: Reading, pid: str) -> Leaving | None:
        transfer = _transfer(view, pid)
        agreement = view.get(Agreement, transfer.agreement)
        if agreement is None:
            raise UnknownError("transfer.unknown")
        try:
            chain = self._agreements.read(agreement).chain
        except RefusedError:
            return None  # The decision says why, and refuses.
        consumers = dict.fromkeys((agreement.named or transfer.peer, transfer.peer))
        return None if chain is None else Leaving(agreement.id, tuple(consumers), agreement.dataset, chain)

    async def allows(self, credential: str, pid: str, ask: Ask) -> Allowed | None:
        """Under what the data may leave, as things are now; None where the access would be refused. Asked before
        anything is done for it that leaves a trace with what the consumer was told, or costs a silo work; nothing is
        drawn or audited. Raises as `admit` for a wrong credential."""
        generation = self.prove(credential, pid)
        await self._sure(self._peers.get(pid) or await self._peer_of(pid))
        found = await self._store.read(lambda view: self._allowed(view, pid, ask, generation))
        if found is not None and found.leaving is not None:
            _keep(self._leaving, pid, msgspec.structs.replace(found.leaving, only_again=False))
        return found

    def _allowed(self, view: Reading, pid: str, ask: Ask, generation: Generation | None) -> Allowed | None:
        if generation is not None:
            check(view, pid, generation)
        try:
            grounds = self._grounds(view, _transfer(view, pid), ask)
        except AccessRefusedError:
            return None
        leaving = self._leaving_of(view, pid)
        used = view.drawn(f"uses:{grounds.agreed.agreement.id}") if grounds.agreed.counts else 0
        if self._would(grounds, used):
            return Allowed(leaving)
        # What continues a use is judged as that use: at worst it was the last one. Whether it is one shows later.
        if not (ask.resumes and used > 0 and self._would(grounds, used - 1)):
            return None
        return Allowed(None if leaving is None else msgspec.structs.replace(leaving, only_again=True))

    def _would(self, grounds: Grounds, count: int) -> bool:
        try:
            self._evaluate(grounds, count)
        except AccessRefusedError:
            return False
        return True

    async def admit(self, credential: str, pid: str, ask: Ask) -> Admission:
        """Judge one access; returns when decision, counter and audit entry are on disk.

        An admission with a `watch` must be given back to `outcome`. Raises `UnauthenticatedError`; `UnknownError` where
        there is no such transfer; `AccessRefusedError` with every reason, audited; `MovedError`, `StoreError` and
        `BusyError`, nothing kept.
        """
        generation = self.prove(credential, pid)
        await self._sure(self._peers.get(pid) or await self._peer_of(pid))
        # A stream is watched from before the decision: no change slips in between the two.
        watch = self._running.begin(pid) if ask.streamed else None
        try:
            done = await self._store.write(lambda tx: self._admit(tx, pid, ask, watch, generation))
        except BaseException as error:
            if watch is not None:
                watch.end()
            if isinstance(error, MovedError):
                self._assets.pop(pid, None)
            raise
        if isinstance(done, AccessRefusedError):
            if watch is not None:
                watch.end()
            self._leaving.pop(pid, None)
            self._judged("refused")
            raise done
        self._judged(_event(ask).removeprefix("access."))
        self._fault("gate.admitted")
        if watch is not None:
            watch.judged(done, done.agreement, done.peer)
        return done

    async def _peer_of(self, pid: str) -> str:
        """Whose transfer this is, remembered. Raises `UnknownError`."""
        found = await self._store.read(lambda view: _transfer(view, pid).peer)
        _keep(self._peers, pid, found)
        return found

    async def outcome(self, admission: Admission, event: str, **params: str) -> None:
        """Audit how a stream ended: `access.finished`, `access.cut`, `access.broken`, with bytes and hash."""
        if admission.watch is not None:
            admission.watch.end()
        entry = Entry(event=event, actor=admission.peer, params={**_about(admission), **params})
        await self._store.write(lambda tx: tx.record(entry))

    def _admit(
        self, tx: Transaction, pid: str, ask: Ask, watch: Watch | None, generation: Generation | None
    ) -> Admission | AccessRefusedError:
        transfer = _transfer(tx, pid)
        if generation is not None:
            note(tx, pid, generation)
        try:
            grounds = self._grounds(tx, transfer, ask)
            self._same_asset(tx, grounds, ask)
            use, rule = self._draw(tx, grounds, ask)
            self._rates.note(grounds.agreed.agreement.id, grounds.agreed.windows, self._clock.now())
        except AccessRefusedError as refusal:
            tx.record(_refusal(transfer, ask, refusal))
            return refusal
        agreement = grounds.agreed.agreement
        done = Admission(pid, agreement.id, agreement.hash, transfer.peer, ask, use, watch)
        tx.record(Entry(event=_event(ask), actor=transfer.peer, params=_permitted(done, grounds, rule)))
        self._fault("gate.deciding")
        return done

    def _same_asset(self, view: Reading, grounds: Grounds, ask: Ask) -> None:
        """Raises where what was opened is not what is shared now."""
        asset, opened = view.get(Asset, grounds.access.target), ask.asset
        if asset is None:
            raise AccessRefusedError((Reason("asset.withdrawn", {"dataset": grounds.access.target}),))
        if asset is opened:
            return
        if asset != opened:
            raise MovedError("asset.moved")
        # The next access opens this very record, so that there is nothing to compare.
        if self._assets.get(grounds.transfer.id) is opened:
            self._assets[grounds.transfer.id] = asset

    def _draw(self, tx: Transaction, grounds: Grounds, ask: Ask) -> tuple[int | None, str]:
        """Evaluate, and draw where the policy counts. INVARIANT: the number drawn is the number that was judged."""
        agreed, pid = grounds.agreed, grounds.transfer.id
        if not agreed.counts:
            return None, self._first(grounds, 0)
        key, resumed = f"uses:{agreed.agreement.id}", f"resume:{pid}:{ask.etag}"
        drawn = tx.drawn(key)
        if ask.resumes and (first := tx.drawn(resumed)):
            return None, self._first(grounds, first - 1 if first <= drawn else drawn)
        rule = self._first(grounds, drawn)
        if not ask.draws:
            return None, rule
        use = tx.draw(key)
        tx.draw(resumed)
        return use, rule

    def _first(self, grounds: Grounds, count: int) -> str:
        """Evaluate an access that was not judged before; what is true in it is counted later, elsewhere."""
        agreed = grounds.agreed
        self._seen(agreed.agreement.id, agreed.policy, grounds.access, self._clock.now(), count)
        return self._evaluate(grounds, count)

    def _evaluate(self, grounds: Grounds, count: int) -> str:
        agreed = grounds.agreed
        try:
            decision = agreed.terms.decide(grounds.access, self._clock.now(), count)
        except Exception as error:
            # Fail closed. What the error says may be the peer's words, so only its kind is told.
            log.critical("decision.failed", agreement=agreed.agreement.id, error=type(error).__name__)
            raise AccessRefusedError((Reason("policy.failed"),)) from None
        if not decision.permit:
            unknown = tuple(Reason("fact.unknown", {"operand": operand}) for operand in decision.unknown)
            raise AccessRefusedError(decision.reasons or unknown or (Reason("policy.refused"),))
        return decision.rule or ""

    def _grounds(self, view: Reading, transfer: Transfer, ask: Ask, *, again: bool = False) -> Grounds:
        """Load what the decision stands on; `again`: of an access that was admitted before. Raises `AccessRefusedError`
        where transfer or agreement is not in force, or the data would leave otherwise than they may."""
        agreement = view.get(Agreement, transfer.agreement)
        if (reason := _not_in_force(transfer, agreement, self._clock.now())) is not None:
            raise AccessRefusedError((reason,))
        assert agreement is not None
        peer = view.get(Participant, transfer.peer)
        if peer is None:
            raise AccessRefusedError((Reason("peer.unknown", {"id": transfer.peer}),))
        if (barred := peer.barred(self._clock.now())) is not None:
            raise AccessRefusedError((barred,))
        try:
            agreed = self._agreements.read(agreement)
        except RefusedError as error:
            log.critical("agreement.unusable", agreement=agreement.id, code=error.reason.code)
            if error.reason.code == "agreement.damaged":
                _keep(self._damaged, agreement.id, error.reason)
            raise AccessRefusedError((error.reason,)) from None
        if agreed.chain is not None and ask.chain != agreed.chain.digest:
            raise AccessRefusedError((Reason("transform.undone"),))
        values = self._values(view, transfer.peer, agreed, ask, again)
        # A contract that has gone over is the successor's: it stands where the text names the one before it.
        assignee = agreement.named or transfer.peer
        return Grounds(transfer, agreed, Access(READ, assignee, agreement.dataset, values, performed=agreed.done))

    def _values(
        self, view: Reading, party: str, agreed: Agreed, ask: Ask, again: bool
    ) -> Mapping[str, tuple[str, ...]]:
        """What is known of an access."""
        now, said = self._clock.now(), dict(ask.stated)
        for left, value in ((PURPOSE, ask.purpose), (SPATIAL, ask.spatial)):
            if value is not None:
                said[left] = (value,)
        values = self._known.of(view, party, agreed, said, now)
        if agreed.windows:
            measured = self._rates.measured(agreed.agreement.id, agreed.windows, now, ahead=0 if again else 1)
            values = {**values, REQUEST_RATE: measured}
        return values

    async def _judge_again(self, admissions: list[Admission]) -> list[tuple[Reason, ...]]:
        """Of each running stream, why it may not go on; empty where it may."""
        if (why := self._stopped()) is not None:
            return [(why,)] * len(admissions)
        return await self._store.read(lambda view: [self._again(view, admission) for admission in admissions])

    def _again(self, view: Reading, admission: Admission) -> tuple[Reason, ...]:
        """The decision on a running stream, as its own use. Another version of the agreement refuses."""
        try:
            transfer = _transfer(view, admission.transfer)
            grounds = self._grounds(view, transfer, admission.ask, again=True)
            if grounds.agreed.agreement.hash != admission.hash:
                return (Reason("agreement.changed", {"agreement": admission.agreement}),)
            if view.get(Asset, grounds.access.target) != admission.ask.asset:
                return (Reason("asset.withdrawn", {"dataset": grounds.access.target}),)
            self._evaluate(grounds, (admission.use or 1) - 1)
        except AccessRefusedError as refusal:
            return refusal.reasons
        except UnknownError as error:
            return (error.reason,)
        return ()


def _keep(known: dict[str, T], key: str, value: T) -> None:
    """Remember, within bounds."""
    if len(known) >= _KEPT:
        del known[next(iter(known))]
    known[key] = value


def _transfer(view: Reading, pid: str) -> Transfer:
    transfer = view.get(Transfer, pid)
    if transfer is None or transfer.role is not Role.PROVIDER:
        raise UnknownError("transfer.unknown")
    return transfer


def _asset_of(view: Reading, pid: str) -> Asset | None:
    return view.get(Asset, _transfer(view, pid).dataset)


def _not_in_force(transfer: Transfer, agreement: Agreement | None, now: int) -> Reason | None:
    """Why transfer and agreement do not carry an access, or None."""
    if agreement is None or agreement.role != Role.PROVIDER or agreement.peer != transfer.peer:
        return Reason("agreement.unknown", {"agreement": transfer.agreement})
    # An end that is due holds at once, whether or not anybody has written down yet that it has come.
    if (over := ended(agreement, now)) is not None:
        return over
    # A pending start is enough: who holds the credential has our start message, acknowledged or not. A pending end or
    # suspension of ours holds at once.
    open_now = transfer.pending == Move.START or (transfer.state == TransferState.STARTED and transfer.pending is None)
    if not open_now or transfer.ending is not None:
        return agreement.held or Reason("transfer.state", {"state": transfer.state or "-"})
    return agreement.held


def _event(ask: Ask) -> str:
    if ask.failed is not None:
        return "access.unserved"
    return "access.permitted" if ask.draws else "access.examined"


def _about(admission: Admission) -> dict[str, str]:
    about = {"transfer": admission.transfer, "agreement": admission.agreement, "hash": admission.hash}
    if admission.ask.member:
        about["member"] = admission.ask.member
    if admission.ask.etag:
        about["etag"] = admission.ask.etag
    return about


def _permitted(admission: Admission, grounds: Grounds, rule: str) -> dict[str, str]:
    """The entry of a permitted access; names the version of the terms together with the rule that decided."""
    params = _about(admission)
    params["dataset"] = grounds.access.target
    params["rule"] = rule
    for name, operand in (("purpose", PURPOSE), ("spatial", SPATIAL)):
        if value := grounds.access.values.get(operand):
            params[name] = value[0]
    if admission.ask.stated:
        params["stated"] = stating.written(admission.ask.stated)
    if admission.use is not None:
        params["use"] = str(admission.use)
    if admission.ask.failed is not None:
        params["reason"] = admission.ask.failed.code
    params.update(admission.ask.planned)
    return params


def _refusal(transfer: Transfer, ask: Ask, refusal: AccessRefusedError) -> Entry:
    params = {
        "transfer": transfer.id,
        "agreement": transfer.agreement,
        "dataset": transfer.dataset,
        "reason": " ".join(reason.code for reason in refusal.reasons),
    }
    if ask.member:
        params["member"] = ask.member
    return Entry(event="access.refused", actor=transfer.peer, params=params)
