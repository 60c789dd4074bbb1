"""How contracts end, between two real sets of services on virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from connector.errors import BusyError, DeliveryError, InputError, NodeError, TransitionError
from connector.ports import Reply
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Notice, Outgoing
from connector.services.life.contracts import earliest_end, end_of, standing
from connector.services.life.endings import How
from connector.services.life.ends import DAY as MICRODAY
from connector.services.outbox import Limits
from policies import instants
from policies.model import Reason
from policies.terms import Terms
from tests.connector.services.contracting import DAY, HOUR, SECOND, Pair, contracted
from tests.connector.services.world import Neighbour, settled
from tests.harness.virtual import EPOCH, run

NOTICE = Terms(notice="P30D")
DATED = Terms(until="2027-03-31", notice="P30D")
OVER_AT = instants.instant("2027-03-31T22:00:00Z")
EARLIEST = instants.instant("2027-02-14T23:00:00Z")
"""The end of the 30th day after the virtual clock's beginning, in Berlin."""


def _over(a: Agreement) -> bool:
    return not a.in_force


def _ends(a: Agreement) -> bool:
    return a.ends is not None


async def _states(pair: Pair, t: Transfer) -> tuple[str | None, str | None]:
    ours, theirs = await pair.utility.transfers.get(t.id), await pair.city.transfers.get(t.peer_pid)
    return ours.state, theirs.state


# --- the terms --------------------------------------------------------------------------------------------------------


def test_terms_end_on_both_sides_and_take_what_runs_with_them(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        t = await pair.transfer()
        assert [one.expires for one in await pair.both()] == [OVER_AT, OVER_AT]
        await asyncio.sleep((OVER_AT - EPOCH) / SECOND + 5)
        for one in await pair.both():
            assert not one.in_force
            assert one.ended is not None
            assert (one.ended.code, one.closed) == ("contract.expired", OVER_AT)
        assert await _states(pair, t) == ("TERMINATED", "TERMINATED")
        assert not any(event == "notice.given" for event in await pair.events(pair.city))

    run(story)


def test_people_are_warned_once_a_step_and_not_of_what_they_knew(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)  # 75 days before its end
        for days, warnings in ((14, 0), (16, 1), (46, 2), (69, 3), (75, 4), (76, 4)):
            left = days * DAY - asyncio.get_running_loop().time()
            await asyncio.sleep(left)
            events = await pair.events(pair.utility)
            assert events.count("contract.warning") == warnings, days

    run(story)


def test_a_contract_made_within_the_days_of_warning_warns_of_the_next_ones_only(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(until="2027-02-05"))  # 22 days before its end
        await asyncio.sleep(10 * DAY)
        assert (await pair.events(pair.city)).count("contract.warning") == 0
        await asyncio.sleep(11.5 * DAY)
        assert (await pair.events(pair.city)).count("contract.warning") == 2

    run(story)


def test_a_node_that_was_off_when_the_end_came_carries_it_out_at_its_start(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        t = await pair.transfer()
        pair.tasks[0].cancel()
        await pair.city.outbox.close()
        pair.city.broken = pair.utility.broken = _away
        await asyncio.sleep(80 * DAY)
        assert (await pair.at(pair.city)).in_force
        assert standing(await pair.at(pair.city), pair.city.clock.now()) is not None
        pair.city.broken = pair.utility.broken = lambda method, url: None
        await pair.city.outbox.start()
        pair.tasks[0] = asyncio.get_running_loop().create_task(pair.city.endings.run())
        await pair.until(pair.city, _over)
        await settled(pair.city.transfers, t.peer_pid, ("TERMINATED",))

    run(story)


def _away(method: str, url: str) -> Reply | None:
    raise DeliveryError("peer.unreachable")


def test_a_contract_that_an_older_program_has_kept_gets_its_end_at_the_start(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        for task in pair.tasks:
            task.cancel()
        kept = await pair.at(pair.city)
        await pair.city.store.write(lambda tx: tx.put(replace(kept, expires=None)))
        pair.tasks[0] = asyncio.get_running_loop().create_task(pair.city.endings.run())
        assert (await pair.until(pair.city, lambda a: a.expires)).expires == OVER_AT

    run(story)


# --- notice -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("giver", ["city", "utility"])
def test_either_side_ends_a_contract_by_notice(tmp_path: Path, giver: str) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        t = await pair.transfer()
        ours = getattr(pair, giver)
        asked = await ours.endings.end("anna", pair.id, How.NOTICE, text="not needed any more")
        assert asked.in_force
        await pair.until(ours, _ends)
        assert [one.ends for one in await pair.both()] == [EARLIEST, EARLIEST]
        # Until the end all goes on, and something new may begin.
        await asyncio.sleep((EARLIEST - pair.city.clock.now()) / SECOND - 60)
        second = await pair.transfer()
        assert second.state == "STARTED"
        await asyncio.sleep(62)
        for one in await pair.both():
            assert not one.in_force
            assert one.ended == Reason("contract.by_notice", {"text": "not needed any more"})
            assert one.closed == EARLIEST
        await asyncio.sleep(5)
        assert await _states(pair, t) == await _states(pair, second) == ("TERMINATED", "TERMINATED")
        with pytest.raises(InputError, match=r"contract\.by_notice"):
            await pair.utility.transfers.request("jo", pair.id)

    run(story)


def test_what_the_terms_do_not_let_end_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        now, end = pair.city.clock.now(), pair.city.endings.end
        for how, at, text, code in (
            (How.NOTICE, now - 1, "", "contract.past"),
            (How.NOTICE, EARLIEST - 1, "", "contract.too_early"),
            (How.NOTICE, OVER_AT, "", "contract.ends_before"),
            (How.AGREEMENT, now, "", "contract.past"),
            (How.AGREEMENT, OVER_AT + 1, "", "contract.ends_before"),
            (How.CAUSE, None, "", "contract.cause_missing"),
            (How.CAUSE, EARLIEST, "so", "contract.cause_now"),
        ):
            with pytest.raises(NodeError, match=code.replace(".", r"\.")):
                await end("anna", pair.id, how, at=at, text=text)
        with pytest.raises(InputError, match=r"agreement\.unknown"):
            await end("anna", "urn:x:none", How.NOTICE)
        assert "notice.given" not in await pair.events(pair.city)

    run(story)


def test_without_a_notice_period_nobody_ends_a_contract_by_notice(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(count=3))
        with pytest.raises(InputError, match=r"contract\.no_notice"):
            await pair.city.endings.end("anna", pair.id, How.NOTICE)
        # Nor does one that comes from a peer who does not look.
        forged = {"ends": instants.stamp(pair.city.clock.now() + MICRODAY)}
        await pair.utility.store.write(
            lambda tx: pair.utility.notices.tell(tx, pair.city.did, pair.id, "contract.notice", forged)
        )
        await asyncio.sleep(5)
        assert (await pair.at(pair.city)).ends is None
        [told] = await pair.utility.notices.about(pair.id)
        assert b"contract.no_notice" in told.answer

    run(story)


def test_a_peer_that_cuts_the_period_short_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        forged = {"ends": instants.stamp(EARLIEST - 1)}
        await pair.utility.store.write(
            lambda tx: pair.utility.notices.tell(tx, pair.city.did, pair.id, "contract.notice", forged)
        )
        await asyncio.sleep(5)
        assert (await pair.at(pair.city)).ends is None
        [told] = await pair.utility.notices.about(pair.id)
        assert b"contract.too_early" in told.answer

    run(story)


def test_the_period_runs_from_the_receipt(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE, limits=Limits(longest_wait=HOUR))
        pair.city.broken = _away
        asked = await pair.city.endings.end("anna", pair.id, How.NOTICE)
        assert asked.ends is None
        await asyncio.sleep(5 * DAY)
        assert (await pair.at(pair.city)).ends is None
        pair.city.broken = lambda method, url: None
        told = await pair.until(pair.city, _ends, 2 * HOUR)
        later = earliest_end(told, pair.city.clock.now())
        assert told.ends == (await pair.at(pair.utility)).ends == later
        assert later == EARLIEST + 5 * MICRODAY

    run(story)


def test_a_notice_that_nobody_takes_ends_the_contract_here_all_the_same(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(notice="P7D"), limits=Limits(give_up=14 * DAY, longest_wait=HOUR))
        pair.city.broken = _away
        await pair.city.endings.end("anna", pair.id, How.NOTICE)
        await asyncio.sleep(13 * DAY)
        assert (await pair.at(pair.city)).in_force  # nobody there could have known
        ended = await pair.until(pair.city, _over, 2 * DAY)
        assert ended.ended is not None
        assert ended.ended.code == "contract.by_notice"
        [notice] = await pair.city.notices.about(pair.id)
        assert notice.state == "undeliverable"
        assert (await pair.at(pair.utility)).in_force

    run(story)


def test_a_peer_without_notices_learns_it_from_its_transfers(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE, notices=False)
        t = await pair.transfer()
        asked = await pair.city.endings.end("anna", pair.id, How.NOTICE)
        assert asked.ends == EARLIEST
        await asyncio.sleep((EARLIEST - EPOCH) / SECOND + 5)
        assert _over(await pair.at(pair.city))
        ended = await settled(pair.utility.transfers, t.id, ("TERMINATED",))
        assert ended.reason is not None
        assert ended.reason.params["code"] == "contract.by_notice"
        [notice] = await pair.city.notices.about(pair.id)
        assert notice.state == "unsupported"

    run(story)


@pytest.mark.parametrize("skew", [-2 * HOUR, 2 * HOUR])
def test_clocks_that_differ_come_to_the_same_day(tmp_path: Path, skew: float) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        pair.utility.clock.shift = skew
        await asyncio.sleep(14 * HOUR)  # the day of the two differs now
        await pair.city.endings.end("anna", pair.id, How.NOTICE)
        await pair.until(pair.city, _ends)
        ours, theirs = await pair.both()
        assert ours.ends == theirs.ends
        assert ours.ends is not None
        assert ours.ends >= EARLIEST

    run(story)


@pytest.mark.parametrize("days", [(0, 0), (0, 10), (10, 0)])
def test_two_notices_at_once_come_to_one_end(tmp_path: Path, days: tuple[int, int]) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        wanted = [EARLIEST + one * MICRODAY for one in days]
        await asyncio.gather(
            pair.city.endings.end("anna", pair.id, How.NOTICE, at=wanted[0], text="a"),
            pair.utility.endings.end("jo", pair.id, How.NOTICE, at=wanted[1], text="b"),
        )
        await asyncio.sleep(10)
        ours, theirs = await pair.both()
        assert ours.ends == theirs.ends == min(wanted)
        assert ours.asked == theirs.asked == ""

    run(story)


def test_an_answer_cannot_put_the_end_off_for_ever(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        body = b'{"id":"%s","kind":"accepted","at":"2027-01-15T08:00:00Z","params":{"ends":"2099-01-01T00:00:00Z"}}'

        def put_off(method: str, url: str) -> Reply | None:
            return None if "/notices" not in url else Reply(200, body % outgoing[0].pid.encode())

        await pair.city.outbox.close()
        await pair.city.endings.end("anna", pair.id, How.NOTICE)
        outgoing = await pair.city.outgoing()
        pair.city.broken = put_off
        await pair.city.outbox.start()
        ends = (await pair.until(pair.city, _ends)).ends
        assert ends is not None
        assert EARLIEST <= ends <= EARLIEST + 2 * MICRODAY

    run(story)


def test_only_one_notice_is_under_way_and_an_earlier_end_stands(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        pair.city.broken = _away
        await pair.city.endings.end("anna", pair.id, How.NOTICE)
        with pytest.raises(TransitionError, match=r"contract\.noticed_already"):
            await pair.city.endings.end("jo", pair.id, How.NOTICE)
        pair.city.broken = lambda method, url: None
        await pair.until(pair.city, _ends, DAY)
        with pytest.raises(TransitionError, match=r"contract\.ends_before"):
            await pair.city.endings.end("jo", pair.id, How.NOTICE)

    run(story)


# --- agreement --------------------------------------------------------------------------------------------------------


def test_both_sides_end_a_contract_when_a_person_there_consents(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(count=3))
        t = await pair.transfer()
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, text="project over")
        waiting = await pair.until(pair.city, lambda a: a.proposed)
        assert waiting.in_force
        await asyncio.sleep(3 * DAY)
        assert all(one.in_force for one in await pair.both())
        await pair.city.endings.consent("anna", pair.id)
        for one in (pair.city, pair.utility):
            ended = await pair.until(one, _over)
            assert ended.ended == Reason("contract.by_agreement", {"text": "project over"})
        await asyncio.sleep(5)
        assert await _states(pair, t) == ("TERMINATED", "TERMINATED")
        ours, theirs = await pair.both()
        assert ours.closed == theirs.closed

    run(story)


def test_a_proposal_for_a_day_ends_it_on_that_day(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(count=3))
        day = pair.city.clock.now() + 10 * MICRODAY
        await pair.city.endings.end("anna", pair.id, How.AGREEMENT, at=day)
        await pair.until(pair.utility, lambda a: a.proposed)
        await pair.utility.endings.consent("jo", pair.id)
        await pair.until(pair.utility, _ends)
        assert [one.ends for one in await pair.both()] == [day, day]
        await asyncio.sleep(10 * DAY + 5)
        assert [one.closed for one in await pair.both()] == [day, day]

    run(story)


@pytest.mark.parametrize("consent_first", [False, True])
def test_a_notice_and_a_consent_bind_whoever_gave_both(tmp_path: Path, consent_first: bool) -> None:
    """What was asked for last is no excuse for what was said before, once the peer has taken it."""

    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=EARLIEST - 9 * MICRODAY)
        await pair.until(pair.city, lambda a: a.proposed)
        pair.city.broken = _away
        said = [pair.city.endings.end("anna", pair.id, How.NOTICE), pair.city.endings.consent("anna", pair.id)]
        for one in reversed(said) if consent_first else said:
            await one
        # The proposal that was consented to is not on the table any more.
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=EARLIEST - 8 * MICRODAY)
        pair.city.broken = lambda method, url: None
        await asyncio.sleep(HOUR)
        assert "contract.refused" in await pair.events(pair.city)
        assert [one.ends for one in await pair.both()] == [EARLIEST, EARLIEST]
        assert (await pair.at(pair.city)).asked == ""

    run(story)


def test_a_consent_counts_although_notice_was_given_since(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        day = EARLIEST - 9 * MICRODAY
        await pair.utility.endings.end("jo", pair.id, How.AGREEMENT, at=day)
        await pair.until(pair.city, lambda a: a.proposed)
        pair.city.broken = _away
        await pair.city.endings.consent("anna", pair.id)
        await pair.city.endings.end("anna", pair.id, How.NOTICE)
        pair.city.broken = lambda method, url: None
        await asyncio.sleep(HOUR)
        assert [one.ends for one in await pair.both()] == [day, day]

    run(story)


def test_a_proposal_that_is_declined_or_gone_ends_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(count=3))
        for one in (pair.city, pair.utility):
            with pytest.raises(InputError, match=r"contract\.no_proposal"):
                await one.endings.consent("jo", pair.id)
        await pair.city.endings.end("anna", pair.id, How.AGREEMENT)
        await pair.until(pair.utility, lambda a: a.proposed)
        await pair.utility.endings.decline("jo", pair.id, "we need it")
        await pair.until(pair.city, lambda a: not a.asked)
        assert "contract.declined" in await pair.events(pair.city)
        # A consent to what was replaced by another proposal meanwhile.
        await pair.city.endings.end("anna", pair.id, How.AGREEMENT)
        await pair.until(pair.utility, lambda a: a.proposed)
        pair.city.broken = _away
        await pair.city.endings.end("anna", pair.id, How.AGREEMENT, at=pair.city.clock.now() + 9 * MICRODAY)
        await pair.utility.endings.consent("jo", pair.id)
        await pair.until(pair.utility, lambda a: not a.asked)
        assert "contract.refused" in await pair.events(pair.utility)
        assert all(one.in_force and one.ends is None for one in await pair.both())

    run(story)


def test_both_propose_at_once_and_one_consents(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(count=3))
        await asyncio.gather(
            pair.city.endings.end("anna", pair.id, How.AGREEMENT),
            pair.utility.endings.end("jo", pair.id, How.AGREEMENT),
        )
        await pair.until(pair.city, lambda a: a.proposed)
        await pair.until(pair.utility, lambda a: a.proposed)
        await pair.city.endings.consent("anna", pair.id)
        for one in (pair.city, pair.utility):
            assert (await pair.until(one, _over)).ended is not None

    run(story)


# --- cause ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("giver", ["city", "utility"])
def test_for_cause_it_ends_at_once_and_there_when_it_is_heard(tmp_path: Path, giver: str) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(count=3))
        t = await pair.transfer()
        ours = getattr(pair, giver)
        ended = await ours.endings.end("anna", pair.id, How.CAUSE, text="data was passed on")
        why = Reason("contract.for_cause", {"text": "data was passed on"})
        assert (ended.in_force, ended.ended) == (False, why)
        await asyncio.sleep(5)
        assert [one.ended for one in await pair.both()] == [why, why]
        assert await _states(pair, t) == ("TERMINATED", "TERMINATED")
        with pytest.raises(TransitionError, match=r"contract\.for_cause"):
            await ours.endings.end("anna", pair.id, How.CAUSE, text="again")

    run(story)


def test_an_end_for_a_contract_that_is_over_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        pair.city.broken = pair.utility.broken = _away
        await pair.city.endings.end("anna", pair.id, How.CAUSE, text="a")
        await pair.utility.endings.end("jo", pair.id, How.CAUSE, text="b")
        before = await pair.both()
        pair.city.broken = pair.utility.broken = lambda method, url: None
        await asyncio.sleep(5 * 60)
        assert await pair.both() == before
        assert not await pair.city.outgoing()
        assert not await pair.utility.outgoing()
        for one in (pair.city, pair.utility):
            assert all(notice.state == "answered" for notice in await one.notices.about(pair.id))

    run(story)


def test_a_full_queue_hinders_no_end_for_cause(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        t = await pair.transfer()
        real = pair.city.outbox.room

        def full(peer: str) -> None:
            raise BusyError("outbox.full", peer=peer)

        pair.city.outbox.room = full  # type: ignore[method-assign]
        with pytest.raises(BusyError):
            await pair.city.endings.end("anna", pair.id, How.CAUSE, text="a")
        found = await pair.at(pair.city)
        assert standing(found, pair.city.clock.now()) is not None
        assert found.in_force  # its transfers are still to be terminated
        await asyncio.sleep(5)
        pair.city.outbox.room = real  # type: ignore[method-assign]
        await pair.until(pair.city, _over)
        await settled(pair.utility.transfers, t.id, ("TERMINATED",))

    run(story)


def test_what_the_other_side_may_not_have_yet_cannot_be_ended(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        negotiation = await pair.city.negotiations.get((await pair.at(pair.city)).negotiation)
        await pair.city.store.write(lambda tx: tx.put(replace(negotiation, state="VERIFIED", pending="finalize")))
        with pytest.raises(TransitionError, match=r"contract\.unsettled"):
            await pair.city.endings.end("anna", pair.id, How.NOTICE)

    run(story)


# --- strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["notice", "proposal", "consent", "decline", "cause"])
def test_nobody_ends_a_contract_of_others(tmp_path: Path, kind: str) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        thief = Neighbour("thief", tmp_path / "thief", pair.city.world)
        await thief.knows(pair.city)
        await pair.city.knows(thief)
        await thief.outbox.start()
        params = {"ends": instants.stamp(EARLIEST), "reason": "x", "proposal": "y"}
        await thief.store.write(lambda tx: thief.notices.tell(tx, pair.city.did, pair.id, f"contract.{kind}", params))
        before = await pair.at(pair.city)
        await asyncio.sleep(5)
        assert await pair.at(pair.city) == before
        [told] = await thief.notices.about(pair.id)
        assert b"agreement.unknown" in told.answer
        assert not await pair.city.store.read(lambda view: view.select(Notice))

    run(story)


# --- holding ----------------------------------------------------------------------------------------------------------


def test_a_held_contract_moves_nothing_until_it_is_released(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        t = await pair.transfer()
        held = await pair.city.endings.hold("anna", pair.id, "looks odd")
        assert (held.in_force, held.held) == (True, Reason("contract.held", {"text": "looks odd"}))
        await settled(pair.utility.transfers, t.id, ("SUSPENDED",))
        refused = await pair.transfer()
        assert refused.state == "TERMINATED"
        with pytest.raises(TransitionError, match=r"contract\.held_already"):
            await pair.city.endings.hold("anna", pair.id)
        await pair.city.endings.release("jo", pair.id)
        await settled(pair.utility.transfers, t.id, ("STARTED",))
        with pytest.raises(TransitionError, match=r"contract\.not_held"):
            await pair.city.endings.release("jo", pair.id)
        # The consumer may stop its side as well.
        await pair.utility.endings.hold("jo", pair.id)
        with pytest.raises(InputError, match=r"contract\.held"):
            await pair.utility.transfers.request("jo", pair.id)

    run(story)


def test_a_held_contract_ends_when_it_is_due(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        t = await pair.transfer()
        await pair.city.endings.hold("anna", pair.id)
        await asyncio.sleep((OVER_AT - EPOCH) / SECOND + 5)
        assert _over(await pair.at(pair.city))
        assert await _states(pair, t) == ("TERMINATED", "TERMINATED")

    run(story)


# --- many -------------------------------------------------------------------------------------------------------------


def test_many_transfers_are_terminated_part_by_part(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, NOTICE)
        running = [await pair.transfer() for _ in range(120)]
        await pair.city.endings.end("anna", pair.id, How.CAUSE, text="enough")
        for t in running:
            await settled(pair.utility.transfers, t.id, ("TERMINATED",))
            await settled(pair.city.transfers, t.peer_pid, ("TERMINATED",))
        assert _over(await pair.until(pair.city, _over))
        assert not await pair.city.store.read(lambda view: view.count(Outgoing))

    run(story)


def test_the_end_is_the_earlier_one(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        a = await pair.at(pair.city)
        assert end_of(a) == OVER_AT
        assert end_of(replace(a, ends=1)) == 1
        assert end_of(replace(a, expires=None)) is None

    run(story)
