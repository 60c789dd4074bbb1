"""connector/services/edge/fleet.py and sendings.py: places, keys and ends of devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from certs import cose, did, enrol, jwk
from certs.authority import Profile
from connector.errors import InputError, NodeError, RefusedError
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Transfer
from connector.records import Certificate, Device, DeviceKey, DeviceRelease, Sending
from connector.sentences import sentence
from connector.services.edge.fleet import MOST_KEYS, Fleet
from policies import render
from policies.model import Reason
from policies.terms import Terms, to_policy
from tests.connector.devices import Cabinet, cabinet
from tests.connector.joined import Two, joined

RELEASE = DeviceRelease("1.1", "https://city.example/edge.deb", "0" * 64)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path, region="Region Elbland") as made:
        yield made


@pytest.fixture
async def device(two: Two, tmp_path: Path) -> Cabinet:
    return await cabinet(two.city, tmp_path / "cabinet")


def fleet(two: Two) -> Fleet:
    assert two.city.edge is not None
    return two.city.edge.fleet


async def refused(call: Any) -> str:
    with pytest.raises(NodeError) as caught:
        await call
    return caught.value.reason.code


async def test_a_device_has_its_name_below_its_nodes(two: Two, device: Cabinet) -> None:
    assert device.did == f"{two.city.did}:edge:schrank-an-der-bruecke"
    found = await fleet(two).get("schrank-an-der-bruecke")
    assert (found.id, found.title, found.retired) == (device.did, "Schrank an der Brücke", None)
    (key,) = found.keys
    assert key.jwk == jwk.write(device.identity.key.public_key())
    assert await fleet(two).standing([found]) == {device.did: ("active", 0)}
    assert [one.id for one in await fleet(two).select()] == [device.did]
    assert await fleet(two).get(device.did) == found


async def test_a_place_gives_its_own_name_and_no_other(two: Two) -> None:
    made = await fleet(two).invite("mayor", "roof", title="Dach")
    key = Ed25519PrivateKey.generate()
    assert two.city.trust.certifying.issued is not None
    issued = two.city.trust.certifying.issued
    for name in (did.of_device(two.city.did, "other"), "did:web:elsewhere.example:edge:roof"):
        asked = enrol.request(key, name, [])
        assert await refused(issued.enrol(made.code, asked, Profile.DEVICE)) == "request.unproved"
    right = enrol.request(key, did.of_device(two.city.did, "roof"), [])
    certificate = await issued.enrol(made.code, right, Profile.DEVICE)
    again = await issued.enrol(made.code, enrol.request(key, "", []), Profile.DEVICE)
    assert again.serial_number == certificate.serial_number
    other = enrol.request(Ed25519PrivateKey.generate(), "", [])
    assert await refused(issued.enrol(made.code, other, Profile.DEVICE)) == "invite.used"
    assert await refused(issued.enrol("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", right, Profile.DEVICE)) == "invite.unknown"


async def test_a_place_for_a_node_is_none_for_a_device(two: Two) -> None:
    region = two.city.trust.services.region
    assert region is not None
    made = await region.members.invite("mayor", "town", title="Ort")
    issued = two.city.trust.certifying.issued
    assert issued is not None
    request = enrol.request(Ed25519PrivateKey.generate(), "", [])
    assert await refused(issued.enrol(made.code, request, Profile.DEVICE)) == "invite.other_role"


async def test_a_renewal_keeps_the_key_and_another_key_follows_it(two: Two, device: Cabinet) -> None:
    first = await fleet(two).get(device.name)
    url = "https://city.example/.well-known/est/device/simplereenroll"

    async def renew(key: Any) -> int:
        body = enrol.request(key, "", [])
        found = await device.link.post(url, body, media_type="application/pkcs10", authorization=device.token())
        return found.status

    assert await renew(device.identity.key) == 200
    assert (await fleet(two).get(device.name)).keys == first.keys
    other = Ed25519PrivateKey.generate()
    assert await renew(other) == 200
    former, now = (await fleet(two).get(device.name)).keys
    assert (former.jwk, former.until > 0) == (first.keys[0].jwk, True)
    assert (now.jwk, now.until) == (jwk.write(other.public_key()), 0)
    # The key of before proves nothing any more.
    assert await renew(other) == 401


async def test_a_token_renews_once(two: Two, device: Cabinet) -> None:
    token, url = device.token(), "https://city.example/.well-known/est/device/simplereenroll"
    body = enrol.request(device.identity.key, "", [])
    for status in (200, 401):
        found = await device.link.post(url, body, media_type="application/pkcs10", authorization=token)
        assert found.status == status


async def test_keys_of_a_device_are_bounded(two: Two, device: Cabinet) -> None:
    found = await fleet(two).get(device.name)
    many = tuple(DeviceKey(jwk=found.keys[0].jwk, since=n, until=1) for n in range(MOST_KEYS))
    await two.city.store.write(lambda tx: tx.put(replace(found, keys=many)))
    region = two.city.trust.services.region
    assert region is not None
    member = await region.members.get(device.did)
    key = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(RefusedError) as caught:
        await two.city.store.write(lambda tx: fleet(two).certified(tx, member, Profile.DEVICE, key))
    assert caught.value.reason.code == "edge.keys"


async def test_certificates_of_others_make_no_device(two: Two) -> None:
    region = two.city.trust.services.region
    issued = two.city.trust.certifying.issued
    assert region is not None
    assert issued is not None
    made = await region.members.invite("mayor", "pi", title="Pi", role="device")
    await issued.enrol(made.code, enrol.request(Ed25519PrivateKey.generate(), "urn:dev:pi7", []), None)
    assert await fleet(two).select() == []


async def test_a_release_is_noted_and_audited(two: Two, device: Cabinet) -> None:
    changed = await fleet(two).update("mayor", device.name, RELEASE)
    assert changed.release == RELEASE
    assert await refused(fleet(two).update("mayor", "nobody", RELEASE)) == "edge.unknown"


async def test_what_is_collected_has_to_demand_something(two: Two, device: Cabinet) -> None:
    await two.city.policies.add("mayor", "open", render.to_dsp(to_policy("urn:x:open", Terms())))
    assert await refused(fleet(two).collect("mayor", device.name, "air", "open")) == "edge.collects_nothing"
    with pytest.raises(InputError):
        await fleet(two).collect("mayor", device.name, "air", "nothing-of-the-kind")


async def sent(two: Two, device: Cabinet) -> str:
    agreed = await two.contract(None, "air", "edge", device=device.did, series="air")
    await two.utility.deliveries.ask("engineer", agreed)
    await reached(two, agreed, TransferState.STARTED)
    return agreed


async def reached(two: Two, agreed: str, state: TransferState) -> Transfer:
    async with asyncio.timeout(10):
        while True:
            found = await two.city.transfers.select(agreement=agreed)
            if found and found[0].state == state and not await two.waiting():
                return found[0]
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("way", ["retire", "leave", "stolen"])
async def test_a_device_that_ends_delivers_under_no_contract(two: Two, device: Cabinet, way: str) -> None:
    agreed = await sent(two, device)
    region = two.city.trust.services.region
    assert region is not None
    if way == "retire":
        await fleet(two).retire("mayor", device.name, "worn out")
    else:
        await getattr(region.members, way)("mayor", device.did, "worn out")
    ended = await reached(two, agreed, TransferState.TERMINATED)
    assert ended.reason is not None
    assert ended.reason.code == "edge.retired"
    found = await fleet(two).get(device.name)
    assert found.retired is not None
    assert await two.city.store.read(lambda view: view.count(Sending)) == 0
    certificates = await two.city.store.read(lambda view: view.select(Certificate, member=device.did))
    assert all(one.revoked is not None for one in certificates)
    assert await refused(fleet(two).update("mayor", device.name, RELEASE)) == "edge.retired"
    assert await refused(fleet(two).retire("mayor", device.name)) == "member.state" or way == "leave"


async def test_a_retired_device_hears_of_it_and_is_told_nothing_else(two: Two, device: Cabinet) -> None:
    await sent(two, device)
    await fleet(two).retire("mayor", device.name)
    found = await device.orders()
    assert (found.retired, found.deliveries, found.collection) == (True, (), {})


async def test_a_device_whose_place_is_suspended_delivers_nothing(two: Two, device: Cabinet) -> None:
    await sent(two, device)
    region = two.city.trust.services.region
    assert region is not None
    await region.members.suspend("mayor", device.did)
    found = await device.orders()
    assert (found.retired, found.deliveries) == (False, ())
    await region.members.restore("mayor", device.did)
    assert len((await device.orders()).deliveries) == 1


async def test_people_hear_of_it_by_the_devices_short_name(two: Two, device: Cabinet) -> None:
    await sent(two, device)
    await device.orders()
    await fleet(two).update("mayor", device.name, RELEASE)
    await fleet(two).retire("mayor", device.name, "Herr Weber hat es gestohlen")
    found = await two.city.happenings.read(-1)
    said = [sentence(Reason(one.code, one.params), "en") for one in found.happenings]
    name = "schrank-an-der-bruecke"
    assert f"A device belongs here now: {name}." in said
    assert "A device delivers air to utility." in said
    assert f"The device {name} is to run version 1.1." in said
    assert f"A device is retired: {name}." in said
    assert "Weber" not in str(found)


async def test_what_is_kept_of_a_device_says_nothing_that_is_secret(two: Two, device: Cabinet) -> None:
    found = await two.city.store.read(lambda view: view.get(Device, device.did))
    assert found is not None
    assert cose.kid_of(device.identity.key.public_key()) not in str(found).encode()
    assert "d" not in found.keys[0].jwk
