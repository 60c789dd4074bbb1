"""Tests of edge_node.place.enrol with a running node that keeps a region: what is renewed, and what is believed."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from msgspec.structs import replace

from certs import cose, welcome
from certs.cose import CoseError
from certs.welcome import Welcome
from certs.x509 import ends
from connector.system import SystemClock
from edge_node.config import LinkSettings
from edge_node.network.link import Link, opened
from edge_node.network.metering import Unlimited
from edge_node.place import certificate, enrol, identity
from edge_node.place.identity import Identity
from tests.connector.certified import Region, region
from tests.edge_node.taken import Scripted, code, now, place, said, take

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Region]:
    async with region(tmp_path_factory.mktemp("enrol")) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def link(served: Region) -> AsyncIterator[Link]:
    made = opened(LinkSettings(extra_ca=str(served.authority)), meter=Unlimited())
    yield made
    await made.close()


async def test_what_the_node_tells_is_verified_with_what_was_pinned(served: Region, link: Link, tmp_path: Path) -> None:
    await take(await place(served), tmp_path, link)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    answer = await link.post(
        one.at("/edge/orders"),
        b"{}",
        media_type="application/json",
        authorization=one.authorization(now()),
        private=True,
    )
    assert answer.status == 200
    told = json.loads(cose.verify(answer.body, one.node_keys).payload)
    assert (told["node"], told["device"]) == (one.node, one.device)


async def test_a_token_serves_one_request(served: Region, link: Link, tmp_path: Path) -> None:
    await take(await place(served), tmp_path, link)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    said = one.authorization(now())
    statuses = [(await link.get(one.at("/edge/welcome"), authorization=said, private=True)).status for _ in range(2)]
    assert statuses == [200, 401]


async def test_renewed_with_the_same_key(served: Region, link: Link, tmp_path: Path) -> None:
    pins = await take(await place(served), tmp_path, link)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    again = await enrol.renew(one, tmp_path, link, now=now(), draw=secrets.token_bytes)
    assert (again.device, again.kid) == (one.device, one.kid)
    assert again.pins.at > pins.at
    assert again.pins.renew == pins.renew > now()
    assert identity.load(tmp_path, draw=secrets.token_bytes).pins == again.pins


class Later(SystemClock):
    """A clock that can be put forward."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


async def test_a_new_certificate_for_the_same_key_when_it_is_due(tmp_path: Path) -> None:
    clock = Later()
    async with region(tmp_path / "region", clock=clock) as later:
        link = opened(LinkSettings(extra_ca=str(later.authority)), meter=Unlimited())
        (tmp_path / "device").mkdir()
        await take(await place(later), tmp_path / "device", link, now=clock.now())
        one = identity.load(tmp_path / "device", draw=secrets.token_bytes)
        before = certificate.read(tmp_path / "device")
        assert before is not None
        clock.ahead = (ends(before) - clock.now()) * 4 // 5
        assert certificate.due(before) <= clock.now()
        again = await enrol.renew(one, tmp_path / "device", link, now=clock.now(), draw=secrets.token_bytes)
        after = certificate.read(tmp_path / "device")
        assert after is not None
        assert after.serial_number != before.serial_number
        assert after.public_key() == before.public_key()
        assert clock.now() < certificate.due(after) == again.pins.renew
        assert again.kid == one.kid
        await link.close()


async def test_keys_that_a_node_has_by_now_are_pinned(served: Region, link: Link, tmp_path: Path) -> None:
    await take(await place(served), tmp_path, link)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    older = Identity(one.key, replace(one.pins, keys=()), draw=secrets.token_bytes)
    again = await enrol.repin(older, tmp_path, link, now=now(), draw=secrets.token_bytes)
    assert again.node_keys.keys() == one.node_keys.keys() != set()
    newer = Identity(one.key, replace(one.pins, at=now() * 2), draw=secrets.token_bytes)
    assert await code(enrol.repin(newer, tmp_path, link, now=now(), draw=secrets.token_bytes)) == (
        "enrol.welcome",
        "older",
    )


async def test_a_welcome_by_somebody_else(served: Region, link: Link, tmp_path: Path) -> None:
    await take(await place(served), tmp_path, link)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    assert served.node.trust.services.region is not None
    authority = served.node.trust.services.region.domain.keys().devices.key
    good = Welcome(node=one.node, keys=one.pins.keys, device=one.device, name=one.pins.name, at=now())
    cases = {
        "welcome.signature": welcome.make(generate_private_key(SECP256R1()), good),
        "name": welcome.make(authority, replace(good, device=f"{one.node}:edge:another")),
        "older": welcome.make(authority, replace(good, at=1)),
        "welcome.form": welcome.make(authority, replace(good, keys=())),
    }
    for why, message in cases.items():
        scripted: Any = Scripted(link, welcome=said(message))
        got = await code(enrol.repin(one, tmp_path, scripted, now=now(), draw=secrets.token_bytes))
        assert got == ("enrol.welcome", why)
    assert identity.read_pins(tmp_path) == one.pins, "nothing of it was kept"


async def test_a_node_whose_key_was_stolen_is_known_by_its_next_one(served: Region, link: Link, tmp_path: Path) -> None:
    await take(await place(served), tmp_path, link)
    one = identity.load(tmp_path, draw=secrets.token_bytes)
    await served.node.keyring.rotate("admin", "token", revoke=True)

    async def orders(by: Identity) -> bytes:
        said = by.authorization(now())
        url = by.at("/edge/orders")
        return (await link.post(url, b"{}", media_type="application/json", authorization=said, private=True)).body

    with pytest.raises(CoseError, match=r"cose\.key"):
        cose.verify(await orders(one), one.node_keys)
    again = await enrol.repin(one, tmp_path, link, now=now(), draw=secrets.token_bytes)
    assert cose.verify(await orders(again), again.node_keys)
    assert again.node_keys.keys().isdisjoint(one.node_keys), "what was stolen counts no more"
