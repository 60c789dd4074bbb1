"""A peer that lies about the end of a contract: in what a notice carries, in what it answers, in what it swaps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.errors import InputError, TransitionError
from connector.ports import Reply
from connector.protocol.negotiation import Negotiation
from connector.records import PublishedOffer
from connector.services.life.contracts import earliest_end
from connector.services.life.endings import How
from connector.services.life.ends import DAY as MICRODAY
from connector.services.life.ends import Told
from connector.services.notices import NoticeMessage
from policies import instants
from policies.terms import Terms
from tests.connector.services.contracting import DAY, Pair, contracted
from tests.connector.services.world import FINAL, Neighbour, settled
from tests.harness.virtual import run

NOTICE = Terms(notice="P30D")
PLAIN = Terms(count=3)


async def _entries(one: Neighbour, event: str) -> list[dict[str, Any]]:
    found = [msgspec.json.decode(entry.body) for entry in await one.audit()]
    return [entry for entry in found if entry["event"] == event]


async def _lie(pair: Pair, liar: Neighbour, **params: str) -> None:
    """From now on whatever is told to the liar is answered with these parameters, and not looked at."""
    honest = liar.take

    async def lying(caller: Any, path: str, body: bytes) -> Reply:
        if path != "/notices":
            return await honest(caller, path, body)
        id = msgspec.json.decode(body)["id"]
        said = {"id": id, "kind": "accepted", "at": "2027-01-15T08:00:00Z", "params": params}
        return Reply(200, msgspec.json.encode(said))

    liar.take = lying  # type: ignore[method-assign]


def test_what_a_notice_carries_writes_nothing_else_into_the_audit(tmp_path: Path) -> None:
    """Names of a notice's parameters are the peer's: they are no arguments of ours, and name no other contract."""

    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        ends = instants.stamp(pair.city.clock.now() + 9 * MICRODAY)
        other = {"agreement": "urn:x:another", "peer": "did:web:another", "junk": "x" * 4000}
        forged = {"ends": ends, "reason": "so", "event": "contract.released", "actor": "anna", "tx": "1", "a": "2"}
        params = {**forged, **other}
        await pair.utility.store.write(
            lambda tx: pair.utility.notices.tell(tx, pair.city.did, pair.id, Told.PROPOSAL, params)
        )
        await pair.until(pair.city, lambda a: a.proposed, 60)
        [entry] = await _entries(pair.city, "contract.proposed")
        assert entry["actor"] == pair.utility.did
        assert entry["params"] == {"agreement": pair.id, "peer": pair.utility.did, "ends": ends, "reason": "so"}
        assert not await _entries(pair.city, "contract.released")

    run(story)


@pytest.mark.parametrize(
    "said", [{"state": "ended"}, {"ends": "2020-01-01T00:00:00Z"}, {"state": "ended", "ends": "2020-01-01T00:00:00Z"}]
)
def test_an_answer_makes_no_end_earlier_than_the_notice_asked_for(tmp_path: Path, said: dict[str, str]) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        await _lie(pair, pair.utility, **said)
        earliest = instants.instant("2027-02-14T23:00:00Z")
        await pair.city.endings.end("anna", pair.id, How.NOTICE)
        kept = await pair.until(pair.city, lambda a: a.ends)
        assert (kept.in_force, kept.ends) == (True, earliest)

    run(story)


def test_a_proposal_that_is_answered_with_an_end_takes_effect_on_the_day_proposed(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        await _lie(pair, pair.utility, state="ended")
        day = pair.city.clock.now() + 9 * MICRODAY
        await pair.city.endings.end("anna", pair.id, How.AGREEMENT, at=day)
        kept = await pair.until(pair.city, lambda a: not a.asked)
        assert kept.in_force
        assert kept.ends == day
        assert kept.ending is not None
        assert kept.ending.code == "contract.ended_there", "nobody has consented"

    run(story)


@pytest.mark.parametrize("params", [{}, {"reason": ""}, {"reason": "  "}, {"cause": "so"}])
def test_a_cause_that_is_not_named_ends_nothing(tmp_path: Path, params: dict[str, str]) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        await pair.utility.store.write(
            lambda tx: pair.utility.notices.tell(tx, pair.city.did, pair.id, Told.CAUSE, params)
        )
        await asyncio.sleep(5)
        kept = await pair.at(pair.city)
        assert (kept.in_force, kept.ends) == (True, None)
        [told] = await pair.utility.notices.about(pair.id)
        assert b"contract.cause_missing" in told.answer

    run(story)


@pytest.mark.parametrize("at", ["1000-01-01T00:00:00Z", "2027-01-15T08:00:00Z", "9998-12-31T23:59:59Z"])
@pytest.mark.parametrize("period", ["P30D", "P10Y"])
def test_when_a_notice_says_that_it_was_given_moves_no_end(tmp_path: Path, at: str, period: str) -> None:
    """The period runs from the receipt, whatever the giver's clock says, and no instant is too far for an answer."""

    async def story() -> None:
        pair = await contracted(tmp_path, Terms(notice=period))
        earliest = earliest_end(await pair.at(pair.city), pair.city.clock.now())
        assert earliest is not None
        for number, ends in enumerate((earliest - 1, earliest, earliest + 1)):
            params = {"ends": instants.stamp(ends)}
            told = NoticeMessage(id=f"urn:x:{number}", about=pair.id, kind=Told.NOTICE, at=at, params=params)
            answer = msgspec.json.decode(await pair.city.notices.receive(pair.utility.caller(), told))
            kept = await pair.at(pair.city)
            assert kept.ends is None or kept.ends >= earliest
            assert answer["kind"] == "accepted" or "too_early" in answer["code"]
        assert (await pair.at(pair.city)).ends == earliest

    run(story)


def test_a_held_contract_is_not_got_around_by_another_one_at_once(tmp_path: Path) -> None:
    """A person has stopped the data: a frame contract does not let the same peer have it under a new contract."""

    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        [offer] = await pair.city.store.read(lambda view: view.select(PublishedOffer))

        async def again() -> Negotiation:
            words = await pair.utility.terms_of(pair.city, offer)
            n = await pair.utility.negotiations.request("jo", pair.city.did, offer.asset, words)
            return await settled(pair.utility.negotiations, n.id, ("REQUESTED", *FINAL))

        await pair.city.endings.hold("anna", pair.id, "an access looks odd")
        n = await again()
        await asyncio.sleep(60)
        assert (await pair.utility.negotiations.get(n.id)).state == "REQUESTED"
        await pair.city.approvals.approve("anna", n.peer_pid)
        assert (await settled(pair.utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        await pair.city.endings.release("anna", pair.id)
        n = await again()
        assert (await settled(pair.utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_a_proposal_that_was_swapped_is_not_consented_to_unseen(tmp_path: Path) -> None:
    """What a person has looked at is what is consented to, also where another proposal came just before."""

    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        now = pair.utility.clock.now()
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=now + 300 * MICRODAY)
        first = (await pair.until(pair.city, lambda a: a.proposed)).proposed
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=now + 1 * MICRODAY)
        second = (await pair.until(pair.city, lambda a: a.proposed != first)).proposed
        with pytest.raises(InputError, match=r"contract\.proposal_unseen"):
            await pair.city.endings.consent("anna", pair.id)
        with pytest.raises(TransitionError, match=r"contract\.proposal_moved"):
            await pair.city.endings.consent("anna", pair.id, seen=first)
        kept = await pair.at(pair.city)
        assert (kept.proposed, kept.asked, kept.ends) == (second, "", None)
        # Once it was declined, the next one is the only one again.
        await pair.city.endings.decline("anna", pair.id)
        await pair.until(pair.utility, lambda a: not a.asked)
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=now + 200 * MICRODAY)
        await pair.until(pair.city, lambda a: a.proposed)
        await pair.city.endings.consent("anna", pair.id)
        assert (await pair.until(pair.city, lambda a: a.ends)).ends == now + 200 * MICRODAY

    run(story)


def test_who_names_the_proposal_consents_to_it(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        now = pair.utility.clock.now()
        for days in (300, 200):
            before = (await pair.at(pair.city)).proposed
            await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=now + days * MICRODAY)
            proposed = (await pair.until(pair.city, lambda a: a.proposed != before)).proposed  # noqa: B023
        await pair.city.endings.consent("anna", pair.id, seen=proposed[-8:])
        assert (await pair.until(pair.city, lambda a: a.ends)).ends == now + 200 * MICRODAY

    run(story)


@pytest.mark.parametrize(("said", "late"), [("2020-01-01T00:00:00Z", 0), ("2099-01-01T00:00:00Z", 2)])
def test_a_consent_is_to_the_day_that_was_proposed(tmp_path: Path, said: str, late: int) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, PLAIN)
        day = pair.utility.clock.now() + 9 * MICRODAY
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=day)
        await pair.until(pair.city, lambda a: a.proposed)
        await _lie(pair, pair.utility, ends=said)
        await pair.city.endings.consent("anna", pair.id)
        kept = await pair.until(pair.city, lambda a: not a.asked)
        assert kept.in_force
        assert kept.ends == day + late * MICRODAY
        await asyncio.sleep(11 * DAY + 5)
        assert not (await pair.at(pair.city)).in_force

    run(story)
