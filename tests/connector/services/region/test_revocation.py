"""What is taken back stands in the list at once, and nowhere else; places are drawn once and at random."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from certs import credentials, jwk, status
from certs.status import LEAST, List
from connector.errors import InputError
from connector.protocol.dcp import VC11, VC20
from connector.records import Issued
from connector.services.region.revocation import FORMS, FULL, SIZE, Form
from tests.connector.services.region.test_issuing import Scene, within

HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def read(scene: Scene, number: int, form: Form) -> List:
    """A list as anybody gets it, verified."""
    path = f"/status/{number}" + ("" if form == "revocation" else f"/{form}")
    answer = await scene.region.asked("GET", path, {})
    assert answer.status == 200
    assert answer.headers["content-type"] == ("application/jwt" if form == "2021" else "application/vc+jwt")
    return status.read_list(
        answer.body.decode(),
        url=scene.region.url + path,
        purpose="suspension" if form == "suspension" else "revocation",
        issuer_keys={id: jwk.read(scene.region.document.keys[id]) for id in scene.region.document.assertions},
        now=scene.region.clock.now(),
        allowed_issuers={scene.region.did},
    )


async def standing(scene: Scene) -> dict[str, set[str]]:
    """What the entries of each held credential say when they are looked up: profile -> purposes that are set."""
    found: dict[str, set[str]] = {}
    for one in await scene.held():
        found[one.profile] = set()
        for entry in credentials.read(one.token).status:
            number, _, form = entry.list.removeprefix(f"{scene.region.url}/status/").partition("/")
            known: Form = next(each for each in FORMS if each == (form or "revocation"))
            if (await read(scene, int(number), known)).get(entry.index):
                found[one.profile].add(entry.purpose)
    return found


def test_nothing_is_set_at_first_and_lists_hide_their_members_in_a_herd(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        assert await standing(scene) == {VC20: set(), VC11: set()}
        assert len((await read(scene, 0, "revocation")).bits) == SIZE == LEAST == 131_072

    within(folder, test)


def test_what_is_revoked_stands_in_the_list_at_once_and_for_good(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        held = {one.profile: one.id for one in await scene.joined()}
        await standing(scene)
        await scene.region.revocation.revoke("op", held[VC20], "lost")
        assert await standing(scene) == {VC20: {"revocation"}, VC11: set()}
        await scene.region.revocation.revoke("op", held[VC11])
        assert await standing(scene) == {VC20: {"revocation"}, VC11: {"revocation"}}
        for change in (
            scene.region.revocation.revoke,
            scene.region.revocation.suspend,
            scene.region.revocation.restore,
        ):
            with pytest.raises(InputError, match=r"issued\.revoked"):
                await change("op", held[VC20])
        await scene.region.again()
        assert await standing(scene) == {VC20: {"revocation"}, VC11: {"revocation"}}

    within(folder, test)


def test_what_is_suspended_comes_back(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        held = {one.profile: one.id for one in await scene.joined()}
        revocation = scene.region.revocation
        for id in held.values():
            await revocation.suspend("op", id)
        # The older model has one entry, which says both.
        assert await standing(scene) == {VC20: {"suspension"}, VC11: {"revocation"}}
        with pytest.raises(InputError, match=r"issued\.suspended"):
            await revocation.suspend("op", held[VC20])
        for id in held.values():
            await revocation.restore("op", id)
        assert await standing(scene) == {VC20: set(), VC11: set()}
        with pytest.raises(InputError, match=r"issued\.not_suspended"):
            await revocation.restore("op", held[VC20])

    within(folder, test)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        (["suspend"], {VC20: {"suspension"}, VC11: {"revocation"}}),
        (["suspend", "restore"], {VC20: set(), VC11: set()}),
        (["leave"], {VC20: {"revocation"}, VC11: {"revocation"}}),
        (["stolen"], {VC20: {"revocation"}, VC11: {"revocation"}}),
        (["suspend", "leave"], {VC20: {"revocation", "suspension"}, VC11: {"revocation"}}),
    ],
)
def test_credentials_follow_their_member(folder: Path, moves: list[str], expected: dict[str, set[str]]) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        for move in moves:
            await getattr(scene.region.members, move)("op", "nord")
        assert await standing(scene) == expected

    within(folder, test)


def test_a_served_list_is_kept_until_something_changes_and_signed_anew_in_time(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        held = await scene.joined()
        served = scene.region.revocation.served
        first = await served(0, "revocation")
        await asyncio.sleep(11 * HOUR)
        assert await served(0, "revocation") == first
        await asyncio.sleep(2 * HOUR)
        second = await served(0, "revocation")
        assert second != first
        assert (await read(scene, 0, "revocation")).ends - scene.region.clock.now() == 24 * HOUR * 1_000_000
        await scene.region.revocation.revoke("op", held[0].id)
        assert await served(0, "revocation") != second

    within(folder, test)


def test_a_change_that_was_not_kept_is_not_in_the_list(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        held = await scene.joined()
        before = await scene.region.revocation.served(0, "revocation")

        def act(tx: Any) -> None:
            scene.region.revocation.withdraw(tx, held[0].id, "never")
            raise RuntimeError("the disk is full")

        with pytest.raises(RuntimeError):
            await scene.region.store.write(act)
        assert await scene.region.revocation.served(0, "revocation") == before

    within(folder, test)


@pytest.mark.parametrize("path", ["/status/1", "/status/-1", "/status/x", "/status/0/other", "/status/9999999999"])
def test_a_list_that_was_never_begun_is_not_there(folder: Path, path: str) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        assert (await scene.region.asked("GET", path, {})).status == 404

    within(folder, test)


def _issued(place: int) -> Issued:
    return Issued(id=f"urn:x:{place}", holder="did:web:h", kind="K", profile=VC20, place=place, issued=0, ends=1 << 60)


def test_places_are_drawn_at_random_once_and_from_the_next_list_when_half_of_one_is_taken(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        revocation = scene.region.revocation

        def some(tx: Any, number: int) -> list[int]:
            drawn = []
            for _ in range(number):
                drawn.append(revocation.place(tx))
                tx.put(_issued(drawn[-1]))
            return drawn

        first = await scene.region.store.write(lambda tx: some(tx, 300))
        assert len(set(first)) == 300
        assert all(0 <= place < SIZE for place in first)
        # At random: neither in their order nor close together.
        assert first != sorted(first)
        assert max(first) - min(first) > SIZE // 2

        def fill(tx: Any) -> None:
            free = (place for place in range(SIZE) if place not in set(first))
            for _ in range(FULL - 300):
                tx.put(_issued(next(free)))

        await scene.region.store.write(fill)
        later = await scene.region.store.write(lambda tx: some(tx, 20))
        assert all(SIZE <= place < 2 * SIZE for place in later)
        assert not set(later) & set(first)
        await scene.region.revocation.revoke("op", f"urn:x:{later[0]}")
        second = await read(scene, 1, "revocation")
        assert second.get(later[0] - SIZE)
        assert not (await read(scene, 0, "revocation")).get(later[0] - SIZE)

    within(folder, test)


def test_everything_that_was_issued_can_be_listed_by_its_holder(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        listed = await scene.region.revocation.list(holder=scene.nord.did)
        assert {one.id for one in listed} == {one.id for one in await scene.held()}
        assert await scene.region.revocation.list(holder=scene.sued.did) == []
        assert (await scene.region.revocation.get(listed[0].id)) == listed[0]
        with pytest.raises(InputError, match=r"issued\.unknown"):
            await scene.region.revocation.revoke("op", "urn:x:none")

    within(folder, test)
