"""connector/store/sqlite.py: the contract, and opening what is locked, damaged, newer or rolled back."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connector.errors import StoreError
from connector.protocol.negotiation import Negotiation
from connector.records import Answer
from connector.store import schema
from connector.store.sqlite import SqliteStore
from tests.ports.store import Clock, StoreContract, entry, negotiation, sign_head


def opened(folder: Path, **given: object) -> SqliteStore:
    options: dict[str, object] = {"clock": Clock(), "sign_head": sign_head} | given
    return SqliteStore.open(folder / "state.db", **options)  # type: ignore[arg-type]


class TestThreaded(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        store = opened(tmp_path)
        yield store
        await store.close()


class TestInline(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        store = opened(tmp_path, threaded=False)
        yield store
        await store.close()


async def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for n in range(300):
        await store.write(lambda tx, n=n: (tx.put(negotiation(f"urn:uuid:{n}")), tx.record(entry(str(n)))))
    before = await store.read(lambda view: (view.head(), view.count(Negotiation)))
    await store.close()
    store = opened(tmp_path)
    assert store.suspect is None
    assert await store.read(lambda view: (view.head(), view.count(Negotiation))) == before
    await store.write(lambda tx: tx.record(entry()))
    head = await store.read(lambda view: view.head())
    assert head is not None
    assert head.size == 301
    await store.close()


async def test_closing_finishes_what_is_queued_and_then_refuses(tmp_path: Path) -> None:
    store = opened(tmp_path)
    waiting = [asyncio.ensure_future(store.write(lambda tx: tx.draw("k"))) for _ in range(40)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == list(range(1, 41))
    with pytest.raises(StoreError, match=r"store\.closed"):
        await store.write(lambda tx: tx.draw("k"))
    await store.close()


def test_a_second_process_on_the_directory_is_refused_at_once(tmp_path: Path) -> None:
    store = opened(tmp_path)
    code = (
        "import sys\n"
        "from connector.errors import StoreError\n"
        "from tests.connector.store.test_sqlite import opened\n"
        "from pathlib import Path\n"
        "try:\n    opened(Path(sys.argv[1]))\n"
        "except StoreError as error:\n    print(error.reason.code); sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (3, "store.locked"), done.stderr
    with pytest.raises(StoreError, match=r"store\.locked"):
        opened(tmp_path)
    asyncio.run(store.close())
    asyncio.run(opened(tmp_path).close())


async def filled(folder: Path) -> Path:
    store = opened(folder)
    for n in range(40):
        await store.write(lambda tx, n=n: (tx.put(negotiation(f"urn:uuid:{n}")), tx.record(entry(str(n)))))
    await store.close()
    return folder / "state.db"


def refusal(folder: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        opened(folder)
    return caught.value


@pytest.mark.parametrize("keep", [0, 1, 50, 99, 5000])
async def test_a_cut_off_file_is_refused_and_left_as_it_is(tmp_path: Path, keep: int) -> None:
    path = await filled(tmp_path)
    cut = path.read_bytes()[:keep]
    path.write_bytes(cut)
    error = refusal(tmp_path)
    assert error.reason.code == "store.damaged"
    assert error.reason.params["do"] == "allmende restore FILE DIR"
    assert str(tmp_path) not in str(error)
    assert path.read_bytes() == cut


async def test_a_lost_file_beside_its_wal_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    path.unlink()
    (tmp_path / "state.db-wal").write_bytes(b"x" * 4096)
    assert refusal(tmp_path).reason.code == "store.damaged"
    assert not path.exists()


@pytest.mark.parametrize("page", range(0, 40, 3))
async def test_a_destroyed_page_header_is_refused(tmp_path: Path, page: int) -> None:
    path = await filled(tmp_path)
    content = bytearray(path.read_bytes())
    if page * 4096 >= len(content):
        pytest.skip("the file has fewer pages")
    content[page * 4096 : page * 4096 + 100] = b"\xa5" * 100
    path.write_bytes(content)
    assert refusal(tmp_path).reason.code == "store.damaged"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("something else entirely\n" * 500)
    assert refusal(tmp_path).reason.code == "store.damaged"


async def test_a_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    before = path.read_bytes()
    error = refusal(tmp_path)
    assert error.reason.code == "store.newer"
    assert (error.reason.params["found"], error.reason.params["known"]) == (
        str(schema.VERSION + 1),
        str(schema.VERSION),
    )
    assert path.read_bytes() == before


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"store\.no_directory"):
        opened(tmp_path / "none")


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM audit WHERE leaf_index >= 30",
        "DELETE FROM audit WHERE leaf_index = 33",
        "UPDATE audit SET leaf = zeroblob(32) WHERE leaf_index = 39",
        "DELETE FROM own_head",
        "INSERT INTO audit VALUES(40, 0, x'00', zeroblob(32), x'7b7d')",
    ],
)
async def test_a_log_that_does_not_fit_its_head_can_be_read_but_nothing_is_written(tmp_path: Path, damage: str) -> None:
    path = await filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    store = opened(tmp_path)
    assert store.suspect is not None
    with pytest.raises(StoreError, match=r"store\.suspect"):
        await store.write(lambda tx: tx.draw("k"))
    assert await store.read(lambda view: view.count(Negotiation)) == 40
    await store.close()


async def test_a_record_whose_bytes_are_spoiled_is_named(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE negotiation SET body = x'ff00' WHERE id = 'urn:uuid:7'")
    store = opened(tmp_path)
    with pytest.raises(StoreError) as caught:
        await store.read(lambda view: view.get(Negotiation, "urn:uuid:7"))
    assert caught.value.reason.params == {"kind": "Negotiation", "id": "urn:uuid:7"}
    await store.close()


async def test_old_answers_are_swept_in_the_order_of_their_making(tmp_path: Path) -> None:
    clock = Clock()
    store = opened(tmp_path, clock=clock)
    await store.write(lambda tx: tx.remember("did:x", b"old", Answer(200, b"")))
    clock.at += 40 * 86_400_000_000
    await store.write(lambda tx: tx.remember("did:x", b"new", Answer(200, b"")))
    assert await store.sweep(clock.at) == 1
    found = await store.read(lambda view: [view.answered("did:x", d) is not None for d in (b"old", b"new")])
    assert found == [False, True]
    await store.close()


async def test_a_token_that_was_forgotten_is_not_good_again_when_the_clock_goes_back(tmp_path: Path) -> None:
    """The clock is two days ahead for a moment, tokens are swept, and it goes back: whoever has one of them waits."""
    clock = Clock()
    store, began, minute = opened(tmp_path, clock=clock), clock.at, 60_000_000
    assert await store.write(lambda tx: tx.use_token("did:x", "used", began + 5 * minute))
    clock.at += 2 * 86_400_000_000
    assert await store.sweep(clock.at) == 1
    assert store.behind(clock.at) is None
    clock.at = began + minute

    async def judged(given: SqliteStore) -> list[bool]:
        ends = (5 * minute, 4 * minute, 5 * minute + 1)
        return [await given.write(lambda tx, e=e: tx.use_token("did:x", f"used{e}", began + e)) for e in ends]

    assert await judged(store) == [False, False, True]
    assert store.behind(clock.at) == began + 5 * minute
    await store.close()
    store = opened(tmp_path, clock=clock)
    assert not await store.write(lambda tx: tx.use_token("did:x", "used", began + 5 * minute))
    assert store.behind(clock.at) == began + 5 * minute
    assert store.behind(began + 6 * minute) is None
    await store.close()


async def test_what_a_killed_process_left_in_the_wal_is_brought_into_the_database(tmp_path: Path) -> None:
    """Read back from the system's memory it may not be on disk; opening syncs it before anything is built on it."""
    store, copy = opened(tmp_path), tmp_path / "copy"
    await store.write(lambda tx: (tx.put(negotiation("urn:uuid:1")), tx.record(entry())))
    copy.mkdir()
    for name in ("state.db", "state.db-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    await store.close()
    assert (copy / "state.db-wal").stat().st_size > 0
    again = opened(copy)
    assert (copy / "state.db-wal").stat().st_size == 0
    assert await again.read(lambda view: view.count(Negotiation)) == 1
    await again.close()


async def test_opening_an_existing_database_imports_no_migrations(tmp_path: Path) -> None:
    await filled(tmp_path)
    code = (
        "import sys, asyncio\n"
        "from pathlib import Path\n"
        "from tests.connector.store.test_sqlite import opened\n"
        "asyncio.run(opened(Path(sys.argv[1])).close())\n"
        "assert 'sqlite_utils' not in sys.modules, 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
