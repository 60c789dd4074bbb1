"""What is wrong with trust is found: credentials, descriptions, regions, a root key that lies where it should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from connector.doctor import trust
from connector.node import Node
from connector.records import Description, HeldCredential, Region
from policies.model import Reason
from tests.connector.services.trust.regional import Regional, kept, regional


async def found(town: Node, *, later: int = 0) -> list[str]:
    """The findings about a node's own credentials, descriptions and regions, so many microseconds from now."""
    now = town.clock.now() + later

    def look(view: Any) -> list[Reason]:
        return [*trust.changed(view), *trust.credentials(view, now), *trust.description(view)]

    return [one.code for one in await town.store.read(look)]


def test_a_member_in_good_standing_has_nothing_to_mend(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        assert await found(town) == []
        await here.join(town, region)
        assert await found(town) == []
        assert await trust.silent((await town.trust.services.regions.select())[0], here.world) is None

    regional(tmp_path, act)


def test_a_credential_that_is_late_or_gone_is_found(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        await here.join(town, region)
        held = await town.trust.services.wallet.list()
        life = held[0].ends - held[0].begins
        assert await found(town, later=life * 9 // 10) == ["doctor.credential_ends"]
        assert await found(town, later=life) == ["doctor.credential_missing"]

        def lose(tx: Any) -> None:
            for one in tx.select(HeldCredential):
                tx.delete(HeldCredential, one.id)

        await town.store.write(lose)
        assert await found(town) == ["doctor.credential_missing"]

    regional(tmp_path, act)


def test_a_member_that_says_nowhere_who_it_is_is_found(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        await here.join(town, region)

        def withdraw(tx: Any) -> None:
            for one in tx.select(Description):
                tx.delete(Description, one.id)

        await town.store.write(withdraw)
        assert await found(town) == ["doctor.description_missing"]

    regional(tmp_path, act)


def test_a_region_that_is_silent_or_has_other_keys_is_found(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        await here.believe(town, region)
        (known,) = await town.trust.services.regions.select()
        here.world.away.add("region.example")
        silent = await trust.silent(known, here.world)
        assert silent is not None
        assert (silent.code, silent.params["region"]) == ("doctor.region_silent", "Region Elbland")
        assert silent.params["said"] == silent.params["cause"]
        changed: Region = replace(known, changed=Reason("peer.keys_changed"))
        await town.store.write(lambda tx: tx.put(changed))
        assert await found(town) == ["doctor.region_changed"]

    regional(tmp_path, act)


def test_the_roots_key_is_found_until_it_is_taken_away(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        (one,) = trust.root_key(region.config)
        assert (one.code, one.params["region"]) == ("doctor.root_key", "Region Elbland")
        Path(one.params["path"]).unlink()
        assert list(trust.root_key(region.config)) == []
        assert await kept(region).members.select() == []  # and the region goes on

    regional(tmp_path, act)
