"""connector/store/view.py: records that the writer keeps in memory are what their rows say, whatever fails."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connector.errors import StoreError
from connector.ports import Transaction
from connector.protocol.negotiation import Negotiation
from connector.records import Asset
from connector.store import connection as sql
from connector.store.sqlite import SqliteStore
from connector.store.view import LARGEST_KNOWN, MOST_KNOWN, Known
from tests.ports.store import Clock, NoSuchThingError, negotiation, sign_head

LOOK = "SELECT body FROM negotiation"


class Disk:
    """A connection that notes its statements, and whose commit fails where told."""

    def __init__(self, path: str) -> None:
        self.inner = sql.connect(path)
        self.statements: list[str] = []
        self.fails = False

    @property
    def in_transaction(self) -> bool:
        return self.inner.in_transaction

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> sql.Cursor:
        self.statements.append(statement)
        if self.fails and statement == "COMMIT":
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self.inner.execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any, /) -> sql.Cursor:
        return self.inner.executemany(statement, parameters)

    def close(self) -> None:
        self.inner.close()

    def looks(self) -> int:
        """How often a negotiation was looked up since the last time."""
        found = len([one for one in self.statements if one.startswith(LOOK)])
        self.statements.clear()
        return found


class Bench:
    """A store with its writing connection at hand."""

    def __init__(self, folder: Path) -> None:
        self.disks: list[Disk] = []
        self.store = SqliteStore.open(
            folder / "state.db", clock=Clock(), sign_head=sign_head, connect=self._connect, threaded=False
        )
        self.disk = self.disks[0]

    def _connect(self, path: str) -> Disk:
        self.disks.append(Disk(path))
        return self.disks[-1]

    async def get(self, id: str = "urn:uuid:1") -> str | None:
        """The state of a negotiation, as an act sees it."""
        found = await self.store.write(lambda tx: tx.get(Negotiation, id))
        return None if found is None else found.state


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    await made.store.close()


def put(state: str, *, id: str = "urn:uuid:1", fails: bool = False) -> Any:
    """An act that puts a negotiation, looks at it, and then perhaps fails."""

    def act(tx: Transaction) -> str | None:
        tx.put(negotiation(id, state=state))
        found = tx.get(Negotiation, id)
        if fails:
            raise NoSuchThingError
        assert found is not None
        return found.state

    return act


async def test_a_record_is_looked_up_once_until_it_is_written(bench: Bench) -> None:
    await bench.store.write(put("REQUESTED"))
    bench.disk.looks()
    assert [await bench.get() for _ in range(3)] == ["REQUESTED"] * 3
    assert bench.disk.looks() == 1
    assert await bench.store.write(put("AGREED")) == "AGREED"
    assert [await bench.get() for _ in range(3)] == ["AGREED"] * 3
    assert bench.disk.looks() == 2  # by the act that wrote, and once after it


async def test_what_is_deleted_is_gone(bench: Bench) -> None:
    await bench.store.write(put("REQUESTED"))
    assert await bench.get() == "REQUESTED"
    await bench.store.write(lambda tx: tx.delete(Negotiation, "urn:uuid:1"))
    assert await bench.get() is None


async def test_kinds_with_the_same_id_are_kept_apart(bench: Bench) -> None:
    await bench.store.write(put("REQUESTED"))
    assert await bench.get() == "REQUESTED"
    assert await bench.store.write(lambda tx: tx.get(Asset, "urn:uuid:1")) is None


async def test_an_act_that_fails_leaves_nothing_of_what_it_wrote_and_read(bench: Bench) -> None:
    await bench.store.write(put("REQUESTED"))
    assert await bench.get() == "REQUESTED"
    with pytest.raises(NoSuchThingError):
        await bench.store.write(put("AGREED", fails=True))
    assert await bench.get() == "REQUESTED"


async def test_a_commit_that_fails_takes_what_neighbours_have_read(bench: Bench) -> None:
    await bench.store.write(put("REQUESTED"))
    bench.disk.fails = True
    given = await asyncio.gather(bench.store.write(put("AGREED")), bench.get(), return_exceptions=True)
    assert [type(one) for one in given] == [StoreError, StoreError]
    bench.disk.fails = False
    assert await bench.get() == "REQUESTED"


@pytest.mark.parametrize("seed", range(5))
async def test_every_act_sees_the_rows_as_they_are(bench: Bench, seed: int) -> None:
    """Acts at random, some failing, in groups of which some fail: what is got is always what a query finds."""
    dice = random.Random(seed)

    def act(tx: Transaction) -> None:
        for _ in range(dice.randrange(1, 5)):
            id = f"urn:uuid:{dice.randrange(4)}"
            match dice.randrange(4):
                case 0:
                    tx.put(negotiation(id, version=dice.randrange(1000)))
                case 1:
                    tx.delete(Negotiation, id)
                case _:
                    rows = {one.id: one for one in tx.select(Negotiation)}
                    assert tx.get(Negotiation, id) == rows.get(id)
        if dice.random() < 0.3:
            raise NoSuchThingError

    for _ in range(100):
        bench.disk.fails = dice.random() < 0.3
        acts = [bench.store.write(act) for _ in range(dice.randrange(1, 5))]
        given = await asyncio.gather(*acts, return_exceptions=True)
        assert not [one for one in given if isinstance(one, AssertionError)]


def test_what_is_kept_is_bounded() -> None:
    known, record = Known(), negotiation("urn:uuid:1")
    known.keep((Negotiation, "large"), record, LARGEST_KNOWN + 1)
    assert known.get((Negotiation, "large")) is None
    for number in range(MOST_KNOWN + 1):
        known.keep((Negotiation, str(number)), record, LARGEST_KNOWN)
    kept = [number for number in range(MOST_KNOWN + 1) if known.get((Negotiation, str(number))) is not None]
    assert kept == list(range(1, MOST_KNOWN + 1))
