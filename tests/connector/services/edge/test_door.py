"""connector/services/edge/door.py: who is let in as a device."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from certs import cose, cwt, jwk
from connector.errors import NodeError, UnauthenticatedError
from connector.records import DeviceKey
from connector.services.edge.door import Door, keys_of, seals_of
from tests.connector.devices import Cabinet, cabinet
from tests.connector.joined import Two, joined


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path, region="Region Elbland") as made:
        yield made


@pytest.fixture
async def device(two: Two, tmp_path: Path) -> Cabinet:
    return await cabinet(two.city, tmp_path / "cabinet")


def door(two: Two) -> Door:
    assert two.city.edge is not None
    return two.city.edge.door


async def refused(two: Two, authorization: str | None, *, ended: bool = False) -> tuple[str, str]:
    with pytest.raises(NodeError) as caught:
        await door(two).prove(authorization, ended=ended)
    reason = caught.value.reason
    return reason.code, reason.params.get("why", reason.params.get("state", ""))


def token(device: Cabinet, key: Ed25519PrivateKey | None = None, **said: object) -> str:
    """A token as a device makes it, but for what is said otherwise."""
    signs = key or device.identity.key
    claims = {
        "issuer": device.did,
        "audience": device.city.did,
        "now": device.city.clock.now(),
        "id": secrets.token_bytes(16),
        **said,
    }
    return cwt.bearer(cwt.make(signs, cose.kid_of(signs.public_key()), **claims))  # type: ignore[arg-type]


async def test_a_device_is_let_in(two: Two, device: Cabinet) -> None:
    proved = await door(two).prove(token(device))
    assert (proved.device.id, proved.caller.id, proved.caller.bare) == (device.did, device.did, True)
    assert proved.caller.expires > two.city.clock.now()


async def test_a_token_is_used_up(two: Two, device: Cabinet) -> None:
    said = token(device)
    assert (await door(two).admit(said)).id == device.did
    with pytest.raises(UnauthenticatedError) as caught:
        await door(two).admit(said)
    assert caught.value.reason.code == "token.replayed"


@pytest.mark.parametrize("said", [None, "", "Basic x", "Bearer", "Bearer !", "Bearer AAAA", "Bearer ey.ey.ey"])
async def test_what_is_no_token_proves_nothing(two: Two, device: Cabinet, said: str | None) -> None:
    code, why = await refused(two, said)
    assert code == ("token.missing" if not said else "token.cwt")
    assert why == ("" if not said else "cwt.form")


async def test_a_token_is_for_this_node_from_a_device_of_it_and_young(two: Two, device: Cabinet) -> None:
    minute, now = 60_000_000, two.city.clock.now()
    other = Ed25519PrivateKey.generate()
    assert await refused(two, token(device, audience=two.utility.did)) == ("token.cwt", "cwt.audience")
    assert await refused(two, token(device, issuer=f"{two.city.did}:edge:other")) == ("token.cwt", "cwt.issuer")
    assert await refused(two, token(device, now=now - 20 * minute)) == ("token.cwt", "cwt.late")
    assert await refused(two, token(device, now=now + 20 * minute)) == ("token.cwt", "cwt.early")
    assert await refused(two, token(device, life=7200)) == ("token.cwt", "cwt.life")
    assert await refused(two, token(device, key=other)) == ("token.cwt", "cwt.signature")


async def test_a_former_key_calls_nobody_and_is_still_a_seal(two: Two, device: Cabinet) -> None:
    assert two.city.edge is not None
    found = await two.city.edge.fleet.get(device.name)
    other = Ed25519PrivateKey.generate()
    former = replace(found.keys[0], until=two.city.clock.now())
    changed = replace(found, keys=(former, DeviceKey(jwk=jwk.write(other.public_key()), since=1)))
    await two.city.store.write(lambda tx: tx.put(changed))
    assert await refused(two, token(device)) == ("token.cwt", "cwt.signature")
    assert (await door(two).prove(token(device, key=other))).device == changed
    own, new = cose.kid_of(device.identity.key.public_key()), cose.kid_of(other.public_key())
    assert set(keys_of(changed)) == {new}
    assert set(seals_of(changed)) == {own, new}


@pytest.mark.parametrize(
    ("way", "state", "hears"), [("suspend", "suspended", True), ("leave", "left", True), ("stolen", "stolen", False)]
)
async def test_whose_place_does_not_count_does_nothing(
    two: Two, device: Cabinet, way: str, state: str, hears: bool
) -> None:
    region = two.city.trust.services.region
    assert region is not None
    await getattr(region.members, way)("mayor", device.did, "")
    assert await refused(two, token(device)) == ("edge.inactive", state)
    if hears:
        assert (await door(two).prove(token(device), ended=True)).device.id == device.did
    else:
        assert await refused(two, token(device), ended=True) == ("edge.inactive", state)
