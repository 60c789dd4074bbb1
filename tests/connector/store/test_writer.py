"""connector/store/writer.py: groups, their failures, bounds, faults; and kill -9 in a loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from connector.errors import BusyError, StoreError
from connector.ports import Transaction
from connector.protocol.negotiation import Negotiation
from connector.store import connection as sql
from connector.store import writer
from connector.store.sqlite import SqliteStore
from connector.store.writer import Limits
from tests.ports.store import Clock, entry, negotiation, sign_head


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode = code
    return error


class Faulty:
    """A connection that counts statements and fails where told: `fails` maps the start of a statement to a code."""

    def __init__(self, path: str) -> None:
        self.inner = sql.connect(path)
        self.fails: dict[str, int] = {}
        self.statements: list[str] = []

    @property
    def in_transaction(self) -> bool:
        return self.inner.in_transaction

    def _pass(self, statement: str) -> None:
        self.statements.append(statement)
        for start, code in self.fails.items():
            if statement.startswith(start):
                raise failure(code)

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> sql.Cursor:
        self._pass(statement)
        return self.inner.execute(statement, parameters)

    def executemany(self, statement: str, parameters: Iterable[Sequence[Any]], /) -> sql.Cursor:
        self._pass(statement)
        return self.inner.executemany(statement, parameters)

    def close(self) -> None:
        self.inner.close()


class Bench:
    """A store over a faulty connection."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.connections: list[Faulty] = []
        options: dict[str, Any] = {"clock": Clock(), "sign_head": sign_head, "connect": self._connect} | given
        self.store = SqliteStore.open(folder / "state.db", **options)
        self.disk = self.connections[0]
        self.disk.statements.clear()

    def _connect(self, path: str) -> Faulty:
        self.connections.append(Faulty(path))
        return self.connections[-1]

    def commits(self) -> int:
        return self.disk.statements.count("COMMIT")


def draw_and_note(tx: Transaction) -> int:
    tx.use_token("did:x", f"jti{time.monotonic_ns()}", 1)
    tx.record(entry())
    return tx.draw("k")


async def state(store: SqliteStore) -> tuple[int, int, int]:
    def act(view: Any) -> tuple[int, int, int]:
        head = view.head()
        return view.drawn("k"), len(view.log(limit=1000)), 0 if head is None else head.size

    return await store.read(act)


async def test_what_comes_together_is_committed_together_with_one_head(tmp_path: Path) -> None:
    signed: list[int] = []

    def sign(size: int, root: bytes, at: int) -> str:
        signed.append(size)
        return sign_head(size, root, at)

    bench = Bench(tmp_path, sign_head=sign)
    await asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(200)))
    assert bench.commits() == 1
    assert signed == [200]
    await asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(300)))
    assert bench.commits() == 3
    assert signed == [200, 456, 500]
    await bench.store.close()


async def test_others_have_their_turn_while_a_large_group_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, threaded=False, limits=Limits(slice=8))
    done = asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(64)))
    turns = 0
    while not done.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 8
    assert bench.commits() == 1
    await bench.store.close()


async def test_an_act_that_only_reads_writes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert await bench.store.write(lambda tx: tx.get(Negotiation, "urn:uuid:1")) is None
    assert not [one for one in bench.disk.statements if one.startswith(("SAVEPOINT", "INSERT"))]
    await bench.store.close()


@pytest.mark.parametrize("threaded", [True, False])
async def test_a_full_disk_fails_the_group_and_is_forgotten_when_there_is_room(tmp_path: Path, threaded: bool) -> None:
    bench = Bench(tmp_path, threaded=threaded)
    assert await bench.store.write(draw_and_note) == 1
    for place in ("COMMIT", "INSERT INTO counter", "INSERT INTO audit", "SAVEPOINT", "RELEASE"):
        bench.disk.fails = {place: sqlite3.SQLITE_FULL}
        given = await asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(5)), return_exceptions=True)
        assert {one.reason.code for one in given if isinstance(one, StoreError)} == {"store.full"}, place
        assert len([one for one in given if isinstance(one, StoreError)]) == 5
        assert (bench.store.suspect, bench.store.full) == (None, True)
        bench.disk.fails = {}
        assert (await state(bench.store))[1:] == (1, 1)
    assert await bench.store.write(draw_and_note) == 2
    assert await state(bench.store) == (2, 2, 2)
    await bench.store.close()


async def test_room_is_found_again_without_anybody_asking_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PROBE_SECONDS", 0.01)
    bench = Bench(tmp_path)
    bench.disk.fails = {"COMMIT": sqlite3.SQLITE_FULL}
    with pytest.raises(StoreError, match=r"store\.full"):
        await bench.store.write(draw_and_note)
    tried = bench.commits()
    while bench.commits() < tried + 3:
        await asyncio.sleep(0.01)
    assert bench.store.full
    bench.disk.fails = {}
    while bench.store.full:
        await asyncio.sleep(0.01)
    assert await state(bench.store) == (0, 0, 0)
    await bench.store.close()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT])
@pytest.mark.parametrize("place", ["COMMIT", "INSERT INTO counter"])
async def test_after_an_io_error_nothing_is_written_until_the_store_is_opened_again(
    tmp_path: Path, code: int, place: str
) -> None:
    failed: list[str] = []
    bench = Bench(tmp_path, failed=lambda reason: failed.append(reason.code))
    await bench.store.write(draw_and_note)
    bench.disk.fails = {place: code}
    first = [asyncio.ensure_future(bench.store.write(draw_and_note)) for _ in range(3)]
    given = await asyncio.gather(*first, return_exceptions=True)
    assert all(isinstance(one, StoreError) for one in given)
    bench.disk.fails = {}
    with pytest.raises(StoreError, match=r"store\.suspect"):
        await bench.store.write(draw_and_note)
    assert bench.store.suspect is not None
    # Opening it anew may mend a disk that has failed; what is damaged stays so, and is still there to be read.
    assert failed == ([] if code == sqlite3.SQLITE_CORRUPT else ["store.io"])
    assert await state(bench.store) == (1, 1, 1)
    await bench.store.close()
    again = Bench(tmp_path)
    assert await again.store.write(draw_and_note) == 2
    assert await state(again.store) == (2, 2, 2)
    await again.store.close()


async def test_those_who_wait_behind_a_failed_commit_are_refused_too(tmp_path: Path) -> None:
    held, go = threading.Event(), threading.Event()

    def fault(point: str) -> None:
        if point == "store.before_commit":
            held.set()
            go.wait(10)

    bench = Bench(tmp_path, fault=fault)
    first = asyncio.ensure_future(bench.store.write(draw_and_note))
    await asyncio.to_thread(held.wait, 10)
    second = asyncio.ensure_future(bench.store.write(draw_and_note))
    await asyncio.sleep(0)
    bench.disk.fails = {"COMMIT": sqlite3.SQLITE_IOERR_FSYNC}
    go.set()
    codes = [one.reason.code for one in await asyncio.gather(first, second, return_exceptions=True)]  # type: ignore[union-attr]
    assert codes == ["store.io", "store.suspect"]
    await bench.store.close()


async def test_nobody_hears_of_success_before_the_commit(tmp_path: Path) -> None:
    held, go = threading.Event(), threading.Event()

    def fault(point: str) -> None:
        if point == "store.before_commit":
            held.set()
            go.wait(10)

    bench = Bench(tmp_path, fault=fault)
    first = asyncio.ensure_future(bench.store.write(draw_and_note))
    await asyncio.to_thread(held.wait, 10)
    second = asyncio.ensure_future(bench.store.write(draw_and_note))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not first.done()
    assert not second.done()
    assert await state(bench.store) == (0, 0, 0)
    go.set()
    assert await asyncio.gather(first, second) == [1, 2]
    await bench.store.close()


class PulledError(Exception):
    """An injected crash."""


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize(("point", "kept"), [("store.before_commit", 1), ("store.after_commit", 3)])
async def test_an_injected_fault_reaches_the_callers(tmp_path: Path, threaded: bool, point: str, kept: int) -> None:
    armed = False

    def fault(at: str) -> None:
        if armed and at == point:
            raise PulledError

    bench = Bench(tmp_path, threaded=threaded, fault=fault)
    await bench.store.write(draw_and_note)
    armed = True
    given = await asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in given] == [PulledError, PulledError]
    armed = False
    assert await state(bench.store) == (kept, kept, kept)
    assert await bench.store.write(draw_and_note) == kept + 1
    await bench.store.close()


async def test_a_head_that_cannot_be_signed_fails_the_group(tmp_path: Path) -> None:
    broken = False

    def sign(size: int, root: bytes, at: int) -> str:
        if broken:
            raise PulledError
        return sign_head(size, root, at)

    bench = Bench(tmp_path, sign_head=sign)
    await bench.store.write(draw_and_note)
    broken = True
    with pytest.raises(PulledError):
        await bench.store.write(draw_and_note)
    assert await state(bench.store) == (1, 1, 1)
    broken = False
    await bench.store.write(draw_and_note)
    assert await state(bench.store) == (2, 2, 2)
    await bench.store.close()


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(queue=10))
    given = await asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(25)), return_exceptions=True)
    assert len([one for one in given if isinstance(one, BusyError)]) == 15
    assert await state(bench.store) == (10, 10, 10)
    await bench.store.close()


async def test_live_tokens_are_bounded_and_counted_right_through_failures(tmp_path: Path) -> None:
    limits = Limits(tokens=5)
    bench = Bench(tmp_path, limits=limits)

    def use(n: int, *, fail: bool = False, ends: int = 1) -> Any:
        def act(tx: Transaction) -> bool:
            fresh = tx.use_token("did:x", str(n), ends)
            if fail:
                raise PulledError
            return fresh

        return act

    for n in range(8):  # given up, so none of them counts
        with pytest.raises(PulledError):
            await bench.store.write(use(n, fail=True))
    bench.disk.fails = {"COMMIT": sqlite3.SQLITE_FULL}
    with pytest.raises(StoreError):
        await bench.store.write(use(99))
    bench.disk.fails = {}
    for n in range(5):
        assert await bench.store.write(use(n))
    with pytest.raises(BusyError):
        await bench.store.write(use(6))
    await bench.store.close()
    bench = Bench(tmp_path, limits=limits)
    with pytest.raises(BusyError):
        await bench.store.write(use(7))
    assert await bench.store.sweep(10**15) == 5
    assert await bench.store.write(use(8, ends=2))
    await bench.store.close()


async def test_a_database_locked_by_another_process_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(patience=4))
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    given = await asyncio.gather(*(bench.store.write(draw_and_note) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in given] == [BusyError] * 3
    late = asyncio.ensure_future(bench.store.write(draw_and_note))
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    assert await late == 1
    other.close()
    await bench.store.close()


async def test_a_caller_who_goes_away_while_the_commit_runs_does_not_disturb_it(tmp_path: Path) -> None:
    held, go = threading.Event(), threading.Event()

    def fault(point: str) -> None:
        if point == "store.before_commit":
            held.set()
            go.wait(10)

    bench = Bench(tmp_path, fault=fault)
    both = [asyncio.ensure_future(bench.store.write(draw_and_note)) for _ in range(2)]
    await asyncio.to_thread(held.wait, 10)
    both[0].cancel()
    go.set()
    assert await both[1] == 2
    assert both[0].cancelled()
    assert await state(bench.store) == (2, 2, 2)
    await bench.store.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.connector.store.test_sqlite import opened
from tests.ports.store import entry, negotiation

async def main():
    store = opened(Path(sys.argv[1]))
    start = int(sys.argv[2])
    async def one(worker):
        n = 0
        while True:
            id = f"urn:uuid:{start}-{worker}-{n}"
            await store.write(lambda tx: (tx.put(negotiation(id)), tx.draw("k"), tx.record(entry(id))))
            print(id, flush=True)
            n += 1
    await asyncio.gather(*map(one, range(8)))

asyncio.run(main())
"""


def test_kill_in_a_loop_keeps_every_acknowledged_act(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for round in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(round)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(40 + 77 * round):
            acknowledged.add(child.stdout.readline().strip())
        os.kill(child.pid, signal.SIGKILL)
        # What was in the pipe had been acknowledged too, less a line that was cut off.
        acknowledged |= {line[:-1] for line in child.stdout if line.endswith("\n")}
        child.wait()
        child.stdout.close()

    async def look() -> tuple[set[str], tuple[int, int, int]]:
        store = SqliteStore.open(tmp_path / "state.db", clock=Clock(), sign_head=sign_head)
        assert store.suspect is None
        found = {one.id for one in await store.read(lambda view: view.select(Negotiation, limit=100_000))}
        drawn, _, size = await state(store)
        await store.close()
        return found, (drawn, size, len(found))

    found, counts = asyncio.run(look())
    assert len(acknowledged) > 1000
    assert acknowledged <= found
    assert len(set(counts)) == 1
    assert negotiation(next(iter(found))).id in found
