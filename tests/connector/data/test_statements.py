"""What operators state about the world, at the gate: who gets in by it, which streams it cuts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connector.data.gate import AccessRefusedError, Admission, Ask
from connector.services.policies.statements import Statements
from tests.connector.data.world import PID, World, agreement, asset, started, world

THING = asset("file", path="/nowhere")
MINUTE = 60_000_000


def crisis(operator: str, level: int) -> dict[str, Any]:
    value = {"@value": str(level), "@type": "xsd:integer"}
    return {"leftOperand": "urn:allmende:crisisLevel", "operator": operator, "rightOperand": value}


def statements(w: World) -> Statements:
    return Statements(store=w.store, clock=w.clock)


async def stream(w: World) -> Admission:
    return await w.gate.admit(w.gate.credential(PID), PID, Ask(asset=THING, etag='"e"', streamed=True))


async def ends(done: Admission) -> list[str]:
    """Wait for the cut, a second at most, and say why."""
    assert done.watch is not None
    cut = asyncio.Event()
    done.watch.on_cut(cut.set)
    async with asyncio.timeout(1):
        await cut.wait()
    return [reason.code for reason in done.watch.reasons]


async def test_in_a_crisis_alone_and_only_while_it_is_stated(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(crisis("gteq", 2)), THING) as w:
        say = statements(w)
        with pytest.raises(AccessRefusedError):  # Nothing is stated, so nothing is known.
            await stream(w)
        await say.state("mayor", "crisisLevel", ["1"])
        with pytest.raises(AccessRefusedError):
            await stream(w)
        await say.state("mayor", "crisisLevel", ["2"])
        running = await stream(w)
        await say.withdraw("mayor", "crisisLevel")
        assert await ends(running)
        with pytest.raises(AccessRefusedError):
            await stream(w)
        events = await w.events()
        assert (events.count("statement.made"), events.count("statement.withdrawn")) == (2, 1)


async def test_a_stream_is_cut_by_another_statement_and_by_the_end_of_one(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(crisis("lt", 2)), THING) as w:
        say = statements(w)
        await say.state("mayor", "crisisLevel", ["0"])
        running = await stream(w)
        await say.state("mayor", "crisisLevel", ["3"], reason="flood")
        assert await ends(running)
        await say.state("mayor", "crisisLevel", ["1"], until=w.clock.now() + MINUTE)
        again = await stream(w)
        w.clock.ahead = MINUTE
        assert await ends(again)
        (made, *_) = [entry for entry in await w.log() if entry.params.get("reason") == "flood"]
        assert (made.actor, made.params["values"]) == ("mayor", "3")
