"""Asking a running agent over its socket."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge_node.control import SOCKET, Asked, Control, ask
from edge_node.errors import LinkError


async def _status(asked: Asked) -> AsyncIterator[Any]:
    yield {"asked": dict(asked)}


async def _tail(asked: Asked) -> AsyncIterator[Any]:
    for number in range(3):
        yield {"n": number}


async def _broken(asked: Asked) -> AsyncIterator[Any]:
    yield {"n": 1}
    raise LinkError("link.budget", bytes="5")


async def _asked(control: Control, directory: Path, name: str, **more: Any) -> list[dict[str, Any]]:
    await control.open()
    try:
        return await asyncio.to_thread(lambda: list(ask(directory, name, **more)))
    finally:
        await control.close()


def _control(directory: Path) -> Control:
    return Control(directory, {"status": _status, "tail": _tail, "broken": _broken})


async def test_one_line_is_one_answer(tmp_path: Path) -> None:
    said = await _asked(_control(tmp_path), tmp_path, "status", series="air")
    assert said == [{"asked": {"ask": "status", "series": "air"}}]


async def test_lines_follow_each_other(tmp_path: Path) -> None:
    assert await _asked(_control(tmp_path), tmp_path, "tail") == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize(("name", "code"), [("broken", "link.budget"), ("nothing", "control.unknown")])
async def test_what_is_wrong_is_said(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(LinkError) as caught:
        await _asked(_control(tmp_path), tmp_path, name)
    assert caught.value.code == code


def test_nobody_answers_where_no_agent_runs(tmp_path: Path) -> None:
    with pytest.raises(LinkError) as caught:
        list(ask(tmp_path, "status"))
    assert caught.value.code == "control.off"


async def test_only_the_owner_may_ask(tmp_path: Path) -> None:
    control = _control(tmp_path)
    await control.open()
    assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o600
    await control.close()
    assert not (tmp_path / SOCKET).exists()


async def test_what_an_agent_left_behind_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / SOCKET).write_bytes(b"")
    assert await _asked(_control(tmp_path), tmp_path, "status") == [{"asked": {"ask": "status"}}]
