"""Terms that bite at the gate: duties before, during and after the use, time since the agreement, rates of requests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.gate import AccessRefusedError, Admission, Ask
from connector.protocol import codec
from connector.records import Agreement
from policies import explain
from policies.evaluate import evaluate
from policies.model import Reason
from tests.connector.data.world import PID, World, agreement, asset, count, started, world

THING = asset("file", path="/nowhere")
MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
BEGAN = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, when the agreement was concluded."""


def timing(word: str) -> dict[str, Any]:
    operand, value = "urn:allmende:dutyTiming", {"@id": f"urn:allmende:{word}"}
    return {"leftOperand": operand, "operator": "eq", "rightOperand": value}


def by(text: str) -> dict[str, Any]:
    return {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": {"@value": text, "@type": "xsd:dateTime"}}


def own(name: str, operator: str, value: str) -> dict[str, Any]:
    return {"leftOperand": name, "operator": operator, "rightOperand": value}


def owing(action: str, *constraints: dict[str, Any], **also: Any) -> Agreement:
    """An agreement under which something has to be done."""
    found = agreement()
    duty: dict[str, Any] = {"action": action, "constraint": list(constraints)} if constraints else {"action": action}
    (rule,) = found.document["permission"]
    document = {**found.document, "permission": [{**rule, "duty": [duty], **also}]}
    return msgspec.structs.replace(found, document=document, hash=codec.digest(document))


async def access(w: World, *, streamed: bool = False) -> Admission:
    return await w.gate.admit(w.gate.credential(PID), PID, Ask(asset=THING, etag='"e"', streamed=streamed))


async def refused(w: World) -> tuple[Reason, ...]:
    with pytest.raises(AccessRefusedError) as refusal:
        await access(w)
    return refusal.value.reasons


def at(w: World, instant: int) -> None:
    """Set the clock."""
    w.clock.ahead += instant - w.clock.now()


async def ends(done: Admission) -> list[str]:
    """Wait for the cut, a second at most, and say why."""
    assert done.watch is not None
    cut = asyncio.Event()
    done.watch.on_cut(cut.set)
    async with asyncio.timeout(1):
        await cut.wait()
    return [reason.code for reason in done.watch.reasons]


@pytest.mark.parametrize("said", [(), (timing("before"),)])
async def test_a_duty_that_comes_first_bars_the_way_and_is_named(
    tmp_path: Path, said: tuple[dict[str, Any], ...]
) -> None:
    async with world(tmp_path, started(), owing("inform", *said), THING) as w:
        reasons = await refused(w)
        assert [reason.code for reason in reasons] == ["duty.open"]
        assert "unterrichten" in explain.sentence(reasons[0], "de")
        assert "inform" in explain.sentence(reasons[0], "en")
        assert await w.events() == ["access.refused"]


@pytest.mark.parametrize("word", ["during", "after"])
async def test_a_duty_that_may_wait_bars_nothing(tmp_path: Path, word: str) -> None:
    async with world(tmp_path, started(), owing("inform", timing(word)), THING) as w:
        await access(w)
        assert await w.events() == ["access.permitted"]


async def test_a_duty_that_is_overdue_bars_the_way_and_cuts_what_runs(tmp_path: Path) -> None:
    owed = owing("delete", timing("after"), by("2026-06-30T00:00:00Z"))
    async with world(tmp_path, started(), owed, THING) as w:
        at(w, BEGAN + DAY)
        running = await access(w, streamed=True)
        at(w, BEGAN + 200 * DAY)
        assert await ends(running) == ["duty.violated"]
        reasons = await refused(w)
        assert [reason.code for reason in reasons] == ["duty.violated"]
        assert "löschen" in explain.sentence(reasons[0], "de")


async def test_what_is_done_while_data_leave_is_not_done_by_saying_so(tmp_path: Path) -> None:
    """A duty that the provider performs counts only with the very chain of transforms that it asks for."""
    owed = owing("urn:allmende:suppress", own("urn:allmende:field", "eq", "name"))
    async with world(tmp_path, started(), owed, THING) as w:
        assert [reason.code for reason in await refused(w)] == ["transform.undone"]


async def test_the_time_since_the_agreement_ends_the_use(tmp_path: Path) -> None:
    month = own("elapsedTime", "lteq", "P1M")
    async with world(tmp_path, started(), agreement(month), THING) as w:
        at(w, BEGAN + 30 * DAY)
        running = await access(w, streamed=True)
        at(w, BEGAN + 32 * DAY)
        assert await ends(running)
        (reason,) = await refused(w)
        assert reason.params
        assert explain.sentence(reason, "de") != explain.sentence(reason, "en")


async def test_more_requests_than_agreed_are_refused_until_the_window_has_passed(tmp_path: Path) -> None:
    twice = own("urn:allmende:requestRate", "lteq", "2/PT1H")
    async with world(tmp_path, started(), agreement(twice), THING) as w:
        await access(w)
        await access(w)
        assert len(await refused(w)) == 1
        assert len(await refused(w)) == 1
        w.clock.ahead += 65 * MINUTE
        await access(w)


async def test_a_permit_needs_no_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is permitted is decided by the compiled terms alone; what is refused is judged again, for its reasons."""
    judged: list[int] = []

    def counted(*args: Any, **named: Any) -> Any:
        judged.append(1)
        return evaluate(*args, **named)

    monkeypatch.setattr("policies.compile.evaluate", counted)
    async with world(tmp_path, started(), agreement(count(2)), THING) as w:
        await access(w)
        await access(w)
        assert judged == []
        assert [reason.code for reason in await refused(w)] == ["count.exhausted"]
        assert judged == [1]
