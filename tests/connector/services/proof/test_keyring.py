"""connector/services/proof/keyring.py: renewing a key, killed anywhere; a destroyed key is never used again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certs import keys
from certs.keys import GRANT, SEAL, SealError
from connector.errors import InputError
from connector.node import Node
from connector.ports import Caller
from connector.records import Endpoint, Notice, Tombstone
from connector.services.proof import statements
from connector.services.proof.keyring import NAMES
from connector.services.proof.statements import Destroyed
from tests.connector.joined import Two, joined


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path) as made:
        yield made


def on_disk(node: Node, file: str) -> bytes:
    return bytes.fromhex((node.config.directory / "keys" / file).read_text().strip())


async def sealed(node: Node, secret: bytes) -> None:
    endpoint = Endpoint(id="e", url="", kind="", secret=node.keys.sealer().seal(secret, b"e"))
    await node.store.write(lambda tx: tx.put(endpoint))


async def unsealed(node: Node) -> bytes | None:
    found = await node.store.read(lambda view: view.get(Endpoint, "e"))
    return None if found is None else node.keys.sealer().open(found.secret, b"e")


@pytest.mark.parametrize("name", list(NAMES))
async def test_a_renewed_key_is_used_kept_and_its_predecessor_buried(two: Two, name: str) -> None:
    city, file = two.city, NAMES[name]
    old = on_disk(city, file)
    await sealed(city, b"secret")
    credential = city.gate.credential("pid")
    made = await city.keyring.rotate("mayor", name)
    new = on_disk(city, file)
    assert new != old
    assert made.thumbprint == keys.thumbprint(file, new)
    assert city.keys.symmetric()[file] == new
    assert await unsealed(city) == b"secret", "what is sealed can still be read"
    assert (city.gate.credential("pid") != credential) == (name == "grant")
    listed = {(one.name, one.thumbprint): one.destroyed for one in await city.keyring.list()}
    assert listed[name, keys.thumbprint(file, old)] is not None
    assert listed[name, keys.thumbprint(file, new)] is None
    assert not list((city.config.directory / "keys").glob("*.next"))
    if name == "sealing":
        with pytest.raises(SealError):
            found = await city.store.read(lambda view: view.get(Endpoint, "e"))
            assert found is not None
            keys.Sealer(old).open(found.secret, b"e")


async def test_peers_are_told_and_remember(two: Two) -> None:
    await two.city.keyring.rotate("mayor", "grant")
    while await two.waiting():
        await two.utility.changes.until("x", "x", _no, 0.01)
    kept = await two.utility.store.read(lambda view: view.select(Tombstone, owner=two.city.did))
    ours = await two.city.store.read(lambda view: view.select(Tombstone, owner=two.city.did))
    assert [one.id for one in kept] == [f"{two.city.did} {one.id}" for one in ours] != []


async def _no() -> bool:
    return False


@pytest.mark.parametrize("file", [GRANT, SEAL])
async def test_killed_before_the_transaction_nothing_has_happened(two: Two, file: str) -> None:
    city = two.city
    old = on_disk(city, file)
    keys.prepare(city.config.directory / "keys", file, b"n" * 32)
    await city.keyring.settle()
    assert on_disk(city, file) == old == city.keys.symmetric()[file]
    assert not list((city.config.directory / "keys").glob("*.next"))


@pytest.mark.parametrize("file", [GRANT, SEAL])
async def test_killed_behind_the_transaction_it_is_finished_at_the_start(two: Two, file: str) -> None:
    city = two.city
    old = on_disk(city, file)
    new = b"n" * 32
    keys.prepare(city.config.directory / "keys", file, new)
    grave = Tombstone(id=keys.thumbprint(file, old), owner=city.did, name="x", at=1)
    await city.store.write(lambda tx: tx.put(grave))
    await city.keyring.settle()
    assert on_disk(city, file) == new == city.keys.symmetric()[file]


async def test_a_key_that_a_backup_brought_back_is_replaced_and_what_it_sealed_is_gone(two: Two) -> None:
    city = two.city
    await sealed(city, b"secret")
    before = {file: on_disk(city, file) for file in (SEAL, GRANT)}
    told = [Destroyed(thumbprint=keys.thumbprint(file, key), name="x", at=1) for file, key in before.items()]
    await city.store.write(lambda tx: city.keyring.destroyed(tx, told))
    await city.keyring.settle()
    for file, key in before.items():
        assert on_disk(city, file) != key
        assert city.keys.symmetric()[file] == on_disk(city, file)
    assert await unsealed(city) is None
    again = dict(city.keys.symmetric())
    await city.keyring.settle()
    assert city.keys.symmetric() == again, "once"


async def test_a_stranger_says_nothing_about_our_keys(two: Two) -> None:
    """A peer's word counts for its own keys alone; a thumbprint that fits no key of ours changes nothing."""
    told = [Destroyed(thumbprint="f" * 32, name="x", at=1)]
    before = dict(two.city.keys.symmetric())
    await two.city.store.write(lambda tx: two.city.keyring.destroyed(tx, told))
    await two.city.keyring.settle()
    assert two.city.keys.symmetric() == before


async def test_what_a_peer_says_is_destroyed_fills_no_list(two: Two) -> None:
    """Only what names a key in use is worth remembering: the rest would crowd out what was really destroyed."""
    told = [Destroyed(thumbprint=f"{number:032x}", name="grant", at=1) for number in range(50)]
    await two.city.store.write(lambda tx: two.city.keyring.destroyed(tx, told))
    assert not await two.city.store.read(lambda view: view.select(Tombstone, owner=two.city.did))


async def test_another_peer_cannot_take_the_place_of_a_tombstone(two: Two) -> None:
    """Whoever was told of a destroyed key, and tells it on as its own, hinders nobody from remembering whose it was."""
    city, utility, stranger = two.city, two.utility, "did:web:stranger.example"
    print_ = keys.thumbprint(GRANT, on_disk(city, GRANT))
    params = {"name": "grant", "thumbprint": print_}

    def told(by: str) -> object:
        notice = Notice(id=by, peer=by, about=by, kind="key.destroyed", params=params, ours=False, state="", created=1)
        return utility.store.write(lambda tx: utility.keyring._told(tx, Caller(by, by, 1), notice))

    await told(stranger)  # type: ignore[misc]
    assert await told(city.did) == {}  # type: ignore[misc]
    for owner in (city.did, stranger):
        said = await utility.store.read(lambda view: statements.destroyed(view, owner))  # noqa: B023
        assert [one.thumbprint for one in said] == [print_], owner


async def test_a_tombstone_of_somebody_elses_key_is_none_of_ours(two: Two) -> None:
    """A peer that has learned what a key of ours is called destroys nothing with it."""
    utility, print_ = two.utility, keys.thumbprint(GRANT, on_disk(two.utility, GRANT))
    params, by = {"name": "grant", "thumbprint": print_}, two.city.did
    notice = Notice(id=by, peer=by, about=by, kind="key.destroyed", params=params, ours=False, state="", created=1)
    await utility.store.write(lambda tx: utility.keyring._told(tx, Caller(by, by, 1), notice))
    before = dict(utility.keys.symmetric())
    await utility.keyring.settle()
    assert utility.keys.symmetric() == before


async def test_only_keys_that_are_there_and_ours_to_write_are_followed(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("issuer", "seal", ""):
        with pytest.raises(InputError, match=r"key\.name"):
            await two.city.keyring.rotate("mayor", name)
    monkeypatch.setattr(two.city.keyring, "_outside", lambda name: True)
    with pytest.raises(InputError, match=r"key\.outside"):
        await two.city.keyring.rotate("mayor", "grant")
