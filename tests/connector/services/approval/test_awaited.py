"""Whom a negotiation waits for, and what the peer gets to know of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.ports import Reply
from connector.records import Approval, Notice, Outside
from policies.terms import Terms
from tests.connector.services.approval.test_approvals import BEYOND, ONE, TERMS, TWO, asked
from tests.connector.services.approval.test_proposals import proposals
from tests.connector.services.world import FINAL, neighbours, settled
from tests.harness.virtual import run


def test_the_peer_is_told_numbers_and_no_names(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=TWO))
        await asyncio.sleep(1)
        await city.approvals.approve("anna", p)
        await asyncio.sleep(1)
        told = (await utility.approvals.waiting(n.id))[n.id].told
        assert told is not None
        assert (told.params["given"], told.params["needed"]) == ("1", "2")
        bodies = b"".join(body for _, body in city.sent)
        assert b"anna" not in bodies
        assert b"mayor" not in bodies
        here = (await city.approvals.waiting(p))[p]
        assert (here.counted, here.voters) == (1, ("jo",))
        await city.approvals.approve("jo", p)
        await settled(utility.negotiations, n.id, FINAL)
        assert await utility.approvals.waiting(n.id) == {}

    run(story)


def test_a_peer_that_takes_no_notices_is_not_told(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.knows(utility, notices=False)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=ONE))
        await city.approvals.approve("anna", p)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert await city.store.read(lambda view: view.select(Notice)) == []

    run(story)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"needed": "two", "given": "0", "deadline": "2027-01-01T00:00:00Z"},
        {"needed": "1", "given": "1", "deadline": "2027-01-01T00:00:00Z"},
        {"needed": "100000000000", "given": "0", "deadline": "2027-01-01T00:00:00Z"},
        {"needed": "2", "given": "0", "deadline": "soon"},
    ],
)
def test_what_a_peer_says_is_read_or_refused(tmp_path: Path, params: dict[str, str]) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        n, p = await asked(utility, city, await city.publish(TERMS, approval=ONE))
        await asyncio.sleep(1)
        await city.store.write(lambda tx: city.notices.tell(tx, utility.did, n.id, "approval", params))
        await city.store.write(lambda tx: city.notices.tell(tx, utility.did, p, "approval", params))
        await asyncio.sleep(60)
        told = (await utility.approvals.waiting(n.id))[n.id].told
        assert told is not None
        assert told.params["needed"] == "1"

    run(story)


def test_what_was_told_of_an_earlier_round_is_not_shown_for_a_later_one(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK, approval=Approval(persons=2))
        n, p = await asked(utility, city, offer, BEYOND)
        await asyncio.sleep(1)
        assert (await utility.approvals.waiting(n.id))[n.id].told is not None
        await proposals(city, utility).counter("mayor", p, Terms(count=10))
        await settled(utility.negotiations, n.id, ("OFFERED",))
        await asyncio.sleep(1)
        assert (await utility.approvals.waiting(n.id))[n.id].question is not None
        there = (await city.approvals.waiting(p))[p].told
        assert there is not None
        city.broken = lambda method, url: Reply(503, b"") if url.endswith("/notices") else None
        await utility.approvals.approve("jo", n.id)
        await settled(utility.negotiations, n.id, ("ACCEPTED",))
        await asyncio.sleep(1)
        assert await utility.approvals.waiting(n.id) == {}

    run(story)
