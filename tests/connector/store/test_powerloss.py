"""Power cuts: with synchronous FULL no acknowledged act is lost, and with NORMAL this test sees that some are."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from certs import tree
from connector.errors import NodeError
from connector.ports import Reading, Transaction
from connector.protocol.negotiation import Negotiation
from connector.store.sqlite import SqliteStore
from tests.harness.powerloss import Disk
from tests.ports.store import Clock, entry, negotiation, sign_head

CUTS = 1000
NORMAL = {"PRAGMA synchronous=FULL": "PRAGMA synchronous=NORMAL"}
OFTEN = {"PRAGMA wal_autocheckpoint=2000": "PRAGMA wal_autocheckpoint=25"}
"""Checkpoints come often, so that cuts fall into them too."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Path]:
    """A folder for trials; in memory where there is such a place, since `Disk` decides what is kept."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        asyncio.run(_template(Path(folder) / "template"))
        yield Path(folder)


async def _template(folder: Path) -> None:
    folder.mkdir()
    await SqliteStore.open(folder / "state.db", clock=Clock(), sign_head=sign_head).close()


class Trial:
    """One life of a store that ends with a power cut, and what was acknowledged before it."""

    def __init__(self, bench: Path, seed: int, pragmas: dict[str, str]) -> None:
        self.chance = random.Random(seed)
        self.folder, self.after = bench / f"{seed}", bench / f"{seed}-after"
        shutil.copytree(bench / "template", self.folder)
        self.after.mkdir()
        self.disk = Disk(cut_at=self.chance.randrange(10, 400), pragmas=OFTEN | pragmas)
        self.acknowledged: set[str] = set()
        self.signed: dict[int, bytes] = {}
        self.size = 0

    def sign(self, size: int, root: bytes, at: int) -> str:
        self.signed[size] = root
        return sign_head(size, root, at)

    async def live(self) -> None:
        """Write until the power goes."""
        store = SqliteStore.open(
            self.folder / "state.db", clock=Clock(), sign_head=self.sign, connect=self.disk.connect, threaded=False
        )
        n = 0
        while store.suspect is None:
            group = [self._write(store, f"urn:uuid:{n + i}") for i in range(self.chance.randrange(1, 6))]
            n += len(group)
            await asyncio.gather(*group)
        with contextlib.suppress(sqlite3.OperationalError):  # closing finds the power off, too
            await store.close()

    async def _write(self, store: SqliteStore, id: str) -> None:
        text = self.chance.randbytes(self.chance.randrange(1, 1500)).hex()

        def act(tx: Transaction) -> None:
            tx.put(negotiation(id, agreement_body=text.encode()))
            tx.use_token("did:x", id, 1)
            tx.draw("k")
            tx.record(entry(text[:50]))

        try:
            await store.write(act)
        except NodeError:
            return
        self.acknowledged.add(id)
        self.size = max(self.signed)

    async def look(self) -> set[str]:
        """The acknowledged acts that are gone, after everything else was found in order."""
        self.disk.found(self.after, self.chance)
        store = SqliteStore.open(self.after / "state.db", clock=Clock(), sign_head=sign_head)
        assert store.suspect is None

        def act(view: Reading) -> set[str]:
            found = {one.id for one in view.select(Negotiation, limit=10_000)}
            head = view.head()
            size = 0 if head is None else head.size
            # Whatever survived is whole: record, token, use and audit entry together, under a head that we signed.
            assert size == len(found) == view.drawn("k")
            assert tree.root(view.node, size) == self.signed.get(size, tree.EMPTY)
            return self.acknowledged - found

        lost = await store.read(act)
        await store.close()
        return lost

    def clear(self) -> None:
        self.disk.unregister()
        shutil.rmtree(self.folder)
        shutil.rmtree(self.after)


def cut(bench: Path, seed: int, pragmas: dict[str, str]) -> tuple[int, int]:
    """(acknowledged, lost) of one power cut."""

    async def run() -> tuple[int, int]:
        trial = Trial(bench, seed, pragmas)
        try:
            await trial.live()
            lost = await trial.look()
            return len(trial.acknowledged), len(lost)
        finally:
            trial.clear()

    return asyncio.run(run())


def test_no_acknowledged_act_is_lost_in_a_power_cut(bench: Path) -> None:
    results = [cut(bench, seed, {}) for seed in range(CUTS)]
    assert sum(lost for _, lost in results) == 0
    assert sum(count for count, _ in results) > 10 * CUTS


def test_with_synchronous_normal_acknowledged_acts_are_seen_to_be_lost(bench: Path) -> None:
    results = [cut(bench, seed, NORMAL) for seed in range(100)]
    assert sum(lost > 0 for _, lost in results) > 25
