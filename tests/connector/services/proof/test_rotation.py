"""connector/services/proof/rotation.py: keys of a node, followed by others; killed anywhere; brought back."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from certs import did, jwt, keys, verifier
from certs.ring import Key
from connector.errors import InputError, UnauthenticatedError
from connector.node import Node
from connector.records import Description, Entry, Participant, Reconciliation, SeenDocument, Tombstone
from tests.connector.joined import Two, joined

SECOND = 1_000_000


class Moved:
    """The node's clock, moved."""

    def __init__(self, node: Node) -> None:
        self._clock, self.by = node.keyring._life._clock, 0.0

    def now(self) -> int:
        return self._clock.now() + round(self.by * SECOND)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path) as made:
        yield made


async def later(node: Node, seconds: float) -> None:
    """Let time pass for the keys of a node."""
    clock = node.keyring._life._clock
    if not isinstance(clock, Moved):
        clock = Moved(node)
        node.keyring._life._clock = clock  # type: ignore[assignment]
    clock.by += seconds
    await node.keyring.turn()


def states(node: Node, kind: str = "token") -> dict[str, str]:
    return {one.name: one.state for one in node.keys.ring.keys if one.kind == kind}


def files(node: Node) -> set[str]:
    return {path.name for path in (node.config.directory / "keys").iterdir()}


async def looked(at: Node, who: Node) -> Participant:
    """Look again at a peer's document, whenever it was looked at last."""
    at.trust.documents._kept.clear()
    found = await at.trust.handovers.look(who.did)
    assert found is not None
    return found


async def events(node: Node, *names: str) -> list[Entry]:
    log = await node.audit.log(limit=1000)
    return [Entry(event=one.event, actor=one.actor, params=one.params) for one in log if one.event in names]


async def test_a_key_is_published_before_it_signs_and_after(two: Two) -> None:
    city, utility = two.city, two.utility
    old = city.keys.token_jwk
    made = await city.keyring.rotate("mayor", "token")
    assert (made.name, made.state) == ("token-2", "next")
    assert states(city) == {"token": "signs", "token-2": "next"}
    assert {"token.pem", "token-2.pem", "ring.json"} <= files(city)
    document = did.read(city.document.body(), city.did)
    assert document.tokens == (f"{city.did}#token", f"{city.did}#token-2")
    with pytest.raises(InputError, match=r"key\.waiting"):
        await city.keyring.rotate("mayor", "token")
    await looked(utility, city)
    await later(city, 2 * city.config.trust.document_seconds - 1)
    assert city.keys.token_name == "token"
    await later(city, 2)
    assert states(city) == {"token": "published", "token-2": "signs"}
    assert "token.pem" not in files(city), "the private half is destroyed as soon as it signs no more"
    caller = await utility.identity.verify(await city.identity.token(utility.did))
    assert caller.id == city.did
    await later(city, 3_000)
    assert states(city) == {"token": "gone", "token-2": "signs"}
    assert f"{city.did}#token" not in did.read(city.document.body(), city.did).keys
    graves = await city.store.read(lambda view: view.select(Tombstone, owner=city.did))
    assert [one.id for one in graves] == [Key(name="token", kind="token", jwk=old, state="gone").thumbprint]
    kept = await city.store.read(lambda view: view.select(SeenDocument, did=city.did))
    assert len(kept) == 3, "every version of the document"


async def test_peers_who_saw_none_of_it_follow_afterwards(two: Two) -> None:
    city, utility = two.city, two.utility
    await utility.keyring.rotate("boss", "token")
    for _ in range(3):
        await later(city, 3_000)
        await city.keyring.rotate("mayor", "token")
        await later(city, 3_000)
        await city.keyring.rotate("mayor", "audit")
        await later(city, 90_000)
        await later(city, 90_000)
    assert states(city)["token-4"] == "signs"
    before = await utility.peers.get(city.did)
    kept = await looked(utility, city)
    assert kept.changed is None
    assert set(kept.keys) == {f"{city.did}#token-4", f"{city.did}#audit-4"}
    assert kept.words == city.document.words() != before.words
    assert (await utility.identity.verify(await city.identity.token(utility.did))).id == city.did
    assert await city.heads.push(await city.peers.get(utility.did)) is None
    assert (await city.audit.verify()).ok
    (entry,) = await events(utility, "peer.keys_followed")
    assert entry.params["by"].split()[0] == f"{city.did}#token"


async def test_heads_of_before_and_after_are_one_log(two: Two) -> None:
    city, utility = two.city, two.utility
    to = await city.peers.get(utility.did)
    assert await city.heads.push(to) is None
    await city.keyring.rotate("mayor", "audit")
    await later(city, 3_000)
    assert (await city.audit.verify()).ok, "the peer still keeps a head that the old key has signed"
    await looked(utility, city)
    assert await city.heads.push(to) is None, "consistent with the head that the old key has signed"
    shown = await city.heads.kept_of_us(to)
    assert shown is not None
    head = await city.store.read(lambda view: view.head())
    assert head is not None
    assert (shown.checkpoint.size, shown.checkpoint.root) == (head.size, head.root)
    verdict = await city.audit.verify()
    assert (verdict.ok, verdict.agreeing) == (True, (utility.did,))


async def test_in_an_emergency_the_old_key_is_nothing_at_once(two: Two) -> None:
    city, utility = two.city, two.utility
    stolen, kid = city.keys.token, f"{city.did}#token"
    made = await city.keyring.rotate("mayor", "token", revoke=True)
    assert (made.name, made.state) == ("token-2", "signs")
    assert "token.pem" not in files(city)
    assert kid not in did.read(city.document.body(), city.did).keys
    kept = await looked(utility, city)
    assert (kept.changed, kept.tokens) == (None, (f"{city.did}#token-2",))
    token = jwt.issue(stolen, kid, issuer=city.did, audience=utility.did, now=city.clock.now(), jti="x")
    with pytest.raises(UnauthenticatedError):
        await utility.identity.verify(f"Bearer {token}")
    assert (await utility.identity.verify(await city.identity.token(utility.did))).id == city.did


@pytest.mark.parametrize("form", [keys.P256, keys.ED25519])
async def test_a_key_of_either_kind_signs_messages(two: Two, form: str) -> None:
    city, utility = two.city, two.utility
    await city.keyring.rotate("mayor", "token", form=form)
    await looked(utility, city)
    await later(city, 700)
    listed = {one.name: (one.state, one.form) for one in await city.keyring.list() if one.name.startswith("token")}
    assert listed == {"token": ("published", keys.P256), "token-2": ("signs", form)}
    assert await two.contract()
    bundle = await utility.evidence.write("boss", (await utility.contracts.select())[0].id, "en")
    report = verifier.verify(bundle.body)
    assert not report.faults, report.lines


async def test_evidence_of_before_holds_for_whoever_compares_the_words_of_now(two: Two) -> None:
    city, utility = two.city, two.utility
    contract = await two.contract()
    for name in ("token", "audit"):
        await city.keyring.rotate("mayor", name)
        await later(city, 700)
        await later(city, 90_000)
        await looked(utility, city)
    now = {node.did: node.document.words() for node in (city, utility)}
    for exporter in (city, utility):
        body = (await exporter.evidence.write("boss", contract, "en")).body
        assert not verifier.verify(body).faults
        expected = [f"{did}={words}" for did, words in now.items()]
        report = verifier.verify(body, expected)
        assert not report.faults, report.lines
        assert any("vouched for by the keys that are expected" in line for line in report.lines)
        wrong = [f"{city.did}={now[utility.did]}", f"{utility.did}={now[utility.did]}"]
        assert verifier.verify(body, wrong).faults, "words of somebody else vouch for nothing"


async def test_an_old_key_stays_as_long_as_what_it_signed(two: Two) -> None:
    city = two.city
    ends = city.clock.now() + 86_400 * 400 * SECOND
    about = Description(id="https://x", kind="LegalPerson", about=city.did, token="", issued=1, ends=ends)
    await city.store.write(lambda tx: tx.put(about))
    await city.keyring.rotate("mayor", "token")
    await later(city, 700)
    await later(city, 86_400 * 399)
    assert states(city)["token"] == "published"
    await later(city, 86_400 * 2)
    assert states(city)["token"] == "gone"


# --- killed, and brought back -----------------------------------------------------------------------------------------


class KilledError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("point", ["key.made", "key.turned", "key.noted"])
@pytest.mark.parametrize("revoke", [False, True], ids=["rotate", "revoke"])
async def test_killed_anywhere_it_is_done_or_was_never_begun(two: Two, point: str, revoke: bool) -> None:
    city = two.city
    before = city.keys.ring

    def die(at: str) -> None:
        if at == point:
            raise KilledError

    city.keyring._life._fault = die
    with pytest.raises(KilledError):
        await city.keyring.rotate("mayor", "token", revoke=revoke)
    city.keyring._life._fault = lambda at: None
    again = keys.load(city.config.directory / "keys")
    assert again.ring == (before if point == "key.made" else again.ring)
    city.keys.turn(again.private, again.ring)
    await city.keyring.settle()
    ring = city.keys.ring
    wanted = {keys.file_of(one) for one in ring.secret()}
    assert {name for name in files(city) if name.startswith(("token", "audit"))} == wanted
    shown = await city.store.read(lambda view: view.get(SeenDocument, city.document.digest()))
    assert shown is not None
    for one in ring.keys:
        grave = await city.store.read(lambda view: view.get(Tombstone, one.thumbprint))  # noqa: B023
        assert (grave is None) == (one.state in ("next", "signs")), one
    assert len(await events(city, "key.published")) == (0 if point == "key.made" else 1)
    assert [one.actor for one in await events(city, "key.published")] in ([], ["mayor"])
    assert (await looked(two.utility, city)).changed is None


async def test_a_private_key_that_was_put_back_by_hand_is_destroyed_again(two: Two) -> None:
    city = two.city
    old = (city.config.directory / "keys" / "token.pem").read_bytes()
    await city.keyring.rotate("mayor", "token", revoke=True)
    (city.config.directory / "keys" / "token.pem").write_bytes(old)
    await city.keyring.settle()
    assert "token.pem" not in files(city)


async def test_a_whole_folder_of_keys_that_was_put_back_never_signs(two: Two, tmp_path: Path) -> None:
    """The database remembers what the folder has forgotten; the audit key, which still counts, vouches for another."""
    city, utility = two.city, two.utility
    folder, old = city.config.directory / "keys", tmp_path / "old"
    shutil.copytree(folder, old)
    revoked = city.keys.token_jwk
    await city.keyring.rotate("mayor", "token", revoke=True)
    await looked(utility, city)
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    again = keys.load(folder)
    city.keys.turn(again.private, again.ring)
    assert city.keys.token_jwk == revoked
    await city.keyring.settle()
    assert city.keys.token_jwk != revoked
    assert (await looked(utility, city)).changed is None


@pytest.mark.parametrize("revoke", [True, False], ids=["revoked", "followed"])
async def test_a_restored_node_learns_from_its_peers_that_its_key_is_gone(
    two: Two, tmp_path: Path, revoke: bool
) -> None:
    """Keys and database are of before the change: only others remember."""
    city, utility = two.city, two.utility
    folder, old = city.config.directory / "keys", tmp_path / "old"
    shutil.copytree(folder, old)
    backed = city.keys.token_jwk
    await city.keyring.rotate("mayor", "token", revoke=revoke)
    await looked(utility, city)
    await later(city, 700)
    await later(city, 3_000)
    await looked(utility, city)
    while await two.waiting():
        await utility.changes.until("x", "x", _no, 0.01)
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    again = keys.load(folder)
    city.keys.turn(again.private, again.ring)

    def forget(tx: object) -> None:
        for grave in tx.select(Tombstone, owner=city.did):  # type: ignore[attr-defined]
            tx.delete(Tombstone, grave.id)  # type: ignore[attr-defined]
        tx.put(Reconciliation(id=utility.did, state="open", at=1))  # type: ignore[attr-defined]

    await city.store.write(forget)
    await city.trust._recall()
    assert city.keys.token_jwk != backed
    assert city.keys.token_name == "token-3", "a name that was used is not used again"
    kept = await looked(utility, city)
    assert kept.changed is None, "the audit key still counts and has vouched"
    assert kept.tokens == (f"{city.did}#token-3",)


async def test_what_others_invent_about_our_keys_changes_nothing(two: Two) -> None:
    city, utility = two.city, two.utility
    await utility.keyring.rotate("boss", "token", revoke=True)
    before = city.keys.ring
    assert not await city.keyring.recalled(utility.keys.ring.statements)
    assert not await city.keyring.recalled(["nonsense", ""])
    assert city.keys.ring == before


async def _no() -> bool:
    return False


# --- a node that has become a region ----------------------------------------------------------------------------------


async def test_the_key_of_a_new_region_is_vouched_for_by_the_node(two: Two) -> None:
    city, utility = two.city, two.utility
    folder = city.config.directory / "keys" / "region"
    folder.mkdir(mode=0o700)
    (folder / "issuer.pem").write_bytes(keys._pem(keys.draw("issuer")))
    (folder / "issuer.pem").chmod(0o600)
    again = keys.load(folder.parent)
    city.keys.turn(again.private, again.ring)
    await city.keyring.settle()
    assert "issuer" in city.keys.published()
    kept = await looked(utility, city)
    assert kept.changed is None
    assert f"{city.did}#issuer" in kept.keys
    assert keys.load(folder.parent).ring == city.keys.ring
    await city.keyring.rotate("mayor", "issuer")
    await later(city, 700)
    assert {path.name for path in folder.iterdir()} == {"issuer-2.pem"}
    kept = await looked(utility, city)
    assert (kept.changed, f"{city.did}#issuer-2" in kept.keys) == (None, True)


async def test_a_key_in_the_credentials_is_followed_by_one_that_was_put_there(two: Two, tmp_path: Path) -> None:
    city, outside = two.city, tmp_path / "credentials"
    outside.mkdir()
    token = (city.config.directory / "keys" / "token.pem").read_bytes()
    (outside / "token.pem").write_bytes(token)
    (outside / "token.pem").chmod(0o600)
    city.keyring._life._credentials = outside
    (city.config.directory / "keys" / "token.pem").unlink()
    with pytest.raises(InputError, match=r"key\.outside"):
        await city.keyring.rotate("mayor", "token")
    (outside / "token-2.pem").write_bytes(keys._pem(coming := keys.draw("token")))
    (outside / "token-2.pem").chmod(0o600)
    made = await city.keyring.rotate("mayor", "token")
    assert made.thumbprint == replace(city.keys.ring.keys[-1], jwk=keys.public_jwk(coming)).thumbprint
    assert "token-2.pem" not in files(city)
    await later(city, 700)
    loaded = keys.load(city.config.directory / "keys", outside)
    assert loaded.token_name == "token-2"


async def test_a_key_of_which_the_credentials_are_a_copy_is_followed_like_any_other(two: Two, tmp_path: Path) -> None:
    """As the shipped unit has it: the file stays, without content, or the service would not start again."""
    city, outside = two.city, tmp_path / "credentials"
    folder = city.config.directory / "keys"
    shutil.copytree(folder, outside)
    city.keyring._life._credentials = outside
    await city.keyring.rotate("mayor", "token")
    await later(city, 700)
    assert (folder / "token.pem").read_bytes() == b""
    shutil.copyfile(folder / "token.pem", outside / "token.pem")
    assert keys.load(folder, outside).token_name == "token-2"
    await city.keyring.settle()
    assert keys.file_names(folder) == ("audit.pem", "token-2.pem", "seal.key", "grant.key")
