"""Contracts as people look at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import InputError
from connector.services.life.contracts import Contracts
from policies.terms import Terms
from tests.connector.services.world import FINAL, neighbours, settled
from tests.harness.virtual import run


def test_both_sides_list_the_same_contract(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3))
        wanted = await utility.terms_of(city, offer)
        n = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        await settled(utility.negotiations, n.id, FINAL)
        ours, theirs = (Contracts(store=one.store, clock=one.clock) for one in (utility, city))
        [one] = await ours.select()
        assert (one.role, (await theirs.get(one.id)).role) == ("consumer", "provider")
        assert await ours.select(in_force=False) == []
        with pytest.raises(InputError, match=r"agreement\.unknown"):
            await ours.get("urn:x:none")

    run(story)
