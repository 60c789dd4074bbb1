"""Decisions that fail instead of being made, requests that say what is no text: nothing leaves, and it is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data import agreed, gate
from policies.compile import Compiled
from tests.connector.data.test_egress import TABLE, duty, under
from tests.connector.data.world import PID, World, agreement, asset, purpose, started, world

SECRET = "what nobody should read in a log"
ERRORS: list[Callable[[], Exception]] = [
    lambda: TypeError(SECRET),
    lambda: KeyError(SECRET),
    lambda: RecursionError(SECRET),
    lambda: ZeroDivisionError(SECRET),
    lambda: AssertionError(SECRET),
    lambda: UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET),
    lambda: MemoryError(SECRET),
]


class Heard:
    """What was logged."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def critical(self, event: str, **params: Any) -> None:
        self.said.append(f"{event} {params}")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    found = Heard()
    monkeypatch.setattr(gate, "log", found)
    monkeypatch.setattr(agreed, "log", found)
    return found


def _failing(error: Callable[[], Exception]) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error()

    return fail


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error()).__name__)
@pytest.mark.parametrize("where", ["deciding", "reading"])
@pytest.mark.parametrize("terms", ["plain", "with duties"])
async def test_a_decision_that_fails_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard, error: Any, where: str, terms: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    if where == "deciding":
        monkeypatch.setattr(Compiled, "decide", _failing(error))
    else:
        monkeypatch.setattr(agreed, "compiled", _failing(error))
    under_terms = agreement() if terms == "plain" else under(duty("suppress", field="Straße"))
    async with world(tmp_path, under_terms, started(), asset("file", path=str(path))) as made:
        status, _, body = await made.get()
        assert (status, msgspec.json.decode(body)["code"]) == (403, "policy.failed")
        [entry] = await made.log()
        assert (entry.event, entry.params["reason"]) == ("access.refused", "policy.failed")
    assert heard.said
    assert SECRET not in "".join(heard.said) + body.decode()


async def test_a_running_stream_is_cut_where_it_can_be_judged_no_longer_and_others_run_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, other_pid = under(duty("sign")).id[:-1] + "2", PID[:-1] + "2"
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    mine, theirs = agreement(), agreement(id=other)
    records = (mine, theirs, started(), started(other_pid, agreement=other), asset("file", path=str(path)))
    async with world(tmp_path, *records) as made:
        admitted = [await _streaming(made, pid) for pid in (PID, other_pid)]
        decide = Compiled.decide

        def failing(self: Compiled, *given: Any) -> Any:
            if self.policy.id == other:
                raise RecursionError
            return decide(self, *given)

        monkeypatch.setattr(Compiled, "decide", failing)
        [first, second] = await made.gate._judge_again(admitted)
        assert (first, [reason.code for reason in second]) == ((), ["policy.failed"])
        for one in admitted:
            await made.gate.outcome(one, "access.cut")


async def _streaming(made: World, pid: str) -> gate.Admission:
    opened = await made.gate.asset(pid)
    ask = gate.Ask(asset=opened, etag='"x"', streamed=True)
    return await made.gate.admit(made.gate.credential(pid), pid, ask)


@pytest.mark.parametrize("stated", [b"\xff\xfe", b"https://w3id.org/dpv#\xed\xa0\x80", b"\xf0\x28\x8c\x28"])
@pytest.mark.parametrize("name", ["Allmende-Purpose", "Allmende-Spatial"])
@pytest.mark.parametrize("asked", [True, False])
async def test_what_is_no_text_states_nothing(tmp_path: Path, stated: bytes, name: str, asked: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    terms = agreement(purpose()) if asked else agreement()
    async with world(tmp_path, terms, started(), asset("file", path=str(path))) as made:
        matters = asked and name == "Allmende-Purpose"
        assert await _answer(made, (name, stated)) == (403 if matters else 200)
        events = await made.events()
        assert events == ["access.refused" if matters else "access.permitted"]


async def test_who_states_two_purposes_states_none(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    good = purpose()["rightOperand"].encode()
    async with world(tmp_path, agreement(purpose()), started(), asset("file", path=str(path))) as made:
        assert await _answer(made, ("Allmende-Purpose", good)) == 200
        other = ("Allmende-Purpose", b"https://w3id.org/dpv#Marketing")
        assert await _answer(made, ("Allmende-Purpose", good), other) == 403


async def _answer(made: World, *headers: tuple[str, bytes]) -> int:
    """The status of an access with these headers, byte by byte."""
    host, _, port = made.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"GET {made.address()[len(made.url) :]} HTTP/1.1".encode(), b"Host: x", b"Connection: close"]
    lines.append(f"Authorization: Bearer {made.gate.credential(PID)}".encode())
    lines += [name.encode() + b": " + value for name, value in headers]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return int(answer[9:12])
