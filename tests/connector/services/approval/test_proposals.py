"""From a few words to complete terms, countering, agreeing by hand, differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import InputError
from connector.protocol.messages import Dataset
from connector.records import Outside
from connector.services.approval.proposals import Proposals
from policies import parse, render, short
from policies.model import Atomic, Comparison, Operator, PolicyKind
from policies.terms import Terms
from tests.connector.services.world import FINAL, Neighbour, neighbours, settled
from tests.harness.virtual import run


class Shown:
    """Discovery by a call instead of HTTP."""

    def __init__(self, me: Neighbour, other: Neighbour) -> None:
        self.me, self.other = me, other

    async def dataset(self, peer: str, id: str) -> Dataset:
        shown = await self.other.shown(self.me.caller())
        return next(one for one in shown.dataset or () if one.id == id)


def proposals(me: Neighbour, other: Neighbour) -> Proposals:
    return Proposals(
        store=me.store,
        negotiations=me.negotiations,
        discovery=Shown(me, other),  # type: ignore[arg-type]  # only `dataset` is asked
        did=me.did,
    )


def test_stated_terms_are_asked_for_and_the_difference_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3))
        ours = proposals(utility, city)
        n = await ours.request("jo", city.did, offer.asset, terms=Terms(count=30))
        assert ours.differences(n) is None
        n = await settled(utility.negotiations, n.id, ("OFFERED",))
        told = ours.differences(n)
        assert isinstance(told, Comparison)
        assert not told.within
        assert told.differences[0].reason.code == "beyond.count"
        theirs = proposals(city, utility).differences(await city.negotiations.get(n.peer_pid))
        assert theirs == told
        n = await ours.counter("jo", n.id, Terms(count=2))
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_a_person_of_the_provider_agrees_or_counters(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3), Outside.ASK)
        ours, theirs = proposals(utility, city), proposals(city, utility)
        n = await ours.request("jo", city.did, offer.asset, offer=offer.id, terms=Terms(count=30))
        n = await settled(utility.negotiations, n.id, ("REQUESTED",))
        await theirs.counter("mayor", n.peer_pid, Terms(count=10))
        n = await settled(utility.negotiations, n.id, ("OFFERED",))
        with pytest.raises(InputError, match=r"approval\.nothing"):
            await city.approvals.approve("anna", n.peer_pid)
        await utility.approvals.approve("jo", n.id)
        await settled(city.negotiations, n.peer_pid, ("ACCEPTED",))
        await city.approvals.approve("anna", n.peer_pid)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        n = await ours.request("jo", city.did, offer.asset, terms=Terms(count=30))
        n = await settled(utility.negotiations, n.id, ("REQUESTED",))
        await city.approvals.approve("anna", n.peer_pid)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_an_offer_that_is_not_shown_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3))
        with pytest.raises(InputError, match=r"offer\.unknown"):
            await proposals(utility, city).request("jo", city.did, offer.asset, offer="urn:x:none")

    run(story)


RETENTION = "urn:allmende:retentionPeriod"
LIMITS = """
[[permission]]
action = "use"
retentionPeriod.lteq = "P90D"
"""
WANTED = """
policy = "urn:example:wish"
[[permission]]
action = "use"
retentionPeriod.lteq = "{}"
"""


def wanted(text: str) -> dict[str, object]:
    return dict(render.to_dsp(short.read(text)))


def test_a_whole_policy_asks_for_what_a_few_words_cannot_say(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3), limits=LIMITS)
        ours = proposals(utility, city)
        n = await ours.request("jo", city.did, offer.asset, terms=wanted(WANTED.format("P180D")))
        n = await settled(utility.negotiations, n.id, ("OFFERED",))
        assert n.offered is not None
        offered = parse.from_dsp(n.offered, PolicyKind.OFFER)
        assert [list(rule.constraints) for rule in offered.rules] == [[Atomic(RETENTION, Operator.LTEQ, ("P90D",))]]
        assert (offered.id, offered.target) == (offer.id, offer.asset)
        told = ours.differences(n)
        assert isinstance(told, Comparison)
        assert [one.reason.code for one in told.differences] == ["beyond.operand"]
        n = await ours.counter("jo", n.id, wanted(WANTED.format("P60D")))
        n = await settled(utility.negotiations, n.id, FINAL)
        assert n.state == "FINALIZED"
        assert n.agreement is not None
        assert "P60D" in str(n.agreement["permission"])

    run(story)


@pytest.mark.parametrize("part", ["target", "assigner", "assignee"])
def test_a_policy_about_something_else_is_not_asked_for(tmp_path: Path, part: str) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3))
        other = f'{part} = "did:web:other.example"\n' + WANTED.format("P60D")
        with pytest.raises(InputError, match=r"terms\.other"):
            await proposals(utility, city).request("jo", city.did, offer.asset, terms=wanted(other))

    run(story)
