"""The register of silos: names, settings, who may be rid of which, and what stands in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from connector.errors import InputError
from connector.records import Asset, Silo, Written
from connector.services.silos import SiloRegister
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock

HERE = {"place": "here"}


class Reads:
    """Takes every setting but `bad`; remembers what it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def check(self, silo: Silo) -> Sequence[str]:
        return [f"{name}: is wrong" for name in silo.settings if name == "bad"]

    def forget(self, silo: str) -> None:
        self.forgotten.append(silo)


class World:
    """A store and a register in it."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore.open(
            folder / "state.db", clock=SystemClock(), sign_head=lambda size, root, at: "", threaded=False
        )
        self.reads = Reads()
        self.register = SiloRegister(store=self.store, clock=SystemClock(), reads=self.reads)

    async def asset(self, name: str, silo: str) -> None:
        made = Asset(
            id=f"urn:{name}", name=name, title="", kind="k", settings={"silo": silo}, created=0, created_by="x"
        )
        await self.store.write(lambda tx: tx.put(made))

    async def log(self) -> list[tuple[str, dict[str, str]]]:
        found = await self.store.read(lambda view: view.log(limit=1000))
        said = [msgspec.json.decode(one.body, type=Written) for one in found]
        return [(one.event, dict(one.params)) for one in said]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.store.close()


async def refused(world: World, code: str, *, name: str = "db", settings: dict[str, str] = HERE) -> None:
    with pytest.raises(InputError) as caught:
        await world.register.add("jo", name, "k", settings)
    assert caught.value.reason.code == code


async def test_a_silo_is_kept_under_its_name(world: World) -> None:
    made = await world.register.add("jo", "db", "k", HERE)
    assert (made.id, made.kind, made.settings, made.created_by) == ("db", "k", HERE, "jo")
    assert await world.register.get("db") == made
    assert await world.log() == [("silo.added", {"silo": "db", "kind": "k", "settings": "place"})]
    assert world.reads.forgotten == ["db"], "what was remembered of another one under this name is gone"


async def test_what_cannot_be_is_not_kept(world: World) -> None:
    await world.register.add("jo", "db", "k", HERE)
    await refused(world, "silo.exists")
    await refused(world, "silo.settings", name="other", settings={"bad": "1"})
    for name in ("", "a b", "../x", "ü", "x" * 65):
        await refused(world, "name.form", name=name)
    assert [one.id for one in await world.register.select()] == ["db"]
    assert len(await world.log()) == 1


async def test_settings_change_and_the_rest_stays(world: World) -> None:
    await world.register.add("jo", "db", "k", {**HERE, "port": "1", "old": "x"})
    after = await world.register.change("ann", "db", {"port": "2"}, ["old", "never there"])
    assert after.settings == {**HERE, "port": "2"}
    assert after.created_by == "jo"
    assert await world.register.get("db") == after
    assert (await world.log())[-1] == ("silo.changed", {"silo": "db", "settings": "port", "without": "never there old"})
    assert world.reads.forgotten == ["db", "db"]
    with pytest.raises(InputError, match=r"silo\.settings"):
        await world.register.change("ann", "db", {"bad": "1"})
    assert await world.register.get("db") == after


async def test_of_two_changes_at_once_none_is_lost_unseen(world: World) -> None:
    await world.register.add("jo", "db", "k", HERE)
    changes = [world.register.change("jo", "db", {f"k{at}": "1"}) for at in range(2)]
    done = await asyncio.gather(*changes, return_exceptions=True)
    kept = set((await world.register.get("db")).settings) - set(HERE)
    assert len(kept) == sum(isinstance(one, Silo) for one in done)
    assert all(isinstance(one, Silo) or "silo.changed" in str(one) for one in done)


async def test_a_silo_goes_when_nothing_is_made_of_it(world: World) -> None:
    await world.register.add("jo", "db", "k", HERE)
    for at in range(250):
        await world.asset(f"a{at:03}", "another")
    await world.asset("zz", "db")
    assert [one.name for one in await world.register.assets("db")] == ["zz"]
    with pytest.raises(InputError) as caught:
        await world.register.remove("jo", "db")
    assert caught.value.reason.params == {"name": "db", "asset": "zz"}
    await world.store.write(lambda tx: tx.delete(Asset, "urn:zz"))
    await world.register.remove("jo", "db")
    assert (await world.log())[-1] == ("silo.removed", {"silo": "db"})
    for wrong in (world.register.get("db"), world.register.remove("jo", "db"), world.register.change("jo", "db", {})):
        with pytest.raises(InputError, match=r"silo\.unknown"):
            await wrong


async def test_who_looks_is_kept_before_anything_is_seen(world: World) -> None:
    await world.register.looked("jo", "db", "trees")
    assert await world.log() == [("silo.looked", {"silo": "db", "what": "trees"})]
