"""Tests of connector.services.trust.lists: when a list of revocations is fetched, and until when a copy serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key

from certs import jwk
from certs.status import Bits, list_credential
from connector.errors import DeliveryError
from connector.services.trust.lists import StatusLists, Wanted
from connector.store.sqlite import SqliteStore
from tests.harness.virtual import VirtualClock, run

ISSUER, URL, SECOND = "did:web:region.example", "https://region.example/status/1", 1_000_000
KID = ISSUER + "#issuer"
KEY, OTHER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
WANTED = Wanted(URL, "revocation", ISSUER, {KID: jwk.of(KEY.public_key())})


class Region:
    """Serves a list that lasts an hour; `down` and `page` say what else."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock, self.bits, self.asked, self.down = clock, Bits(), 0, False
        self.page: bytes | None = None
        self.private: list[bool] = []

    def list(self, *, purpose: str = "revocation", url: str = URL, key: EllipticCurvePrivateKey = KEY) -> bytes:
        now = self.clock.now()
        return list_credential(
            key,
            KID,
            issuer=ISSUER,
            url=url,
            purpose=purpose,
            bits=self.bits,
            begins=now,
            ends=now + 3_600 * SECOND,
        ).encode()

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        self.asked += 1
        self.private.append(private)
        await asyncio.sleep(0.1)
        if self.down:
            raise DeliveryError("peer.timeout")
        return self.page or self.list()


Act = Callable[[StatusLists, Region], Awaitable[None]]


def world(folder: Path, *acts: Act, lab: bool = False) -> None:
    """Each act in a process of its own over the same store."""

    async def main() -> None:
        clock = VirtualClock()
        region = Region(clock)
        for act in acts:
            store = SqliteStore.open(folder / "state.db", clock=clock, sign_head=lambda *_: "", threaded=False)
            lists = StatusLists(store=store, fetch=region, clock=clock, seconds=300, lab=lab)
            await act(lists, region)
            await lists.close()
            await store.close()

    run(main)


def test_a_list_is_fetched_once_for_all_who_want_it(tmp_path: Path) -> None:
    async def act(lists: StatusLists, region: Region) -> None:
        copies = await asyncio.gather(*(lists.get(WANTED) for _ in range(100)))
        assert all(copy is not None and not copy.list.get(7) for copy in copies)
        await asyncio.sleep(70)
        await lists.get(WANTED)
        assert region.asked == 1
        await asyncio.sleep(10)
        await lists.get(WANTED)
        assert region.asked == 2

    world(tmp_path, act)


def test_what_is_taken_back_is_seen_in_time(tmp_path: Path) -> None:
    async def act(lists: StatusLists, region: Region) -> None:
        copy = await lists.get(WANTED)
        assert copy is not None
        assert copy.until <= region.clock.now() + 300 * SECOND, "a verdict made of it lasts no longer"
        region.bits.set(7)
        await asyncio.sleep(75)
        later = await lists.get(WANTED)
        assert later is not None
        assert later.list.get(7)

    world(tmp_path, act)


def test_a_list_that_cannot_be_had_serves_until_it_ends(tmp_path: Path) -> None:
    async def act(lists: StatusLists, region: Region) -> None:
        first = await lists.get(WANTED)
        assert first is not None
        region.down = True
        await asyncio.sleep(1_800)
        copy = await lists.get(WANTED)
        assert copy is not None
        assert copy.until == first.list.ends
        await asyncio.sleep(1_800)
        assert await lists.get(WANTED) is None
        asked = region.asked
        assert await lists.get(WANTED) is None
        assert region.asked == asked, "it is not asked for with every question"
        region.down = False
        await asyncio.sleep(15)
        assert await lists.get(WANTED) is not None

    world(tmp_path, act)


def test_the_last_copy_is_there_after_a_restart(tmp_path: Path) -> None:
    async def before(lists: StatusLists, region: Region) -> None:
        region.bits.set(7)
        assert await lists.get(WANTED) is not None

    async def after(lists: StatusLists, region: Region) -> None:
        region.down = True
        await asyncio.sleep(600)
        copy = await lists.get(WANTED)
        assert copy is not None
        assert copy.list.get(7)

    async def much_later(lists: StatusLists, region: Region) -> None:
        await asyncio.sleep(3_600)
        assert await lists.get(WANTED) is None

    world(tmp_path, before, after, much_later)


def test_no_list_is_followed_by_an_older_one(tmp_path: Path) -> None:
    async def act(lists: StatusLists, region: Region) -> None:
        old = region.list()
        await asyncio.sleep(60)
        region.bits.set(7)
        await lists.get(WANTED)
        region.page = old
        await asyncio.sleep(400)
        copy = await lists.get(WANTED)
        assert copy is not None
        assert copy.list.get(7)

    async def after_a_restart(lists: StatusLists, region: Region) -> None:
        copy = await lists.get(WANTED)
        assert copy is not None
        assert copy.list.get(7)

    world(tmp_path, act, after_a_restart)


@pytest.mark.parametrize("wrong", ["purpose", "url", "key", "html", "bytes"])
def test_what_is_no_list_of_the_issuer_for_this_is_none(tmp_path: Path, wrong: str) -> None:
    async def act(lists: StatusLists, region: Region) -> None:
        pages = {
            "purpose": region.list(purpose="suspension"),
            "url": region.list(url=URL + "0"),
            "key": region.list(key=OTHER),
            "html": b"<html>",
            "bytes": b"\xff\xfe",
        }
        region.page = pages[wrong]
        assert await lists.get(WANTED) is None

    world(tmp_path, act)


def test_loopback_is_for_laboratories(tmp_path: Path) -> None:
    async def act(lists: StatusLists, region: Region) -> None:
        await lists.get(Wanted("http://127.0.0.1:1/s", "revocation", ISSUER, {}))
        await lists.get(WANTED)
        assert region.private == [True, False]

    world(tmp_path, act, lab=True)


def test_an_issuer_that_names_anothers_list_spoils_it_for_nobody(tmp_path: Path) -> None:
    foreign = Wanted(URL, "revocation", "did:web:other.example", {"did:web:other.example#issuer": WANTED.keys[KID]})

    async def act(lists: StatusLists, region: Region) -> None:
        theirs, ours = await asyncio.gather(lists.get(foreign), lists.get(WANTED))
        assert theirs is None
        assert ours is not None
        assert await lists.get(foreign) is None
        copy = await lists.get(WANTED)
        assert copy is not None
        assert copy.until > region.clock.now()

    world(tmp_path, act)
