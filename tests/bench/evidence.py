"""Row `evidence_ms`: how long a node takes to write everything that proves a contract, as an operator waits for it.

Both nodes are real and joined in one process; the log holds ten thousand entries more than the contract's own, so that
finding these and proving them counts. The yardstick is what cannot be avoided: setting the same facts and terms with
the same PDF library, hashing all parts, one signature, and writing the same bytes into a zip with the standard library.
Of each round's repetitions the fastest counts.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import time
import zipfile
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.ports import Transaction
from connector.records import Entry
from connector.services.proof.evidence import MARGIN
from tests.bench.rows import HOME, Goal, Row, rounds
from tests.connector.joined import Two, joined

GOAL = Goal("evidence_ms", "evidence of a contract beside its bare parts", "ms", 5.0)
ENTRIES = 10_000
TIMES = 5
KEY = Ed25519PrivateKey.generate()


def evidence(count: int) -> Row:
    """Write the evidence of one contract, `count` rounds."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder, asyncio.Runner() as runner:
        opened = joined(Path(folder))
        two = runner.run(opened.__aenter__())
        try:
            contract = runner.run(_prepared(two))
            sample = runner.run(two.city.evidence.write("mayor", contract, "de")).body
            return rounds(GOAL, count, lambda: runner.run(_ours(two, contract)), lambda: _bare(sample))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _prepared(two: Two) -> str:
    """A contract, long after much else has happened."""
    entry = Entry(event="sample", actor="mayor", params={"about": "nothing" * 20})

    def act(tx: Transaction) -> None:
        for _ in range(500):
            tx.record(entry)

    for _ in range(ENTRIES // 500):
        await two.city.store.write(act)
    await asyncio.sleep(2 * MARGIN / 1_000_000)
    return await two.contract()


async def _ours(two: Two, contract: str) -> float:
    """Milliseconds for one bundle."""
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await two.city.evidence.write("mayor", contract, "de")
        found.append(time.perf_counter() - began)
    return min(found) * 1000


def _bare(sample: bytes) -> float:
    """Milliseconds for the bare parts of a bundle like this one."""
    from fpdf import FPDF

    with zipfile.ZipFile(io.BytesIO(sample)) as container:
        parts = {name: container.read(name) for name in container.namelist()}
    lines = [line for line in parts["terms.en.txt"].decode("latin-1", "replace").splitlines() if line]
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        page = FPDF(format="A4")
        page.add_page()
        page.set_font("Helvetica", "", 9)
        for line in lines:
            page.multi_cell(170, 5, line, new_x="LMARGIN", new_y="NEXT")
        page.output()
        KEY.sign("".join(sha256(content).hexdigest() for content in parts.values()).encode())
        with zipfile.ZipFile(io.BytesIO(), "w") as container:
            for name, content in parts.items():
                container.writestr(name, content)
        found.append(time.perf_counter() - began)
    return min(found) * 1000


ROWS = {"evidence_ms": evidence}
