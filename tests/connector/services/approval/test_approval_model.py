"""No way to an agreement without a frame contract or enough people, whatever two sides do in whatever order.

Hypothesis drives two sets of services on virtual time: requests and counter-offers of both sides, votes (also unseen
ones, by drafters, strangers and people who are removed), frame contracts that are retired, offers that are retired,
deadlines, messages that cross or get lost, restarts. What bound a node is judged three ways: by the log alone, by the
votes that the test itself has seen given to these very terms, and by what both sides hold in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from connector.errors import DeliveryError, NodeError
from connector.ports import Reply
from connector.protocol.machine import Role
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Approval, Outside, Question, Written
from connector.services.approval.questions import DAY, Rules
from connector.services.outbox import Limits
from policies import parse, render
from policies.terms import Terms, restate
from tests.connector.services.approval.test_proposals import proposals
from tests.connector.services.world import Neighbour
from tests.harness.binding import unbound
from tests.harness.virtual import VirtualLoop

PEOPLE = ("anna", "jo", "mia")
SIDES = st.integers(0, 1)
WHO = st.sampled_from((*PEOPLE, "stranger"))
PICKS = st.integers(0, 5)
COUNTS = st.integers(1, 6)
PUBLISHED = 3
PAUSES = st.sampled_from((0.0, 0.0005, 0.0015, 5.0))
Words = tuple[str, ...]


class Office(RuleBasedStateMachine):
    """A city that offers and a utility that asks. What each vote was given to is noted as it is given."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._folder = tempfile.TemporaryDirectory(prefix="approvals-")
        self._restarts = 0
        self._patience: dict[str, int] = {}
        self._world: dict[str, Neighbour] = {}
        self._votes: list[tuple[str, str, bytes, str]] = []
        """Node, pid, terms, who: every vote that was taken."""
        self._authors: dict[tuple[str, str, bytes], str] = {}
        """Node, pid and terms -> who of its own people has chosen these words last."""

    def teardown(self) -> None:
        """Let everything come to rest and judge once more."""
        if self._world:
            for node in self._world.values():
                node.broken, node.lost = (lambda method, url: None), (lambda method, url: False)
            self._run(asyncio.sleep(3600))
            self.nothing_binds_by_itself()
            self._run(self._same_on_both_sides())
            self._run(self._close())
        self._runner.close()
        self._folder.cleanup()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    async def _close(self) -> None:
        for node in self._world.values():
            await node.outbox.close()
            await node.store.close()

    def _node(self, side: int) -> Neighbour:
        return self._world[("city", "utility")[side]]

    # --- acts ---------------------------------------------------------------------------------------------------------

    @initialize(
        persons=st.integers(1, 2),
        accepting=st.integers(1, 2),
        requests=st.integers(0, 1),
        outside=st.sampled_from((Outside.ASK, Outside.COUNTER)),
        framed=st.booleans(),
    )
    def begin(self, persons: int, accepting: int, requests: int, outside: Outside, framed: bool) -> None:
        """Both nodes, and what the city offers."""
        self._rules = Rules(requests=requests, accepting=accepting, days=5)
        self._rule = Approval(persons=persons, frame="f" if framed else None, days=7)

        async def made() -> None:
            for name in ("city", "utility"):
                await self._boot(name)
            city, utility = self._world["city"], self._world["utility"]
            for one, other in ((city, utility), (utility, city)):
                await one.people(*PEOPLE)
                await one.knows(other)
            paper: dict[str, Any] = {"title": "t", "file_number": "1", "hash": "0" * 64, "signatories": ["A"]}
            await city.frames.add("boss", "f", parties=[utility.did], until=city.clock.now() + 20 * DAY, **paper)
            self._offer = await city.publish(Terms(count=PUBLISHED), outside, approval=self._rule)

        self._run(made())
        self.request("anna", 2, 5.0)
        self.request("jo", 5, 5.0)

    async def _boot(self, name: str) -> None:
        self._restarts += 1
        folder = Path(self._folder.name) / name
        seed, patient = f"{name} {self._restarts}", Limits(longest_wait=14_400)
        node = Neighbour(name, folder, self._world, patient, rules=self._rules, seed=seed)
        await node.outbox.start()
        await node.approvals.take_up()
        await node.approvals.look()

    async def _wish(self, work: Coroutine[Any, Any, Any], pause: float) -> None:
        with contextlib.suppress(NodeError):
            await work
        await asyncio.sleep(pause)

    async def _picked(self, node: Neighbour, pick: int) -> Negotiation | None:
        """One that is not over; one that waits for people here if there is any, but now and then another."""
        found = [n for n in await node.negotiations.select(limit=1000) if n.state not in ("FINALIZED", "TERMINATED")]
        waiting = [n for n in found if (w := await node.approvals.waiting(n.id)) and w[n.id].question]
        chosen = waiting if waiting and pick else found
        return chosen[pick % len(chosen)] if chosen else None

    @rule(who=st.sampled_from(PEOPLE), count=COUNTS, pause=PAUSES)
    def request(self, who: str, count: int, pause: float) -> None:
        """The utility asks."""
        city, utility = self._node(0), self._node(1)

        async def ask() -> None:
            terms = restate(parse.from_dsp(self._offer.document), Terms(count=count))
            wanted = {**render.to_dsp(terms), "target": self._offer.asset}
            n = await utility.negotiations.request(who, city.did, self._offer.asset, wanted)
            self._authors["utility", n.id, _words(wanted)] = who

        self._run(self._wish(ask(), pause))

    @rule(who=st.sampled_from(PEOPLE), pause=PAUSES)
    def offer(self, who: str, pause: float) -> None:
        """The city offers without being asked."""
        city, utility = self._node(0), self._node(1)

        async def send() -> None:
            n = await city.negotiations.offer(who, utility.did, self._offer.id)
            self._authors["city", n.id, _words(n.offered)] = who

        self._run(self._wish(send(), pause))

    @rule(side=SIDES, who=st.sampled_from(PEOPLE), pick=PICKS, count=COUNTS, pause=PAUSES)
    def counter(self, side: int, who: str, pick: int, count: int, pause: float) -> None:
        """Somebody answers with other terms."""
        node, other = self._node(side), self._node(1 - side)

        async def say() -> None:
            n = await self._picked(node, pick)
            if n is None:
                return
            after = await proposals(node, other).counter(who, n.id, Terms(count=count))
            kept = await node.store.read(lambda view: view.get(Question, n.id))
            said = kept.draft if kept is not None and kept.state == "open" else None
            said = said or (after.asked if side else after.offered)
            self._authors[node.name, n.id, _words(said)] = who

        self._run(self._wish(say(), pause))

    @rule(side=SIDES, who=WHO, pick=PICKS, seen=st.sampled_from((None, 0, 0, 1)), pause=PAUSES)
    def approve(self, side: int, who: str, pick: int, seen: int | None, pause: float) -> None:
        """Somebody votes: unseen, for what is there now, or for what was there before."""
        node = self._node(side)

        async def vote() -> None:
            n = await self._picked(node, pick)
            if n is None:
                return
            kept = await node.store.read(lambda view: view.get(Question, n.id))
            about = kept.draft if kept is not None and kept.state == "open" and kept.draft else None
            about = about or (n.offered if (n.role, n.state) == (Role.CONSUMER, "OFFERED") else n.terms)
            await node.approvals.approve(who, n.id, seen=None if seen is None else n.version - seen)
            self._votes.append((node.name, n.id, _words(about), who))

        self._run(self._wish(vote(), pause))

    @rule(side=SIDES, pick=PICKS, pause=PAUSES)
    def approve_all(self, side: int, pick: int, pause: float) -> None:
        """The whole office votes, one after the other, for what is there."""
        for who in PEOPLE:
            self.approve(side, who, pick, 0, pause)

    @rule(side=SIDES, pick=PICKS, pause=PAUSES)
    def decline(self, side: int, pick: int, pause: float) -> None:
        """Somebody says no."""

        async def refuse() -> None:
            n = await self._picked(self._node(side), pick)
            if n is not None:
                await self._node(side).approvals.decline("mia", n.id, "no")

        self._run(self._wish(refuse(), pause))

    @rule(side=SIDES, who=st.sampled_from(PEOPLE), back=st.booleans())
    def leave(self, side: int, who: str, back: bool) -> None:
        """Somebody leaves the office, or (a namesake) comes to it."""
        node = self._node(side)
        if back:
            self._run(self._wish(node.people(who), 0.001))
            return
        self._run(self._wish(node.operators.remove("boss", who), 0))

    @precondition(lambda self: self._rule.frame and self._wait("frame"))
    @rule()
    def retire_frame(self) -> None:
        """The frame contract binds nothing more."""
        self._run(self._wish(self._node(0).frames.retire("boss", "f"), 0))

    @precondition(lambda self: self._wait("offer"))
    @rule()
    def retire_offer(self) -> None:
        """The offer is taken back."""
        self._run(self._wish(self._node(0).offers.retire("mayor", self._offer.id), 0))

    def _wait(self, what: str) -> bool:
        """What is done only once does not come too early."""
        self._patience[what] = self._patience.get(what, 12) - 1
        return self._patience[what] < 0

    @rule(side=SIDES, days=st.sampled_from((0.1, 3.0, 8.0)))
    def wait(self, side: int, days: float) -> None:
        """Time passes, and one of the two looks at its deadlines."""
        self._run(asyncio.sleep(days * DAY / 1_000_000))
        self._run(self._node(side).approvals.look())

    @rule(side=SIDES)
    def restart(self, side: int) -> None:
        """A node is stopped with whatever is under way, and started again."""
        node = self._node(side)

        async def again() -> None:
            await node.outbox.close()
            await node.store.close()
            await self._boot(node.name)

        self._run(again())

    @rule(side=SIDES, how=st.sampled_from(("well", "away", "deaf")))
    def weather(self, side: int, how: str) -> None:
        """Messages of a node get through, do not, or get through without an answer."""
        node = self._node(side)

        def away(method: str, url: str) -> Reply | None:
            raise DeliveryError("peer.unreachable")

        node.broken = away if how == "away" else lambda method, url: None
        node.lost = lambda method, url: how == "deaf"

    # --- judging ------------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_binds_by_itself(self) -> None:
        """Each agreement and each acceptance was let go by the frame contract or by enough people."""
        for node in self._world.values():
            self._run(self._judged(node))

    async def _judged(self, node: Neighbour) -> None:
        written = [msgspec.json.decode(one.body, type=Written) for one in await node.audit()]
        assert not unbound(written)
        bound = {e.params["process"] for e in written if e.event == "negotiation.sending.agree"}
        accepted = {e.params["process"] for e in written if e.event == "negotiation.sending.accept"}
        framed = {e.params["process"] for e in written if e.event == "approval.frame"}
        for n in await node.negotiations.select(limit=1000):
            if n.id in framed:
                assert self._rule.frame is not None
                assert _count(n.terms) <= PUBLISHED
            elif n.id in bound:
                self._enough(node, n, _words(n.terms), self._rule.persons)
            elif n.id in accepted:
                self._enough(node, n, _words(n.agreed_on), self._rules.accepting)
            elif n.role is Role.CONSUMER and n.asked_at and self._rules.requests:
                self._enough(node, n, _words(n.asked), self._rules.requests)

    def _enough(self, node: Neighbour, n: Negotiation, words: bytes, needed: int) -> None:
        """Enough people have voted for these very words in this negotiation: of the office, and not who chose them."""
        voters = {who for name, pid, about, who in self._votes if (name, pid, about) == (node.name, n.id, words)}
        assert "stranger" not in voters
        author = self._authors.get((node.name, n.id, words))
        assert len(voters - {author}) >= needed, (node.name, n.id, voters, author)

    async def _same_on_both_sides(self) -> None:
        kept = []
        for node in self._world.values():
            found = await node.store.read(lambda view: view.select(Agreement, limit=1000))
            kept.append({one.id: one.hash for one in found if one.in_force})
        shared = kept[0].keys() & kept[1].keys()
        assert {id: kept[0][id] for id in shared} == {id: kept[1][id] for id in shared}


def _words(document: Any) -> bytes:
    """Terms as something that can be compared."""
    return msgspec.json.encode(document, order="deterministic")


def _count(document: Any) -> int:
    [constraint] = document["permission"][0]["constraint"]
    right = constraint["rightOperand"]
    return int(right["@value"] if isinstance(right, dict) else right)


def test_nothing_binds_but_people_and_paper() -> None:
    run_machine(
        Office,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.long("approvals")
def test_nothing_binds_but_people_and_paper_for_long() -> None:
    run_machine(
        Office,
        settings=settings(
            max_examples=1500, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
