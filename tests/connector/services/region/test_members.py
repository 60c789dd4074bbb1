"""Members of a region: one place, one code, one DID; what suspends or ends a membership."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from certs import codes
from connector.errors import InputError, RefusedError
from connector.records import Invite, Member
from connector.services.region.members import DAY, Members
from connector.store.sqlite import SqliteStore
from tests.harness.virtual import SeededIds, VirtualClock

ROOT = b"root certificate"
TOWN, OTHER = "did:web:town.example", "did:web:other.example"


class World:
    """A region with its store."""

    def __init__(self, store: SqliteStore, clock: VirtualClock) -> None:
        self.store, self.clock = store, clock
        self.members = Members(store=store, clock=clock, ids=SeededIds("members"), root=lambda: ROOT)

    async def redeem(self, code: str, did: str = TOWN, role: str = "node") -> Member:
        return await self.store.write(lambda tx: self.members.redeem(tx, code, did, role=role))

    async def standing(self, did: str = TOWN) -> Member | None:
        return await self.store.read(lambda view: self.members.standing(view, did))

    async def events(self) -> list[str]:
        return [msgspec.json.decode(one.body)["event"] for one in await self.store.read(lambda view: view.log())]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = VirtualClock()
    opened = SqliteStore.open(
        tmp_path / "state.db", clock=clock, sign_head=lambda size, root, at: "note", threaded=False
    )
    yield World(opened, clock)
    await opened.close()


async def invited(world: World, title: str = "Gemeinde Nachbarsdorf", **more: object) -> str:
    return (await world.members.invite("admin", "", title=title, **more)).code  # type: ignore[arg-type]


async def refused(world: World, code: str, did: str = TOWN, role: str = "node") -> str:
    with pytest.raises(RefusedError) as caught:
        await world.redeem(code, did, role)
    return caught.value.reason.code


async def test_an_invitation_is_named_after_its_title_and_its_code_names_the_root(world: World) -> None:
    made = await world.members.invite("admin", "", title="Gemeinde Schönfließ (Süd)", key="14612000")
    assert made.invite.id == "gemeinde-schoenfliess-sued"
    assert codes.read(made.code).names(ROOT)
    assert made.code not in str(await world.store.read(lambda view: view.get(Invite, made.invite.id)))


async def test_two_places_with_one_title_have_two_names_and_two_codes(world: World) -> None:
    one = await world.members.invite("admin", "", title="Stadtwerke")
    two = await world.members.invite("admin", "", title="Stadtwerke")
    assert (one.invite.id, two.invite.id) == ("stadtwerke", "stadtwerke-2")
    assert one.code != two.code
    with pytest.raises(InputError) as caught:
        await world.members.invite("admin", "stadtwerke", title="Stadtwerke")
    assert caught.value.reason.code == "invite.name_taken"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": " "}, "invite.title"),
        ({"title": "a\nb"}, "invite.title"),
        ({"role": "king"}, "invite.role"),
        ({"key": "1461"}, "invite.key"),
        ({"key": "1461200x"}, "invite.key"),
        ({"days": 0.0}, "invite.days"),
        ({"days": 400.0}, "invite.days"),
    ],
)
async def test_an_invitation_that_makes_no_sense_is_refused(world: World, change: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        await invited(world, **{"title": "Stadt", **change})  # type: ignore[arg-type]
    assert caught.value.reason.code == code
    assert await world.members.places() == []


async def test_a_code_makes_a_member_of_whoever_brings_it_first(world: World) -> None:
    code = await invited(world, key="14612000", private=True)
    member = await world.redeem(code.lower().replace("-", " "))
    assert (member.name, member.key, member.private, member.state) == (
        "gemeinde-nachbarsdorf",
        "14612000",
        True,
        "active",
    )
    assert await world.standing() == member
    assert await refused(world, code, OTHER) == "invite.used"
    assert await world.standing(OTHER) is None


async def test_the_same_did_may_repeat_until_what_it_was_for_has_arrived(world: World) -> None:
    code = await invited(world)
    first = await world.redeem(code)
    assert await world.redeem(code) == first
    assert (await world.events()).count("member.joined") == 1
    await world.store.write(lambda tx: world.members.delivered(tx, TOWN))
    assert await refused(world, code) == "invite.used"
    assert await world.standing() == first


async def test_a_code_that_is_wrong_late_or_withdrawn_is_refused(world: World) -> None:
    code = await invited(world, days=1.0)
    assert await refused(world, "nonsense") == "invite.unknown"
    assert await refused(world, codes.make(b"0123456789", ROOT).text) == "invite.unknown"
    world.clock.shift += DAY / 1_000_000
    assert await refused(world, code) == "invite.late"
    await world.members.withdraw("admin", "gemeinde-nachbarsdorf")
    assert await refused(world, code) == "invite.unknown"


async def test_a_device_does_not_come_in_by_a_nodes_code_nor_a_node_by_a_devices(world: World) -> None:
    node, device = await invited(world), await invited(world, "Pegel 7", role="device")
    assert await refused(world, node, "urn:device:7", "device") == "invite.other_role"
    assert await refused(world, device) == "invite.other_role"
    assert (await world.redeem(device, "urn:device:7", "device")).role == "device"


async def test_only_what_nobody_has_used_is_withdrawn(world: World) -> None:
    code = await invited(world)
    await world.redeem(code)
    for name, why in (("gemeinde-nachbarsdorf", "invite.taken_up"), ("nobody", "invite.none")):
        with pytest.raises(InputError) as caught:
            await world.members.withdraw("admin", name)
        assert caught.value.reason.code == why


async def test_a_suspended_member_has_no_standing_until_it_is_restored(world: World) -> None:
    code = await invited(world)
    await world.redeem(code)
    heard: list[str] = []
    world.members.told.append(lambda tx, member: heard.append(member.state))
    await world.members.suspend("admin", "gemeinde-nachbarsdorf", "fees")
    assert await world.standing() is None
    assert await refused(world, code) == "member.suspended"
    restored = await world.members.restore("admin", TOWN)
    assert await world.standing() == restored
    assert heard == ["suspended", "active"]


async def test_who_has_left_comes_back_by_a_new_code_and_a_stolen_name_never(world: World) -> None:
    await world.redeem(await invited(world))
    await world.members.leave("admin", TOWN)
    assert await world.standing() is None
    again = await invited(world)
    assert (await world.redeem(again)).name == "gemeinde-nachbarsdorf-2"
    await world.members.stolen("admin", TOWN, "laptop gone")
    assert await refused(world, await invited(world)) == "member.stolen"
    for move in (world.members.suspend, world.members.restore, world.members.leave, world.members.stolen):
        with pytest.raises(InputError) as caught:
            await move("admin", TOWN)
        assert caught.value.reason.code == "member.state"


async def test_an_old_code_brings_nobody_back(world: World) -> None:
    code = await invited(world)
    await world.redeem(code)
    await world.members.leave("admin", TOWN)
    assert await refused(world, code) == "invite.used"
    assert await world.standing() is None


async def test_who_proves_its_did_may_take_another_place_and_a_code_alone_does_not(world: World) -> None:
    first = await world.redeem(await invited(world))
    code = await invited(world, title="Gemeinde Grenzdorf")

    async def alone(code: str, name: str, role: str) -> str:
        with pytest.raises(RefusedError) as caught:
            await world.store.write(lambda tx: world.members.redeem(tx, code, name, role=role, proved=False))
        return caught.value.reason.code

    assert await alone(code, TOWN, "node") == "request.unproved"
    assert await world.standing() == first
    assert (await world.redeem(code)).name == "gemeinde-grenzdorf"
    things = [await invited(world, title=title, role="device") for title in ("Pegel", "Brücke")]
    await world.redeem(things[0], "urn:device:7", "device")
    assert await alone(things[1], "urn:device:7", "device") == "request.names"


async def test_who_is_told_can_undo_the_whole(world: World) -> None:
    await world.redeem(await invited(world))

    def fails(tx: object, member: Member) -> None:
        raise InputError("disk")

    world.members.told.append(fails)
    with pytest.raises(InputError):
        await world.members.suspend("admin", TOWN)
    assert await world.standing() is not None


async def test_an_unknown_member_is_named(world: World) -> None:
    with pytest.raises(InputError) as caught:
        await world.members.suspend("admin", "nobody")
    assert (caught.value.reason.code, caught.value.reason.params) == ("member.unknown", {"name": "nobody"})
