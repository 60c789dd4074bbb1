"""Peers that take their time, and peers that hint without end: they hold up nobody but themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog.federation import plan
from catalog.federation.plan import SECOND, Periods
from catalog.index.forms import Standing
from connector.services.federation.lanes import Lanes
from policies.model import Reason
from tests.connector.services.federation.test_federation import Setting, participant
from tests.connector.services.federation.world import Node, dataset


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    made = Setting(tmp_path)
    yield made
    await made.federation.close()
    made.reader.index.close()


async def test_who_never_comes_to_an_end_holds_up_nobody(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many of them as crawls may go on at a time, and more."""
    setting.federation._lanes = Lanes(fast=2, slow=4, patient=0.0)
    asked, let_go = asyncio.Event(), asyncio.Event()
    for one in range(4):
        node = setting.world.add(Node(f"a-slow-{one}"))
        setting.store.put(participant(node))
    send = setting.world.send

    async def slowly(method: str, url: str, **more: Any) -> Any:
        if "a-slow" in urlsplit(url).netloc:
            asked.set()
            await let_go.wait()
        return await send(method, url, **more)

    monkeypatch.setattr(setting.world, "send", slowly)
    await setting.federation.work()
    await asked.wait()
    async with asyncio.timeout(10):
        await setting.federation.crawl("town")
    assert len(setting.reader.titles()) == 3
    setting.town.put(dataset("urn:d:9", "Neu"))
    async with asyncio.timeout(10):
        await setting.federation.crawl("town")
    assert "Neu" in setting.reader.titles()
    let_go.set()


async def test_few_go_on_at_a_time_and_every_turn_comes_back() -> None:
    lanes, going, most = Lanes(fast=2, slow=2, patient=0.0), 0, 0
    steps = asyncio.Event()

    async def one(wait: bool) -> None:
        nonlocal going, most
        async with lanes.turn():
            going += 1
            most = max(most, going)
            if wait:
                await steps.wait()
            going -= 1

    slow = [asyncio.create_task(one(True)) for _ in range(8)]
    while going < 4:
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert most == 4
    slow[0].cancel()
    steps.set()
    await asyncio.gather(*slow, return_exceptions=True)
    await asyncio.gather(*(one(False) for _ in range(20)))
    assert (lanes._fast._value, lanes._slow._value) == (2, 2)


def test_who_hints_at_what_cannot_be_had_is_believed_later_and_later() -> None:
    periods, standing, at, asked = Periods(), Standing(participant="did:web:bad.example"), 0, 0
    while at < 3_600 * SECOND:
        if plan.due(standing, at):
            asked += 1
            standing = plan.failed(standing, at, Reason("peer.timeout"), jitter=0.5, periods=periods)
        at += SECOND
        standing = plan.hinted(standing, at, periods)
    assert asked <= 3_600 / periods.poll + 6
