"""Row `restore_s`: from an empty directory and a backup until the node serves again, as an administrator waits for it.

The node has 50,000 entries in its log, 2,000 contracts and 20,000 kept answers. Ours is two commands, one after the
other: `allmende restore` and `allmende serve`, until `/ready` says yes. The yardstick is what nobody can do without:
the same key made by scrypt, SQLite's own copy of the same database onto the disk, an ordinary start of the same node.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from certs import keys
from connector import founding
from connector.backup.archive import Header
from connector.backup.backup import back_up
from connector.ports import Transaction
from connector.records import Agreement, Answer, Entry
from connector.services.proof import generations
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock
from scripts.lib.ports import free_port
from tests.bench.rows import HOME, Goal, Row, rounds, say
from tests.connector.backup.made import agreement

GOAL = Goal("restore_s", "empty directory to serving, beside scrypt, SQLite's copy and an ordinary start", "s", 3.0)
ALLMENDE = str(Path(sys.executable).with_name("allmende"))
ENTRIES, CONTRACTS, ANSWERS = 50_000, 2_000, 20_000
SECRET = "a passphrase for benches"
CLOCK = SystemClock()


def restore(count: int) -> Row:
    """Restore one backup, `count` rounds."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        place = Path(folder).resolve()
        source = place / "city"
        port = free_port()
        made = founding.initialise(
            source, f"http://127.0.0.1:{port}", public_port=port, management_port=free_port(), lab=True
        )
        asyncio.run(_filled(source, made.did))
        secret = place / "passphrase"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        backup = place / "city.backup"
        began = time.perf_counter()
        done = back_up(source, backup, SECRET.encode(), now=CLOCK.now(), environment={})
        taken, size = time.perf_counter() - began, (source / "state.db").stat().st_size / 1e6
        say(f"backup: {size:.1f} MB of database, {done.bytes / 1e6:.1f} MB of file, {size / taken:.0f} MB/s")
        return rounds(GOAL, count, lambda: _ours(backup, place, secret), lambda: _bare(source, place))


async def _filled(folder: Path, did: str) -> None:
    """A node's database as it is after some time."""
    own = keys.load(folder / "keys")
    sign = generations.signer(did, own.head_public, own.sign_head, 0)
    store = SqliteStore.open(folder / "state.db", clock=CLOCK, sign_head=sign, threaded=False)
    sample, body = agreement(did), os.urandom(300)

    def act(tx: Transaction, start: int) -> None:
        for number in range(start, start + 1000):
            tx.record(Entry(event="negotiation.received.request", actor="did:web:peer", params={"n": str(number) * 30}))
            if number < CONTRACTS:
                tx.put(_numbered(sample, number))
            if number < ANSWERS:
                tx.remember("did:web:peer", number.to_bytes(32, "big"), Answer(200, body))

    for start in range(0, ENTRIES, 1000):
        await store.write(lambda tx, start=start: act(tx, start))  # type: ignore[misc]
    await store.close()


def _numbered(sample: Agreement, number: int) -> Agreement:
    from msgspec.structs import replace

    return replace(sample, id=f"urn:uuid:{number:032d}", negotiation=f"urn:n:{number}")


def _ours(backup: Path, place: Path, secret: Path) -> float:
    """Seconds for both commands."""
    target = place / "made"
    began = time.perf_counter()
    command = [ALLMENDE, "restore", str(backup), str(target), "--passphrase-file", str(secret)]
    subprocess.run(command, check=True, capture_output=True)
    taken = _ready_at(target) - began
    shutil.rmtree(target)
    return taken


def _bare(source: Path, place: Path) -> float:
    """Seconds for what nobody can do without."""
    copy = place / "copy.db"
    began = time.perf_counter()
    header = Header(salt=bytes(16))
    Scrypt(salt=header.salt, length=32, n=header.n, r=header.r, p=header.p).derive(SECRET.encode())
    with sqlite3.connect(source / "state.db") as old, sqlite3.connect(copy) as new:
        old.backup(new)
    old.close()
    new.close()
    taken = _ready_at(source) - began
    copy.unlink()
    return taken


def _ready_at(folder: Path) -> float:
    """Serve until the node is ready, and stop it again; when it was ready."""
    from connector.config import load

    url = f"http://127.0.0.1:{load(folder, {}).management.port}/ready"
    with subprocess.Popen([ALLMENDE, "serve", str(folder)], stderr=subprocess.DEVNULL) as process:
        try:
            while not _ready(url):
                assert process.poll() is None, "the node has ended"
                time.sleep(0.005)
            return time.perf_counter()
        finally:
            process.terminate()


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


ROWS = {"restore_s": restore}
