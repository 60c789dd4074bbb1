"""People and crashes: a vote and what it lets go are one; a deadline passes also while the node is down."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.protocol.negotiation import Negotiation
from connector.records import Approval, Outside, Question
from tests.connector.services.world import settled
from tests.simulation.play import Play
from tests.simulation.prepared import PEOPLE, Prepared
from tests.simulation.test_faults import played

DAYS = 0.02
"""How long the city's people have: half an hour, so that little else happens meanwhile."""


async def waiting(play: Play) -> tuple[Negotiation, str]:
    """A request of the utility that two people of the city have to decide about; its record and the city's pid."""
    city, utility = (host.node for host in play.hosts)
    offer = await city.offers.publish("mayor", "ask", "ask", Outside.ASK, Approval(persons=2, days=DAYS))
    document = {**offer.document, "target": offer.asset}
    n = await utility.negotiations.request("anna", city.did, offer.asset, document)
    n = await settled(utility.negotiations, n.id, ("REQUESTED",))
    return n, n.peer_pid


@pytest.mark.parametrize("fuse", range(1, 9))
def test_a_vote_is_kept_with_what_it_lets_go_or_not_at_all(prepared: Prepared, tmp_path: Path, fuse: int) -> None:
    """The city is killed at each of the next points after the deciding vote has been cast."""

    async def story(play: Play) -> None:
        host = play.hosts[0]
        n, p = await waiting(play)
        await host.do(lambda node: node.approvals.approve(PEOPLE[0], p))
        await asyncio.sleep(5)
        assert host.life is not None
        host.life.fuse = fuse
        await host.do(lambda node: node.approvals.approve(PEOPLE[1], p))
        await asyncio.sleep(5)
        assert host.crashed
        await host.boot()
        kept = await host.node.store.read(lambda view: view.get(Question, p))
        standing = await host.node.negotiations.get(p)
        assert kept is not None
        if len(kept.votes) == 1:
            assert (kept.state, standing.state) == ("open", "REQUESTED")
            await host.do(lambda node: node.approvals.approve(PEOPLE[1], p))
        n = await settled(play.hosts[1].node.negotiations, n.id, ("FINALIZED", "TERMINATED"))
        assert n.state == "FINALIZED"

    played(prepared, tmp_path, story)


def test_a_deadline_passes_while_the_node_is_down(prepared: Prepared, tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        host = play.hosts[0]
        n, p = await waiting(play)
        await host.do(lambda node: node.approvals.approve(PEOPLE[0], p))
        host.die()
        await asyncio.sleep(DAYS * 86_400 + 1)
        await host.boot()
        n = await settled(play.hosts[1].node.negotiations, n.id, ("FINALIZED", "TERMINATED"))
        assert n.state == "TERMINATED"
        assert n.reason is not None
        assert n.reason.params["code"] == "approval.late"

    played(prepared, tmp_path, story)


def test_a_running_node_reminds_and_ends_by_itself(prepared: Prepared, tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        n, p = await waiting(play)
        city = play.hosts[0].node
        await asyncio.sleep(DAYS * 86_400 / 2 + 61)
        kept = await city.store.read(lambda view: view.get(Question, p))
        assert kept is not None
        assert (kept.state, kept.reminded) == ("open", 1)
        n = await settled(play.hosts[1].node.negotiations, n.id, ("TERMINATED",))
        assert n.updated < kept.deadline + 120_000_000

    played(prepared, tmp_path, story)
