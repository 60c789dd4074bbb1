"""F15: the n-th write of SQLite fails, for every n of one negotiation, on either side, once.

Covered: whatever write it is, what is on disk is at every commit a state that also stands there in a run without a
fault: old or new, never between. A disk that was full for one write goes on by itself; one that has failed is opened
anew by a new process. Either way the negotiation ends, and every invariant holds. An ordinary run takes some numbers,
the long campaign `writes` all of them, until a run passes untouched.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from connector.errors import NodeError
from connector.protocol.machine import Role
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Outgoing, Outside, Written
from connector.store.view import View
from tests.harness.syscalls import Writes, writes
from tests.simulation.hosts import Life
from tests.simulation.play import Play
from tests.simulation.prepared import Prepared
from tests.simulation.test_faults import played

SIDES = ("city", "utility")
FAILURES = (errno.ENOSPC, errno.EIO)
BOUND = 600
"""Seconds of virtual time within which a negotiation ends."""
STEP = 9
"""Every how many numbers an ordinary run takes one."""
LEARNT = 120
"""Numbers up to which writes of the other side are made to fail, so that every order of messages is seen."""


class Standing(Struct, frozen=True):
    """What a database says about one negotiation, without ids and instants: what has to change together."""

    role: str
    state: str
    pending: str
    entries: int
    waiting: int
    agreements: int


def standing(directory: Path) -> set[Standing]:
    """All negotiations as they are committed; the log is as long as its signed head says."""
    with contextlib.closing(sqlite3.connect(f"file:{directory / 'state.db'}?mode=ro", uri=True)) as connection:
        connection.execute("BEGIN")
        view = View(connection)
        log, head = view.log(limit=100_000), view.head()
        assert head is not None
        assert head.size == len(log)
        written = [msgspec.json.decode(one.body, type=Written) for one in log]
        # An acknowledgement that is overtaken by the peer's next message has no entry of its own.
        moves = ("negotiation.received.", "negotiation.sending.")
        about = [one.params.get("process") for one in written if one.event.startswith(moves)]
        return {
            Standing(
                role=n.role,
                state=n.state or "",
                pending=n.pending or "",
                entries=about.count(n.id),
                waiting=view.count(Outgoing, pid=n.id),
                agreements=view.count(Agreement, negotiation=n.id),
            )
            for n in view.select(Negotiation, limit=1000)
        }


@pytest.fixture(scope="module")
def switch() -> Iterator[Writes]:
    """The switch of this process; nothing fails afterwards."""
    made = writes()
    if made is None:
        pytest.skip("Python has been built with a SQLite of its own")
    yield made
    made.failing = lambda number: False


class Watch:
    """Looks at a side's database at each of its commits, before and after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, side: str) -> None:
        self.seen: set[Standing] = set()
        fault = Life.fault

        def looking(life: Life, point: str) -> None:
            if life.host.name == side and point.startswith("store."):
                self.seen |= standing(life.host.config.directory)
            fault(life, point)

        monkeypatch.setattr(Life, "fault", looking)


async def _restarted_where_failed(play: Play) -> None:
    """As a service manager: a node whose disk has failed is ended and started again."""
    while True:
        for host in play.hosts:
            if host.up and host.node.failed.is_set():
                host.die()
                await host.boot()
        await asyncio.sleep(0.05)


async def _negotiated(play: Play, switch: Writes, side: str, number: int, failure: int) -> None:
    switch.folder = next(host for host in play.hosts if host.name == side).config.directory
    switch.count, switch.failed, switch.failure = 0, 0, failure
    switch.failing = number.__eq__
    watching = play.network.spawn(_restarted_where_failed(play))
    try:
        async with asyncio.timeout(BOUND):
            while not await _ended(play):
                await _begun(play)
                await asyncio.sleep(0.5)
    finally:
        watching.cancel()
        switch.failing = lambda number: False


async def _ended(play: Play) -> bool:
    """Is there a negotiation more than the prepared ones, and does it stand?"""
    found = [n for n in await _negotiations(play) if n.role == Role.CONSUMER]
    return len(found) > 1 and all(n.state == "FINALIZED" and n.pending is None for n in found)


async def _begun(play: Play) -> None:
    """Where there is no negotiation yet, the operator gives his command, as often as it is refused."""
    host, offer = play.hosts[1], play.offers[0][Outside.COUNTER]
    if len([n for n in await _negotiations(play) if n.role == Role.CONSUMER]) > 1:
        return
    document = {**offer.document, "target": offer.asset}
    peer = play.hosts[0].node.did
    with contextlib.suppress(NodeError):
        await host.do(lambda node: node.negotiations.request("anna", peer, offer.asset, document))


async def _negotiations(play: Play) -> list[Negotiation]:
    host = play.hosts[1]
    return await host.node.store.read(lambda view: view.select(Negotiation)) if host.up else []


def run(prepared: Prepared, folder: Path, switch: Writes, side: str, number: int, failure: int) -> int:
    """One negotiation whose n-th write on a side fails; how many writes there were."""
    played(prepared, folder, partial(_negotiated, switch=switch, side=side, number=number, failure=failure))
    return switch.count


def walk(
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    switch: Writes,
    side: str,
    failure: int,
    step: int,
) -> int:
    """Every `step`-th number until a run passes untouched; how many runs had a fault.

    What is a state is learnt from runs in which nothing fails on this side: calm ones, and those in which messages come
    in another order because writes fail on the other side.
    """
    watch, other = Watch(monkeypatch, side), next(one for one in SIDES if one != side)
    for number in (0, *range(1, LEARNT, LEARNT // 12)):
        run(prepared, tmp_path / f"learn{number}", switch, other, number, errno.ENOSPC)
    legal = set(watch.seen)
    for faulty, number in enumerate(itertools.count(1, step)):
        watch.seen.clear()
        run(prepared, tmp_path / str(number), switch, side, number, failure)
        assert watch.seen <= legal, (number, watch.seen - legal)
        if not switch.failed:
            return faulty
    raise AssertionError


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("failure", FAILURES, ids=errno.errorcode.__getitem__)
def test_some_writes(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: Writes, side: str, failure: int
) -> None:
    assert walk(prepared, tmp_path, monkeypatch, switch, side, failure, STEP) >= 3


@pytest.mark.long("writes")
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("failure", FAILURES, ids=errno.errorcode.__getitem__)
def test_every_write(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: Writes, side: str, failure: int
) -> None:
    assert walk(prepared, tmp_path, monkeypatch, switch, side, failure, 1) >= 20
