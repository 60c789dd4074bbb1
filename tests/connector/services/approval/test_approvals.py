"""People decide: who may, on what, until when; what crosses; what the peer gets to know."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connector.errors import BusyError, InputError, RefusedError, TransitionError
from connector.ports import Transaction
from connector.protocol import negotiation
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Approval, Outside, Participant, PublishedOffer, Question, Right, Vouch
from connector.services.approval.questions import DAY, Rules
from connector.services.outbox import Limits
from policies import parse
from policies.model import PolicyKind, Reason
from policies.terms import Terms
from tests.connector.services.approval.test_proposals import proposals
from tests.connector.services.world import FINAL, Neighbour, neighbours, settled
from tests.harness.virtual import run

TERMS = Terms(count=3)
BEYOND = Terms(count=30)
ONE, TWO = Approval(), Approval(persons=2)
MICROSECOND = 1e-6


async def asked(
    utility: Neighbour, city: Neighbour, offer: PublishedOffer, terms: Terms | None = None, state: str = "REQUESTED"
) -> tuple[Negotiation, str]:
    """A request of the utility that has arrived and led to `state`: its record, and the city's pid."""
    n = await utility.negotiations.request("jo", city.did, offer.asset, await utility.terms_of(city, offer, terms))
    n = await settled(utility.negotiations, n.id, (state, *FINAL))
    return n, n.peer_pid


async def question(node: Neighbour, pid: str) -> Question:
    found = await node.store.read(lambda view: view.get(Question, pid))
    assert found is not None
    return found


async def events(node: Neighbour, prefix: str = "approval.") -> list[str]:
    entries = [msgspec.json.decode(one.body) for one in await node.audit()]
    return [one["event"].removeprefix(prefix) for one in entries if one["event"].startswith(prefix)]


async def refusal(node: Neighbour, operator: str, pid: str, *, seen: int | None = None) -> str:
    with pytest.raises((InputError, RefusedError, TransitionError)) as wrong:
        await node.approvals.approve(operator, pid, seen=seen)
    return wrong.value.reason.code


def test_without_a_frame_a_person_agrees_and_never_the_publisher(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.people("mayor", role=Right.ADMIN)
        offer = await city.publish(TERMS, approval=ONE)
        n, p = await asked(utility, city, offer)
        assert n.state == "REQUESTED"
        assert await refusal(city, "mayor", p) == "approval.own_draft"
        await city.approvals.approve("anna", p, reason="as discussed")
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        [vote] = (await question(city, p)).votes
        assert (vote.operator, vote.reason) == ("anna", "as discussed")
        assert await refusal(city, "jo", p) == "approval.nothing"

    run(story)


def test_beyond_the_terms_the_words_are_the_peers_and_the_publisher_may(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.people("mayor", role=Right.ADMIN)
        n, p = await asked(utility, city, await city.publish(TERMS, Outside.ASK, approval=ONE), BEYOND)
        await city.approvals.approve("mayor", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_two_people_are_two_people(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=TWO))
        await city.approvals.approve("anna", p)
        assert await refusal(city, "anna", p) == "approval.voted"
        await asyncio.sleep(60)
        assert (await utility.negotiations.get(n.id)).state == "REQUESTED"
        await city.approvals.approve("jo", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert await events(city) == ["asked", "voted", "voted", "approved"]

    run(story)


def test_two_votes_at_the_same_instant_make_one_agreement(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.people("mia")
        n, p = await asked(utility, city, await city.publish(TERMS, approval=TWO))
        votes = await asyncio.gather(
            *(city.approvals.approve(name, p) for name in ("anna", "jo", "mia", "anna")), return_exceptions=True
        )
        assert sum(isinstance(vote, Negotiation) for vote in votes) == 2
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert len(await city.store.read(lambda view: view.select(Agreement))) == 1
        assert sum(b"ContractAgreementMessage" in body for _, body in city.sent) == 1

    run(story)


def test_only_those_with_the_right_vote(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.people("eve", role=Right.AUDITOR)
        _, p = await asked(utility, city, await city.publish(TERMS, approval=ONE))
        for nobody in ("eve", "stranger", "node", ""):
            assert await refusal(city, nobody, p) == "approval.right"

    run(story)


@pytest.mark.parametrize("back", [False, True])
def test_who_was_removed_after_voting_does_not_count(tmp_path: Path, back: bool) -> None:
    """Nor does a namesake who comes later, until voting too."""

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.people("boss", role=Right.ADMIN)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=TWO))
        await city.approvals.approve("anna", p)
        await asyncio.sleep(1)
        await city.operators.remove("boss", "anna")
        await asyncio.sleep(1)
        if back:
            await city.people("anna")
        await city.approvals.approve("jo", p)
        await asyncio.sleep(60)
        assert (await utility.negotiations.get(n.id)).state == "REQUESTED"
        await city.approvals.approve("anna" if back else "boss", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_a_vote_that_crosses_new_words_does_not_count(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK, approval=TWO)
        n, p = await asked(utility, city, offer, BEYOND)
        await city.approvals.approve("anna", p)
        seen = (await city.negotiations.get(p)).version
        await proposals(city, utility).counter("mayor", p, Terms(count=10))
        await settled(utility.negotiations, n.id, ("OFFERED",))
        assert await refusal(city, "jo", p, seen=seen) == "process.moved"
        assert await refusal(city, "jo", p) == "approval.nothing"
        await proposals(utility, city).counter("jo", n.id, Terms(count=20))
        await settled(utility.negotiations, n.id, ("REQUESTED",))
        assert (await question(city, p)).votes == ()
        assert await refusal(city, "jo", p, seen=seen) == "process.moved"
        assert await refusal(city, "jo", p) == "approval.unseen"
        seen = (await city.negotiations.get(p)).version
        await city.approvals.approve("jo", p, seen=seen)
        assert (await city.negotiations.get(p)).pending is None
        await city.approvals.approve("anna", p, seen=seen)
        n = await settled(utility.negotiations, n.id, FINAL)
        assert n.state == "FINALIZED"
        assert parse.from_dsp(n.agreement or {}, PolicyKind.AGREEMENT).rules == parse.from_dsp(n.asked or {}).rules

    run(story)


def test_who_wrote_a_counter_offer_has_no_vote_on_it(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK)
        n, p = await asked(utility, city, offer, BEYOND)
        await proposals(city, utility).counter("anna", p, Terms(count=10))
        await settled(utility.negotiations, n.id, ("OFFERED",))
        assert (await question(utility, n.id)).ask == "accept"
        await utility.approvals.approve("jo", n.id)
        await settled(utility.negotiations, n.id, ("ACCEPTED",))
        assert await refusal(city, "anna", p) == "approval.own_draft"
        await city.approvals.approve("jo", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_the_published_terms_once_more_bind_at_once_under_a_frame_when_accepted(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, _ = await asked(utility, city, await city.publish(TERMS), BEYOND, "OFFERED")
        assert n.state == "OFFERED"
        await utility.approvals.approve("jo", n.id)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert await events(city) == ["frame"]

    run(story)


@pytest.mark.parametrize("how", ["retired", "ended", "others"])
def test_a_frame_is_looked_at_when_it_is_to_bind(tmp_path: Path, how: str) -> None:
    """It was in force when the terms were offered again, and is no more when they are accepted."""

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        until = city.clock.now() + 10_000_000
        frame: dict[str, Any] = {"title": "t", "file_number": "1", "hash": "0" * 64, "signatories": ["A"]}
        if how == "others":
            await city.store.write(lambda tx: tx.put(msgspec.structs.replace(_known(tx, utility), id="did:web:third")))
            await city.frames.add("boss", "f", parties=["did:web:third"], **frame)
        else:
            await city.frames.add("boss", "f", parties=[utility.did], until=until, **frame)
        offer = await city.publish(TERMS, approval=Approval(frame="f"))
        n, p = await asked(utility, city, offer, BEYOND, "OFFERED")
        if how == "retired":
            await city.frames.retire("boss", "f")
        if how == "ended":
            await asyncio.sleep(10)
        await utility.approvals.approve("jo", n.id)
        await settled(utility.negotiations, n.id, ("ACCEPTED",))
        await asyncio.sleep(60)
        assert (await question(city, p)).drafted_by == ("mayor",)
        await city.approvals.approve("anna", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def _known(tx: object, other: Neighbour) -> Participant:
    found = tx.get(Participant, other.did)  # type: ignore[attr-defined]
    assert isinstance(found, Participant)
    return found


def test_a_no_ends_it_with_the_reason_and_anybody_may_say_no(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=TWO))
        await city.approvals.approve("anna", p)
        await city.approvals.decline("mayor", p, "no staff for it")
        n = await settled(utility.negotiations, n.id, FINAL)
        assert n.state == "TERMINATED"
        assert n.reason is not None
        assert n.reason.params["text"] == "no staff for it"
        assert (await question(city, p)).state == "declined"
        assert await refusal(city, "jo", p) == "approval.nothing"

    run(story)


def test_what_nobody_decides_ends_in_time_after_two_reminders(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=Approval(days=10)))
        began = (await question(city, p)).asked
        for day, expected in ((4.9, 0), (5.1, 1), (5.2, 1), (8.9, 1), (9.1, 2), (9.9, 2)):
            await asyncio.sleep((began + round(day * DAY) - city.clock.now()) * MICROSECOND)
            await city.approvals.look()
            await city.approvals.look()
            assert (await question(city, p)).reminded == expected
        await asyncio.sleep(DAY * MICROSECOND)
        assert await refusal(city, "anna", p) == "approval.late"
        await city.approvals.look()
        n = await settled(utility.negotiations, n.id, FINAL)
        assert (n.state, n.reason and n.reason.params["code"]) == ("TERMINATED", "approval.late")
        assert await events(city) == ["asked", "reminded", "reminded", "late"]

    run(story)


def test_a_deadline_that_passed_while_the_node_was_off(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=Approval(days=10)))
        await asyncio.sleep(9.5 * DAY * MICROSECOND)
        await city.approvals.look()
        assert (await question(city, p)).reminded == 2
        assert await events(city) == ["asked", "reminded"]
        await asyncio.sleep(30 * DAY * MICROSECOND)
        await city.approvals.look()
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "TERMINATED"

    run(story)


def test_a_full_queue_keeps_neither_vote_nor_lateness(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(waiting=1))
        n, p = await asked(utility, city, await city.publish(TERMS, approval=ONE))
        await asyncio.sleep(1)
        city.lost = lambda method, url: True
        await asked(utility, city, await city.publish(TERMS, name="other"))
        with pytest.raises(BusyError):
            await city.approvals.approve("anna", p)
        assert (await question(city, p)).votes == ()
        city.lost = lambda method, url: False
        await asyncio.sleep(600)
        await city.approvals.approve("anna", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"changed": Reason("peer.keys_changed")}, "peer.keys_changed"),
        (
            {"pinned": False, "vouch": Vouch(region="", checked=1, until=2, refused=Reason("trust.revoked"))},
            "trust.revoked",
        ),
        ({"pinned": False, "vouch": Vouch(region="did:web:r", checked=1, until=2)}, ""),
    ],
)
def test_nothing_is_agreed_with_somebody_for_whom_nobody_vouches(
    tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        _, p = await asked(utility, city, await city.publish(TERMS, approval=ONE))

        def refuse(tx: Transaction) -> None:
            peer = tx.get(Participant, utility.did)
            assert peer is not None
            tx.put(replace(peer, **change))

        await city.store.write(refuse)
        if code:
            assert await refusal(city, "anna", p) == code
        else:
            await city.approvals.approve("anna", p)

    run(story)


def test_an_offer_that_is_retired_binds_nobody_any_more(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK, approval=ONE)
        n, p = await asked(utility, city, offer, BEYOND)
        await city.offers.retire("mayor", offer.id)
        assert await refusal(city, "anna", p) == "approval.retired"
        await proposals(city, utility).counter("mayor", p, Terms(count=10))
        n = await settled(utility.negotiations, n.id, ("OFFERED",))
        await utility.approvals.approve("jo", n.id)
        await settled(utility.negotiations, n.id, ("ACCEPTED",))
        await city.approvals.approve("anna", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


# --- the consumer's own people ----------------------------------------------------------------------------------------


def test_a_request_waits_for_a_colleague_before_it_goes_out(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, rules=Rules(requests=1))
        offer = await city.publish(TERMS)
        wanted = await utility.terms_of(city, offer)
        n = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        await asyncio.sleep(60)
        n = await utility.negotiations.get(n.id)
        assert (n.state, n.pending, utility.sent) == (None, None, [])
        assert await refusal(utility, "jo", n.id) == "approval.own_draft"
        await utility.approvals.approve("anna", n.id)
        n = await settled(utility.negotiations, n.id, FINAL)
        assert (n.state, n.worded_by, n.earlier) == ("FINALIZED", "jo", ())

    run(story)


def test_a_request_that_is_declined_never_goes_out(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, rules=Rules(requests=1))
        offer = await city.publish(TERMS)
        n = await utility.negotiations.request("jo", city.did, offer.asset, await utility.terms_of(city, offer))
        n = await utility.approvals.decline("jo", n.id, "a slip")
        assert (n.state, n.reason) == ("TERMINATED", Reason("operator.ended", {"text": "a slip"}))
        late = await utility.negotiations.request("jo", city.did, offer.asset, await utility.terms_of(city, offer))
        await asyncio.sleep(15 * DAY * MICROSECOND)
        await utility.approvals.look()
        assert (await utility.negotiations.get(late.id)).reason == Reason("approval.late")
        assert utility.sent == []

    run(story)


def test_a_counter_request_waits_too_and_answers_what_it_was_written_for(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, rules=Rules(requests=1, accepting=2))
        offer = await city.publish(TERMS)
        n = await utility.negotiations.request("jo", city.did, offer.asset, await utility.terms_of(city, offer, BEYOND))
        await utility.approvals.approve("anna", n.id)
        await settled(utility.negotiations, n.id, ("OFFERED",))
        assert (await question(utility, n.id)).needed == 2
        await utility.approvals.approve("jo", n.id)
        await proposals(utility, city).counter("jo", n.id, Terms(count=2))
        drafted = await question(utility, n.id)
        assert (drafted.ask, drafted.drafted_by, drafted.votes) == ("request", ("jo",), ())
        assert await refusal(utility, "jo", n.id) == "approval.own_draft"
        await utility.approvals.approve("anna", n.id)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        told = ["asked", "voted", "approved", "asked", "voted", "void", "asked", "voted", "approved"]
        assert await events(utility) == told

    run(story)


def test_an_offer_without_being_asked_waits_on_both_sides(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, approval=ONE)
        p = await city.negotiations.offer("jo", utility.did, offer.id)
        p = await settled(city.negotiations, p.id, ("OFFERED",))
        await utility.approvals.approve("jo", p.peer_pid)
        await settled(city.negotiations, p.id, ("ACCEPTED",))
        assert await refusal(city, "jo", p.id) == "approval.own_draft"
        await city.approvals.approve("anna", p.id)
        assert (await settled(utility.negotiations, p.peer_pid, FINAL)).state == "FINALIZED"

    run(story)


def test_whose_published_words_another_sends_has_no_vote_on_them(tmp_path: Path) -> None:
    """Nobody gets around the rule by having a colleague send the offer."""

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.people("mayor", role=Right.ADMIN)
        offer = await city.publish(TERMS, approval=ONE)
        p = await city.negotiations.offer("jo", utility.did, offer.id)
        p = await settled(city.negotiations, p.id, ("OFFERED",))
        await utility.approvals.approve("jo", p.peer_pid)
        await settled(city.negotiations, p.id, ("ACCEPTED",))
        assert await refusal(city, "mayor", p.id) == await refusal(city, "jo", p.id) == "approval.own_draft"
        await city.approvals.approve("anna", p.id)
        assert (await settled(utility.negotiations, p.peer_pid, FINAL)).state == "FINALIZED"

    run(story)


# --- rounds and what was before --------------------------------------------------------------------------------------


def test_rounds_are_kept_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK, approval=ONE)
        n, p = await asked(utility, city, offer, BEYOND)
        for count in (4, 5, 6):
            await proposals(city, utility).counter("mayor", p, Terms(count=count))
            await settled(utility.negotiations, n.id, ("OFFERED",))
            await proposals(utility, city).counter("jo", n.id, Terms(count=20 - count))
            await settled(utility.negotiations, n.id, ("REQUESTED",))
        ours, theirs = await utility.negotiations.get(n.id), await city.negotiations.get(p)
        for one in (ours, theirs):
            assert [said.role for said in one.earlier] == ["consumer", "provider"] * 2 + ["consumer"]
            assert [said.at for said in one.earlier] == sorted(said.at for said in one.earlier)
        assert [said.terms for said in ours.earlier] == [said.terms for said in theirs.earlier]

    run(story)


def test_what_an_older_version_has_kept_is_taken_up(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, Outside.ASK, approval=ONE), BEYOND)
        await city.store.write(lambda tx: tx.delete(Question, p))
        await city.approvals.take_up()
        await city.approvals.take_up()
        assert (await question(city, p)).state == "open"
        await city.store.write(lambda tx: tx.delete(Question, p))
        await city.approvals.approve("anna", p)
        assert (await question(city, p)).votes == ()
        await city.approvals.approve("anna", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_ending_it_makes_the_question_void(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=ONE))
        await utility.negotiations.command("jo", n.id, negotiation.Terminate(Reason("operator.ended")))
        await settled(city.negotiations, p, FINAL)
        assert (await question(city, p)).state == "void"
        assert await refusal(city, "anna", p) == "approval.nothing"

    run(story)
