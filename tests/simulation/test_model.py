"""Hypothesis drives two whole nodes: any order of wishes of either side, crashes, cuts and weather, with rests between.

Beside `test_campaign`, whose plans come from seeds: here a failing run is shrunk to its steps, and after a rest in the
middle the same nodes go on.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.harness.virtual import VirtualLoop
from tests.simulation.invariants import judge
from tests.simulation.play import Act, Kind, Plan, Play, healed, staged
from tests.simulation.prepared import Prepared

HOSTS = st.sampled_from((0, 1))
PICKS = st.integers(0, 23)
PAUSES = st.sampled_from((0.0, 0.01, 0.3, 25.0))
NEGOTIATION = (
    Kind.REQUEST,
    Kind.PROPOSE,
    Kind.OFFER,
    Kind.ACCEPT,
    Kind.COUNTER,
    Kind.AGREE,
    Kind.END_NEGOTIATION,
)
TRANSFER = (Kind.TRANSFER, Kind.SUSPEND, Kind.RESUME, Kind.COMPLETE, Kind.END_TRANSFER)


class Neighbours(RuleBasedStateMachine):
    """Two nodes and everything that may happen to them. `prepared` is set by the test."""

    prepared: Prepared

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._stack = AsyncExitStack()
        self._folder = tempfile.TemporaryDirectory(prefix="simulation-")
        self.play: Play | None = None
        self.rested = True

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def _perform(self, *acts: Act) -> None:
        assert self.play is not None
        for act in acts:
            self._run(self.play.perform(act))
        self.rested = False

    @initialize(seed=st.integers(0, 2**16), skew=st.sampled_from((-20.0, 0.0, 20.0)))
    def begin(self, seed: int, skew: float) -> None:
        """Start both nodes."""
        drawn = Plan(f"model {seed}", (0.0, skew), ())
        self.play = self._run(staged(self._stack, self.prepared, Path(self._folder.name), drawn))

    @rule(kind=st.sampled_from(NEGOTIATION), host=HOSTS, pick=PICKS, seconds=PAUSES)
    def negotiate(self, kind: Kind, host: int, pick: int, seconds: float) -> None:
        """An operator begins, answers or ends a negotiation."""
        self._perform(Act(kind, host, pick, seconds))

    @rule(kind=st.sampled_from(TRANSFER), host=HOSTS, pick=PICKS, seconds=PAUSES)
    def transfer(self, kind: Kind, host: int, pick: int, seconds: float) -> None:
        """An operator begins, moves or ends a transfer."""
        self._perform(Act(kind, host, pick, seconds))

    @rule(kind=st.sampled_from(TRANSFER), pick=PICKS)
    def both(self, kind: Kind, pick: int) -> None:
        """Both sides wish the same at the same moment."""
        self._perform(Act(kind, 0, pick), Act(kind, 1, pick, 1.0))

    @rule(host=HOSTS, pick=PICKS)
    def crash(self, host: int, pick: int) -> None:
        """Kill a node now, and start it after a while."""
        self._perform(Act(Kind.CRASH, host, pick, 0.1))

    @rule(host=HOSTS, pick=PICKS)
    def fuse(self, host: int, pick: int) -> None:
        """Kill a node at one of the next fault points."""
        self._perform(Act(Kind.FUSE, host, pick))

    @rule(kind=st.sampled_from((Kind.CUT, Kind.JOIN)), host=HOSTS)
    def cut(self, kind: Kind, host: int) -> None:
        """Nothing gets through in one direction, or again."""
        self._perform(Act(kind, host))

    @rule(pick=PICKS)
    def weather(self, pick: int) -> None:
        """The network loses, repeats, delays or invents."""
        self._perform(Act(Kind.WEATHER, 0, pick))

    @rule(pick=PICKS)
    def replay(self, pick: int) -> None:
        """Somebody sends a captured request again."""
        self._perform(Act(Kind.REPLAY, 0, pick))

    @precondition(lambda self: not self.rested)
    @rule()
    def rest(self) -> None:
        """The network heals, everything settles and is judged; then it goes on."""
        assert self.play is not None
        self._run(healed(self.play))
        self._run(judge(self.play))
        self.rested = True

    @invariant()
    def nothing_unexpected(self) -> None:
        """No 500, no exception that nobody caught."""
        assert self.play is None or not self.play.network.trouble, self.play.network.trouble[:3]

    def teardown(self) -> None:
        """Come to rest, be judged, stop."""
        try:
            if self.play is not None:
                self._run(healed(self.play))
                self._run(judge(self.play))
        finally:
            self._run(self._stack.aclose())
            self._runner.close()
            self._folder.cleanup()
        self.nothing_unexpected()


def _machine(prepared: Prepared) -> type[Neighbours]:
    return type("PreparedNeighbours", (Neighbours,), {"prepared": prepared})


def _settings(examples: int, steps: int, *, same: bool) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=same,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_two_nodes_never_part(prepared: Prepared) -> None:
    run_state_machine_as_test(_machine(prepared), settings=_settings(30, 25, same=True))


@pytest.mark.long("model")
def test_two_nodes_never_part_in_a_long_campaign(prepared: Prepared) -> None:
    run_state_machine_as_test(_machine(prepared), settings=_settings(2_000, 60, same=False))
