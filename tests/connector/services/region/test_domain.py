"""The keys of a region while its node runs: changed with an entry in the log, told of before they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from certs.authority import DAY, name_of
from certs.region import ROOT_LIST_DAYS
from certs.revocation import parse
from connector.errors import InputError
from connector.services.region.domain import WARN, Domain
from connector.store.sqlite import SqliteStore
from tests.harness.trustdomain import made
from tests.harness.virtual import EPOCH, VirtualClock


class World:
    """A region's keys, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at, self.told = folder / "region", EPOCH, 0
        clock = VirtualClock()
        clock.now = lambda: self.at  # type: ignore[method-assign]
        self.store = SqliteStore.open(
            folder / "state.db", clock=clock, sign_head=lambda size, root, at: "note", threaded=False
        )
        made(self.folder, now=EPOCH)
        self.domain = Domain(
            folder=self.folder, public_url="https://r", store=self.store, clock=clock, changed=self._changed
        )

    def _changed(self) -> None:
        self.told += 1

    async def events(self) -> list[str]:
        return [msgspec.json.decode(one.body)["event"] for one in await self.store.read(lambda view: view.log())]

    def number(self) -> int:
        keys = self.domain.keys()
        return parse(keys.root_lists[name_of(keys.root)], name_of(keys.root)).number


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = World(tmp_path)
    yield opened
    await opened.store.close()


async def test_a_change_is_in_use_and_in_the_log(world: World) -> None:
    before = world.domain.keys()
    await world.domain.renew_authority("admin")
    assert world.domain.keys().nodes.name != before.nodes.name
    await world.domain.renew_root("admin")
    assert world.domain.keys().root != before.root
    assert await world.events() == ["region.authority_renewed", "region.root_renewed"]
    assert world.told == 2


async def test_without_the_roots_key_nothing_of_it_changes(world: World) -> None:
    (world.folder / "root.pem").unlink()
    for change in (world.domain.renew_authority, world.domain.renew_root, world.domain.renew_root_list):
        with pytest.raises(InputError) as caught:
            await change("admin")
        assert caught.value.reason.code == "region.root_away"
    assert (await world.events(), world.told) == ([], 0)


async def test_the_roots_list_is_renewed_in_time_where_its_key_is_here(world: World) -> None:
    world.at += ROOT_LIST_DAYS * DAY // 2 - 1
    await world.domain.look()
    assert world.number() == 1
    world.at += 1
    await world.domain.look()
    await world.domain.look()
    assert world.number() == 2


async def test_people_are_told_before_something_ends_that_needs_the_roots_key(world: World) -> None:
    assert world.domain.trouble() is None
    world.at += ROOT_LIST_DAYS * DAY - WARN
    trouble = world.domain.trouble()
    assert trouble is not None
    assert trouble.code == "region.ends"
    await world.domain.renew_root_list("admin")
    assert world.domain.trouble() is None
