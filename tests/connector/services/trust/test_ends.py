"""A credential that ends although it should have been renewed is told once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.records import HeldCredential
from connector.services.trust.ends import Ends, is_late
from tests.connector.services.trust.regional import Regional, events, regional


def held(begins: int, ends: int, id: str = "urn:x:1") -> HeldCredential:
    return HeldCredential(
        id=id, kind="X", issuer="did:web:r.example", profile="p", token="", received=0, begins=begins, ends=ends
    )


@pytest.mark.parametrize(("now", "late"), [(0, False), (799, False), (800, True), (1_000, True), (2_000, True)])
def test_the_last_fifth_is_late(now: int, late: bool) -> None:
    assert is_late(held(0, 1_000), now) is late


def test_each_is_told_once(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        town = await here.world.node("town")
        ends, now = Ends(store=town.store, clock=town.clock), town.clock.now()

        def put(tx: Any) -> None:
            tx.put(held(0, now + 1))
            tx.put(held(now, now * 2, "urn:x:2"))

        await town.store.write(put)
        for _ in range(3):
            await ends.look()
        assert (await events(town)).count("credential.ending") == 1

    regional(tmp_path, act)
