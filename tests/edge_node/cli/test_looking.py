"""Tests of what people ask a running agent, which is a stand-in here that says one thing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from connector.cli.words import speak
from edge_node.cli.doctor import doctor
from edge_node.cli.looking import drain, queue, sources, status, tail
from edge_node.control import Asked, Control

WELL: dict[str, Any] = {"trouble": "", "params": {}}
STATUS: dict[str, Any] = {
    "device": "did:web:city.example:edge:cabinet",
    "node": "https://city.example",
    "version": "1",
    "buffer": {
        "readings": 12,
        "bytes": 400,
        "most": 1_000_000,
        "hours_left": 96.0,
        "oldest_unsent": 1_780_000_000_000_000,
        "last_fsync": 1_780_000_000_000_000,
        "full": "oldest",
        "forgotten": 0,
        "damaged": 0,
    },
    "clock": {"trusted": True},
    "wear": {"bytes": 100, "ever": 1_000, "per_reading": 8.3},
    "link": {"today": 10, "budget": 0, **WELL},
    "orders": {"number": 2, "issued": 1_780_000_000_000_000},
    "spoiled": 1,
    "sources": [
        {"name": "roof", "kind": "mqtt", "series": "air", "readings": 12, "spoiled": 1, "last": None, **WELL},
    ],
    "series": [{"name": "air", **WELL}],
    "consumers": [
        {"consumer": "did:web:city.example", "series": "", "waiting": 3, "oldest": None, "last": None}
        | {"trouble": "link.unreachable", "params": {}},
    ],
}


@contextlib.asynccontextmanager
async def agent(directory: Path, said: Mapping[str, Any] = STATUS) -> AsyncIterator[None]:
    async def answer(asked: Asked) -> AsyncIterator[Any]:
        yield said

    async def drained(asked: Asked) -> AsyncIterator[Any]:
        yield {"waiting": 3}

    control = Control(directory, {"status": answer, "tail": answer, "drain": drained})
    await control.open()
    try:
        yield
    finally:
        await control.close()


async def run(command: Any, *arguments: str, lang: str = "de") -> Result:
    def call() -> Result:
        speak("de" if lang == "de" else "en")
        return CliRunner().invoke(command, [*arguments, "--lang", lang])

    return await asyncio.to_thread(call)


async def test_every_label_is_said_in_german(tmp_path: Path) -> None:
    async with agent(tmp_path):
        for command in (status, sources, queue):
            shown = (await run(command, str(tmp_path))).output
            assert shown
            assert not {"kept", "left", "oldest", "readings", "trouble", "series"} & set(shown.split()), shown


async def test_the_own_node_has_no_series(tmp_path: Path) -> None:
    async with agent(tmp_path):
        shown = (await run(status, str(tmp_path), lang="en")).output
    assert "did:web:city.example: The other side cannot be reached." in shown


async def test_a_source_that_waits_for_its_series_is_not_said_twice(tmp_path: Path) -> None:
    wrong = {"trouble": "transform.column", "params": {"field": "wind"}}
    said = STATUS | {
        "series": [{"name": "air", **wrong}],
        "sources": [STATUS["sources"][0] | {"trouble": "transform.column"}],
    }
    async with agent(tmp_path, said):
        shown = (await run(status, str(tmp_path), lang="en")).output
    assert shown.count("wind") == 1
    assert "roof:" not in shown


async def test_what_was_put_aside_is_shown_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    line = {"at": 1_780_000_000_000_000, "source": "roof", "code": "decode.json", "params": {}, "text": "{hm"}
    (tmp_path / "spool" / "spoiled.jsonl").write_bytes(msgspec.json.encode(line) + b"\n" + b"torn")
    async with agent(tmp_path):
        shown = (await run(sources, "--aside", str(tmp_path), lang="en")).output
    assert "roof: This is no JSON." in shown
    assert "{hm" in shown


async def test_a_series_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    async with agent(tmp_path):
        done = await run(tail, str(tmp_path), "--series", "wind")
    assert "wind" in str(done.exception)
    assert "air" in str(done.exception)


async def test_what_goes_on_waiting_is_explained(tmp_path: Path) -> None:
    async with agent(tmp_path):
        shown = (await run(drain, str(tmp_path), lang="en")).output
    assert "3 readings wait" in shown
    assert "cannot be reached" in shown


async def test_each_finding_has_a_line(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text("")
    async with agent(tmp_path):
        done = await run(doctor, str(tmp_path), lang="en")
    assert done.exit_code == 1
    assert len([line for line in done.output.splitlines() if line.startswith("  - ")]) == 2
