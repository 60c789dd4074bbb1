"""Negotiations: receive, request, offer, command. The same three lines (load, step, save) serve every message.

What lives here: how a negotiation begins, and that an agreement is kept in the transaction that puts it into force.
What does not: the table (`protocol.negotiation`), whether to agree (`services.decisions`), sending (`services.outbox`).
Source: Dataspace Protocol 2025-1, Contract Negotiation Protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from connector.errors import InputError, MessageError, TooLargeError, TransitionError, UnknownError
from connector.ports import Caller, Reading, Transaction
from connector.protocol import codec, negotiation, paths
from connector.protocol.machine import Role, Step
from connector.protocol.messages import (
    ContractNegotiation,
    ContractOfferMessage,
    ContractRequestMessage,
    JsonObject,
    NegotiationState,
)
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.records import Agreement, Ask, Participant, PublishedOffer, Question
from connector.services.addresses import callback_of
from connector.services.approval.questions import Questions
from connector.services.changes import Change
from connector.services.life.contracts import terms_end
from connector.services.life.succession import begun, replaceable, succeeded
from connector.services.processes import Done, Processes
from connector.services.proof.correspondence import keep_received
from policies.model import Reason

WAITING = (None, NegotiationState.REQUESTED, NegotiationState.OFFERED, NegotiationState.ACCEPTED)
"""Where people may have to be asked before it goes on."""
LONGEST = 200
"""Steps after which a peer's further words are not taken; what was said before can still be agreed to, and all of it is
among what is looked at as proof (`correspondence.MOST`)."""
LARGEST = 131_072
"""Bytes of a message: each one is kept as it came, and they are read together whenever a contract is looked at."""


class Negotiations(Processes[Negotiation]):
    """Use cases of a contract negotiation, in both roles."""

    kind = Negotiation
    machine = NEGOTIATION

    def __init__(self, *, questions: Questions, **ports: Any) -> None:
        super().__init__(**ports)
        self._questions = questions

    def step(self, process: Negotiation, given: Any, now: int) -> Step:
        """See `protocol.negotiation.step`. Raises `TransitionError` too where a peer bargains without end."""
        words = isinstance(given, negotiation.Received) and isinstance(
            given.message, ContractRequestMessage | ContractOfferMessage
        )
        if words and process.version >= LONGEST:
            raise TransitionError("process.long", steps=str(LONGEST))
        return negotiation.step(process, given, now)

    def path(self, process: Negotiation, move: str) -> str:
        """See `protocol.paths`."""
        return paths.negotiation_message(negotiation.Move(move), process.role, process.peer_pid)

    def ack(self, process: Negotiation) -> ContractNegotiation:
        """See `protocol.negotiation.ack`."""
        return negotiation.ack(process)

    def received(self, message: Any, body: bytes) -> negotiation.Received:
        """A read message with its exact bytes. Raises `TooLargeError`."""
        if len(body) > LARGEST:
            raise TooLargeError("http.body", limit=str(LARGEST))
        return negotiation.Received(message, body)

    def begin(self, tx: Transaction, caller: Caller, message: Any, now: int) -> Negotiation:
        """A record for a first request or a first offer; a pid that the peer used before is not a first message."""
        match message:
            case ContractRequestMessage(consumerPid=theirs, offer=offer, callbackAddress=address, replaces=old):
                role = Role.PROVIDER
            case ContractOfferMessage(providerPid=theirs, offer=offer, callbackAddress=address, replaces=old):
                role = Role.CONSUMER
            case _:
                raise MessageError("message.unexpected", place="/@type")
        if tx.find(Negotiation, peer=caller.id, peer_pid=theirs) is not None:
            raise TransitionError("process.exists", id=theirs)
        if address is UNSET:
            raise MessageError("message.callback", place="/callbackAddress")
        dataset = _target(tx, offer, role)
        if old is not UNSET:
            replaceable(tx, old, peer=caller.id, role=role, dataset=dataset, theirs=True)
        return negotiation.blank(
            id=self._ids.pid(),
            role=role,
            peer=caller.id,
            callback=callback_of(tx, caller.id, address),
            dataset=dataset,
            now=now,
            replaces="" if old is UNSET else old,
        )

    def keep(self, tx: Transaction, caller: Caller, process: Negotiation, message: Any, body: bytes) -> None:
        """See `services.proof.correspondence`."""
        keep_received(tx, caller, process, type(message).__name__, body)

    def follow(self, tx: Transaction, before: Negotiation, after: Negotiation, message: Any) -> None:
        """Keep the agreement when it comes into force, and end it should the negotiation be terminated after all.

        INVARIANT: a contract is never replaced by another one; its id is the provider's choice, so it is checked.

        The provider puts it into force when it sends FINALIZED: the consumer may ask for a transfer before our side
        has seen the acknowledgement.
        """
        if after.replaces and before.state is None and before.pending is None:
            begun(tx, after)
        if before.pending is None and before.state in WAITING:
            self._questions.moved(tx, after)
        in_force = after.state == NegotiationState.FINALIZED or after.pending == negotiation.Move.FINALIZE
        was = before.state == NegotiationState.FINALIZED or before.pending == negotiation.Move.FINALIZE
        if in_force and not was:
            made = agreement_of(after)
            kept = tx.get(Agreement, made.id)
            if kept is not None and kept.negotiation != made.negotiation:
                raise TransitionError("agreement.exists", id=made.id)
            tx.put(msgspec.structs.replace(made, expires=terms_end(made)))
            tx.after(lambda: self._changes.publish(Change("agreement", made.id)))
        elif was and not in_force and after.agreement is not None:
            kept = tx.get(Agreement, after.agreement["@id"])
            if kept is not None:
                ended = after.reason or Reason("negotiation.terminated")
                tx.put(msgspec.structs.replace(kept, in_force=False, ended=ended, closed=self._clock.now()))
                tx.after(lambda: self._changes.publish(Change("agreement", kept.id)))
        if after.replaces and after.state == NegotiationState.FINALIZED and before.state != after.state:
            for id in succeeded(tx, after, self._clock.now()):
                tx.after(partial(self._changes.publish, Change("agreement", id)))

    async def unfinished(self, *, after: str = "", limit: int = 100, **where: Any) -> list[Negotiation]:
        """Negotiations that are not over, in the order of their ids, beginning behind `after`."""
        states = [state for state in NEGOTIATION.table if not NEGOTIATION.is_terminal(state)]

        def act(view: Reading) -> list[Negotiation]:
            found: list[Negotiation] = []
            for state in states if "state" not in where else [where["state"]]:
                found += view.select(Negotiation, after=after, limit=limit, **{**where, "state": state})
            return sorted(found, key=lambda n: n.id)[:limit]

        return await self._store.read(act)

    # --- beginning ----------------------------------------------------------------------------------------------------

    async def request(
        self, operator: str, peer: str, dataset: str, offer: JsonObject, *, replaces: str = ""
    ) -> Negotiation:
        """Ask `peer` (a DID) for these terms on its dataset; `offer` carries the offer's id and the target, `replaces`
        is the contract that is to be replaced.

        Where further people have to approve it first, the record stands unsent until they do.
        Raises `InputError` where the peer is unknown, `BusyError` where its queue is full, `DeliveryError` where
        nothing may be said to it, and as `replaceable`.
        """
        await self._speaks(peer)

        def act(tx: Transaction) -> Done:
            process = self._blank(tx, Role.CONSUMER, peer, dataset, replaces)
            if not self._questions.rules.requests:
                return self.stepped(tx, process, negotiation.Request(offer, self._address, operator), operator)
            process = msgspec.structs.replace(process, asked=offer, worded_by=operator)
            tx.put(process)
            return self._draft(tx, process, offer, operator)

        return await self._begin(act)

    async def offer(
        self, operator: str, peer: str, offer: str, *, terms: JsonObject | None = None, replaces: str = ""
    ) -> Negotiation:
        """Send one of our published offers to `peer` without being asked, or other terms under its id.

        Raises as `request`.
        """
        await self._speaks(peer)

        def act(tx: Transaction) -> Done:
            published = tx.get(PublishedOffer, offer)
            if published is None or not published.live:
                raise InputError("offer.unknown", id=offer)
            process = self._blank(tx, Role.PROVIDER, peer, published.asset, replaces)
            words = terms or {**published.document, "target": published.asset}
            return self.stepped(tx, process, negotiation.Offer(words, self._address, operator), operator)

        return await self._begin(act)

    async def counter(
        self, operator: str, pid: str, words: Callable[[Negotiation], JsonObject], *, seen: int | None = None
    ) -> Negotiation:
        """Answer with other terms; `words` makes them of the record. A consumer's wait where its requests have to be
        approved. Raises as `command`, and `DeliveryError` where nothing may be said to the peer."""
        await self._speaks((await self.get(pid)).peer)

        def act(tx: Transaction, n: Negotiation) -> Done:
            if n.role is Role.PROVIDER:
                return self.stepped(tx, n, negotiation.Offer(words(n), by=operator), operator)
            request = negotiation.Request(words(n), by=operator)
            if not self._questions.rules.requests:
                return self.stepped(tx, n, request, operator)
            self.step(n, request, self._clock.now())  # may it be said at all?
            return self._draft(tx, n, request.offer, operator)

        return await self.decide(pid, act, seen=seen)

    def released(self, tx: Transaction, n: Negotiation, question: Question) -> Done:
        """Send the request that people have approved. To be called inside a transaction."""
        assert question.draft is not None  # INVARIANT: who asks for a request to go out says which
        [by] = question.drafted_by
        address = self._address if n.state is None else ""
        return self.stepped(tx, n, negotiation.Request(question.draft, address, by), "node")

    def _draft(self, tx: Transaction, n: Negotiation, offer: JsonObject, operator: str) -> Done:
        rules, drafted_by = self._questions.rules, (operator,)
        self._questions.ask(
            tx, n, Ask.REQUEST, persons=rules.requests, days=rules.days, drafted_by=drafted_by, draft=offer
        )
        return Done(process=n)

    def _blank(self, tx: Transaction, role: Role, peer: str, dataset: str, replaces: str) -> Negotiation:
        participant = tx.get(Participant, peer)
        if participant is None:
            raise InputError("peer.unknown", id=peer)
        if replaces:
            replaceable(tx, replaces, peer=peer, role=role, dataset=dataset, theirs=False)
        return negotiation.blank(
            id=self._ids.pid(),
            role=role,
            peer=peer,
            callback=participant.base,
            dataset=dataset,
            now=self._clock.now(),
            replaces=replaces,
        )

    async def _begin(self, act: Any) -> Negotiation:
        done: Done = await self._store.write(act)
        self.committed(done)
        process: Negotiation = done.process
        return process


def _target(tx: Transaction, offer: JsonObject, role: Role) -> str:
    """The dataset that an offer is about: its target, or the asset of our published offer of that id."""
    target = offer.get("target")
    if role is Role.CONSUMER:
        return str(target)
    published = tx.get(PublishedOffer, str(offer.get("@id", "")))
    if published is None:
        raise UnknownError("offer.unknown")
    if target is not None and target != published.asset:
        raise MessageError("offer.target", place="/offer/target")
    return published.asset


def agreement_of(n: Negotiation) -> Agreement:
    """The contract that a finished negotiation has made."""
    assert n.agreement is not None  # INVARIANT: the table has no way to here without an agreement
    document = codec.agreement_of(n.agreement_body)
    return Agreement(
        id=n.agreement["@id"],
        negotiation=n.id,
        role=n.role,
        peer=n.peer,
        dataset=n.dataset,
        document=n.agreement,
        message=n.agreement_body,
        hash=n.agreement_hash or codec.digest(document),
        concluded=n.updated,
    )
