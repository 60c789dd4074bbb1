"""What was taken back is found to be so, told once, and shown to nobody until it is restored."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from connector.ports import Reply
from connector.protocol.dcp import VC20
from tests.connector.services.region.test_issuing import Scene, within

DAY = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize("taken_back", ["revoke", "suspend"])
def test_what_was_taken_back_is_found_to_be_so_and_shown_to_nobody(folder: Path, taken_back: str) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await scene.nord.wallet.look()
        assert [one.revoked for one in await scene.held()] == [None, None]
        lost = next(one for one in await scene.held() if one.profile == VC20)
        await getattr(scene.region.revocation, taken_back)("op", lost.id)
        await asyncio.sleep(600)
        await scene.nord.wallet.look()
        await scene.nord.wallet.look()
        assert {one.id for one in await scene.held() if one.revoked is not None} == {lost.id}
        events = [json.loads(one.body)["event"] for one in await scene.nord.events()]
        assert events.count("credential.lost") == 1

    within(folder, test)


def test_what_is_restored_is_shown_again_and_a_list_that_is_away_changes_nothing(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await scene.region.members.suspend("op", "nord")
        await scene.nord.wallet.look()
        assert all(one.revoked is not None for one in await scene.held())
        await scene.region.members.restore("op", "nord")
        scene.town.broken = lambda method, url: Reply(503, b"")
        await asyncio.sleep(2 * DAY)
        await scene.nord.wallet.look()
        assert all(one.revoked is not None for one in await scene.held())
        scene.town.broken = lambda method, url: None
        await asyncio.sleep(600)
        await scene.nord.wallet.look()
        assert all(one.revoked is None for one in await scene.held())

    within(folder, test)
