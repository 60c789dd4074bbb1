"""An offer with limits: what lies outside its terms is answered with the closest terms within the limits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Approval, Outside
from policies import parse
from policies.compare import within
from policies.model import Atomic, Operator, PolicyError, PolicyKind, Rule
from policies.operands import COUNT, PURPOSE
from policies.terms import Terms
from policies.vocabulary import DPV
from tests.connector.services.world import FINAL, Neighbour, neighbours, settled
from tests.harness.virtual import run

TERMS = Terms(purposes=("ImproveTransportMobility",), count=3)
LIMITS = """
[[permission]]
action = "use"
count.lteq = 20
purpose.isA = ["PublicBenefit", "ScientificResearch"]
"""


async def _asked(
    utility: Neighbour,
    city: Neighbour,
    terms: Terms,
    outside: Outside = Outside.REFUSE,
    approval: Approval | None = None,
) -> Negotiation:
    offer = await city.publish(TERMS, outside, approval=approval, limits=LIMITS)
    document = await utility.terms_of(city, offer, terms)
    asked = await utility.negotiations.request("jo", city.did, offer.asset, document)
    await asyncio.sleep(5)
    return await utility.negotiations.get(asked.id)


async def _answers(city: Neighbour) -> list[dict[str, str]]:
    """What the log says of answers within limits."""
    entries = [msgspec.json.decode(one.body) for one in await city.audit()]
    return [entry["params"] for entry in entries if entry["event"] == "bounds.answered"]


def _offered(n: Negotiation) -> Rule:
    """The one permission that the provider has offered."""
    assert n.offered is not None
    [rule] = parse.from_dsp(n.offered, PolicyKind.OFFER).rules
    return rule


def test_what_lies_within_the_limits_is_agreed_as_asked(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n = await _asked(utility, city, Terms(purposes=("ScientificResearch",), count=15))
        assert n.state == "FINALIZED"
        [agreement] = await city.store.read(lambda view: view.select(Agreement))
        [rule] = parse.from_dsp(agreement.document, PolicyKind.AGREEMENT).rules
        assert Atomic(COUNT, Operator.LTEQ, ("15",)) in rule.constraints

    run(story)


def test_what_goes_beyond_them_is_answered_with_what_comes_closest(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n = await _asked(utility, city, Terms(purposes=("DataAltruism",), count=30))
        assert n.state == "OFFERED"
        assert set(_offered(n).constraints) == {
            Atomic(PURPOSE, Operator.EQ, (DPV + "DataAltruism",)),
            Atomic(COUNT, Operator.LTEQ, ("20",)),
        }
        await utility.approvals.approve("jo", n.id)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_both_sides_can_read_what_was_changed_and_why(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n = await _asked(utility, city, Terms(purposes=("DataAltruism",), count=30))
        [params] = await _answers(city)
        assert params["verdict"] == "counter"
        assert params["reasons"] == "bounds.narrowed asked=count lteq 30 answered=count lteq 20"
        assert n.asked is not None
        assert n.offered is not None
        asked, offered = (parse.from_dsp(side, PolicyKind.OFFER) for side in (n.asked, n.offered))
        between = within(asked, offered)
        assert [one.reason.code for one in between.differences] == ["beyond.count"]

    run(story)


def test_who_asks_again_gets_the_same_answer_and_no_round_more_than_he_asks_for(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n = await _asked(utility, city, Terms(purposes=("DataAltruism",), count=30))
        first = n.offered
        for _ in range(3):
            await utility.negotiations.counter("jo", n.id, lambda one: one.asked or {})
            await asyncio.sleep(5)
            n = await utility.negotiations.get(n.id)
            assert (n.state, n.offered) == ("OFFERED", first)
        await asyncio.sleep(3600)
        assert len(await _answers(city)) == 4

    run(story)


def test_without_a_frame_contract_people_still_decide(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n = await _asked(utility, city, Terms(purposes=("ScientificResearch",), count=15), approval=Approval())
        assert n.state == "REQUESTED"
        await city.people("kim")
        await city.approvals.approve("kim", n.peer_pid)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_an_accepted_counter_offer_waits_for_people_too(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n = await _asked(utility, city, Terms(purposes=("DataAltruism",), count=30), approval=Approval())
        await utility.approvals.approve("jo", n.id)
        await asyncio.sleep(5)
        assert (await utility.negotiations.get(n.id)).state == "ACCEPTED"

    run(story)


def test_limits_that_nobody_can_read_are_not_published(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        with pytest.raises(PolicyError):
            await city.publish(TERMS, limits='[[permission]]\naction = "use"\nblub = 3')

    run(story)
