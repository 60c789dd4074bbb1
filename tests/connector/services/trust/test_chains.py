"""Certificates that others show, judged by the roots that are believed and by the lists that were had."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import enrol, region, rollover
from certs.authority import DAY, Revoked, name_of
from certs.region import RegionKeys
from certs.x509 import CertificateError, Chain, Purpose, path, read, text
from connector.errors import DeliveryError
from connector.records import Region, Revocations
from connector.services.trust.chains import Chains
from connector.store.sqlite import SqliteStore
from policies.model import Reason
from tests.harness.trustdomain import between, issue, made
from tests.harness.virtual import EPOCH, VirtualClock

URL = "https://region.example"
OTHER = "https://other.example"


class Served:
    """What regions serve, by URL; `asked` is what was asked for."""

    def __init__(self) -> None:
        self.regions: dict[str, RegionKeys] = {}
        self.revoked: dict[str, list[Revoked]] = {}
        self.number, self.at = 1, EPOCH
        self.asked: list[str] = []
        self.away: set[str] = set()
        self.missing: set[str] = set()

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        self.asked.append(url)
        base = url[: url.index("/", 8)]
        keys = self.regions.get(base)
        if keys is None or base in self.away:
            raise DeliveryError("peer.unreachable")
        if url.endswith("/cacerts"):
            return enrol.certs_only([keys.root, *between(keys), *keys.former_roots])
        name = url.rpartition("/")[2].removesuffix(".crl")
        if name in self.missing:
            raise DeliveryError("peer.status", status="404")
        if name in keys.root_lists:
            return keys.root_lists[name]
        signer = next(one for one in keys.authorities if one.name == name)
        return signer.revocations(self.revoked.get(name, []), number=self.number, made=self.at, until=self.at + 4 * DAY)


class World:
    """A node that believes regions."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at = folder, EPOCH
        clock = VirtualClock()
        clock.now = lambda: self.at  # type: ignore[method-assign]
        self.store = SqliteStore.open(
            folder / "state.db", clock=clock, sign_head=lambda size, root, at: "note", threaded=False
        )
        self.served, self.told = Served(), 0
        self.own: RegionKeys | None = None
        self.chains = Chains(
            store=self.store, clock=clock, fetch=self.served, own=lambda: self.own, changed=self._changed
        )

    def _changed(self) -> None:
        self.told += 1

    async def believe(self, keys: RegionKeys, url: str = URL, changed: Reason | None = None) -> None:
        name = url.split("//")[1]
        kept = Region(
            id=f"did:web:{name}",
            name=name.split(".")[0],
            title=name,
            url=url,
            words="",
            added=0,
            added_by="admin",
            root=region.pem(keys.root),
            changed=changed,
        )
        self.served.regions[url] = keys
        await self.store.write(lambda tx: tx.put(kept))
        await self.chains.refresh()

    def judged(self, leaf: x509.Certificate, keys: RegionKeys, others: list[x509.Certificate] | None = None) -> str:
        shown = [leaf, *(between(keys) if others is None else others)]
        try:
            self.chains.verify([one.public_bytes(Encoding.DER) for one in shown], Purpose.CLIENT)
        except CertificateError as error:
            return error.code
        return ""

    async def events(self) -> list[str]:
        return [msgspec.json.decode(one.body)["event"] for one in await self.store.read(lambda view: view.log())]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = World(tmp_path)
    yield opened
    await opened.store.close()


def keys_of(world: World, name: str = "region") -> RegionKeys:
    return made(world.folder / name, now=EPOCH, url=f"https://{name}.example")


async def test_who_is_believed_is_believed_and_nobody_else(world: World) -> None:
    keys, other = keys_of(world), keys_of(world, "other")
    assert world.judged(issue(keys.nodes, now=EPOCH), keys) == "certificate.untrusted"
    await world.believe(keys)
    assert world.judged(issue(keys.nodes, now=EPOCH), keys) == ""
    assert world.judged(issue(other.nodes, now=EPOCH), other) == "certificate.untrusted"
    await world.believe(other, OTHER)
    assert world.judged(issue(other.nodes, now=EPOCH), other) == ""
    assert {name_of(read(one.encode())[0]) for one in world.chains.roots} == {
        name_of(one.root) for one in (keys, other)
    }


async def test_a_region_whose_keys_have_changed_vouches_for_no_certificate(world: World) -> None:
    keys = keys_of(world)
    await world.believe(keys, changed=Reason("region.keys_changed"))
    assert world.judged(issue(keys.nodes, now=EPOCH), keys) == "certificate.untrusted"


async def test_x1_what_was_revoked_counts_as_soon_as_the_list_is_had(world: World) -> None:
    keys = keys_of(world)
    await world.believe(keys)
    leaf = issue(keys.nodes, now=EPOCH)
    assert world.judged(leaf, keys) == ""
    world.served.revoked[keys.nodes.name] = [Revoked(leaf.serial_number, EPOCH)]
    world.served.number = 2
    await world.chains.refresh()
    assert world.judged(leaf, keys) == "certificate.revoked"


async def test_x1_without_a_list_that_counts_nobody_gets_in(world: World) -> None:
    keys = keys_of(world)
    await world.believe(keys)
    leaf = issue(keys.nodes, now=EPOCH)
    assert world.judged(leaf, keys) == ""
    world.served.away.add(URL)
    world.at += 4 * DAY - 1
    await world.chains.refresh()
    assert world.judged(leaf, keys) == ""
    world.at += 1
    assert world.judged(leaf, keys) == "revocation.stale"
    world.served.away.clear()
    world.served.at, world.served.number = world.at, 2
    await world.chains.catch_up()
    assert world.judged(leaf, keys) == ""


async def test_lists_are_known_again_after_a_restart(world: World) -> None:
    keys = keys_of(world)
    await world.believe(keys)
    world.served.away.add(URL)
    again = Chains(store=world.store, clock=VirtualClock(), fetch=world.served, own=lambda: None)
    await again.load()
    world.chains = again
    assert world.judged(issue(keys.nodes, now=EPOCH), keys) == ""


async def test_no_earlier_list_takes_the_place_of_a_later_one(world: World) -> None:
    keys = keys_of(world)
    world.served.number = 5
    leaf = issue(keys.nodes, now=EPOCH)
    world.served.revoked[keys.nodes.name] = [Revoked(leaf.serial_number, EPOCH)]
    await world.believe(keys)
    world.served.number, world.served.revoked = 4, {}
    await world.chains.refresh()
    assert world.judged(leaf, keys) == "certificate.revoked"
    kept = await world.store.read(lambda view: view.get(Revocations, keys.nodes.name))
    assert kept is not None
    assert kept.number == 5


async def test_no_address_in_a_certificate_is_ever_asked(world: World) -> None:
    keys = made(world.folder / "region", now=EPOCH, url="https://internal.example")
    await world.believe(keys)
    world.judged(issue(keys.nodes, now=EPOCH), keys)
    assert all(one.startswith(URL) for one in world.served.asked)


async def test_an_authority_that_is_new_is_asked_for_its_list(world: World) -> None:
    keys = keys_of(world)
    await world.believe(keys)
    later = rollover.renew_authority(world.folder / "region", region.NODES, public_url=URL, now=EPOCH)
    world.served.regions[URL] = later
    leaf = issue(later.nodes, now=EPOCH)
    assert world.judged(leaf, later) == "revocation.missing"
    await world.chains.catch_up()
    assert world.judged(leaf, later) == ""
    asked = len(world.served.asked)
    await world.chains.catch_up()
    assert len(world.served.asked) == asked


async def test_one_list_that_cannot_be_had_keeps_no_other_from_being_had(world: World) -> None:
    keys = keys_of(world)
    world.served.missing = {name_of(keys.root), keys.devices.name}
    await world.believe(keys)
    assert await world.store.read(lambda view: view.get(Revocations, keys.nodes.name)) is not None
    assert world.judged(issue(keys.nodes, now=EPOCH), keys) == "revocation.missing"


async def test_a_node_follows_its_region_to_the_next_root(world: World) -> None:
    keys = keys_of(world)
    await world.believe(keys)
    later = rollover.renew_root(world.folder / "region", public_url=URL, now=EPOCH)
    world.served.regions[URL] = later
    await world.chains.refresh()
    kept = await world.store.read(lambda view: view.get(Region, "did:web:region.example"))
    assert kept is not None
    assert read(kept.root.encode()) == (later.root, keys.root)
    assert "region.root_followed" in await world.events()
    for signer in (later.nodes, keys.nodes):
        assert world.judged(issue(signer, now=EPOCH), later) == ""


async def test_a_stranger_who_serves_in_the_place_of_a_region_changes_nothing(world: World) -> None:
    keys, stranger = keys_of(world), keys_of(world, "other")
    await world.believe(keys)
    world.served.regions[URL] = stranger
    await world.chains.refresh()
    kept = await world.store.read(lambda view: view.get(Region, "did:web:region.example"))
    assert kept is not None
    assert kept.root == text([keys.root])
    assert world.judged(issue(stranger.nodes, now=EPOCH), stranger) == "certificate.untrusted"


async def test_a_region_of_our_own_needs_nobody_to_be_asked(world: World) -> None:
    world.own = keys_of(world)
    lists = [
        Revocations(
            id=one.name,
            number=1,
            made=EPOCH,
            until=EPOCH + 4 * DAY,
            body=one.revocations([], number=1, made=EPOCH, until=EPOCH + 4 * DAY),
        )
        for one in world.own.authorities
    ]
    for one in lists:
        await world.store.write(lambda tx, one=one: tx.put(one))  # type: ignore[misc]
    await world.chains.load()
    assert world.judged(issue(world.own.nodes, now=EPOCH), world.own) == ""
    assert (world.served.asked, world.told) == ([], 1)


async def test_a_path_is_judged_once_and_again_when_what_it_rests_on_has_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = keys_of(world)
    await world.believe(keys)
    leaf = issue(keys.nodes, now=EPOCH)
    judged: list[object] = []
    _counting(monkeypatch, judged)
    for _ in range(3):
        assert world.judged(leaf, keys) == ""
    assert len(judged) == 1
    await world.chains.load()
    assert world.judged(leaf, keys) == ""
    assert len(judged) == 2
    world.at += 90 * DAY
    assert world.judged(leaf, keys) == "certificate.expired"


def _counting(monkeypatch: pytest.MonkeyPatch, judged: list[object]) -> None:
    def counted(*given: Any, **named: Any) -> Chain:
        judged.append(given)
        return path(*given, **named)

    monkeypatch.setattr("connector.services.trust.chains.path", counted)


@pytest.mark.parametrize("shown", [[], [b""], [b"x"]])
async def test_what_is_no_certificate_is_refused(world: World, shown: list[bytes]) -> None:
    with pytest.raises(CertificateError) as caught:
        world.chains.verify(shown, Purpose.CLIENT)
    assert caught.value.code == "certificate.form"


async def test_x5_a_chain_whose_key_is_another_or_whose_root_is_unknown_proves_nothing(world: World) -> None:
    from certs import jwk
    from certs.authority import Profile
    from certs.x509 import is_for

    keys, other = keys_of(world), keys_of(world, "other")
    await world.believe(keys)
    leaf = issue(keys.nodes, Profile.SIGNING, now=EPOCH)
    shown = [one.public_bytes(Encoding.DER) for one in (leaf, *between(keys))]
    found = world.chains.verify(shown, Purpose.SIGNING)
    assert is_for(found.leaf, jwk.of(leaf.public_key()))  # type: ignore[arg-type]
    assert not is_for(found.leaf, jwk.of(issue(keys.nodes, now=EPOCH).public_key()))  # type: ignore[arg-type]
    foreign = [issue(other.nodes, Profile.SIGNING, now=EPOCH), *between(other)]
    with pytest.raises(CertificateError) as caught:
        world.chains.verify([one.public_bytes(Encoding.DER) for one in foreign], Purpose.SIGNING)
    assert caught.value.code == "certificate.untrusted"
