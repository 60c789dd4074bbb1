"""What this node does next, and whether people have to be asked first: the owner's settings, applied.

What lives here: bind at once under a frame contract, else ask people; answer outside the published terms as the owner
set it; check an agreement before verifying it; start a transfer under an agreement in force. What does not: which move
is legal (`protocol`), comparing terms (`policies.compare`), votes (`services.approval.approvals`). Everything is
decided inside the transaction that received the message.

INVARIANT: nothing but this makes an agreement or accepts an offer, and only where a frame contract in force covers the
peer and the terms lie within the published ones or the publisher's limits, or enough people have approved exactly
these terms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from msgspec import UnsetType
from msgspec.structs import replace

from connector.ports import Clock, Ids, Transaction
from connector.protocol import negotiation, transfer
from connector.protocol.machine import Role
from connector.protocol.messages import DataAddress, JsonObject, NegotiationState, TransferState
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Approval, Ask, Asset, Entry, Frame, Outside, PublishedOffer, QuestionState
from connector.services.approval.frames import in_force
from connector.services.approval.questions import Questions
from connector.services.formats import DEVICES, offered
from connector.services.life.contracts import damaged, standing, stopped
from policies import bounds, compare, parse, render, transforms
from policies.bounds import Bounds, Reply, Verdict
from policies.model import Comparison, Difference, Policy, PolicyError, PolicyKind, Reason

N = NegotiationState

MOST_PARSED = 2_000
"""Policies that are kept parsed."""
_LONGEST_NOTE = 2000
"""Signs of what the log says of why an answer is what it is."""


class Decisions:
    """The product's decision. `address` says where the data of a transfer is to be had."""

    def __init__(
        self,
        *,
        did: str,
        clock: Clock,
        ids: Ids,
        address: Callable[[Transfer], DataAddress | UnsetType],
        questions: Questions,
    ) -> None:
        self.published = Published()
        self._did, self._clock, self._ids, self._address = did, clock, ids, address
        self._questions = questions

    def __call__(
        self, tx: Transaction, process: Negotiation | Transfer
    ) -> negotiation.Command | transfer.Command | None:
        """The next command for a process with nothing pending, or None: then it is somebody else's turn."""
        match process:
            case Negotiation(role=Role.PROVIDER):
                return self._as_provider(tx, process)
            case Negotiation():
                return self._as_consumer(tx, process)
            case Transfer():
                return self._transfer(tx, process)
            case _:
                assert_never(process)

    # --- provider -----------------------------------------------------------------------------------------------------

    def _as_provider(self, tx: Transaction, n: Negotiation) -> negotiation.Command | None:
        match n.state:
            case N.REQUESTED | N.ACCEPTED:
                question = self._questions.standing(tx, n)
                if question is not None:
                    approved = question.state is QuestionState.APPROVED
                    return negotiation.Agree(self.agreement(n)) if approved else None
                return self._answer(tx, n) if n.state == N.REQUESTED else self._conclude(tx, n)
            case N.VERIFIED:
                return negotiation.Finalize()
            case _:
                return None

    def _answer(self, tx: Transaction, n: Negotiation) -> negotiation.Command | None:
        assert n.asked is not None
        offer = tx.get(PublishedOffer, str(n.asked["@id"]))
        if offer is None or not offer.live or offer.asset != n.dataset:
            return negotiation.Terminate(Reason("offer.unknown"))
        try:
            asked = parse.from_dsp(n.asked, PolicyKind.OFFER, "/offer")
        except PolicyError as error:
            return negotiation.Terminate(not_understood(error))
        compared = compared_terms(asked, self.published.policy(offer), n.peer)
        if isinstance(compared, Reason):
            return negotiation.Terminate(compared)
        if not compared.within:
            answer = self._bounded(tx, n, offer, asked)
            if answer is None:
                return self._outside(tx, n, offer, compared.differences)
            if answer.verdict is Verdict.COUNTER:
                return negotiation.Offer(self._counter(offer, answer))
        if self._at_once(tx, n, offer):
            return negotiation.Agree(self._agreement(n, asked))
        self._ask(tx, n, offer.approval, offer.published_by)
        return None

    def _bounded(self, tx: Transaction, n: Negotiation, offer: PublishedOffer, asked: Policy) -> Reply | None:
        """What the owner's limits say to a request outside the published terms; None where they say nothing to it."""
        limits = self.published.bounds(offer)
        if limits is None:
            return None
        found = bounds.reply(limits, replace(asked, assignee=n.peer))
        if found.terms is not None and (wrong := self._wrong(offer, limits, found.terms)) is not None:
            found = Reply(Verdict.REFUSE, reasons=(wrong,))
        params = {"process": n.id, "peer": n.peer, "offer": offer.id, "verdict": found.verdict.value}
        tx.record(Entry(event="bounds.answered", actor="node", params={**params, "reasons": _noted(found.reasons)}))
        return None if found.verdict is Verdict.REFUSE else found

    def _wrong(self, offer: PublishedOffer, limits: Bounds, answer: Policy) -> Reason | None:
        """What no limit allows in an answer made of the other side's words and ours."""
        try:
            asking = _asking(answer, limits.limit, self.published.policy(offer))
        except PolicyError as error:
            return error.reason
        return None if asking is None else asking.reason

    def _counter(self, offer: PublishedOffer, answer: Reply) -> JsonObject:
        """The closest acceptable terms, as an offer of ours; whom they are for stands there only where ours say it."""
        assert answer.terms is not None
        assignee = self.published.policy(offer).assignee
        terms = replace(
            answer.terms, id=offer.id, kind=PolicyKind.OFFER, target=offer.asset, assigner=None, assignee=assignee
        )
        return render.to_dsp(terms)

    def _outside(
        self, tx: Transaction, n: Negotiation, offer: PublishedOffer, differences: tuple[Difference, ...]
    ) -> negotiation.Command | None:
        # Who asks to change a contract that stands wants an answer to that, not the published terms once more.
        answer = Outside.ASK if n.replaces and offer.outside is Outside.COUNTER else offer.outside
        match answer:
            case Outside.COUNTER:
                return negotiation.Offer({**offer.document, "target": offer.asset})
            case Outside.ASK:
                self._ask(tx, n, offer.approval, "")
                return None
            case Outside.REFUSE:
                first = differences[0].reason if differences else Reason("terms.unclear")
                return negotiation.Terminate(Reason("terms.outside", {"difference": first.code, **first.params}))
            case _:
                assert_never(answer)

    def _conclude(self, tx: Transaction, n: Negotiation) -> negotiation.Command | None:
        """The consumer has accepted our offer: whoever chose its words has no vote on them."""
        assert n.terms is not None
        offer = tx.get(PublishedOffer, str(n.terms["@id"]))
        if offer is None:
            self._ask(tx, n, Approval(), n.worded_by)
            return None
        compared = compared_terms(parse.from_dsp(n.terms, PolicyKind.OFFER), self.published.policy(offer), n.peer)
        within = isinstance(compared, Comparison) and compared.within
        if not within and (limits := self.published.bounds(offer)) is not None:
            stated = compared_terms(parse.from_dsp(n.terms, PolicyKind.OFFER), limits.limit, n.peer)
            within = isinstance(stated, Comparison) and stated.within
        if within and offer.live and offer.asset == n.dataset and self._at_once(tx, n, offer):
            return negotiation.Agree(self.agreement(n))
        # Within the published terms, or its limits, the words are the publisher's too, whoever has sent them.
        publisher = offer.published_by if within or not n.worded_by else ""
        self._ask(tx, n, offer.approval, *dict.fromkeys((n.worded_by, publisher)))
        return None

    def _at_once(self, tx: Transaction, n: Negotiation, offer: PublishedOffer) -> bool:
        """Does a frame contract, as it stands now, let us bind ourselves to this peer? It is named in the audit.

        Not where a person has stopped the data of another contract: a new one must not be a way round it.
        """
        name = offer.approval.frame
        frame = None if name is None else tx.get(Frame, name)
        if frame is None or not in_force(frame, n.peer, self._clock.now()) or stopped(tx, n.peer, n.dataset):
            return False
        params = {"process": n.id, "peer": n.peer, "frame": frame.id, "file_number": frame.file_number}
        tx.record(Entry(event="approval.frame", actor="node", params={**params, "hash": frame.hash}))
        return True

    def _ask(self, tx: Transaction, n: Negotiation, rule: Approval, *drafted_by: str) -> None:
        self._questions.ask(tx, n, Ask.AGREE, persons=rule.persons, days=rule.days, drafted_by=drafted_by)

    def agreement(self, n: Negotiation) -> JsonObject:
        """The agreement that equals the terms on the table."""
        assert n.terms is not None
        return self._agreement(n, parse.from_dsp(n.terms, PolicyKind.OFFER))

    def _agreement(self, n: Negotiation, terms: Policy) -> JsonObject:
        return render.to_dsp(
            replace(
                terms,
                id=self._ids.pid(),
                kind=PolicyKind.AGREEMENT,
                target=n.dataset,
                assigner=self._did,
                assignee=n.peer,
                timestamp=self._clock.now(),
            )
        )

    # --- consumer -----------------------------------------------------------------------------------------------------

    def _as_consumer(self, tx: Transaction, n: Negotiation) -> negotiation.Command | None:
        match n.state:
            case N.OFFERED:
                return self._accept(tx, n)
            case N.AGREED:
                return self._verify(tx, n)
            case _:
                return None

    def _accept(self, tx: Transaction, n: Negotiation) -> negotiation.Command | None:
        """A provider's offer waits for people."""
        question = self._questions.standing(tx, n)
        if question is None:
            rules = self._questions.rules
            self._questions.ask(tx, n, Ask.ACCEPT, persons=rules.accepting, days=rules.days)
            return None
        return negotiation.Accept() if (question.ask, question.state) == (Ask.ACCEPT, QuestionState.APPROVED) else None

    def _verify(self, tx: Transaction, n: Negotiation) -> negotiation.Command:
        assert n.agreement is not None
        if tx.get(Agreement, n.agreement["@id"]) is not None:
            # The id is the provider's choice: it must not take the place of another contract.
            return negotiation.Terminate(Reason("agreement.exists"))
        wrong = self.wrong_with(n)
        return negotiation.Verify() if wrong is None else negotiation.Terminate(wrong)

    def wrong_with(self, n: Negotiation) -> Reason | None:
        """Why an agreement is not what was negotiated, or None: same terms, same target, the right two parties."""
        assert n.agreement is not None
        assert n.terms is not None
        try:
            agreed = parse.from_dsp(n.agreement, PolicyKind.AGREEMENT)
            terms = parse.from_dsp(n.terms, PolicyKind.OFFER)
        except PolicyError as error:
            return error.reason
        checks = {
            "terms": compare.same_terms(agreed, terms),
            "target": agreed.target == n.dataset,
            "assigner": agreed.assigner == n.peer,
            "assignee": agreed.assignee == self._did,
            "timestamp": agreed.timestamp is not None,
        }
        wrong = [name for name, right in checks.items() if not right]
        return Reason("agreement.differs", {"parts": ", ".join(wrong)}) if wrong else None

    # --- transfer -----------------------------------------------------------------------------------------------------

    def _transfer(self, tx: Transaction, t: Transfer) -> transfer.Command | None:
        if t.role is not Role.PROVIDER or t.state not in (TransferState.REQUESTED, TransferState.STARTED):
            return None
        if t.state == TransferState.STARTED:
            return transfer.Start(self._address(t)) if t.start_due else None
        asset = tx.get(Asset, t.dataset)
        kind = asset.kind if asset is not None else ""
        if t.format not in offered(kind):
            code = "transfer.delivered" if kind == DEVICES else "transfer.format"
            return transfer.Terminate(Reason(code, {"format": t.format[:80]}))
        agreement = tx.get(Agreement, t.agreement)
        if agreement is None:
            return transfer.Terminate(Reason("agreement.ended"))
        if (why := standing(agreement, self._clock.now())) is not None:
            return transfer.Terminate(why)
        if (why := damaged(agreement)) is not None:
            return transfer.Terminate(why)
        if tx.find(Transfer, agreement=t.agreement, role=Role.PROVIDER, state=TransferState.SUSPENDED) is not None:
            # Who suspends wants the flow under this contract to stop; another transfer must not be a way round it.
            return transfer.Terminate(Reason("transfer.suspended"))
        return transfer.Start(self._address(t))


def compared_terms(asked: Policy, offered: Policy, assignee: str) -> Comparison | Reason:
    """Is what `assignee` asks within what is offered? A party that either names must be the one who asks."""
    if asked.assignee not in (None, assignee):
        return Reason("assignee.other", {"assignee": str(asked.assignee)})
    if offered.assignee not in (None, assignee):
        return Reason("offer.unknown")
    try:
        asking = _asking(asked, offered)
    except PolicyError as error:
        return not_understood(error)
    # Whoever asks is the one who will use it, whether or not the offer asked back says so again.
    compared = compare.within(replace(asked, assignee=assignee), offered)
    return Comparison(False, (*compared.differences, asking)) if asking is not None else compared


def _asking(asked: Policy, *offered: Policy) -> Difference | None:
    """What of the data as they are the other side wants to see or count by, and nobody has offered: a duty more is not
    always less. Raises `PolicyError` where one of them demands what cannot be done."""
    more = transforms.beyond(asked, *offered)
    steps = ", ".join(sorted({str(type(step).__struct_config__.tag) for step in more}))
    return Difference(Reason("beyond.asking", {"steps": steps})) if more else None


def _noted(reasons: Sequence[Reason]) -> str:
    """Reasons with what they name, for the log."""
    told = "; ".join(
        " ".join((one.code, *(f"{name}={value}" for name, value in one.params.items()))) for one in reasons
    )
    return told[:_LONGEST_NOTE]


def not_understood(error: PolicyError) -> Reason:
    """The reason for a policy that cannot be read, with its place."""
    return Reason(error.reason.code, {"place": error.where, **error.reason.params})


class Published:
    """Policies of published offers, parsed once, as long as there are no more than `MOST_PARSED`: an offer's document
    never changes."""

    def __init__(self) -> None:
        self._parsed: dict[str, Policy] = {}
        self._bounds: dict[str, Bounds] = {}

    def policy(self, offer: PublishedOffer) -> Policy:
        """The terms of an offer."""
        found = self._parsed.get(offer.id)
        if found is None:
            found = self._parsed[offer.id] = parse.from_dsp(offer.document, PolicyKind.OFFER)
            if len(self._parsed) > MOST_PARSED:
                del self._parsed[next(iter(self._parsed))]
        return found

    def bounds(self, offer: PublishedOffer) -> Bounds | None:
        """The limits of an offer; where they say nothing of notice, its own notice period counts."""
        if not offer.bounds:
            return None
        found = self._bounds.get(offer.id)
        if found is None:
            limit = bounds.read(offer.bounds.encode()).limit
            notice = limit.notice or self.policy(offer).notice
            found = self._bounds[offer.id] = Bounds(replace(limit, notice=notice))
        return found
