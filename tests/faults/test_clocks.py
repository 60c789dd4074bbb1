"""F20: a clock that is wrong by seconds, minutes or days, from the beginning or from one moment to the next.

What lives here: real processes whose time is faked (libfaketime), steered while they run; what is measured in elapsed
time goes on. What does not: a replay behind a clock that was set back (`tests.simulation.test_clocks`). A token says
when it was made and when it ends; a minute of difference is allowed for. Beyond it nobody proves anything: messages are
refused with the reason in the refusing node's own log, wait, and go through when the clock is right again.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.invariants import check
from tests.faults.processes import QUICK, until
from tests.faults.world import TRANSFERS, World

pytestmark = pytest.mark.process
INSIDE = (45, -45)
OUTSIDE = (300, -300, 172_800, -172_800)


def fake(steering: Path) -> dict[str, str]:
    """The environment in which a process reads its time's offset from a file at every look at the clock."""
    shown = subprocess.run(["faketime", "-f", "+0", "env"], capture_output=True, text=True, check=True).stdout
    preload = next(line.partition("=")[2] for line in shown.splitlines() if line.startswith("LD_PRELOAD="))
    return {
        **QUICK,
        "ALLMENDE_LOG__LEVEL": "info",
        "LD_PRELOAD": preload,
        "FAKETIME_TIMESTAMP_FILE": str(steering),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


class Steered(World):
    """Two neighbours; `shift` sets the provider's clock."""

    def __init__(self, directory: Path) -> None:
        self._steering = directory / "offset"
        self.shift(0)
        super().__init__(directory, settings={**QUICK, "ALLMENDE_LOG__LEVEL": "info"})
        self.provider.settings = fake(self._steering)

    def shift(self, seconds: int) -> None:
        """From now on the provider's clock is so far off."""
        draft = self._steering.with_suffix(".new")
        draft.write_text(f"{seconds:+d}\n")
        draft.replace(self._steering)


@pytest.fixture(scope="module")
def steered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steered]:
    """Two running neighbours, one with a steered clock."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    made = Steered(tmp_path_factory.mktemp("clocks"))
    try:
        made.start()
        yield made
    finally:
        made.close()


def instants(world: World) -> list[int]:
    """When the provider's entries were written, by its own clock, in the order of the log."""
    log = world.provider.look(lambda view: view.log(limit=100_000))
    assert [one.index for one in log] == list(range(len(log)))
    return [one.at for one in log]


def test_the_clock_is_steered(steered: Steered) -> None:
    steered.negotiate()
    right = instants(steered)[-1]
    steered.shift(45)
    steered.negotiate()
    assert instants(steered)[-1] - right > 44_000_000
    steered.shift(0)
    check(steered)


@pytest.mark.parametrize("seconds", INSIDE)
def test_a_difference_that_is_allowed_for(steered: Steered, seconds: int) -> None:
    steered.shift(seconds)
    grant = steered.started(steered.contract())
    assert steered.access(grant) == 200
    steered.finish()
    steered.shift(0)
    check(steered)


@pytest.mark.parametrize("seconds", OUTSIDE)
def test_a_clock_that_jumps_in_mid_run(steered: Steered, seconds: int) -> None:
    """Refused with the reason in the own log, and neither lost nor ended: it goes on when the clock is right again."""
    contract = steered.contract()
    before = [len(node.errors()) for node in steered.nodes]
    steered.shift(seconds)
    pid = steered.begun(TRANSFERS, {"contract": contract})

    def refused() -> bool:
        logs = [node.errors()[begin:] for node, begin in zip(steered.nodes, before, strict=True)]
        return any("dsp.unauthenticated" in log and ("token.early" in log or "token.expired" in log) for log in logs)

    until(refused, "nobody refuses")
    until(lambda: _waits(steered), "nobody knows why it waits")
    assert steered.consumer.call("GET", f"{TRANSFERS}/{pid}")["state"] in (None, "REQUESTED")
    steered.shift(0)
    steered.wait(TRANSFERS, pid, "STARTED")
    assert steered.access(steered.grant(pid)) == 200
    steered.finish()
    check(steered)


def _waits(world: World) -> bool:
    """Does a queue say that the peer does not accept who sends?"""
    queues = [queue for node in world.nodes for queue in node.call("GET", "/v1/status")["outbox"]]
    return any(queue["reason"] and queue["reason"]["code"] == "peer.token_refused" for queue in queues)


def test_the_logs_order_is_that_of_its_entries(steered: Steered) -> None:
    """After all the jumps: entries stand in the order of their writing, whatever their instants say."""
    written = instants(steered)
    assert written != sorted(written)
    assert steered.provider.call("GET", "/v1/audit/verify", timeout=30.0)["ok"]
