"""Who calls a node as a device: a thief of its key, of its token, another device; and what one device may hold up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certs import cose, cwt
from connector.data.readings import ordering
from tests.connector.devices import Cabinet, cabinet, problem
from tests.connector.joined import Two, joined


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path, region="Region Elbland") as made:
        yield made


@pytest.fixture
async def device(two: Two, tmp_path: Path) -> Cabinet:
    return await cabinet(two.city, tmp_path / "cabinet")


async def test_a_token_is_good_once_wherever_it_is_shown(two: Two, device: Cabinet) -> None:
    token = device.token()
    assert (await device.ask(token=token)).status == 200
    assert (await device.ask(token=token)).status == 401
    again = await device.link.get("https://city.example/edge/welcome", authorization=token)
    assert (again.status, problem(again)) == (401, "token.refused")


async def test_a_token_says_nothing_else_than_that_it_is_one(two: Two, device: Cabinet) -> None:
    """What a device seals is no token, and a token is for one node, for one device, and soon over."""
    one, now = device.identity, two.city.clock.now()
    other = await cabinet(two.city, device.folder.parent / "other", "Other")
    forged = [
        cwt.make(one.key, one.kid, issuer=other.did, audience=one.node, now=now, id=bytes(16)),
        cwt.make(one.key, other.identity.kid, issuer=other.did, audience=one.node, now=now, id=bytes(16)),
        cwt.make(one.key, one.kid, issuer=one.device, audience=two.utility.did, now=now, id=bytes(16)),
        cwt.make(one.key, one.kid, issuer=one.device, audience=one.node, now=now, id=bytes(16), life=86_400),
        cwt.make(one.key, one.kid, issuer=one.device, audience=one.node, now=now - 3_600_000_000, id=bytes(16)),
        cwt.make(one.key, one.kid, issuer=one.device, audience=one.node, now=now + 3_600_000_000, id=bytes(16)),
        cose.sign(one.key, one.kid, b"\x02reading"),
    ]
    for token in forged:
        assert (await device.ask(token=cwt.bearer(token))).status == 401
    assert (await device.ask()).status == 200


async def test_one_device_holds_up_few_questions(two: Two, device: Cabinet) -> None:
    """Each is looked at again with every change of a transfer."""
    known = await device.orders()
    waiting = [asyncio.ensure_future(device.ask(known.number, issued=known.issued, wait=50)) for _ in range(10)]
    done, pending = await asyncio.wait(waiting, timeout=3)
    assert len(pending) == ordering.LINES
    assert {one.result().status for one in done} == {204}
    for one in pending:
        one.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


@pytest.mark.parametrize("after", [1 << 53, 1 << 40])
async def test_a_number_that_was_never_given_is_not_followed(two: Two, device: Cabinet, after: int) -> None:
    """Who has stolen the key would use up all numbers, and the device would hear nothing any more."""
    before = await device.orders()
    found = await device.ask(after)
    assert (found.status, problem(found)) == (400, "edge.number")
    assert (await device.orders()).number == before.number
    assert (await device.orders(before.number + 9)).number == before.number + 10, "as after a backup"
