"""The gate and the memory of what was told over a line: what they are without one, errors and cuts included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.gate import AccessRefusedError, Admission, Ask, MovedError
from connector.data.ledgers import About
from connector.data.noise import laplace
from connector.data.workers.answering import Answering
from connector.data.workers.remote import Distant, Line, RemoteGate, RemoteLedgers
from connector.errors import StoreError, UnauthenticatedError, UnknownError
from connector.records import Silo
from connector.services.changes import Change
from policies.model import PolicyError
from policies.transforms.ledger import Fresh, Terms
from tests.connector.data.world import PID, World, agreement, asset, count, signed, started, world

THING = asset("file", path="/nowhere")
SILO = Silo(id="cadastre", kind="postgres", settings={"host": "db"}, created=0, created_by="a")


def ask(**changes: Any) -> Ask:
    return msgspec.structs.replace(Ask(asset=THING, etag='"e"'), **changes)


@asynccontextmanager
async def asked(folder: Path, *records: msgspec.Struct) -> AsyncIterator[tuple[World, Answering, Line]]:
    """A world, what answers for it, and a line to that."""
    async with world(folder, *(records or (started(), agreement(), THING))) as w:
        answering = Answering(gate=w.gate, ledgers=w.ledgers, find=w.silos.find_record, sign=signed, draw=laplace)
        await answering.start(folder / "s")
        line = Line(*await asyncio.open_unix_connection(str(folder / "s")))
        try:
            yield w, answering, line
        finally:
            await line.close()
            await answering.close()


async def streaming(w: World, line: Line) -> Admission:
    return await RemoteGate(line).admit(w.gate.credential(PID), PID, ask(streamed=True))


async def test_the_socket_is_the_users_alone(tmp_path: Path) -> None:
    async with asked(tmp_path):
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600


async def test_uses_are_drawn_once_however_many_ask(tmp_path: Path) -> None:
    async with asked(tmp_path, started(), agreement(count(3)), THING) as (w, _, line):
        gate, token = RemoteGate(line), w.gate.credential(PID)
        done = await asyncio.gather(
            *(gate.admit(token, PID, ask(etag=f'"{n}"')) for n in range(50)), return_exceptions=True
        )
        assert sorted(d.use for d in done if isinstance(d, Admission) and d.use) == [1, 2, 3]
        refused = [d for d in done if isinstance(d, AccessRefusedError)]
        assert len(refused) == 47
        assert all(r.reasons[0].code.startswith("count") for r in refused)


async def test_what_a_transfer_is_about_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    async with asked(tmp_path) as (w, _, line):
        gate, token = RemoteGate(line), w.gate.credential(PID)
        assert await gate.standing(token, PID) == await w.gate.standing(token, PID)
        assert await gate.allows(token, PID, ask()) == await w.gate.allows(token, PID, ask())
        with pytest.raises(UnauthenticatedError):
            await gate.standing("other", PID)
        with pytest.raises(UnauthenticatedError):
            await gate.admit("other", PID, ask())
        with pytest.raises(UnknownError):
            await gate.standing(w.gate.credential("urn:uuid:none"), "urn:uuid:none")
        with pytest.raises(MovedError):
            await gate.admit(token, PID, ask(asset=asset("file", path="/else")))


async def test_what_is_remembered_of_a_transfer_goes_with_a_refusal(tmp_path: Path) -> None:
    async with asked(tmp_path) as (w, _, line):
        gate, token = RemoteGate(line), w.gate.credential(PID)
        await gate.standing(token, PID)
        other = msgspec.structs.replace(THING, title="another")
        await w.put(other)
        with pytest.raises(MovedError):
            await gate.admit(token, PID, ask())
        assert (await gate.standing(token, PID)).asset == other


async def test_a_stream_is_cut_over_the_line_and_its_outcome_written_down(tmp_path: Path) -> None:
    async with asked(tmp_path) as (w, _, line):
        admission = await streaming(w, line)
        cut = asyncio.Event()
        assert admission.watch is not None
        admission.watch.on_cut(cut.set)
        await w.put(started(state="SUSPENDED"))
        w.changes.publish(Change("transfer", PID))
        await asyncio.wait_for(cut.wait(), 5)
        assert admission.watch.reasons[0].code == "transfer.state"
        await RemoteGate(line).outcome(admission, "access.cut", bytes="7")
        assert (await w.until_event("access.cut")).params["bytes"] == "7"


async def test_a_stream_whose_process_is_gone_is_broken(tmp_path: Path) -> None:
    async with asked(tmp_path) as (w, _, line):
        await streaming(w, line)
        await line.close()
        assert (await w.until_event("access.broken")).params["reason"] == "worker.gone"


async def test_without_a_line_nothing_is_permitted_and_streams_are_cut(tmp_path: Path) -> None:
    async with asked(tmp_path) as (w, answering, line):
        admission = await streaming(w, line)
        await answering.close()
        await asyncio.wait_for(line.lost.wait(), 5)
        assert admission.watch is not None and admission.watch.reasons
        with pytest.raises(StoreError):
            await RemoteGate(line).admit(w.gate.credential(PID), PID, ask())


async def test_what_was_told_is_remembered_where_it_is_decided(tmp_path: Path) -> None:
    about, terms = About(("did:web:u",), "urn:uuid:d", "o"), Terms(division="d", least=3, repeats=True)
    fresh = {"a": Fresh(units=5, values=("1", "2"), print="r"), "b": Fresh(units=2, values=("3",), print="q")}
    async with asked(tmp_path) as (w, _, line):
        told = await RemoteLedgers(line).settle(about, fresh, terms, None)
        assert told == await w.ledgers.settle(about, fresh, terms, laplace)
        assert set(told) == {"a"}
        with pytest.raises(PolicyError):
            await RemoteLedgers(line).settle(about, fresh, Terms(division="other", least=3, repeats=True), None)
        assert await RemoteLedgers(line).key("urn:uuid:x") == await w.ledgers.key("urn:uuid:x")


async def test_signatures_and_silos(tmp_path: Path) -> None:
    async with asked(tmp_path, SILO) as (_, _answering, line):
        assert await Distant(line).sign({"size": 7}) == await signed({"size": 7})
        assert await Distant(line).silo("cadastre") == SILO
        assert await Distant(line).silo("none") is None


async def test_everybody_forgets(tmp_path: Path) -> None:
    async with asked(tmp_path) as (_, answering, line):
        forgotten: asyncio.Queue[str] = asyncio.Queue()
        RemoteLedgers(line).forget = forgotten.put_nowait
        await Distant(line).serving()
        answering.forget("urn:uuid:a")
        assert await asyncio.wait_for(forgotten.get(), 5) == "urn:uuid:a"
