"""Answers of peers are read beside the node, in a process that may die."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import msgspec
import pytest

from catalog.federation import manifest
from catalog.federation.manifest import Entries, Listed
from connector.services.federation.apart import Apart, Here
from connector.services.federation.datasets import Question
from tests.connector.services.federation.world import dataset


def question(many: int) -> Question:
    said = [msgspec.json.encode(dataset(f"urn:d:{one}", f"Baum {one}")) for one in range(many)]
    entries = tuple(
        Listed(id=f"urn:d:{at}", sequence=at + 1, digest=manifest.digest(body), dataset=msgspec.Raw(body))
        for at, body in enumerate(said)
    )
    body = manifest.write_entries(Entries(sequence=many, more=False, entries=entries))
    return Question(source="did:web:x.example", body=body, now=0, after=0)


@pytest.fixture
async def reads() -> AsyncIterator[Apart]:
    made = Apart()
    yield made
    await made.close()


async def test_it_reads_what_is_read_here(reads: Apart) -> None:
    asked = question(200)
    found = await reads.read(asked)
    assert reads.pid is not None
    assert len(found.found) == 200
    here = await Here().read(asked)
    assert [(one.id, one.digest) for one in found.found] == [(one.id, one.digest) for one in here.found]
    assert [one.row and one.row.title for one in found.found] == [one.row and one.row.title for one in here.found]


async def test_no_process_is_started_for_a_change_or_two(reads: Apart) -> None:
    assert len((await reads.read(question(3))).found) == 3
    assert reads.pid is None


async def test_a_process_that_dies_costs_one_answer(reads: Apart) -> None:
    asked = question(100)
    await reads.read(asked)
    assert reads.pid is not None
    os.kill(reads.pid, signal.SIGKILL)
    answers = [await reads.read(asked) for _ in range(2)]
    assert answers[-1].wrong is None
    assert all(one.wrong is None or one.wrong.code == "catalog.reader" for one in answers)


async def test_what_takes_too_long_is_given_up() -> None:
    reads = Apart(seconds=0.0)
    assert (await reads.read(question(100))).wrong is not None
    assert reads.pid is None
    await reads.close()


async def test_whoever_stops_waiting_leaves_no_answer_behind(reads: Apart) -> None:
    first = asyncio.ensure_future(reads.read(question(400)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert len((await reads.read(question(100))).found) == 100


async def test_it_is_ended_when_nobody_asks() -> None:
    reads = Apart(idle=0.0)
    await reads.read(question(100))
    process = reads._process
    assert process is not None
    async with asyncio.timeout(30):
        await process.wait()
    assert len((await reads.read(question(100))).found) == 100
    await reads.close()
